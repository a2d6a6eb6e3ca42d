"""Invented prices: a seeded geometric walk.  Knows integers only; knows nothing recorded.

Each step is a function of (seed, base asset, step number) and the price before it, in integers: the
same on every machine, and one that stops and resumes walks as if it had never stopped.
"""

import hashlib
import struct
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Final, NamedTuple, final

from engine.units import E8, div_ceil, div_floor
from gateway.feeds.feed import ResumePoint, last_sequence
from gateway.feeds.pace import Pacer
from gateway.feeds.quote import Quote, nearest_half_down

SOURCE: Final = "random_walk"
# Six standard deviations, the furthest a step goes, then leave at least 40 % of the price.
VOLATILITY_E8_MAX: Final = E8 // 10
SPREAD_E8_MAX: Final = E8 // 10

_UNIT: Final = 1 << 32
_TWELVE_WORDS: Final = struct.Struct("<12I")
_PRICE_E8_MAX: Final = 10**18 - 1


class Walk(NamedTuple):
    """How the price moves.

    volatility_e8: standard deviation of one step, a share of the price in 10^-8.
    spread_e8: ask minus bid, a share of the price in 10^-8.
    """

    seed: int
    interval_ms: int
    volatility_e8: int
    spread_e8: int


def deviation(seed: int, base: str, step: int) -> int:
    """A normal deviate in units of 2^-32: twelve uniform words, less their mean of six.

    By base and not by symbol: the markets of one asset move together.
    """
    name = f"{seed}/{base}/{step}".encode()
    words: tuple[int, ...] = _TWELVE_WORDS.unpack(hashlib.blake2b(name, digest_size=48).digest())
    return sum(words) - 6 * (_UNIT - 1)


@final
class RandomWalkFeed:
    """A walk for each market; one step of all of them is one source sequence.

    start_e8: the first middle price of each (symbol, base), in 10^-8.
    """

    source: Final = SOURCE

    def __init__(self, walk: Walk, start_e8: Mapping[tuple[str, str], int], pacer: Pacer) -> None:
        assert 0 <= walk.volatility_e8 <= VOLATILITY_E8_MAX
        assert 0 <= walk.spread_e8 <= SPREAD_E8_MAX
        self._walk: Final = walk
        self._pacer: Final = pacer
        self._markets: Final = tuple(start_e8)
        self._middle_e8: Final = {symbol: price for (symbol, _), price in start_e8.items()}
        self._step = 0

    def resume(self, points: Sequence[ResumePoint]) -> None:
        """Go on from each market's last admitted price, whatever source gave it."""
        self._step = last_sequence(points, SOURCE)
        for point in points:
            if point.symbol in self._middle_e8:
                self._middle_e8[point.symbol] = point.index_e8

    async def quotes(self) -> AsyncGenerator[Quote, None]:
        """A step of every market at each interval, without end."""
        self._pacer.start()
        first_step = self._step + 1
        while True:
            self._step += 1
            await self._pacer.wait_until((self._step - first_step) * self._walk.interval_ms / 1_000)
            for symbol, base in self._markets:
                yield self._next(symbol, base)

    def _next(self, symbol: str, base: str) -> Quote:
        middle = self._middle_e8[symbol]
        change = self._walk.volatility_e8 * deviation(self._walk.seed, base, self._step)
        middle = _valid(middle + nearest_half_down(middle * change, E8 * _UNIT))
        self._middle_e8[symbol] = middle
        bid = _valid(div_floor(middle * (2 * E8 - self._walk.spread_e8), 2 * E8))
        ask = _valid(div_ceil(middle * (2 * E8 + self._walk.spread_e8), 2 * E8))
        return Quote(symbol, SOURCE, self._step, bid, ask, middle, middle, middle)


def _valid(price: int) -> int:
    # Only a walk of many lifetimes gets to either end; it then stays a price.
    return min(max(price, 1), _PRICE_E8_MAX)
