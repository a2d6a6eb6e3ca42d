"""The stage numbers, journals and applies; the journal then tells the same story."""

from pathlib import Path
from random import Random

from engine.commands import ListInstrument
from engine.units import E8
from gateway.feeds.price_file import PriceRow
from gateway.feeds.quote import Prices
from gateway.offline.inspection import read_state
from gateway.replay.stage import JOURNAL_BATCH, Stage, new_journal
from gateway.replay.tally import Tally
from snapshots.snapshot import state_hash
from tests.cli.running import batches
from wal.files import Files

NOW_MS = 1_700_000_000_000


def test_both_markets_take_each_row_on_their_own_grid() -> None:
    stage = Stage(Tally().watch, None)
    stage.source = "test"
    stage.open_markets("BTC", NOW_MS * 1_000_000)

    stage.move_prices(PriceRow(1, NOW_MS + 1, Prices(*(6_000_012_345_678,) * 5)))

    simple, perpetual = stage.markets
    assert simple.prices == [6_000_012, 6_000_013, 6_000_012, 6_000_012, 6_000_012]
    assert perpetual.prices == [600_001, 600_002, 600_001, 600_001, 600_001]
    assert simple.price_time_ns == (NOW_MS + 1) * 1_000_000


def test_traders_have_names_habits_and_whole_units_of_money() -> None:
    stage = Stage(Tally().watch, None)
    stage.open_markets("ETH", 0)

    traders = stage.seat_traders(30, Random(1), 0)

    assert [trader.user_id for trader in traders[:2]] == ["trader-0001", "trader-0002"]
    free = stage.state.ledger.assets[1].free
    for trader in traders:
        low, below = trader.habit.deposit_units
        units, rest = divmod(free[trader.account_id], E8)
        assert (low <= units < below, rest) == (True, 0)
    assert {trader.habit.name for trader in traders} == {"careful", "active", "reckless"}


def test_the_journal_holds_what_the_stage_applied(tmp_path: Path) -> None:
    watched: list[str] = []
    journal = new_journal(Files(), tmp_path)
    stage = Stage(lambda command, _events: watched.append(type(command).__name__), journal)
    stage.open_markets("BTC", 0)
    stage.seat_traders(JOURNAL_BATCH, Random(1), 0)
    stage.close()

    sizes = [len(batch.rows) for batch in batches(tmp_path)]
    assert sum(sizes) == len(watched) == stage.state.sequence
    assert set(sizes[:-1]) == {JOURNAL_BATCH}
    assert watched[:2] == [ListInstrument.__name__] * 2
    assert state_hash(read_state(Files(), tmp_path)) == state_hash(stage.state)
