"""Cancelling: by the user, by time, by the market's status (ORD-6, CMD-1, DMS-…)."""

from heapq import heappop, heappush
from typing import Final

from engine.commands import ALL_INSTRUMENTS, CancelAfter, CancelOrder, CancelOrders
from engine.events import (
    CancelAfterFired,
    CancelAfterSet,
    CancelCause,
    Event,
    OrderExpired,
    Rejected,
    TimeAdvanced,
)
from engine.funding import settle_stamp
from engine.market import Market
from engine.open_orders import cancel_open_order, end_order, settle_holds
from engine.order import Order
from engine.reject_reason import RejectReason
from engine.state import State, open_orders
from engine.units import INT64_MAX, AccountId, OrderId

CANCEL_AFTER_MAX_NS: Final = 86_400_000_000_000  # a day
TIMERS_MIN: Final = 64
NEVER_NS: Final = INT64_MAX


def named_order(
    state: State, account_id: AccountId, order_id: OrderId, client_order_id: str
) -> Order | None:
    """The account's open order by its id or, if that is 0, by its client order id."""
    if order_id == 0:
        known = state.client_orders.get(account_id, client_order_id)
        if known is None or not known.is_open:
            return None
        order_id = known.order_id
    order = state.orders.get(order_id)
    return order if order is not None and order.account_id == account_id else None


def cancel_order(state: State, command: CancelOrder, events: list[Event]) -> None:
    """Cancel one open order of the account."""
    if state.account(command.account_id) is None:
        events.append(Rejected(command.account_id, RejectReason.UNKNOWN_ACCOUNT))
        return
    order = named_order(state, command.account_id, command.order_id, command.client_order_id)
    if order is None:
        events.append(Rejected(command.account_id, RejectReason.UNKNOWN_ORDER))
        return
    _cancel(state, order, CancelCause.USER, events)


def cancel_orders(state: State, command: CancelOrders, events: list[Event]) -> None:
    """Cancel all open orders of the account, in one market or in all."""
    account_id, instrument_id = command.account_id, command.instrument_id
    if state.account(account_id) is None:
        events.append(Rejected(account_id, RejectReason.UNKNOWN_ACCOUNT))
        return
    if instrument_id == ALL_INSTRUMENTS:
        orders = open_orders(state, account_id)
    else:
        market = state.market(instrument_id)
        if market is None:
            events.append(Rejected(account_id, RejectReason.UNKNOWN_SYMBOL))
            return
        seat = market.existing_seat(account_id)
        orders = [] if seat is None else seat.orders()
    cause = CancelCause.DISCONNECTED if command.on_disconnect else CancelCause.USER
    _cancel_all(state, orders, cause, events)
    if not orders:
        events.append(TimeAdvanced(state.time_ns))


def cancel_openers(state: State, market: Market, events: list[Event]) -> None:
    """The market takes no openers any more: those that wait are cancelled, by order id."""
    openers = [o for o in state.orders.values() if o.market is market and not o.closing]
    _cancel_all(state, openers, CancelCause.CLOSE_ONLY, events)


def cancel_after(state: State, command: CancelAfter) -> Event | RejectReason:
    """Set, move or remove the account's timer (DMS-1)."""
    account_id, timeout_ns = command.account_id, command.timeout_ns
    if state.account(account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    if not 0 <= timeout_ns <= CANCEL_AFTER_MAX_NS:
        return RejectReason.BAD_AMOUNT
    state.cancel_after.pop(account_id, None)
    if timeout_ns == 0:
        return CancelAfterSet(account_id, 0)
    due_ns = state.time_ns + timeout_ns
    set_timer(state, account_id, due_ns)
    return CancelAfterSet(account_id, due_ns)


def set_timer(state: State, account_id: AccountId, due_ns: int) -> None:
    """The account's orders are cancelled at `due_ns`."""
    state.cancel_after[account_id] = due_ns
    heappush(state.timers, (due_ns, account_id))
    if len(state.timers) > 2 * len(state.cancel_after) + TIMERS_MIN:
        # Forget the times that were moved; paid for by the moves that left them.
        state.timers[:] = sorted((due, account) for account, due in state.cancel_after.items())


def do_what_is_due(state: State, events: list[Event]) -> None:
    """Orders expire, timers run out, funding is settled, by time; halted markets too (CMD-1)."""
    expiries, timers = state.expiries, state.timers
    while True:
        expiry_ns = expiries[0][0] if expiries else NEVER_NS
        timer_ns = timers[0][0] if timers else NEVER_NS
        stamp_ns = state.next_funding_ns or NEVER_NS
        if min(expiry_ns, timer_ns, stamp_ns) > state.time_ns:
            return
        if expiry_ns <= min(timer_ns, stamp_ns):
            _expire_order(state, OrderId(heappop(expiries)[1]), events)
        elif timer_ns <= stamp_ns:
            due_ns, account_id = heappop(timers)
            _run_out(state, account_id, due_ns, events)
        else:
            market = state.next_to_fund()
            assert market is not None
            settle_stamp(state, market, events)
            state.renew_stamps()


def _expire_order(state: State, order_id: OrderId, events: list[Event]) -> None:
    order = state.orders.get(order_id)
    if order is not None:
        end_order(state, order, OrderExpired(order.order_id, order.account_id), events)
        settle_holds(state, order.seat, events)


def _run_out(state: State, account_id: AccountId, due_ns: int, events: list[Event]) -> None:
    if state.cancel_after.get(account_id) != due_ns:
        return  # it was moved or removed
    del state.cancel_after[account_id]
    events.append(CancelAfterFired(account_id))
    _cancel_all(state, open_orders(state, account_id), CancelCause.CANCEL_AFTER, events)


def _cancel_all(state: State, orders: list[Order], cause: CancelCause, events: list[Event]) -> None:
    """Cancel those that a cancelled partner or a short hold has not taken along."""
    for order in orders:
        if state.orders.get(order.order_id) is order:
            _cancel(state, order, cause, events)


def _cancel(state: State, order: Order, cause: CancelCause, events: list[Event]) -> None:
    cancel_open_order(state, order, cause, events)
    settle_holds(state, order.seat, events)
