"""A bot: seeded orders of every kind on both markets, amended and cancelled at random.

Knows what its desk was told; what is not allowed at the moment, the venue will say.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, final

from tests.crash.bots.desk import Desk
from tests.crash.bots.markets import BOOKED, QUOTED, priced
from tests.crash.lines import Body, Prices
from tests.crash.sightings import Shown
from tests.crash.traders import OPPOSITE

RESTING_MAX: Final = 10
TICKETS_MAX: Final = 6
NEAR: Final = (0.0001, 0.003)
_MS: Final = 1_000
MODES: Final = ("CANCEL_MAKER", "CANCEL_TAKER", "CANCEL_BOTH", "DECREMENT")
IMMEDIATE: Final = ("IOC", "FOK")


@final
class Bot:
    """One bot.

    is_thin: it has little money and much leverage, and will be liquidated now and then.
    """

    def __init__(
        self, desk: Desk, prices: Prices, seed: int, pause_s: float, *, is_thin: bool
    ) -> None:
        self.desk: Final = desk
        self.actions = 0
        self._prices: Final = prices
        self._random: Final = random.Random(f"{seed} bot {desk.user}")
        self._pause_s: Final = pause_s
        self._is_thin: Final = is_thin
        self._tickets: Final[dict[str, str]] = {}
        self._groups = 0

    async def trade(self, stopping: asyncio.Event) -> None:
        """Until told to stop.  Raises Disconnected when the line is cut."""
        rng = self._random
        actions: list[Callable[[], Awaitable[object]]] = [
            self._market_order,
            self._limit_order,
            self._conditional,
            self._reduce,
            self._iceberg,
            self._pair,
            self._several,
            self._cancel,
            self._amend,
            self._quoted_order,
            self._close_ticket,
            self.desk.line.look,
        ]
        while not stopping.is_set():
            await asyncio.sleep(rng.expovariate(1 / self._pause_s))
            self.desk.hear()
            if {BOOKED, QUOTED} <= self._prices.last.keys():
                act = rng.choices(actions, (14, 22, 8, 9, 5, 4, 6, 10, 10, 8, 5, 3))[0]
                if len(self.desk.resting) > RESTING_MAX and act != self._amend:
                    act = self._cancel
                await act()
                self.actions += 1

    def _side(self) -> str:
        return self._random.choice(("BUY", "SELL"))

    def _quantity(self) -> str:
        return f"0.{self._random.randint(1, 5 if self._is_thin else 25):03}"

    def _away(self) -> float:
        return self._random.uniform(*NEAR)

    def _order(self, side: str, kind: str) -> Body:
        """An opener on the market with a book."""
        return {
            "symbol": BOOKED,
            "side": side,
            "orderType": kind,
            "quantity": self._quantity(),
            "leverage": 100 if self._is_thin else 10,
        }

    def _priced(self, side: str, below: float) -> str:
        return priced(BOOKED, self._prices.last[QUOTED], side, below)

    def _limit(self, side: str, below: float) -> Body:
        return self._order(side, "LIMIT") | {"price": self._priced(side, below)}

    async def _market_order(self) -> None:
        rng, side = self._random, self._side()
        order = self._order(side, "MARKET")
        if rng.random() < 0.2:
            del order["quantity"]
            order["amount"] = str(rng.randint(3, 10))
        if rng.random() < 0.2:
            order["stopLoss"] = self._priced(side, rng.uniform(0.001, 0.004))
            order["takeProfit"] = self._priced(side, -rng.uniform(0.001, 0.004))
        await self.desk.place(order)

    async def _limit_order(self) -> None:
        """Passive, or crossing; some must not wait, some must not take, some expire."""
        rng, side = self._random, self._side()
        order = self._limit(side, rng.choice((self._away(), self._away(), -0.001)))
        chance = rng.random()
        if chance < 0.2:
            order["timeInForce"] = rng.choice(IMMEDIATE)
        elif chance < 0.35:
            order["postOnly"] = True
        elif chance < 0.5:
            order["timeInForce"] = "GTD"
            order["expiresAt"] = int(time.time() * _MS) + rng.randint(200, 20_000)
        if rng.random() < 0.3:
            order["selfTradePrevention"] = rng.choice(MODES)
        await self.desk.place(order)

    async def _conditional(self) -> None:
        rng, side = self._random, self._side()
        kind = rng.choice(("STOP_MARKET", "STOP_LIMIT", "TAKE_PROFIT_MARKET", "TAKE_PROFIT_LIMIT"))
        order = self._order(side, kind)
        below = self._away() if kind.startswith("TAKE") else -self._away()
        order["triggerPrice"] = self._priced(side, below)
        order["triggerSource"] = rng.choice(("MARK", "LAST", "INDEX"))
        if kind.endswith("LIMIT"):
            order["price"] = self._priced(side, below - rng.uniform(-0.0005, 0.001))
        await self.desk.place(order)

    async def _reduce(self) -> None:
        rng, side = self._random, self._side()
        kind = rng.choice(("MARKET", "LIMIT", "STOP_MARKET"))
        order = self._order(side, kind) | {"reduceOnly": True}
        del order["leverage"]
        if kind == "LIMIT":
            order["price"] = self._priced(side, rng.choice((self._away(), -0.001)))
        elif kind == "STOP_MARKET":
            order["triggerPrice"] = self._priced(side, -self._away())
        elif rng.random() < 0.3:
            del order["quantity"], order["reduceOnly"]
            order["closePosition"] = True
        await self.desk.place(order)

    async def _iceberg(self) -> None:
        order = self._limit(self._side(), self._away())
        order["quantity"] = f"0.{self._random.randint(8, 40):03}"
        order["displayQuantity"] = f"0.{self._random.randint(1, 7):03}"
        await self.desk.place(order)

    async def _pair(self) -> None:
        """One cancels the other: take the profit above, or stop the loss below."""
        self._groups += 1
        group, side = f"pair-{self._groups}", self._side()
        limit = self._limit(side, self._away())
        stop = self._order(side, "STOP_MARKET")
        stop["triggerPrice"] = self._priced(side, -self._away())
        orders = [order | {"ocoGroup": group} for order in (limit, stop)]
        if self._random.random() < 0.5:
            await self.desk.batch([], [], orders)
        else:
            await self.desk.place(*orders)

    async def _several(self) -> None:
        """Some leave, one moves, some come: one command."""
        rng, desk = self._random, self.desk
        names = rng.sample(list(desk.resting), min(2, len(desk.resting)))
        orders = [self._limit(self._side(), self._away()) for _ in range(rng.randint(1, 3))]
        amends = [change for name in names[1:] if (change := self._change(name)) is not None]
        for name in names[:1]:
            del desk.resting[name]
        await desk.batch(names[:1], amends, orders)

    async def _cancel(self) -> None:
        if self.desk.resting:
            await self.desk.cancel(self._random.choice(list(self.desk.resting)))

    async def _amend(self) -> None:
        if self.desk.resting:
            change = self._change(self._random.choice(list(self.desk.resting)))
            if change is not None:
                await self.desk.amend(change)

    def _change(self, name: str) -> Body | None:
        """Another price or, on the market with a book, another quantity."""
        rng, resting = self._random, self.desk.resting[name]
        order, side = resting.order, str(resting.order["side"])
        symbol = str(order["symbol"])
        names_order: Body = {"orderId": resting.order_id}
        if "price" in order and rng.random() < 0.6:
            price = priced(symbol, self._prices.last[QUOTED], side, self._away())
            return names_order | {"price": price}
        if "quantity" in order and symbol == BOOKED:
            return names_order | {"quantity": self._quantity()}
        return None

    async def _quoted_order(self) -> None:
        """Tickets on the market without a book."""
        rng, side = self._random, self._side()
        if len(self._tickets) >= TICKETS_MAX:
            await self._close_ticket()
            return
        kind = rng.choices(("MARKET", "LIMIT", "STOP_MARKET"), (6, 3, 2))[0]
        order: Body = {
            "symbol": QUOTED,
            "side": side,
            "orderType": kind,
            "amount": str(rng.randint(2, 20)),
            "leverage": rng.choice((5, 25, 100)),
        }
        below = self._away() if kind == "LIMIT" else -self._away()
        price = priced(QUOTED, self._prices.last[QUOTED], side, below)
        if kind != "MARKET":
            order["price" if kind == "LIMIT" else "triggerPrice"] = price
        for shown in await self.desk.place(order):
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
        closer: Body = {"symbol": QUOTED, "side": side, "orderType": "MARKET"}
        await self.desk.place(closer | {"reduceOnly": True, "positionId": position_id})
