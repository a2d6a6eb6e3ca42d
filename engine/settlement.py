"""Fills: positions open, grow, shrink and close, and the ledger follows (FIL-…).

Every fill of the venue passes through here, whoever caused it; nothing here refuses.
"""

from typing import Final

from engine import cross
from engine.commands import BUY
from engine.events import (
    MAKER,
    TAKER,
    CloseCause,
    Event,
    Liquidity,
    OrderFilled,
    PositionClosed,
    PositionIncreased,
    PositionOpened,
    PositionReduced,
    PositionStatus,
)
from engine.exits import attach_exits
from engine.instrument import Remainder
from engine.margin import fee_atoms, initial_margin_atoms
from engine.market import Market
from engine.order import Order
from engine.position import Position, closing_side
from engine.reduction import Reduction
from engine.settling import settle_touched, touch_key
from engine.state import State
from engine.trigger_index import disarm_position, rearm_position
from engine.units import NOBODY, OrderId, PositionId

# What a reduction by these turns into when it eats more than its margin (FIL-7).
ORDINARY_CAUSES: Final = (
    CloseCause.ORDER,
    CloseCause.STOP_LOSS,
    CloseCause.TAKE_PROFIT,
    CloseCause.AUTO_CLOSE,
)


def fee_rate_e8(market: Market, liquidity: Liquidity) -> int:
    """The rate of a fill: who waited pays the maker fee."""
    spec = market.spec
    return spec.maker_fee_e8 if liquidity is MAKER else spec.taker_fee_e8


def fill_order(
    state: State,
    order: Order,
    lots: int,
    price_ticks: int,
    liquidity: Liquidity,
    cause: CloseCause,
    events: list[Event],
) -> None:
    """One fill of an order, at most its size; its holds are released (`touch_key`).

    cause: what a reduction says of itself.
    """
    position = position_to_fill(state, order)
    if position is None or position.side is order.side:
        _open(state, order, position, lots, price_ticks, liquidity, None, events)
        return
    market = order.market
    closing_lots = min(lots, position.qty_lots)
    _close_by_order(state, order, position, closing_lots, price_ticks, liquidity, cause, events)
    if closing_lots < lots and not order.closing:
        notional_fee = _flip_fee_atoms(market, lots, closing_lots, price_ticks, liquidity)
        opening_lots = lots - closing_lots
        _open(state, order, None, opening_lots, price_ticks, liquidity, notional_fee, events)


def position_to_fill(state: State, order: Order) -> Position | None:
    """Whose lots the order's next fill changes; None: it opens a new position (MAT-9)."""
    if order.key.pools:
        return order.key.position
    return state.positions.get(order.position_id) if order.position_id else None


def _flip_fee_atoms(
    market: Market, lots: int, closing_lots: int, price_ticks: int, liquidity: Liquidity
) -> int | None:
    """The opening part's fee of a flip on notional: the total's, less the closing part's."""
    if market.fee_on_margin:
        return None
    rate_e8 = fee_rate_e8(market, liquidity)
    lot_atoms = price_ticks * market.k
    return fee_atoms(lots * lot_atoms, rate_e8) - fee_atoms(closing_lots * lot_atoms, rate_e8)


def _open(
    state: State,
    order: Order,
    position: Position | None,
    lots: int,
    price_ticks: int,
    liquidity: Liquidity,
    fee: int | None,
    events: list[Event],
) -> None:
    """Open a position, or increase one, by quantity or by amount (FIL-2, FIL-3)."""
    market = order.market
    ledger = state.asset_ledger(market)
    notional = lots * price_ticks * market.k
    free = max(0, ledger.free[order.account_id])
    if order.amount_atoms:
        free = cross.spendable_atoms(state, market.asset_id, order.account_id, False)
    initial, paid, fee = _opening_payment(order, notional, liquidity, free, fee)
    is_new = position is None
    if position is None:
        position = _new_position(state, order)
    ledger.open_position(position, paid, fee)
    position.qty_lots += lots
    position.cost_atoms += notional
    if is_new and initial == position.margin_atoms:
        position.initial_margin_atoms = position.margin_atoms  # one integer in memory for both
    else:
        position.initial_margin_atoms += initial
    position.realized_atoms -= fee
    events.append(_filled(state, order, position, lots, price_ticks, fee, 0, liquidity))
    events.append(_opened(position) if is_new else _increased(position))
    if is_new and not order.key.pools:
        order.position_id = position.position_id
    attach_exits(state, order, position, lots, is_new)
    after_fill(state, position)


def after_fill(state: State, position: Position) -> None:
    """What hangs on a position's lots, cost and margin, and on the account's money, follows."""
    if position.key.is_cross:
        cross.sum_up(state, position)
    else:
        cross.note_change(state, position.market.asset_id, position.account_id)
    if position.qty_lots:
        rearm_position(state.firing, position)


def _opening_payment(
    order: Order, notional: int, liquidity: Liquidity, free: int, fee: int | None
) -> tuple[int, int, int]:
    """M0, what free pays, and the fee in it.

    fee: if it is known already, that of a flip's opening part.
    """
    if order.account_id == NOBODY:
        return 0, 0, 0  # the insurance fund trades on its own equity (LIQ-6)
    market = order.market
    by_amount = order.amount_atoms > 0
    initial = order.amount_atoms if by_amount else initial_margin_atoms(notional, order.leverage)
    if fee is None:
        base = initial if market.fee_on_margin else notional
        fee = fee_atoms(base, fee_rate_e8(market, liquidity))
    paid = initial + fee
    if order.key.is_cross:
        return initial, fee, fee  # no margin of its own: the account stands for it (CRS-3)
    if by_amount:
        paid = initial + min(fee, free - initial)
    elif paid > free and liquidity is MAKER and market.is_order_driven:
        # A resting order of a book is never refused; it may be short of a rounding (MAT-6).
        fee = free - max(0, initial - (paid - free))
        paid = free
    return initial, paid, fee


def _new_position(state: State, order: Order) -> Position:
    market, key = order.market, order.key
    position = Position(
        PositionId(state.take_id()),
        order.account_id,
        market,
        key,
        order.side,
        order.leverage,
        state.time_ns,
    )
    state.positions.put(position.position_id, position)
    order.seat.add_position(position)
    market.open_positions += 1
    if position.key.is_cross:
        cross.join(state, position)
    return position


def _close_by_order(
    state: State,
    order: Order,
    position: Position,
    lots: int,
    price_ticks: int,
    liquidity: Liquidity,
    cause: CloseCause,
    events: list[Event],
) -> None:
    pays_fee = order.account_id != NOBODY and cause is not CloseCause.AUTO_DELEVERAGE
    rate_e8 = fee_rate_e8(position.market, liquidity) if pays_fee else 0
    is_liquidation = cause is CloseCause.LIQUIDATION
    reduction = reduction_of(state, position, lots, price_ticks, rate_e8, is_liquidation)
    events.append(
        _filled(
            state,
            order,
            position,
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
    is_liquidation = cause is CloseCause.LIQUIDATION
    rate_e8 = market.spec.taker_fee_e8
    reduction = reduction_of(state, position, lots, price_ticks, rate_e8, is_liquidation)
    events.append(
        OrderFilled(
            take_fill_id(state),
            OrderId(0),
            position.account_id,
            market.instrument_id,
            position.position_id,
            closing_side(position.side),
            lots,
            price_ticks,
            reduction.fee_atoms,
            reduction.profit_atoms,
            TAKER,
        )
    )
    apply_reduction(state, position, lots, reduction, cause, events)
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
    is_liquidation = cause is CloseCause.LIQUIDATION
    is_fund = position.account_id == NOBODY
    if reduction.equity_atoms < 0 and cause in ORDINARY_CAUSES and not is_fund:
        cause = CloseCause.GAP
    to_user, to_insurance = reduction.paid_atoms, reduction.liquidation_fee_atoms
    if is_fund:
        to_user, to_insurance = 0, to_user
        position.realized_atoms += reduction.profit_atoms
    elif (
        is_liquidation
        and not position.key.is_cross
        and position.market.spec.remainder is Remainder.TO_INSURANCE
    ):
        to_user, to_insurance = 0, to_insurance + to_user
    insurance_paid = state.asset_ledger(position.market).reduce_position(
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
    state.touched.add_position(position)
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


def take_fill_id(state: State) -> int:
    """The next id of a fill or trade (MAT-5)."""
    taken = state.next_fill_id
    state.next_fill_id = taken + 1
    return taken


def _filled(
    state: State,
    order: Order,
    position: Position,
    lots: int,
    price_ticks: int,
    fee: int,
    realized: int,
    liquidity: Liquidity,
) -> OrderFilled:
    return OrderFilled(
        take_fill_id(state),
        order.order_id,
        order.account_id,
        order.market.instrument_id,
        position.position_id,
        order.side,
        lots,
        price_ticks,
        fee,
        realized,
        liquidity,
    )


def _opened(position: Position) -> PositionOpened:
    return PositionOpened(
        position.position_id,
        position.account_id,
        position.market.instrument_id,
        position.side,
        position.qty_lots,
        position.cost_atoms,
        position.margin_atoms,
        position.leverage,
    )


def _increased(position: Position) -> PositionIncreased:
    return PositionIncreased(
        position.position_id,
        position.account_id,
        position.qty_lots,
        position.cost_atoms,
        position.margin_atoms,
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
