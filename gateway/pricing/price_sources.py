"""From the config to where prices come from: one feed or the median of several, and marks.

Composes; decides nothing.
"""

from collections.abc import Sequence
from typing import Final

from engine.instrument import InstrumentSpec
from engine.units import div_floor
from gateway.config import FeedConfig
from gateway.feeds.feed import Feed
from gateway.feeds.median_feed import Agreement, MedianFeed
from gateway.feeds.pace import Monotonic, Sleep
from gateway.feeds.spec import BadFeedSpec, make_feed, parse_feed_spec
from gateway.pricing.mark_price import MarkMaker, MarkRules
from gateway.venue import Venue

_E8_PER_BPS: Final = 10_000
_NS_PER_S: Final = 1_000_000_000


def feed_of(
    config: FeedConfig,
    usual: str,
    instruments: Sequence[InstrumentSpec],
    monotonic: Monotonic,
    sleep: Sleep,
) -> Feed | None:
    """The feed of a config, None for none.  usual: the spec if nothing is said.  Raises FeedFault.

    monotonic and sleep: in seconds, the only time it knows.
    """
    texts = config.specs or [usual]
    made = [make_feed(parse_feed_spec(text), instruments, monotonic, sleep) for text in texts]
    feeds = [feed for feed in made if feed is not None]
    if len(feeds) < 2:
        return feeds[0] if feeds else None
    quorum = config.index_quorum or div_floor(len(feeds), 2) + 1
    if quorum > len(feeds):
        raise BadFeedSpec(f"feed.index_quorum is {quorum}; there are {len(feeds)} feeds")
    band_e8 = config.index_band_bps * _E8_PER_BPS
    return MedianFeed(feeds, Agreement(band_e8, quorum, config.index_stale_ms / 1_000), monotonic)


def marks_of(config: FeedConfig, venue: Venue) -> MarkMaker | None:
    """What makes the marks of order-driven markets; None if the feed does."""
    if config.mark == "feed":
        return None
    cap_e8 = config.mark_cap_bps * _E8_PER_BPS
    rules = MarkRules(config.basis_window_s, config.last_stale_s * _NS_PER_S, cap_e8)
    return MarkMaker(venue.board, venue.clock.now_ns, rules)
