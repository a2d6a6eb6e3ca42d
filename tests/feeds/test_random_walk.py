"""The walk is the same everywhere, goes on as if never stopped, and is a price at every step."""

import os
import subprocess
import sys
from collections.abc import Mapping
from statistics import fmean, pstdev

import pytest

from gateway.feeds.feed import ResumePoint
from gateway.feeds.quote import Quote
from gateway.feeds.random_walk import RandomWalkFeed, Walk, deviation
from tests.feeds.playing import StillClock, play

E8 = 100_000_000
BTC = ("BTC/USDT", "BTC")
BTC_PERP = ("BTC-PERP/USDT", "BTC")
ETH = ("ETH/USDT", "ETH")
STARTS = {BTC: 65_000 * E8, ETH: 3_500 * E8}
WALK = Walk(seed=7, interval_ms=100, volatility_e8=10_000, spread_e8=20_000)

FIRST_QUOTES = f"""
from tests.feeds.playing import StillClock, play
from gateway.feeds.random_walk import RandomWalkFeed, Walk
print(play(RandomWalkFeed({WALK!r}, {STARTS!r}, StillClock().pacer()), 200))
"""


def feed(
    starts: Mapping[tuple[str, str], int] = STARTS,
    walk: Walk = WALK,
    clock: StillClock | None = None,
) -> RandomWalkFeed:
    return RandomWalkFeed(walk, starts, (clock or StillClock()).pacer())


def of(symbol: str, quotes: list[Quote]) -> list[Quote]:
    return [quote for quote in quotes if quote.symbol == symbol]


def points(quotes: list[Quote]) -> list[ResumePoint]:
    return [ResumePoint(q.symbol, q.source, q.source_sequence, q.index_e8) for q in quotes]


def test_the_first_steps_of_the_demo_never_change() -> None:
    # Recomputed once with fractions, from the words of the digests.
    assert [
        (q.symbol, q.source_sequence, q.bid_e8, q.ask_e8, q.index_e8) for q in play(feed(), 4)
    ] == [
        ("BTC/USDT", 1, 6_498_770_507_388, 6_500_070_391_478, 6_499_420_449_433),
        ("ETH/USDT", 1, 349_940_955_871, 350_010_951_063, 349_975_953_467),
        ("BTC/USDT", 2, 6_498_552_203_158, 6_499_852_043_584, 6_499_202_123_371),
        ("ETH/USDT", 2, 349_965_381_938, 350_035_382_016, 350_000_381_977),
    ]


def test_the_walk_does_not_depend_on_the_hash_seed() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-c", FIRST_QUOTES],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "1", "4242")
    }

    assert printed == {f"{play(feed(), 200)}\n"}


def test_another_seed_walks_another_way() -> None:
    other = play(feed(walk=WALK._replace(seed=8)), 2)

    assert other != play(feed(), 2)


def test_one_step_of_all_markets_comes_at_each_interval() -> None:
    clock = StillClock()

    quotes = play(feed(clock=clock), 8)

    assert [(quote.symbol, quote.source_sequence) for quote in quotes] == [
        (symbol, step) for step in (1, 2, 3, 4) for symbol in ("BTC/USDT", "ETH/USDT")
    ]
    assert clock.waits_ms() == [100, 100, 100]


def test_a_market_walks_the_same_way_whatever_else_is_listed() -> None:
    alone = play(feed({BTC: STARTS[BTC]}), 50)

    assert of("BTC/USDT", play(feed(), 100)) == alone


def test_markets_of_one_asset_move_together() -> None:
    quotes = play(feed({BTC: STARTS[BTC], BTC_PERP: STARTS[BTC]}), 100)

    assert [quote.index_e8 for quote in of("BTC/USDT", quotes)] == (
        [quote.index_e8 for quote in of("BTC-PERP/USDT", quotes)]
    )


@pytest.mark.parametrize("stopped_after", [1, 2, 37])
def test_a_resumed_walk_is_the_walk_that_never_stopped(stopped_after: int) -> None:
    uninterrupted = play(feed(), 120)
    resumed = feed()
    resumed.resume(points(uninterrupted[2 * stopped_after - 2 : 2 * stopped_after]))

    assert play(resumed, 120 - 2 * stopped_after) == uninterrupted[2 * stopped_after :]


def test_after_another_source_it_takes_over_its_price_and_counts_its_own_steps() -> None:
    still = WALK._replace(volatility_e8=0, spread_e8=0)
    resumed = feed(walk=still)
    resumed.resume(
        [
            ResumePoint("BTC/USDT", "file:btc.csv.gz", 99_294, 68_907 * E8),
            ResumePoint("DELISTED/USDT", "random_walk", 3, E8),
        ]
    )

    assert play(resumed, 2) == [
        Quote("BTC/USDT", "random_walk", 4, *[68_907 * E8] * 5),
        Quote("ETH/USDT", "random_walk", 4, *[3_500 * E8] * 5),
    ]


def test_the_spread_is_the_share_asked_for_and_rounds_outwards() -> None:
    still = WALK._replace(volatility_e8=0, spread_e8=20_000)

    assert play(feed({BTC: 65_000 * E8 + 1}, still), 1) == [
        Quote(
            "BTC/USDT",
            "random_walk",
            1,
            6_499_350_000_000,
            6_500_650_000_002,
            *[6_500_000_000_001] * 3,
        )
    ]


def test_a_deviation_has_mean_zero_and_variance_one() -> None:
    deviations = [deviation(7, "BTC", step) / 2**32 for step in range(20_000)]

    assert fmean(deviations) == pytest.approx(0, abs=0.02)
    assert pstdev(deviations) == pytest.approx(1, abs=0.02)
    assert max(map(abs, deviations)) < 6


@pytest.mark.parametrize("start_e8", [1, 10**18 - 1])
def test_a_walk_at_either_end_of_the_prices_stays_a_price(start_e8: int) -> None:
    wild = Walk(seed=1, interval_ms=1, volatility_e8=E8 // 10, spread_e8=E8 // 10)

    for quote in play(feed({BTC: start_e8}, wild), 2_000):
        assert 1 <= quote.bid_e8 <= quote.index_e8 <= quote.ask_e8 < 10**18
