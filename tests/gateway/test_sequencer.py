"""One turn is one batch, and nothing of it is seen before it is durable."""

import asyncio
import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import pytest

from engine.commands import AdvanceTime, OpenAccount
from engine.engine import Engine
from engine.state import State
from gateway import sequencer
from gateway.clock import Clock
from gateway.config import Config
from gateway.errors import ApiError
from gateway.sequencer import EXIT_BUG, EXIT_LOG_FAILED, Sequencer
from tests.gateway.house import FAST, Client, House, socket_of, until
from wal.errors import LogFailed
from wal.record import BATCH_RECORDS_MAX


class Journal:
    """A log in memory that remembers its batches."""

    def __init__(self) -> None:
        self.open: list[int] = []
        self.batches: list[list[int]] = []
        self.syncs = 0
        self.fails = False

    def append(self, sequence: int, record: bytes) -> None:
        assert record
        self.open.append(sequence)

    def commit(self) -> None:
        if self.fails:
            raise LogFailed("commit", Path("journal"), OSError(errno.EIO, "broken"))
        self.syncs += 1
        self.batches.append(self.open)
        self.open = []


class Watcher:
    """What the sequencer tells its observer, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def applied(self, sequence: int, _time_ns: int, _command: Any, _events: Any) -> None:
        self.seen.append(f"applied {sequence}")

    def released(self) -> None:
        self.seen.append("released")


class HeldCommitter:
    """A disk that is done when the test says so."""

    def __init__(self) -> None:
        self._waiting: Callable[[], None] | None = None
        self.holds = False

    @property
    def is_pending(self) -> bool:
        return self._waiting is not None

    def commit(self, journal: Any, then: Callable[[], None]) -> None:
        journal.commit()
        if self.holds:
            self._waiting = then
        else:
            then()

    def release(self) -> None:
        waiting, self._waiting, self.holds = self._waiting, None, False
        assert waiting is not None
        waiting()


class Bench:
    """A sequencer alone."""

    def __init__(self, queue_max: int = 10_000, committer: Any = None) -> None:
        self.journal: Final = Journal()
        self.watcher: Final = Watcher()
        self.halts: Final[list[int]] = []
        self.now_ns = 1_000
        self.sequencer: Final = Sequencer(
            Engine(State()),
            self.journal,
            Clock(0, lambda: self.now_ns),
            self.watcher,
            self.halts.append,
            queue_max,
            committer,
        )

    def open(self, name: str, delivered: list[Any]) -> None:
        """Enter the opening of an account; its events are delivered to a list."""
        self.sequencer.enter(
            OpenAccount(name), lambda s, t, e: (s, t, type(e[-1]).__name__), delivered.append
        )


async def test_what_comes_in_one_turn_is_one_batch_released_in_order() -> None:
    bench = Bench()
    delivered: list[Any] = []

    for name in ("a", "b", "a"):
        bench.open(name, delivered)
    assert delivered == []
    await asyncio.sleep(0)

    assert delivered == [
        (1, 1_000, "AccountOpened"),
        (2, 1_000, "AccountOpened"),
        (3, 1_000, "Rejected"),
    ]
    assert bench.journal.batches == [[1, 2, 3]]
    assert bench.watcher.seen == ["applied 1", "applied 2", "applied 3", "released"]


async def test_a_turn_takes_what_fits_one_frame_and_the_rest_waits_for_the_next() -> None:
    bench = Bench()
    delivered: list[Any] = []

    for number in range(2 * BATCH_RECORDS_MAX + 1):
        bench.open(f"a{number}", delivered)
    lengths = []
    while bench.sequencer.queue_length:
        await asyncio.sleep(0)
        lengths.append(len(delivered))

    assert lengths == [BATCH_RECORDS_MAX, 2 * BATCH_RECORDS_MAX, 2 * BATCH_RECORDS_MAX + 1]
    assert [len(batch) for batch in bench.journal.batches] == [512, 512, 1]


async def test_a_full_queue_refuses_with_503_and_takes_again_afterwards() -> None:
    bench = Bench(queue_max=2)
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.open("b", delivered)

    with pytest.raises(ApiError) as refused:
        bench.open("c", delivered)
    assert (refused.value.status, refused.value.code) == (503, "OVERLOADED")
    assert refused.value.retry_after_s >= 1

    await asyncio.sleep(0)
    bench.open("c", delivered)
    await asyncio.sleep(0)
    assert [sequence for sequence, _, _ in delivered] == [1, 2, 3]
    assert bench.sequencer.counters.overloads == 1


async def test_time_never_goes_back() -> None:
    bench = Bench()
    delivered: list[Any] = []
    for now_ns in (1_000, 900, 1_100):
        bench.now_ns = now_ns
        bench.open("a", delivered)
        await asyncio.sleep(0)

    assert [time_ns for _, time_ns, _ in delivered] == [1_000, 1_000, 1_100]


async def test_a_failed_journal_ends_the_process_and_nothing_is_shown() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.journal.fails = True
    bench.open("a", delivered)
    await asyncio.sleep(0)

    assert bench.halts == [EXIT_LOG_FAILED]
    assert delivered == []
    assert bench.watcher.seen == ["applied 1"]
    with pytest.raises(ApiError):
        bench.open("b", delivered)


async def test_a_failed_assert_ends_the_process_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    delivered: list[Any] = []

    def broken(*_arguments: object) -> None:
        raise AssertionError("a bug")

    bench.open("a", delivered)
    monkeypatch.setattr(bench.watcher, "applied", broken)
    await asyncio.sleep(0)

    assert bench.halts == [EXIT_BUG]
    assert delivered == []
    assert bench.journal.batches == []


@pytest.mark.parametrize("code", [EXIT_BUG, EXIT_LOG_FAILED])
async def test_the_process_ends_even_if_nobody_can_be_told(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    bench = Bench()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    monkeypatch.setattr(sequencer, "log", None)
    bench.journal.fails = True
    if code == EXIT_BUG:
        monkeypatch.setattr(bench.watcher, "applied", None)
    bench.open("a", [])
    await asyncio.sleep(0)

    assert bench.halts == [code]


async def test_what_cannot_be_written_is_refused_alone() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.open("\ud800", delivered)
    bench.open("x" * 20_000, delivered)
    bench.open("b", delivered)
    await asyncio.sleep(0)

    assert [getattr(result, "code", result[0] if isinstance(result, tuple) else "") for result in
            delivered] == [1, "BAD_FIELD", "BAD_FIELD", 2]  # fmt: skip
    assert bench.journal.batches == [[1, 2]]


async def test_while_a_sync_is_pending_reads_wait_and_no_further_batch_is_applied() -> None:
    committer = HeldCommitter()
    bench = Bench(committer=committer)
    delivered: list[Any] = []
    committer.holds = True
    bench.open("a", delivered)
    await asyncio.sleep(0)
    assert committer.is_pending

    async def look() -> list[str]:
        await bench.sequencer.settled()
        return list(bench.watcher.seen)

    read = asyncio.create_task(look())
    bench.open("b", delivered)
    for _ in range(5):
        await asyncio.sleep(0)

    assert delivered == []
    assert not read.done()
    assert bench.watcher.seen == ["applied 1"]

    committer.release()
    assert await read == ["applied 1", "released"]  # whoever was parked looks before the next turn
    await asyncio.sleep(0)
    assert [sequence for sequence, _, _ in delivered] == [1, 2]


async def test_parked_reads_are_bounded_too() -> None:
    committer = HeldCommitter()
    bench = Bench(queue_max=1, committer=committer)
    committer.holds = True
    bench.open("a", [])
    await asyncio.sleep(0)
    first = asyncio.create_task(bench.sequencer.settled())
    await asyncio.sleep(0)

    with pytest.raises(ApiError) as refused:
        await bench.sequencer.settled()
    assert refused.value.status == 503
    committer.release()
    await first


async def test_stopping_refuses_what_waits() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.sequencer.stop()
    await asyncio.sleep(0)

    assert [result.code for result in delivered] == ["STOPPING"]
    assert bench.journal.batches == []


async def test_a_caller_who_left_does_not_disturb_the_others() -> None:
    bench = Bench()
    gone = asyncio.ensure_future(bench.sequencer.submit(OpenAccount("a"), lambda *_: 1))
    stays = asyncio.ensure_future(bench.sequencer.submit(OpenAccount("b"), lambda *_: 2))
    gone.cancel()

    assert await stays == 2
    assert bench.journal.batches == [[1, 2]]


async def test_orders_expire_when_they_are_due_without_anybody_asking(house: House) -> None:
    alice = await house.user("alice")
    due_ms = house.now_ns // 1_000_000 + 50
    placed = await alice.order(
        orderType="LIMIT", price="19000", quantity="0.1", timeInForce="GTD", expiresAt=due_ms
    )
    assert placed.status == 201, placed
    order_id = placed.body["orderId"]
    house.now_ns += 60_000_000

    await until(lambda: house.venue.state.orders.count == 0)
    order = (await alice.get(f"/api/orders/{order_id}")).body
    assert (order["status"], order["updatedAt"]) == ("EXPIRED", house.now_ns // 1_000_000)
    assert await alice.available() == "1000"


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
