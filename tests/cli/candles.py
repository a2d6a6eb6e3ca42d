"""Invented candles of two markets with a crash, and small replays of them.  Knows no engine."""

from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from engine.instrument import MarketStructure
from engine.units import E8
from gateway.replay.candle_file import Candle
from gateway.replay.candle_run import CandleOutcome, CandlePlan, run_candles
from gateway.replay.candle_series import Series

MINUTE_MS: Final = 60_000
START_MS: Final = 1_704_081_600_000  # 2024-01-01 04:00 UTC: a stamp comes in four hours
COUNT: Final = 400
CRASH: Final = range(330, 360)  # 12 % down in half an hour
FIRST_STAMP_MS: Final = START_MS + 240 * MINUTE_MS
RATE_E8: Final = {"BTC": 31_234, "ETH": -4_567}
USERS: Final = 150


@cache
def invented_candles(base: str, count: int = COUNT) -> tuple[Candle, ...]:
    """Candles of a minute that wander, fall and wander again; all prices in whole cents."""
    rng = Random(f"{base} candles")
    close_e8 = (42_000 if base == "BTC" else 2_300) * E8
    candles = []
    for place in range(count):
        open_e8 = close_e8
        drift_e4 = -42 if place in CRASH else rng.randrange(-12, 13)
        close_e8 = _cents(open_e8 * (10_000 + drift_e4) // 10_000)
        high_e8 = _cents(max(open_e8, close_e8) * (10_000 + rng.randrange(6)) // 10_000)
        low_e8 = _cents(min(open_e8, close_e8) * (10_000 - rng.randrange(6)) // 10_000)
        candles.append(
            Candle(START_MS + place * MINUTE_MS, open_e8, max(high_e8, open_e8), low_e8, close_e8)
        )
    return tuple(candles)


def _cents(price_e8: int) -> int:
    return price_e8 // 1_000_000 * 1_000_000


def invented_series(base: str, count: int = COUNT) -> Series:
    """A market with its own funding rate at the one stamp of the window."""
    rates_e8 = {FIRST_STAMP_MS: RATE_E8[base]}
    return Series(base, f"file:{base}", invented_candles(base, count), None, rates_e8)


def small_plan(structure: MarketStructure, users: int = USERS, seed: int = 7) -> CandlePlan:
    """Two markets; little insurance and little depth, so that a book cannot take the crash."""
    series = [invented_series("BTC"), invented_series("ETH")]
    return CandlePlan(series, structure, users, seed, 2_000 * E8, 20_000 * E8, 100)


@cache
def house_run() -> CandleOutcome:
    """A replay that the house fills."""
    return run_candles(small_plan(MarketStructure.QUOTE_DRIVEN))


@cache
def book_run() -> CandleOutcome:
    """A replay where traders meet a maker's book."""
    return run_candles(small_plan(MarketStructure.ORDER_DRIVEN))


def write_files(directory: Path, count: int = COUNT) -> list[str]:
    """The invented series as files; the options of `replay` that name them."""
    options: list[str] = []
    for base in ("BTC", "ETH"):
        rows = [
            f"{c.ts_ms},{_text(c.open_e8)},{_text(c.high_e8)},{_text(c.low_e8)},"
            f"{_text(c.close_e8)},1.5"
            for c in invented_candles(base, count)
        ]
        candles = directory / f"invented_{base}_1m.csv"
        candles.write_text("\n".join(["ts_ms,open,high,low,close,volume", *rows]) + "\n")
        rate_e8 = RATE_E8[base]
        rate = f"{'-' if rate_e8 < 0 else ''}0.{abs(rate_e8):08d}"
        funding = directory / f"invented_{base}_funding.csv"
        funding.write_text(f"ts_ms,rate\n{FIRST_STAMP_MS + 5},{rate}\n")
        options += ["--candles", str(candles), "--funding", str(funding)]
    return options


def _text(price_e8: int) -> str:
    return f"{price_e8 // E8}.{price_e8 % E8 // 1_000_000:02d}"
