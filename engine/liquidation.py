"""Exits and liquidations of an order-driven market: closing orders of their own (EXI-8, LIQ-5…8).

What the book does not take at the bankruptcy price goes to the insurance fund while its equity
allows, else to the positions on the other side.
"""

from engine.arrival import Arrival, find_fills
from engine.closing import close_lots
from engine.commands import BY_MARK, GTC, IOC, LIMIT, MARKET, OrderType, Side
from engine.deleveraging import first_counterparty
from engine.events import (
    BY_DELEVERAGING,
    BY_LIQUIDATION,
    BY_ORDER,
    MAKER,
    TAKER,
    CancelCause,
    CloseCause,
    Event,
    LiquidationStep,
)
from engine.insurance import fund_can_take
from engine.key import Key
from engine.margin import (
    bankruptcy_ticks,
    maintenance_e8,
    profit_atoms,
    tier_floor_atoms,
)
from engine.market import MARK
from engine.matching import find_path
from engine.open_orders import (
    cancel_open_order,
    register_order,
    rest_order,
    settle_holds,
)
from engine.order import Order
from engine.place_order import accepted
from engine.position import Position, closing_side
from engine.settlement import fill_order
from engine.settling import note_key, settle_touched, touch_key
from engine.state import State
from engine.taking import carry_out, follow_path
from engine.trigger_index import rearm_position
from engine.units import E8, NOBODY, OrderId, PositionId, div_ceil, div_floor


def close_in_book(
    state: State, position: Position, lots: int, cause: CloseCause, events: list[Event]
) -> None:
    """An exit fires: a market order closes what it can within the protection price (EXI-8)."""
    order = _closing_order(state, position, MARKET, lots, 0)
    events.append(accepted(order, lots))
    arrival = Arrival(state, order, None)
    find_fills(arrival)
    carry_out(state, arrival, cause, events)


def liquidate(state: State, position: Position, events: list[Event]) -> None:
    """An isolated position, slice by slice, until it can go on or is closed (LIQ-5, LIQ-9)."""
    _cancel_orders(state, position, events)
    while position.qty_lots:
        equity, needed_e8 = equity_and_maintenance(position)
        if equity * E8 > needed_e8:
            break
        lots, price_ticks = slice_lots(position), bankruptcy_price_ticks(position)
        events.append(liquidation_step(position, equity, needed_e8, lots, price_ticks))
        close_at(state, position, lots, price_ticks, events)
    if position.qty_lots:
        rearm_position(state.firing, position)


def equity_and_maintenance(position: Position) -> tuple[int, int]:
    """Of an isolated position at the present mark: equity in atoms, maintenance in 10^-8 atoms.

    It is liquidatable when `equity ≤ maintenance` (`margin.is_liquidatable`).
    """
    market = position.market
    side, qty_lots, mark_ticks = position.side, position.qty_lots, market.prices[MARK]
    profit = profit_atoms(side, qty_lots, position.basis_atoms(), mark_ticks, market.k)
    needed_e8 = maintenance_e8(qty_lots * mark_ticks * market.k, market.rates, market.close_fee_e8)
    return position.margin_atoms + profit, needed_e8


def liquidation_step(
    position: Position, equity_atoms: int, maintenance_e8: int, lots: int, price_ticks: int
) -> LiquidationStep:
    """Why lots of a position are about to be closed (LIQ-12).

    equity, maintenance: the position's own, or those of its cross account.
    price_ticks: the bankruptcy price they are closed at in a book; 0 in a quote-driven market.
    """
    return LiquidationStep(
        position.position_id,
        position.account_id,
        position.market.prices[MARK],
        equity_atoms,
        div_ceil(maintenance_e8, E8),
        lots,
        price_ticks,
    )


def slice_lots(position: Position) -> int:
    """What brings the position down to the floor of its tier; in the lowest tier, all (LIQ-9)."""
    market = position.market
    lot_atoms = market.prices[MARK] * market.k
    floor_atoms = tier_floor_atoms(market.spec, position.qty_lots * lot_atoms)
    kept_lots = div_floor(floor_atoms, lot_atoms) if floor_atoms else 0
    return position.qty_lots - kept_lots


def close_at(
    state: State, position: Position, lots: int, price_ticks: int, events: list[Event]
) -> None:
    """Into the book at a price at most; then the fund, or the other side (LIQ-5 to LIQ-8).

    What hangs on the position's price is left to the caller to arm, who may close more of it.
    """
    order = _closing_order(state, position, LIMIT, lots, price_ticks)
    events.append(accepted(order, lots))
    if position.market.crosses(order.side, price_ticks):
        path = find_path(order, price_ticks, lots, 0)
        order.qty_lots = path.left_lots
        follow_path(state, order, path, BY_LIQUIDATION, events)
    else:
        note_key(state, order.key)
    offer: Order | None = None
    if order.qty_lots:
        if fund_can_take(state, position, order.qty_lots, price_ticks):
            offer = _take_over(state, order, position, price_ticks, events)
        else:
            _deleverage(state, order, position, price_ticks, events)
    state.touched.filled.pop(position, None)
    settle_touched(state, events)
    if offer is not None:
        _offer(state, offer, events)


def bankruptcy_price_ticks(position: Position) -> int:
    """The last price at which the position owes nothing, within the prices of the market."""
    market = position.market
    ticks = bankruptcy_ticks(
        position.side, position.qty_lots, position.basis_atoms(), position.margin_atoms, market.k
    )
    return min(max(1, ticks), market.price_ticks_max)


def _cancel_orders(state: State, position: Position, events: list[Event]) -> None:
    """The orders of the key go before the position does (LIQ-5)."""
    if position.seat.open_orders == 0:
        return
    key = position.key
    for order in position.seat.orders():
        is_of_key = order.key is key and (
            key.pools or (order.closing and order.position_id == position.position_id)
        )
        if is_of_key and state.orders.get(order.order_id) is order:
            cancel_open_order(state, order, CancelCause.LIQUIDATION, events)
    settle_holds(state, position.seat, events)


def _closing_order(
    state: State, position: Position, order_type: OrderType, lots: int, price_ticks: int
) -> Order:
    """A closing order that nobody placed; it takes an id like any other."""
    order = _system_order(state, position.key, closing_side(position.side), lots)
    order.order_type = order_type
    order.time_in_force = GTC if position.account_id == NOBODY else IOC
    order.price_ticks = price_ticks
    order.closing = True
    order.position_id = position.position_id
    order.order_id = OrderId(state.take_id())
    order.priority = order.order_id
    return order


def _system_order(state: State, key: Key, side: Side, lots: int) -> Order:
    """Terms of what the venue itself does; without an id as long as it is told as id 0."""
    return Order(
        key.account_id,
        key.market,
        key,
        side,
        MARKET,
        IOC,
        lots,
        0,
        0,
        0,
        BY_MARK,
        0,
        False,
        False,
        PositionId(0),
        0,
        0,
        0,
        0,
        "",
        state.time_ns,
    )


def _take_over(
    state: State, order: Order, position: Position, price_ticks: int, events: list[Event]
) -> Order | None:
    """The fund trades the rest with the user (LIQ-6); the lots that opens for it are offered."""
    lots = order.qty_lots
    _lose(state, order, position, lots, price_ticks, events)
    market = position.market
    key = market.seat(NOBODY).main
    touch_key(state, key)
    before = key.position
    taking = _system_order(state, key, position.side, lots)
    taking.leverage = 1
    closing_lots = 0
    if before is not None and before.side is not position.side:
        closing_lots = min(lots, before.qty_lots)
    fill_order(state, taking, lots, price_ticks, MAKER, BY_ORDER, events)
    if closing_lots == lots:
        return None
    opened = key.position
    assert opened is not None
    return _closing_order(state, opened, LIMIT, lots - closing_lots, price_ticks)


def _offer(state: State, order: Order, events: list[Event]) -> None:
    """The fund offers what it took over at the price it paid (LIQ-8)."""
    events.append(accepted(order, order.qty_lots))
    register_order(state, order)
    rest_order(state, order)  # its lots are those just taken over: no other offer shrinks


def _deleverage(
    state: State, order: Order, position: Position, price_ticks: int, events: list[Event]
) -> None:
    """Positions on the other side close at the bankruptcy price, by rank (LIQ-7)."""
    while order.qty_lots:
        other = first_counterparty(state, position)
        lots = min(order.qty_lots, other.qty_lots)
        _lose(state, order, position, lots, price_ticks, events)
        touch_key(state, other.key)
        close_lots(state, OrderId(0), other, lots, price_ticks, MAKER, BY_DELEVERAGING, events)
        order.qty_lots -= lots


def _lose(
    state: State,
    order: Order,
    position: Position,
    lots: int,
    price_ticks: int,
    events: list[Event],
) -> None:
    """Lots that the book did not take leave the position at its bankruptcy price."""
    order_id = order.order_id
    close_lots(state, order_id, position, lots, price_ticks, TAKER, BY_LIQUIDATION, events)
