"""A replay of candles for people and for programs.  Knows tables and JSON; counts nothing."""

import json
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from engine.units import E8
from gateway.decimals import text_from_e8
from gateway.replay.candle_figures import figures, table_rows
from gateway.replay.candle_rows import Row
from gateway.replay.candle_run import CandleOutcome
from gateway.replay.report import moment_text, money_text, table

_MONEY: Final = "_atoms"


def print_candle_report(console: Console, outcome: CandleOutcome, seconds: float) -> None:
    """Everything but the two lines that scripts read.  seconds: of the run, for the speed alone."""
    for title, section in figures(outcome).items():
        rows = table(title)
        for name, value in section.items():
            rows.add_row(name, f"{value:,}" if isinstance(value, int) else value)
        console.print(rows)
    speed = table("speed")
    speed.add_row("commands per second", f"{_speed(outcome, seconds):,}")
    speed.add_row("seconds", f"{seconds:.1f}")
    console.print(speed)
    console.print(_over_time(outcome))


def write_candle_report(outcome: CandleOutcome, seconds: float, path: Path) -> None:
    """All figures and rows as one JSON object; only `speed` differs from run to run.

    Raises OSError.
    """
    facts = {
        **figures(outcome),
        "rows": [_row_facts(outcome, row) for row in outcome.rows],
        "ledger sum": outcome.ledger_sum,
        "state hash": outcome.state_hash,
        "speed": {"seconds": round(seconds, 1), "commands per second": _speed(outcome, seconds)},
    }
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _row_facts(outcome: CandleOutcome, row: Row) -> dict[str, object]:
    """A row by the words of its fields; money and prices as texts."""
    bases = [series.base for series in outcome.plan.series]
    facts: dict[str, object] = {"time": moment_text(row.ts_ms)}
    for base, mark_e8 in zip(bases, row.marks_e8, strict=True):
        facts[f"{base} mark"] = text_from_e8(mark_e8)
    for name, value in row._asdict().items():
        if name.endswith(_MONEY):
            facts[name.removesuffix(_MONEY).replace("_", " ")] = money_text(value)
        elif name not in ("ts_ms", "marks_e8"):
            facts[name.replace("_", " ")] = value
    return facts


def _speed(outcome: CandleOutcome, seconds: float) -> int:
    return round(outcome.state.sequence / max(seconds, 1e-9))


def _over_time(outcome: CandleOutcome) -> Table:
    """What happened since the row above; money in whole units, as it stands then."""
    over_time = Table(title="over time", title_justify="left", box=None)
    bases = [f"{series.base}" for series in outcome.plan.series]
    words = ("isolated", "cross", "taken over", "deleveraged")
    states = ("insurance", "equity", "result", "longs' funding")
    for name in ("UTC", *bases, *words, *states):
        over_time.add_column(name, justify="left" if name == "UTC" else "right", no_wrap=True)
    before: Row | None = None
    for row in table_rows(outcome):
        past = _happenings(before) if before is not None else (0, 0, 0, 0)
        happened = [now - then for now, then in zip(_happenings(row), past, strict=True)]
        standing = (
            row.insurance_atoms,
            row.equity_atoms,
            row.equity_atoms - row.paid_in_atoms,
            row.longs_funding_atoms,
        )
        over_time.add_row(
            moment_text(row.ts_ms)[:16],
            *(f"{mark_e8 / E8:,.2f}" for mark_e8 in row.marks_e8),
            *(f"{count:,}" for count in happened),
            *(f"{_whole(atoms):,}" for atoms in standing),
        )
        before = row
    return over_time


def _happenings(row: Row) -> tuple[int, int, int, int]:
    return row.positions, row.accounts, row.taken_over, row.deleveraged


def _whole(atoms: int) -> int:
    """Whole units, towards zero: a table shows the size of things."""
    return atoms // E8 if atoms >= 0 else -(-atoms // E8)
