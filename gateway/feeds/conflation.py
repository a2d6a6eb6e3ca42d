"""The newest update of each market while the venue is busy.  Knows quotes; knows no sequencer."""

from typing import Final, final

from gateway.feeds.quote import Quote


@final
class Conflation:
    """Holds at most one waiting quote for each market: a newer one takes the place of an older.

    conflated_count: quotes replaced before they were taken, since the start.
    """

    def __init__(self) -> None:
        self._newest: Final[dict[str, Quote]] = {}
        self.conflated_count = 0

    def __len__(self) -> int:
        return len(self._newest)

    def offer(self, quote: Quote) -> None:
        """Let the quote wait; what waited for its market is dropped and counted."""
        # Taken out first, so that the markets are kept in the order of what they hold.
        if self._newest.pop(quote.symbol, None) is not None:
            self.conflated_count += 1
        self._newest[quote.symbol] = quote

    def take_all(self) -> list[Quote]:
        """What waits, oldest offer first; nothing waits afterwards."""
        quotes = list(self._newest.values())
        self._newest.clear()
        return quotes
