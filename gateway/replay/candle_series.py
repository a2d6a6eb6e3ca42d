"""What was recorded of one market, and whether it belongs together.  Knows no file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.feeds.feed import FeedFault
from gateway.replay.candle_file import Candle

HOUR_MS: Final = 3_600_000
FUNDING_MS: Final = 8 * HOUR_MS
_RARE: Final = 10  # so many times rarer than the usual time from one candle to the next


class UnevenSeries(FeedFault):
    """Recorded series that do not belong together; says what is missing or out of place."""


class Series(NamedTuple):
    """What was recorded of one market.

    source: the name its prices are journaled under.  candles: of trades, two or more, by time.
    marks: of the mark price by time; None if the mark is the last price.
    rates_e8: published funding rates by their stamp in ms; None if they are not known.
    """

    base: str
    source: str
    candles: Sequence[Candle]
    marks: Mapping[int, Candle] | None
    rates_e8: Mapping[int, int] | None

    def candle_ms(self) -> int:
        """How long a candle lasts: the shortest time from one to the next, for a longer is a pause.

        Unless it is so rare that two candles overlap there.
        """
        counts = Counter(self._distances_ms())
        shortest_ms = min(counts)
        usual_ms, usual_count = counts.most_common(1)[0]
        return usual_ms if counts[shortest_ms] * _RARE < usual_count else shortest_ms

    def stamps_ms(self) -> range:
        """The funding stamps that fall due after the first candle begins and before the end."""
        start_ms = self.candles[0].ts_ms
        end_ms = self.candles[-1].ts_ms + self.candle_ms()
        return range((start_ms // FUNDING_MS + 1) * FUNDING_MS, end_ms, FUNDING_MS)

    def faults(self) -> Iterator[str]:
        """What is missing or out of place, in words."""
        yield from self._uneven_times()
        if self.marks is not None:
            for candle in self.candles:
                if candle.ts_ms not in self.marks:
                    yield f"no mark price is recorded at {candle.ts_ms}"
        if self.rates_e8 is not None:
            for stamp_ms in self.stamps_ms():
                if stamp_ms not in self.rates_e8:
                    yield f"no funding rate is recorded at {stamp_ms}"

    def _uneven_times(self) -> Iterator[str]:
        """Candles that overlap, and pauses that are no whole number of candles."""
        candle_ms = self.candle_ms()
        for candle, distance_ms in zip(self.candles[1:], self._distances_ms(), strict=True):
            if distance_ms % candle_ms:
                yield (
                    f"the candle at {candle.ts_ms} begins {distance_ms} ms after the one before;"
                    f" candles last {candle_ms} ms"
                )

    def _distances_ms(self) -> list[int]:
        return [after.ts_ms - before.ts_ms for before, after in pairwise(self.candles)]


def require_even(all_series: Sequence[Series]) -> None:
    """Raises UnevenSeries with the first fault.  Worth asking before anything is written."""
    for series in all_series:
        fault = next(series.faults(), None)
        if fault is not None:
            raise UnevenSeries(f"{series.base}: {fault}")
