"""A market's last 24 hours as one candle.  Knows minutes; keeps nothing that they do not hold.

The window rolls by the minute: the running minute and the 1,439 before it.
"""

from typing import Final, final

from gateway.market.candles import CANDLES_MAX, MINUTE, Candle, Candles, flat

MINUTES: Final = 1_440
assert CANDLES_MAX >= MINUTES
_MINUTE_S: Final = 60


@final
class DayStatistics:
    """The statistics of one market's candles; what has ended is summed once a minute."""

    __slots__ = ("_candles", "_ended", "_summed_at")

    def __init__(self, candles: Candles) -> None:
        self._candles: Final = candles
        self._summed_at = (-1, -1)
        self._ended: Candle | None = None

    def at(self, now_s: int) -> Candle | None:
        """The 24 hours up to `now_s`: open is their first price, close their last.

        Without a price in them, the last one before; None before the first.
        """
        candles = self._candles
        if not candles.close_ticks:
            return None
        now_s = max(now_s, candles.last_start_s)
        first_s = now_s - now_s % _MINUTE_S - (MINUTES - 1) * _MINUTE_S
        summed_at = (first_s, candles.levels[MINUTE].closed_count)
        if summed_at != self._summed_at:
            self._summed_at = summed_at
            self._ended = self._sum_ended(first_s)
        total = self._ended.starting(first_s) if self._ended is not None else None
        for minute in candles.recent(MINUTE):
            if minute.start_s < first_s:
                continue
            if total is None:
                total = minute.starting(first_s)
            else:
                total.add(minute)
        return total or flat(first_s, candles.close_ticks)

    def _sum_ended(self, first_s: int) -> Candle | None:
        total: Candle | None = None
        for minute in self._candles.levels[MINUTE].closed:
            if minute.start_s < first_s:
                continue
            if total is None:
                total = minute.starting(first_s)
            else:
                total.add(minute)
        return total
