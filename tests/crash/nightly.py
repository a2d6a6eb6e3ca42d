"""The long runs of this folder, as `tests.nightly` wants its jobs: (seed, seconds) -> counters."""

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.crash import trading_bots
from tests.crash.audit import mismatches, replayed_facts
from tests.crash.bots.venue import Plan
from tests.crash.recorded_day import day_plan, run_day
from tests.crash.story import Story, short_plan
from tests.nightly.job import Skipped
from tests.shared_folder import SHARED

KILLS_PER_STORY: Final = 12
STORIES_PER_SEED: Final = 1_000_000
FEED: Final = SHARED / "data" / "ticks" / "binance_usdm_BTCUSDT_trades_20241028.csv.gz"
DAY_SPEED: Final = 30
DAY_SECONDS: Final = 300.0  # with its starts and its replay
BOT_SECONDS: Final = 30.0
BOT_STORY_SECONDS: Final = 90.0  # with its starts and its replay
BOTS: Final = 60
BOT_KILLS: Final = 3
BOT_MINUTE_S: Final = 6.0


def kill_stories(seed: int, budget_seconds: float) -> dict[str, int]:
    """One story of kills after the other, each with a seed and a segment size of its own."""
    deadline = time.monotonic() + budget_seconds
    counted: Counter[str] = Counter()
    story_seed = seed * STORIES_PER_SEED
    while time.monotonic() < deadline:
        with tempfile.TemporaryDirectory() as directory:
            counted.update(_kill_story(story_seed, Path(directory)))
        story_seed += 1
    return counted


def _kill_story(seed: int, directory: Path) -> dict[str, int]:
    plan = short_plan(seed)._replace(segment_bytes=65_536 << seed % 3 * 5)
    story = Story(directory, plan)
    asyncio.run(story.run(KILLS_PER_STORY))
    wrong = mismatches(story.seen, replayed_facts(story.data, story.seen))
    assert not wrong, f"kill_stories, story seed {seed}: {wrong[:3]}"
    return {"kills": story.counts["kills"], "acknowledged orders": len(story.seen.results)}


def recorded_days(seed: int, _budget_seconds: float) -> dict[str, int]:
    """The recorded day with a kill in its middle; it cannot be cut short.

    Raises Skipped if the recording is not there.
    """
    if not FEED.exists():
        raise Skipped(f"there is no {FEED.name} in {FEED.parent}")
    plan = day_plan(FEED, DAY_SPEED, clients=100, pause_s=0.25, seed=seed)
    with tempfile.TemporaryDirectory() as directory:
        figures, wrong = run_day(plan, FEED, DAY_SPEED, Path(directory))
    assert not wrong, f"recorded_days, seed {seed}: {wrong[:3]}"
    return {"recorded days": 1, "acknowledged orders": int(figures["acknowledged orders"])}


def bot_stories(seed: int, _budget_seconds: float) -> dict[str, int]:
    """Bots on four markets and some kills, a stamp in each life; a story cannot be cut short."""
    plan = Plan(seed, BOT_SECONDS, BOTS, BOT_KILLS, pause_s=0.3, minute_s=BOT_MINUTE_S)
    with tempfile.TemporaryDirectory() as directory:
        figures, wrong = trading_bots.run(plan, Path(directory))
    assert not wrong, f"bot_stories, seed {seed}: {wrong[:3]}"
    counted = (
        *("kills", "orders acknowledged", "trades between users", "books compared"),
        *("stamps settled", "payments", "liquidation steps", "trailing stops activated"),
    )
    return {"bot stories": 1, **{f"bots: {name}": figures.get(name, 0) for name in counted}}
