"""A venue that ends again and again under load, and what its clients saw.

One seed is one story: who trades what, and when the venue ends.  Knows no journal but for where
it ends.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple, final

from tests.crash.lines import Disconnected, HttpClient, HttpLine, Line, Prices, SocketLine
from tests.crash.process import FULCRUM, Started, VenueProcess
from tests.crash.sightings import Sightings, read
from tests.crash.traders import E8, SYMBOLS, Teller, Trader
from wal.errors import LogMissing
from wal.files import Files
from wal.recovery import recover

DEPOSIT_ATOMS: Final = 1_000_000 * E8
LOAD_S: Final = (0.05, 1.1)
START_KILLED_S: Final = (0.3, 2.0)
START_KILLED_SHARE: Final = 0.2
TICKER_EVERY: Final = 10  # of so many listeners one hears the public prices, for all

CONFIG: Final = """\
[limits]
requests_per_second = 1000000
burst = 1000000
[websocket]
queue_messages_max = 100000
queue_bytes_max = 67108864
[journal]
segment_bytes = {segment_bytes}
[log]
format = "json"
"""


class Plan(NamedTuple):
    """What kind of story.

    feed: as `--feed` takes it.  pause_s: mean think time of a trader.
    burst_max: how many orders of a WebSocket trader leave together.
    watch_s: between two looks at the event chain.
    """

    seed: int
    feed: str
    http_clients: int = 2
    socket_clients: int = 2
    pause_s: float = 0.0
    teller_pause_s: float = 0.01
    burst_max: int = 16
    watch_s: float = 0.003
    segment_bytes: int = 67_108_864
    command: tuple[str, ...] = FULCRUM


def short_plan(seed: int) -> Plan:
    """Four clients without pause, on fast random prices."""
    return Plan(seed, f"random_walk:seed={seed},interval_ms=20,volatility=0.0005")


def recovered_sequence(directory: Path) -> int:
    """Where the journal ends; 0 if the venue was killed before it had one."""
    try:
        return recover(Files(), directory).last_sequence
    except LogMissing:
        return 0


async def watch_chain(seen: Sightings, public: str, every_s: float) -> None:
    """Look at the event chain all the time, until the venue is gone or nobody wants to know."""
    watcher = HttpClient("")
    await watcher.open(public)
    try:
        while True:
            health = read((await watcher.ask("GET", "/healthz")).body)
            seen.see_chain(health.sequence, health.event_chain)
            await asyncio.sleep(every_s)
    except Disconnected:
        return
    finally:
        await watcher.close()


@final
class Story:
    """The venue below `directory`, its clients, and its many ends.

    counts: kills by what they hit, and whatever else happened how often.
    """

    def __init__(self, directory: Path, plan: Plan) -> None:
        self.data: Final = directory / "data"
        self.seen: Final = Sightings()
        self.counts: Final[Counter[str]] = Counter()
        self.traders: Final[list[Trader]] = []
        self._plan: Final = plan
        self._random: Final = random.Random(plan.seed)
        self._prices: Final = Prices()
        self._teller: Final = Teller(self.seen, plan.seed, plan.teller_pause_s)
        config = directory / "fulcrum.toml"
        config.write_text(CONFIG.format(segment_bytes=plan.segment_bytes))
        self._options: Final = (
            *("--demo", "--config", str(config), "--port", "0", "--admin-port", "0"),
            *("--feed", plan.feed),
        )

    async def run(self, kills: int) -> None:
        """Kill the venue so many times, then let it live long enough to be asked everything."""
        ends = ["stop", "kill while stopping"]
        while self.counts["kills"] < kills:
            if self._random.random() < START_KILLED_SHARE:
                await self.kill_while_starting()
            elif ends and self.counts["kills"] >= kills // 2:
                await self.serve_until(ends.pop(0))
            else:
                await self.serve_until("kill under load")
        await self.ask_everything()

    async def kill_while_starting(self) -> None:
        """Kill it before, while or after it restores."""
        async with self._process() as venue:
            await asyncio.sleep(self._random.uniform(*START_KILLED_S))
            await venue.kill()
        self.count_end("kill while starting")

    async def serve_until(self, end: str) -> None:
        """Serve under load for a moment."""
        async with self.under_load() as venue:
            await asyncio.sleep(self._random.uniform(*LOAD_S))
            if end == "stop":
                assert await venue.stop() == 0
            elif end == "kill while stopping":
                venue.interrupt()
                await asyncio.sleep(self._random.uniform(0.0, 0.1))
        self.count_end(end)

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[VenueProcess]:
        """The venue with all clients at work; killed on leaving."""
        plan = self._plan
        async with self._process() as venue:
            started = await venue.ready()
            await self._open(started)
            loads = [asyncio.create_task(self._load(t, started.public)) for t in self.traders]
            loads.append(asyncio.create_task(self._move_money()))
            loads.append(asyncio.create_task(watch_chain(self.seen, started.public, plan.watch_s)))
            try:
                yield venue
            finally:
                await venue.kill()
                await asyncio.gather(*loads)
                await self._hang_up()

    def count_end(self, end: str) -> None:
        """The process is gone: look where its journal ends."""
        self.counts[end] += 1
        self.counts["kills"] += end.startswith("kill")
        self.seen.see_restart(recovered_sequence(self.data))

    async def ask_everything(self) -> None:
        """Settle what is unknown, then ask for every order that was ever answered."""
        async with self._process() as venue:
            await self._open(await venue.ready())
            await self._teller.settle()
            for trader in self.traders:
                self.counts["unknown outcomes"] += len(trader.unknown)
                await trader.settle()
                assert not trader.unknown
                self.counts["orders found"] += await trader.find_all()
                await trader.line.look()
            await self._hang_up()
            assert await venue.stop() == 0
        self.count_end("stop")

    def _process(self) -> VenueProcess:
        return VenueProcess(self.data, self._options, self._plan.command)

    async def _open(self, started: Started) -> None:
        """Connect everybody; the first time, make the users and give them money."""
        self.seen.see_chain(started.sequence, started.event_chain)
        tokens = json.loads((self.data / "demo-tokens.json").read_text())
        await self._teller.open(started.admin, tokens["admin"])
        if not self.traders:
            for number in range(self._plan.http_clients):
                await self._admit(f"http-{number}", number)
            for number in range(self._plan.socket_clients):
                await self._admit(f"socket-{number}", number)
        for trader in self.traders:
            await trader.open(started.public)

    async def _admit(self, user: str, number: int) -> None:
        plan, seen, prices = self._plan, self.seen, self._prices
        token = await self._teller.admit(user)
        await self._teller.move(user, DEPOSIT_ATOMS)
        if user.startswith("http"):
            line: Line = HttpLine(user, token, seen, prices)
            burst_max = 1
        else:
            tickers = SYMBOLS if number % TICKER_EVERY == 0 else ()
            line = SocketLine(user, token, seen, prices, tickers)
            burst_max = plan.burst_max
        trader = Trader(user, token, line, prices, seen, plan.seed)
        trader.pause_s, trader.burst_max = plan.pause_s, burst_max
        self.traders.append(trader)

    async def _load(self, trader: Trader, public: str) -> None:
        """Settle, then trade; connect again if the line is cut and the venue is not gone."""
        while True:
            self.counts["unknown outcomes"] += len(trader.unknown)
            try:
                await trader.settle()
                await trader.trade()
            except Disconnected:
                await trader.close()
            try:
                await trader.open(public)
            except Disconnected:
                return
            self.counts["lines cut"] += 1

    async def _move_money(self) -> None:
        self.counts["unknown transfers"] += len(self._teller.unknown)
        try:
            await self._teller.settle()
            await self._teller.work([trader.user for trader in self.traders])
        except Disconnected:
            return

    async def _hang_up(self) -> None:
        for trader in self.traders:
            await trader.close()
        await self._teller.close()
