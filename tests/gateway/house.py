"""A whole venue in the test's own loop: real files, real sockets, real clients.

Knows how to start and stop one, and the shortest ways to ask it for something.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec
from aiohttp import web

from engine.commands import IssueToken, ListInstrument, OpenAccount, Scope
from engine.events import Rejected
from engine.instrument import InstrumentSpec, simple_instrument
from engine.invariants import check
from engine.units import AccountId
from gateway.app import Addresses, listen
from gateway.authentication import token_hash
from gateway.clock import Clock
from gateway.config import Config
from gateway.data import OpenData, open_data
from gateway.pricing.prices import PriceEntry
from gateway.sequencer import Committer
from gateway.venue import About, Venue
from gateway.ws_sessions import Sessions
from wal.directory import has_log, initialise
from wal.files import Files
from wal.writer import LogWriter

ADMIN_TOKEN: Final = "admin-token"
Json = Any
FAST: Final = msgspec.convert(
    {"limits": {"requests_per_second": 1_000_000, "burst": 1_000_000}}, Config
)


class HaltedTest(BaseException):
    """What a test's venue raises where a real one would end its process."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code: Final = code


class Reply:
    """Status, decoded body and headers of a reply."""

    def __init__(self, status: int, body: Json, headers: "dict[str, str]") -> None:
        self.status: Final = status
        self.body: Final = body
        self.headers: Final = headers

    @property
    def code(self) -> str:
        """The code of a refusal, empty if it is none."""
        return str(self.body.get("code", ""))

    def __repr__(self) -> str:
        return f"{self.status} {self.body}"


async def until(condition: Callable[[], bool]) -> None:
    """Give way until it holds; a test's own time limit ends what never does."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.0005)
    raise AssertionError("it never came to that")


class Client:
    """A user of one listener."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self.session: Final = session
        self.url: Final = url
        self.token: Final = token

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        data: bytes | None = None,
        headers: "dict[str, str] | None" = None,
    ) -> Reply:
        """One request and its reply."""
        sent = {"Content-Type": "application/json"} if body is not None or data is not None else {}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        sent.update(headers or {})
        raw = (
            data if data is not None else (msgspec.json.encode(body) if body is not None else None)
        )
        async with self.session.request(method, self.url + path, data=raw, headers=sent) as reply:
            text = await reply.read()
            return Reply(reply.status, msgspec.json.decode(text), dict(reply.headers))

    async def get(self, path: str) -> Reply:
        """GET."""
        return await self.ask("GET", path)

    async def post(self, path: str, body: Json) -> Reply:
        """POST."""
        return await self.ask("POST", path, body)

    async def order(self, **fields: Json) -> Reply:
        """Place an order: a market buy of BTC/USDT with 10x unless said otherwise."""
        body = {"symbol": "BTC/USDT", "side": "BUY", "orderType": "MARKET", "leverage": 10}
        body.update(fields)
        return await self.post("/api/orders", {k: v for k, v in body.items() if v is not None})

    async def available(self) -> str:
        """What the user may use of USDT."""
        reply = await self.get("/api/account")
        return str(reply.body["balances"][0]["available"])


class House:
    """A running venue with one market, BTC/USDT: tick 0.01, lot 0.000001, no staleness."""

    def __init__(
        self,
        folder: Path,
        config: Config = FAST,
        committer: Committer | None = None,
        journal: Any = None,
    ) -> None:
        self.folder: Final = folder
        free = msgspec.structs.replace(config.server, port=0, admin_port=0)
        self.config: Final = msgspec.structs.replace(config, server=free)
        self.halts: Final[list[int]] = []
        self._committer: Final = committer
        self._journal: Final = journal
        self._runners: Final[list[web.AppRunner]] = []
        self.now_ns = time.time_ns()

    async def __aenter__(self) -> Self:
        files = Files()
        if not has_log(files, self.folder):
            initialise(files, self.folder, b"\1" * 16)
        self.data: OpenData = open_data(files, self.folder)
        policy = self.config.journal.policy
        self.writer: LogWriter = self.data.writer(files, policy, self.config.journal.segment_bytes)
        clock = Clock(self.data.engine.state.time_ns, lambda: self.now_ns)
        self.venue = Venue(
            self.data.engine,
            self.data.history,
            self.data.board,
            self._journal or self.writer,
            clock,
            time.monotonic,
            self.halts.append,
            self.config,
            About("always", self.writer.epoch, demo=False),
            self._committer,
        )
        self.sessions = Sessions(self.venue)
        self.venue.sequencer.start()
        self.prices = PriceEntry(self.venue.state, self.venue.sequencer)
        if self.venue.state.sequence == 0:
            await self._furnish()
        self.addresses: Addresses = await listen(self.venue, self.sessions, self._runners)
        self.venue.is_ready = True
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=30)
        )
        self.admin = Client(self.session, self.admin_url, ADMIN_TOKEN)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()
        self.sessions.close_all()
        for runner in self._runners:
            await runner.cleanup()
        self.venue.market_data.stop()
        self.venue.sequencer.stop()
        if not self.halts:
            check(self.venue.state)
            self.writer.close()
        self.data.close()

    @property
    def url(self) -> str:
        """The public listener."""
        return f"http://127.0.0.1:{self.addresses.port}"

    @property
    def admin_url(self) -> str:
        """The admin listener."""
        return f"http://127.0.0.1:{self.addresses.admin_port}"

    async def _furnish(self) -> None:
        hashed = token_hash(ADMIN_TOKEN)
        await self.enter(IssueToken(AccountId(0), hashed, Scope.ADMIN))
        await self.enter(ListInstrument(market("BTC/USDT")))

    async def enter(self, command: Any) -> None:
        """Enter a command past the listeners; it must be accepted."""

        def answer(_sequence: int, _time_ns: int, events: list[Any]) -> object:
            return [event for event in events if isinstance(event, Rejected)]

        refused = await self.venue.sequencer.submit(command, answer)
        assert refused == [], refused

    async def user(self, name: str, deposit: str | None = "1000") -> Client:
        """A user with a token, and money unless none is wanted."""
        await self.enter(OpenAccount(name))
        account_id = self.venue.state.account_ids[name]
        token = f"token-of-{name}"
        await self.enter(IssueToken(account_id, token_hash(token), Scope.READ | Scope.TRADE))
        if deposit is not None:
            body = {"asset": "USDT", "amount": deposit, "transferId": f"first-{name}"}
            reply = await self.admin.post(f"/admin/accounts/{name}/deposits", body)
            assert reply.status == 201, reply
        return Client(self.session, self.url, token)

    async def price(self, price: str, symbol: str = "BTC/USDT") -> None:
        """Set all five prices of a market."""
        reply = await self.admin.post("/admin/prices", {"symbol": symbol, "price": price})
        assert reply.status == 200, reply


def market(symbol: str, **changes: object) -> InstrumentSpec:
    """A simple market with tick 0.01 and lot 0.000001 whose price never goes stale."""
    base, _, settlement = symbol.partition("/")
    spec = simple_instrument(symbol, base, settlement, 1_000_000, 100)
    values = {name: getattr(spec, name) for name in InstrumentSpec.__slots__}
    return InstrumentSpec(**(values | {"stale_after_ns": 0} | changes))


@asynccontextmanager
async def socket_of(house: House, client: Client) -> "AsyncIterator[Socket]":
    """An authenticated WebSocket of a user."""
    async with house.session.ws_connect(house.url + "/ws") as connection:
        socket = Socket(connection)
        assert client.token is not None
        reply = await socket.ask(op="auth", token=client.token)
        assert "result" in reply, reply
        yield socket


class Socket:
    """A WebSocket, and what it has received and nobody asked for yet."""

    def __init__(self, connection: "aiohttp.ClientWebSocketResponse[Any]") -> None:
        self.connection: Final = connection
        self.messages: list[Json] = []
        self._next_id = 0

    async def ask(self, **request: Json) -> Json:
        """One request; returns its result or error message, keeping stream messages."""
        self._next_id += 1
        await self.connection.send_str(
            msgspec.json.encode({"id": self._next_id, **request}).decode()
        )
        while True:
            message = await self._receive()
            if message.get("id") == self._next_id:
                return message
            self.messages.append(message)

    async def message(self, channel: str) -> Json:
        """The next message of a channel, waiting for it if need be."""
        for place, message in enumerate(self.messages):
            if message.get("channel") == channel:
                return self.messages.pop(place)
        while True:
            message = await self._receive()
            if message.get("channel") == channel:
                return message
            self.messages.append(message)

    async def drain(self, seconds: float = 0.05) -> list[Json]:
        """Everything that has come and comes within a short while."""
        try:
            while True:
                self.messages.append(await asyncio.wait_for(self._receive(), seconds))
        except TimeoutError:
            taken, self.messages = self.messages, []
            return taken

    async def _receive(self) -> Json:
        message = await self.connection.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return msgspec.json.decode(message.data)
