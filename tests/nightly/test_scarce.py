"""A long run says loudly which rules it has hardly met, and fails once it has lived enough."""

from pathlib import Path

import pytest

from tests.nightly import runner
from tests.nightly.scarce import MET_AT_LEAST, scarce_lines
from tests.nightly.totals import Totals
from tests.oracle.driver import RULES

ENOUGH = {f"oracle rule {rule}": MET_AT_LEAST for rule in RULES}


def totals_of(path: Path, steps: int, **rules: int) -> Totals:
    """Totals in which every rule was met enough, but for some."""
    totals = Totals(path)
    few = {f"oracle rule {rule}": times for rule, times in rules.items()}
    totals.add("oracle", 1.0, {"oracle steps": steps, **ENOUGH, **few})
    return totals


def test_what_is_below_a_thousand_is_told(tmp_path: Path) -> None:
    young = totals_of(tmp_path / "young.json", 999_999, **{"FIL-9": 999, "TYP-3": 0})
    assert scarce_lines(young) == [
        f"BELOW 1,000: 2 of {len(RULES)} rules (judged from 1,000,000 steps on)",
        "  BELOW 1,000: TYP-3: 0",
        "  BELOW 1,000: FIL-9: 999",
    ]

    old = totals_of(tmp_path / "old.json", 1_000_000, **{"FIL-9": 999})
    assert scarce_lines(old)[0] == f"BELOW 1,000: 1 of {len(RULES)} rules (FAILS)"

    assert scarce_lines(totals_of(tmp_path / "good.json", 1_000_000)) == []


@pytest.mark.parametrize(
    ("steps", "times", "job", "status"),
    [
        (1_000_000, 999, "oracle", 1),
        (1_000_000, 1_000, "oracle", 0),
        (999_999, 999, "oracle", 0),
        (1_000_000, 999, "kills", 0),
    ],
)
def test_a_run_fails_for_a_rule_that_a_million_steps_hardly_met(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    steps: int,
    times: int,
    job: str,
    status: int,
) -> None:
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "run_all", lambda *_: True)
    totals_of(tmp_path / "nightly" / "totals.json", steps, **{"FIL-9": times})

    assert runner.main(["--budget", "1s", "--job", job]) == status
    assert ("BELOW 1,000: FIL-9" in capsys.readouterr().out) == (times < 1_000)
