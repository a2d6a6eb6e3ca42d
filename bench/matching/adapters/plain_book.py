"""The plain book of dicts and heaps, as a yardstick."""

from collections.abc import Callable

from bench.matching.adapters.base import Base
from bench.matching.plain_book import PlainBook
from bench.matching.streams import CANCEL, LIMIT, MARKET, MID


class Adapter(Base):
    """One plain book; a move is a cancel and a new order."""

    move = "cancel+new"
    notes = "returns the ids of the orders met, no trades"

    def setup(self, nsym: int, max_oid: int, verify: bool) -> None:
        """An empty book."""
        super().setup(nsym, max_oid, verify)
        self.book = PlainBook(MID)

    def step(self) -> Callable[..., object]:
        """A function of eight integers."""
        book = self.book

        def step(
            kind: int, oid: int, uid: int, side: int, price: int, lots: int, sym: int, aux: int
        ) -> object:
            if kind == LIMIT:
                return book.limit(oid, side, price, lots)
            if kind == CANCEL:
                book.cancel(oid)
                return None
            if kind == MARKET:
                return book.market(side, lots)
            book.cancel(oid)
            return book.limit(oid, side, price, lots)

        return step

    def results(self) -> dict[str, int]:
        """Everything that is compared."""
        return self.book.totals()._asdict()
