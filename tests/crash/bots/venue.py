"""A venue with markets of both kinds and two assets, its clients, and the ends of its processes.

One seed is one story: who trades what, and when the venue is killed.  Knows no journal but for
where it ends.
"""

import asyncio
import random
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple, final

import msgspec

from gateway.market_handlers import DEPTH_MAX
from tests.crash.bots.books import BookMessage, Depth, Ear, PublicSightings
from tests.crash.bots.bot import Bot
from tests.crash.bots.desk import Desk
from tests.crash.bots.finance import FinanceSightings
from tests.crash.bots.founding import found_venue, maker_of, wishes
from tests.crash.bots.market_maker import MarketMaker
from tests.crash.bots.markets import ARENAS, SYMBOLS
from tests.crash.bots.operator import Operator
from tests.crash.bots.preferences import is_thin
from tests.crash.clocks import VenueClock
from tests.crash.lines import Disconnected, HttpClient, Prices, SocketLine
from tests.crash.process import FULCRUM, Started, VenueProcess
from tests.crash.sightings import Sightings
from tests.crash.story import CONFIG, recovered_sequence, watch_chain

TICKER_EVERY: Final = 20  # of so many bots one hears the prices, for all
OPENED_TOGETHER: Final = 25
WATCH_S: Final = 0.05
STAMP_S: Final = 0.3
LIFE_S_MIN: Final = 2.0
FOUND_MAX: Final = 20  # orders of each client that are asked for at the end
CLIENTS_ASKED: Final = 25
SEGMENT_BYTES: Final = 4_194_304


class Plan(NamedTuple):
    """What kind of story.

    seconds: of trading, over all processes.  pause_s: mean think time.
    minute_s: how soon after the start of a process a minute begins, and funding is due with it;
        0 leaves that to the machine's clock.
    """

    seed: int
    seconds: float
    bots: int
    kills: int
    pause_s: float
    minute_s: float = 0.0

    def feed(self) -> str:
        """The markets of a base move together."""
        return f"random_walk:seed={self.seed},interval_ms=100,volatility=0.0004"


Client = Bot | MarketMaker


@final
class BotStory:
    """The venue below `directory`, its clients, and its many ends.

    ledger: what the venue said of its ledger's sum before it stopped.
    """

    def __init__(self, directory: Path, plan: Plan) -> None:
        self.data: Final = directory / "data"
        self.seen: Final = Sightings()
        self.public: Final = PublicSightings(self.seen)
        self.finance: Final = FinanceSightings(self.seen)
        self.counts: Final[Counter[str]] = Counter()
        self.clients: Final[list[Client]] = []
        self.ledger = b""
        self._plan: Final = plan
        self._random: Final = random.Random(f"{plan.seed} story")
        self._clock: Final = VenueClock()
        self._prices: Final = Prices()
        self._operator: Final = Operator(self.finance, plan.seed)
        self._tokens: Final[dict[str, str]] = {}
        self._admin_token = ""
        self._stopping: Final = asyncio.Event()
        self._config: Final = directory / "fulcrum.toml"
        self._config.write_text(CONFIG.format(segment_bytes=SEGMENT_BYTES))

    async def run(self) -> None:
        """Open the markets, trade, be killed at random moments, trade on, and stop."""
        await self._found()
        cuts = sorted(self._random.random() for _ in range(self._plan.kills))
        spans = [end - start for start, end in zip([0.0, *cuts], [*cuts, 1.0], strict=True)]
        for span in spans[:-1]:
            async with self._process(self._plan.feed()) as venue:
                await self._live(venue, max(LIFE_S_MIN, span * self._plan.seconds), kill=True)
            self._count_end("kill")
        async with self._process(self._plan.feed()) as venue:
            await self._live(venue, max(LIFE_S_MIN, spans[-1] * self._plan.seconds), kill=False)
            assert await venue.stop() == 0
        self._count_end("stop")

    def desks(self) -> list[Desk]:
        """Of all clients, the market maker's first."""
        return [client.desk for client in self.clients]

    def _process(self, feed: str) -> VenueProcess:
        options = ("--config", str(self._config), "--port", "0", "--admin-port", "0")
        command: tuple[str, ...] = FULCRUM
        if self._plan.minute_s:
            self._clock.begin_minute_in(self._plan.minute_s)
            command = self._clock.command()
        return VenueProcess(self.data, (*options, "--feed", feed), command)

    async def _fulcrum(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(*FULCRUM, *arguments, stdout=PIPE)
        said, _ = await process.communicate()
        assert process.returncode == 0, said
        return said.decode()

    async def _found(self) -> None:
        """A venue of its own: a journal, an operator, markets, everybody's money and wishes."""
        await self._fulcrum("init", str(self.data))
        said = await self._fulcrum("keys", "new", str(self.data), "--scopes", "admin")
        self._admin_token = said.partition("token: ")[2].split()[0]
        async with self._process("none") as venue:
            started = await venue.ready()
            token, bots = self._admin_token, self._plan.bots
            found = await found_venue(started, token, bots, self._operator, self.finance)
            self._tokens.update(found)
            assert await venue.stop() == 0
        self._make_clients()

    def _make_clients(self) -> None:
        plan, prices, clock = self._plan, self._prices, self._clock
        for arena in ARENAS:
            desk = self._desk(maker_of(arena), (arena.quoted,))
            self.clients.append(MarketMaker(desk, arena, prices, plan.seed))
        for number in range(plan.bots):
            tickers = SYMBOLS if number % TICKER_EVERY == 0 else ()
            desk = self._desk(f"bot-{number}", tickers)
            thin = is_thin(number)
            self.clients.append(Bot(desk, prices, clock, plan.seed, plan.pause_s, is_thin=thin))

    def _desk(self, user: str, tickers: tuple[str, ...]) -> Desk:
        ear = Ear(user, SYMBOLS, self.public)
        line = SocketLine(user, self._tokens[user], self.seen, self._prices, tickers, ear)
        modes = wishes(self._plan.bots)[user].all_modes()
        return Desk(user, line, ear, self.finance, modes, self._plan.seed)

    async def _live(self, venue: VenueProcess, seconds: float, *, kill: bool) -> None:
        """All clients at work for so long; then the venue is killed, or asked how things are."""
        started = await venue.ready()
        self.seen.see_chain(started.sequence, started.event_chain)
        desks = self.desks()
        for first in range(0, len(desks), OPENED_TOGETHER):
            together = desks[first : first + OPENED_TOGETHER]
            await asyncio.gather(*(desk.open(started.public) for desk in together))
        works = [asyncio.create_task(self._work(c, started.public)) for c in self.clients]
        works.append(asyncio.create_task(self._operate(started)))
        watch = asyncio.create_task(watch_chain(self.seen, started.public, WATCH_S))
        await asyncio.sleep(seconds)
        if not kill and self._clock.to_minute_s() < self._plan.minute_s:
            await asyncio.sleep(self._clock.to_minute_s() + STAMP_S)  # so that all hear of it
        assert venue.is_running(), venue.log[-3:]
        if kill:
            await venue.kill()
        else:
            self._stopping.set()
        await asyncio.gather(*works)
        if not kill:
            await self._ask_everything(started)
        watch.cancel()
        await asyncio.gather(*(desk.close() for desk in desks))
        faults = [entry for entry in venue.log if entry.get("level") in ("error", "critical")]
        self.seen.contradictions.extend(f"the venue logged {fault}" for fault in faults)

    async def _work(self, client: Client, public: str) -> None:
        """Settle, then trade; connect again if the line is cut and the venue is not gone."""
        desk = client.desk
        while True:
            self.counts["unknown outcomes"] += len(desk.unknown)
            try:
                await desk.settle()
                await client.trade(self._stopping)
                return
            except Disconnected:
                await desk.close()
            try:
                await desk.open(public)
            except Disconnected:
                return
            self.counts["lines cut"] += 1

    async def _operate(self, started: Started) -> None:
        self.counts["unknown transfers"] += len(self._operator.teller.unknown)
        await self._operator.open(started.admin, self._admin_token)
        await self._operator.work(list(self._tokens), self._stopping)
        await self._operator.close()

    async def _ask_everything(self, started: Started) -> None:
        """Nobody trades any more: the ledger, the books, and some orders of some clients."""
        admin = HttpClient(self._admin_token)
        await admin.open(started.admin)
        self.ledger = (await admin.ask("GET", "/admin/ledger")).body
        await admin.close()
        asked = [(d, HttpClient(self._tokens[d.user], 4)) for d in self.desks()[:CLIENTS_ASKED]]
        for desk, client in asked:  # at once: what follows will soon have fired
            await client.open(started.public)
            await self.finance.ask_following(desk.user, client)
        for desk, client in asked:
            self.counts["orders asked for"] += await desk.find(client, FOUND_MAX)
            await self.finance.ask(desk.user, client)
            await client.close()
        await self._ask_books(started.public)
        for desk in self.desks():
            await desk.line.look()

    async def _ask_books(self, public: str) -> None:
        client = HttpClient(self._tokens[maker_of(ARENAS[0])])
        await client.open(public)
        for symbol in SYMBOLS:
            answer = await client.ask("GET", f"/api/book?symbol={symbol}&depth={DEPTH_MAX}")
            assert not answer.is_refusal, answer.body
            book = msgspec.json.decode(answer.body, type=BookMessage)
            depth = Depth(dict(book.bids), dict(book.asks))
            assert max(len(depth.bids), len(depth.asks)) < DEPTH_MAX
            self.public.see_book(symbol.replace("/", "-"), book.sequence, depth)
            self.counts["books asked for"] += 1
        await client.close()

    def _count_end(self, end: str) -> None:
        """The process is gone: look where its journal ends."""
        self.counts[f"{end}s"] += 1
        self.seen.see_restart(recovered_sequence(self.data))
