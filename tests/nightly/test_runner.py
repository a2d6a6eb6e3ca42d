"""The long runs add up over runs, never repeat a seed, and keep what they found."""

import argparse
from pathlib import Path

import pytest

from tests.nightly.jobs import JOBS
from tests.nightly.runner import Shard, record, run_shard, seconds_of
from tests.nightly.totals import Totals


def test_totals_add_up_over_runs(tmp_path: Path) -> None:
    path = tmp_path / "nightly" / "totals.json"
    first = Totals(path)
    assert [first.take_seed("oracle"), first.take_seed("oracle")] == [1, 2]
    first.add("oracle", 1.5, {"oracle steps": 1_000})

    second = Totals(path)
    assert second.take_seed("oracle") == 3
    second.add("oracle", 2.0, {"oracle steps": 500, "liquidations": 7})

    assert Totals(path).lines() == [
        "oracle: 2 shards, 4 s of work",
        "  liquidations: 7",
        "  oracle steps: 1,500",
    ]


def test_a_finding_is_kept_with_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(seed: int, budget_seconds: float) -> dict[str, int]:
        raise AssertionError(f"balance differs with {seed}")

    monkeypatch.setitem(JOBS, "broken", broken)
    totals = Totals(tmp_path / "totals.json")

    record(run_shard("broken", 41, 1.0), totals)

    assert list(totals.job("broken")["failures"]) == ["41"]
    assert totals.lines()[-1] == "  FAILED with seed 41"
    printed = capsys.readouterr().out
    assert "balance differs with 41" in printed
    assert printed.endswith("again: python -m tests.nightly --job broken --seed 41\n")


def test_a_clean_shard_is_added(tmp_path: Path) -> None:
    totals = Totals(tmp_path / "totals.json")

    record(Shard("oracle", 1, 2.0, {"oracle steps": 10}, ""), totals)

    assert totals.lines() == ["oracle: 1 shards, 2 s of work", "  oracle steps: 10"]


def test_a_budget_has_a_unit() -> None:
    assert [seconds_of("90s"), seconds_of("60m"), seconds_of("8h")] == [90.0, 3600.0, 28800.0]
    with pytest.raises(argparse.ArgumentTypeError):
        seconds_of("60")
