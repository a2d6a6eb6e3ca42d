"""One price that liquidates thousands, each round from the same state; sound afterwards."""

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.crash import CRASHES
from bench.figures import Aim
from bench.rounds import Case, measure
from bench.sizes import Sizes
from bench.workloads import apply_all
from engine.engine import Engine
from engine.invariants import check

pytestmark = pytest.mark.benchmark(timer=time.process_time)

IN_A_SECOND = Aim("value", "<=", 1)


@pytest.mark.parametrize("name", CRASHES)
def test_crash(benchmark: BenchmarkFixture, sizes: Sizes, name: str) -> None:
    crash = CRASHES[name](sizes.ruined)
    chains: set[str] = set()
    last: list[Engine] = []

    def run(engine: Engine) -> None:
        apply_all(engine, crash.recording.commands)
        chains.add(engine.state.event_chain.hex())
        last[:] = [engine]

    case = Case("crash", f"{crash.ruined:,} {name}", "s", 1, IN_A_SECOND)
    measure(benchmark, case, sizes.rounds, crash.recording.engine, run)
    (chain,) = chains
    benchmark.extra_info["eventChain"] = chain
    check(last[0].state)  # the ledger's sum is 0, among much else
