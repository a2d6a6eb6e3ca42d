"""What came true fires, in the one order of FIR-4.  Nothing fires on a halted or stale market."""

from heapq import heappop

from engine.admission import triggered_reason
from engine.arrival import Arrival
from engine.events import (
    MAKER,
    CancelCause,
    Event,
    OrderCancelled,
    OrderTriggered,
)
from engine.exits import CAUSE_OF_KIND, drop_pair, pair_lots
from engine.funds import resting_fill_is_covered
from engine.instrument import HALTED
from engine.margin import quantity_lots
from engine.market import Market
from engine.open_orders import (
    release_ticket_hold,
    retire_order,
    settle_key_hold,
    unrest_order,
)
from engine.order import Order
from engine.place_order import take_now
from engine.position import PositionTrigger
from engine.reject_reason import NONE, RejectReason
from engine.settlement import close_by_trigger, fill_order
from engine.state import State


def fire_due(state: State, events: list[Event]) -> None:
    """Fire the queue until it is empty; firing may arm more, which joins at once."""
    queue = state.firing
    heap = queue.heap
    while heap:
        place, _, _, _, _, arming, entry = heappop(heap)
        if entry.levels is None or entry.arming != arming:
            continue  # gone, or waiting elsewhere by now
        queue.place_now = place
        if isinstance(entry, Order):
            if may_fire(state, entry.market):
                _fire_order(state, entry, events)
        else:
            assert isinstance(entry, PositionTrigger)
            if may_fire(state, entry.position.market):
                _fire_trigger(state, entry, events)
    queue.end()


def may_fire(state: State, market: Market) -> bool:
    """Whether anything fires in this market now (FIR-6)."""
    return market.status is not HALTED and not market.is_stale(state.time_ns)


def _fire_trigger(state: State, trigger: PositionTrigger, events: list[Event]) -> None:
    position = trigger.position
    lots = position.qty_lots
    if trigger.pair is not None:
        lots = pair_lots(position, trigger.pair)
        drop_pair(position, trigger.pair)
    close_by_trigger(state, position, lots, CAUSE_OF_KIND[trigger.kind], events)


def _fire_order(state: State, order: Order, events: list[Event]) -> None:
    unrest_order(order)
    release_ticket_hold(state, order)
    retire_order(state, order)
    if order.is_limit():
        _fill_resting(state, order, events)
    else:
        events.append(OrderTriggered(order.order_id, order.account_id))
        _take_triggered(state, order, events)


def _fill_resting(state: State, order: Order, events: list[Event]) -> None:
    """A resting limit fills at its limit as maker, if its funds are still there (ADM-5)."""
    arrival = Arrival(state, order, None)
    arrival.takes = True
    position = arrival.position
    if order.closing:
        assert position is not None
        lots = min(order.qty_lots, position.qty_lots)
    else:
        k = order.market.k
        lots = order.qty_lots or quantity_lots(
            order.amount_atoms, order.leverage, order.price_ticks, k
        )
        arrival.lots = lots
        if not resting_fill_is_covered(arrival):
            _refuse(state, order, RejectReason.INSUFFICIENT_BALANCE, events)
            return
    fill_order(state, order, position, lots, order.price_ticks, MAKER, events)


def _take_triggered(state: State, order: Order, events: list[Event]) -> None:
    """A triggered order arrives as a market order, and may be refused as one (ADM-6)."""
    arrival = Arrival(state, order, None)
    arrival.takes = True
    arrival.waits = False
    arrival.at_ticks = arrival.touch_ticks
    reason = triggered_reason(arrival)
    if reason is NONE:
        take_now(state, arrival, events)
    else:
        _refuse(state, order, reason, events)


def _refuse(state: State, order: Order, reason: RejectReason, events: list[Event]) -> None:
    events.append(OrderCancelled(order.order_id, order.account_id, CancelCause.REFUSED, reason))
    settle_key_hold(state, order.seat, events)
