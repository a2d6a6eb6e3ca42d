"""Several feeds as one: each update of any of them gives the median of all that agree.

Knows feeds and a clock; knows no market.  A feed that is silent for too long counts no more, one
that breaks or ends is said once and missed; below the quorum there is no update at all, so that the
market goes stale and nothing in it is liquidated.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import Final, NamedTuple, final

import structlog

from gateway.feeds.feed import SOURCE_CHARS_MAX, Feed, FeedFault, ResumePoint, last_sequence
from gateway.feeds.index_price import combined, near_median
from gateway.feeds.pace import Monotonic
from gateway.feeds.quote import Prices, Quote

_WAITING_MAX: Final = 64

log: Final = structlog.get_logger("feed")


class Agreement(NamedTuple):
    """When feeds make an index.

    band_e8: how far from the median a feed may lie, as a share in 10^-8.
    quorum: how many must agree.  stale_after_s: how long the last update of a feed counts.
    """

    band_e8: int
    quorum: int
    stale_after_s: float


class _Heard(NamedTuple):
    """The last update of one feed for one market, and when it came."""

    prices: Prices
    at_s: float


# What feeds said, by their place; None: look whether one has ended.
_Queue = asyncio.Queue[tuple[int, Quote] | None]


@final
class MedianFeed:
    """A feed made of feeds, in their order; its source sequence counts its own updates.

    dropped: updates that left a feed out, by reason: OUTLIER or STALE; and those that made no
        index, as BELOW_QUORUM.
    """

    def __init__(self, feeds: Sequence[Feed], agreement: Agreement, monotonic: Monotonic) -> None:
        assert len(feeds) > 1
        names = "+".join(feed.source.partition(":")[0] for feed in feeds)
        self.source: Final = f"median:{names}"[:SOURCE_CHARS_MAX]
        self.dropped: Final[Counter[str]] = Counter()
        self._feeds: Final = tuple(feeds)
        self._agreement: Final = agreement
        self._monotonic: Final = monotonic
        self._heard: Final[dict[str, dict[int, _Heard]]] = {}
        self._sequence = 0

    def resume(self, points: Sequence[ResumePoint]) -> None:
        """Go on counting; each feed goes on where it can (a recorded file begins anew)."""
        self._sequence = last_sequence(points, self.source)
        for feed in self._feeds:
            feed.resume(points)

    async def quotes(self) -> AsyncGenerator[Quote, None]:
        """The median after each update, until all feeds have ended; a bug in one ends all."""
        queue: _Queue = asyncio.Queue(_WAITING_MAX)
        tasks = [
            asyncio.create_task(_play(place, feed, queue), name=f"feed {feed.source}")
            for place, feed in enumerate(self._feeds)
        ]
        for task in tasks:
            task.add_done_callback(lambda _: _wake(queue))
        try:
            while not (_all_ended(tasks) and queue.empty()):
                heard = await queue.get()
                if heard is not None and (quote := self.hear(*heard)) is not None:
                    yield quote
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def hear(self, place: int, quote: Quote) -> Quote | None:
        """The update that one feed's makes, None if too few agree."""
        now_s, symbol = self._monotonic(), quote.symbol
        prices = Prices(quote.bid_e8, quote.ask_e8, quote.last_e8, quote.mark_e8, quote.index_e8)
        heard = self._heard.setdefault(symbol, {})
        heard[place] = _Heard(prices, now_s)
        latest_s = now_s - self._agreement.stale_after_s
        fresh = [last.prices for last in heard.values() if last.at_s >= latest_s]
        band_e8, quorum, _ = self._agreement
        self.dropped["STALE"] += len(heard) - len(fresh)
        near = near_median([prices.index_e8 for prices in fresh], band_e8)
        self.dropped["OUTLIER"] += len(fresh) - len(near)
        agreed = combined(fresh, band_e8, quorum)
        if agreed is None:
            self.dropped["BELOW_QUORUM"] += 1
            return None
        self._sequence += 1
        return Quote(symbol, self.source, self._sequence, *agreed)


async def _play(place: int, feed: Feed, queue: _Queue) -> None:
    try:
        async with aclosing(feed.quotes()) as quotes:
            async for quote in quotes:
                await queue.put((place, quote))
        log.info("feed of several ended", source=feed.source)
    except FeedFault as fault:
        log.error("feed of several broke", source=feed.source, error=str(fault))


def _wake(queue: _Queue) -> None:
    """Let the listener look which feeds have ended; a full queue wakes it anyway.

    A feed must not wait for room to say its end: perhaps nobody listens any more.
    """
    with suppress(asyncio.QueueFull):
        queue.put_nowait(None)


def _all_ended(tasks: "Sequence[asyncio.Task[None]]") -> bool:
    """Whether no feed plays any more; raises what only a bug can."""
    ended = [task for task in tasks if task.done()]
    for task in ended:
        task.result()
    return len(ended) == len(tasks)
