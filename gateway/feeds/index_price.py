"""The index of several sources: their median, without those far from it.  Pure integers.

Source: the price index of the large perpetual venues (Binance USDⓈ-M): the sources are combined,
and one that lies more than a band (there 5 %) from the median of all has no weight; a source that
has gone silent has none either.  Here the sources have equal weight, so the combination is a
median too.  Prices are integers of 10^-8 quote units per unit of base; a half goes down.
"""

from collections.abc import Sequence

from engine.units import E8, div_floor
from gateway.feeds.quote import Prices


def median(values: Sequence[int]) -> int:
    """The middle one; of an even number, half the sum of the two in the middle, a half down."""
    ordered = sorted(values)
    place = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[place]
    return div_floor(ordered[place - 1] + ordered[place], 2)


def near_median(prices: Sequence[int], band_e8: int) -> list[int]:
    """The places of those at most a band, a share in 10^-8, from the median of all.

    `|price − median| × 10^8 ≤ band × median`, so that nothing is rounded but the median itself.
    """
    middle = median(prices)
    return [
        place for place, price in enumerate(prices) if abs(price - middle) * E8 <= band_e8 * middle
    ]


def combined(sources: Sequence[Prices], band_e8: int, quorum: int) -> Prices | None:
    """Median of each of the five prices over the sources whose index is near the others'.

    None if fewer than `quorum` are left: there is no index then.  Bid stays below ask: medians
    keep an order that all sources have.
    """
    if len(sources) < quorum or not sources:
        return None
    places = near_median([prices.index_e8 for prices in sources], band_e8)
    if len(places) < quorum or not places:
        return None
    kept = [sources[place] for place in places]
    return Prices(*(median(values) for values in zip(*kept, strict=True)))
