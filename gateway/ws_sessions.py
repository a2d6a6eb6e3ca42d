"""One WebSocket connection: requests in, results and streams out.  Knows operations, not markets.

The first request is `auth`, within a few seconds.  A frame holds one request or an array of them;
all answers of a turn of the loop leave in one write.
"""

import asyncio
import socket as sockets
from collections.abc import Callable
from typing import Any, Final, final

import msgspec
import structlog
from aiohttp import WSMsgType, web
from msgspec import UNSET

from engine.commands import ALL_INSTRUMENTS, CancelOrders, Scope
from engine.units import AccountId
from gateway import account_settings as settings
from gateway import batches, operations
from gateway.authentication import Caller, authenticate_token, require_scope
from gateway.errors import ApiError, EdgeCode, edge_error
from gateway.market.channels import Channel
from gateway.outbox import Outbox, frame
from gateway.replies import api_replies as replies
from gateway.shapes import SHOWN_CHARS
from gateway.streams import CHANNELS, Subscriber
from gateway.venue import Venue
from gateway.ws_messages import (
    AmendOrder,
    Auth,
    Batch,
    CancelAfter,
    CancelOnDisconnect,
    CancelOrder,
    Op,
    Ping,
    PlaceOrder,
    RequestId,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    Subscribe,
    Unsubscribe,
    array_decoder,
    id_of,
    op_shape,
)

CLOSE_AUTH_LATE: Final = 4001
CLOSE_TOO_LARGE: Final = 1009
CLOSE_NOT_TEXT: Final = 1003
CLOSE_GOING: Final = 1001
CLOSE_FAULT: Final = 1011

log: Final = structlog.get_logger("ws")


def result_frame(request_id: RequestId, body: bytes) -> bytes:
    """The frame of a result."""
    if type(request_id) is int:
        return frame(b'{"id":%d,"result":%b}' % (request_id, body))
    return frame(b'{"id":%b,"result":%b}' % (_encoded(request_id), body))


def error_frame(request_id: RequestId, error: ApiError, error_id: str) -> bytes:
    """The frame of a refusal."""
    body = replies.encode(replies.error_reply(error, error_id))
    return frame(b'{"id":%b,"error":%b}' % (_encoded(request_id), body))


def _encoded(request_id: RequestId) -> bytes:
    return replies.encode(None if request_id is UNSET else request_id)


def account_for(caller: Caller, scope: Scope) -> AccountId:
    """The account of a caller who may do this.  Raises ApiError 403."""
    require_scope(caller, scope)
    if caller.token.account_id == 0:
        raise edge_error(EdgeCode.FORBIDDEN_ACCOUNT)
    return caller.token.account_id


@final
class Session:
    """One connection from its upgrade to its end."""

    def __init__(self, venue: Venue, transport: asyncio.Transport) -> None:
        self._venue: Final = venue
        self._limits: Final = venue.config.websocket
        self._outbox: Final = Outbox(transport, venue.streams.turn, self._limits, self._closed_slow)
        self._caller: Caller | None = None
        self._subscriber: Subscriber | None = None
        self._public: Final[dict[str, Channel]] = {}
        self._cancels_at_end = False
        self._handlers: Final[dict[type, Callable[[Any], None]]] = {
            PlaceOrder: self._place,
            CancelOrder: self._cancel,
            AmendOrder: self._amend,
            Batch: self._batch,
            CancelAfter: self._cancel_after,
            SetLeverage: self._set_leverage,
            SetMarginMode: self._set_margin_mode,
            SetPositionMode: self._set_position_mode,
            CancelOnDisconnect: self._cancel_on_disconnect,
            Subscribe: self._subscribe,
            Unsubscribe: self._unsubscribe,
            Ping: self._ping,
            Auth: self._auth,
        }

    async def serve(self, socket: web.WebSocketResponse) -> None:
        """Take requests until the connection ends."""
        loop = asyncio.get_running_loop()
        late = loop.call_later(self._limits.login_timeout_s, self._auth_is_late)
        sequencer = self._venue.sequencer
        try:
            while True:
                message = await socket.receive()
                if message.type is not WSMsgType.TEXT:
                    if message.type is WSMsgType.BINARY:
                        self._outbox.close(CLOSE_NOT_TEXT)
                    return
                data: bytes = message.data
                if self._caller is None and len(data) > self._limits.login_bytes_max:
                    self._outbox.close(CLOSE_TOO_LARGE)
                    return
                if not sequencer.is_settled:
                    await sequencer.settled()
                self.take(data)
        except ApiError:
            self._outbox.close(CLOSE_GOING)  # too many wait already to wait with them
        except Exception:
            self._outbox.close(CLOSE_FAULT)
            log.exception("unexpected", path="/ws")
        finally:
            late.cancel()
            self._leave()

    def take(self, data: bytes) -> None:
        """One frame: a request or an array of requests."""
        if data.lstrip()[:1] != b"[":
            self._request(data)
            return
        try:
            requests = array_decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem = str(error)[:SHOWN_CHARS]
            self._refuse(None, edge_error(EdgeCode.BAD_JSON, problem=problem))
            return
        for request in requests:
            self._request(bytes(request))

    def close(self, code: int) -> None:
        """Say goodbye because the venue stops: orders stay for when it is back."""
        self._cancels_at_end = False
        self._outbox.close(code)

    def _request(self, body: bytes) -> None:
        request_id: RequestId = None
        try:
            try:
                request: Op = op_shape.decode(body)
            except ApiError:
                request_id = id_of(body)
                raise
            request_id = request.id
            if isinstance(request_id, str) and len(request_id) > 64:
                request_id = None
                raise edge_error(EdgeCode.BAD_FIELD, field="id", problem="at most 64 characters")
            if self._caller is not None:
                self._venue.take_rate(self._caller.token_hash)
            self._handlers[type(request)](request)
        except ApiError as error:
            self._refuse(request_id, error)

    def _refuse(self, request_id: RequestId, error: ApiError) -> None:
        self._venue.count_refusal(error)
        self._outbox.send(error_frame(request_id, error, self._venue.request_id()))

    def _result(self, request_id: RequestId, body: object) -> None:
        self._outbox.send(result_frame(request_id, replies.encode(body)))

    def _account(self, scope: Scope) -> AccountId:
        """The account of a caller who may do this.  Raises ApiError 401 or 403."""
        caller = self._caller
        if caller is None or caller.token.revoked:
            raise edge_error(EdgeCode.UNAUTHORIZED)
        return account_for(caller, scope)

    def _auth(self, request: Auth) -> None:
        if self._caller is not None:
            raise edge_error(EdgeCode.BAD_FIELD, field="op", problem="authenticated already")
        caller = authenticate_token(self._venue.state, request.token)
        account = self._venue.state.account(caller.token.account_id)
        cancels_at_end = request.cancel_on_disconnect is True
        if cancels_at_end:
            account_for(caller, Scope.TRADE)
        self._caller = caller
        self._cancels_at_end = cancels_at_end
        sequence = 0
        if account is not None:
            self._subscriber = Subscriber(account.account_id, self._outbox)
            sequence = self._venue.streams.newest_sequence(account.account_id)
        user_id = None if account is None else account.user_id
        self._result(request.id, {"userId": user_id, "sequence": sequence})

    def _ping(self, request: Ping) -> None:
        time_ms = self._venue.clock.now_ns() // 1_000_000
        self._result(request.id, {"time": time_ms, "sequence": self._venue.state.sequence})

    def _subscribe(self, request: Subscribe) -> None:
        account_id = self._account(Scope.READ)
        private, public = self._channels(request.channels)
        subscriber = self._subscriber
        assert subscriber is not None
        wanted = len(subscriber.channels.union(private)) + len(self._public | public)
        if wanted > self._limits.subscriptions_max:
            problem = f"at most {self._limits.subscriptions_max} channels"
            raise edge_error(EdgeCode.BAD_FIELD, field="channels", problem=problem)
        sequence = self._venue.streams.newest_sequence(account_id)
        self._result(request.id, {"channels": request.channels, "sequence": sequence})
        if private:
            given = request.from_sequence
            from_sequence = given if isinstance(given, int) else None
            self._venue.streams.subscribe(subscriber, private, from_sequence)
        self._public.update(public)
        for channel in public.values():
            self._venue.market_data.subscribe(channel, self._outbox)

    def _unsubscribe(self, request: Unsubscribe) -> None:
        self._account(Scope.READ)
        private, public = self._channels(request.channels)
        assert self._subscriber is not None
        self._venue.streams.unsubscribe(self._subscriber, private)
        for name, channel in public.items():
            self._public.pop(name, None)
            self._venue.market_data.unsubscribe(channel, self._outbox)
        self._result(request.id, {"channels": request.channels})

    def _channels(self, names: list[str]) -> tuple[list[str], dict[str, Channel]]:
        """Private channels and public ones by name.  Raises ApiError 400 or 422."""
        private = [name for name in names if name in CHANNELS]
        public = [name for name in names if name not in CHANNELS]
        return private, {name: self._venue.market_data.channel(name) for name in public}

    def _place(self, request: PlaceOrder) -> None:
        account_id = self._account(Scope.TRADE)
        self._enter(request.id, operations.place(self._venue, account_id, request))

    def _cancel(self, request: CancelOrder) -> None:
        account_id = self._account(Scope.TRADE)
        ids = request.order_id, request.client_order_id
        record = operations.own_order_named(self._venue, account_id, *ids)
        self._enter(request.id, operations.cancel(self._venue, account_id, record))

    def _amend(self, request: AmendOrder) -> None:
        account_id = self._account(Scope.TRADE)
        ids = request.order_id, request.client_order_id
        record = operations.own_order_named(self._venue, account_id, *ids)
        self._enter(request.id, operations.amend(self._venue, account_id, record, request))

    def _batch(self, request: Batch) -> None:
        account_id, venue = self._account(Scope.TRADE), self._venue
        parts = batches.cancels(venue, account_id, request.order_ids, request.client_order_ids)
        if request.amends is not UNSET:
            parts += batches.amends(venue, account_id, request.amends)
        if request.orders is not UNSET:
            parts += batches.places(venue, account_id, request.orders)
        assert self._caller is not None
        made = batches.combined(venue, account_id, self._caller.token_hash, parts)
        if isinstance(made, operations.Answered):
            self._outbox.send(result_frame(request.id, made.body))
        else:
            self._enter(request.id, made)

    def _cancel_after(self, request: CancelAfter) -> None:
        account_id = self._account(Scope.TRADE)
        self._enter(request.id, operations.cancel_after(self._venue, account_id, request))

    def _set_leverage(self, request: SetLeverage) -> None:
        account_id = self._account(Scope.TRADE)
        self._enter(request.id, settings.set_leverage(self._venue, account_id, request))

    def _set_margin_mode(self, request: SetMarginMode) -> None:
        account_id = self._account(Scope.TRADE)
        self._enter(request.id, settings.set_margin_mode(self._venue, account_id, request))

    def _set_position_mode(self, request: SetPositionMode) -> None:
        account_id = self._account(Scope.TRADE)
        self._enter(request.id, settings.set_position_mode(self._venue, account_id, request))

    def _cancel_on_disconnect(self, request: CancelOnDisconnect) -> None:
        self._account(Scope.TRADE)
        self._cancels_at_end = request.enabled
        self._result(request.id, {"enabled": request.enabled})

    def _enter(self, request_id: RequestId, operation: operations.Operation) -> None:
        """Queue a command; its answer is framed at once and held until it is durable."""
        command, answer = operation
        outbox = self._outbox

        def deliver(result: object) -> None:
            if isinstance(result, operations.Answered):
                outbox.hold(result_frame(request_id, result.body))
            elif isinstance(result, ApiError):
                outbox.hold(error_frame(request_id, result, self._venue.request_id()))

        self._venue.sequencer.enter(command, answer, deliver)

    def _auth_is_late(self) -> None:
        if self._caller is None:
            self._outbox.close(CLOSE_AUTH_LATE)

    def _closed_slow(self) -> None:
        self._venue.refusals["SLOW_READER"] += 1
        self._leave()

    def _leave(self) -> None:
        """Listen no more, and let go of the orders that were to end with the connection."""
        self._outbox.is_closed = True
        if self._cancels_at_end and self._caller is not None:
            self._cancels_at_end = False
            account_id = self._caller.token.account_id
            command = CancelOrders(account_id, ALL_INSTRUMENTS, on_disconnect=True)
            self._venue.sequencer.enter_own(command)
        if self._subscriber is not None:
            self._venue.streams.unsubscribe(self._subscriber, CHANNELS)
        for channel in self._public.values():
            self._venue.market_data.unsubscribe(channel, self._outbox)
        self._public.clear()


@final
class Sessions:
    """All open connections, so that they can be told when the venue stops."""

    def __init__(self, venue: Venue) -> None:
        self._venue: Final = venue
        self._open: Final[set[Session]] = set()
        self.opened = 0

    def __len__(self) -> int:
        return len(self._open)

    async def upgrade(self, request: web.Request) -> web.WebSocketResponse:
        """Turn a GET into a session and serve it."""
        socket = web.WebSocketResponse(
            max_msg_size=self._venue.config.websocket.message_bytes_max,
            compress=False,
            heartbeat=self._venue.config.websocket.heartbeat_s,
            decode_text=False,
            autoclose=True,
            timeout=2.0,
        )
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        # A small buffer in the kernel: a slow reader is noticed here, not megabytes later.
        transport.get_extra_info("socket").setsockopt(
            sockets.SOL_SOCKET, sockets.SO_SNDBUF, self._venue.config.websocket.queue_bytes_max
        )
        session = Session(self._venue, transport)
        self._open.add(session)
        self.opened += 1
        try:
            await session.serve(socket)
        finally:
            self._open.discard(session)
        return socket

    def close_all(self) -> None:
        """Say goodbye to everybody."""
        for session in list(self._open):
            session.close(CLOSE_GOING)
