"""Fills: positions open, grow, shrink and close, and the ledger follows (FIL-…).

Every fill of the venue passes through here, whoever caused it; nothing here refuses.
"""

from engine import cross
from engine.closing import close_lots
from engine.events import (
    MAKER,
    CloseCause,
    Event,
    Liquidity,
    PositionIncreased,
    PositionOpened,
)
from engine.exits import attach_exits
from engine.fills import after_fill, fee_rate_e8, filled
from engine.margin import fee_atoms, initial_margin_atoms
from engine.order import Order
from engine.position import Position
from engine.state import State
from engine.units import NOBODY, PositionId


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
    closing_lots = min(lots, position.qty_lots)
    order_id = order.order_id
    close_lots(state, order_id, position, closing_lots, price_ticks, liquidity, cause, events)
    if closing_lots < lots and not order.closing:
        notional_fee = _flip_fee_atoms(order, lots, closing_lots, price_ticks, liquidity)
        opening_lots = lots - closing_lots
        _open(state, order, None, opening_lots, price_ticks, liquidity, notional_fee, events)


def position_to_fill(state: State, order: Order) -> Position | None:
    """Whose lots the order's next fill changes; None: it opens a new position (MAT-9)."""
    if order.key.pools:
        return order.key.position
    return state.positions.get(order.position_id) if order.position_id else None


def _flip_fee_atoms(
    order: Order, lots: int, closing_lots: int, price_ticks: int, liquidity: Liquidity
) -> int | None:
    """The opening part's fee of a flip on notional: the total's, less the closing part's."""
    market = order.market
    if market.fee_on_margin:
        return None
    rate_e8 = fee_rate_e8(order.seat, liquidity)
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
    side = order.side
    events.append(
        filled(state, order.order_id, position, side, lots, price_ticks, fee, 0, liquidity)
    )
    events.append(_opened(position) if is_new else _increased(position))
    if is_new and not order.key.pools:
        order.position_id = position.position_id
    attach_exits(state, order, position, lots, is_new)
    after_fill(state, position)


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
        fee = fee_atoms(base, fee_rate_e8(order.seat, liquidity))
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
