"""The figures of `make bench` about matching: our book beside the plain one, and our engine."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bench.figures import Aim, Figure
from bench.matching.contest import (
    APPLY,
    BARE,
    PLAIN,
    Contestant,
    contest,
    last_cpu,
    write_streams,
)

WORKLOADS: Final = ["simple", "xcore"]
WHOLE_AIM: Final = Aim("value", ">=", 100_000)
BUDGET_SECONDS: Final = 3.0
COMPILED: Final = "compiled"


def matching_figures(
    rows: int, rounds: int, compiled: tuple[Path, Path] | None, say: Callable[[str], None]
) -> Iterator[Figure]:
    """Bare and whole on both streams; every one must end where the plain book does.

    compiled: interpreter and checkout of the compiled engine, if there is one.
    """
    contestants = [Contestant(name, name, sys.executable) for name in (PLAIN, BARE, APPLY)]
    if compiled is not None:
        python, tree = compiled
        contestants.append(Contestant(COMPILED, APPLY, str(python), tree=tree))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_streams(folder, WORKLOADS, rows)
        scores = contest(contestants, WORKLOADS, folder, rounds, BUDGET_SECONDS, last_cpu(), say)
    wrong = [f"{s.contestant.label}: {s.verdict}" for s in scores if not s.is_sound]
    if wrong:
        raise RuntimeError("; ".join(wrong))
    taken = {(s.workload, s.contestant.label): s.rounds for s in scores}
    for workload in WORKLOADS:
        bare, plain = taken[workload, BARE], taken[workload, PLAIN]
        beside = "plain book of dicts and heaps"
        yield Figure("matching", f"bare book, {workload}", "commands/s", bare, beside, plain)
        whole = Figure(
            "matching", f"whole engine, {workload}", "commands/s", taken[workload, APPLY]
        )
        whole.aim = WHOLE_AIM
        if compiled is not None:
            whole.beside = "the same compiled"
            whole.beside_rounds += taken[workload, COMPILED]
        yield whole
