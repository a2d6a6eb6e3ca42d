"""A market maker: several levels on both sides of the price, moved in batches.

Knows its desk and the feed's price; has more money than it can lose.
"""

import asyncio
from decimal import Decimal
from typing import Final, final

from tests.crash.bots.desk import Desk
from tests.crash.bots.markets import BOOKED, QUOTED, priced
from tests.crash.lines import Body, Prices

LEVELS: Final = 8
FIRST: Final = 0.0002
STEP: Final = 0.0003
MOVED: Final = Decimal("0.00008")  # of the price: nearer than this it is left where it is
QUANTITIES: Final = ("0.020", "0.050", "0.080", "0.120")
INTERVAL_S: Final = 0.1

Slot = tuple[str, int]  # side, and how many levels from the touch


@final
class MarketMaker:
    """Quotes around the price of the market that the feed drives."""

    def __init__(self, desk: Desk, prices: Prices) -> None:
        self.desk: Final = desk
        self.quotes = 0
        self._prices: Final = prices
        self._names: Final[dict[Slot, str]] = {}
        self._middle = Decimal(0)

    async def trade(self, stopping: asyncio.Event) -> None:
        """Until told to stop.  Raises Disconnected when the line is cut."""
        while not stopping.is_set():
            await asyncio.sleep(INTERVAL_S)
            self.desk.hear()
            if QUOTED in self._prices.last:
                await self._quote(self._prices.last[QUOTED])

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
            await self.desk.line.look()  # a line that is cut is noticed

    def _sides(self, *, rises: bool) -> tuple[str, str]:
        return ("SELL", "BUY") if rises else ("BUY", "SELL")

    def _price(self, slot: Slot) -> str:
        side, level = slot
        return priced(BOOKED, str(self._middle), side, FIRST + STEP * level)

    def _order(self, slot: Slot) -> Body:
        side, level = slot
        return {
            "symbol": BOOKED,
            "side": side,
            "orderType": "LIMIT",
            "quantity": QUANTITIES[level % len(QUANTITIES)],
            "price": self._price(slot),
            "leverage": 5,
        }
