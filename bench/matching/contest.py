"""Who takes part, and their rounds: everybody in turn, each run a new process on one processor.

Knows folders of adapters and interpreters; times nothing itself (`worker.py` does).
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.matching.streams import WORKLOADS, generate, without_self_trades, write_stream

ROOT: Final = Path(__file__).resolve().parents[2]
VERIFIED_ROWS: Final = 20_000
# What a run may take beyond its budget, before it counts as stuck: its set-up and one last chunk.
PATIENCE_SECONDS: Final = 30.0
NOT_PEERS: Final = frozenset({"__init__", "base", "null", "refbook"})
REFBOOK: Final = "refbook"

PLAIN, BARE, WHOLE, APPLY, NULL = (
    "plain_book",
    "fulcrum_bare",
    "fulcrum_whole",
    "fulcrum_apply",
    "null",
)

# Whether an adapter can be set up at all under an interpreter.
PROBE: Final = (
    "import importlib, os, sys; sys.path.insert(0, sys.argv[1]); "
    "a = importlib.import_module('adapters.' + sys.argv[2]).Adapter(); "
    "a.setup(1, 10, False); print(a.native, flush=True); a.close(); os._exit(0)"
)


class Contestant(NamedTuple):
    """An adapter and what runs it.

    peers: the folder of the peers' bench, if the adapter is one of theirs.
    tree: the checkout whose worker runs; another one than ours for the compiled engine.
    """

    label: str
    adapter: str
    python: str
    peers: Path | None = None
    tree: Path = ROOT

    def run(self, stream: Path, cpu: int, budget_s: float, verify: bool) -> dict[str, Any]:
        """One run in a new process: the worker's report, or what went wrong."""
        worker = self.tree / "bench" / "matching" / "worker.py"
        command = [self.python, "-P", str(worker), self.adapter, str(stream)]
        command += ["--cpu", str(cpu), "--budget", str(budget_s)]
        command += ["--peers", str(self.peers)] if self.peers else []
        command += ["--verify"] if verify else []
        limit_s = PATIENCE_SECONDS + 4 * budget_s
        try:
            finished = subprocess.run(
                command, capture_output=True, text=True, timeout=limit_s, check=False
            )
        except subprocess.TimeoutExpired:
            return {"error": f"not done after {limit_s:.0f} s"}
        if finished.returncode:
            lines = finished.stderr.strip().splitlines() or [f"exit {finished.returncode}"]
            return {"error": lines[-1][:200]}
        report: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        return report


class Score(NamedTuple):
    """What one contestant did on one stream.  rounds: commands per second of processor time."""

    contestant: Contestant
    workload: str
    about: dict[str, Any]
    rounds: list[float]

    @property
    def is_sound(self) -> bool:
        """Whether every run went through and nothing it showed differs."""
        return "error" not in self.about and not self.about["differs"]

    @property
    def verdict(self) -> str:
        """Whether it ended where the plain book does."""
        if "error" in self.about:
            return str(self.about["error"])
        if self.about["differs"]:
            return "differs: " + ", ".join(self.about["differs"])
        compared: list[str] = self.about["compared"]
        return "same " + ", ".join(compared) if compared else "shows nothing"


def ours(python: str) -> list[Contestant]:
    """The null step, the plain book, our book bare and our engine whole."""
    return [
        Contestant("nothing (loop and call)", NULL, python),
        Contestant("plain book of dicts and heaps", PLAIN, python),
        Contestant("bare book", BARE, python),
        Contestant("whole engine", WHOLE, python),
        Contestant("whole engine, commands made before", APPLY, python),
    ]


def peers_in(
    folder: Path, pythons: list[str], wanted: tuple[str, ...], skipped: list[str]
) -> Iterator[Contestant]:
    """Every adapter of a folder, with the first interpreter that can set it up."""
    names = sorted(path.stem for path in (folder / "adapters").glob("*.py"))
    for name in [REFBOOK, *(name for name in names if name not in NOT_PEERS)]:
        if name not in names or (wanted and name not in wanted):
            continue
        reason = "no interpreter"
        for python in pythons:
            command = [python, "-P", "-c", PROBE, str(folder), name]
            try:
                tried = subprocess.run(
                    command, capture_output=True, text=True, timeout=20, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                reason = str(error)
                continue
            if tried.returncode == 0:
                yield Contestant(f"{name} ({tried.stdout.split()[-1]})", name, python, folder)
                break
            reason = (tried.stderr.strip().splitlines() or ["it failed"])[-1]
        else:
            skipped.append(f"{name}: {reason}")


def write_streams(folder: Path, workloads: list[str], rows: int) -> None:
    """The streams of a contest, and shorter ones of another length to be verified on."""
    for name in workloads:
        for path, count in ((folder / name, rows), (verified_stream(folder, name), VERIFIED_ROWS)):
            stream = generate(WORKLOADS[name], min(count, rows))
            write_stream(path, without_self_trades(stream))


def verified_stream(folder: Path, workload: str) -> Path:
    """Where the stream is that contestants are verified on."""
    return folder / f"{workload}-verified"


def last_cpu() -> int:
    """The last processor that we may use: the first ones have the interrupts."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def contest(
    contestants: list[Contestant],
    workloads: list[str],
    folder: Path,
    rounds: int,
    budget_s: float,
    cpu: int,
    say: Callable[[str], None],
) -> list[Score]:
    """Verify everybody, then let all run in turn, round after round.

    Who fails, or differs where nothing may, still is in the result, with the reason.
    """
    scores: list[Score] = []
    for workload in workloads:
        present: list[Score] = []
        for contestant in contestants:
            about = contestant.run(verified_stream(folder, workload), cpu, budget_s, True)
            score = Score(contestant, workload, about, [])
            scores.append(score)
            say(f"{workload}: {contestant.label}: {score.verdict}")
            if "error" not in about:
                present.append(score)
        for number in range(rounds):
            for score in present:
                report = score.contestant.run(folder / workload, cpu, budget_s, False)
                if "error" in report:
                    score.about.update(report)
                    continue
                score.rounds.append(report["commands"] / report["cpuSeconds"])
            say(f"{workload}: round {number + 1} of {rounds}: {shown_round(present)}")
    return scores


def shown_round(scores: list[Score]) -> str:
    """The latest figures, in thousands of commands per second."""
    latest = (f"{s.contestant.adapter} {s.rounds[-1] / 1e3:.0f}k" for s in scores if s.rounds)
    return ", ".join(latest)
