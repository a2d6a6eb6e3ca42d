"""A recorded day at many times its pace, a hundred clients, and a kill -9 in the middle.

    python -m tests.crash.recorded_day --feed FILE.csv.gz --speed 30 --clients 100

Half of the clients speak HTTP, half WebSocket.  The venue is killed half-way through the file,
started again on what is left of it, stopped cleanly at the end of the file, and started once more
to be asked for every order.  Prints a report; the exit code is 1 if anything was not as it was
said to be.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from engine.codec import command_from_row
from engine.commands import UpdatePrice
from gateway.feeds.price_file import PriceFile
from tests.crash.audit import Facts, mismatches, replayed_facts
from tests.crash.sightings import Sightings
from tests.crash.story import Plan, Story
from tests.crash.traders import SYMBOLS
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover

SHOWN_MAX: Final = 10
PROGRESS_S: Final = 15.0
Report = dict[str, int | float]


def day_plan(feed: Path, speed: int, clients: int, pause_s: float, seed: int) -> Plan:
    """The recorded prices drive both of the demo's bitcoin markets."""
    symbols = "".join(f",symbol={symbol}" for symbol in SYMBOLS)
    return Plan(
        seed,
        f"file:{feed},speed={speed}{symbols}",
        http_clients=clients // 2,
        socket_clients=clients - clients // 2,
        pause_s=pause_s,
        teller_pause_s=0.1,
        burst_max=2,
        watch_s=0.01,
    )


async def live_through(story: Story, seconds: float) -> dict[str, int]:
    """Kill the venue half-way, let it reach the end of its feed, and ask for everything.

    Returns each user's last account message before the kill, as the sequence it is true at.
    """
    async with story.under_load():
        await asyncio.sleep(seconds / 2)
    before_kill = last_accounts(story.seen)
    story.count_end("kill under load")
    print(f"killed at sequence {story.seen.sequence:,}", flush=True)
    async with story.under_load() as venue:
        await venue.line("feed ended")
        print(f"feed ended at sequence {story.seen.sequence:,}", flush=True)
        assert await venue.stop() == 0
    story.count_end("stop")
    await story.ask_everything()
    return before_kill


async def tell_progress(story: Story) -> None:
    """A line from time to time."""
    while True:
        await asyncio.sleep(PROGRESS_S)
        seen = story.seen
        print(f"sequence {seen.sequence:,}, answered orders {len(seen.results):,}", flush=True)


async def tell(story: Story, seconds: float) -> dict[str, int]:
    """The day, and a line about it from time to time."""
    progress = asyncio.create_task(tell_progress(story))
    try:
        return await live_through(story, seconds)
    finally:
        progress.cancel()


def last_accounts(seen: Sightings) -> dict[str, int]:
    """The sequence of the last balances that each user was shown."""
    last: dict[str, int] = {}
    for user, sequence in seen.accounts:
        last[user] = max(sequence, last.get(user, 0))
    return last


def command_counts(directory: Path) -> Counter[str]:
    """How many commands of each kind the journal holds."""
    files = Files()
    records = LogReader(files, recover(files, directory)).records()
    return Counter(type(command_from_row(row)[1]).__name__ for _, row in records)


def report(story: Story, facts: Facts, before_kill: dict[str, int]) -> Report:
    """The figures of a day, all of them compared with the replay."""
    seen, commands = story.seen, command_counts(story.data)
    equal = sum(
        seen.accounts[user, sequence] == facts.accounts.get((user, sequence))
        for user, sequence in before_kill.items()
    )
    return {
        "clients": len(story.traders),
        "commands in the journal": facts.sequence,
        "price updates": commands[UpdatePrice.__name__],
        "client actions": sum(trader.actions for trader in story.traders),
        "acknowledged orders": sum(isinstance(r, bytes) for r in seen.results.values()),
        "refused orders": sum(isinstance(r, str) for r in seen.results.values()),
        "acknowledged transfers": len(seen.transfers),
        "orders found by client order id": story.counts["orders found"],
        "unknown outcomes settled": sum(trader.retries for trader in story.traders),
        "lines cut while the venue lived": story.counts["lines cut"],
        "kills": story.counts["kills"],
        "sequence seen before the kill": seen.restarts[0].seen_sequence,
        "sequence recovered": seen.restarts[0].recovered_sequence,
        "event chains compared": len(seen.chains),
        "order versions compared": len(seen.orders),
        "balances compared": len(seen.accounts),
        "private messages compared": len(seen.messages),
        "clients with a last account message before the kill": len(before_kill),
        "of these equal to the replay": equal,
    }


def run_day(plan: Plan, feed: Path, speed: int, directory: Path) -> tuple[Report, list[str]]:
    """The report, and every mismatch there is."""
    times_ms = [row.ts_ms for row in PriceFile(feed).rows()]
    seconds = (times_ms[-1] - times_ms[0]) / 1_000 / speed
    print(f"{len(times_ms):,} rows in {seconds:.0f} s, seed {plan.seed}", flush=True)
    story = Story(directory, plan)
    started_s = time.perf_counter()
    before_kill = asyncio.run(tell(story, seconds))
    lived_s = time.perf_counter() - started_s
    facts = replayed_facts(story.data, story.seen)
    figures = report(story, facts, before_kill)
    figures["rows of the file"] = len(times_ms)
    figures["seconds of the feed"] = round(seconds, 1)
    figures["seconds from start to end"] = round(lived_s, 1)
    return figures, mismatches(story.seen, facts)


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.recorded_day")
    parser.add_argument("--feed", type=Path, required=True, help="a recorded .csv.gz")
    parser.add_argument("--speed", type=int, default=30)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--pause", type=float, default=0.25, help="mean think time, seconds")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    plan = day_plan(given.feed, given.speed, given.clients, given.pause, given.seed)
    with tempfile.TemporaryDirectory() as directory:
        figures, wrong = run_day(plan, given.feed, given.speed, Path(directory))
    for name, figure in figures.items():
        print(f"{name}: {figure:,}")
    print(f"mismatches: {len(wrong)}")
    for mismatch in wrong[:SHOWN_MAX]:
        print(f"  {mismatch[:1_000]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
