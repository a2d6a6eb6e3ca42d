"""The long runs that there are.  Knows what to call; knows nothing of shards and totals.

A job is a function `(seed, budget_seconds) -> counters`.  It derives everything random from
`seed`, stops by itself soon after `budget_seconds`, returns what it did as counters to be added
up (`{"oracle steps": 40_000}`), and raises (an assert will do) when it finds something wrong;
the message of what it raises should say how to see it again.  What cannot begin, for want of
recorded data say, raises Skipped with the reason.  A job runs in a process of its own, and no
seed is given to it twice.

To add one, write the function beside what it drives and enter it in JOBS, with the least budget
that it can use if it cannot stop half-way.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.crash.nightly import (
    BOT_STORY_SECONDS,
    DAY_SECONDS,
    bot_stories,
    kill_stories,
    recorded_days,
)
from tests.nightly.job import Job
from tests.oracle import driver
from tests.order_flow.files import order_flow
from tests.wal.power_loss import tell_story

ROOT: Final = Path(__file__).resolve().parents[2]
STORIES_PER_SEED: Final = 1_000_000


def run_pytest(arguments: list[str], profile: str) -> subprocess.CompletedProcess[str]:
    """One quiet run of pytest under a Hypothesis profile."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**os.environ, "HYPOTHESIS_PROFILE": profile},
        capture_output=True,
        text=True,
        check=False,
    )


def property_search(seed: int, _budget_seconds: float) -> dict[str, int]:
    """One property test, 2,000 examples at random; which one is chosen by the seed.

    A single test cannot be stopped half-way without losing what it found.
    """
    listed = run_pytest(["--collect-only", "-m", "hypothesis", "tests"], "nightly")
    tests = sorted(line for line in listed.stdout.splitlines() if "::" in line)
    if listed.returncode != 0 or not tests:
        raise AssertionError(f"no property tests collected\n{listed.stdout}{listed.stderr}")
    chosen = tests[seed % len(tests)]
    finished = run_pytest([chosen, f"--hypothesis-seed={seed}"], "nightly")
    if finished.returncode != 0:
        raise AssertionError(f"{chosen} --hypothesis-seed={seed}\n{finished.stdout}")
    return {"property searches": 1}


def power_loss(seed: int, budget_seconds: float) -> dict[str, int]:
    """Stories of a journal on a machine that loses power, one after the other."""
    deadline = time.monotonic() + budget_seconds
    counted: Counter[str] = Counter()
    story = seed * STORIES_PER_SEED
    while time.monotonic() < deadline and story < (seed + 1) * STORIES_PER_SEED:
        try:
            outcome = tell_story(story)
        except Exception as found:
            raise AssertionError(f"tell_story({story})") from found
        counted["power-loss points"] += outcome.power_losses
        counted["power-loss points with a torn tail"] += outcome.torn_tails
        story += 1
    return counted


JOBS: Final[dict[str, Job]] = {
    "oracle": Job(driver.nightly),
    "power-loss": Job(power_loss),
    "properties": Job(property_search),
    "kills": Job(kill_stories),
    "recorded-days": Job(recorded_days, DAY_SECONDS),
    "bots": Job(bot_stories, BOT_STORY_SECONDS),
    "order-flow": Job(order_flow),
}
