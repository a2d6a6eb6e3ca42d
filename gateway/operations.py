"""What a trader can do, the same over HTTP and WebSocket: a command and its answer.

An answer runs right after its command was applied, before the next one is, and is shown once both
are durable.  Knows requests, commands and events; knows no connection.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import UNSET

from engine.commands import ALL_INSTRUMENTS, CancelOrders, Command, Leg, Side
from engine.events import (
    CancelAfterSet,
    Event,
    OrderAccepted,
    OrderCancelled,
    Rejected,
    RequestRepeated,
)
from engine.events import CancelCause as Cause
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.units import AccountId
from gateway import api_messages as messages
from gateway.errors import ApiError, EdgeCode, edge_error, reason_error
from gateway.fields import Text, market_of, object_id
from gateway.history.records import OrderRecord
from gateway.replies import api_replies as replies
from gateway.replies.position_replies import position_now
from gateway.venue import Venue


class Answered(NamedTuple):
    """A command's durable result.  replayed: it is that of an earlier equal request."""

    status: int
    body: bytes
    replayed: bool


Outcome = Answered | ApiError


class Operation(NamedTuple):
    """A command, and what to say when it was applied."""

    command: Command
    answer: Callable[[int, int, list[Event]], Outcome]


def require_own(venue: Venue, account_id: AccountId, user_id: Text) -> None:
    """Raises ApiError 403 if a body names another user than the token's."""
    if isinstance(user_id, str):
        account = venue.state.accounts[account_id]
        if account is None or account.user_id != user_id:
            raise edge_error(EdgeCode.FORBIDDEN_ACCOUNT, field="userId")


def own_order(venue: Venue, account_id: AccountId, order_id: int) -> OrderRecord:
    """The account's order, open or closed.  Raises ApiError 404, foreign or absent."""
    history = venue.history.known(account_id)
    record = None if history is None else history.orders.get(order_id)
    if record is None:
        raise reason_error(RejectReason.UNKNOWN_ORDER)
    return record


def own_order_by_client_id(venue: Venue, account_id: AccountId, text: str) -> OrderRecord:
    """The account's newest order of this client order id, refused ones included.  Raises 404."""
    history = venue.history.known(account_id)
    record = None if history is None else history.by_client_id.get(text)
    if record is None:
        raise reason_error(RejectReason.UNKNOWN_ORDER)
    return record


def rejection(events: list[Event]) -> RejectReason:
    """Why the command was refused, NONE if it was not.  What was due by then stands before, and
    what that did to the books stands behind."""
    for event in events:
        if type(event) is Rejected:
            return event.reason
    return RejectReason.NONE


def place(venue: Venue, account_id: AccountId, request: messages.PlaceOrderRequest) -> Operation:
    """Place an order.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    command = messages.place_order(venue.state, account_id, request)

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        return _placed(venue, account_id, events, 201)

    return Operation(command, answer)


def _placed(venue: Venue, account_id: AccountId, events: list[Event], status: int) -> Outcome:
    for event in events:
        if type(event) is OrderAccepted:
            record = venue.history.account(account_id).orders[event.order_id]
            return _order_answer(venue, record, status)
        if type(event) is Rejected:
            return reason_error(event.reason)
        if type(event) is RequestRepeated:
            return _repeated(venue, account_id, event)
    raise AssertionError("an order is accepted, refused or repeated")


def _repeated(venue: Venue, account_id: AccountId, event: RequestRepeated) -> Outcome:
    """The first result again: the order as it was then, or the same refusal."""
    if event.order_id == 0:
        refusal = reason_error(event.reason)
        refusal.replayed = True
        return refusal
    record = venue.history.account(account_id).orders[event.order_id]
    first = record.first or record
    return Answered(200, replies.encode(replies.order_reply(venue.state, first)), replayed=True)


def _order_answer(venue: Venue, record: OrderRecord, status: int) -> Outcome:
    return Answered(status, replies.encode(replies.order_reply(venue.state, record)), False)


def amend(
    venue: Venue, account_id: AccountId, record: OrderRecord, request: messages.AmendOrderRequest
) -> Operation:
    """Amend an open order.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    spec = replies.spec_of(venue.state, record.instrument_id)
    command = messages.amend_order(spec, account_id, record.order_id, request)

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        return _changed(venue, record, events)

    return Operation(command, answer)


def _changed(venue: Venue, record: OrderRecord, events: list[Event]) -> Outcome:
    reason = rejection(events)
    if reason is not RejectReason.NONE:
        return reason_error(reason)
    return _order_answer(venue, record, 200)


def cancel(venue: Venue, account_id: AccountId, record: OrderRecord) -> Operation:
    """Cancel an open order."""
    command = messages.cancel_order(account_id, record.order_id)

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        return _changed(venue, record, events)

    return Operation(command, answer)


def own_order_named(
    venue: Venue, account_id: AccountId, order_id: Text, client_order_id: Text
) -> OrderRecord:
    """The account's order by the one id that is given.  Raises ApiError 400 or 404."""
    if (order_id is UNSET) == (client_order_id is UNSET):
        problem = "give orderId or clientOrderId"
        raise edge_error(EdgeCode.BAD_FIELD, field="orderId", problem=problem)
    if isinstance(client_order_id, str):
        return own_order_by_client_id(venue, account_id, client_order_id)
    return own_order(venue, account_id, object_id(order_id, "orderId"))


def cancel_all(venue: Venue, account_id: AccountId, symbol: str | None) -> Operation:
    """Cancel all open orders, or those of one symbol.  Raises ApiError."""
    instrument_id = ALL_INSTRUMENTS
    if symbol is not None:
        instrument_id = market_of(venue.state, symbol).instrument_id

    def answer(sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        reason = rejection(events)
        if reason is not RejectReason.NONE:
            return reason_error(reason)
        orders = []
        known = venue.history.account(account_id).orders
        for event in events:
            if type(event) is OrderCancelled and event.cause in (Cause.USER, Cause.OCO):
                orders.append(replies.order_reply(venue.state, known[event.order_id]))
        body = {"orders": orders, "nextCursor": None, "sequence": sequence}
        return Answered(200, replies.encode(body), False)

    return Operation(CancelOrders(account_id, instrument_id), answer)


def change_exits(
    venue: Venue, account_id: AccountId, position_id: int, request: messages.ChangeExitsRequest
) -> Operation:
    """Set a position's exits.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    market = _own_market(venue, account_id, position_id)
    command = messages.change_exits(market.spec, account_id, position_id, request)

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        return _position_answer(venue, account_id, position_id, events)

    return Operation(command, answer)


def adjust_margin(
    venue: Venue, account_id: AccountId, position_id: int, request: messages.AdjustMarginRequest
) -> Operation:
    """Add margin to a position or remove some.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    command = messages.adjust_margin(account_id, position_id, request)

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        return _position_answer(venue, account_id, position_id, events)

    return Operation(command, answer)


def _own_market(venue: Venue, account_id: AccountId, position_id: int) -> Market:
    position = venue.state.positions.get(position_id)
    if position is None or position.account_id != account_id:
        raise reason_error(RejectReason.UNKNOWN_POSITION, status=404)
    return position.market


def _position_answer(
    venue: Venue, account_id: AccountId, position_id: int, events: list[Event]
) -> Outcome:
    """The position after the command, or the refusal; one named in the path is 404 if unknown."""
    reason = rejection(events)
    if reason is not RejectReason.NONE:
        return reason_error(reason, 404 if reason is RejectReason.UNKNOWN_POSITION else 0)
    record = venue.history.account(account_id).positions[position_id]
    return Answered(200, replies.encode(position_now(venue.state, record)), False)


def close(
    venue: Venue,
    account_id: AccountId,
    position_id: int,
    request: messages.ClosePositionRequest,
) -> Operation:
    """Close a position at the market, all of it or a quantity; answers with the order."""
    require_own(venue, account_id, request.user_id)
    position = venue.state.positions.get(position_id)
    if position is None or position.account_id != account_id:
        known = None
        if request.client_order_id is not UNSET:
            known = venue.history.known(account_id)
        record = None if known is None else known.positions.get(position_id)
        if record is None:
            raise reason_error(RejectReason.UNKNOWN_POSITION, status=404)
        market = venue.state.market(record.instrument_id)
        side, leg = Side(record.side), Leg(record.leg)
    else:
        market, side, leg = position.market, position.side, position.key.leg
    assert market is not None
    command = messages.close_position(market, account_id, position_id, side, leg, request)

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        outcome = _placed(venue, account_id, events, 201)
        if isinstance(outcome, ApiError) and outcome.code == RejectReason.UNKNOWN_POSITION.name:
            return reason_error(RejectReason.UNKNOWN_POSITION, status=404)
        return outcome

    return Operation(command, answer)


def cancel_after(
    venue: Venue, account_id: AccountId, request: messages.CancelAfterRequest
) -> Operation:
    """Set the timer that cancels all of the account's orders, or take it off.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    command = messages.cancel_after(account_id, request)

    def answer(sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        for event in events:
            if type(event) is CancelAfterSet:
                due_at = event.due_ns // 1_000_000 if event.due_ns else None
                return Answered(200, replies.encode({"dueAt": due_at, "sequence": sequence}), False)
        return reason_error(rejection(events))

    return Operation(command, answer)
