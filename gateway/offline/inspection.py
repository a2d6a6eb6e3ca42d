"""Reads a data directory without changing it, beside a running venue too: every byte, every rule.

Knows files and the replay; knows no lock and no repair.
"""

from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from engine.engine import Engine
from engine.invariants import check
from engine.state import State
from snapshots.restore import replay
from snapshots.snapshot import state_hash
from snapshots.store import LoadedSnapshot, SnapshotStore
from wal.directory import has_log
from wal.errors import LogDamaged, refused_by_disk
from wal.files import UNFINISHED_SUFFIX, Files
from wal.reader import LogReader, Progress, no_progress
from wal.recovery import RecoveredLog, recover
from wal.segment import segment_folder

# What `initialise` makes before the journal exists, and what file systems put at their top.
_IN_THE_MAKING: Final = frozenset({"LOCK", "wal", "lost+found"})


class Finding(NamedTuple):
    """What a data directory holds, all of it checked.

    records: how many were read.  replayed_from: the sequence of the snapshot the replay began at,
    0 for the beginning.  snapshots: how many there are, all of them valid.
    """

    log: RecoveredLog
    records: int
    snapshots: int
    replayed_from: int
    state: State
    state_hash: str

    @property
    def torn_bytes(self) -> int:
        """Bytes of a batch that a crash cut short; none of it was acknowledged."""
        tail = self.log.torn_tail
        return 0 if tail is None else len(tail.content)


def inspect(files: Files, directory: Path, deep: bool, progress: Progress = no_progress) -> Finding:
    """Check all of it: every CRC, every snapshot, the replay, every invariant.

    deep: replay from the beginning and compare the state at each snapshot, instead of starting at
    the newest one.  Raises LogMissing, LogDamaged (damaged snapshots too), LogFailed;
    AssertionError if the state breaks a rule of the engine.
    """
    log = recover(files, directory)
    batches = LogReader(files, log, progress).batches(log.first_sequence)
    records = sum(len(rows) for _, rows in batches)
    stored = list(reversed(_snapshots(files, log)))
    if deep or not stored:
        engine, start = Engine(State()), 0
    else:
        engine = Engine(stored[-1].state)
        start = engine.state.sequence
    for snapshot in stored if start == 0 else []:
        _compare(engine, files, log, snapshot, progress)
    replay(engine, LogReader(files, log, progress), log.last_sequence)
    check(engine.state)
    hash_text = state_hash(engine.state).hex()
    return Finding(log, records, len(stored), start, engine.state, hash_text)


def read_state(files: Files, directory: Path) -> State:
    """The state at the end of the journal.  Raises LogMissing, LogDamaged, LogFailed."""
    log = recover(files, directory)
    stored = _snapshots(files, log)
    engine = Engine(stored[0].state if stored else State())
    replay(engine, LogReader(files, log), log.last_sequence)
    return engine.state


def _snapshots(files: Files, log: RecoveredLog) -> list[LoadedSnapshot]:
    """Every snapshot, newest first.  Raises LogDamaged at one that is not what was written."""
    store = SnapshotStore(files, log.directory, log.ledger_id)
    loaded = []
    for path in store.paths():
        snapshot = store.load(path)
        if snapshot is None:
            raise LogDamaged(path, 0, "the snapshot is damaged", log.last_sequence)
        if snapshot.state.sequence > log.last_sequence:
            reason = f"the snapshot is ahead of the journal, which ends at {log.last_sequence}"
            raise LogDamaged(path, 0, reason, log.last_sequence)
        loaded.append(snapshot)
    return loaded


def _compare(
    engine: Engine, files: Files, log: RecoveredLog, snapshot: LoadedSnapshot, progress: Progress
) -> None:
    """Replay up to a snapshot: it must hold the very state."""
    sequence = snapshot.state.sequence
    replay(engine, LogReader(files, log, progress), sequence)
    if state_hash(engine.state) != state_hash(snapshot.state):
        reason = f"the snapshot differs from the journal's state at {sequence}"
        raise LogDamaged(snapshot.path, 0, reason, sequence)


class Place(Enum):
    """What there is where a data directory should be."""

    EMPTY = 1
    VENUE = 2
    FOREIGN = 3


def look(files: Files, directory: Path) -> Place:
    """Whether a venue is there, or could be made there.  Raises LogDamaged, LogFailed.

    What a crash leaves of a venue in the making counts as empty; a journal's absence beside
    anything else does not: it may have been lost.
    """
    with refused_by_disk("looking", directory):
        try:
            names = files.listdir(directory)
        except FileNotFoundError:
            return Place.EMPTY
        except NotADirectoryError:
            return Place.FOREIGN
        if has_log(files, directory):
            return Place.VENUE
        if set(names) - _IN_THE_MAKING:
            return Place.FOREIGN
        begun = files.listdir(segment_folder(directory)) if "wal" in names else []
        unfinished = all(name.endswith(UNFINISHED_SUFFIX) for name in begun)
        return Place.EMPTY if unfinished else Place.FOREIGN
