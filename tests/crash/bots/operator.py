"""The operator while bots trade: sets and gives fee tiers, moves money.  Decides at random."""

import asyncio
import random
from collections import Counter
from typing import Final, final

from tests.crash.bots.finance import OPERATOR, FinanceSightings
from tests.crash.bots.markets import ASSETS, SYMBOLS
from tests.crash.lines import Body, Disconnected, HttpClient
from tests.crash.traders import E8, Teller

TIERS: Final = 3
PAUSE_S: Final = 0.3
RATES: Final = (("-0.0001", "0.0004"), ("0", "0.0003"), ("0.0001", "0.0002"), ("0.0003", "0.0006"))


@final
class Operator:
    """One operator, over all processes of the venue.  counts: what was acknowledged."""

    def __init__(self, finance: FinanceSightings, seed: int) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self.teller: Final = Teller(finance.seen, seed, pause_s=1.0)
        self._finance: Final = finance
        self._random: Final = random.Random(f"{seed} operator")
        self._client: HttpClient | None = None

    async def open(self, admin: str, token: str) -> None:
        """Connect to the admin listener."""
        self._client = HttpClient(token)
        await self._client.open(admin)
        await self.teller.open(admin, token)

    async def close(self) -> None:
        """Hang up."""
        await self.teller.close()
        if self._client is not None:
            await self._client.close()

    async def work(self, users: list[str], stopping: asyncio.Event) -> None:
        """Until told to stop, or the venue is gone."""
        rng = self._random
        try:
            await self.teller.settle()
            while not stopping.is_set():
                user, chance = rng.choice(users), rng.random()
                if chance < 0.5:
                    await self.assign(user, rng.randint(0, TIERS))
                elif chance < 0.7:
                    await self.set_tier(rng.choice(SYMBOLS), rng.randint(1, TIERS))
                else:
                    atoms = rng.choice((20, 10, -5)) * E8 + rng.randrange(E8)
                    await self.teller.move(user, atoms, rng.choice(ASSETS))
                await asyncio.sleep(rng.expovariate(1 / PAUSE_S))
        except Disconnected:
            return

    async def assign(self, user: str, tier: int) -> None:
        """Give a user a fee tier.  Raises Disconnected."""
        await self._put(f"/admin/accounts/{user}/fee-tier", {"tier": tier})

    async def set_tier(self, symbol: str, tier: int) -> None:
        """Set what users of a fee tier pay in a market.  Raises Disconnected."""
        maker, taker = self._random.choice(RATES)
        path = f"/admin/instruments/{symbol.replace('/', '-')}/fee-tiers/{tier}"
        await self._put(path, {"makerFee": maker, "takerFee": taker})

    async def _put(self, path: str, body: Body) -> None:
        assert self._client is not None
        answer = await self._client.ask("PUT", path, body)
        assert not answer.is_refusal, answer.body
        self._finance.see_setting(OPERATOR, answer.body)
        self.counts["tiers set and given"] += 1
