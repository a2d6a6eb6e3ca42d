"""A few bots on four markets, and one kill: what they saw is what the journal says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.bots.venue import Plan
from tests.crash.trading_bots import run

SEED = 7


@pytest.mark.slow
def test_what_bots_saw_of_four_markets_is_true_after_a_kill(
    tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    print(f"seed {SEED}")
    plan = Plan(SEED, seconds=6.0, bots=20, kills=1, pause_s=0.3, minute_s=5.0)

    figures, wrong = run(plan, tmp_path)

    assert wrong == []
    assert figures["kills"] == 1
    assert figures["payments asked for"] > 0
    assert figures["books compared"] > plan.bots
    assert figures["trades seen and replayed"] >= figures["trades between users"] // 2 > 0
    count("kills", 1)
    count("bots: acknowledged orders present exactly once", figures["orders acknowledged"])
    count("bots: books seen and replayed", figures["books compared"])
    count("bots: private messages seen and replayed", figures["private messages compared"])
    count("bots: funding payments heard and replayed", figures["payments heard"])
    count("bots: commands with the clearing identity", figures["commands in the journal"])
