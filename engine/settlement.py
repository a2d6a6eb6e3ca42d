"""Fills: positions open, grow, shrink and close, and the ledger follows (FIL-…).

Every fill of the venue passes through here, whoever caused it; nothing here refuses.
"""

from typing import Final, final

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
from engine.margin import (
    cost_removed_atoms,
    fee_atoms,
    initial_margin_atoms,
    profit_atoms,
    share_released_atoms,
)
from engine.market import Market
from engine.open_orders import (
    cancel_closers,
    release_key_hold,
    settle_key_hold,
    shrink_closers,
)
from engine.order import Order
from engine.position import Position, closing_side
from engine.seat import Seat
from engine.state import State
from engine.trigger_index import disarm_position, rearm_position
from engine.units import OrderId, PositionId


@final
class Reduction:
    """What closing some lots of a position at a price comes to, in atoms (FIL-5).

    released: leaves the margin.  paid: what is left of it for the user, or for insurance.
    deficit: the loss beyond it, which others bear.
    """

    __slots__ = (
        "cost_atoms",
        "deficit_atoms",
        "equity_atoms",
        "fee_atoms",
        "initial_margin_atoms",
        "liquidation_fee_atoms",
        "paid_atoms",
        "profit_atoms",
        "released_atoms",
    )

    def __init__(
        self, position: Position, lots: int, price_ticks: int, rate_e8: int, is_liquidation: bool
    ) -> None:
        market = position.market
        qty_lots = position.qty_lots
        notional = lots * price_ticks * market.k
        cost = cost_removed_atoms(position.side, position.cost_atoms, lots, qty_lots)
        profit = profit_atoms(position.side, lots, cost, price_ticks, market.k)
        initial = share_released_atoms(position.initial_margin_atoms, lots, qty_lots)
        released = share_released_atoms(position.margin_atoms, lots, qty_lots)
        if lots < qty_lots and released + profit < 0:
            released += min(-(released + profit), position.margin_atoms - released)
        equity = released + profit
        fee = min(fee_atoms(initial if market.fee_on_margin else notional, rate_e8), max(0, equity))
        liquidation_fee = 0
        if is_liquidation:
            full_fee = fee_atoms(notional, market.spec.liquidation_fee_e8)
            liquidation_fee = min(full_fee, max(0, equity - fee))
        rest = equity - fee - liquidation_fee
        self.cost_atoms: Final = cost
        self.profit_atoms: Final = profit
        self.initial_margin_atoms: Final = initial
        self.released_atoms: Final = released
        self.equity_atoms: Final = equity
        self.fee_atoms: Final = fee
        self.liquidation_fee_atoms: Final = liquidation_fee
        self.paid_atoms: Final = max(0, rest)
        self.deficit_atoms: Final = max(0, -rest)


def fee_rate_e8(market: Market, liquidity: Liquidity) -> int:
    """The rate of a fill: who waited pays the maker fee."""
    spec = market.spec
    return spec.maker_fee_e8 if liquidity is MAKER else spec.taker_fee_e8


def fill_order(
    state: State,
    order: Order,
    position: Position | None,
    lots: int,
    price_ticks: int,
    liquidity: Liquidity,
    events: list[Event],
) -> None:
    """Fill an order whole.  Its holds are released and it is in no table any more.

    position: what it closes, or in a netting market what it meets; None for a new position.
    """
    market, seat = order.market, order.seat
    release_key_hold(state, seat)
    if position is None or position.side is order.side:
        _open(state, order, position, lots, price_ticks, liquidity, None, events)
    else:
        closing_lots = min(lots, position.qty_lots)
        _close_by_order(state, order, position, closing_lots, price_ticks, liquidity, events)
        if closing_lots < lots and not order.closing:
            notional_fee = _flip_fee_atoms(market, lots, closing_lots, price_ticks, liquidity)
            opening_lots = lots - closing_lots
            _open(state, order, None, opening_lots, price_ticks, liquidity, notional_fee, events)
        settle_closers(state, seat, position, events)
    settle_key_hold(state, seat, events)


def settle_closers(state: State, seat: Seat, position: Position, events: list[Event]) -> None:
    """After a reduction: its closing orders shrink with the position, or go with it."""
    if position.closing_orders:
        if position.qty_lots:
            shrink_closers(state, position, events)
        else:
            cancel_closers(state, seat, position, events)


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
    by_amount = order.amount_atoms > 0
    initial = order.amount_atoms if by_amount else initial_margin_atoms(notional, order.leverage)
    if fee is None:
        base = initial if market.fee_on_margin else notional
        fee = fee_atoms(base, fee_rate_e8(market, liquidity))
    paid = initial + fee
    if by_amount:
        paid = initial + min(fee, ledger.free[order.account_id] - initial)
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
    attach_exits(state, order, position, lots)
    rearm_position(state.firing, position)


def _new_position(state: State, order: Order) -> Position:
    market, seat = order.market, order.seat
    position = Position(
        PositionId(state.take_id()),
        order.account_id,
        market,
        seat,
        order.side,
        order.leverage,
        state.time_ns,
    )
    state.positions.put(position.position_id, position)
    seat.add_position(position)
    market.open_positions += 1
    return position


def _close_by_order(
    state: State,
    order: Order,
    position: Position,
    lots: int,
    price_ticks: int,
    liquidity: Liquidity,
    events: list[Event],
) -> None:
    rate_e8 = fee_rate_e8(position.market, liquidity)
    reduction = Reduction(position, lots, price_ticks, rate_e8, False)
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
    apply_reduction(state, position, lots, reduction, CloseCause.ORDER, events)


def close_by_trigger(
    state: State, position: Position, lots: int, cause: CloseCause, events: list[Event]
) -> None:
    """An exit or a liquidation closes lots at the new bid (long) or ask (short)."""
    market, seat = position.market, position.seat
    release_key_hold(state, seat)
    price_ticks = market.bid_ticks if position.side is BUY else market.ask_ticks
    is_liquidation = cause is CloseCause.LIQUIDATION
    reduction = Reduction(position, lots, price_ticks, market.spec.taker_fee_e8, is_liquidation)
    events.append(
        OrderFilled(
            _take_fill_id(state),
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
    settle_closers(state, seat, position, events)
    settle_key_hold(state, seat, events)


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
    if reduction.equity_atoms < 0 and not is_liquidation:
        cause = CloseCause.GAP
    to_user, to_insurance = reduction.paid_atoms, reduction.liquidation_fee_atoms
    if is_liquidation and position.market.spec.remainder is Remainder.TO_INSURANCE:
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
    position.initial_margin_atoms -= reduction.initial_margin_atoms
    position.realized_atoms += to_user - reduction.released_atoms
    events.append(
        PositionReduced(
            position.position_id,
            position.account_id,
            position.qty_lots,
            position.cost_atoms,
            position.margin_atoms,
            to_user,
            to_insurance,
            insurance_paid,
            reduction.deficit_atoms - insurance_paid,
            cause,
        )
    )
    if position.qty_lots:
        rearm_position(state.firing, position)
    else:
        _end_position(state, position, is_liquidation, events)


def _end_position(
    state: State, position: Position, is_liquidation: bool, events: list[Event]
) -> None:
    assert position.cost_atoms == 0
    assert position.margin_atoms == 0
    disarm_position(position)
    state.positions.remove(position.position_id)
    position.seat.remove_position(position)
    position.market.open_positions -= 1
    status = PositionStatus.LIQUIDATED if is_liquidation else PositionStatus.CLOSED
    events.append(
        PositionClosed(position.position_id, position.account_id, status, position.realized_atoms)
    )


def _take_fill_id(state: State) -> int:
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
        _take_fill_id(state),
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
