"""A funding stamp is paid once, wherever the venue is when it is killed; an idle venue pays too."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.commands import AdvanceTime, Command
from engine.engine import Engine
from engine.events import Event, FundingPaid, FundingSettled, TimeAdvanced
from snapshots.restore import Observer
from tests.crash.audit import mismatches, replayed_facts
from tests.crash.bots.finance_audit import FinanceWitness
from tests.crash.funding_story import LONG, POINTS, SHORT, FundingStory


@pytest.mark.slow
async def test_a_stamp_is_paid_once_wherever_the_venue_is_killed(
    tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    story = FundingStory(tmp_path)
    await story.found()
    for point in POINTS:
        await story.die_at(point)
    await story.be_idle_at_a_stamp()

    money = FinanceWitness(story.finance)
    idle: list[Command] = []
    told: Counter[type[Event]] = Counter()

    def watch(_engine: Engine) -> Observer:
        def observe(sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
            money.observe(sequence, time_ns, command, events)
            if sequence > story.founded_sequence:
                idle.append(command)
                told.update(type(event) for event in events)

        return observe

    facts = replayed_facts(story.data, story.seen, watch)
    money.finish()
    assert mismatches(story.seen, facts) + money.wrong == []
    # The first three ends take the command with them, and none of them the stamps.
    stamps = told[FundingSettled]
    assert stamps >= len(idle) >= len(POINTS) - 2
    assert {type(command) for command in idle} == {AdvanceTime}
    assert told == {FundingSettled: stamps, FundingPaid: 2 * stamps, TimeAdvanced: len(idle)}
    amounts = {
        user: [payment.amount for payment in payments]
        for (user, _), payments in story.finance.payments.items()
    }
    assert amounts == {LONG: ["-6"] * stamps, SHORT: ["6"] * stamps}
    count("kills", len(POINTS))
    count("kills at a funding stamp", len(POINTS))
    count("funding stamps settled once, by time alone", stamps)
