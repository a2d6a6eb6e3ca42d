"""One timed case: rounds with a fresh start, and what is beside it timed between them.

Knows pytest-benchmark and the garbage collector; knows nothing of what is timed.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import msgspec
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figures import Aim, Figure, Unit

T = TypeVar("T")
Clock = Callable[[], float]  # seconds since anywhere


@contextmanager
def settled_memory() -> Iterator[None]:
    """As the server runs: nothing collected meanwhile, and what is there is left alone."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def seconds(clock: Clock, prepare: Callable[[], T], run: Callable[[T], object]) -> float:
    """How long one run takes, without its preparation."""
    prepared = prepare()
    with settled_memory():
        begin = clock()
        run(prepared)
        return clock() - begin


class Case(NamedTuple):
    """What one run does: `operations` of the unit, in one call."""

    group: str
    name: str
    unit: Unit
    operations: int
    aim: Aim | None = None


class Beside(NamedTuple):
    """The limit: timed once before each round, so that A and B alternate."""

    name: str
    seconds: Callable[[], float]
    operations: int


def measure(
    benchmark: BenchmarkFixture,
    case: Case,
    rounds: int,
    prepare: Callable[[], T],
    run: Callable[[T], object],
    beside: Beside | None = None,
) -> None:
    """Time `run` on what `prepare` makes, `rounds` times after one for warming up."""
    beside_times: list[float] = []

    def setup() -> tuple[tuple[T], dict[str, object]]:
        gc.enable()
        gc.unfreeze()
        if beside is not None:
            beside_times.append(beside.seconds())
        prepared = prepare()
        gc.collect()
        gc.freeze()
        gc.disable()
        return (prepared,), {}

    pedantic: Callable[..., object] = benchmark.pedantic
    try:
        pedantic(run, setup=setup, rounds=rounds, warmup_rounds=1)
    finally:
        gc.enable()
        gc.unfreeze()
    benchmark.extra_info["case"] = msgspec.to_builtins(case)
    if beside is not None:
        benchmark.extra_info["beside"] = beside.name
        benchmark.extra_info["besideOperations"] = beside.operations
        benchmark.extra_info["besideSeconds"] = beside_times[1:]


def figure_of(report: dict[str, Any]) -> Figure:
    """The figure of one case, as pytest-benchmark reported it in its JSON.

    A case whose rounds are many small measurements says itself what each round came to.
    """
    extra = report["extra_info"]
    case = msgspec.convert(extra["case"], Case)
    figure = Figure(case.group, case.name, case.unit, [], aim=case.aim)
    times: list[float] = extra.get("roundSeconds") or report["stats"]["data"]
    figure.rounds += [in_unit(case.unit, case.operations, s) for s in times]
    if "beside" in extra:
        figure.beside, count = extra["beside"], extra["besideOperations"]
        figure.beside_rounds += [in_unit(case.unit, count, s) for s in extra["besideSeconds"]]
    return figure


def in_unit(unit: Unit, operations: int, duration_s: float) -> float:
    """A rate, or the microseconds or seconds of one operation."""
    if unit == "µs":
        return duration_s / operations * 1e6
    return duration_s / operations if unit == "s" else operations / duration_s


def spin_seconds() -> float:
    """A fixed piece of interpreter work: how fast the machine is at this moment."""
    begin = time.perf_counter()
    total = 0
    for number in range(2_000_000):
        total += number & 7
    assert total == 7_000_000
    return time.perf_counter() - begin
