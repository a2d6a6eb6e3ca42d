"""Every feed that can be asked for is made, and every mistake is answered in words."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.instrument import InstrumentSpec
from gateway.feeds.feed import Feed, FeedFault
from gateway.feeds.file_feed import FileFeed
from gateway.feeds.random_walk import Walk
from gateway.feeds.scripted import ScriptedFeed
from gateway.feeds.spec import (
    BadFeedSpec,
    FeedSpec,
    FileSpec,
    NoFeedSpec,
    RandomWalkSpec,
    ScriptedSpec,
    make_feed,
    parse_feed_spec,
)
from tests.feeds.playing import BTC_PERP, ETH, LISTED, StillClock, play

E8 = 100_000_000
TRADE = "ts_ms,price,qty,side\n0,68613.9,1,buy\n"


def made(text: str, instruments: Sequence[InstrumentSpec] = LISTED) -> Feed:
    clock = StillClock()
    feed = make_feed(parse_feed_spec(text), instruments, clock.monotonic, clock.sleep)
    assert feed is not None
    return feed


def symbols(feed: Feed, count: int) -> list[str]:
    return [quote.symbol for quote in play(feed, count)]


def recorded(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(TRADE)
    return path


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("random_walk", RandomWalkSpec(Walk(7, 100, 10_000, 20_000), {})),
        ("random_walk:", RandomWalkSpec(Walk(7, 100, 10_000, 20_000), {})),
        (
            "random_walk:seed=9,interval_ms=20,volatility=0.001,spread_bps=0.5,BTC=20000,A-B/C=0.5",
            RandomWalkSpec(Walk(9, 20, 100_000, 5_000), {"BTC": 20_000 * E8, "A-B/C": E8 // 2}),
        ),
        ("file:a/b.csv.gz", FileSpec(Path("a/b.csv.gz"), (), 1, loop=False)),
        ("file:a=b.csv,speed=60", FileSpec(Path("a=b.csv"), (), 60, loop=False)),
        (
            "file:C:b.csv,symbol=BTC/USDT,loop,speed=max,symbol=BTC-PERP/USDT",
            FileSpec(Path("C:b.csv"), ("BTC/USDT", "BTC-PERP/USDT"), None, loop=True),
        ),
        ("scripted:a,b.jsonl", ScriptedSpec(Path("a,b.jsonl"))),
        ("none", NoFeedSpec()),
    ],
)
def test_a_feed_option_is_read(text: str, spec: FeedSpec) -> None:
    assert parse_feed_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "binance",
            "unknown feed 'binance'; write random_walk, file:PATH, scripted:PATH or none",
        ),
        ("", "unknown feed ''; write random_walk, file:PATH, scripted:PATH or none"),
        ("none:1", "unknown feed 'none:1'; write random_walk, file:PATH, scripted:PATH or none"),
        ("file", "feed file needs a path: file:PATH"),
        ("file:,speed=2", "feed file needs a path: file:PATH"),
        ("scripted:", "feed scripted needs a path: scripted:PATH"),
        ("file:a,speed=0", "feed option speed: a whole number from 1 to 1000000"),
        ("file:a,speed=1.5", "feed option speed: a whole number from 1 to 1000000"),
        ("file:a,speed=2,speed=3", "feed file: speed is given twice"),
        ("file:a,loop,loop", "feed file: loop and each symbol are given once"),
        ("file:a,symbol=B,symbol=B", "feed file: loop and each symbol are given once"),
        (
            "file:a,sped=2",
            "feed file has no option 'sped'; known: speed=N or speed=max, symbol=BTC/USDT,"
            " and loop alone",
        ),
        ("file:a,fast", "feed file: write options as key=value, not 'fast'"),
        (
            "file:a,loop=1",
            "feed file has no option 'loop'; known: speed=N or speed=max, symbol=BTC/USDT,"
            " and loop alone",
        ),
        ("random_walk:seed", "feed random_walk: write options as key=value, not 'seed'"),
        ("random_walk:seed=1,", "feed random_walk: write options as key=value, not ''"),
        ("random_walk:seed=1,seed=2", "feed random_walk: seed is given twice"),
        ("random_walk:seed=-1", "feed option seed: a whole number from 0 to 999999999999999999"),
        ("random_walk:seed=١", "feed option seed: a whole number from 0 to 999999999999999999"),
        ("random_walk:interval_ms=0", "feed option interval_ms: a whole number from 1 to 3600000"),
        (
            "random_walk:volatility=1e-4",
            "feed option volatility: '1e-4' is not a decimal number of the digits 0 to 9"
            " and one point",
        ),
        (
            "random_walk:volatility=0.11",
            "feed option volatility: at most 0.1, a tenth of the price in a step",
        ),
        (
            "random_walk:spread_bps=0.00001",
            "feed option spread_bps: at most 1000 basis points, of four decimals",
        ),
        (
            "random_walk:spread_bps=1000.1",
            "feed option spread_bps: at most 1000 basis points, of four decimals",
        ),
        (
            "random_walk:sed=7",
            "feed random_walk has no option 'sed'; known: seed, interval_ms, volatility,"
            " spread_bps, or a start such as BTC=65000",
        ),
        ("random_walk:BTC=0", "feed option BTC: '0' is no price: it must be above zero"),
    ],
)
def test_a_mistake_in_the_option_is_explained(text: str, message: str) -> None:
    with pytest.raises(BadFeedSpec) as mistake:
        parse_feed_spec(text)

    assert str(mistake.value) == message


def test_a_walk_covers_every_market_from_its_start() -> None:
    feed = made("random_walk:volatility=0,BTC=20000,BTC-PERP/USDT=20010")

    assert [(quote.symbol, quote.index_e8) for quote in play(feed, 3)] == [
        ("BTC/USDT", 20_000 * E8),
        ("ETH/USDT", 3_500 * E8),
        ("BTC-PERP/USDT", 20_010 * E8),
    ]


@pytest.mark.parametrize(
    "name", ["binance_usdm_BTCUSDT_trades_20241028.csv", "btcusdt.csv", "x-BTCUSDT-2024.csv"]
)
def test_a_file_drives_the_first_market_that_its_name_spells(tmp_path: Path, name: str) -> None:
    feed = made(f"file:{recorded(tmp_path, name)}")

    assert isinstance(feed, FileFeed)
    assert symbols(feed, 9) == ["BTC/USDT"]


def test_the_order_of_listing_decides_between_markets_of_one_asset(tmp_path: Path) -> None:
    path = recorded(tmp_path, "BTCUSDT.csv")

    assert symbols(made(f"file:{path}", [ETH, BTC_PERP, *LISTED]), 9) == ["BTC-PERP/USDT"]


def test_a_file_drives_the_markets_it_is_told_to(tmp_path: Path) -> None:
    path = recorded(tmp_path, "BTCUSDT.csv")

    assert symbols(made(f"file:{path},symbol=BTC-PERP/USDT,symbol=ETH/USDT"), 9) == (
        ["BTC-PERP/USDT", "ETH/USDT"]
    )


def test_a_script_is_made_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "gap.jsonl"
    path.write_text('{"delayMs": 0, "symbol": "ETH/USDT", "price": "1000"}\n')
    feed = made(f"scripted:{path}")

    assert isinstance(feed, ScriptedFeed)
    assert (feed.source, symbols(feed, 9)) == ("scripted:gap.jsonl", ["ETH/USDT"])


def test_no_feed_is_none() -> None:
    clock = StillClock()

    assert make_feed(NoFeedSpec(), LISTED, clock.monotonic, clock.sleep) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "random_walk:SOL=150",
            "feed random_walk: SOL is no listed symbol or base: BTC/USDT, ETH/USDT, BTC-PERP/USDT",
        ),
        (
            "file:{folder}/BTCUSDT.csv,symbol=BTCUSDT",
            "feed symbol 'BTCUSDT' is not listed: BTC/USDT, ETH/USDT, BTC-PERP/USDT",
        ),
        (
            "file:{folder}/BTCDOMUSDT.csv",
            "no market for BTCDOMUSDT.csv: add symbol=SYMBOL, listed are"
            " BTC/USDT, ETH/USDT, BTC-PERP/USDT",
        ),
        (
            "file:{folder}/none/BTCUSDT.csv",
            "{folder}/none/BTCUSDT.csv, line 1: cannot be read: [Errno 2] No such file or"
            " directory: '{folder}/none/BTCUSDT.csv'",
        ),
        (
            "scripted:{folder}/sol.jsonl",
            "feed symbol 'SOL/USDT' is not listed: BTC/USDT, ETH/USDT, BTC-PERP/USDT",
        ),
    ],
)
def test_a_feed_that_does_not_fit_the_venue_is_explained(
    tmp_path: Path, text: str, message: str
) -> None:
    recorded(tmp_path, "BTCUSDT.csv")
    recorded(tmp_path, "BTCDOMUSDT.csv")
    (tmp_path / "sol.jsonl").write_text('{"delayMs": 0, "symbol": "SOL/USDT", "price": "150"}\n')

    with pytest.raises(FeedFault) as mistake:
        made(text.format(folder=tmp_path))

    assert str(mistake.value) == message.format(folder=tmp_path)


def test_a_walk_needs_a_market() -> None:
    with pytest.raises(BadFeedSpec, match="random_walk needs at least one listed instrument"):
        made("random_walk", [])
