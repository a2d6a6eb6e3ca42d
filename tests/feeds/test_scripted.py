"""A script plays its steps when they are due; what is wrong with it is named by line."""

from pathlib import Path

import pytest

from gateway.feeds.feed import ResumePoint
from gateway.feeds.quote import Prices, Quote, same_price
from gateway.feeds.scripted import ScriptDamaged, ScriptedFeed, ScriptStep, load_script
from tests.feeds.playing import StillClock, play

E8 = 100_000_000
STEPS = [
    ScriptStep(0, "BTC/USDT", same_price(20_000 * E8)),
    ScriptStep(500, "ETH/USDT", same_price(1_000 * E8)),
    ScriptStep(250, "BTC/USDT", same_price(15_000 * E8)),
]


def quote(symbol: str, sequence: int, price: int) -> Quote:
    return Quote(symbol, "scripted", sequence, *same_price(price * E8))


def test_each_step_comes_after_its_delay_and_then_the_feed_ends() -> None:
    clock = StillClock()

    quotes = play(ScriptedFeed("scripted", STEPS, clock.pacer()))

    assert quotes == [
        quote("BTC/USDT", 1, 20_000),
        quote("ETH/USDT", 2, 1_000),
        quote("BTC/USDT", 3, 15_000),
    ]
    assert clock.waits_ms() == [500, 250]


def test_it_goes_on_after_the_last_journaled_step() -> None:
    clock = StillClock()
    feed = ScriptedFeed("scripted", STEPS, clock.pacer())
    feed.resume([ResumePoint("ETH/USDT", "scripted", 2, 1_000 * E8)])

    assert play(feed) == [quote("BTC/USDT", 3, 15_000)]
    assert clock.waits_ms() == [250]


def test_a_script_gives_one_price_or_all_five(tmp_path: Path) -> None:
    path = tmp_path / "gap.jsonl"
    path.write_text(
        '{"delayMs": 0, "symbol": "BTC/USDT", "price": "20000"}\n'
        "\n"
        '{"delayMs": 500, "symbol": "BTC/USDT", "bid": "14990", "ask": "15010",'
        ' "last": "15000", "mark": "15001", "index": "15000.5"}'
    )

    assert load_script(path) == [
        ScriptStep(0, "BTC/USDT", same_price(20_000 * E8)),
        ScriptStep(
            500,
            "BTC/USDT",
            Prices(14_990 * E8, 15_010 * E8, 15_000 * E8, 15_001 * E8, 1_500_050_000_000),
        ),
    ]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ('{"delayMs": 0, "symbol": "BTC/USDT"}', "give either price, or all of bid, ask, last"),
        ('{"delayMs": 0, "symbol": "B", "price": "1", "bid": "1"}', "give either price, or all"),
        ('{"delayMs": 0, "symbol": "B", "bid": "1", "ask": "1"}', "give either price, or all of"),
        ('{"delayMs": 0, "symbol": "B", "price": 20000}', "Expected `str | null`, got `int`"),
        ('{"delayMs": 0, "symbol": "B", "price": "0"}', "'0' is no price: it must be above zero"),
        ('{"delayMs": -1, "symbol": "B", "price": "1"}', "delayMs must be 0 to 86400000, not -1"),
        ('{"symbol": "B", "price": "1"}', "missing required field `delayMs`"),
        ('{"delayMs": 0, "symbol": "B", "prize": "1"}', "contains unknown field `prize`"),
        ("BTC/USDT 20000", "JSON is malformed"),
        ('{"delayMs": 0, "symbol": "\xff"}', "can't decode byte 0xff"),
    ],
)
def test_a_bad_step_is_named_by_file_and_line(tmp_path: Path, step: str, reason: str) -> None:
    path = tmp_path / "bad.jsonl"
    good = '{"delayMs": 0, "symbol": "BTC/USDT", "price": "20000"}\n'
    path.write_text(good + step, encoding="latin-1")

    with pytest.raises(ScriptDamaged) as damage:
        load_script(path)

    assert str(damage.value).startswith(f"{path}, line 2: ")
    assert reason in str(damage.value)


def test_a_missing_or_empty_script_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n\n")

    with pytest.raises(ScriptDamaged, match=r"none\.jsonl: cannot be read: .*No such file"):
        load_script(tmp_path / "none.jsonl")
    with pytest.raises(ScriptDamaged, match=r"empty\.jsonl: the script has no steps"):
        load_script(tmp_path / "empty.jsonl")
