"""Power loss at any operation, with any subset of what was not synced; and proof that it bites.

The sabotaged runs differ from the honest one in a single broken promise each: a harness that does
not find them would prove nothing about the honest one either.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.simulated_files import Operation, SimulatedFiles
from tests.wal.power_loss import (
    Story,
    commit_and_reply_what_is_durable,
    find_losses,
    tell_story,
)
from wal.writer import LogWriter, parse_sync_policy

Count = Callable[[str, int], None]

HONEST_SHARDS = 4
STORIES_PER_SHARD = 600
SABOTAGE_SEEDS = range(100)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(HONEST_SHARDS))
def test_no_power_loss_takes_an_acknowledged_record(shard: int, count: Count) -> None:
    first = 10_000 + shard * STORIES_PER_SHARD
    outcomes = [tell_story(seed) for seed in range(first, first + STORIES_PER_SHARD)]

    power_losses = sum(outcome.power_losses for outcome in outcomes)
    torn_tails = sum(outcome.torn_tails for outcome in outcomes)
    assert power_losses >= 1_700
    assert torn_tails >= 50
    count("power-loss points", power_losses)
    count("power-loss points with a torn tail", torn_tails)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["interval:50", "never"])
def test_a_lazy_log_keeps_what_it_calls_durable_and_always_starts(
    policy: str, count: Count
) -> None:
    outcomes = [
        tell_story(seed, commit=commit_and_reply_what_is_durable, policy=parse_sync_policy(policy))
        for seed in range(150)
    ]

    power_losses = sum(outcome.power_losses for outcome in outcomes)
    assert power_losses >= 350
    count("power-loss points of lazy logs", power_losses)


class WithoutDataSync(SimulatedFiles):
    """A journal from which the fdatasync was left out."""

    def fdatasync(self, descriptor: int) -> None:
        self._operate("fdatasync", Path("/"))


class WithoutDataSyncOfFrames(SimulatedFiles):
    """The same, but new files are still made with care: only commits are not synced."""

    def fdatasync(self, descriptor: int) -> None:
        path, _ = self._open[descriptor]
        if path.suffix == ".wal":
            self._operate("fdatasync", path)
        else:
            super().fdatasync(descriptor)


class WithoutDirectorySync(SimulatedFiles):
    """A journal from which the directory's fsync was left out."""

    def fsync_directory(self, path: Path) -> None:
        self._operate("fsync_directory", path)


class WithoutSyncAtRecovery(SimulatedFiles):
    """A start that serves what a kill left in the page cache, without making it durable."""

    def fdatasync(self, descriptor: int) -> None:
        path, _ = self._open[descriptor]
        if descriptor in self.readers:
            self._operate("fdatasync", path)
        else:
            super().fdatasync(descriptor)

    def open_to_read(self, path: Path) -> int:
        descriptor = super().open_to_read(path)
        self.readers.add(descriptor)
        return descriptor

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[int] = set()


def reply_before_sync(story: Story, writer: LogWriter, files: SimulatedFiles) -> None:
    """Acknowledges when the batch is written, just before the sync that would make it true."""
    die = files.hook
    assert die is not None

    def reply_then_go_on(operation: Operation) -> None:
        if operation.name == "fdatasync" and writer.written_sequence == writer.last_sequence:
            story.acknowledged = writer.last_sequence
        die(operation)

    files.hook = reply_then_go_on
    writer.commit()
    files.hook = die
    story.acknowledged = writer.last_sequence


def test_power_loss_harness_finds_nothing_in_the_honest_journal(count: Count) -> None:
    assert find_losses(SABOTAGE_SEEDS) == []
    count("power-loss stories told to compare with sabotage", len(SABOTAGE_SEEDS))


@pytest.mark.parametrize("machine", [WithoutDataSync, WithoutDataSyncOfFrames])
def test_power_loss_harness_finds_a_missing_fdatasync(
    machine: type[SimulatedFiles], count: Count
) -> None:
    losses = find_losses(SABOTAGE_SEEDS, machine)

    assert len(losses) >= 10
    count("stories lost by a missing fdatasync", len(losses))


def test_power_loss_harness_finds_a_reply_before_the_fdatasync(count: Count) -> None:
    losses = find_losses(SABOTAGE_SEEDS, commit=reply_before_sync)

    assert len(losses) >= 3
    count("stories lost by a reply before the fdatasync", len(losses))


def test_power_loss_harness_finds_a_missing_directory_fsync(count: Count) -> None:
    losses = find_losses(SABOTAGE_SEEDS, WithoutDirectorySync)

    assert len(losses) >= 10
    count("stories lost by a missing directory fsync", len(losses))


def test_power_loss_harness_finds_a_start_that_serves_before_it_syncs(count: Count) -> None:
    losses = find_losses(range(200), WithoutSyncAtRecovery)

    assert len(losses) >= 1
    count("stories lost by serving before syncing", len(losses))
