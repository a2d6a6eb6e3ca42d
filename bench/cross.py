"""`python -m bench.cross`: cross accounts over many symbols, and how few of them a price looks at.

Everything is made through commands: accounts with 1 to 8 positions of leverage 2 to 50, then
prices of a random walk that all symbols share in part, with jumps.  Some accounts die of it.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import click
import msgspec

import engine
from bench.cross_crowd import USUAL, Walk, crowd, prices
from bench.figures import Aim, Figure, table
from bench.machine import Noise, machine
from bench.perpetuals import Perpetuals
from bench.rounds import settled_memory
from bench.sizes import Sizes
from bench.trading import SEED, Timed
from engine.events import AccountLiquidated
from engine.invariants import check
from engine.units import AccountId

ROOT: Final = Path(__file__).resolve().parents[1]
PARTS: Final = 10  # of the updates; what an update of each cost is a round
FEW_CHECKS: Final = Aim("value", "<=", 10)
QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "slowest": 1.0}


class Result(msgspec.Struct):
    """What a run came to; the ledger's sum was 0 and every invariant held at its end.

    exact_checks: cross accounts looked at by the updates.
    build_seconds, part_seconds: processor time.  quantile_micros: wall time of single updates.
    """

    accounts: int
    symbols: int
    updates: int
    positions: int
    exact_checks: int
    liquidated_accounts: int
    closed_positions: int
    event_chain: str
    mode: str
    build_seconds: float
    part_seconds: list[float]
    quantile_micros: dict[str, float]


def run(accounts: int, symbols: int, updates: int, seed: int, walk: Walk = USUAL) -> Result:
    """Make the crowd, apply the prices, and look at everything that is left."""
    random = Random(seed)
    begin = time.process_time()
    with settled_memory():
        venue = crowd(accounts, symbols, random)
    state = venue.state
    build_seconds = time.process_time() - begin
    timed = list(prices(venue, updates, walk, random))
    positions, checks = state.positions.count, state.exact_checks
    nanos: list[int] = []
    ruined: set[AccountId] = set()
    part_seconds: list[float] = []
    with settled_memory():
        for part in range(PARTS):
            chosen = timed[part * updates // PARTS : (part + 1) * updates // PARTS]
            part_seconds.append(_apply(venue, chosen, nanos, ruined))
    check(state)
    nanos.sort()
    return Result(
        accounts,
        symbols,
        updates,
        positions,
        state.exact_checks - checks,
        len(ruined),
        positions - state.positions.count,
        state.event_chain.hex(),
        "compiled" if engine.COMPILED else "interpreted",
        build_seconds,
        part_seconds,
        {name: nanos[int(share * (updates - 1))] / 1e3 for name, share in QUANTILES.items()},
    )


def _apply(
    venue: Perpetuals, timed: list[Timed], nanos: list[int], ruined: set[AccountId]
) -> float:
    """Apply prices; returns the processor time."""
    apply, clock = venue.engine.apply, time.perf_counter_ns
    sequence = venue.state.sequence
    begin = time.process_time()
    for time_ns, command in timed:
        sequence += 1
        start = clock()
        events = apply(sequence, time_ns, command)
        nanos.append(clock() - start)
        if len(events) > 1:
            ruined.update(e.account_id for e in events if isinstance(e, AccountLiquidated))
    return time.process_time() - begin


def figures(result: Result, compiled: Result | None) -> Iterator[Figure]:
    """The figures of a run, and of the same commands compiled beside it."""
    at = f"{result.accounts:,} accounts, {result.symbols} symbols"
    each = result.exact_checks / result.updates
    yield Figure("cross", f"exact checks of a price, {at}, mean", "checks", [each], aim=FEW_CHECKS)
    figure = Figure("cross", f"a price, {at}", "µs", _part_micros(result))
    if compiled is not None:
        assert compiled.event_chain == result.event_chain
        assert compiled.exact_checks == result.exact_checks
        figure.beside, figure.beside_rounds = "the same compiled", _part_micros(compiled)
    yield figure
    for name, micros in result.quantile_micros.items():
        figure = Figure("cross", f"a price, {at}, {name}, once", "µs", [micros])
        if compiled is not None:
            figure.beside = "the same compiled"
            figure.beside_rounds = [compiled.quantile_micros[name]]
        yield figure
    died = [float(result.liquidated_accounts)]
    yield Figure("cross", f"liquidated of {result.accounts:,}", "accounts", died)


def _part_micros(result: Result) -> list[float]:
    return [s / result.updates * PARTS * 1e6 for s in result.part_seconds]


def in_own_process(python: Path, tree: Path, accounts: int, symbols: int, updates: int) -> Result:
    """The same run by a new process, which gives its memory back."""
    with tempfile.NamedTemporaryFile(suffix=".json") as reported:
        command = [str(python), "-m", "bench.cross", "--json", reported.name]
        command += [f"--accounts={accounts}", f"--symbols={symbols}", f"--updates={updates}"]
        subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)
        report = json.loads(Path(reported.name).read_text(encoding="utf-8"))
    return msgspec.convert(report["result"], Result)


def cross_figures(sizes: Sizes, compiled: tuple[Path, Path] | None) -> Iterator[Figure]:
    """For the table.  compiled: an interpreter and a tree of the compiled engine."""
    result = in_own_process(Path(sys.executable), ROOT, *sizes.cross)
    yield from figures(result, in_own_process(*compiled, *sizes.cross) if compiled else None)


@click.command()
@click.option("--accounts", default=100_000, show_default=True, help="Cross accounts.")
@click.option("--symbols", default=20, show_default=True, help="Quote-driven perpetual markets.")
@click.option("--updates", default=100_000, show_default=True, help="Prices, one symbol each.")
@click.option("--seed", default=SEED, show_default=True, help="Of the crowd and of the walk.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write the JSON there.")
def main(accounts: int, symbols: int, updates: int, seed: int, path: Path | None) -> None:
    """Measure, and print JSON and a table."""
    noise = Noise()
    result = run(accounts, symbols, updates, seed)
    noise.sample()
    rows = list(figures(result, None))
    report = {
        "machine": machine(ROOT),
        "noise": noise.summary(),
        "result": msgspec.to_builtins(result),
        "figures": [figure.summary() for figure in rows],
    }
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if path is None:
        print(text)
    else:
        path.write_text(text + "\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
