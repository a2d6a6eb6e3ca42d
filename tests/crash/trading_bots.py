"""Four markets side by side, market makers, bots over WebSocket, and kills -9 in between.

    python -m tests.crash.trading_bots --minutes 5 --bots 200 --kills 2

Of each settlement asset one market is order-driven and one quote-driven, with tickets, netting and
hedging, isolated and cross margin, and funding each minute.  At the end the journal is replayed:
the ledger's sum, Σ lots, the clearing identity and that no stamp is paid twice or left out are
looked at after every command, and whatever a client saw is held against the replay.  Prints a
report; the exit code is 1 if anything was not as it was said to be.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import uvloop

from engine.commands import Command
from engine.engine import Engine
from engine.events import Event
from snapshots.restore import Observer
from tests.crash.audit import Facts, mismatches, replayed_facts
from tests.crash.bots.audit import MarketWitness
from tests.crash.bots.finance_audit import FinanceWitness
from tests.crash.bots.following import FollowingWitness
from tests.crash.bots.venue import BotStory, Plan

SHOWN_MAX: Final = 10
PROGRESS_S: Final = 15.0


class Report(NamedTuple):
    """The figures, and everything that was not as it was said to be."""

    figures: dict[str, int]
    wrong: list[str]


class _Ledger(msgspec.Struct):
    sum: str


async def tell(story: BotStory) -> None:
    """The story, and a line about it from time to time."""

    async def progress() -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            seen = story.seen
            print(f"sequence {seen.sequence:,}, answered {len(seen.results):,}", flush=True)

    telling = asyncio.create_task(progress())
    try:
        await story.run()
    finally:
        telling.cancel()


def audited(story: BotStory) -> Report:
    """Replay the journal and compare.  Raises AssertionError where the engine is wrong."""
    witnesses: list[tuple[MarketWitness, FollowingWitness]] = []
    money = FinanceWitness(story.finance)

    def watch(engine: Engine) -> Observer:
        markets = MarketWitness(engine, story.public)
        following = FollowingWitness(engine, story.finance)
        witnesses.append((markets, following))

        def observe(sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
            markets.observe(sequence, time_ns, command, events)
            money.observe(sequence, time_ns, command, events)
            following.observe(sequence)

        return observe

    facts = replayed_facts(story.data, story.seen, watch)
    ((markets, following),) = witnesses
    markets.finish()
    money.finish()
    wrong = mismatches(story.seen, facts) + markets.wrong + money.wrong + following.wrong
    ledger_sum = msgspec.json.decode(story.ledger, type=_Ledger).sum
    if ledger_sum.strip("0.-"):
        wrong.append(f"the ledger's sum was {ledger_sum}")
    replayed = markets.counts + money.counts
    replayed["trailing stops compared"] = following.compared
    return Report(_figures(story, facts, replayed), wrong)


def _figures(story: BotStory, facts: Facts, replayed: Counter[str]) -> dict[str, int]:
    seen, public = story.seen, story.public
    desks = story.desks()
    figures = {
        "clients": len(story.clients),
        "kills": story.counts["kills"],
        "commands in the journal": facts.sequence,
        "orders acknowledged": sum(isinstance(result, bytes) for result in seen.results.values()),
        "orders refused": sum(isinstance(result, str) for result in seen.results.values()),
        "settings acknowledged": sum(desk.counts["settings acknowledged"] for desk in desks),
        "settings refused": sum(desk.counts["settings refused"] for desk in desks),
        "cancels acknowledged": sum(desk.counts["cancels acknowledged"] for desk in desks),
        "amends acknowledged": sum(desk.counts["amends acknowledged"] for desk in desks),
        "unknown outcomes settled": sum(desk.counts["unknown outcomes settled"] for desk in desks),
        "event chains compared": len(seen.chains),
        "order versions compared": len(seen.orders),
        "balances compared": len(seen.accounts),
        "private messages compared": len(seen.messages),
        "book updates heard": public.counts["book updates"],
        "books seen by clients": public.counts["books"],
        "trades heard": public.counts["trades"],
    }
    figures.update(sorted(story.counts.items()))
    figures.update(sorted(replayed.items()))
    return figures


def run(plan: Plan, directory: Path) -> Report:
    """A whole story and its audit."""
    story = BotStory(directory, plan)
    started_s = time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(tell(story))
    lived_s = time.perf_counter()
    report = audited(story)
    report.figures["seconds of the story"] = int(lived_s - started_s)
    report.figures["seconds of the replay"] = int(time.perf_counter() - lived_s)
    return report


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.trading_bots")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--bots", type=int, default=200)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.8, help="mean think time, seconds")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    plan = Plan(given.seed, given.minutes * 60, given.bots, given.kills, given.pause)
    with tempfile.TemporaryDirectory() as directory:
        report = run(plan, Path(directory))
    for name, figure in report.figures.items():
        print(f"{name}: {figure:,}")
    print(f"mismatches: {len(report.wrong)}")
    for mismatch in report.wrong[:SHOWN_MAX]:
        print(f"  {mismatch[:1_000]}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
