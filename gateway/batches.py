"""Several orders, amends and cancels in one command: operations put together, answers taken apart.

Each item is an operation of its own, and its answer is told the item's own events; one that is
refused at the edge stands for itself and is not entered.  Knows no connection.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET

from engine.commands import AmendOrder, BatchedCommand, CancelOrder, PlaceOrder, SubmitBatch
from engine.events import BatchItem, Event
from engine.units import AccountId
from gateway import api_messages as messages
from gateway import operations
from gateway.errors import ApiError, EdgeCode, edge_error, reason_error
from gateway.fields import Text
from gateway.operations import Answered, Operation, Outcome
from gateway.replies import api_replies as replies
from gateway.venue import Venue

Part = Operation | ApiError
_BATCHED: Final = (PlaceOrder, AmendOrder, CancelOrder)


def places(
    venue: Venue, account_id: AccountId, orders: list[messages.PlaceOrderRequest]
) -> list[Part]:
    """Each order, or why it is none."""
    return [_attempt(partial(operations.place, venue, account_id, order)) for order in orders]


def amends(
    venue: Venue, account_id: AccountId, requests: list[messages.NamedAmendRequest]
) -> list[Part]:
    """Each amend, or why it is none."""

    def amend(request: messages.NamedAmendRequest) -> Operation:
        ids = request.order_id, request.client_order_id
        record = operations.own_order_named(venue, account_id, *ids)
        return operations.amend(venue, account_id, record, request)

    return [_attempt(partial(amend, request)) for request in requests]


def cancels(
    venue: Venue,
    account_id: AccountId,
    order_ids: list[str] | msgspec.UnsetType,
    client_order_ids: list[str] | msgspec.UnsetType,
) -> list[Part]:
    """Each cancel, those by order id first, or why it is none."""

    def cancel(order_id: Text, client_order_id: Text) -> Operation:
        record = operations.own_order_named(venue, account_id, order_id, client_order_id)
        return operations.cancel(venue, account_id, record)

    named: list[tuple[Text, Text]] = []
    if order_ids is not UNSET:
        named += [(order_id, UNSET) for order_id in order_ids]
    if client_order_ids is not UNSET:
        named += [(UNSET, client_id) for client_id in client_order_ids]
    return [_attempt(partial(cancel, *names)) for names in named]


def _attempt(make: Callable[[], Operation]) -> Part:
    try:
        return make()
    except ApiError as error:
        return error


def combined(
    venue: Venue, account_id: AccountId, token_hash: bytes, parts: list[Part]
) -> Operation | Answered:
    """One command of all parts, or its answer if nothing is left to enter.

    The batch has paid as one request; it costs what its parts would cost one by one.  Raises
    ApiError 400 unless there are 1 to BATCH_ITEMS_MAX, 429.
    """
    if not 1 <= len(parts) <= messages.BATCH_ITEMS_MAX:
        problem = f"1 to {messages.BATCH_ITEMS_MAX} items"
        raise edge_error(EdgeCode.BAD_FIELD, problem=problem)
    venue.take_rate(token_hash, len(parts) - 1)
    entered: list[Operation] = []
    for part in parts:
        if isinstance(part, Operation):
            entered.append(part)
        else:
            venue.count_refusal(part)
    if not entered:
        return _answered([part for part in parts if isinstance(part, ApiError)], None)
    items: list[BatchedCommand] = []
    for operation in entered:
        assert isinstance(operation.command, _BATCHED)
        items.append(operation.command)

    def answer(sequence: int, time_ns: int, events: list[Event]) -> Outcome:
        told = split(events)
        if len(told) != len(entered):  # refused as a whole
            return reason_error(operations.rejection(events))
        outcomes: list[Outcome] = []
        place = 0
        for part in parts:
            if isinstance(part, ApiError):
                outcomes.append(part)
            else:
                outcomes.append(part.answer(sequence, time_ns, told[place]))
                place += 1
        return _answered(outcomes, sequence)

    return Operation(SubmitBatch(account_id, tuple(items)), answer)


def split(events: list[Event]) -> list[list[Event]]:
    """What came of each item of a batch, in order; what was due before it is left out."""
    told: list[list[Event]] = []
    for event in events:
        if type(event) is BatchItem:
            told.append([])
        elif told:
            told[-1].append(event)
    return told


def _answered(outcomes: "list[Outcome] | list[ApiError]", sequence: int | None) -> Answered:
    results = [
        replies.item_error_reply(outcome)
        if isinstance(outcome, ApiError)
        else msgspec.Raw(outcome.body)
        for outcome in outcomes
    ]
    body = replies.encode({"results": results, "sequence": sequence})
    return Answered(200, body, replayed=False)
