"""Which recordings there are, and what their steps are.  Knows files; replays nothing itself."""

import time
from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Final

from tests.nightly.job import Skipped
from tests.order_flow.orders import market_spec
from tests.order_flow.recording import Grid, messages
from tests.order_flow.replay import Outcome, Replay
from tests.shared_folder import SHARED

FOLDER: Final = Path("data/ws")
# Quantities are thousandths in both; prices are tenths of a dollar for one, cents for the other.
GRIDS: Final = {"btcusdt": Grid(10_000_000, 100_000), "ethusdt": Grid(1_000_000, 100_000)}
FILES: Final = (
    "binance_usdm_btcusdt_20240808.jsonl.gz",
    "binance_usdm_ethusdt_20240808.jsonl.gz",
)
CHECK_EVERY: Final = 500
# What is added up over the nights.
NIGHTLY: Final = (
    "commands",
    "depth messages",
    "sweeps that traded as recorded",
    "sweeps refused",
    "lots traded",
    "reduced by LIQUIDATION",
    "reduced by STOP_LOSS",
    "checks of every invariant",
)
SECOND_RUN_SHARE: Final = 3  # a run without checks takes less than one in so many of one with them


def replayed_twice(
    file: Path,
    seed: int = 1,
    lines_max: int | None = None,
    check_every: int = CHECK_EVERY,
    seconds: float | None = None,
) -> Outcome:
    """Replay a recording with every check, and once more without: the event chain is the same.

    seconds: begin no message after so many.  Raises AssertionError.
    """
    name = file.name.split("_")[2]
    spec = market_spec(name.removesuffix("usdt").upper(), GRIDS[name])
    deadline = None if seconds is None else time.monotonic() + seconds
    recorded = messages(file, GRIDS[name], lines_max)
    in_time = takewhile(lambda _: deadline is None or time.monotonic() < deadline, recorded)
    first = Replay(spec, seed, check_every).run(in_time)
    commands = first.counts["commands"]
    again = Replay(spec, seed, 0).run(messages(file, GRIDS[name], lines_max), commands)
    assert again.counts["commands"] == commands
    assert again.chain == first.chain, f"{file.name}, seed {seed}: two runs differ"
    return first


def order_flow(seed: int, budget_seconds: float) -> dict[str, int]:
    """A job for `tests.nightly`: as much of a recording as the budget allows; the seed says which
    recording, and which taker makes which trade.

    Raises Skipped if the recording is not there.
    """
    file = SHARED / FOLDER / FILES[seed % len(FILES)]
    if not file.exists():
        raise Skipped(f"there is no {file.name} in {file.parent}")
    seconds = budget_seconds * SECOND_RUN_SHARE / (SECOND_RUN_SHARE + 1)
    counts = replayed_twice(file, seed, seconds=seconds).counts
    return {f"order flow: {name}": counts[name] for name in NIGHTLY}


def shown(counts: Counter[str]) -> list[str]:
    """The names of the figures, events last."""
    return sorted(counts, key=lambda name: (name.startswith("event "), name))
