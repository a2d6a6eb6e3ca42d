"""Cancelling: by the user, by time, by the market's status (ORD-6, CMD-1)."""

from heapq import heappop

from engine.commands import ALL_INSTRUMENTS, CancelOrder, CancelOrders
from engine.events import CancelCause, Event, OrderExpired, Rejected, TimeAdvanced
from engine.market import Market
from engine.open_orders import cancel_open_order, end_order, settle_key_hold
from engine.order import Order
from engine.reject_reason import RejectReason
from engine.state import State, open_orders
from engine.units import AccountId, OrderId


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
    for order in orders:
        _cancel(state, order, CancelCause.USER, events)
    if not orders:
        events.append(TimeAdvanced(state.time_ns))


def cancel_openers(state: State, market: Market, events: list[Event]) -> None:
    """The market takes no openers any more: those that wait are cancelled, by order id."""
    openers = [o for o in state.orders.values() if o.market is market and not o.closing]
    for order in openers:
        if state.orders.get(order.order_id) is order:
            _cancel(state, order, CancelCause.CLOSE_ONLY, events)


def expire_orders(state: State, events: list[Event]) -> None:
    """What is due expires, by time and then by id; halted markets included (CMD-1)."""
    expiries = state.expiries
    while expiries and expiries[0][0] <= state.time_ns:
        _, order_id = heappop(expiries)
        order = state.orders.get(order_id)
        if order is not None:
            end_order(state, order, OrderExpired(order.order_id, order.account_id), events)
            settle_key_hold(state, order.seat, events)


def _cancel(state: State, order: Order, cause: CancelCause, events: list[Event]) -> None:
    cancel_open_order(state, order, cause, events)
    settle_key_hold(state, order.seat, events)
