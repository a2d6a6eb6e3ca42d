"""Price updates beside many open positions: nothing fires, or exactly so much does."""

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.crowds import Crowd, Passing
from bench.figures import Aim
from bench.rounds import Beside, Case, measure, seconds
from bench.sizes import Sizes, chosen_sizes
from bench.trading import Timed
from bench.workloads import apply_all
from engine.engine import Engine

pytestmark = pytest.mark.benchmark(timer=time.process_time)

FLAT = Aim("ratio", "<=", 1.5)
PER_TRIGGER = Aim("value", "<=", 40)
# Whether the positions are the most, whether limit orders fire, and the place of the passing: in
# the order in which the prices of the largest crowd fall.
FIRINGS = [(most, limits, place) for most in (0, 1) for limits in (0, 1) for place in (0, 1)]

Prepared = tuple[Engine, list[Timed]]


def apply_prepared(prepared: Prepared) -> None:
    """One round."""
    apply_all(*prepared)


def case_name(count: int) -> str:
    """A power of ten is easier to read as one."""
    text = f"{count:.0e}".replace("e+0", "e")
    return text if float(text) == count else f"{count:,}"


@pytest.fixture(scope="module")
def largest(sizes: Sizes) -> Crowd:
    """A crowd for all cases; its passings come in the order of the cases."""
    rounds = sizes.rounds + 1  # one is for warming up
    passings = [
        Passing(*numbers, by_limits)
        for by_limits in (False, True)
        for numbers in sizes.passings
        for _ in range(rounds)
    ]
    return Crowd(sizes.positions[-1], passings)


def at(positions: int) -> str:
    """How a case names its size."""
    return f"at {case_name(positions)} open positions"


@pytest.mark.parametrize("place", range(len(chosen_sizes().positions)))
def test_nothing_fires(
    benchmark: BenchmarkFixture, sizes: Sizes, largest: Crowd, place: int
) -> None:
    least, positions = sizes.positions[0], sizes.positions[place]
    crowd = largest if positions == sizes.positions[-1] else Crowd(positions, [])
    small = Crowd(least, [])
    updates = sizes.quiet_updates

    def quiet(crowd: Crowd) -> Prepared:
        return crowd.engine, crowd.quiet(updates)

    def beside_seconds() -> float:
        return seconds(time.process_time, lambda: quiet(small), apply_prepared)

    case = Case("prices", f"nothing fires {at(positions)}", "µs", updates, FLAT)
    beside = Beside(at(least), beside_seconds, updates)
    measure(benchmark, case, sizes.rounds, lambda: quiet(crowd), apply_prepared, beside)


@pytest.mark.parametrize(("is_largest", "by_limits", "place"), FIRINGS)
def test_triggers_fire(
    benchmark: BenchmarkFixture,
    sizes: Sizes,
    largest: Crowd,
    is_largest: int,
    by_limits: int,
    place: int,
) -> None:
    positions = sizes.positions[-1] if is_largest else sizes.positions[0]
    updates, triggers = sizes.passings[place]
    if not by_limits:  # a position has but one stop loss
        triggers = min(triggers, positions)
        updates = min(updates, max(1, positions // (2 * triggers)))
    passing = Passing(updates, triggers, bool(by_limits))
    fires = updates * triggers
    crowds: list[tuple[Crowd, int]] = []

    def prepare() -> Prepared:
        crowd = largest if is_largest else Crowd(positions, [passing])
        crowds.append((crowd, crowd.waiting() - fires))
        return crowd.engine, crowd.passing(passing)

    what = "limit orders" if by_limits else "stop losses"
    name = f"{triggers:,} {what} fire {at(positions)}, each"
    case = Case("prices", name, "µs", fires, PER_TRIGGER)
    measure(benchmark, case, sizes.rounds, prepare, apply_prepared)
    crowd, left = crowds[-1]
    assert crowd.waiting() == left
