"""Rows follow the run, and at each of them everybody's results add up to nothing."""

from collections.abc import Callable

import pytest

from gateway.replay.candle_run import CandleOutcome
from gateway.replay.candle_series import HOUR_MS
from tests.cli.candles import START_MS, book_run, house_run


@pytest.mark.slow
@pytest.mark.parametrize("replayed", [house_run, book_run], ids=["house", "book"])
def test_what_one_has_won_another_has_lost(replayed: Callable[[], CandleOutcome]) -> None:
    outcome = replayed()
    ledger = outcome.state.asset_ledger(outcome.markets[0])
    last = outcome.rows[-1]

    results = (
        last.equity_atoms - last.paid_in_atoms,
        last.counterparty_atoms,
        last.insurance_atoms - outcome.plan.insurance_atoms,
        last.fund_profit_atoms,
        ledger.fees_atoms,
    )

    assert sum(results) == 0
    assert min(abs(result) for result in results[:3]) > 0


def test_rows_come_at_full_hours_and_count_upwards() -> None:
    outcome = house_run()

    rows = outcome.rows
    assert [row.ts_ms for row in rows[:-1]] == [START_MS + n * HOUR_MS for n in range(7)]
    counts = [(row.positions, row.accounts) for row in rows]
    assert counts == sorted(counts)
    assert counts[0] == (0, 0)
    isolated = ("isolated long", "isolated short")
    liquidated = outcome.tally.liquidated
    assert counts[-1] == (
        sum(liquidated[kind] for kind in isolated),
        outcome.tally.accounts_liquidated,
    )
    last_e8 = [series.candles[-1].close_e8 for series in outcome.plan.series]
    ticks_e8 = [market.spec.tick_size_e8 for market in outcome.markets]
    for mark_e8, close_e8, tick_e8 in zip(rows[-1].marks_e8, last_e8, ticks_e8, strict=True):
        assert abs(mark_e8 - close_e8) * 2 <= tick_e8
    assert rows[0].long_atoms == rows[0].short_atoms == 0
    assert min(rows[3].long_atoms, rows[3].short_atoms) > 0
