"""Before the first fill of a command and after its last: holds given back and taken anew (MAT-8).

Knows the keys that fills touch; a fill itself is in `settlement.py`.
"""

from operator import attrgetter
from typing import Final

from engine.commands import NO_LEG
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
from engine.state import State, Touched
from engine.trigger_index import rearm_position

ACCOUNT_AND_LEG: Final = attrgetter("account_id", "leg")


def touch_key(state: State, key: Key) -> None:
    """The key fills: it gives back what it holds until `settle_touched` takes it anew."""
    keys = state.touched.keys
    if key not in keys:
        keys[key] = None
        release_key_hold(state, key)


def note_key(state: State, key: Key) -> None:
    """The key's orders change but nothing fills: its hold is taken anew, not given back before."""
    state.touched.keys[key] = None


def settle_touched(state: State, events: list[Event]) -> None:
    """After the last fill: prices that depend on it are armed, closing orders shrink or go, holds
    are taken anew (MAT-8).

    Both legs of who hedges: self-trade prevention and partners reach across.
    """
    touched = state.touched
    for position in touched.filled:
        if position.qty_lots:
            rearm_position(state.firing, position)
    hedging = [key.seat for key in touched.keys if key.leg is not NO_LEG]
    for seat in hedging:
        for key in seat.each_key():
            note_key(state, key)
    keys = list(touched.keys)
    if len(keys) > 1:
        keys.sort(key=ACCOUNT_AND_LEG)
    closable = _closable_by_key(touched) if touched.closable else None
    tickets = _tickets_by_key(touched) if touched.orders else None
    for key in keys:
        if closable is not None:
            for position in closable.get(key, ()):
                _settle_closers(state, position, events)
        if key.pools:
            settle_key_hold(state, key, events)
        elif tickets is not None:
            for order in tickets.get(key, ()):
                if state.orders.get(order.order_id) is order:
                    settle_order_hold(state, order, events)
    for seat in hedging:
        settle_holds(state, seat, events)
    touched.keys.clear()
    touched.filled.clear()
    touched.closable.clear()
    touched.orders.clear()


def _closable_by_key(touched: Touched) -> dict[Key, list[Position]]:
    """Those that closing orders wait for, by id within a key."""
    found: dict[Key, list[Position]] = {}
    for position in touched.closable:
        found.setdefault(position.key, []).append(position)
    for positions in found.values():
        positions.sort(key=_position_id)
    return found


def _tickets_by_key(touched: Touched) -> dict[Key, list[Order]]:
    """By id within a key."""
    found: dict[Key, list[Order]] = {}
    for order in touched.orders:
        found.setdefault(order.key, []).append(order)
    for orders in found.values():
        orders.sort(key=_order_id)
    return found


def _settle_closers(state: State, position: Position, events: list[Event]) -> None:
    """The closing orders of a position that shrank, shrink with it, or go (RED-1, RED-2)."""
    if position.closing_orders == 0:
        return
    if position.qty_lots:
        shrink_closers(state, position, events)
    else:
        cancel_closers(state, position, events)


def _position_id(position: Position) -> int:
    return position.position_id


def _order_id(order: Order) -> int:
    return order.order_id
