"""The report says what the tally counted and what the ledger holds."""

import io
import re

from rich.console import Console

from gateway.replay.report import print_report
from tests.cli.running import small_run


def test_the_report_has_every_figure_and_the_money_adds_up() -> None:
    outcome = small_run(users=100)
    out = io.StringIO()

    print_report(Console(file=out, width=100), outcome, seconds=2.0)

    rows = dict(re.findall(r"^ +(\S.*?)  +(\S+) *$", out.getvalue(), flags=re.MULTILINE))
    tally = outcome.tally
    assert rows["commands"] == f"{outcome.state.sequence:,}"
    assert rows["commands per second"] == f"{outcome.state.sequence / 2:,.0f}"
    assert rows["of these liquidated"] == f"{tally.liquidated:,}"
    for name, number in (tally.refusals | tally.reductions | tally.cancels).items():
        assert rows[name] == f"{number:,}"
    parts = ("users, free", "users, held by orders", "users, margins", "fees", "insurance")
    total = sum(atoms(rows[part]) for part in (*parts, "house"))
    assert total == atoms(rows["paid in, less paid out"])


def atoms(text: str) -> int:
    """A printed amount as an integer."""
    return int(text.replace(",", "").replace(".", ""))
