"""`python -m bench` measures every figure it promises.  Looks at counts, never at times."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import GROUPS
from bench.workloads import KINDS

ROOT = Path(__file__).resolve().parents[2]
LOAD = ("orders/s", "processor per order", "p50", "p99", "p99.9")
FIGURES = {
    "engine": ["mixed, ticket market", "mixed, netting market", *KINDS],
    "prices": [
        "nothing fires at 1e2 open positions",
        "nothing fires at 3e2 open positions",
        "each a new high at 3e2 open positions",
        *(
            f"{count} {what} fire at {positions} open positions, each"
            for positions in ("1e2", "3e2")
            for what in ("stop losses", "limit orders")
            for count in (2, 20)
        ),
    ],
    "crash": ["20 isolated positions", "20 cross accounts", "20 positions in a book"],
    "cross": [
        "exact checks of a price, 60 accounts, 4 symbols, mean",
        "a price, 60 accounts, 4 symbols",
        *(f"a price, 60 accounts, 4 symbols, {name}, once" for name in ("p50", "p99", "slowest")),
        "liquidated of 60",
    ],
    "durable": ["batches of 1", "batches of 4", "latency p50 of one command"],
    "http": [
        *(f"{name}, 1 connection" for name in LOAD),
        "fdatasync p50 of 4 KiB between them",
    ],
    "ws": [f"{name}, 2×2 in flight" for name in LOAD],
    "replay": ["journal replayed"],
    "restart": [
        "after 800 commands, once",
        "its snapshot written, once",
        "after 800 commands and their snapshot",
    ],
    "matching": [
        f"{what}, {workload}"
        for workload in ("simple", "xcore")
        for what in ("bare book", "whole engine")
    ],
    "memory": [f"one {kind}, resident, at 300" for kind in ("account", "order", "position")],
}


@pytest.mark.slow
@pytest.mark.parametrize("group", FIGURES)
def test_every_figure_of_a_group_is_measured(group: str, tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    command = [sys.executable, "-m", "bench", "--tiny", "--no-compiled", "--only", group]
    environment = {**os.environ, "FULCRUM_BENCH_DATA": str(tmp_path / "scratch")}

    finished = subprocess.run(
        [*command, "--json", str(path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    report = json.loads(path.read_text())
    assert [figure["name"] for figure in report["figures"]] == FIGURES[group]
    for figure in report["figures"]:
        numbers = [*figure["rounds"], *figure.get("besideRounds", [])]
        assert len(figure["rounds"]) >= report["rounds"]
        assert all(math.isfinite(number) for number in numbers)
        assert finished.stdout.count(f"{group}: {figure['name']} ") == 1
    assert not any((tmp_path / "scratch").glob("*"))


def test_the_groups_are_those_of_the_command() -> None:
    assert list(FIGURES) == list(GROUPS)
