"""Orders entering and leaving the open set: books, chains, holds and client ids in step."""

from heapq import heapify, heappush
from typing import Final

from engine.commands import BUY, LIMIT, SELL
from engine.cross import spendable_atoms
from engine.events import CancelCause, Event, OrderAmended, OrderCancelled
from engine.holds import (
    last_opener,
    lots_against,
    need_atoms,
    present_hold_atoms,
    side_hold_atoms,
)
from engine.key import Key
from engine.market import MARK
from engine.order import Order, execution_rank
from engine.position import Position, closing_side
from engine.reject_reason import NONE
from engine.seat import Seat
from engine.state import State
from engine.trigger_index import arm_order, disarm_order
from engine.units import NOBODY

EXPIRIES_MIN: Final = 64


def register_order(state: State, order: Order) -> None:
    """Enter an accepted order that stays open into the tables; it does not wait anywhere yet."""
    state.orders.put(order.order_id, order)
    order.seat.add_order(order)
    if order.closing:
        position = state.positions.get(order.position_id)
        assert position is not None
        position.closing_orders += 1
    if order.oco_group and order.oco_partner is None:
        pair_up(order)
    if order.expire_ns:
        state.expiring_orders += 1
        heappush(state.expiries, (order.expire_ns, order.order_id))


def rest_order(state: State, order: Order) -> None:
    """Let a registered order wait: for its limit, or for its trigger."""
    if order.key.pools and order.order_type is LIMIT:
        order.key.queue_resting(order)
    arm_order(state.firing, order)


def unrest_order(order: Order) -> None:
    """The order waits no more; it stays registered."""
    disarm_order(order)
    if order.key.pools and order.order_type is LIMIT:
        order.key.unqueue_resting(order)


def freeze_need(order: Order) -> None:
    """Note what the order's lots would need if all opened, at the mark of this moment."""
    order.frozen_mark_ticks = order.market.prices[MARK]
    order.hold_atoms = order_need_atoms(order)


def order_need_atoms(order: Order) -> int:
    """What the order alone holds: nothing unless it is a limit order that may open."""
    if order.closing or order.order_type is not LIMIT:
        return 0
    if order.amount_atoms:
        return order.amount_atoms
    return need_atoms(order, order.qty_lots)


def release_ticket_hold(state: State, order: Order) -> None:
    """Ticket markets: give back what the order held for itself."""
    if order.hold_atoms and not order.key.pools:
        state.asset_ledger(order.market).change_hold(order.account_id, -order.hold_atoms)
        order.hold_atoms = 0


def retire_order(state: State, order: Order) -> None:
    """The order is open no more: it leaves every table.  Its hold must be settled by the caller."""
    state.orders.remove(order.order_id)
    order.seat.remove_order(order)
    if order.closing:
        position = state.positions.get(order.position_id)
        if position is not None:
            position.closing_orders -= 1
    if order.client_order_id:
        state.client_orders.close(order.account_id, order.client_order_id)
    if order.expire_ns:
        state.expiring_orders -= 1
        if len(state.expiries) > 2 * state.expiring_orders + EXPIRIES_MIN:
            _forget_closed_expiries(state)


def _forget_closed_expiries(state: State) -> None:
    """Drop the times of orders closed meanwhile; paid for by the closings that left them."""
    kept = [entry for entry in state.expiries if state.orders.get(entry[1]) is not None]
    heapify(kept)
    state.expiries[:] = kept


def end_order(state: State, order: Order, event: Event, events: list[Event]) -> None:
    """Take an order that waits out of the market, release its ticket hold and say so."""
    if order.levels is not None:
        unrest_order(order)
    release_ticket_hold(state, order)
    retire_order(state, order)
    events.append(event)
    end_partner(state, order, events)


def cancel_open_order(state: State, order: Order, cause: CancelCause, events: list[Event]) -> None:
    """End an open order; in a netting market the caller settles the key's hold afterwards."""
    event = OrderCancelled(order.order_id, order.account_id, cause, NONE)
    end_order(state, order, event, events)


def release_key_hold(state: State, key: Key) -> None:
    """Give back what a key holds while it fills; `settle_key_hold` takes it anew."""
    if key.hold_atoms:
        state.asset_ledger(key.market).change_hold(key.account_id, -key.hold_atoms)
        key.hold_atoms = 0


def settle_key_hold(state: State, key: Key, events: list[Event]) -> None:
    """Bring a key's hold to what its orders and position need (HLD-7)."""
    if not key.pools or key.account_id == NOBODY:
        return  # the fund only offers what it has, and may have very many offers
    if key.hold_atoms == 0 and not key.buys and not key.sells:
        return
    hold_atoms = present_hold_atoms(key)
    if hold_atoms == key.hold_atoms:
        return
    ledger = state.asset_ledger(key.market)
    while hold_atoms - key.hold_atoms > max(0, _spendable_atoms(state, key)):
        order = _order_to_give_up(key)
        assert order is not None  # without openers the hold is 0
        cancel_open_order(state, order, CancelCause.HOLD_SHORT, events)
        hold_atoms = present_hold_atoms(key)
    ledger.change_hold(key.account_id, hold_atoms - key.hold_atoms)
    key.hold_atoms = hold_atoms


def settle_holds(state: State, seat: Seat, events: list[Event]) -> None:
    """The holds of all keys of a seat: with an order of one leg one of the other may have gone."""
    if seat.long is None:
        settle_key_hold(state, seat.main, events)
        return
    for key in seat.each_key():
        settle_key_hold(state, key, events)


def settle_order_hold(state: State, order: Order, events: list[Event]) -> None:
    """Ticket markets: a resting order that traded holds what is left of it needs (MAT-8)."""
    ledger = state.asset_ledger(order.market)
    needed = order_need_atoms(order)
    if needed - order.hold_atoms > max(0, _spendable_atoms(state, order.key)):
        cancel_open_order(state, order, CancelCause.HOLD_SHORT, events)
        return
    ledger.change_hold(order.account_id, needed - order.hold_atoms)
    order.hold_atoms = needed


def _spendable_atoms(state: State, key: Key) -> int:
    return spendable_atoms(state, key.market.asset_id, key.account_id, key.is_cross)


def pair_up(order: Order) -> None:
    """Find the open order of the same group, if there is one (OCO-1)."""
    for other in order.seat.orders():
        if other.oco_group == order.oco_group and other is not order:
            order.oco_partner = other
            other.oco_partner = order


def end_partner(state: State, order: Order, events: list[Event]) -> None:
    """The order triggered or is open no more: its partner goes (OCO-2)."""
    partner = order.oco_partner
    if partner is not None:
        order.oco_partner = None
        partner.oco_partner = None
        cancel_open_order(state, partner, CancelCause.OCO, events)


def lessen_partner(state: State, order: Order, lots: int, events: list[Event]) -> None:
    """The order filled lots and stays open: its partner has as many less (OCO-3)."""
    partner = order.oco_partner
    if partner is None or partner.qty_lots == 0:
        return
    if partner.qty_lots <= lots:
        partner.oco_partner = None
        order.oco_partner = None
        cancel_open_order(state, partner, CancelCause.OCO, events)
    else:
        resize_order(partner, partner.qty_lots - lots)
        events.append(amended(partner))


def resize_order(order: Order, qty_lots: int) -> None:
    """An open order has fewer lots; what it would need, if it is alone, follows."""
    if order.visible_lots:
        book = order.market.book
        assert book is not None
        book.resize(order, qty_lots)
    else:
        order.qty_lots = qty_lots
    if order.key.pools and not order.closing and order.order_type is LIMIT:
        order.hold_atoms = order_need_atoms(order)


def _order_to_give_up(key: Key) -> Order | None:
    """The opener of the larger side that executes last."""
    closing_buys = lots_against(key.position, BUY)
    closing_sells = lots_against(key.position, SELL)
    buy_atoms = side_hold_atoms(key.buys, closing_buys)
    sell_atoms = side_hold_atoms(key.sells, closing_sells)
    if buy_atoms >= sell_atoms:
        return last_opener(key.buys, closing_buys)
    return last_opener(key.sells, closing_sells)


def closing_orders(seat: Seat, position: Position) -> list[Order]:
    """The open orders that would reduce the position, by id."""
    if position.closing_orders == 0:
        return []
    return [o for o in seat.orders() if o.closing and o.position_id == position.position_id]


def resting_closers(seat: Seat, position: Position) -> list[Order]:
    """The closing limit orders on the position in execution order."""
    resting = [o for o in closing_orders(seat, position) if o.is_limit()]
    resting.sort(key=execution_rank)
    return resting


def left_to_reduce(position: Position, order: Order) -> int:
    """Lots of the position that no earlier closing limit order takes (RED-1).

    An order that is not accepted yet comes after all others at its price.
    """
    left = position.qty_lots
    for other in resting_closers(position.seat, position):
        if other.order_id == order.order_id:
            continue
        is_earlier = (
            other.price_ticks > order.price_ticks
            if order.side is BUY
            else other.price_ticks < order.price_ticks
        )
        same_price = other.price_ticks == order.price_ticks
        if is_earlier or (same_price and (order.priority == 0 or other.priority < order.priority)):
            left -= other.qty_lots
    return left


def shrink_closers(state: State, position: Position, events: list[Event]) -> None:
    """Clip the closing limit orders to what is left for each, in execution order (RED-1)."""
    if position.closing_orders == 0:
        return
    left = position.qty_lots
    for order in resting_closers(position.seat, position):
        if state.orders.get(order.order_id) is not order:
            continue
        keeps = min(left, order.qty_lots)
        left -= keeps
        if keeps == 0:
            cancel_open_order(state, order, CancelCause.POSITION_GONE, events)
        elif keeps < order.qty_lots:
            resize_order(order, keeps)
            events.append(amended(order))


def cancel_closers(state: State, position: Position, events: list[Event]) -> None:
    """The position is gone: so are the orders that would close it (RED-2)."""
    for order in closing_orders(position.seat, position):
        if state.orders.get(order.order_id) is order:  # a partner may have taken it along
            cancel_open_order(state, order, CancelCause.POSITION_GONE, events)


def amended(order: Order) -> OrderAmended:
    """The order's terms as they are now; its lots with those that have filled."""
    return amended_to(order, order.filled_lots + order.qty_lots)


def amended_to(order: Order, total_lots: int) -> OrderAmended:
    """The order's terms, with this many lots in all."""
    return OrderAmended(
        order.order_id,
        order.account_id,
        order.price_ticks,
        order.trigger_ticks,
        total_lots,
        order.amount_atoms,
    )


def closes_position(order: Order, position: Position | None) -> bool:
    """Whether the position is one that an order of this side reduces."""
    return position is not None and order.side is closing_side(position.side)
