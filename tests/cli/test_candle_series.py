"""Recorded series belong together or are refused, with the time of the first fault."""

from collections.abc import Sequence

import pytest

from gateway.replay.candle_file import Candle
from gateway.replay.candle_series import FUNDING_MS, Series, UnevenSeries, require_even
from tests.cli.candles import FIRST_STAMP_MS, MINUTE_MS, START_MS, invented_series


def at_minutes(minutes: Sequence[float]) -> Series:
    """Candles that begin so many minutes after the start."""
    times = [START_MS + round(minute * MINUTE_MS) for minute in minutes]
    return Series("BTC", "file:BTC", [Candle(ts_ms, 1, 1, 1, 1) for ts_ms in times], None, None)


@pytest.mark.parametrize(
    "minutes", [(0, 2, 3, 4), (0, 1, 4, 5), (0, 1, 2, 9), (0, 5, 6, 9), (0, 1), (0, 1, 2)]
)
def test_a_pause_of_whole_candles_may_lie_anywhere(minutes: Sequence[int]) -> None:
    series = at_minutes(minutes)

    require_even([series])

    assert series.candle_ms() == MINUTE_MS


def test_a_pause_of_a_part_of_a_candle_is_named() -> None:
    series = at_minutes([0, 1, 2, 4.5, 5.5])

    began = f"BTC: the candle at {START_MS + 270_000} begins 150000 ms after the one before"
    with pytest.raises(UnevenSeries, match=f"^{began}; candles last 60000 ms$"):
        require_even([at_minutes([0, 1]), series])


@pytest.mark.parametrize("begins_ms", [1, 15_000, 30_000])
def test_one_candle_too_many_is_named_whether_or_not_it_divides_the_others(begins_ms: int) -> None:
    series = at_minutes([*range(41), 40 + begins_ms / MINUTE_MS, *range(41, 80)])

    at_ms = START_MS + 40 * MINUTE_MS + begins_ms
    words = f"BTC: the candle at {at_ms} begins {begins_ms} ms after the one before"
    with pytest.raises(UnevenSeries, match=words):
        require_even([series])


def test_a_market_that_seldom_trades_twice_in_a_row_is_no_overlap() -> None:
    series = at_minutes([0, 2, 4, 6, 7, 9, 12])

    require_even([series])

    assert series.candle_ms() == MINUTE_MS


def test_marks_and_rates_that_are_given_must_be_there() -> None:
    series = invented_series("BTC")

    require_even([series._replace(marks=None, rates_e8=None)])
    with pytest.raises(UnevenSeries, match=f"BTC: no mark price is recorded at {START_MS}"):
        require_even([series._replace(marks={})])
    with pytest.raises(UnevenSeries, match=f"BTC: no funding rate is recorded at {FIRST_STAMP_MS}"):
        require_even([series._replace(rates_e8={})])


def test_only_stamps_between_the_first_candle_and_the_end_fall_due() -> None:
    series = invented_series("BTC")

    assert list(series.stamps_ms()) == [FIRST_STAMP_MS]
    assert list(series._replace(candles=series.candles[:240]).stamps_ms()) == []
    at_the_stamp = series._replace(candles=series.candles[240:])
    assert list(at_the_stamp.stamps_ms()) == []
    assert FIRST_STAMP_MS % FUNDING_MS == 0
