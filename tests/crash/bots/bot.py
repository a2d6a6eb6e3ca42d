"""A bot: seeded orders of every kind on all markets, amended and cancelled at random.

Knows what its desk was told; what is not allowed at the moment, the venue will say.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, final

from tests.crash.bots.desk import Desk
from tests.crash.bots.markets import TICKETS
from tests.crash.bots.orders import Orders
from tests.crash.clocks import VenueClock
from tests.crash.lines import Body, Prices
from tests.crash.sightings import Shown
from tests.crash.traders import OPPOSITE

RESTING_MAX: Final = 10
TICKETS_MAX: Final = 6


@final
class Bot:
    """One bot.

    is_thin: it has little money and much leverage, and will be liquidated now and then.
    """

    def __init__(
        self,
        desk: Desk,
        prices: Prices,
        clock: VenueClock,
        seed: int,
        pause_s: float,
        *,
        is_thin: bool,
    ) -> None:
        self.desk: Final = desk
        self.actions = 0
        self._random: Final = random.Random(f"{seed} bot {desk.user}")
        self._orders: Final = Orders(self._random, prices, clock, desk.modes, is_thin=is_thin)
        self._pause_s: Final = pause_s
        self._tickets: Final[dict[str, str]] = {}
        self._groups = 0

    async def trade(self, stopping: asyncio.Event) -> None:
        """Until told to stop.  Raises Disconnected when the line is cut."""
        rng = self._random
        acts = self._acts()
        actions, weights = [act for act, _ in acts], [weight for _, weight in acts]
        while not stopping.is_set():
            await asyncio.sleep(rng.expovariate(1 / self._pause_s))
            self.desk.hear()
            if self._orders.are_possible():
                act = rng.choices(actions, weights)[0]
                if len(self.desk.resting) > RESTING_MAX and act != self._amend:
                    act = self._cancel
                await act()
                self.actions += 1

    def _acts(self) -> list[tuple[Callable[[], Awaitable[object]], int]]:
        """What it does, and how often."""
        place, orders = self.desk.place, self._orders
        return [
            (lambda: place(orders.market()), 14),
            (lambda: place(orders.waiting()), 22),
            (lambda: place(orders.conditional()), 8),
            (lambda: place(orders.trailing()), 8),
            (lambda: place(orders.reducing()), 9),
            (lambda: place(orders.iceberg()), 5),
            (self._pair, 4),
            (self._several, 6),
            (self._cancel, 10),
            (self._amend, 10),
            (self._ticket, 8),
            (self._close_ticket, 5),
            (self._lever, 4),
            (self._back, 2),
            (self.desk.line.look, 3),
        ]

    async def _pair(self) -> None:
        self._groups += 1
        orders = self._orders.pair(f"pair-{self._groups}")
        if self._random.random() < 0.5:
            await self.desk.batch([], [], orders)
        else:
            await self.desk.place(*orders)

    async def _several(self) -> None:
        """Some leave, one moves, some come: one command."""
        rng, desk, orders = self._random, self.desk, self._orders
        names = rng.sample(list(desk.resting), min(2, len(desk.resting)))
        placed = [
            orders.limit(orders.symbol(), orders.side(), orders.away())
            for _ in range(rng.randint(1, 3))
        ]
        amends = [change for name in names[1:] if (change := self._change(name)) is not None]
        for name in names[:1]:
            del desk.resting[name]
        await desk.batch(names[:1], amends, placed)

    async def _cancel(self) -> None:
        if self.desk.resting:
            await self.desk.cancel(self._random.choice(list(self.desk.resting)))

    async def _amend(self) -> None:
        if self.desk.resting:
            change = self._change(self._random.choice(list(self.desk.resting)))
            if change is not None:
                await self.desk.amend(change)

    def _change(self, name: str) -> Body | None:
        resting = self.desk.resting[name]
        return self._orders.change(resting.order_id, resting.order)

    async def _lever(self) -> None:
        """Another leverage, with whatever is open."""
        setting: Body = {"symbol": self._orders.symbol(), "leverage": self._orders.leverage()}
        await self.desk.set("account.setLeverage", self._on_a_leg(setting))

    async def _back(self) -> None:
        """Another margin mode, where nothing is open."""
        mode = self._random.choice(("ISOLATED", "CROSS"))
        setting: Body = {"symbol": self._orders.symbol(), "marginMode": mode}
        await self.desk.set("account.setMarginMode", self._on_a_leg(setting))

    def _on_a_leg(self, setting: Body) -> Body:
        if self.desk.modes[str(setting["symbol"])] == "HEDGING":
            setting["positionSide"] = self._random.choice(("LONG", "SHORT"))
        return setting

    async def _ticket(self) -> None:
        """Tickets on the market without a book."""
        if len(self._tickets) >= TICKETS_MAX:
            await self._close_ticket()
            return
        for shown in await self.desk.place(self._orders.ticket()):
            self._keep(shown)

    def _keep(self, shown: Shown) -> None:
        if shown.position_id and not shown.reduce_only:
            self._tickets[shown.position_id] = shown.side

    async def _close_ticket(self) -> None:
        """At the market, by id.  It may be gone: then the venue says so."""
        if not self._tickets:
            return
        position_id = self._random.choice(list(self._tickets))
        side = OPPOSITE[self._tickets.pop(position_id)]
        closer: Body = {"symbol": TICKETS.quoted, "side": side, "orderType": "MARKET"}
        await self.desk.place(closer | {"reduceOnly": True, "positionId": position_id})
