"""Updates on their way in: all of them in order, or the newest of each market under pressure.

Knows quotes; knows no sequencer.
"""

from collections import Counter, deque
from typing import Final, final

from gateway.feeds.quote import Quote

ROOM: Final = 64  # waiting updates of one market; a burst of trades in one millisecond fits


@final
class Conflation:
    """Holds waiting quotes in order of arrival, at most ROOM for each market.

    conflated_count: quotes dropped for a newer one before they were taken, since the start.
    """

    def __init__(self) -> None:
        self._waiting: deque[Quote] = deque()
        self._of_market: Final[Counter[str]] = Counter()
        self.conflated_count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, quote: Quote, pressed: bool) -> None:
        """Let the quote wait.

        Under pressure, or without room, what waited for its market is dropped and counted: the
        newest alone counts then, and none is applied late.
        """
        symbol = quote.symbol
        waiting = self._of_market[symbol]
        if waiting and (pressed or waiting >= ROOM):
            self._waiting = deque(other for other in self._waiting if other.symbol != symbol)
            self.conflated_count += waiting
            self._of_market[symbol] = 0
        self._waiting.append(quote)
        self._of_market[symbol] += 1

    def take(self, most: int) -> list[Quote]:
        """The oldest that wait, at most so many; they wait no more."""
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._of_market.subtract(quote.symbol for quote in taken)
        return taken
