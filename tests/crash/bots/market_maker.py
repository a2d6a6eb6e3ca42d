"""A market maker: several levels on both sides of the price, moved in batches.

Knows its desk and the feed's price; has more money than it can lose.
"""

import asyncio
import random
from decimal import Decimal
from typing import Final, final

from tests.crash.bots.desk import Desk
from tests.crash.bots.markets import Arena, priced, quantity
from tests.crash.bots.orders import on_leg
from tests.crash.lines import Body, Prices

LEVELS: Final = 8
FIRST: Final = 0.0002
STEP: Final = 0.0003
MOVED: Final = Decimal("0.00008")  # of the price: nearer than this it is left where it is
UNITS: Final = (20, 50, 80, 120)
INTERVAL_S: Final = 0.1

LEAVES_SHARE: Final = 0.005  # of all rounds it takes everything away
AWAY_ROUNDS: Final = 15

Slot = tuple[str, int]  # side, and how many levels from the touch


@final
class MarketMaker:
    """Quotes in the market with a book of an arena, around the price that its feed drives.

    absences: how often it left; whoever is liquidated then finds few to trade with.
    """

    def __init__(self, desk: Desk, arena: Arena, prices: Prices, seed: int) -> None:
        self.desk: Final = desk
        self.quotes = 0
        self.absences = 0
        self._arena: Final = arena
        self._prices: Final = prices
        self._random: Final = random.Random(f"{seed} market maker {arena.booked}")
        self._away_rounds = 0
        self._names: Final[dict[Slot, str]] = {}
        self._middle = Decimal(0)

    async def trade(self, stopping: asyncio.Event) -> None:
        """Until told to stop.  Raises Disconnected when the line is cut."""
        while not stopping.is_set():
            await asyncio.sleep(INTERVAL_S)
            self.desk.hear()
            self._away_rounds -= 1
            if self._away_rounds > 0 or self._arena.quoted not in self._prices.last:
                await self.desk.line.look()  # a line that is cut is noticed
            elif self._random.random() < LEAVES_SHARE:
                await self._leave()
            else:
                await self._quote(self._prices.last[self._arena.quoted])

    async def _leave(self) -> None:
        """Take everything away, for a while."""
        self.absences += 1
        self._away_rounds = AWAY_ROUNDS
        if self.desk.resting:
            names = list(self.desk.resting)
            self.desk.resting.clear()
            await self.desk.batch(names, [], [])

    async def _quote(self, middle: str) -> None:
        """Move what is there, and put back what was taken."""
        now = Decimal(middle)
        rises = now > self._middle
        resting = self.desk.resting
        # The side that gives way first, so that it does not meet itself.
        slots = [(side, n) for side in self._sides(rises=rises) for n in range(LEVELS)]
        missing = [slot for slot in slots if self._names.get(slot, "") not in resting]
        moves = abs(now - self._middle) > MOVED * now
        amends: list[Body] = []
        if moves:
            self._middle = now
            amends = [
                {"orderId": resting[self._names[slot]].order_id, "price": self._price(slot)}
                for slot in slots
                if slot not in missing
            ]
        orders = [self._order(slot) for slot in missing]
        if amends or orders:
            self.quotes += 1
            await self.desk.batch([], amends, orders)
            for slot, order in zip(missing, orders, strict=True):
                self._names[slot] = str(order["clientOrderId"])
        else:
            await self.desk.line.look()

    def _sides(self, *, rises: bool) -> tuple[str, str]:
        return ("SELL", "BUY") if rises else ("BUY", "SELL")

    def _price(self, slot: Slot) -> str:
        side, level = slot
        return priced(self._arena.booked, str(self._middle), side, FIRST + STEP * level)

    def _order(self, slot: Slot) -> Body:
        side, level = slot
        order: Body = {
            "symbol": self._arena.booked,
            "side": side,
            "orderType": "LIMIT",
            "quantity": quantity(self._arena.booked, UNITS[level % len(UNITS)]),
            "price": self._price(slot),
        }
        return on_leg(self.desk.modes, order, opens=True)
