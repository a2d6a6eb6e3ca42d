"""The command `fulcrum replay`: its options to a plan, its outcome to words and files.

Knows the terminal and which recorded series belong together; runs nothing itself.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource
from rich.console import Console

from engine.instrument import MarketStructure
from engine.units import E8
from gateway.feeds.feed import source_name
from gateway.feeds.price_file import PriceFile, PriceFileDamaged
from gateway.listings import GRIDS
from gateway.offline.terminal import bar, explained, refuse
from gateway.replay.candle_file import (
    TIME_MS_MAX,
    Candle,
    Window,
    read_candles,
    read_funding_rates,
    time_fault,
)
from gateway.replay.candle_plot import write_candle_plot
from gateway.replay.candle_report import print_candle_report, write_candle_report
from gateway.replay.candle_run import CandlePlan, run_candles
from gateway.replay.candle_series import FUNDING_MS, Series, require_even
from gateway.replay.plot import PlotMissing, require_matplotlib, write_plot
from gateway.replay.report import print_report
from gateway.replay.run import Plan, run
from gateway.replay.stage import new_journal
from gateway.sequencer import EXIT_LOG_FAILED
from wal.files import Files

FILE: Final = click.Path(path_type=Path)
MOMENT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
STRUCTURES: Final = {
    "quote-driven": MarketStructure.QUOTE_DRIVEN,
    "order-driven": MarketStructure.ORDER_DRIVEN,
}
COLUMNS: Final = 140  # what the table over time needs, also in a file
_EVER_MS: Final = 10**15


@click.command()
@click.option("--prices", type=FILE, help="A recorded .csv or .csv.gz of trades or quotes.")
@click.option("--candles", type=FILE, multiple=True, help="Candles; again for a second market.")
@click.option("--marks", type=FILE, multiple=True, help="Their mark price.  [default: candles]")
@click.option("--funding", type=FILE, multiple=True, help="Their published funding rates.")
@click.option("--from", "from_time", type=MOMENT, help="First candle, UTC.  [default: the first]")
@click.option("--to", "to_time", type=MOMENT, help="Candles before this, UTC.  [default: all]")
@click.option(
    "--market",
    type=click.Choice(sorted(STRUCTURES)),
    default="quote-driven",
    show_default=True,
    help="Of candles: filled by the house, or by a book with a maker.",
)
@click.option("--insurance", type=click.IntRange(0, 10**9), default=100_000, show_default=True)
@click.option(
    "--depth",
    type=click.IntRange(1, 10**9),
    default=500_000,
    show_default=True,
    help="Notional of the maker's quotes on each side.",
)
@click.option(
    "--stride",
    type=click.IntRange(0, 10_000),
    default=100,
    show_default=True,
    help="Longest step of a price, in 10^-4 of it; 0 jumps from corner to corner.",
)
@click.option("--users", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option(
    "--base", type=click.Choice(sorted(GRIDS)), help="Of prices.  [default: by file name]"
)
@click.option("--report", type=FILE, help="Of candles: write all figures as JSON.")
@click.option("--plot", type=FILE, help="Write a PNG of the run.")
@click.option("--journal", type=FILE, help="Keep the run as a venue in a new directory.")
def replay(
    prices: Path | None,
    candles: tuple[Path, ...],
    marks: tuple[Path, ...],
    funding: tuple[Path, ...],
    from_time: datetime | None,
    to_time: datetime | None,
    market: str,
    insurance: int,
    depth: int,
    stride: int,
    users: int,
    seed: int,
    base: str | None,
    report: Path | None,
    plot: Path | None,
    journal: Path | None,
) -> None:
    """Run recorded prices through an engine with synthetic traders, and report.

    With --prices trades or quotes; with --candles one perpetual market per file, with cross and
    isolated margin and funding.  The same files, options and seed give the same state hash
    everywhere.
    """
    if (prices is None) == (not candles):
        raise click.UsageError("give either --prices or --candles")
    if prices is not None and (marks or funding or from_time or to_time or report):
        raise click.UsageError("--marks, --funding, --from, --to and --report are for --candles")
    if prices is not None and _typed("market", "insurance", "depth", "stride"):
        raise click.UsageError("--market, --insurance, --depth and --stride are for --candles")
    if prices is None and base is not None:
        raise click.UsageError("--base is for --prices; candles are named by their files")
    _require_writable("--report", report, journal)
    _require_writable("--plot", plot, journal)
    with explained():
        if plot is not None:
            _require_plot()
        if prices is not None:
            _replay_prices(prices, users, seed, base, plot, journal)
            return
        window = Window(_ms(from_time, 0), _ms(to_time, _EVER_MS))
        series = _series(candles, marks, funding, window)
        structure, insurance_atoms, depth_atoms = STRUCTURES[market], insurance * E8, depth * E8
        plan = CandlePlan(series, structure, users, seed, insurance_atoms, depth_atoms, stride)
        _replay_candles(plan, report, plot, journal)


def _replay_prices(
    prices: Path, users: int, seed: int, base: str | None, plot: Path | None, journal: Path | None
) -> None:
    rows = list(PriceFile(prices).rows())
    if not rows:
        raise PriceFileDamaged(prices, 2, "the file has no rows")
    for row in rows:
        if row.ts_ms > TIME_MS_MAX:
            raise PriceFileDamaged(prices, row.row + 1, time_fault(row.ts_ms))
    plan = Plan(rows, source_name("file", prices.name), base or _base(prices), users, seed)
    writer = None if journal is None else new_journal(Files(), journal)
    started_s = time.perf_counter()
    with bar("replaying") as progress:
        outcome = run(plan, writer, progress)
    print_report(Console(), outcome, time.perf_counter() - started_s)
    if plot is not None:
        with _written(plot):
            write_plot(outcome, plot)
    _print_end(plot, outcome.ledger_sum, outcome.state_hash)


def _replay_candles(
    plan: CandlePlan, report: Path | None, plot: Path | None, journal: Path | None
) -> None:
    require_even(plan.series)
    writer = None if journal is None else new_journal(Files(), journal)
    started_s = time.perf_counter()
    with bar("replaying") as progress:
        outcome = run_candles(plan, writer, progress)
    seconds = time.perf_counter() - started_s
    console = Console()
    console.width = max(console.width, COLUMNS)
    print_candle_report(console, outcome, seconds)
    if report is not None:
        with _written(report):
            write_candle_report(outcome, seconds, report)
        click.echo(f"report: {report}")
    if plot is not None:
        with _written(plot):
            write_candle_plot(outcome, plot)
    _print_end(plot, outcome.ledger_sum, outcome.state_hash)


def _print_end(plot: Path | None, ledger_sum: int, state_hash: str) -> None:
    if plot is not None:
        click.echo(f"plot: {plot}")
    click.echo(f"ledger sum: {ledger_sum}")
    click.echo(f"state hash: {state_hash}")


def _series(
    candles: tuple[Path, ...], marks: tuple[Path, ...], funding: tuple[Path, ...], window: Window
) -> list[Series]:
    """What belongs together by the base asset in the files' names.  Raises PriceFileDamaged."""
    mark_of, funding_of = _by_base(marks), _by_base(funding)
    series: list[Series] = []
    for base, path in _by_base(candles).items():
        found = read_candles(path, window)
        if len(found) < 2:
            raise PriceFileDamaged(path, 2, "fewer than two candles begin in the window")
        marks_by_time: dict[int, Candle] | None = None
        if base in mark_of:
            marks_by_time = {each.ts_ms: each for each in read_candles(mark_of.pop(base), window)}
        rates_e8: dict[int, int] | None = None
        if base in funding_of:
            rates_e8 = read_funding_rates(funding_of.pop(base), window, FUNDING_MS)
        source = source_name("file", path.name)
        series.append(Series(base, source, found, marks_by_time, rates_e8))
    for path in (*mark_of.values(), *funding_of.values()):
        raise click.UsageError(f"no candles are given for {path}")
    return series


def _by_base(paths: tuple[Path, ...]) -> dict[str, Path]:
    by_base: dict[str, Path] = {}
    for path in paths:
        base = _base(path)
        if base in by_base:
            raise click.UsageError(f"two files are for {base}: {by_base[base]} and {path}")
        by_base[base] = path
    return by_base


def _base(path: Path) -> str:
    """The base asset that the file's name spells; else the first."""
    name = path.name.upper()
    return next((base for base in GRIDS if base in name), next(iter(GRIDS)))


def _ms(moment: datetime | None, default_ms: int) -> int:
    """In ms since the epoch; what is typed is UTC."""
    if moment is None:
        return default_ms
    return round(moment.replace(tzinfo=UTC).timestamp()) * 1_000


def _require_plot() -> None:
    try:
        require_matplotlib()
    except PlotMissing as error:
        raise click.UsageError(str(error)) from error


def _typed(*names: str) -> bool:
    """Whether one of these options is given, be it as its default."""
    source = click.get_current_context().get_parameter_source
    return any(source(name) is ParameterSource.COMMANDLINE for name in names)


def _require_writable(option: str, path: Path | None, journal: Path | None) -> None:
    """Worth asking before a run, not after it; the journal's directory is yet to be made."""
    if path is None or (journal is not None and path.parent in (journal, *journal.parents)):
        return
    try:
        if not path.parent.is_dir():
            fault = f"there is no directory {path.parent}"
        elif path.is_dir():
            fault = "it is a directory"
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            fault = "permission denied"
        else:
            return
    except OSError as error:
        fault = str(error.strerror)
    raise click.UsageError(f"{option} {path} cannot be written: {fault}")


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Turns what the disk refuses after the run into words and an exit code."""
    try:
        yield
    except OSError as error:
        refuse(f"{path} cannot be written: {error.strerror}", EXIT_LOG_FAILED)
