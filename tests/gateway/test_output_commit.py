"""Nothing is shown before it is durable, by real servers and real connections."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from engine.commands import AdvanceTime
from gateway.config import Config
from tests.gateway.held_committer import HeldCommitter
from tests.gateway.house import FAST, Client, House, socket_of, until


async def test_64_connections_share_their_syncs(
    house: House, count: Callable[[str, int], None]
) -> None:
    users = [await house.user(f"user{number}", "100000") for number in range(64)]
    house.session.connector._limit = 64  # type: ignore[union-attr]
    commands, syncs = house.venue.sequencer.counters.commands, house.writer.syncs

    async def trade(user: Client) -> None:
        for _ in range(20):
            reply = await user.order(amount="10")
            assert reply.status == 201, reply

    await asyncio.gather(*(trade(user) for user in users))

    commands = house.venue.sequencer.counters.commands - commands
    syncs = house.writer.syncs - syncs
    assert commands == 64 * 20
    assert commands / syncs >= 8, (commands, syncs)
    count("commands per sync at 64 connections, times 10", 10 * commands // syncs)


async def test_no_reply_no_message_and_no_read_while_a_slow_disk_is_busy(tmp_path: Path) -> None:
    committer = HeldCommitter()
    async with House(tmp_path / "data", committer=committer) as house:
        await house.price("20000")
        alice, bob = await house.user("alice"), await house.user("bob")
        async with socket_of(house, bob) as socket, socket_of(house, alice) as own:
            await socket.ask(op="subscribe", channels=["ticker:BTC-USDT", "account", "orders"])
            await own.ask(op="subscribe", channels=["orders", "fills", "positions", "account"])
            await socket.drain()
            await own.drain()
            committer.holds = True
            order = asyncio.create_task(alice.order(amount="100"))
            await until(lambda: committer.is_pending)
            waiting = [
                asyncio.create_task(alice.get("/api/account")),
                asyncio.create_task(bob.get("/api/account")),
                asyncio.create_task(alice.get("/api/orders")),
                asyncio.create_task(alice.get("/api/fills")),
                asyncio.create_task(alice.get("/api/positions")),
                asyncio.create_task(bob.get("/healthz")),
                asyncio.create_task(bob.get("/api/ticker")),
                asyncio.create_task(house.admin.get("/admin/ledger")),
                asyncio.create_task(bob.order(amount="100")),
                asyncio.create_task(house.admin.post("/admin/prices", PRICE)),
                asyncio.create_task(socket.ask(op="ping")),
            ]
            assert await own.drain(0.2) == []

            assert not order.done()
            assert not any(task.done() for task in waiting)

            committer.release()
            replies = await asyncio.gather(order, *waiting)
            assert [reply.status for reply in replies[:-1]] == [201, *[200] * 8, 201, 200]
            assert replies[1].body["balances"][0]["available"] == "899.96"
            channels = [message["channel"] for message in await own.drain(0.2)]
            assert channels[:4] == ["orders", "fills", "positions", "account"]


PRICE: Final = {"symbol": "BTC/USDT", "price": "20001"}


class BlockedJournal:
    """The real journal, whose sync waits in the system call until the test opens the gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.writer: Any = None

    @property
    def syncs(self) -> int:
        return int(self.writer.syncs)

    def append(self, sequence: int, record: bytes) -> None:
        self.writer.append(sequence, record)

    def commit(self) -> None:
        if not self.gate.is_set():
            self.entered.set()
            self.gate.wait()
        self.writer.commit()


class ThreadHouse:
    """A venue with a loop and a thread of its own, so that its disk may block it."""

    def __init__(self, folder: Path) -> None:
        self.journal = BlockedJournal()
        self._folder = folder
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.url = ""

    def __enter__(self) -> "ThreadHouse":
        self._thread.start()
        assert self._started.wait(20)
        return self

    def __exit__(self, *_error: object) -> None:
        self.journal.gate.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        house = House(self._folder, journal=self.journal)
        self.journal.writer = LazyWriter(house)
        async with house:
            await house.price("20000")
            await house.user("alice")
            self.url = house.url
            self._started.set()
            await self._stop.wait()


class LazyWriter:
    """The writer that the house opens."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house.writer, name)


async def test_a_blocked_fdatasync_holds_back_everything(tmp_path: Path) -> None:
    with ThreadHouse(tmp_path / "data") as house:
        async with aiohttp.ClientSession() as session:
            alice = Client(session, house.url, "token-of-alice")
            before = (await alice.get("/healthz")).body
            house.journal.gate.clear()
            order = asyncio.create_task(alice.order(amount="100"))
            await until(house.journal.entered.is_set)
            reads = [asyncio.create_task(alice.get(path)) for path in ("/healthz", "/api/account")]

            done, _ = await asyncio.wait([order, *reads], timeout=0.3)
            assert done == set()

            house.journal.gate.set()
            assert (await order).status == 201
            healthy, account = await asyncio.gather(*reads)
            assert healthy.body["sequence"] == before["sequence"] + 1
            assert account.body["balances"][0]["available"] == "899.96"


async def test_two_orders_that_together_overspend_never_both_succeed(
    tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    rounds, at_once = 1_000, 25
    async with House(tmp_path / "data") as house:
        await house.price("20000")
        connectors = [aiohttp.TCPConnector(limit=0) for _ in range(2)]
        sessions = [aiohttp.ClientSession(connector=connector) for connector in connectors]

        async def overspend(number: int) -> list[int]:
            user = await house.user(f"u{number}", "1000")
            pair = [Client(session, house.url, user.token) for session in sessions]
            if number % 2:
                pair.reverse()
            replies = await asyncio.gather(*(client.order(amount="600") for client in pair))
            refused = [reply.code for reply in replies if reply.status != 201]
            assert refused == ["INSUFFICIENT_BALANCE"], replies
            return sorted(reply.status for reply in replies)

        for start in range(0, rounds, at_once):
            outcomes = await asyncio.gather(
                *(overspend(number) for number in range(start, start + at_once))
            )
            assert outcomes == [[201, 422]] * at_once
        for session in sessions:
            await session.close()
        count("overspending pairs over two connections", rounds)


async def test_a_full_queue_is_503_over_http(tmp_path: Path) -> None:
    config = msgspec.structs.replace(FAST, limits=msgspec.structs.replace(FAST.limits, queue_max=1))
    assert isinstance(config, Config)
    committer = HeldCommitter()
    async with House(tmp_path / "data", config, committer) as house:
        await house.price("20000")
        alice = await house.user("alice")
        committer.holds = True
        first = asyncio.create_task(alice.order(amount="1"))
        await until(lambda: committer.is_pending)
        house.venue.sequencer.enter(AdvanceTime(), lambda *_: None, lambda _: None)
        parked = asyncio.create_task(alice.get("/api/account"))
        await asyncio.sleep(0.05)

        refused = await alice.get("/api/account")

        assert (refused.status, refused.code) == (503, "OVERLOADED")
        assert int(refused.headers["Retry-After"]) >= 1
        committer.release()
        assert (await first).status == 201
        assert (await parked).status == 200
        assert (await alice.order(amount="1")).status == 201
