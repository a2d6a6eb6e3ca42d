"""The sections of figures are whole: what flows in and out explains what is there."""

from collections.abc import Callable

import pytest

from gateway.replay.candle_figures import TABLE_ROWS_MAX, Section, figures, table_rows
from gateway.replay.candle_run import CandleOutcome
from gateway.replay.candle_series import HOUR_MS
from tests.cli.candles import book_run, house_run

BOTH = pytest.mark.parametrize("replayed", [house_run, book_run], ids=["house", "book"])


def atoms(section: Section, *names: str) -> list[int]:
    """Printed amounts as integers."""
    return [int(str(section[name]).replace(",", "").replace(".", "")) for name in names]


@pytest.mark.slow
@BOTH
def test_what_goes_in_and_out_explains_the_insurance_fund(
    replayed: Callable[[], CandleOutcome],
) -> None:
    outcome = replayed()
    insurance, funding = (figures(outcome)[name] for name in ("insurance", "funding"))

    began, *flows, ended = atoms(insurance, *insurance)

    assert began + sum(flows) == ended
    # In a book the fund gets what payers pay and nobody receives; a house keeps that itself.
    paid, received, own_paid, own_received = atoms(
        funding, "paid in all", "received in all", "fund, paid", "fund, received"
    )
    kept = paid - received if outcome.markets[0].is_order_driven else 0
    assert flows[-1] == kept + own_received - own_paid


@pytest.mark.slow
@BOTH
def test_the_ledger_accounts_sum_to_zero(replayed: Callable[[], CandleOutcome]) -> None:
    money = figures(replayed())["money"]

    assert sum(atoms(money, *(name for name in money if name.startswith("ledger: ")))) == 0


def test_counts_are_the_tallys_and_rates_are_as_published() -> None:
    outcome = house_run()

    sections = figures(outcome)

    tally = outcome.tally
    found = sections["liquidations"]
    assert found["cross accounts"] == tally.accounts_liquidated
    assert found["isolated positions"] == sum(
        tally.liquidated[kind] for kind in ("isolated long", "isolated short")
    )
    assert sections["traders"] == dict(sorted(outcome.crowd.items()))
    assert sum(outcome.crowd.values()) == outcome.plan.users
    assert sections["run"]["commands"] == outcome.state.sequence
    assert sections["run"]["market structure"] == "quote-driven"
    rates = {name: rate for name, rate in sections["funding"].items() if "rate" in name}
    assert rates == {
        "BTC: lowest rate": "0.031234 %",
        "BTC: highest rate": "0.031234 %",
        "ETH: lowest rate": "-0.004567 %",
        "ETH: highest rate": "-0.004567 %",
    }


def test_a_long_run_is_told_by_the_day() -> None:
    outcome = house_run()
    first = outcome.rows[0]
    hourly = [first._replace(ts_ms=first.ts_ms + n * HOUR_MS) for n in range(TABLE_ROWS_MAX + 1)]

    assert table_rows(outcome) == outcome.rows
    by_day = table_rows(outcome._replace(rows=hourly))

    assert [row.ts_ms - first.ts_ms for row in by_day] == [
        n * HOUR_MS for n in (20, 44, 68, 92, TABLE_ROWS_MAX)
    ]
