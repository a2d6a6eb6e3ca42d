"""Two ways to reach a venue: HTTP keep-alive and WebSocket.  Knows the API; decides nothing.

Whatever comes back is put among the sightings.  A line that is cut raises Disconnected, and what
was on its way has an unknown outcome.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, final

import aiohttp
import msgspec

from tests.crash.sightings import Message, Sightings, read

Body = dict[str, object]
PRIVATE: Final = ("orders", "fills", "positions", "account")
ANSWER_S_MAX: Final = 60.0
# What a killed venue looks like from outside.
CUT: Final = (aiohttp.ClientError, ConnectionError)


class Disconnected(Exception):
    """The venue is gone."""


class Answer(NamedTuple):
    """What was said to a request: a result, or a refusal.

    replayed: whether it was called the answer to an earlier equal request; None if not told.
    """

    is_refusal: bool
    body: bytes
    replayed: bool | None = None


class Line(Protocol):
    """What a trader needs of a connection."""

    async def open(self, public: str) -> None:
        """Connect.  Raises Disconnected."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...

    async def place(self, orders: Sequence[Body]) -> list[Answer | None]:
        """Place orders; None for each whose outcome is unknown."""
        ...

    async def cancel(self, client_order_id: str) -> Answer:
        """Cancel an order.  Raises Disconnected."""
        ...

    async def amend(self, order_id: str, price: str) -> Answer:
        """Move an order.  Raises Disconnected."""
        ...

    async def look(self) -> None:
        """See how things stand.  Raises Disconnected."""
        ...


class _Ticker(msgspec.Struct):
    symbol: str
    last: str | None = None


class _Tickers(msgspec.Struct):
    tickers: list[_Ticker]
    sequence: int


class Prices:
    """The last price of each symbol, as far as it was seen."""

    def __init__(self) -> None:
        self.last: Final[dict[str, str]] = {}

    def see(self, ticker: _Ticker) -> None:
        """A newer one."""
        if ticker.last is not None:
            self.last[ticker.symbol] = ticker.last


@final
class HttpClient:
    """One keep-alive session with a token.  connections: how many at once."""

    def __init__(self, token: str, connections: int = 1) -> None:
        self._headers: Final = {"Authorization": f"Bearer {token}"}
        self._connections: Final = connections
        self._session: aiohttp.ClientSession | None = None

    async def open(self, base: str) -> None:
        """Nothing is connected before the first request."""
        self._session = aiohttp.ClientSession(
            base,
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=ANSWER_S_MAX),
        )

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, path: str, body: Body | None = None) -> Answer:
        """One request.  Raises Disconnected."""
        assert self._session is not None
        try:
            async with self._session.request(method, path, json=body) as response:
                content = await response.read()
        except CUT as error:
            raise Disconnected(str(error)) from error
        replayed = response.headers.get("Idempotent-Replayed") == "true"
        return Answer(response.status >= 400, content, replayed)


@final
class HttpLine:
    """A trader who asks and waits."""

    def __init__(self, user: str, token: str, seen: Sightings, prices: Prices) -> None:
        self.client: Final = HttpClient(token)
        self._user: Final = user
        self._seen: Final = seen
        self._prices: Final = prices
        self._looks = 0

    async def open(self, public: str) -> None:
        """Nothing is connected before the first request."""
        await self.client.open(public)
        await self.look()

    async def close(self) -> None:
        """Hang up."""
        await self.client.close()

    async def place(self, orders: Sequence[Body]) -> list[Answer | None]:
        """One after the other; after the first unknown outcome nothing more is sent."""
        answers: list[Answer | None] = []
        for order in orders:
            try:
                answers.append(await self.client.ask("POST", "/api/orders", order))
            except Disconnected:
                break
        return answers + [None] * (len(orders) - len(answers))

    async def cancel(self, client_order_id: str) -> Answer:
        """By its client order id."""
        return await self.client.ask("DELETE", f"/api/orders/client/{client_order_id}")

    async def amend(self, order_id: str, price: str) -> Answer:
        """To another price."""
        return await self.client.ask("PATCH", f"/api/orders/{order_id}", {"price": price})

    async def look(self) -> None:
        """Prices, then in turn the account, the event chain, and the positions."""
        tickers = msgspec.json.decode((await self._get("/api/ticker")).body, type=_Tickers)
        self._seen.see_sequence(tickers.sequence)
        for ticker in tickers.tickers:
            self._prices.see(ticker)
        self._looks += 1
        if self._looks % 3 == 0:
            health = read((await self._get("/healthz")).body)
            self._seen.see_chain(health.sequence, health.event_chain)
        elif self._looks % 3 == 1:
            self._seen.see_account(self._user, (await self._get("/api/account")).body)
        else:
            self._seen.see_sequence(read((await self._get("/api/positions")).body).sequence)

    async def _get(self, path: str) -> Answer:
        answer = await self.client.ask("GET", path)
        if answer.is_refusal:
            self._seen.contradictions.append(f"{path}: {answer.body!r}")
            raise Disconnected(path)
        return answer


class Frame(msgspec.Struct, rename="camel"):
    """Whatever a WebSocket brings; which fields are set says what it is."""

    id: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    channel: str = ""
    type: str = ""
    sequence: int = 0
    prev_sequence: int | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class Listener(Protocol):
    """Who else hears what the channels say, and which more of them there are."""

    @property
    def channels(self) -> Sequence[str]:
        """Public channels beside the tickers."""
        ...

    def hear(self, frame: Frame) -> None:
        """A message of any channel but a ticker's."""
        ...


_frames: Final = msgspec.json.Decoder(Frame)
_lists: Final = msgspec.json.Decoder(list[msgspec.Raw])


@final
class SocketLine:
    """A trader with many requests under way, who listens to all private channels.

    stream_sequence: of the last private message, over all connections; None before the first.
    """

    def __init__(
        self,
        user: str,
        token: str,
        seen: Sightings,
        prices: Prices,
        tickers: Sequence[str],
        listener: Listener | None = None,
    ) -> None:
        self.stream_sequence: int | None = None
        self._listener: Final = listener
        self._user: Final = user
        self._token: Final = token
        self._seen: Final = seen
        self._prices: Final = prices
        self._tickers: Final = [f"ticker:{name.replace('/', '-')}" for name in tickers]
        self._waiting: Final[dict[int, asyncio.Future[Answer | None]]] = {}
        self._next_id = 0
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self, public: str) -> None:
        """Connect, say who we are, and listen from where we were.  Raises Disconnected."""
        self._session = aiohttp.ClientSession(public)
        try:
            self._socket = await self._session.ws_connect("/ws", max_msg_size=0)
        except CUT as error:
            raise Disconnected(str(error)) from error
        self._reader = asyncio.create_task(self._read(self._socket))
        await self.request({"op": "auth", "token": self._token})
        more = () if self._listener is None else self._listener.channels
        subscribe: Body = {"op": "subscribe", "channels": [*PRIVATE, *self._tickers, *more]}
        if self.stream_sequence is not None:
            subscribe["fromSequence"] = self.stream_sequence + 1
        await self.request(subscribe)

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()
        if self._reader is not None:
            await self._reader

    async def place(self, orders: Sequence[Body]) -> list[Answer | None]:
        """All in one frame."""
        return await self._send([{"op": "order.place", **order} for order in orders])

    async def cancel(self, client_order_id: str) -> Answer:
        """By its client order id."""
        return await self.request({"op": "order.cancel", "clientOrderId": client_order_id})

    async def amend(self, order_id: str, price: str) -> Answer:
        """To another price."""
        return await self.request({"op": "order.amend", "orderId": order_id, "price": price})

    async def look(self) -> None:
        """A sign of life; the rest comes by itself."""
        self._seen.see_sequence(read((await self.request({"op": "ping"})).body).sequence)

    async def request(self, request: Body) -> Answer:
        """Any request.  Raises Disconnected if its outcome is unknown."""
        answer = (await self._send([request]))[0]
        if answer is None:
            raise Disconnected(str(request["op"]))
        return answer

    async def _send(self, requests: list[Body]) -> list[Answer | None]:
        assert self._socket is not None
        futures = []
        for request in requests:
            self._next_id += 1
            request["id"] = self._next_id
            future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
            self._waiting[self._next_id] = future
            futures.append(future)
        assert self._reader is not None
        if self._reader.done():
            self._give_up()
        else:
            try:
                await self._socket.send_str(msgspec.json.encode(requests).decode())
            except CUT:
                self._give_up()
        async with asyncio.timeout(ANSWER_S_MAX):
            return list(await asyncio.gather(*futures))

    def _give_up(self) -> None:
        """Nothing more will come."""
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(_frames.decode(message.data))
        finally:
            self._give_up()

    def _take(self, frame: Frame) -> None:
        if frame.id is not None:
            future = self._waiting.pop(frame.id)
            result = bytes(frame.result)
            future.set_result(Answer(not result, result or bytes(frame.error)))
        elif frame.channel.startswith("ticker:"):
            self._seen.see_sequence(frame.sequence)
            self._prices.see(msgspec.json.decode(frame.data, type=_Ticker))
        else:
            if frame.channel in PRIVATE:
                self._take_private(frame)
            if self._listener is not None:
                self._listener.hear(frame)

    def _take_private(self, frame: Frame) -> None:
        if frame.type in ("snapshot", "reset"):
            self._take_present(frame)
        elif frame.type not in ("valuation", "settings"):  # worth knowing, and no events
            if self.stream_sequence is not None and frame.sequence != self.stream_sequence + 1:
                self._complain(f"{self.stream_sequence}, then {frame.sequence}")
            self.stream_sequence = frame.sequence
            message = Message(frame.channel, frame.type, bytes(frame.data))
            self._seen.see_message(self._user, frame.sequence, message)

    def _take_present(self, frame: Frame) -> None:
        """How things are, where the messages before are not known any more."""
        if self.stream_sequence is not None and frame.sequence < self.stream_sequence:
            self._complain(f"{self.stream_sequence}, reset to {frame.sequence}")
        self.stream_sequence = frame.sequence
        if frame.channel == "account":
            self._seen.see_account(self._user, bytes(frame.data))
        elif frame.channel == "orders":
            for order in _lists.decode(frame.data):
                self._seen.see_order(bytes(order))

    def _complain(self, numbers: str) -> None:
        self._seen.contradictions.append(f"messages of {self._user}: {numbers}")
