"""From a candle to price updates: the way a price is taken to have gone.  Knows no market.

A candle tells four prices and not their order.  A rising one (close not below open) is taken to
have gone open, low, high, close; a falling one open, high, low, close: first against its direction,
then with it.  A leg longer than the stride is walked in equal steps of at most that size, as the
price did trade on its way; without a stride each leg is one jump.  The steps of a candle are spread
evenly over its time.  A mark price has candles of its own, and takes its corners in the same order
and at the same moments as the last price.
"""

from itertools import pairwise
from typing import Final, NamedTuple

from engine.units import div_ceil
from gateway.replay.candle_file import Candle

E4: Final = 10_000


class Step(NamedTuple):
    """One update: the price of the last trade, and the mark."""

    ts_ms: int
    last_e8: int
    mark_e8: int


def steps(candle: Candle, mark: Candle, duration_ms: int, stride_e4: int) -> list[Step]:
    """The updates of a candle, four or more.

    stride_e4: the longest step, in 10^-4 of the price that its leg starts at; 0 for no limit.
    """
    rises = candle.close_e8 >= candle.open_e8
    corners = list(zip(_corners(candle, rises), _corners(mark, rises), strict=True))
    points = corners[:1]
    for (last, mark_from), (last_to, mark_to) in pairwise(corners):
        parts = max(_parts(last, last_to, stride_e4), _parts(mark_from, mark_to, stride_e4))
        points += [
            (last + (last_to - last) * n // parts, mark_from + (mark_to - mark_from) * n // parts)
            for n in range(1, parts + 1)
        ]
    count = len(points)
    return [
        Step(candle.ts_ms + duration_ms * place // count, *point)
        for place, point in enumerate(points)
    ]


def _corners(candle: Candle, rises: bool) -> tuple[int, int, int, int]:
    turns = (candle.low_e8, candle.high_e8) if rises else (candle.high_e8, candle.low_e8)
    return (candle.open_e8, *turns, candle.close_e8)


def _parts(from_e8: int, to_e8: int, stride_e4: int) -> int:
    """In how many steps a leg is walked."""
    if stride_e4 == 0:
        return 1
    return max(1, div_ceil(abs(to_e8 - from_e8) * E4, from_e8 * stride_e4))
