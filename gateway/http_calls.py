"""From an HTTP request to a handler and back: who calls, how often, what body, which refusal.

Every route goes through `endpoint`; nothing else stands before a handler.  Knows HTTP and tokens;
knows nothing of what the routes do.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, NamedTuple, final

import structlog
from aiohttp import web
from multidict import CIMultiDict

from engine.commands import Scope
from engine.units import AccountId
from gateway.authentication import Caller, authenticate, require_scope
from gateway.errors import ApiError, EdgeCode, edge_error
from gateway.fields import path_id
from gateway.operations import Answered, Operation
from gateway.replies import api_replies as replies
from gateway.shapes import SHOWN_CHARS, Shape
from gateway.venue import Venue
from gateway.ws_sessions import Sessions

PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 1_000
QUERY_CHARS_MAX: Final = 1_024
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_JSON: Final = "application/json"

log: Final = structlog.get_logger("http")


class Page(NamedTuple):
    """Which part of a list is wanted: ids below `below`, newest first."""

    below: int
    limit: int


@final
class Call:
    """One request on its way through a handler.

    caller: None on routes that need no token, and until it is known.
    level: what is left of the token's rate.
    query: what the path ends with, of the names that the route knows.
    """

    __slots__ = ("caller", "level", "query", "request", "sessions", "venue")

    def __init__(self, venue: Venue, sessions: Sessions, request: web.Request) -> None:
        self.venue: Final = venue
        self.sessions: Final = sessions
        self.request: Final = request
        self.caller: Caller | None = None
        self.level = 0
        self.query: dict[str, str] = {}

    @property
    def account_id(self) -> AccountId:
        """Whose token it is.  Raises ApiError 403 for the operator's."""
        assert self.caller is not None
        account_id = self.caller.token.account_id
        if account_id == 0:
            raise edge_error(EdgeCode.FORBIDDEN_ACCOUNT)
        return account_id

    def reply(self, body: object, status: int = 200) -> web.Response:
        """A reply of this call."""
        return self.reply_bytes(status, replies.encode(body), replayed=False)

    def reply_bytes(self, status: int, body: bytes, replayed: bool) -> web.Response:
        """A reply that is encoded already."""
        headers = self.headers()
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return web.Response(status=status, body=body, headers=headers)

    def headers(self) -> CIMultiDict[str]:
        """What every reply of this call carries."""
        if self.caller is None:
            return CIMultiDict((("Content-Type", _JSON),))
        rate = self.venue.rate_limit
        return CIMultiDict(
            (
                ("Content-Type", _JSON),
                ("RateLimit-Limit", str(rate.burst)),
                ("RateLimit-Remaining", str(self.level)),
                ("RateLimit-Reset", str(-(-(rate.burst - self.level) // rate.per_second))),
            )
        )

    def page(self) -> Page:
        """Cursor and limit of a list.  Raises ApiError 400."""
        cursor = self.query.get("cursor", "9" * 19)
        limit = self.query.get("limit", str(PAGE_DEFAULT))
        if not _NUMBER.fullmatch(cursor):
            raise edge_error(EdgeCode.BAD_QUERY, field="cursor")
        if not _NUMBER.fullmatch(limit) or not 1 <= int(limit) <= PAGE_MAX:
            raise edge_error(EdgeCode.BAD_QUERY, field="limit", problem=f"1 to {PAGE_MAX}")
        return Page(int(cursor), int(limit))

    def id_named(self, name: str) -> int | None:
        """The id that the query gives by a name, None if it gives none.  Raises ApiError 400."""
        text = self.query.get(name)
        if text is None:
            return None
        found = path_id(text)
        if found == 0:
            raise edge_error(EdgeCode.BAD_QUERY, field=name, problem="an id is digits")
        return found


Answer = Operation | web.Response | Coroutine[Any, Any, web.StreamResponse]
# Takes the call, and the decoded body if the route has one.
Handler = Callable[..., Answer]
Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard(NamedTuple):
    """What stands before a handler.

    scope: what the token must allow, None if no token is needed.  is_admin: only the operator's.
    query: the names that the query may have, None if it is not looked at.
    shape: of the body, None if none is read.  may_be_empty: no body is like `{}`.
    bytes_max: how long the body may be.
    """

    scope: Scope | None
    is_admin: bool
    query: tuple[str, ...] | None
    shape: Shape[Any] | None
    may_be_empty: bool
    bytes_max: int


def endpoint(venue: Venue, sessions: Sessions, guard: Guard, handler: Handler) -> Endpoint:
    """A handler for aiohttp.  One coroutine for all of it: this is the hot path."""
    scope, is_admin, names, shape, may_be_empty, bytes_max = guard
    sequencer = venue.sequencer

    async def answer(request: web.Request) -> web.StreamResponse:
        call = Call(venue, sessions, request)
        try:
            if not sequencer.is_settled:
                await sequencer.settled()
            if scope is not None:
                caller = authenticate(venue.state, _authorization(request))
                require_scope(caller, scope)
                if is_admin and caller.token.account_id != 0:
                    raise edge_error(EdgeCode.FORBIDDEN_ACCOUNT)
                call.caller = caller
                call.level = venue.take_rate(caller.token_hash)
            if names is not None and request.query_string:
                call.query = _read_query(request, names)
            if shape is None:
                result = handler(call)
            else:
                body = b"{}"
                if request.can_read_body or not may_be_empty:
                    body = await _read_body(call, bytes_max)
                if not sequencer.is_settled:
                    await sequencer.settled()
                result = handler(call, shape.decode(body))
            if type(result) is Operation:
                outcome = await sequencer.submit(result.command, result.answer)
                assert type(outcome) is Answered
                return call.reply_bytes(*outcome)
            assert not isinstance(result, Operation)
            return result if isinstance(result, web.Response) else await result
        except ApiError as error:
            return refusal(call, error)
        except Exception:
            log.exception("unexpected", path=request.path[:SHOWN_CHARS])
            return refusal(call, edge_error(EdgeCode.INTERNAL))

    return answer


def _read_query(request: web.Request, names: tuple[str, ...]) -> dict[str, str]:
    """The query's fields.  Raises ApiError 400 for unknown or doubled ones."""
    if len(request.query_string) > QUERY_CHARS_MAX:
        raise edge_error(EdgeCode.BAD_QUERY, problem="too long")
    query = request.query
    for name in query:
        if name not in names:
            raise edge_error(EdgeCode.UNKNOWN_FIELD, field=name[:SHOWN_CHARS])
        if len(query.getall(name)) > 1:
            raise edge_error(EdgeCode.DUPLICATE_KEY, field=name)
    return dict(query)


async def _read_body(call: Call, bytes_max: int) -> bytes:
    """The bytes of the body, in time and not too many.  Raises ApiError."""
    if (call.request.content_length or 0) > bytes_max:
        raise edge_error(EdgeCode.BODY_TOO_LARGE)
    body = await _whole_body(call)
    if len(body) > bytes_max:  # it came in chunks
        raise edge_error(EdgeCode.BODY_TOO_LARGE)
    return body


async def _whole_body(call: Call) -> bytes:
    """The same, no longer than the longest of any route."""
    request = call.request
    headers = request.headers
    if not headers.get("Content-Type", _JSON).startswith(_JSON) or "Content-Encoding" in headers:
        raise edge_error(EdgeCode.UNSUPPORTED_MEDIA_TYPE)
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout(call.venue.config.server.body_timeout_s):
            return await request.read()
    except TimeoutError:
        raise edge_error(EdgeCode.BODY_TIMEOUT) from None
    except web.HTTPRequestEntityTooLarge:
        raise edge_error(EdgeCode.BODY_TOO_LARGE) from None


def _authorization(request: web.Request) -> str | None:
    """The one Authorization header; two are as good as none."""
    given = request.headers.getall("Authorization", [])
    return given[0] if len(given) == 1 else None


def refusal(call: Call, error: ApiError) -> web.Response:
    """The reply to a refused call, counted; the log has the classes, not each refusal."""
    call.venue.count_refusal(error)
    request_id = call.venue.request_id()
    headers = call.headers()
    if error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.replayed:
        headers["Idempotent-Replayed"] = "true"
    body = replies.encode(replies.error_reply(error, request_id))
    response = web.Response(status=error.status, body=body, headers=headers)
    if error.status in (408, 413, 415):
        response.force_close()  # the rest of the body is not read
    return response
