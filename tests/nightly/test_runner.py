"""The long runs add up over runs, never repeat a seed, keep what they found, and say what they
skipped."""

import argparse
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.crash import nightly as crash_nightly
from tests.nightly import jobs
from tests.nightly.job import Job, Skipped
from tests.nightly.jobs import JOBS
from tests.nightly.runner import (
    Shard,
    main,
    record,
    run_all,
    run_shard,
    seconds_of,
    shard_seconds,
)
from tests.nightly.totals import Totals
from tests.order_flow import files as order_flow_files


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

    monkeypatch.setitem(JOBS, "broken", Job(broken))
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


@pytest.mark.parametrize("name", JOBS)
def test_every_job_gets_the_seconds_that_it_needs(name: str) -> None:
    given = shard_seconds(name, seconds_of("60m"))

    assert JOBS[name].seconds_min <= given <= 300.0
    assert shard_seconds(name, 7.0) == 7.0


def test_a_job_begins_with_the_seconds_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOBS, "long", Job(lambda seed, _: {"seeds": seed}, 200.0))

    assert run_shard("long", 4, shard_seconds("long", 3600.0))[3:] == ({"seeds": 4}, "", "")
    shard = run_shard("long", 4, 199.0)
    assert shard[3:] == ({}, "", "200 s are needed, 199 s are left")


def test_what_was_skipped_is_no_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = Totals(tmp_path / "totals.json")

    record(Shard("bots", 1, 0.1, {}, "", "no data"), totals)

    assert capsys.readouterr().out == "skipped: bots: no data\n"
    assert totals.job("bots")["shards"] == 0


@pytest.mark.slow
def test_a_run_that_skipped_everything_is_not_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    totals = Totals(tmp_path / "totals.json")

    assert run_all(["power-loss", "recorded-days"], 1.0, 2, totals)
    assert not run_all(["recorded-days"], 1.0, 1, totals)

    assert capsys.readouterr().out.count("skipped: recorded-days: 300 s are needed, ") == 2
    assert totals.job("power-loss")["shards"] > 0
    assert totals.job("recorded-days")["shards"] == 0


@pytest.mark.parametrize("name", ["recorded-days", "order-flow"])
def test_a_recording_that_is_not_there_is_a_skip(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crash_nightly, "FEED", tmp_path / "day.csv.gz")
    monkeypatch.setattr(order_flow_files, "SHARED", tmp_path)

    assert main(["--job", name, "--seed", "1"]) == 1
    assert capsys.readouterr().out.startswith(f"skipped: {name}: there is no ")
    with pytest.raises(Skipped, match="there is no "):
        JOBS[name].run(1, 1.0)


@pytest.mark.parametrize(("status", "listed"), [(2, "tests/test_a.py::test_b\n"), (0, "")])
def test_a_failed_collection_is_a_failure(
    status: int, listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collect(arguments: list[str], _profile: str) -> CompletedProcess[str]:
        assert "--collect-only" in arguments
        return CompletedProcess(arguments, status, listed, "ImportError")

    monkeypatch.setattr(jobs, "run_pytest", collect)

    shard = run_shard("properties", 1, 1.0)

    assert "no property tests collected" in shard.story
    assert "ImportError" in shard.story
