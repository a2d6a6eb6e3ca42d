"""Before the first fill of a command and after its last: holds given back and taken anew (MAT-8).

Knows the keys that fills touch; a fill itself is in `settlement.py`.
"""

from engine.events import Event
from engine.open_orders import (
    cancel_closers,
    release_key_hold,
    settle_key_hold,
    settle_order_hold,
    shrink_closers,
)
from engine.order import Order
from engine.position import Position
from engine.seat import Seat
from engine.state import State


def touch_seat(state: State, seat: Seat) -> None:
    """The key fills: it gives back what it holds until `settle_touched` takes it anew."""
    seats = state.touched.seats
    if seat not in seats:
        seats.append(seat)
        release_key_hold(state, seat)


def note_seat(state: State, seat: Seat) -> None:
    """The key's orders change but nothing fills: its hold is taken anew, not given back before."""
    seats = state.touched.seats
    if seat not in seats:
        seats.append(seat)


def settle_touched(state: State, events: list[Event]) -> None:
    """After the last fill: closing orders shrink or go, holds are taken anew (MAT-8)."""
    touched = state.touched
    seats = touched.seats
    if len(seats) > 1:
        seats.sort(key=_account_id)
    for seat in seats:
        if touched.positions:
            _settle_closers(state, seat, events)
        if seat.market.is_netting:
            settle_key_hold(state, seat, events)
        elif touched.orders:
            _settle_ticket_holds(state, seat, events)
    seats.clear()
    touched.positions.clear()
    touched.orders.clear()


def _settle_closers(state: State, seat: Seat, events: list[Event]) -> None:
    """The closing orders of positions that shrank, shrink with them, or go (RED-1, RED-2)."""
    reduced = [position for position in state.touched.positions if position.seat is seat]
    reduced.sort(key=_position_id)
    for position in reduced:
        if position.closing_orders == 0:
            continue
        if position.qty_lots:
            shrink_closers(state, position, events)
        else:
            cancel_closers(state, seat, position, events)


def _settle_ticket_holds(state: State, seat: Seat, events: list[Event]) -> None:
    orders = [order for order in state.touched.orders if order.seat is seat]
    orders.sort(key=_order_id)
    for order in orders:
        if state.orders.get(order.order_id) is order:
            settle_order_hold(state, order, events)


def _account_id(seat: Seat) -> int:
    return seat.account_id


def _position_id(position: Position) -> int:
    return position.position_id


def _order_id(order: Order) -> int:
    return order.order_id
