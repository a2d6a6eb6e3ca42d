"""`python -m bench`: runs the cases, prints their JSON and a table; `README.md` reads it.

Progress goes to standard error.  Exit status 0 if everything ran, whatever it came to.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from bench import memory, restart, servers
from bench.cross import cross_figures
from bench.figures import Figure, table
from bench.journals import DEFAULT_HOME, HOME_VARIABLE
from bench.machine import Noise, machine
from bench.matching.figures import matching_figures
from bench.rounds import figure_of
from bench.sizes import FULL, QUICK, ROUNDS_VARIABLE, SIZE_VARIABLE, TINY, Sizes
from tests.compiled import build

ROOT: Final = Path(__file__).resolve().parents[1]
PASSES: Final = 2
Skipped = list[str]


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def run_cases(python: Path, tree: Path, file: str, sizes: Sizes) -> dict[str, dict[str, Any]]:
    """The reports of pytest-benchmark by the name of the case; what it prints is progress."""
    with tempfile.NamedTemporaryFile(suffix=".json") as reported:
        command = [str(python), "-m", "pytest", f"bench/{file}", "-q", "-p", "no:cacheprovider"]
        command += [f"--benchmark-json={reported.name}", "--benchmark-quiet"]
        # Of a surrounding pytest nothing is passed on: beside xdist, benchmarks are not measured.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        environment |= {SIZE_VARIABLE: sizes.name, ROUNDS_VARIABLE: str(sizes.rounds)}
        subprocess.run(command, cwd=tree, env=environment, check=True, stdout=sys.stderr)
        text = Path(reported.name).read_text(encoding="utf-8")
    return {report["name"]: report for report in json.loads(text)["benchmarks"]}


def cases(file: str, sizes: Sizes) -> Iterator[Figure]:
    """The figures of one file of cases."""
    reports = run_cases(Path(sys.executable), ROOT, file, sizes)
    return (figure_of(report) for report in reports.values())


def compiled_tree(skipped: Skipped) -> bool:
    """Builds the compiled engine beside the checkout, if that can be done here."""
    if build.compiler() is None:
        skipped.append("the engine compiled: there is no C compiler")
        return False
    say("building the compiled engine")
    try:
        build.make_environment()
        build.copy_tree()
    except (OSError, subprocess.CalledProcessError) as error:
        skipped.append(f"the engine compiled: its build failed: {error}")
        return False
    return True


def compiled_beside(skipped: Skipped, with_compiled: bool) -> tuple[Path, Path] | None:
    """The interpreter and the tree of the compiled engine, or None and why not."""
    if not with_compiled:
        skipped.append("the engine compiled: not asked for")
        return None
    return (build.PYTHON, build.TREE) if compiled_tree(skipped) else None


def both_modes(file: str, sizes: Sizes, skipped: Skipped, with_compiled: bool) -> Iterator[Figure]:
    """Interpreted, compiled, interpreted, compiled: the same commands to the same chain."""
    both = compiled_beside(skipped, with_compiled) is not None
    figures: dict[str, Figure] = {}
    passes = PASSES if both else 1
    sizes = sizes._replace(rounds=-(-sizes.rounds // passes))
    for _ in range(passes):
        interpreted = run_cases(Path(sys.executable), ROOT, file, sizes)
        compiled = run_cases(build.PYTHON, build.TREE, file, sizes) if both else {}
        for name, report in interpreted.items():
            figure = figure_of(report)
            kept = figures.setdefault(name, figure)
            if kept is not figure:
                kept.rounds += figure.rounds
            if name in compiled:
                twin = compiled[name]
                assert twin["extra_info"]["eventChain"] == report["extra_info"]["eventChain"]
                kept.beside = "the same compiled"
                kept.beside_rounds += figure_of(twin).rounds
    yield from figures.values()


def order_driven_figures(sizes: Sizes, skipped: Skipped, with_compiled: bool) -> Iterator[Figure]:
    """The book alone and the engine around it, on streams of orders that meet each other."""
    compiled = compiled_beside(skipped, with_compiled)
    return matching_figures(2 * sizes.commands, sizes.rounds, compiled, say)


def groups(sizes: Sizes, skipped: Skipped, with_compiled: bool) -> dict[str, Callable[[], Any]]:
    """Everything there is to measure, by the name that `--only` takes."""
    return {
        "engine": lambda: both_modes("test_engine.py", sizes, skipped, with_compiled),
        "prices": lambda: cases("test_prices.py", sizes),
        "crash": lambda: both_modes("test_crash.py", sizes, skipped, with_compiled),
        "cross": lambda: cross_figures(sizes, compiled_beside(skipped, with_compiled)),
        "durable": lambda: cases("test_durable.py", sizes),
        "http": lambda: servers.http_figures(sizes),
        "ws": lambda: servers.socket_figures(sizes),
        "replay": lambda: cases("test_replay.py", sizes),
        "restart": lambda: restart.figures(sizes),
        "matching": lambda: order_driven_figures(sizes, skipped, with_compiled),
        "memory": lambda: memory.figures(sizes),
    }


GROUPS: Final = tuple(groups(TINY, [], False))


@click.command()
@click.option("--quick", is_flag=True, help="Smaller: up to 1e5 positions, 1e5 commands replayed.")
@click.option("--tiny", is_flag=True, help="So small that only the counts mean anything.")
@click.option("--only", multiple=True, type=click.Choice(GROUPS), help="Some groups only.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write the JSON there.")
@click.option("--compiled/--no-compiled", default=True, help="The compiled engine beside.")
def main(quick: bool, tiny: bool, only: tuple[str, ...], path: Path | None, compiled: bool) -> None:
    """Measure, and print JSON and a table."""
    sizes = TINY if tiny else QUICK if quick else FULL
    skipped: Skipped = []
    figures: list[Figure] = []
    noise = Noise()
    begin = time.monotonic()
    for name, measure in groups(sizes, skipped, compiled).items():
        if only and name not in only:
            continue
        say(f"{time.monotonic() - begin:5.0f} s  {name}")
        for figure in measure():
            figures.append(figure)
            say(f"{time.monotonic() - begin:5.0f} s  {table([figure]).splitlines()[-1]}")
        noise.sample()
    report = {
        "size": sizes.name,
        "rounds": sizes.rounds,
        "machine": machine(Path(os.environ.get(HOME_VARIABLE, DEFAULT_HOME.parent))),
        "noise": noise.summary(),
        "seconds": round(time.monotonic() - begin),
        "skipped": skipped,
        "figures": [figure.summary() for figure in figures],
    }
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if path is None:
        print(text)
    else:
        path.write_text(text + "\n", encoding="utf-8")
    print(table(figures))
    for reason in skipped:
        print(f"skipped: {reason}")


if __name__ == "__main__":
    main()
