"""A book's depth, rebuilt from the changes of its levels.  Knows prices and lots, no orders."""

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final, final

from sortedcontainers import SortedDict

from engine.commands import Side

UNSIZED: Final = -1  # the house takes any quantity there: the bid and the ask of a feed
CHANGES_MAX: Final = 5_000

Level = tuple[int, int]  # price in ticks, lots


@final
class L2Book:
    """Lots by price on both sides, and which levels changed lately.

    sequence, time_ns: of the command that changed it last; 0 before the first.
    Invariant: a side holds no level of 0 lots, and its best price is 0 if it is empty.
    """

    __slots__ = (
        "_asks",
        "_bids",
        "_changes",
        "_forgotten_sequence",
        "best_ask_ticks",
        "best_bid_ticks",
        "sequence",
        "time_ns",
    )

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0
        self.best_bid_ticks = 0
        self.best_ask_ticks = 0
        self._bids: Final[SortedDict[int, int]] = SortedDict()
        self._asks: Final[SortedDict[int, int]] = SortedDict()
        self._changes: Final[deque[tuple[int, Side, int]]] = deque()
        self._forgotten_sequence = 0

    def change(
        self, sequence: int, time_ns: int, side: Side, price_ticks: int, qty_lots: int
    ) -> bool:
        """A level shows these lots now, 0 if it is gone; returns whether the best level changed."""
        self.sequence = sequence
        self.time_ns = time_ns
        self._remember(sequence, side, price_ticks)
        return self._set(side, price_ticks, qty_lots)

    def load(self, side: Side, price_ticks: int, qty_lots: int) -> None:
        """A level as it was when the book began."""
        self._set(side, price_ticks, qty_lots)

    def _set(self, side: Side, price_ticks: int, qty_lots: int) -> bool:
        if side is Side.BUY:
            _put(self._bids, price_ticks, qty_lots)
            best_ticks = self.best_bid_ticks
            if price_ticks < best_ticks:
                return False
            self.best_bid_ticks = self._bids.peekitem(-1)[0] if self._bids else 0
        else:
            _put(self._asks, price_ticks, qty_lots)
            best_ticks = self.best_ask_ticks
            if 0 < best_ticks < price_ticks:
                return False
            self.best_ask_ticks = self._asks.peekitem(0)[0] if self._asks else 0
        return True

    def begin_at(self, sequence: int, time_ns: int) -> None:
        """Go on after `sequence`; what changed before is not known any more."""
        self.sequence = sequence
        self.time_ns = time_ns
        self._changes.clear()
        self._forgotten_sequence = sequence

    def lots(self, side: Side, price_ticks: int) -> int:
        """What a level shows; 0 if there is none."""
        return (self._bids if side is Side.BUY else self._asks).get(price_ticks, 0)

    @property
    def level_count(self) -> int:
        """How many levels both sides have."""
        return len(self._bids) + len(self._asks)

    def bids(self) -> Iterator[Level]:
        """The bids, highest first."""
        return ((price, self._bids[price]) for price in reversed(self._bids))

    def asks(self) -> Iterator[Level]:
        """The asks, lowest first."""
        return iter(self._asks.items())

    def levels(self) -> Iterator[tuple[Side, int, int]]:
        """Every level: side, price in ticks, lots; bids first, the best first."""
        return chain(
            ((Side.BUY, price, lots) for price, lots in self.bids()),
            ((Side.SELL, price, lots) for price, lots in self.asks()),
        )

    def changed_since(self, sequence: int) -> tuple[list[Level], list[Level]] | None:
        """Bids and asks that changed after `sequence` with what they show now, best first.

        None if so much has changed since that it is not known any more.
        """
        if sequence < self._forgotten_sequence:
            return None
        bids: set[int] = set()
        asks: set[int] = set()
        for changed_at, side, price_ticks in reversed(self._changes):
            if changed_at <= sequence:
                break
            (bids if side is Side.BUY else asks).add(price_ticks)
        return (
            [(price, self._bids.get(price, 0)) for price in sorted(bids, reverse=True)],
            [(price, self._asks.get(price, 0)) for price in sorted(asks)],
        )

    def _remember(self, sequence: int, side: Side, price_ticks: int) -> None:
        self._changes.append((sequence, side, price_ticks))
        if len(self._changes) > CHANGES_MAX:
            self._forgotten_sequence = self._changes.popleft()[0]


def _put(levels: SortedDict[int, int], price_ticks: int, qty_lots: int) -> None:
    if qty_lots:
        levels[price_ticks] = qty_lots
    else:
        levels.pop(price_ticks, None)
