"""A replay of candles as a picture: prices, liquidations, funding, insurance and results over time.

Knows matplotlib, which is an optional extra; floats are for drawing only.
"""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.units import E8
from gateway.listings import SETTLEMENT
from gateway.replay.candle_rows import Row
from gateway.replay.candle_run import CandleOutcome
from gateway.replay.plot import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES: Final = (12, 13)
_DOTS_PER_INCH: Final = 100
_DAY_MS: Final = 86_400_000
_BARS_MAX: Final = 125
_HEIGHTS: Final = (3, 2, 2, 2, 2)
_COLOURS: Final = ("black", "tab:orange", "tab:green", "tab:blue")


def write_candle_plot(outcome: CandleOutcome, path: Path) -> None:
    """Write a PNG.  Raises PlotMissing, OSError."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = outcome.rows
    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(5, 1, sharex=True, gridspec_kw={"height_ratios": _HEIGHTS})
    price, liquidations, funding, insurance, results = panels
    times = [row.ts_ms / _DAY_MS for row in rows]  # matplotlib counts days since 1970
    _draw_prices(price, times, outcome)
    _draw_liquidations(liquidations, times, rows)
    lines = {
        "longs": [row.longs_funding_atoms for row in rows],
        "shorts": [row.shorts_funding_atoms for row in rows],
    }
    _draw_lines(funding, times, lines, "funding received so far")
    lines = {
        "fund": [row.insurance_atoms for row in rows],
        "with what it took over, at the marks": [
            row.insurance_atoms + row.fund_profit_atoms for row in rows
        ],
    }
    _draw_lines(insurance, times, lines, "insurance")
    traders = [row.equity_atoms - row.paid_in_atoms for row in rows]
    other = "house" if outcome.markets[0].book is None else "maker"
    lines = {"traders": traders, other: [row.counterparty_atoms for row in rows]}
    _draw_lines(results, times, lines, "result at the marks")
    results.set_xlim(times[0], times[-1])
    results.xaxis_date("UTC")
    results.set_xlabel("recorded time, UTC")
    for axes in panels:
        axes.grid(alpha=0.3)
    plan = outcome.plan
    words = plan.structure.name.lower().replace("_", "-")
    figure.suptitle(f"{words}: {plan.users:,} synthetic traders, seed {plan.seed}")
    figure.savefig(path, format="png")


def _draw_prices(axes: "Axes", times: list[float], outcome: CandleOutcome) -> None:
    """Marks as a share of the first, so that two assets share a scale."""
    for place, market in enumerate(outcome.markets):
        marks = [row.marks_e8[place] for row in outcome.rows]
        shares = [100 * mark_e8 / marks[0] for mark_e8 in marks]
        label = f"{market.spec.base} (100 = {marks[0] / E8:,.2f})"
        axes.plot(times, shares, color=_COLOURS[place], linewidth=0.9, label=label)
    axes.set_ylabel("mark, start = 100")
    axes.legend(loc="best")


def _draw_liquidations(axes: "Axes", times: list[float], rows: list[Row]) -> None:
    """Bars of what happened up to each row, one kind upon the other; few enough to be seen."""
    every = -(-len(rows) // _BARS_MAX)
    rows, times = rows[::every], times[::every]
    base = [0] * (len(rows) - 1)
    width = min((after - before for before, after in pairwise(times)), default=0)
    for label, colour, counts in (
        ("isolated positions", "tab:purple", [row.positions for row in rows]),
        ("cross accounts", "tab:red", [row.accounts for row in rows]),
        ("auto-deleveraged", "tab:olive", [row.deleveraged for row in rows]),
    ):
        heights = [now - before for before, now in pairwise(counts)]
        axes.bar(times[:-1], heights, width, base, align="edge", color=colour, label=label)
        base = [below + height for below, height in zip(base, heights, strict=True)]
    axes.set_ylabel(f"liquidations,\nby {every} h")
    axes.legend(loc="best")


def _draw_lines(axes: "Axes", times: list[float], lines: dict[str, list[int]], words: str) -> None:
    for (label, atoms), colour in zip(lines.items(), _COLOURS[1:], strict=False):
        axes.plot(times, [each / E8 for each in atoms], color=colour, linewidth=1, label=label)
    axes.set_ylabel(f"{words},\n{SETTLEMENT}")
    axes.ticklabel_format(axis="y", style="plain")
    if len(lines) > 1:
        axes.legend(loc="best")
