"""Before the first fill of a command and after its last: holds given back and taken anew (MAT-8).

Knows the keys that fills touch; a fill itself is in `settlement.py`.
"""

from engine.commands import Leg
from engine.events import Event
from engine.key import Key
from engine.open_orders import (
    cancel_closers,
    release_key_hold,
    settle_holds,
    settle_key_hold,
    settle_order_hold,
    shrink_closers,
)
from engine.order import Order
from engine.position import Position
from engine.state import State


def touch_key(state: State, key: Key) -> None:
    """The key fills: it gives back what it holds until `settle_touched` takes it anew."""
    keys = state.touched.keys
    if key not in keys:
        keys.append(key)
        release_key_hold(state, key)


def note_key(state: State, key: Key) -> None:
    """The key's orders change but nothing fills: its hold is taken anew, not given back before."""
    keys = state.touched.keys
    if key not in keys:
        keys.append(key)


def settle_touched(state: State, events: list[Event]) -> None:
    """After the last fill: closing orders shrink or go, holds are taken anew (MAT-8).

    Both legs of who hedges: self-trade prevention and partners reach across.
    """
    touched = state.touched
    keys = touched.keys
    hedging = [key.seat for key in keys if key.leg is not Leg.NONE]
    for seat in hedging:
        for key in seat.each_key():
            note_key(state, key)
    if len(keys) > 1:
        keys.sort(key=_account_and_leg)
    for key in keys:
        if touched.positions:
            _settle_closers(state, key, events)
        if key.pools:
            settle_key_hold(state, key, events)
        elif touched.orders:
            _settle_ticket_holds(state, key, events)
    for seat in hedging:
        settle_holds(state, seat, events)
    keys.clear()
    touched.positions.clear()
    touched.orders.clear()


def _settle_closers(state: State, key: Key, events: list[Event]) -> None:
    """The closing orders of positions that shrank, shrink with them, or go (RED-1, RED-2)."""
    reduced = [position for position in state.touched.positions if position.key is key]
    reduced.sort(key=_position_id)
    for position in reduced:
        if position.closing_orders == 0:
            continue
        if position.qty_lots:
            shrink_closers(state, position, events)
        else:
            cancel_closers(state, position, events)


def _settle_ticket_holds(state: State, key: Key, events: list[Event]) -> None:
    orders = [order for order in state.touched.orders if order.key is key]
    orders.sort(key=_order_id)
    for order in orders:
        if state.orders.get(order.order_id) is order:
            settle_order_hold(state, order, events)


def _account_and_leg(key: Key) -> tuple[int, int]:
    return key.account_id, key.leg


def _position_id(position: Position) -> int:
    return position.position_id


def _order_id(order: Order) -> int:
    return order.order_id
