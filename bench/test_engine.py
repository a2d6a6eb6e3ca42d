"""Engine commands per second of CPU time, by kind and mixed, each round from the same state."""

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figures import Aim
from bench.rounds import Case, measure
from bench.sizes import Sizes
from bench.trading import NETTING, TICKETS
from bench.workloads import KINDS, Kinds, Recording, apply_all, mixed_recording
from engine.engine import Engine

pytestmark = pytest.mark.benchmark(timer=time.process_time)

MIXED = {"mixed, ticket market": TICKETS, "mixed, netting market": NETTING}
MIXED_AIM = Aim("value", ">=", 100_000)


@pytest.fixture(scope="module")
def kinds(sizes: Sizes) -> Kinds:
    """The state in which every kind is measured."""
    return Kinds(sizes.accounts, sizes.commands)


def time_commands(
    benchmark: BenchmarkFixture, sizes: Sizes, name: str, recording: Recording, aim: Aim | None
) -> None:
    """Apply a recording in every round; all rounds must end in the same event chain."""
    chains: set[str] = set()

    def run(engine: Engine) -> None:
        apply_all(engine, recording.commands)
        chains.add(engine.state.event_chain.hex())

    count = len(recording.commands)
    case = Case("engine", name, "commands/s", count, aim)
    measure(benchmark, case, sizes.rounds, recording.engine, run)
    (chain,) = chains
    benchmark.extra_info["eventChain"] = chain


@pytest.mark.parametrize("name", MIXED)
def test_mixed(benchmark: BenchmarkFixture, sizes: Sizes, name: str) -> None:
    recording = mixed_recording(MIXED[name], sizes.accounts, sizes.warm, sizes.commands)

    time_commands(benchmark, sizes, name, recording, MIXED_AIM)


@pytest.mark.parametrize("kind", KINDS)
def test_kind(benchmark: BenchmarkFixture, sizes: Sizes, kinds: Kinds, kind: str) -> None:
    time_commands(benchmark, sizes, kind, kinds.recording(kind), None)
