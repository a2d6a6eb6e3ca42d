"""`python -m bench.matching`: our book and our engine beside other people's, in one run.

Progress goes to standard error.  Exit status 1 if one of ours failed or ended elsewhere than the
plain book.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import click

from bench.figures import shown
from bench.machine import Noise, machine
from bench.matching.contest import (
    APPLY,
    BARE,
    PLAIN,
    REFBOOK,
    WHOLE,
    Contestant,
    Score,
    contest,
    last_cpu,
    ours,
    peers_in,
    write_streams,
)
from bench.matching.streams import WORKLOADS

OURS: Final = frozenset({BARE, WHOLE, APPLY})
# Yardsticks: the refbook is the generator's own book, no package that anybody could use.
NOT_COMPARED: Final = OURS | {PLAIN, REFBOOK}
HEADINGS: Final = ("who", "commands/s", "least", "most", "bare book ÷ it", "whole ÷ it", "ended")


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def ratio(above: list[float], below: list[float]) -> float | None:
    """The median of the rounds' own ratios; None if either did not run through."""
    if not above or len(above) != len(below):
        return None
    return median(a / b for a, b in zip(above, below, strict=True))


def compared(scores: list[Score]) -> list[dict[str, Any]]:
    """One row per contestant of one stream, quickest first."""
    by_adapter = {s.contestant.adapter: s.rounds for s in scores if s.contestant.peers is None}
    bare, whole = by_adapter.get(BARE, []), by_adapter.get(WHOLE, [])
    rows = [
        {
            "who": score.contestant.label,
            "adapter": score.contestant.adapter,
            "workload": score.workload,
            "median": median(score.rounds) if score.rounds else None,
            "rounds": score.rounds,
            "bareByIt": ratio(bare, score.rounds),
            "wholeByIt": ratio(whole, score.rounds),
            "verdict": score.verdict,
            "about": score.about,
        }
        for score in scores
    ]
    return sorted(rows, key=lambda row: -float(row["median"] or 0))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows of one stream as a Markdown table."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|" + "---|" * len(HEADINGS)]
    for row in rows:
        rounds: list[float] = row["rounds"]
        numbers = [shown(f(rounds)) if rounds else "" for f in (median, min, max)]
        ratios = [f"{r:.2f}" if r else "" for r in (row["bareByIt"], row["wholeByIt"])]
        cells = [str(row["who"]), *numbers, *ratios, str(row["verdict"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def quickest_peer(scores: list[Score], workload: str) -> str:
    """How our book does beside the quickest peer that is Python throughout."""
    rows = [
        row
        for row in rows_of(scores, workload)
        if row["adapter"] not in NOT_COMPARED and row["about"].get("core") == "python"
    ]
    if not rows or rows[0]["bareByIt"] is None:
        return f"{workload}: no peer in pure Python"
    row = rows[0]
    return (
        f"{workload}: the quickest peer in pure Python is {row['adapter']}; "
        f"bare book {row['bareByIt']:.2f} times, whole engine {row['wholeByIt'] or 0:.2f} times it"
    )


def failures(scores: list[Score]) -> list[str]:
    """Which of ours went wrong, and how."""
    return [
        f"{score.workload}: {score.contestant.label}: {score.verdict}"
        for score in scores
        if score.contestant.adapter in OURS and not score.is_sound
    ]


def report_of(scores: list[Score], skipped: list[str], noise: Noise) -> dict[str, Any]:
    """Everything, for the JSON."""
    return {
        "machine": machine(Path()),
        "noise": noise.summary(),
        "skipped": skipped,
        "results": [row for workload in WORKLOADS for row in rows_of(scores, workload)],
    }


def rows_of(scores: list[Score], workload: str) -> list[dict[str, Any]]:
    """The rows of one stream."""
    return compared([score for score in scores if score.workload == workload])


@click.command()
@click.option(
    "--peers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of a bench of peers: its adapters take part.",
)
@click.option("--python", "pythons", multiple=True, help="An interpreter that has peers (repeat).")
@click.option("--peer", "wanted", multiple=True, help="Only these adapters of the peers (repeat).")
@click.option("--workload", "workloads", multiple=True, type=click.Choice(list(WORKLOADS)))
@click.option("--rounds", default=5, show_default=True)
@click.option("--rows", default=200_000, show_default=True, help="Commands of a stream.")
@click.option("--budget", default=3.0, show_default=True, help="Processor seconds of a run.")
@click.option("--cpu", default=last_cpu(), show_default="the last", help="The processor of all.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write everything there.")
def main(
    peers: Path | None,
    pythons: tuple[str, ...],
    wanted: tuple[str, ...],
    workloads: tuple[str, ...],
    rounds: int,
    rows: int,
    budget: float,
    cpu: int,
    path: Path | None,
) -> None:
    """Run everybody side by side and print ratios."""
    skipped: list[str] = []
    contestants: list[Contestant] = ours(sys.executable)
    if peers is not None:
        everywhere = [*pythons, sys.executable]
        contestants += peers_in(peers.resolve(), everywhere, wanted, skipped)
    names = list(workloads) or ["simple", "xcore"]
    noise, begin = Noise(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        write_streams(Path(folder), names, rows)
        scores = contest(contestants, names, Path(folder), rounds, budget, cpu, say)
    noise.sample()
    report = report_of(scores, skipped, noise) | {"seconds": round(time.monotonic() - begin)}
    if path is not None:
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name in names:
        print(f"\n{name}\n\n{table(rows_of(scores, name))}")
    if peers is not None:
        for name in names:
            print(f"\n{quickest_peer(scores, name)}")
    print(f"\nnoise: {json.dumps(report['noise'])}")
    for reason in skipped:
        print(f"skipped: {reason}")
    wrong = failures(scores)
    for reason in wrong:
        print(f"WRONG: {reason}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
