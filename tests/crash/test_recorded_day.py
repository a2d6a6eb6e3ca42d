"""The recorded day in small, so that the long run is known to work."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.recorded_day import day_plan, run_day

SPEED = 100
CLIENTS = 8


@pytest.mark.slow
def test_a_recorded_day_survives_a_kill_in_its_middle(
    tmp_path: Path, shared: Path, count: Callable[[str, int], None]
) -> None:
    feed = shared / "data" / "ticks" / "binance_usdm_BTCUSDT_trades_20230404.csv.gz"
    plan = day_plan(feed, SPEED, CLIENTS, pause_s=0.02, seed=7)

    figures, wrong = run_day(plan, feed, SPEED, tmp_path)

    assert wrong == []
    assert figures["clients with a last account message before the kill"] == CLIENTS
    assert figures["of these equal to the replay"] == CLIENTS
    assert figures["kills"] == 1
    count("kills", 1)
    count("kills: acknowledged orders present exactly once", int(figures["acknowledged orders"]))
