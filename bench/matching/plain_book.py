"""A price-time book of dicts and heaps: what a stream must come to.

Shares nothing with the engine.  It is the expectation of every check here, and, because it is as
short as a book can be, a yardstick of speed.  Standard library only: it runs under the
interpreters of the peers too.
"""

import heapq
from typing import Final, NamedTuple

BUY: Final = 0
SELL: Final = 1


class Totals(NamedTuple):
    """Where a stream ends.  notional: sum of price times lots.  best_…: 0 without orders."""

    trades: int
    volume: int
    notional: int
    resting: int
    best_bid: int
    best_ask: int


class PlainBook:
    """Levels are dicts in order of arrival; the best price comes off a heap that forgets late."""

    __slots__ = ("_heaps", "_levels", "counts", "last", "notional", "orders", "trades", "volume")

    def __init__(self, last: int) -> None:
        # By side; prices of bids are kept negative in their heap, so that the best comes first.
        self._levels: Final[tuple[dict[int, dict[int, None]], ...]] = ({}, {})
        self._heaps: Final[tuple[list[int], list[int]]] = ([], [])
        self.orders: Final[dict[int, list[int]]] = {}  # id to side, price, lots
        self.counts: Final = [0, 0]
        self.trades = 0
        self.volume = 0
        self.notional = 0
        self.last = last

    def best(self, side: int) -> int:
        """The best price of a side, 0 if there is none."""
        heap, levels = self._heaps[side], self._levels[side]
        while heap:
            price = -heap[0] if side == BUY else heap[0]
            if price in levels:
                return price
            heapq.heappop(heap)
        return 0

    def limit(self, order_id: int, side: int, price: int, lots: int) -> list[int]:
        """Trade up to the price, let the rest rest; the ids of the orders met."""
        met: list[int] = []
        left = self._sweep(side, price, lots, met)
        if left:
            level = self._levels[side].get(price)
            if level is None:
                level = self._levels[side][price] = {}
                heapq.heappush(self._heaps[side], -price if side == BUY else price)
            level[order_id] = None
            self.orders[order_id] = [side, price, left]
            self.counts[side] += 1
        return met

    def market(self, side: int, lots: int) -> list[int]:
        """Trade at any price; the ids of the orders met."""
        met: list[int] = []
        self._sweep(side, None, lots, met)
        return met

    def cancel(self, order_id: int) -> None:
        """Take an order out."""
        side, price, _ = self.orders.pop(order_id)
        level = self._levels[side][price]
        del level[order_id]
        if not level:
            del self._levels[side][price]
        self.counts[side] -= 1

    def totals(self) -> Totals:
        """All that is compared."""
        numbers = (self.trades, self.volume, self.notional, len(self.orders))
        return Totals(*numbers, self.best(BUY), self.best(SELL))

    def _sweep(self, side: int, limit: int | None, lots: int, met: list[int]) -> int:
        other = 1 - side
        while lots:
            price = self.best(other)
            if not price:
                break
            if limit is not None and (price > limit if side == BUY else price < limit):
                break
            maker_id = next(iter(self._levels[other][price]))
            maker = self.orders[maker_id]
            traded = min(lots, maker[2])
            lots -= traded
            maker[2] -= traded
            met.append(maker_id)
            self.trades += 1
            self.volume += traded
            self.notional += traded * price
            self.last = price
            if not maker[2]:
                self.cancel(maker_id)
        return lots
