"""A replay of candles is decided by its plan alone, and exercises all of margin finance."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.instrument import MarketStructure
from engine.invariants import check
from gateway.offline.inspection import inspect
from gateway.replay.candle_file import Window, read_candles, read_funding_rates
from gateway.replay.candle_run import CandleOutcome, CandlePlan, run_candles
from gateway.replay.candle_series import FUNDING_MS, Series, UnevenSeries
from gateway.replay.stage import new_journal
from tests.cli.candles import (
    FIRST_STAMP_MS,
    RATE_E8,
    START_MS,
    book_run,
    house_run,
    invented_series,
    small_plan,
    write_files,
)
from wal.files import Files

CALL = "from gateway.cli import main; main()"
RUNS = pytest.mark.parametrize("replayed", [house_run, book_run], ids=["house", "book"])


@pytest.mark.slow
@RUNS
def test_the_ledger_sums_to_zero_and_every_invariant_holds(
    replayed: Callable[[], CandleOutcome],
) -> None:
    outcome = replayed()

    assert outcome.ledger_sum == 0
    check(outcome.state)
    assert outcome.tally.trading.commands.total() == outcome.state.sequence


@pytest.mark.slow
@RUNS
def test_each_market_settles_its_published_rate_at_the_stamp(
    replayed: Callable[[], CandleOutcome],
) -> None:
    outcome = replayed()

    settled = [(stamp.stamp_ns // 10**6, stamp.rate_e8) for stamp in outcome.tally.stamps]
    assert settled == [(FIRST_STAMP_MS, RATE_E8["BTC"]), (FIRST_STAMP_MS, RATE_E8["ETH"])]


def test_with_a_house_the_crash_liquidates_both_kinds_of_margin() -> None:
    tally = house_run().tally

    assert {"STOP_LOSS", "TAKE_PROFIT", "TRAILING_STOP"} <= set(tally.trading.reductions)
    assert min(tally.liquidated["isolated long"], tally.liquidated["cross long"]) >= 10
    assert tally.accounts_liquidated >= 10
    assert tally.liquidation_fees_atoms > 0
    assert (tally.taken_over, tally.deleveraged) == (0, 0)


@pytest.mark.slow
def test_in_a_thin_book_insurance_takes_over_and_then_others_are_deleveraged() -> None:
    tally = book_run().tally

    assert min(tally.liquidated["isolated long"], tally.liquidated["cross long"]) >= 10
    assert tally.taken_over >= 10
    assert tally.deleveraged >= 10
    assert tally.debts >= 1
    paid, received = tally.funding_paid_atoms.total(), tally.funding_received_atoms.total()
    # Between users nothing is lost but the dust of rounding, an atom a position at most.
    assert 0 < paid - received < 1_000


def test_users_and_seed_each_change_the_hash() -> None:
    hashes = {
        run_candles(small_plan(MarketStructure.QUOTE_DRIVEN, users, seed)).state_hash
        for users, seed in ((20, 7), (21, 7), (20, 8))
    }

    assert len(hashes) == 3


@pytest.mark.slow
def test_the_same_files_give_the_same_hash_under_every_hash_seed(tmp_path: Path) -> None:
    window = ("--from", "2024-01-01T07:50", "--to", "2024-01-01T09:50")
    options = [*write_files(tmp_path), *window, "--users", "40", "--market", "order-driven"]

    endings = [
        subprocess.run(
            [sys.executable, "-c", CALL, "replay", *options],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
            timeout=300,
        ).stdout.splitlines()[-2:]
        for hash_seed in ("0", "987654321")
    ]

    assert endings[0][0] == "ledger sum: 0"
    assert endings[0] == endings[1]


def test_a_journaled_run_replays_to_the_same_state(tmp_path: Path) -> None:
    plan = small_plan(MarketStructure.QUOTE_DRIVEN, users=30)

    outcome = run_candles(plan, new_journal(Files(), tmp_path / "data"))

    finding = inspect(Files(), tmp_path / "data", deep=True)
    assert finding.state_hash == outcome.state_hash
    assert finding.records == outcome.state.sequence


def test_a_stamp_without_a_published_rate_is_refused() -> None:
    series = invented_series("BTC")._replace(rates_e8={START_MS: 1})
    plan = small_plan(MarketStructure.QUOTE_DRIVEN)._replace(series=[series])

    with pytest.raises(UnevenSeries, match=f"BTC: no funding rate is recorded at {FIRST_STAMP_MS}"):
        run_candles(plan)


def test_a_candle_without_its_mark_is_refused() -> None:
    series = invented_series("BTC")
    series = series._replace(marks={candle.ts_ms: candle for candle in series.candles[1:]})
    plan = small_plan(MarketStructure.QUOTE_DRIVEN)._replace(series=[series])

    with pytest.raises(UnevenSeries, match=f"BTC: no mark price is recorded at {START_MS}"):
        run_candles(plan)


@pytest.mark.slow
@pytest.mark.parametrize("structure", list(MarketStructure), ids=["house", "book"])
def test_hours_of_the_crash_of_march_2020(
    shared: Path, count: Callable[[str, int], None], structure: MarketStructure
) -> None:
    window = Window(1_583_971_200_000, 1_584_100_800_000)  # 12 March to 13 March 12:00
    series = []
    rates = {}
    for base in ("BTC", "ETH"):
        candles = shared / f"data/candles/binance_usdm_{base}USDT_1h_to_2024.csv.gz"
        recorded = shared / "data/mark_funding"
        marks = read_candles(recorded / f"binance_usdm_{base}USDT_mark_1h_to_2024.csv.gz", window)
        rates[base] = read_funding_rates(
            recorded / f"binance_usdm_{base}USDT_funding_to_2024.csv.gz", window, FUNDING_MS
        )
        by_time = {mark.ts_ms: mark for mark in marks}
        found = read_candles(candles, window)
        series.append(Series(base, f"file:{base}", found, by_time, rates[base]))

    outcome = run_candles(CandlePlan(series, structure, 60, 7, 10**11, 2 * 10**12, 100))

    tally = outcome.tally
    for market in outcome.markets:
        settled = {
            stamp.stamp_ns // 10**6: stamp.rate_e8
            for stamp in tally.stamps
            if stamp.instrument_id == market.instrument_id
        }
        published = rates[market.spec.base]
        assert settled == {ms: rate for ms, rate in published.items() if ms > window.from_ms}
        assert len(settled) == 4
    assert outcome.ledger_sum == 0
    assert min(tally.accounts_liquidated, tally.liquidated["isolated long"]) > 0
    count("commands replayed over recorded candles", outcome.state.sequence)
    count("funding stamps settled at published rates", len(tally.stamps))
