"""From a config to feeds and marks, and an index of several in a running venue."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gateway.config import BadConfig, Config, FeedConfig, load_config
from gateway.feeds.feed import Feed, FeedFault
from gateway.feeds.median_feed import MedianFeed
from gateway.feeds.random_walk import RandomWalkFeed
from gateway.pricing.price_sources import feed_of, marks_of
from tests.feeds.playing import LISTED, StillClock
from tests.gateway.house import House

CLOCK = StillClock()


def made(config: FeedConfig, usual: str = "none") -> Feed | None:
    return feed_of(config, usual, LISTED, CLOCK.monotonic, CLOCK.sleep)


def test_one_feed_is_itself_and_several_are_their_median() -> None:
    several = made(FeedConfig(spec=["random_walk:seed=1", "random_walk:seed=2", "random_walk"]))

    assert (made(FeedConfig()), made(FeedConfig(spec="none"), "random_walk")) == (None, None)
    assert isinstance(made(FeedConfig(), "random_walk"), RandomWalkFeed)
    assert isinstance(made(FeedConfig(spec=["random_walk"])), RandomWalkFeed)
    assert isinstance(several, MedianFeed)
    assert several.source == "median:random_walk+random_walk+random_walk"


def test_a_quorum_that_can_never_be_met_is_refused() -> None:
    pair = ["random_walk:seed=1", "random_walk:seed=2"]

    assert made(FeedConfig(spec=pair, index_quorum=2)) is not None
    with pytest.raises(FeedFault, match="index_quorum is 3; there are 2 feeds"):
        made(FeedConfig(spec=pair, index_quorum=3))


@pytest.mark.parametrize(
    ("feed", "problem"),
    [
        ("spec = ['random_walk', 'radio']", "feed.spec: unknown feed 'radio'"),
        ("spec = ['random_walk', 'none']", "feed.spec: several feeds make an index"),
        ("spec = []", "feed.spec: is []"),
        ("index_band_bps = 0", "feed.index_band_bps: is 0"),
        ("mark = 'last'", "feed.mark: is 'last'"),
    ],
)
def test_a_config_says_what_is_wrong(tmp_path: Path, feed: str, problem: str) -> None:
    file = tmp_path / "fulcrum.toml"
    file.write_text(f"[feed]\n{feed}\n")

    with pytest.raises(BadConfig) as refused:
        load_config(file)
    assert str(refused.value).startswith(problem)


def test_a_config_of_several_is_read(tmp_path: Path) -> None:
    file = tmp_path / "fulcrum.toml"
    file.write_text("[feed]\nspec = ['random_walk', 'scripted:x']\nindex_quorum = 1\n")

    assert load_config(file).feed.specs == ["random_walk", "scripted:x"]
    assert load_config(file, {"feed.spec": "none"}).feed.specs == ["none"]
    assert Config().feed.specs == []


async def test_marks_are_medians_unless_the_feed_is_believed(house: House) -> None:
    assert marks_of(FeedConfig(), house.venue) is not None
    assert marks_of(FeedConfig(mark="feed"), house.venue) is None


def script(path: Path, *prices: str) -> str:
    """A scripted feed of one price for BTC/USDT, 20 ms apart."""
    lines = [{"delayMs": 20, "symbol": "BTC/USDT", "price": price} for price in prices]
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines))
    return f"scripted:{path}"


async def test_a_lie_of_one_feed_liquidates_nobody(house: House, tmp_path: Path) -> None:
    alice = await house.user("alice")
    await alice.order(amount="100")
    specs = [
        script(tmp_path / "a", "20001", "20001", "20001", "20001", "20001"),
        script(tmp_path / "b", "20002", "20002", "20002", "20002", "20002"),
        script(tmp_path / "c", "20003", "1000", "1000", "1000", "1000"),
    ]
    listed = [m.spec for m in house.venue.state.markets if m is not None]
    monotonic = asyncio.get_running_loop().time
    feed = feed_of(FeedConfig(spec=specs), "none", listed, monotonic, asyncio.sleep)
    assert isinstance(feed, MedianFeed)

    await house.prices.follow(feed)
    await asyncio.sleep(0.01)

    market = house.venue.state.markets[1]
    assert market is not None
    assert (market.source, market.index_ticks) == (feed.source, 2_000_150)  # of 20,001 and 20,002
    assert feed.dropped["OUTLIER"] > 0
    assert len((await alice.get("/api/positions")).body["positions"]) == 1
    assert not house.venue.price_refusals
