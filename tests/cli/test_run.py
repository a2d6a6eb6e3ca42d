"""A replay is decided by its prices, users and seed alone, and exercises the whole market."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import CloseCause
from engine.invariants import check
from gateway.feeds.price_file import PriceFile, PriceRow
from gateway.feeds.quote import same_price
from gateway.offline.inspection import inspect
from gateway.replay.run import Plan, run
from gateway.replay.stage import new_journal
from tests.cli.running import INVENTED, replayed_venue, small_run
from wal.files import Files

CALL = "from gateway.cli import main; main()"


def replay_process(hash_seed: str, *arguments: str) -> list[str]:
    """The last two lines of a replay in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CALL, "replay", *arguments],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        text=True,
        timeout=300,
    )
    return done.stdout.splitlines()[-2:]


def test_the_same_plan_gives_the_same_hash_under_every_hash_seed() -> None:
    arguments = ("--prices", str(INVENTED), "--users", "40", "--seed", "3")
    here = small_run(users=40, seed=3)

    endings = [replay_process(hash_seed, *arguments) for hash_seed in ("0", "1", "987654321")]

    assert endings[0] == ["ledger sum: 0", f"state hash: {here.state_hash}"]
    assert endings == endings[:1] * 3


def test_users_seed_and_prices_each_change_the_hash() -> None:
    hashes = [
        small_run(users=20).state_hash,
        small_run(users=21).state_hash,
        small_run(users=20, seed=8).state_hash,
        small_run(users=20, rows=899).state_hash,
    ]

    assert len(set(hashes)) == 4


def test_every_kind_of_order_and_of_ending_happens() -> None:
    outcome = small_run(users=250)

    tally = outcome.tally
    assert set(tally.orders) == {"MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET"}
    # The one is of order-driven markets; of the other these traders set none.
    others = {CloseCause.AUTO_DELEVERAGE, CloseCause.TRAILING_STOP}
    assert set(tally.reductions) == {cause.name for cause in CloseCause if cause not in others}
    assert set(tally.fills) == {"MAKER", "TAKER"}
    assert set(tally.commands) == {
        *("AdjustMargin", "AmendOrder", "CancelOrder", "CancelOrders", "Deposit"),
        *("FundInsurance", "ListInstrument", "OpenAccount", "PlaceOrder", "SetLeverage"),
        *("SetPositionExits", "UpdatePrice", "Withdraw"),
    }
    assert set(tally.cancels) >= {"USER", "POSITION_GONE", "UNFILLED"}
    assert tally.liquidated > 100
    assert tally.insurance_paid_atoms > 0
    assert tally.triggered > 0
    assert tally.expired > 0


def test_the_ledger_sums_to_zero_and_every_invariant_holds() -> None:
    outcome = small_run()

    assert outcome.ledger_sum == 0
    check(outcome.state)
    assert outcome.tally.commands.total() == outcome.state.sequence
    assert outcome.tally.opened - outcome.tally.closed == outcome.state.positions.count


def test_a_pause_in_the_prices_makes_them_stale() -> None:
    start_ms = 1_700_000_000_000
    price = same_price(60_000 * 10**8)
    lively = [PriceRow(n, start_ms + n * 5_000, price) for n in range(1, 200)]
    asleep = [*lively[:-1], PriceRow(199, start_ms + 2_000_000, price)]

    awake = run(Plan(lively, "file:lively", "BTC", 100, 1))
    paused = run(Plan(asleep, "file:asleep", "BTC", 100, 1))

    assert awake.tally.refusals["STALE_PRICE"] == 0
    assert paused.tally.refusals["STALE_PRICE"] > 100


def test_a_journaled_run_replays_to_the_same_state(tmp_path: Path) -> None:
    state_hash = replayed_venue(tmp_path / "data", users=30)

    finding = inspect(Files(), tmp_path / "data", deep=True)

    assert finding.state_hash == state_hash == small_run(users=30).state_hash
    assert finding.records == finding.state.sequence


def test_samples_follow_the_run(tmp_path: Path) -> None:
    prices = list(PriceFile(INVENTED).rows())
    plan = Plan(prices, "file:invented", "BTC", 60, 7)

    outcome = run(plan, new_journal(Files(), tmp_path / "data"))

    first, *_, last = outcome.samples
    times = [sample.ts_ms for sample in outcome.samples]
    assert times == sorted(times)
    assert (first.ts_ms, last.ts_ms) == (prices[0].ts_ms, prices[-1].ts_ms)
    assert (first.long_atoms, first.short_atoms, first.liquidations) == (0, 0, 0)
    assert last.liquidations == outcome.tally.liquidated
    market = outcome.state.markets[1]
    assert market is not None
    assert last.insurance_atoms == outcome.state.asset_ledger(market).insurance_atoms
    assert last.long_atoms > 0
    assert last.short_atoms > 0


def test_progress_counts_every_row() -> None:
    seen: list[tuple[int, int]] = []
    prices = list(PriceFile(INVENTED).rows())

    run(Plan(prices, "file:invented", "BTC", 1, 7), progress=lambda *at: seen.append(at))

    assert seen == [(0, 900), (900, 900)]


@pytest.mark.slow
def test_an_hour_of_real_trades_gives_one_hash_twice(
    shared: Path, count: Callable[[str, int], None], tmp_path: Path
) -> None:
    name = "binance_usdm_BTCUSDT_trades_20241028.csv.gz"
    rows = list(PriceFile(shared / "data" / "ticks" / name).rows())
    part = tmp_path / "binance_usdm_BTCUSDT_part.csv"
    # From 16:18 on: 870 s without a trade lie in these rows.
    around = rows[41_000:47_000]
    lines = [f"{row.ts_ms},{row.prices.last_e8 // 10**8},1,buy" for row in around]
    part.write_text("\n".join(["ts_ms,price,qty,side", *lines]) + "\n")
    arguments = ("--prices", str(part), "--users", "200", "--seed", "7")

    first, second = replay_process("0", *arguments), replay_process("5", *arguments)

    outcome = run(Plan(list(PriceFile(part).rows()), f"file:{part.name}", "BTC", 200, 7))
    assert first == second == ["ledger sum: 0", f"state hash: {outcome.state_hash}"]
    assert outcome.tally.refusals["STALE_PRICE"] > 500
    count("commands replayed over recorded prices", outcome.state.sequence)
