"""Rows of what accounts have in markets: settings, positions, orders, timers; and back.

Knows the shape of each row; `snapshot.py` knows their order.
"""

from collections.abc import Iterator
from typing import Final

from engine.cancel_order import set_timer
from engine.codec import Row
from engine.commands import (
    Leg,
    OrderType,
    PriceSource,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from engine.cross import join, sum_up
from engine.instrument import PositionMode
from engine.key import Key
from engine.market import Market
from engine.open_orders import register_order, rest_order
from engine.order import Order
from engine.position import ExitPair, Position
from engine.seat import Seat
from engine.state import State
from engine.trailing import Trail
from engine.trigger_index import arm_pair, follow, rearm_position
from engine.units import AccountId, OrderId, PositionId

ORDER_TERMS: Final = 15  # from the quantity to the time of creation


def write_seats(state: State) -> Iterator[Row]:
    """Position modes and the settings and holds of keys, where they differ from unused ones."""
    for market in state.markets:
        if market is not None:
            for seat in market.seats:
                if seat is not None and _is_of_note(seat):
                    yield (
                        market.instrument_id,
                        seat.account_id,
                        seat.mode,
                        tuple(_key_row(key) for key in seat.each_key()),
                    )


def _key_row(key: Key) -> Row:
    return key.leverage, key.is_cross, key.hold_atoms


def _is_of_note(seat: Seat) -> bool:
    """Whether it differs from one that nobody ever used."""
    return seat.mode is not seat.market.spec.position_mode or any(
        key.leverage != 1 or key.hold_atoms or key.is_cross is not seat.starts_cross()
        for key in seat.each_key()
    )


def read_seat(state: State, row: Row) -> None:
    """A seat's row back.  Raises ValueError if it does not fit."""
    instrument_id, account_id, mode, keys = row
    seat = _market(state, instrument_id).seat(AccountId(account_id))
    if len(keys) > 1:
        seat.set_mode(PositionMode.HEDGING)  # its legs exist, whatever its mode is now
    seat.set_mode(PositionMode(mode))
    for key, (leverage, is_cross, hold_atoms) in zip(seat.each_key(), keys, strict=True):
        key.leverage = leverage
        key.is_cross = is_cross
        key.hold_atoms = hold_atoms


def write_positions(state: State) -> Iterator[Row]:
    """Open positions with their exits, by id."""
    for position in state.positions.values():
        yield (
            position.position_id,
            position.account_id,
            position.market.instrument_id,
            position.key.leg,
            position.side,
            position.leverage,
            position.opened_ns,
            position.qty_lots,
            position.cost_atoms,
            position.accrued_atoms,
            position.margin_atoms,
            position.initial_margin_atoms,
            position.realized_atoms,
            position.auto_close_e8,
            tuple(_pair_row(pair) for pair in position.pairs or ()),
        )


def _pair_row(pair: ExitPair) -> Row:
    return (
        pair.parent_order_id,
        pair.qty_lots,
        pair.source,
        pair.stop_loss_ticks,
        pair.take_profit_ticks,
        pair.trail_ticks,
        pair.trail_e8,
        pair.extreme_ticks(),
    )


def read_position(state: State, row: Row) -> None:
    """A position back, armed.  Raises ValueError if it does not fit."""
    position_id, account_id, instrument_id, leg, side, leverage, opened_ns, *amounts = row
    *amounts, pairs = amounts
    market = _market(state, instrument_id)
    seat = market.seat(AccountId(account_id))
    position = Position(
        PositionId(position_id),
        AccountId(account_id),
        market,
        seat.key(Leg(leg)),
        Side(side),
        leverage,
        opened_ns,
    )
    (
        position.qty_lots,
        position.cost_atoms,
        position.accrued_atoms,
        position.margin_atoms,
        position.initial_margin_atoms,
        position.realized_atoms,
        position.auto_close_e8,
    ) = amounts
    state.ledger.assets[market.asset_id].margin_atoms += position.margin_atoms
    state.positions.put(position_id, position)
    seat.add_position(position)
    market.open_positions += 1
    if position.key.is_cross:
        join(state, position)
        sum_up(state, position)
    rearm_position(state.firing, position)
    for parent_order_id, qty_lots, source, *ticks, extreme_ticks in pairs:
        pair = ExitPair(parent_order_id, qty_lots, PriceSource(source), *ticks)
        position.pairs = [*(position.pairs or []), pair]
        arm_pair(state.firing, position, pair, extreme_ticks)


def write_orders(state: State) -> Iterator[Row]:
    """In order of priority, so that queues are rebuilt by appending."""
    for order in sorted(state.orders.values(), key=_priority):
        yield (
            order.order_id,
            order.account_id,
            order.market.instrument_id,
            order.key.leg,
            order.side,
            order.order_type,
            order.time_in_force,
            order.qty_lots,
            order.amount_atoms,
            order.price_ticks,
            order.trigger_ticks,
            order.trigger_source,
            order.leverage,
            order.closing,
            order.post_only,
            order.position_id,
            order.stop_loss_ticks,
            order.take_profit_ticks,
            order.auto_close_e8,
            order.expire_ns,
            order.client_order_id,
            order.created_ns,
            order.hold_atoms,
            order.frozen_mark_ticks,
            order.priority,
            order.display_lots,
            order.self_trade_prevention,
            order.oco_group,
            order.filled_lots,
            order.visible_lots,
            order.trail_ticks,
            order.trail_e8,
            _extreme_ticks(order),
        )


def _extreme_ticks(order: Order) -> int:
    """What a trailing stop follows; 0 if it follows nothing yet."""
    return order.levels.extreme_ticks() if isinstance(order.levels, Trail) else 0


def _priority(order: Order) -> int:
    return order.priority


def read_order(state: State, row: Row) -> None:
    """An order back, where it waits.  Raises ValueError if it does not fit."""
    order_id, account_id, instrument_id, leg, side, order_type, time_in_force, *rest = row
    terms, rest = rest[:ORDER_TERMS], rest[ORDER_TERMS:]
    hold_atoms, frozen_mark_ticks, priority, display_lots, mode, *rest = rest
    oco_group, filled_lots, visible_lots, trail_ticks, trail_e8, extreme_ticks = rest
    terms[4] = PriceSource(terms[4])
    market = _market(state, instrument_id)
    order = Order(
        AccountId(account_id),
        market,
        market.seat(AccountId(account_id)).key(Leg(leg)),
        Side(side),
        OrderType(order_type),
        TimeInForce(time_in_force),
        *terms,
    )
    order.display_lots = display_lots
    order.self_trade_prevention = SelfTradePrevention(mode)
    order.oco_group = oco_group
    order.trail_ticks = trail_ticks
    order.trail_e8 = trail_e8
    order.order_id = OrderId(order_id)
    order.hold_atoms = hold_atoms
    order.frozen_mark_ticks = frozen_mark_ticks
    order.priority = priority
    order.filled_lots = filled_lots
    register_order(state, order)
    if extreme_ticks:
        follow(order, extreme_ticks)
    else:
        rest_order(state, order)
    if visible_lots != order.visible_lots and market.book is not None:
        market.book.show(order, visible_lots - order.visible_lots)
        order.visible_lots = visible_lots


def write_timers(state: State) -> Iterator[Row]:
    """The accounts' timers, by account id."""
    return iter(sorted(state.cancel_after.items()))


def read_timer(state: State, row: Row) -> None:
    """A timer back."""
    account_id, due_ns = row
    set_timer(state, AccountId(account_id), due_ns)


def _market(state: State, instrument_id: int) -> Market:
    market = state.market(instrument_id)
    if market is None:
        raise ValueError(f"no instrument {instrument_id}")
    return market
