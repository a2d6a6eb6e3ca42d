"""Stories of a journal on a machine that loses power, and what must be true after each loss.

A story is a number of lives: recover, check, write, die at a random operation by a power loss or
by a kill.  After every death: each acknowledged record is there, what is there is a prefix of what
was submitted, and the log can be continued.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import msgspec

from tests.simulation.simulated_files import Operation, PowerLoss, SimulatedFiles
from wal.directory import has_log, initialise, lock_directory
from wal.errors import LogError
from wal.reader import LogReader
from wal.record import FRAME_MAGIC, Row
from wal.recovery import recover
from wal.writer import SYNC_ALWAYS, LogWriter, SyncPolicy, open_writer

VENUE: Final = Path("/venue/data")
CHUNK_BYTES: Final = 4096
SEGMENT_BYTES: Final = 2 * CHUNK_BYTES
LIVES_MAX: Final = 4


class RecordsLost(AssertionError):
    """An acknowledged record is not there any more, or another one stands in its place."""


class Story:
    """What the clients of the venue know, which no crash takes from them."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.rows: list[Row] = []
        self.acknowledged = 0
        self.initialised = False

    def new_row(self) -> Row:
        """A row of some tens to some hundreds of bytes, some of which look like a frame."""
        rng = self.rng
        noise = rng.choice([b"", FRAME_MAGIC, bytes(700), rng.randbytes(rng.randrange(300))])
        row = (len(self.rows) + 1, rng.getrandbits(63), "alice", noise)
        self.rows.append(row)
        return row

    def check(self, records: list[tuple[int, Row]]) -> None:
        """Compares what was recovered with what was submitted and acknowledged."""
        if len(records) < self.acknowledged:
            raise RecordsLost(f"{len(records)} records, {self.acknowledged} were acknowledged")
        if records != list(enumerate(self.rows[: len(records)], 1)):
            raise RecordsLost("what was recovered is not what was submitted")
        # From now on it is shown to clients, so no later crash may take it back.
        self.rows = self.rows[: len(records)]
        self.acknowledged = len(records)


Commit = Callable[[Story, LogWriter, SimulatedFiles], None]


def commit_then_reply(story: Story, writer: LogWriter, files: SimulatedFiles) -> None:
    """The honest order: nothing is acknowledged before the commit has returned."""
    writer.commit()
    story.acknowledged = writer.last_sequence


def commit_and_reply_what_is_durable(
    story: Story, writer: LogWriter, files: SimulatedFiles
) -> None:
    """For lazy policies: promises only what the writer calls durable, and syncs now and then."""
    writer.commit()
    if story.rng.random() < 0.2:
        writer.sync()
    story.acknowledged = max(story.acknowledged, writer.durable_sequence)


class Outcome(NamedTuple):
    """How often the power went, and how often a tail was cut for it."""

    power_losses: int
    torn_tails: int


def tell_story(
    seed: int,
    machine: type[SimulatedFiles] = SimulatedFiles,
    commit: Commit = commit_then_reply,
    policy: SyncPolicy = SYNC_ALWAYS,
) -> Outcome:
    """One story from an empty machine; raises RecordsLost or LogError if the journal failed."""
    rng = Random(seed)
    files = machine()
    files.mkdir(VENUE.parent)
    files.fsync_directory(VENUE.parent.parent)
    story = Story(rng)
    power_losses = torn_tails = 0
    for _ in range(LIVES_MAX):
        torn_tails += _live(files, story, rng.randrange(1, 120), commit, policy)
        if rng.random() < 0.75:
            files = files.crash(rng)
            power_losses += 1
        else:
            files = files.restart()
    torn_tails += _live(files, story, None, commit, policy)
    return Outcome(power_losses, torn_tails)


def find_losses(
    seeds: range,
    machine: type[SimulatedFiles] = SimulatedFiles,
    commit: Commit = commit_then_reply,
) -> list[int]:
    """The seeds whose stories end badly."""
    losses = []
    for seed in seeds:
        try:
            tell_story(seed, machine, commit)
        except (RecordsLost, LogError):
            losses.append(seed)
    return losses


def _live(
    files: SimulatedFiles,
    story: Story,
    last_operation: int | None,
    commit: Commit,
    policy: SyncPolicy,
) -> bool:
    """From a start to a death, or to a clean stop; whether a torn tail was met."""
    start = files.operations
    # Half of the deaths wait for the worst moment: written, and not synced yet.
    any_moment = story.rng.random() < 0.5

    def die(operation: Operation) -> None:
        if last_operation is None or operation.number - start <= last_operation:
            return
        if any_moment or operation.name == "fdatasync":
            raise PowerLoss

    files.hook = die
    torn = False
    try:
        _make_sure_of_log(files, story)
        lock_directory(files, VENUE)
        log = recover(files, VENUE)
        torn = log.torn_tail is not None
        story.check(list(LogReader(files, log).records()))
        writer = open_writer(files, log, policy, SEGMENT_BYTES, CHUNK_BYTES)
        story.initialised = True
        for _ in range(story.rng.randrange(1, 60)):
            for _ in range(story.rng.choice([1, 1, 2, 5, 12])):
                writer.append(writer.last_sequence + 1, msgspec.msgpack.encode(story.new_row()))
            commit(story, writer, files)
        if story.rng.random() < 0.5:
            writer.close()
            story.acknowledged = writer.last_sequence
    except PowerLoss:
        pass
    files.hook = None
    return torn


def _make_sure_of_log(files: SimulatedFiles, story: Story) -> None:
    """A journal that was once made has to be there; only before may it be made again.

    One that a dead process left half made may be there, and yet not outlast a loss of power.
    """
    if not story.initialised and not has_log(files, VENUE):
        initialise(files, VENUE, story.rng.randbytes(16))
        story.initialised = True
