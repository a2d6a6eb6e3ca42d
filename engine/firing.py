"""What came true fires, in the one order of FIR-4.  Nothing fires on a halted or stale market."""

from engine.account_check import check_account, check_accounts
from engine.admission import triggered_reason
from engine.arrival import Arrival
from engine.closing import close_by_trigger
from engine.commands import LIMIT, MARKET, TRAILING_STOP
from engine.events import (
    BY_ORDER,
    MAKER,
    CancelCause,
    Event,
    OrderCancelled,
    OrderTriggered,
    TrailingActivated,
)
from engine.exits import CAUSE_OF_KIND, drop_pair, pair_lots
from engine.firing_queue import market_of
from engine.funds import resting_fill_is_covered
from engine.instrument import HALTED
from engine.liquidation import close_in_book, equity_and_maintenance, liquidate, liquidation_step
from engine.margin import quantity_lots
from engine.market import LAST, Market
from engine.open_orders import (
    amended_to,
    end_partner,
    release_ticket_hold,
    retire_order,
    settle_holds,
    unrest_order,
)
from engine.order import Order
from engine.position import LIQUIDATION, PositionTrigger
from engine.reject_reason import NONE, RejectReason
from engine.settlement import fill_order
from engine.settling import settle_touched, touch_key
from engine.state import State
from engine.taking import carry_out
from engine.trigger_index import disarm_order, follow


def fire_due(state: State, events: list[Event]) -> None:
    """Fire the queue until it is empty; firing may arm more, which joins at once."""
    while state.has_more_to_do():
        _fire_queue(state, events)
        check_accounts(state, events)
    for account in state.fee_payers:
        account.closing_fees_atoms = 0
    state.fee_payers.clear()
    state.rankings.clear()
    state.firing.end()


def _fire_queue(state: State, events: list[Event]) -> None:
    queue = state.firing
    while queue.heap:
        entry = queue.take()
        waits_in = None if entry is None else entry.levels
        if entry is None or waits_in is None:
            continue
        if not may_fire(state, market_of(entry), waits_in.source):
            continue
        if isinstance(entry, Order):
            if not entry.closing and entry.key.is_cross:
                check_account(state, entry.market.asset_id, entry.account_id, events)
            if entry.levels is not None:  # else its account was liquidated just now
                _fire_order(state, entry, events)
        else:
            assert isinstance(entry, PositionTrigger)
            _fire_trigger(state, entry, events)


def may_fire(state: State, market: Market, source: int) -> bool:
    """Whether what watches this source fires in this market now (FIR-6, FIR-8)."""
    if market.status is HALTED:
        return False
    if market.is_order_driven and source == LAST:
        return True
    return not market.is_stale(state.time_ns)


def _fire_trigger(state: State, trigger: PositionTrigger, events: list[Event]) -> None:
    position = trigger.position
    lots = position.qty_lots
    if trigger.pair is not None:
        lots = pair_lots(position, trigger.pair)
        drop_pair(position, trigger.pair)
    cause = CAUSE_OF_KIND[trigger.kind]
    if not position.market.is_order_driven:
        if trigger.kind is LIQUIDATION:
            equity, needed_e8 = equity_and_maintenance(position)
            events.append(liquidation_step(position, equity, needed_e8, lots, 0))
        close_by_trigger(state, position, lots, cause, events)
    elif trigger.kind is LIQUIDATION:
        liquidate(state, position, events)
    else:
        close_in_book(state, position, lots, cause, events)


def _fire_order(state: State, order: Order, events: list[Event]) -> None:
    if order.is_limit():
        unrest_order(order)
        release_ticket_hold(state, order)
        retire_order(state, order)
        _fill_resting(state, order, events)
    elif order.order_type is TRAILING_STOP and not order.follows():
        _activate(order, events)
    else:
        _take_triggered(state, order, events)


def _activate(order: Order, events: list[Event]) -> None:
    """A trailing stop reached its activation price, and follows from here (TRL-2)."""
    disarm_order(order)
    extreme_ticks = order.market.prices[order.trigger_source]
    follow(order, extreme_ticks)
    events.append(TrailingActivated(order.order_id, order.account_id, extreme_ticks))


def _fill_resting(state: State, order: Order, events: list[Event]) -> None:
    """Quote-driven: a resting limit fills at its limit as maker, if funds are there (ADM-5)."""
    arrival = Arrival(state, order, None)
    lots = order.qty_lots
    if order.closing:
        assert arrival.position is not None
        lots = min(lots, arrival.position.qty_lots)
    else:
        k = order.market.k
        lots = lots or quantity_lots(order.amount_atoms, order.leverage, order.price_ticks, k)
        arrival.lots = lots
        if not resting_fill_is_covered(arrival):
            _refuse(state, order, RejectReason.INSUFFICIENT_BALANCE, events)
            return
    touch_key(state, order.key)
    fill_order(state, order, lots, order.price_ticks, MAKER, BY_ORDER, events)
    end_partner(state, order, events)
    settle_touched(state, events)


def _take_triggered(state: State, order: Order, events: list[Event]) -> None:
    """A triggered order arrives as what it now is, and may be refused as that (TYP-1, ADM-6)."""
    unrest_order(order)
    events.append(OrderTriggered(order.order_id, order.account_id))
    if order.oco_partner is not None:
        end_partner(state, order, events)
        settle_holds(state, order.seat, events)
    told_lots = order.qty_lots
    if order.order_type is TRAILING_STOP:
        order.trail_ticks = order.trail_e8 = 0  # its own: nothing that it opens trails (TRL-4)
    order.order_type = MARKET
    if order.carries_limit():
        order.order_type = LIMIT
        order.priority = state.take_id()
    arrival = Arrival(state, order, None)
    reason = triggered_reason(arrival)
    if reason is NONE:
        if order.is_limit() and arrival.asked_lots != told_lots:
            events.append(amended_to(order, arrival.asked_lots))
        if not (arrival.rests() and order.may_rest()):
            retire_order(state, order)  # its client id is closed before those it fills (IDM-1)
        carry_out(state, arrival, BY_ORDER, events)
    else:
        retire_order(state, order)
        _refuse(state, order, reason, events)


def _refuse(state: State, order: Order, reason: RejectReason, events: list[Event]) -> None:
    events.append(OrderCancelled(order.order_id, order.account_id, CancelCause.REFUSED, reason))
    end_partner(state, order, events)
    settle_holds(state, order.seat, events)
