"""Candles against lists and sums, and longer ones against shorter ones."""

from itertools import groupby
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from gateway.market import candles as module
from gateway.market.candles import INTERVALS, MINUTE, Candle, Candles, flat

NS = 1_000_000_000
DAY_S = 86_400
PLACES = list(enumerate(INTERVALS.values()))


class Seen(NamedTuple):
    """One thing that happened, as the slow model keeps it."""

    sequence: int
    time_s: int
    ticks: int
    lots: int
    value: int
    trades: int


WAITS = st.one_of(
    st.integers(0, 3), st.sampled_from([58, 60, 299, 901, 3_600, 14_399, DAY_S, 3 * DAY_S])
)
STEPS = st.lists(
    st.tuples(
        WAITS,
        st.sampled_from(["trade", "price", "fill"]),
        st.integers(1, 50),
        st.integers(1, 9),
    ),
    max_size=40,
)


def played(steps: list[tuple[int, str, int, int]]) -> tuple[Candles, list[Seen]]:
    """The candles of these steps, and the steps as the slow model sees them."""
    candles, seen, time_s = Candles(), list[Seen](), 5 * DAY_S + 7
    for sequence, (wait_s, kind, ticks, lots) in enumerate(steps, 1):
        time_s += wait_s
        close = seen[-1].ticks if seen else ticks
        if kind == "trade":
            candles.trade(sequence, time_s * NS + 5, ticks, lots)
            seen.append(Seen(sequence, time_s, ticks, lots, ticks * lots, 1))
        elif kind == "price":
            candles.price(sequence, time_s * NS + 5, ticks)
            seen.append(Seen(sequence, time_s, ticks, 0, 0, 0))
        else:
            candles.fill(sequence, time_s * NS + 5, ticks, lots)
            seen.append(Seen(sequence, time_s, close, lots, ticks * lots, 1))
    return candles, seen


def candle_of(start_s: int, seen: list[Seen]) -> Candle:
    """What these come to."""
    prices = [one.ticks for one in seen]
    return Candle(
        start_s,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(one.lots for one in seen),
        sum(one.value for one in seen),
        sum(one.trades for one in seen),
        seen[-1].sequence,
    )


def naive(seen: list[Seen], interval_s: int, starts: range) -> list[Candle]:
    """Every period of `starts` from the first that holds anything on."""
    listed = []
    for start_s in starts:
        before = [one for one in seen if one.time_s < start_s]
        inside = [one for one in seen if start_s <= one.time_s < start_s + interval_s]
        if inside:
            listed.append(candle_of(start_s, inside))
        elif before:
            listed.append(flat(start_s, before[-1].ticks))
    return listed


def stored(candles: Candles, place: int) -> list[Candle]:
    """What is kept of an interval."""
    return [*candles.levels[place].closed, *candles.recent(place)]


@given(STEPS, st.integers(0, 200), st.integers(1, 60))
def test_listed_candles_are_those_of_a_slow_model(
    steps: list[tuple[int, str, int, int]], after_s: int, limit: int
) -> None:
    candles, seen = played(steps)
    to_s = (seen[-1].time_s if seen else 0) + after_s
    for place, interval_s in PLACES:
        last_s = to_s - to_s % interval_s
        starts = range(last_s - (limit - 1) * interval_s, last_s + 1, interval_s)

        assert candles.listed(place, None, to_s, limit) == naive(seen, interval_s, starts)


@given(STEPS, st.integers(0, 40), st.integers(-3, 5_000), st.integers(1, 60))
def test_candles_from_a_time_on_begin_there(
    steps: list[tuple[int, str, int, int]], behind: int, shift_s: int, limit: int
) -> None:
    candles, seen = played(steps)
    begun_s = seen[min(behind, len(seen) - 1)].time_s if seen else 0
    from_s = begun_s + shift_s
    to_s = begun_s + 4_000
    for place, interval_s in PLACES:
        first_s = -(-from_s // interval_s) * interval_s
        if seen:  # there is nothing before the first
            first_s = max(first_s, seen[0].time_s - seen[0].time_s % interval_s)
        starts = range(first_s, to_s + 1, interval_s)[:limit]

        assert candles.listed(place, from_s, to_s, limit) == naive(seen, interval_s, starts)


@given(STEPS)
def test_a_longer_candle_is_what_its_shorter_ones_come_to(
    steps: list[tuple[int, str, int, int]],
) -> None:
    candles, _ = played(steps)
    for short, _ in PLACES:
        for place, interval_s in PLACES[short + 1 :]:
            sums = []
            for start_s, parts in groupby(
                stored(candles, short), key=lambda c: c.start_s - c.start_s % interval_s
            ):
                first, *later = parts
                total = first.starting(start_s)
                for part in later:
                    total.add(part)
                sums.append(total)

            assert stored(candles, place) == sums


@given(STEPS, st.integers(0, 40), st.integers(1, 40))
def test_what_changed_since_a_sequence_is_found(
    steps: list[tuple[int, str, int, int]], since: int, limit: int
) -> None:
    candles, _ = played(steps)
    for place, interval_s in PLACES:
        older = [candle for candle in stored(candles, place) if candle.sequence <= since]
        newer = [candle for candle in stored(candles, place) if candle.sequence > since]
        found = candles.changed_since(place, since, limit)

        if not 0 < len(newer) <= limit:
            assert found is None
        elif older:
            assert found == older[-1].start_s + interval_s
        else:
            assert found == newer[0].start_s


def test_a_gap_repeats_the_close_and_the_next_trade_opens_anew() -> None:
    candles = Candles()
    candles.trade(1, 60 * NS, 100, 2)
    candles.trade(2, 62 * NS, 90, 1)
    candles.trade(3, 301 * NS, 105, 4)

    assert candles.listed(MINUTE, None, 420, 9) == [
        Candle(60, 100, 100, 90, 90, 3, 290, 2, 2),
        Candle(120, 90, 90, 90, 90, 0, 0, 0, 0),
        Candle(180, 90, 90, 90, 90, 0, 0, 0, 0),
        Candle(240, 90, 90, 90, 90, 0, 0, 0, 0),
        Candle(300, 105, 105, 105, 105, 4, 420, 1, 3),
        Candle(360, 105, 105, 105, 105, 0, 0, 0, 0),
        Candle(420, 105, 105, 105, 105, 0, 0, 0, 0),
    ]
    assert [len(stored(candles, place)) for place, _ in PLACES] == [3, 2, 2, 1, 1, 1, 1]


def test_the_oldest_are_forgotten_interval_by_interval() -> None:
    candles = Candles()
    for second in range(module.CANDLES_MAX + 500):
        candles.trade(second + 1, second * NS, 100 + second, 1)

    seconds, minutes = stored(candles, 0), stored(candles, MINUTE)
    assert (len(seconds), seconds[0].start_s) == (module.CANDLES_MAX + 1, 499)
    assert (len(minutes), minutes[0].open_ticks, minutes[0].trades) == (42, 100, 60)
    assert candles.listed(0, 0, 10**9, 2)[0].start_s == 499


def test_nothing_yet_is_an_empty_list() -> None:
    assert Candles().listed(MINUTE, None, 10**9, 100) == []
    assert Candles().changed_since(MINUTE, 0, 100) is None
