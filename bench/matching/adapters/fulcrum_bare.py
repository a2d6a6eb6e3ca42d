"""The engine's book alone: sweep, rest, cancel, move, and the lots shown at each price."""

from collections.abc import Callable

from bench.matching.adapters.base import Base
from bench.matching.bare_book import SIDES, BareBook, Trade
from bench.matching.streams import CANCEL, LIMIT, MARKET


class Adapter(Base):
    """One bare book; every command returns its trades."""

    covers = "matching, visible lots by price, trades"

    def setup(self, nsym: int, max_oid: int, verify: bool) -> None:
        """An empty book."""
        super().setup(nsym, max_oid, verify)
        self.book = BareBook()
        self.trades = self.volume = self.notional = 0

    def step(self) -> Callable[..., object]:
        """A function of eight integers."""
        limit, cancel = self.book.limit, self.book.cancel
        market, move = self.book.market, self.book.move
        sides = SIDES

        def step(
            kind: int, oid: int, uid: int, side: int, price: int, lots: int, sym: int, aux: int
        ) -> list[Trade] | None:
            if kind == LIMIT:
                return limit(oid, sides[side], price, lots)
            if kind == CANCEL:
                cancel(oid)
                return None
            if kind == MARKET:
                return market(sides[side], lots)
            return move(oid, price)

        return self._counting(step) if self.verify else step

    def _counting(self, step: Callable[..., list[Trade] | None]) -> Callable[..., object]:
        def counting(*row: int) -> None:
            for _, price, lots in step(*row) or ():
                self.trades += 1
                self.volume += lots
                self.notional += lots * price

        return counting

    def results(self) -> dict[str, int]:
        """Everything that is compared; what the levels show must be what rests."""
        book = self.book.book
        shown = sum(book.depth_bids.values()) + sum(book.depth_asks.values())
        assert shown == sum(order.qty_lots for order in self.book.orders.values())
        return {
            "trades": self.trades,
            "volume": self.volume,
            "notional": self.notional,
            "resting": len(self.book.orders),
            "best_bid": book.best_bid_ticks,
            "best_ask": book.best_ask_ticks,
        }
