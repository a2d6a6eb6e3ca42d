"""From an HTTP request to a handler and back: who calls, how often, what body, which refusal.

Every route goes through `endpoint`; nothing else stands before a handler.  Knows HTTP and tokens;
knows nothing of what the routes do.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeVar, final

import msgspec
import structlog
from aiohttp import web
from multidict import CIMultiDict

from engine.commands import Scope
from engine.units import AccountId
from gateway import api_messages as messages
from gateway import api_replies as replies
from gateway.authentication import Caller, authenticate, require_scope
from gateway.errors import ApiError, EdgeCode, edge_error
from gateway.operations import Answered, Operation
from gateway.venue import Venue
from gateway.ws_sessions import Sessions

PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 1_000
QUERY_CHARS_MAX: Final = 1_024
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_JSON: Final = "application/json"

R = TypeVar("R", bound=msgspec.Struct)
log: Final = structlog.get_logger("http")


class Page(NamedTuple):
    """Which part of a list is wanted: ids below `below`, newest first."""

    below: int
    limit: int


@final
class Call:
    """One request on its way through a handler.

    caller: None on routes that need no token.  level: what is left of the token's rate.
    """

    __slots__ = ("caller", "level", "request", "sessions", "venue")

    def __init__(
        self, venue: Venue, sessions: Sessions, request: web.Request, caller: Caller | None
    ) -> None:
        self.venue: Final = venue
        self.sessions: Final = sessions
        self.request: Final = request
        self.caller: Final = caller
        self.level = 0

    @property
    def account_id(self) -> AccountId:
        """Whose token it is.  Raises ApiError 403 for the operator's."""
        assert self.caller is not None
        account_id = self.caller.token.account_id
        if account_id == 0:
            raise edge_error(EdgeCode.FORBIDDEN_ACCOUNT)
        return account_id

    async def body(self, shape: type[R]) -> R:
        """The decoded body; the venue is settled on return.  Raises ApiError."""
        return messages.decode(await self.raw_body(), shape)

    async def optional_body(self, shape: type[R]) -> R:
        """The same, where an empty body means that nothing is given."""
        return messages.decode(await self.raw_body() or b"{}", shape)

    async def raw_body(self) -> bytes:
        """The bytes of the body; the venue is settled on return.  Raises ApiError."""
        request = self.request
        headers = request.headers
        kind = headers.get("Content-Type", _JSON)
        if not kind.startswith(_JSON) or "Content-Encoding" in headers:
            raise edge_error(EdgeCode.UNSUPPORTED_MEDIA_TYPE)
        try:
            if request.content.is_eof():
                body = await request.read()
            else:
                async with asyncio.timeout(self.venue.config.server.body_timeout_s):
                    body = await request.read()
        except TimeoutError:
            raise edge_error(EdgeCode.BODY_TIMEOUT) from None
        except web.HTTPRequestEntityTooLarge:
            raise edge_error(EdgeCode.BODY_TOO_LARGE) from None
        if not self.venue.sequencer.is_settled:
            await self.venue.sequencer.settled()
        return body

    async def run(self, operation: Operation) -> web.Response:
        """Enter a command and answer when it is durable.  Raises ApiError."""
        command, answer = operation
        result = await self.venue.sequencer.submit(command, answer)
        assert isinstance(result, Answered)
        return self.reply_bytes(result.status, result.body, result.replayed)

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

    def query(self, *known: str) -> dict[str, str]:
        """The query's fields.  Raises ApiError 400 for unknown or doubled ones."""
        text = self.request.query_string
        if not text:
            return {}
        if len(text) > QUERY_CHARS_MAX:
            raise edge_error(EdgeCode.BAD_QUERY, problem="too long")
        query = self.request.query
        for name in query:
            if name not in known:
                shown = name[: messages.SHOWN_CHARS]
                raise edge_error(EdgeCode.UNKNOWN_FIELD, field=shown)
            if len(query.getall(name)) > 1:
                raise edge_error(EdgeCode.DUPLICATE_KEY, field=name)
        return dict(query)

    @staticmethod
    def page(query: dict[str, str]) -> Page:
        """Cursor and limit of a list.  Raises ApiError 400."""
        cursor = query.get("cursor", "9" * 19)
        limit = query.get("limit", str(PAGE_DEFAULT))
        if not _NUMBER.fullmatch(cursor):
            raise edge_error(EdgeCode.BAD_QUERY, field="cursor")
        if not _NUMBER.fullmatch(limit) or not 1 <= int(limit) <= PAGE_MAX:
            raise edge_error(EdgeCode.BAD_QUERY, field="limit", problem=f"1 to {PAGE_MAX}")
        return Page(int(cursor), int(limit))


Handler = Callable[[Call], Awaitable[web.StreamResponse]]
Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


def endpoint(
    venue: Venue, sessions: Sessions, scope: Scope | None, is_admin: bool, handler: Handler
) -> Endpoint:
    """A handler for aiohttp.  scope None: no token is needed; is_admin: only the operator's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        call = Call(venue, sessions, request, None)
        try:
            if not venue.sequencer.is_settled:
                await venue.sequencer.settled()
            if scope is not None:
                caller = authenticate(venue.state, _authorization(request))
                call = Call(venue, sessions, request, caller)
                require_scope(caller, scope)
                if is_admin and caller.token.account_id != 0:
                    raise edge_error(EdgeCode.FORBIDDEN_ACCOUNT)
                call.level = venue.take_rate(caller.token_hash)
            return await handler(call)
        except ApiError as error:
            return refusal(call, error)
        except Exception:
            log.exception("unexpected", path=request.path[: messages.SHOWN_CHARS])
            return refusal(call, edge_error(EdgeCode.INTERNAL))

    return answer


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
