"""The audit itself is put to the test: fed a history that is broken, it must say what is wrong.

One short true story is told; each test breaks a copy of what its journal says in one place.
"""

import asyncio
import copy
import sys
from pathlib import Path
from typing import Final

import pytest

from engine.codec import command_from_row, pack_command
from engine.commands import PlaceOrder
from gateway.replay.stage import new_journal
from tests.crash.audit import Facts, mismatches, replayed_facts
from tests.crash.sightings import ClientOrderId, Message, Restart, Sightings, Transfer
from tests.crash.story import Story, short_plan
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover

pytestmark = pytest.mark.slow
HASTY_KILLS_MAX: Final = 5
# A venue that shows what it did, and writes it down 20 ms later.
HASTY: Final = """
import time
from gateway import cli, sequencer

class HastyCommitter:
    def commit(self, journal, then):
        then()
        time.sleep(0.02)
        journal.commit()

sequencer.InlineCommitter = HastyCommitter
cli.main()
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sightings, Facts]:
    """A story with one kill: its directory, what was seen, and what the journal says."""

    async def tell(story: Story) -> None:
        await story.serve_until("kill under load")
        await story.ask_everything()

    story = Story(tmp_path_factory.mktemp("told"), short_plan(11))
    asyncio.run(tell(story))
    return story.data, story.seen, replayed_facts(story.data, story.seen)


@pytest.fixture
def seen(told: tuple[Path, Sightings, Facts]) -> Sightings:
    """What was seen, a copy."""
    return copy.deepcopy(told[1])


@pytest.fixture
def facts(told: tuple[Path, Sightings, Facts]) -> Facts:
    """What the journal says, a copy to be broken."""
    return copy.deepcopy(told[2])


def acknowledged(seen: Sightings, kind: type) -> ClientOrderId:
    """An order whose answer was a body, or a code."""
    return next(name for name, result in seen.results.items() if isinstance(result, kind))


def test_a_true_history_has_no_mismatch(seen: Sightings, facts: Facts) -> None:
    assert mismatches(seen, facts) == []


def test_an_acknowledged_order_that_is_gone_is_found(seen: Sightings, facts: Facts) -> None:
    name = acknowledged(seen, bytes)
    del facts.accepted[name]

    assert mismatches(seen, facts) == [f"{name}: acknowledged, in the journal 0+0 x"]


def test_an_acknowledged_order_that_is_there_twice_is_found(seen: Sightings, facts: Facts) -> None:
    name = acknowledged(seen, bytes)
    facts.accepted[name] *= 2

    assert mismatches(seen, facts) == [f"{name}: acknowledged, in the journal 2+0 x"]


def test_an_order_of_unknown_outcome_that_is_there_twice_is_found(
    seen: Sightings, facts: Facts
) -> None:
    name = acknowledged(seen, bytes)
    del seen.results[name]
    facts.accepted[name] *= 2

    assert mismatches(seen, facts) == [f"{name}: never answered, in the journal 2 x"]


def test_an_order_that_was_said_to_be_not_done_and_is_there_is_found(
    seen: Sightings, facts: Facts
) -> None:
    name = acknowledged(seen, bytes)
    del seen.results[name]
    seen.not_done.add(name)

    assert mismatches(seen, facts) == [f"{name}: said to be not done, in the journal 1 x"]


def test_another_answer_than_the_first_is_found(seen: Sightings, facts: Facts) -> None:
    name = acknowledged(seen, bytes)
    answer = seen.results[name]
    facts.accepted[name] = [b"another"]

    expected = f"{name}: answered {answer!r}, the journal says [b'another']"
    assert mismatches(seen, facts) == [expected]


def test_another_refusal_than_the_first_is_found(seen: Sightings, facts: Facts) -> None:
    name = ClientOrderId("http-1", "refused")
    seen.results[name] = "STALE_PRICE"
    facts.refused[name] = ["HALTED"]

    expected = f"{name}: answered 'STALE_PRICE', the journal says ['HALTED']"
    assert mismatches(seen, facts) == [expected]


def test_two_answers_to_one_client_order_id_are_found(seen: Sightings, facts: Facts) -> None:
    name = acknowledged(seen, bytes)
    seen.see_result(name, "HALTED")

    assert mismatches(seen, facts) == [f"two results of {name.text} of {name.user}"]


def test_another_event_chain_is_found(seen: Sightings, facts: Facts) -> None:
    sequence = max(seen.chains)
    facts.chains[sequence] = "00" * 32

    expected = f"event chain {sequence}: seen {seen.chains[sequence]!r},"
    assert mismatches(seen, facts) == [f"{expected} the journal says {'00' * 32!r}"]


def test_another_last_account_message_is_found(seen: Sightings, facts: Facts) -> None:
    key = ("socket-1", seen.last_account_messages()["socket-1"])
    facts.messages[key] = Message("account", "update", b"{}")

    found = mismatches(seen, facts)

    seen_and_fact = f"seen {seen.messages[key]!r}, the journal says {facts.messages[key]!r}"
    assert found == [f"message {key}: {seen_and_fact}"]


def test_other_balances_are_found(seen: Sightings, facts: Facts) -> None:
    key, body = next(iter(seen.accounts.items()))
    facts.accounts[key] = b"{}"

    assert mismatches(seen, facts) == [f"account {key}: seen {body!r}, the journal says b'{{}}'"]


def test_another_version_of_an_order_is_found(seen: Sightings, facts: Facts) -> None:
    key, body = next(iter(seen.orders.items()))
    del facts.orders[key]

    assert mismatches(seen, facts) == [f"order {key}: seen {body!r}, the journal says None"]


def test_a_deposit_that_is_gone_and_one_that_is_doubled_are_found(
    seen: Sightings, facts: Facts
) -> None:
    (gone, first), (doubled, second), *_ = seen.transfers.items()
    del facts.transfers[gone]
    facts.transfers[doubled] *= 2

    assert mismatches(seen, facts) == [
        f"transfer {gone}: acknowledged {first}, journal has []",
        f"transfer {doubled}: acknowledged {second}, journal has {[second, second]}",
    ]


def test_a_transfer_that_nobody_was_told_of_and_is_there_twice_is_found(
    seen: Sightings, facts: Facts
) -> None:
    facts.transfers["teller-0"] = [Transfer("http-1", 5), Transfer("http-1", 5)]

    assert mismatches(seen, facts) == ["transfer teller-0: never answered, in the journal 2 x"]


def test_a_recovery_that_ends_before_what_was_seen_is_found(seen: Sightings, facts: Facts) -> None:
    seen.restarts[0] = Restart(seen_sequence=500, recovered_sequence=499)

    expected = "restart 1: sequence 500 was seen, 499 recovered"
    assert mismatches(seen, facts) == [expected]


def test_a_journal_without_one_acknowledged_order_is_found(
    told: tuple[Path, Sightings, Facts], seen: Sightings, tmp_path: Path
) -> None:
    name = acknowledged(seen, bytes)
    copy_without(told[0], tmp_path / "data", name.text)

    found = mismatches(seen, replayed_facts(tmp_path / "data", seen))

    assert f"{name}: acknowledged, in the journal 0+0 x" in found


def copy_without(source: Path, target: Path, client_order_id: str) -> None:
    """Write the journal anew, numbered without a gap, one order left out."""
    files = Files()
    writer = new_journal(files, target)
    sequence = 0
    for _, row in LogReader(files, recover(files, source)).records():
        time_ns, command = command_from_row(row)
        if isinstance(command, PlaceOrder) and command.client_order_id == client_order_id:
            continue
        sequence += 1
        writer.append(sequence, pack_command(time_ns, command))
        if sequence % 200 == 0:
            writer.commit()
    writer.commit()
    writer.close()


async def test_a_venue_that_answers_before_it_writes_is_found(tmp_path: Path) -> None:
    story = Story(tmp_path, short_plan(12)._replace(command=(sys.executable, "-c", HASTY)))
    lost: list[Restart] = []

    while not lost and story.counts["kills"] < HASTY_KILLS_MAX:
        await story.serve_until("kill under load")
        lost = [r for r in story.seen.restarts if r.recovered_sequence < r.seen_sequence]

    assert len(lost) == 1
    found = mismatches(story.seen, replayed_facts(story.data, story.seen))
    assert f"sequence {story.seen.sequence} was seen" in " ".join(found)
