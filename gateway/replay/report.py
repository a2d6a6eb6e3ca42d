"""A run as tables for people.  Knows words and columns; counts nothing itself."""

from collections import Counter
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from engine.units import E8
from gateway.decimals import text_from_e8
from gateway.listings import SETTLEMENT
from gateway.replay.run import Outcome


def print_report(console: Console, outcome: Outcome, seconds: float) -> None:
    """Everything but the two lines that scripts read.  seconds: of the run, for the speed alone."""
    console.print(_run_table(outcome, seconds))
    console.print(_trading_table(outcome))
    console.print(_money_table(outcome))
    tally = outcome.tally
    for title, counter in (
        ("commands", tally.commands),
        ("orders accepted", tally.orders),
        ("positions reduced by", tally.reductions),
        ("orders cancelled by", tally.cancels),
        ("refusals", tally.refusals),
    ):
        console.print(counter_table(title, counter))


def table(title: str) -> Table:
    """Two columns: a name and its figure."""
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    table.add_column(min_width=28)
    table.add_column(justify="right", min_width=24)
    return table


def _run_table(outcome: Outcome, seconds: float) -> Table:
    plan, sequence = outcome.plan, outcome.state.sequence
    prices = [row.prices.last_e8 for row in plan.rows]
    rows = table("run")
    rows.add_row("prices", plan.source)
    rows.add_row("rows", f"{len(plan.rows):,}")
    rows.add_row("from", moment_text(plan.rows[0].ts_ms))
    rows.add_row("to", moment_text(plan.rows[-1].ts_ms))
    rows.add_row("first and last price", f"{_e8(prices[0])} → {_e8(prices[-1])}")
    rows.add_row("lowest and highest price", f"{_e8(min(prices))} … {_e8(max(prices))}")
    rows.add_row("users, seed", f"{plan.users:,}, {plan.seed}")
    rows.add_row("commands", f"{sequence:,}")
    rows.add_row("commands per second", f"{sequence / max(seconds, 1e-9):,.0f}")
    rows.add_row("seconds", f"{seconds:.1f}")
    return rows


def _trading_table(outcome: Outcome) -> Table:
    tally, state = outcome.tally, outcome.state
    rows = table("trading")
    rows.add_row("traders' turns", f"{outcome.turns:,}")
    rows.add_row("orders accepted", f"{tally.orders.total():,}")
    rows.add_row("orders triggered", f"{tally.triggered:,}")
    rows.add_row("orders expired", f"{tally.expired:,}")
    rows.add_row("orders still open", f"{state.orders.count:,}")
    for liquidity in ("TAKER", "MAKER"):
        rows.add_row(f"fills, {liquidity.lower()}", f"{tally.fills[liquidity]:,}")
    rows.add_row("positions opened", f"{tally.opened:,}")
    rows.add_row("positions closed", f"{tally.closed:,}")
    rows.add_row("  of these liquidated", f"{tally.liquidated:,}")
    rows.add_row("positions still open", f"{state.positions.count:,}")
    rows.add_row("refusals", f"{tally.refusals.total():,}")
    rows.add_row("events", f"{tally.events:,}")
    return rows


def _money_table(outcome: Outcome) -> Table:
    tally, state = outcome.tally, outcome.state
    ledger = state.ledger.assets[state.asset_ids[SETTLEMENT]]
    rows = table(f"money, {SETTLEMENT}")
    for name, atoms in (
        ("paid in, less paid out", -ledger.external_atoms),
        ("users, free", sum(ledger.free)),
        ("users, held by orders", sum(ledger.hold)),
        ("users, margins", ledger.margin_atoms),
        ("fees", ledger.fees_atoms),
        ("insurance", ledger.insurance_atoms),
        ("  liquidation fees received", tally.liquidation_fees_atoms),
        ("  deficits paid", tally.insurance_paid_atoms),
        ("house", ledger.house_atoms),
        ("  deficits paid", tally.house_paid_atoms),
    ):
        rows.add_row(name, money_text(atoms))
    return rows


def counter_table(title: str, counter: "Counter[str]") -> Table:
    """Names by their counts, most frequent first."""
    rows = table(title)
    for name, count in sorted(counter.items(), key=lambda item: (-item[1], item[0])):
        rows.add_row(name, f"{count:,}")
    return rows


def moment_text(ts_ms: int) -> str:
    """A time in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(ts_ms // 1000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{ts_ms % 1000:03d} UTC"


def money_text(atoms: int) -> str:
    """An amount in whole units, all eight decimals."""
    sign, whole = ("-" if atoms < 0 else ""), abs(atoms)
    return f"{sign}{whole // E8:,}.{whole % E8:08d}"


def _e8(price_e8: int) -> str:
    return text_from_e8(price_e8)
