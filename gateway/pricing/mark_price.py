"""The mark of an order-driven market: median of index, index with the usual basis, and last.

Source: the mark price of the large perpetual venues (Binance USDⓈ-M: the median of a price from
the index, `index + moving average of the basis over 2.5 minutes`, and the last trade).  One of the
three alone, a wick of the last price or a thin book, cannot move it past the other two.

    basis   = floor((middle − index) × 10^8 / index)     middle of the best bid and ask, half down;
                                                         without one of them the last trade
    average = floor(Σ basis / number)                    one sample a second over the window
    mark    = median(index, floor(index × (10^8 + average) / 10^8), last), kept within
              ceil(index × (10^8 − cap) / 10^8) … floor(index × (10^8 + cap) / 10^8)

A part that is stale or absent is left out: a last trade older than its limit, an average without
samples in the window.  Of two parts the median is half their sum, a half down.  The cap (as at
Deribit) keeps a market that few trade in, where the book and the last trade may be one man's, from
walking away with the mark.  Without an index there is no mark: then no update comes here at all.
Prices in 10^-8; the tick grid comes after.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, final

from engine.commands import BUY, SELL
from engine.market import Market
from engine.units import E8, div_ceil, div_floor
from gateway.feeds.index_price import median
from gateway.market.board import Board

_NS_PER_S: Final = 1_000_000_000


def basis_e8(price_e8: int, index_e8: int) -> int:
    """How far a price lies from the index, as a share in 10^-8, floored."""
    return div_floor((price_e8 - index_e8) * E8, index_e8)


def with_basis_e8(index_e8: int, average_e8: int) -> int:
    """The index with a basis on top, floored; still a price."""
    return max(1, div_floor(index_e8 * (E8 + average_e8), E8))


def mark_price_e8(index_e8: int, average_e8: int | None, last_e8: int | None, cap_e8: int) -> int:
    """The median of the parts there are, at most `cap_e8` from the index, which is always one."""
    parts = [index_e8]
    if average_e8 is not None:
        parts.append(with_basis_e8(index_e8, average_e8))
    if last_e8 is not None:
        parts.append(last_e8)
    lowest = div_ceil(index_e8 * (E8 - cap_e8), E8)
    highest = div_floor(index_e8 * (E8 + cap_e8), E8)
    return max(1, lowest, min(highest, median(parts)))


def middle_e8(bid_ticks: int, ask_ticks: int, tick_size_e8: int) -> int | None:
    """Half way between the best bid and ask, a half down; None if one is missing."""
    if bid_ticks == 0 or ask_ticks == 0:
        return None
    return div_floor((bid_ticks + ask_ticks) * tick_size_e8, 2)


@final
class BasisAverage:
    """The moving average of a basis: the last sample of each second, over a window of seconds."""

    __slots__ = ("_samples", "_sum_e8", "_window_s")

    def __init__(self, window_s: int) -> None:
        self._window_s: Final = window_s
        self._samples: Final[deque[tuple[int, int]]] = deque()
        self._sum_e8 = 0

    def add(self, second: int, sample_e8: int) -> None:
        """A sample; it takes the place of an earlier one of the same second."""
        samples = self._samples
        if samples and samples[-1][0] >= second:
            second, old_e8 = samples.pop()
            self._sum_e8 -= old_e8
        samples.append((second, sample_e8))
        self._sum_e8 += sample_e8

    def average_e8(self, second: int) -> int | None:
        """Over the window that ends with this second, floored; None without a sample in it."""
        samples = self._samples
        while samples and samples[0][0] <= second - self._window_s:
            self._sum_e8 -= samples.popleft()[1]
        return div_floor(self._sum_e8, len(samples)) if samples else None


class MarkRules(NamedTuple):
    """basis_window_s: what the average is taken over.  last_stale_ns: how long a trade counts.
    cap_e8: how far from the index the mark may be, as a share in 10^-8, at most 1."""

    basis_window_s: int
    last_stale_ns: int
    cap_e8: int


@final
class MarkMaker:
    """Marks of all order-driven markets, as their indexes come.

    Looks at books and trades when asked, which is between turns: all it sees is durable.
    """

    def __init__(self, board: Board, now_ns: Callable[[], int], rules: MarkRules) -> None:
        self._board: Final = board
        self._now_ns: Final = now_ns
        self._rules: Final = rules
        self._averages: Final[dict[int, BasisAverage]] = {}

    def mark_e8(self, market: Market, index_e8: int) -> int:
        """The mark at a new index."""
        now_ns = self._now_ns()
        last_e8 = self._last_e8(market, now_ns)
        bid, ask = market.touch_ticks(SELL), market.touch_ticks(BUY)
        price_e8 = middle_e8(bid, ask, market.spec.tick_size_e8) or last_e8
        average = self._averages.get(market.instrument_id)
        if average is None:
            average = BasisAverage(self._rules.basis_window_s)
            self._averages[market.instrument_id] = average
        second = now_ns // _NS_PER_S
        if price_e8 is not None:
            average.add(second, basis_e8(price_e8, index_e8))
        return mark_price_e8(index_e8, average.average_e8(second), last_e8, self._rules.cap_e8)

    def _last_e8(self, market: Market, now_ns: int) -> int | None:
        """The price of the last trade, if it is not too old."""
        tape = self._board.views[market.instrument_id].tape
        if tape.time_ns == 0 or now_ns - tape.time_ns > self._rules.last_stale_ns:
            return None
        return tape.latest(1)[0].price_ticks * market.spec.tick_size_e8
