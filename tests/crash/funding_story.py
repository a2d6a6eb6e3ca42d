"""An idle venue with funding each minute, which kills itself at chosen points around a stamp.

Knows where the gateway writes and releases; knows no journal.  Its clock is ahead, so that the
minute begins when the story wants it to.
"""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, final

from tests.crash.bots.finance import FinanceSightings
from tests.crash.clocks import AHEAD, VenueClock
from tests.crash.lines import Body, Disconnected, HttpClient, Prices, SocketLine
from tests.crash.process import FULCRUM, EndedEarly, Started, VenueProcess
from tests.crash.sightings import Sightings, read
from tests.crash.story import recovered_sequence
from tests.crash.traders import E8, Teller

SYMBOL: Final = "BTC-PERP/USDT"
LONG, SHORT = "long", "short"
LISTING: Final[Body] = {
    "symbol": SYMBOL,
    "profile": "perpetual",
    "tickSize": "0.1",
    "lotSize": "0.001",
    "fundingIntervalMs": 60_000,
    "fundingInterest": "0.001",
    "fundingClamp": "0.005",
    "fundingCap": "0.01",
    "market": "ORDER_DRIVEN",
}
FOUNDING_S: Final = 50.0  # enough that no stamp falls due before all is open
BEFORE_S: Final = 2.5  # how long before a stamp a process is started
STAMP_S_MAX: Final = 60.0
LOOK_S: Final = 0.05
# In the order in which a stamp's command passes them.
POINTS: Final = (
    "before it is journaled",
    "before it is applied",
    "before it is written",
    "before it is synced",
    "before it is released",
    "after it is released",
)
# `fulcrum` that ends at the point its first argument names, when a stamp's command is there.
MORTAL: Final = """
import os, signal, sys
from engine.commands import AdvanceTime
from engine.engine import Engine
from gateway.sequencer import Sequencer
from gateway.venue import Venue
from wal.writer import LogWriter

point = sys.argv.pop(1)
has_come = False

def end_at(owner, name, before, after=None):
    method = getattr(owner, name)

    def mortal(*arguments):
        if has_come and point == before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*arguments)
        if has_come and point == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, mortal)

def notice(self, now_ns, entry, apply=Sequencer._apply):
    global has_come
    has_come = has_come or isinstance(entry.command, AdvanceTime)
    apply(self, now_ns, entry)

Sequencer._apply = notice
end_at(LogWriter, "append", "before it is journaled")
end_at(Engine, "apply", "before it is applied")
end_at(LogWriter, "_write_batch", "before it is written", "before it is synced")
end_at(Venue, "released", "before it is released", "after it is released")
"""


@final
class FundingStory:
    """One long, one short, and nothing else that happens but time.

    founded_sequence: what follows it is time alone.
    """

    def __init__(self, directory: Path) -> None:
        self.data: Final = directory / "data"
        self.seen: Final = Sightings()
        self.finance: Final = FinanceSightings(self.seen)
        self.founded_sequence = 0
        self._clock: Final = VenueClock()
        self._tokens: Final[dict[str, str]] = {}
        self._lines: Final[list[SocketLine]] = []

    async def found(self) -> None:
        """A market, and a position of each user."""
        await self._fulcrum("init", str(self.data))
        said = await self._fulcrum("keys", "new", str(self.data), "--scopes", "admin")
        admin_token = said.partition("token: ")[2].split()[0]
        self._clock.begin_minute_in(FOUNDING_S)
        async with self._process(self._clock.command()) as venue:
            started = await venue.ready()
            await self._open_market(started, admin_token)
            await self._trade(started)
            assert await venue.stop() == 0
        self.founded_sequence = recovered_sequence(self.data)
        for user, token in self._tokens.items():
            self._lines.append(SocketLine(user, token, self.seen, Prices(), ()))

    async def die_at(self, point: str) -> None:
        """Serve until the next stamp's command is at this point; users listen, if they can."""
        self._clock.begin_minute_in(BEFORE_S)
        _, _, _, ahead = self._clock.command()
        async with self._process((sys.executable, "-c", MORTAL + AHEAD, point, ahead)) as venue:
            listening = asyncio.create_task(self._listen(venue))
            async with asyncio.timeout(STAMP_S_MAX):
                assert await venue.ended() == -signal.SIGKILL, venue.log[-3:]
            listening.cancel()
            await asyncio.wait([listening])
            for line in self._lines:
                await line.close()
        self.seen.see_restart(recovered_sequence(self.data))

    async def be_idle_at_a_stamp(self) -> None:
        """Serve until time has brought about something by itself; then ask what was paid."""
        before = recovered_sequence(self.data)
        self._clock.begin_minute_in(BEFORE_S)
        async with self._process(self._clock.command()) as venue, AsyncExitStack() as stack:
            started = await venue.ready()
            self.seen.see_chain(started.sequence, started.event_chain)
            client = HttpClient("")
            await client.open(started.public)
            stack.push_async_callback(client.close)
            async with asyncio.timeout(STAMP_S_MAX):
                while self.seen.sequence == before:
                    await asyncio.sleep(LOOK_S)
                    health = read((await client.ask("GET", "/healthz")).body)
                    self.seen.see_chain(health.sequence, health.event_chain)
            for user, token in self._tokens.items():
                asking = HttpClient(token)
                await asking.open(started.public)
                stack.push_async_callback(asking.close)
                await self.finance.ask(user, asking)
            assert await venue.stop() == 0
        self.seen.see_restart(recovered_sequence(self.data))

    def _process(self, command: tuple[str, ...]) -> VenueProcess:
        return VenueProcess(self.data, ("--port", "0", "--admin-port", "0"), command)

    async def _fulcrum(self, *arguments: str) -> str:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*FULCRUM, *arguments, stdout=pipe)
        said, _ = await process.communicate()
        assert process.returncode == 0, said
        return said.decode()

    async def _open_market(self, started: Started, admin_token: str) -> None:
        admin, teller = HttpClient(admin_token), Teller(self.seen, 0, 1.0)
        await admin.open(started.admin)
        await teller.open(started.admin, admin_token)
        for path, body in (
            ("instruments", LISTING),
            ("prices", {"symbol": SYMBOL, "price": "60000"}),
        ):
            answer = await admin.ask("POST", f"/admin/{path}", dict(body))
            assert not answer.is_refusal, answer.body
        for user in (LONG, SHORT):
            self._tokens[user] = await teller.admit(user)
            await teller.move(user, 10_000 * E8)
        await admin.close()
        await teller.close()

    async def _trade(self, started: Started) -> None:
        for user, side, price in ((SHORT, "SELL", "60000"), (LONG, "BUY", "60000")):
            client = HttpClient(self._tokens[user])
            await client.open(started.public)
            order: Body = {"symbol": SYMBOL, "side": side, "orderType": "LIMIT", "price": price}
            answer = await client.ask("POST", "/api/orders", order | {"quantity": "0.1"})
            assert not answer.is_refusal, answer.body
            await client.close()

    async def _listen(self, venue: VenueProcess) -> None:
        """Hear what happens, as long as there is somebody to hear."""
        try:
            started = await venue.ready()
            for line in self._lines:
                await line.open(started.public)
        except (Disconnected, EndedEarly):
            return
