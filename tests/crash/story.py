"""A venue that is killed again and again under load, and what its clients saw.

One seed is one story: who trades what and when the venue is killed.  Knows no journal but for
where it ends.
"""

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Final, final

from tests.crash.lines import Disconnected, HttpClient, HttpLine, Prices, SocketLine
from tests.crash.process import Started, VenueProcess
from tests.crash.sightings import Sightings, read
from tests.crash.traders import E8, SYMBOLS, Teller, Trader
from wal.errors import LogMissing
from wal.files import Files
from wal.recovery import recover

HTTP_USERS: Final = ("http-1", "http-2")
SOCKET_USERS: Final = ("socket-1", "socket-2")
DEPOSIT_ATOMS: Final = 1_000_000 * E8
LOAD_S: Final = (0.05, 1.1)
START_KILLED_S: Final = (0.3, 2.0)
START_KILLED_SHARE: Final = 0.2
WATCH_S: Final = 0.003

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


def recovered_sequence(directory: Path) -> int:
    """Where the journal ends; 0 if the venue was killed before it had one."""
    try:
        return recover(Files(), directory).last_sequence
    except LogMissing:
        return 0


@final
class Story:
    """The venue in `directory`, its clients, and its many ends.

    counts: kills by what they hit, and whatever else happened how often.
    """

    def __init__(self, directory: Path, seed: int, segment_bytes: int) -> None:
        self.data: Final = directory / "data"
        self.seen: Final = Sightings()
        self.counts: Final[Counter[str]] = Counter()
        self.traders: Final[list[Trader]] = []
        self._seed: Final = seed
        self._random: Final = random.Random(seed)
        self._teller: Final = Teller(self.seen, seed)
        self._teller.pause_s = 0.01
        config = directory / "fulcrum.toml"
        config.write_text(CONFIG.format(segment_bytes=segment_bytes))
        self._options: Final = (
            *("--demo", "--config", str(config), "--port", "0", "--admin-port", "0"),
            *("--feed", f"random_walk:seed={seed},interval_ms=20,volatility=0.0005"),
        )

    async def run(self, kills: int) -> None:
        """Kill the venue so many times, then let it live long enough to be asked everything."""
        ends = ["stop", "kill while stopping"]
        while self.counts["kills"] < kills:
            if self._random.random() < START_KILLED_SHARE:
                await self._kill_while_starting()
            elif ends and self.counts["kills"] >= kills // 2:
                await self._serve_until(ends.pop(0))
            else:
                await self._serve_until("kill under load")
        await self._ask_everything()

    async def _kill_while_starting(self) -> None:
        async with VenueProcess(self.data, self._options) as venue:
            await asyncio.sleep(self._random.uniform(*START_KILLED_S))
            await venue.kill()
        self._count_end("kill while starting")

    async def _serve_until(self, end: str) -> None:
        """Serve under load for a moment."""
        async with VenueProcess(self.data, self._options) as venue:
            started = await venue.ready()
            await self._open(started)
            loads = [asyncio.create_task(self._load(trader)) for trader in self.traders]
            loads.append(asyncio.create_task(self._move_money()))
            loads.append(asyncio.create_task(self._watch(started.public)))
            await asyncio.sleep(self._random.uniform(*LOAD_S))
            if end == "stop":
                assert await venue.stop() == 0
            elif end == "kill while stopping":
                venue.interrupt()
                await asyncio.sleep(self._random.uniform(0.0, 0.1))
            await venue.kill()
            await asyncio.gather(*loads)
        await self._hang_up()
        self._count_end(end)

    def _count_end(self, end: str) -> None:
        self.counts[end] += 1
        self.counts["kills"] += end.startswith("kill")
        self.seen.see_restart(recovered_sequence(self.data))

    async def _open(self, started: Started) -> None:
        """Connect everybody; the first time, make the users and give them money."""
        self.seen.see_chain(started.sequence, started.event_chain)
        tokens = json.loads((self.data / "demo-tokens.json").read_text())
        await self._teller.open(started.admin, tokens["admin"])
        if not self.traders:
            for user in (*HTTP_USERS, *SOCKET_USERS):
                self.traders.append(self._trader(user, await self._teller.admit(user)))
                await self._teller.move(user, DEPOSIT_ATOMS)
        for trader in self.traders:
            await trader.open(started.public)

    def _trader(self, user: str, token: str) -> Trader:
        prices = Prices()
        if user in HTTP_USERS:
            return Trader(
                user, token, HttpLine(user, token, self.seen, prices), prices, self.seen, self._seed
            )
        line = SocketLine(user, token, self.seen, prices, SYMBOLS)
        trader = Trader(user, token, line, prices, self.seen, self._seed)
        trader.burst_max = 16
        return trader

    async def _load(self, trader: Trader) -> None:
        self.counts["unknown outcomes"] += len(trader.unknown)
        try:
            await trader.settle()
            await trader.trade()
        except Disconnected:
            return

    async def _move_money(self) -> None:
        self.counts["unknown transfers"] += len(self._teller.unknown)
        try:
            await self._teller.settle()
            await self._teller.work([trader.user for trader in self.traders])
        except Disconnected:
            return

    async def _watch(self, public: str) -> None:
        """Look at the event chain all the time."""
        watcher = HttpClient("")
        await watcher.open(public)
        try:
            while True:
                health = read((await watcher.ask("GET", "/healthz")).body)
                self.seen.see_chain(health.sequence, health.event_chain)
                await asyncio.sleep(WATCH_S)
        except Disconnected:
            await watcher.close()

    async def _hang_up(self) -> None:
        for trader in self.traders:
            await trader.close()
        await self._teller.close()

    async def _ask_everything(self) -> None:
        """Settle what is unknown, then ask for every order that was ever answered."""
        async with VenueProcess(self.data, self._options) as venue:
            await self._open(await venue.ready())
            await self._teller.settle()
            for trader in self.traders:
                self.counts["unknown outcomes"] += len(trader.unknown)
                await trader.settle()
                assert not trader.unknown
                self.counts["orders found"] += await trader.find_all()
                self.counts["retries of unknown outcomes"] += trader.retries
                await trader.line.look()
            await self._hang_up()
            assert await venue.stop() == 0
        self.seen.see_restart(recovered_sequence(self.data))
