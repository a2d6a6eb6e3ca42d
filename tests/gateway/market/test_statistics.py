"""The last 24 hours against a list of all trades."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.market.candles import MINUTE, Candle, Candles
from gateway.market.statistics import DayStatistics

NS = 1_000_000_000
DAY_S = 86_400
WAITS = st.one_of(st.integers(0, 100), st.sampled_from([7_200, DAY_S - 60, DAY_S, DAY_S + 60]))
STEPS = st.lists(st.tuples(WAITS, st.integers(1, 50), st.integers(1, 9), st.booleans()))


@given(STEPS)
def test_a_rolling_day_is_that_of_a_list(steps: list[tuple[int, int, int, bool]]) -> None:
    """Asked in between or not, which must not matter."""
    candles = Candles()
    day, trades, now_s = DayStatistics(candles), list[tuple[int, int, int]](), 3 * DAY_S
    for sequence, (wait_s, ticks, lots, is_asked) in enumerate(steps, 1):
        now_s += wait_s
        if is_asked:
            assert day.at(now_s) == naive(trades, now_s, sequence - 1)
        candles.trade(sequence, now_s * NS, ticks, lots)
        trades.append((now_s, ticks, lots))

        assert day.at(now_s) == naive(trades, now_s, sequence)


def naive(trades: list[tuple[int, int, int]], now_s: int, sequence: int) -> Candle | None:
    first_s = now_s - now_s % 60 - DAY_S + 60
    inside = [trade for trade in trades if trade[0] >= first_s]
    if not trades:
        return None
    if not inside:
        close = trades[-1][1]
        return Candle(first_s, close, close, close, close, 0, 0, 0, 0)
    prices = [ticks for _, ticks, _ in inside]
    return Candle(
        first_s,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(lots for _, _, lots in inside),
        sum(ticks * lots for _, ticks, lots in inside),
        len(inside),
        sequence,
    )


def test_what_has_ended_is_summed_once_a_minute() -> None:
    candles = Candles()
    for minute in range(2_000):
        candles.trade(minute + 1, minute * 60 * NS, 100 + minute, 1)
    day = DayStatistics(candles)
    now_s = 1_999 * 60
    first = day.at(now_s)
    candles.levels[MINUTE].closed.clear()

    assert first is not None
    assert (first.open_ticks, first.trades) == (100 + 560, 1_440)
    assert day.at(now_s + 59) == first
    assert day.at(now_s + 60) != first
