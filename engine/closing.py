"""Closing lots of a position: the fill, the ledger's row, the position's end (FIL-5 to FIL-8)."""

from typing import Final

from engine import cross
from engine.commands import BUY
from engine.events import (
    BY_DELEVERAGING,
    BY_LIQUIDATION,
    TAKER,
    CloseCause,
    Event,
    Liquidity,
    PositionClosed,
    PositionReduced,
    PositionStatus,
)
from engine.fills import after_fill, fee_rate_e8, filled
from engine.instrument import TO_INSURANCE
from engine.position import Position, closing_side
from engine.reduction import Reduction
from engine.settling import settle_touched, touch_key
from engine.state import State
from engine.trigger_index import disarm_position
from engine.units import NOBODY, OrderId

# What a reduction by these turns into when it eats more than its margin (FIL-7).
ORDINARY_CAUSES: Final = (
    CloseCause.ORDER,
    CloseCause.STOP_LOSS,
    CloseCause.TAKE_PROFIT,
    CloseCause.AUTO_CLOSE,
    CloseCause.TRAILING_STOP,
)


def close_lots(
    state: State,
    order_id: OrderId,
    position: Position,
    lots: int,
    price_ticks: int,
    liquidity: Liquidity,
    cause: CloseCause,
    events: list[Event],
) -> None:
    """One fill closes lots of a position; order id 0: no order's, but the venue's."""
    pays_fee = position.account_id != NOBODY and cause is not BY_DELEVERAGING
    rate_e8 = fee_rate_e8(position.seat, liquidity) if pays_fee else 0
    is_liquidation = cause is BY_LIQUIDATION
    reduction = reduction_of(state, position, lots, price_ticks, rate_e8, is_liquidation)
    events.append(
        filled(
            state,
            order_id,
            position,
            closing_side(position.side),
            lots,
            price_ticks,
            reduction.fee_atoms,
            reduction.profit_atoms,
            liquidity,
        )
    )
    apply_reduction(state, position, lots, reduction, cause, events)


def reduction_of(
    state: State,
    position: Position,
    lots: int,
    price_ticks: int,
    rate_e8: int,
    is_liquidation: bool,
) -> Reduction:
    """What closing these lots of the position comes to."""
    cross_equity = None
    if position.key.is_cross:
        cross_equity = 0
        if is_liquidation:
            cross_equity = cross.equity_after_close_atoms(state, position, lots, price_ticks)
    return Reduction(
        position.market,
        position.side,
        position.qty_lots,
        position.cost_atoms,
        position.accrued_atoms,
        position.margin_atoms,
        position.initial_margin_atoms,
        lots,
        price_ticks,
        rate_e8,
        is_liquidation,
        cross_equity,
    )


def close_by_trigger(
    state: State, position: Position, lots: int, cause: CloseCause, events: list[Event]
) -> None:
    """Quote-driven: an exit or liquidation closes lots at the new bid (long) or ask (short)."""
    market = position.market
    touch_key(state, position.key)
    price_ticks = market.bid_ticks if position.side is BUY else market.ask_ticks
    close_lots(state, OrderId(0), position, lots, price_ticks, TAKER, cause, events)
    settle_touched(state, events)


def apply_reduction(
    state: State,
    position: Position,
    lots: int,
    reduction: Reduction,
    cause: CloseCause,
    events: list[Event],
) -> None:
    """Post a reduction and shrink the position; a flat one is closed for good."""
    market, is_fund = position.market, position.account_id == NOBODY
    is_liquidation = cause is BY_LIQUIDATION
    if reduction.equity_atoms < 0 and cause in ORDINARY_CAUSES and not is_fund:
        cause = CloseCause.GAP
    to_user, to_insurance = _shares(position, reduction, is_liquidation)
    if is_fund:
        position.realized_atoms += reduction.profit_atoms
    insurance_paid = state.asset_ledger(market).reduce_position(
        position,
        reduction.released_atoms,
        reduction.profit_atoms,
        reduction.fee_atoms,
        to_user,
        to_insurance,
        reduction.deficit_atoms,
    )
    position.qty_lots -= lots
    position.cost_atoms -= reduction.cost_atoms
    position.accrued_atoms -= reduction.accrued_atoms
    position.initial_margin_atoms -= reduction.initial_margin_atoms
    position.realized_atoms += to_user - reduction.released_atoms
    if position.closing_orders:
        state.touched.closable[position] = None
    house_paid = reduction.deficit_atoms - insurance_paid
    events.append(_reduced(position, to_user, to_insurance, insurance_paid, house_paid, cause))
    if position.key.is_cross:
        cross.note_closing_fee(state, position, reduction.fee_atoms)
    after_fill(state, position)
    if position.qty_lots == 0:
        _end_position(state, position, is_liquidation, events)


def _end_position(
    state: State, position: Position, is_liquidation: bool, events: list[Event]
) -> None:
    assert position.cost_atoms == 0
    assert position.margin_atoms == 0
    disarm_position(position)
    if position.key.is_cross:
        cross.leave(state, position)
    state.positions.remove(position.position_id)
    position.seat.remove_position(position)
    position.market.open_positions -= 1
    status = PositionStatus.LIQUIDATED if is_liquidation else PositionStatus.CLOSED
    events.append(
        PositionClosed(position.position_id, position.account_id, status, position.realized_atoms)
    )


def _reduced(
    position: Position,
    to_user: int,
    to_insurance: int,
    insurance_paid: int,
    house_paid: int,
    cause: CloseCause,
) -> PositionReduced:
    return PositionReduced(
        position.position_id,
        position.account_id,
        position.qty_lots,
        position.cost_atoms,
        position.margin_atoms,
        to_user,
        to_insurance,
        insurance_paid,
        house_paid,
        cause,
    )


def _shares(position: Position, reduction: Reduction, is_liquidation: bool) -> tuple[int, int]:
    """What the user and what insurance gets of a reduction, the liquidation fee included."""
    to_user, to_insurance = reduction.paid_atoms, reduction.liquidation_fee_atoms
    if position.account_id == NOBODY:
        return 0, to_user
    keeps = position.market.spec.remainder is TO_INSURANCE
    if is_liquidation and keeps and not position.key.is_cross:
        return 0, to_insurance + to_user
    return to_user, to_insurance
