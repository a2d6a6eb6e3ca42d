"""The trader's routes: what each reads, enters and answers.  Knows no HTTP beyond the call."""

from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from aiohttp import web

from engine.events import PositionStatus
from engine.reject_reason import RejectReason
from engine.state import open_positions
from gateway import api_messages as messages
from gateway import operations
from gateway.errors import EdgeCode, edge_error, reason_error
from gateway.fields import market_of, path_id
from gateway.history.explanations import explanation_reply
from gateway.history.records import OPEN_STATUSES, ORDER_STATUSES, AccountHistory
from gateway.http_calls import Call, Page
from gateway.operations import Operation
from gateway.replies import api_replies as replies
from gateway.replies.instrument_replies import instrument_reply
from gateway.replies.position_replies import position_now
from gateway.replies.preview_replies import preview_of
from gateway.venue import VERSION

T = TypeVar("T")


def post_order(call: Call, request: messages.PlaceOrderRequest) -> Operation:
    """Place an order."""
    return operations.place(call.venue, call.account_id, request)


def get_orders(call: Call) -> web.Response:
    """The account's orders, open and closed, newest first."""
    query = call.query
    page = call.page()
    status = query.get("status")
    if status is not None and status != "OPEN" and status not in ORDER_STATUSES:
        raise edge_error(EdgeCode.BAD_QUERY, field="status")
    statuses = OPEN_STATUSES if status == "OPEN" else (status,)
    instrument_id = _instrument_of(call, query.get("symbol"))
    history = _history(call)
    wanted = (
        record
        for record in reversed(history.orders.values())
        if record.order_id < page.below
        and (status is None or record.status in statuses)
        and (instrument_id is None or record.instrument_id == instrument_id)
    )
    records, more = take(wanted, page)
    state = call.venue.state
    return call.reply(
        {
            "orders": [replies.order_reply(state, record) for record in records],
            "nextCursor": str(records[-1].order_id) if more else None,
            "sequence": state.sequence,
        }
    )


def delete_orders(call: Call) -> Operation:
    """Cancel all open orders, or those of a symbol."""
    symbol = call.query.get("symbol")
    if symbol is not None:
        symbol = symbol_named(call, symbol)
    return operations.cancel_all(call.venue, call.account_id, symbol)


def get_order(call: Call) -> web.Response:
    """One order."""
    record = operations.own_order(call.venue, call.account_id, _path_id(call))
    return call.reply(replies.order_reply(call.venue.state, record))


def get_order_by_client_id(call: Call) -> web.Response:
    """One order by its client order id: settles an unknown outcome."""
    record = operations.own_order_by_client_id(call.venue, call.account_id, _client_id(call))
    return call.reply(replies.order_reply(call.venue.state, record))


def patch_order(call: Call, request: messages.AmendOrderRequest) -> Operation:
    """Amend one order."""
    record = operations.own_order(call.venue, call.account_id, _path_id(call))
    return operations.amend(call.venue, call.account_id, record, request)


def delete_order(call: Call) -> Operation:
    """Cancel one order."""
    record = operations.own_order(call.venue, call.account_id, _path_id(call))
    return operations.cancel(call.venue, call.account_id, record)


def delete_order_by_client_id(call: Call) -> Operation:
    """Cancel one order by its client order id."""
    record = operations.own_order_by_client_id(call.venue, call.account_id, _client_id(call))
    return operations.cancel(call.venue, call.account_id, record)


def post_preview(call: Call, request: messages.PreviewOrderRequest) -> web.Response:
    """What an order would do, and how large one a budget pays for; nothing is done."""
    venue = call.venue
    operations.require_own(venue, call.account_id, request.user_id)
    return call.reply(preview_of(venue.state, call.account_id, request))


def get_positions(call: Call) -> web.Response:
    """The account's positions, newest first; open ones unless asked otherwise."""
    query = call.query
    page = call.page()
    status = query.get("status", "OPEN")
    if status != "ALL" and status not in PositionStatus.__members__:
        raise edge_error(EdgeCode.BAD_QUERY, field="status")
    instrument_id = _instrument_of(call, query.get("symbol"))
    state = call.venue.state
    if status == "OPEN":  # few, and the core knows them
        newest = reversed([p.position_id for p in open_positions(state, call.account_id)])
        all_records = _history(call).positions
        candidates = (all_records[position_id] for position_id in newest)
    else:
        candidates = (record for record in reversed(_history(call).positions.values()))
    wanted = (
        record
        for record in candidates
        if record.position_id < page.below
        and (status == "ALL" or record.status == PositionStatus[status])
        and (instrument_id is None or record.instrument_id == instrument_id)
    )
    records, more = take(wanted, page)
    return call.reply(
        {
            "positions": [position_now(state, record) for record in records],
            "nextCursor": str(records[-1].position_id) if more else None,
            "sequence": state.sequence,
        }
    )


def get_position(call: Call) -> web.Response:
    """One position, open or closed."""
    record = _history(call).positions.get(_path_id(call))
    if record is None:
        raise reason_error(RejectReason.UNKNOWN_POSITION, status=404)
    return call.reply(position_now(call.venue.state, record))


def get_explanation(call: Call) -> web.Response:
    """Why one position is as it is: every step, oldest first."""
    history = _history(call)
    record = history.positions.get(_path_id(call))
    if record is None:
        raise reason_error(RejectReason.UNKNOWN_POSITION, status=404)
    return call.reply(explanation_reply(call.venue.state, history, record))


def patch_position(call: Call, request: messages.ChangeExitsRequest) -> Operation:
    """Set a position's exits."""
    position_id = _path_id(call)
    return operations.change_exits(call.venue, call.account_id, position_id, request)


def post_close(call: Call, request: messages.ClosePositionRequest) -> Operation:
    """Close a position at the market."""
    position_id = _path_id(call)
    return operations.close(call.venue, call.account_id, position_id, request)


def post_margin(call: Call, request: messages.AdjustMarginRequest) -> Operation:
    """Add or remove margin."""
    position_id = _path_id(call)
    return operations.adjust_margin(call.venue, call.account_id, position_id, request)


def get_fills(call: Call) -> web.Response:
    """The account's fills, newest first."""
    page = call.page()
    instrument_id = _instrument_of(call, call.query.get("symbol"))
    order_id = call.id_named("orderId")
    wanted = (
        fill
        for fill in reversed(_history(call).fills)
        if fill.fill_id < page.below
        and (instrument_id is None or fill.instrument_id == instrument_id)
        and (order_id is None or fill.order_id == order_id)
    )
    fills, more = take(wanted, page)
    state = call.venue.state
    return call.reply(
        {
            "fills": [replies.fill_reply(state, fill) for fill in fills],
            "nextCursor": str(fills[-1].fill_id) if more else None,
            "sequence": state.sequence,
        }
    )


def get_instruments(call: Call) -> web.Response:
    """All markets and their settings."""
    state = call.venue.state
    markets = [instrument_reply(market) for market in replies.markets(state)]
    return call.reply({"instruments": markets, "sequence": state.sequence})


def get_time(call: Call) -> web.Response:
    """The venue's clock."""
    now_ns = call.venue.clock.now_ns()
    return call.reply({"time": now_ns // 1_000_000, "timeNs": str(now_ns)})


def get_health(call: Call) -> web.Response:
    """How far the venue is, durable only."""
    venue = call.venue
    return call.reply(
        {
            "status": "ok" if venue.is_ready else "starting",
            "sequence": venue.state.sequence,
            "eventChain": venue.state.event_chain.hex(),
            "time": venue.state.time_ns // 1_000_000,
            "sync": venue.about.sync,
            "epoch": venue.about.epoch,
            "demo": venue.about.demo,
            "version": VERSION,
        }
    )


def get_ready(call: Call) -> web.Response:
    """Whether the venue serves."""
    ready = call.venue.is_ready
    return call.reply({"ready": ready}, status=200 if ready else 503)


def get_socket(call: Call) -> Coroutine[Any, Any, web.StreamResponse]:
    """Become a WebSocket."""
    if call.request.headers.get("Upgrade", "").lower() != "websocket":
        raise edge_error(EdgeCode.BAD_FIELD, problem="this path speaks WebSocket")
    return call.sessions.upgrade(call.request)


def not_found(_call: Call) -> web.Response:
    """No such path."""
    raise edge_error(EdgeCode.NOT_FOUND)


def method_not_allowed(_call: Call) -> web.Response:
    """The path exists, the method does not."""
    raise edge_error(EdgeCode.METHOD_NOT_ALLOWED)


def take(wanted: Iterable[T], page: Page) -> tuple[list[T], bool]:
    """The page's items, and whether more follow."""
    items: list[T] = []
    for item in wanted:
        if len(items) == page.limit:
            return items, True
        items.append(item)
    return items, False


def _history(call: Call) -> AccountHistory:
    return call.venue.history.known(call.account_id) or AccountHistory()


def _path_id(call: Call) -> int:
    return path_id(call.request.match_info["id"])


def _client_id(call: Call) -> str:
    return call.request.match_info["client_id"]


def symbol_named(call: Call, text: str) -> str:
    """A symbol as queries write it, with a slash or a dash."""
    symbols = call.venue.state.symbols
    if text in symbols:
        return text
    return next((symbol for symbol in symbols if symbol.replace("/", "-") == text), text)


def _instrument_of(call: Call, symbol: str | None) -> int | None:
    if symbol is None:
        return None
    return market_of(call.venue.state, symbol_named(call, symbol)).instrument_id
