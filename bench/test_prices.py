"""Price updates beside many open positions: nothing fires, or exactly so much does."""

import time
from collections.abc import Callable

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
    """A crowd for what fires; its passings come in the order of the cases."""
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
def test_nothing_fires(benchmark: BenchmarkFixture, sizes: Sizes, place: int) -> None:
    """Isolated and cross positions, some of which trail; the price goes to and fro."""
    time_quiet(benchmark, sizes, sizes.positions[place], "nothing fires", Crowd.quiet)


def test_each_price_is_a_new_high(benchmark: BenchmarkFixture, sizes: Sizes) -> None:
    """The same, and the trailing stops follow every price."""
    time_quiet(benchmark, sizes, sizes.positions[-1], "each a new high", Crowd.rising)


def time_quiet(
    benchmark: BenchmarkFixture,
    sizes: Sizes,
    positions: int,
    name: str,
    make: Callable[[Crowd, int], list[Timed]],
) -> None:
    """Prices that fire nothing, beside the same at the least number of positions."""
    updates, highs = sizes.quiet_updates, sizes.quiet_updates * (sizes.rounds + 1)
    crowd, small = (Crowd(count, [], highs) for count in (positions, sizes.positions[0]))

    def prepare(crowd: Crowd) -> Prepared:
        return crowd.engine, make(crowd, updates)

    def beside_seconds() -> float:
        return seconds(time.process_time, lambda: prepare(small), apply_prepared)

    case = Case("prices", f"{name} {at(positions)}", "µs", updates, FLAT)
    beside = Beside(at(sizes.positions[0]), beside_seconds, updates)
    measure(benchmark, case, sizes.rounds, lambda: prepare(crowd), apply_prepared, beside)


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
