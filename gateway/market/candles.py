"""Candles of one market, 1 second to 1 day.  Knows prices, lots and time; knows no market's rules.

Only the seconds are fed.  A second that has ended is added to its minute, a minute that has ended
to its five minutes, and so on: a longer candle is what its shorter ones come to, by construction.
Periods count from the epoch, in UTC.  What holds no trade is not stored, and listed on demand.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, final

import msgspec

INTERVALS: Final = {
    "1s": 1,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3_600,
    "4h": 14_400,
    "1d": 86_400,
}
MINUTE: Final = list(INTERVALS).index("1m")
CANDLES_MAX: Final = 2_000  # of each interval
_NS_PER_S: Final = 1_000_000_000


class Candle(msgspec.Struct, array_like=True, gc=False):
    """What happened in one period.

    value: Σ lots × ticks of its trades.  sequence: of the command that changed it last; 0 if it
    is not stored because nothing happened in it.
    """

    start_s: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    qty_lots: int
    value: int
    trades: int
    sequence: int

    def add(self, later: "Candle") -> None:
        """Go on with what happened later in the same period."""
        self.high_ticks = max(self.high_ticks, later.high_ticks)
        self.low_ticks = min(self.low_ticks, later.low_ticks)
        self.close_ticks = later.close_ticks
        self.qty_lots += later.qty_lots
        self.value += later.value
        self.trades += later.trades
        self.sequence = later.sequence

    def starting(self, start_s: int) -> "Candle":
        """A copy, as the first part of a longer period."""
        return Candle(
            start_s,
            self.open_ticks,
            self.high_ticks,
            self.low_ticks,
            self.close_ticks,
            self.qty_lots,
            self.value,
            self.trades,
            self.sequence,
        )


def flat(start_s: int, ticks: int) -> Candle:
    """A period in which nothing happened: it repeats the close before it."""
    return Candle(start_s, ticks, ticks, ticks, ticks, 0, 0, 0, 0)


@final
class Level:
    """The candles of one interval: those that ended, and the one that may still grow.

    The one that may still grow lacks what the shorter intervals have not passed on yet.
    """

    __slots__ = ("closed", "closed_count", "current", "interval_s")

    def __init__(self, interval_s: int) -> None:
        self.interval_s: Final = interval_s
        self.closed: Final[deque[Candle]] = deque(maxlen=CANDLES_MAX)
        self.closed_count = 0
        self.current: Candle | None = None


@final
class Candles:
    """All candles of a market.  Intervals are named by their place in INTERVALS.

    Invariant: at each level the starts rise, and a level's current candle is not before the
    current candle of the next longer one.
    """

    __slots__ = ("levels",)

    def __init__(self) -> None:
        self.levels: Final = tuple(Level(interval_s) for interval_s in INTERVALS.values())

    @property
    def sequence(self) -> int:
        """Of the command that changed them last; 0 before the first."""
        current = self.levels[0].current
        return 0 if current is None else current.sequence

    @property
    def close_ticks(self) -> int:
        """The last price; 0 before the first."""
        current = self.levels[0].current
        return 0 if current is None else current.close_ticks

    @property
    def last_start_s(self) -> int:
        """The last second in which anything happened; 0 before the first."""
        current = self.levels[0].current
        return 0 if current is None else current.start_s

    def trade(self, sequence: int, time_ns: int, price_ticks: int, qty_lots: int) -> None:
        """A trade makes the price."""
        self._observe(sequence, time_ns, price_ticks, qty_lots, price_ticks * qty_lots, 1)

    def price(self, sequence: int, time_ns: int, price_ticks: int) -> None:
        """A feed says the price."""
        self._observe(sequence, time_ns, price_ticks, 0, 0, 0)

    def fill(self, sequence: int, time_ns: int, price_ticks: int, qty_lots: int) -> None:
        """A fill by the house: volume at a price that somebody else makes."""
        close_ticks = self.close_ticks or price_ticks
        self._observe(sequence, time_ns, close_ticks, qty_lots, price_ticks * qty_lots, 1)

    def _observe(
        self, sequence: int, time_ns: int, ticks: int, qty_lots: int, value: int, trades: int
    ) -> None:
        start_s = time_ns // _NS_PER_S
        candle = Candle(start_s, ticks, ticks, ticks, ticks, qty_lots, value, trades, sequence)
        self._fold(0, candle)

    def _fold(self, place: int, candle: Candle) -> None:
        """Add a candle to its period; a period that has thereby ended goes one level up."""
        level = self.levels[place]
        start_s = candle.start_s - candle.start_s % level.interval_s
        current = level.current
        if current is not None and current.start_s == start_s:
            current.add(candle)
            return
        assert current is None or current.start_s < start_s
        level.current = candle.starting(start_s)
        if current is not None:
            level.closed.append(current)
            level.closed_count += 1
            if place + 1 < len(self.levels):
                self._fold(place + 1, current)

    def recent(self, place: int) -> list[Candle]:
        """The candles of an interval that have not ended yet, as far as is known; copies."""
        interval_s = self.levels[place].interval_s
        found: list[Candle] = []
        for level in reversed(self.levels[: place + 1]):
            current = level.current
            if current is None:
                continue
            start_s = current.start_s - current.start_s % interval_s
            if found and found[-1].start_s == start_s:
                found[-1].add(current)
            else:
                found.append(current.starting(start_s))
        return found

    def changed_since(self, place: int, sequence: int, limit: int) -> int | None:
        """From which start on a reader of all up to `sequence` lacks something.

        None if it lacks nothing, or more than the last `limit` of those stored.
        """
        start_s: int | None = None
        for count, candle in enumerate(self._newest_first(place)):
            if candle.sequence <= sequence:  # the empty periods after it are new too
                return None if count == 0 else candle.start_s + self.levels[place].interval_s
            if count == limit:
                return None
            start_s = candle.start_s
        return start_s  # nothing is forgotten yet: all of it is new

    def _newest_first(self, place: int) -> Iterator[Candle]:
        yield from reversed(self.recent(place))
        yield from reversed(self.levels[place].closed)

    def listed(self, place: int, from_s: int | None, to_s: int, limit: int) -> list[Candle]:
        """Every period that starts from `from_s` to `to_s`, oldest first, empty ones included.

        At most `limit`: the first ones, or the last ones if `from_s` is None.  There is none
        before the oldest that is stored.
        """
        interval_s = self.levels[place].interval_s
        stored = [*self.levels[place].closed, *self.recent(place)]
        if not stored:
            return []
        last_s = to_s - to_s % interval_s
        first_s = last_s - (limit - 1) * interval_s
        if from_s is not None:
            first_s = from_s + -from_s % interval_s
        first_s = max(first_s, stored[0].start_s)
        last_s = min(last_s, first_s + (limit - 1) * interval_s)
        return _filled(stored, range(first_s, last_s + 1, interval_s))


def _filled(stored: Sequence[Candle], starts: range) -> list[Candle]:
    """The stored candles of these starts, and flat ones between; none is before the first."""
    found: list[Candle] = []
    place = bisect_left(stored, starts.start, key=_start)
    for start_s in starts:
        if place < len(stored) and stored[place].start_s == start_s:
            found.append(stored[place])
            place += 1
        else:
            found.append(flat(start_s, stored[place - 1].close_ticks))
    return found


def _start(candle: Candle) -> int:
    return candle.start_s
