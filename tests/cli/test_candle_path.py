"""The way through a candle: its corners in the order of its direction, and no step too long."""

from itertools import pairwise

import pytest

from gateway.replay.candle_file import Candle
from gateway.replay.candle_path import Step, steps

RISING = Candle(60_000, 100, 130, 90, 120)
FALLING = Candle(60_000, 120, 130, 90, 100)


@pytest.mark.parametrize(
    ("candle", "prices"),
    [
        (RISING, [100, 90, 130, 120]),
        (FALLING, [120, 130, 90, 100]),
        (Candle(60_000, 100, 130, 90, 100), [100, 90, 130, 100]),  # still counts as rising
    ],
)
def test_without_a_stride_a_candle_is_its_corners(candle: Candle, prices: list[int]) -> None:
    found = steps(candle, candle, 60_000, stride_e4=0)

    times = [60_000, 75_000, 90_000, 105_000]
    assert found == [Step(ts, price, price) for ts, price in zip(times, prices, strict=True)]


def test_the_mark_takes_its_corners_in_the_order_of_the_last_price() -> None:
    mark = Candle(60_000, 111, 112, 101, 109)  # falling, while the last price rises

    found = steps(RISING, mark, 60_000, stride_e4=0)

    assert [(step.last_e8, step.mark_e8) for step in found] == [
        (100, 111),
        (90, 101),
        (130, 112),
        (120, 109),
    ]


def test_a_long_leg_is_walked_in_even_steps_by_both_prices() -> None:
    crash = Candle(0, 10_000, 10_000, 9_600, 9_700)
    mark = Candle(0, 10_000, 10_000, 9_800, 9_800)

    found = steps(crash, mark, 60_000, stride_e4=100)

    assert [(step.last_e8, step.mark_e8) for step in found] == [
        *((10_000, 10_000), (10_000, 10_000)),
        *((9_900, 9_950), (9_800, 9_900), (9_700, 9_850), (9_600, 9_800)),
        *((9_650, 9_800), (9_700, 9_800)),
    ]
    assert [step.ts_ms for step in found] == [7_500 * place for place in range(8)]


def test_no_step_is_longer_than_the_stride_and_the_extremes_are_reached() -> None:
    crash = Candle(0, 7_937_00, 7_970_10, 5_500_01, 6_100_33)

    found = [step.last_e8 for step in steps(crash, crash, 3_600_000, stride_e4=100)]

    assert len(found) > 40
    assert max(abs(after - before) / before for before, after in pairwise(found)) < 0.0146
    assert (found[0], max(found), min(found), found[-1]) == (793_700, 797_010, 550_001, 610_033)
