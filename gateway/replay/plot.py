"""A run as a picture: price, open interest, liquidations and insurance over time.

Knows matplotlib, which is an optional extra; floats are for drawing only.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.units import E8
from gateway.listings import SETTLEMENT
from gateway.replay.run import Outcome

_INCHES: Final = (11, 10)
_DOTS_PER_INCH: Final = 110


class PlotMissing(Exception):
    """matplotlib is not installed; says how to get it."""

    def __init__(self) -> None:
        super().__init__("--plot needs matplotlib: pip install 'fulcrum[plot]'")


def require_matplotlib() -> None:
    """Raises PlotMissing.  Worth asking before a run, not after it."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise PlotMissing from None


def write_plot(outcome: Outcome, path: Path) -> None:
    """Write a PNG.  Raises PlotMissing, OSError."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    samples = outcome.samples
    times = [datetime.fromtimestamp(sample.ts_ms / 1_000, UTC) for sample in samples]
    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    price, interest, liquidations, insurance = figure.subplots(4, 1, sharex=True)
    price.plot(times, [s.price_e8 / E8 for s in samples], color="black", linewidth=0.8)
    price.set_ylabel(f"price, {SETTLEMENT}")
    interest.plot(times, [s.long_atoms / E8 for s in samples], color="tab:green", label="long")
    interest.plot(times, [s.short_atoms / E8 for s in samples], color="tab:red", label="short")
    interest.set_ylabel(f"open interest, {SETTLEMENT}")
    interest.legend(loc="upper left")
    liquidations.step(times, [s.liquidations for s in samples], color="tab:purple", where="post")
    liquidations.set_ylabel("liquidations so far")
    insurance.plot(times, [s.insurance_atoms / E8 for s in samples], color="tab:blue")
    insurance.set_ylabel(f"insurance, {SETTLEMENT}")
    insurance.set_xlabel("recorded time, UTC")
    for axes in (price, interest, liquidations, insurance):
        axes.grid(alpha=0.3)
    plan = outcome.plan
    figure.suptitle(f"{plan.source}: {plan.users:,} synthetic traders, seed {plan.seed}")
    figure.savefig(path, format="png")
