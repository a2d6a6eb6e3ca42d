"""Bringing a venue back: newest valid snapshot, then the journal after it.  The only replay loop.

Knows the order of things; knows nothing of who serves the venue afterwards.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engine.codec import Row, command_from_row
from engine.commands import Command
from engine.engine import Engine
from engine.events import Event
from engine.state import State
from snapshots.store import SnapshotStore
from wal.errors import LogDamaged
from wal.files import Files
from wal.reader import LogReader, Progress, no_progress
from wal.recovery import RecoveredLog, recover

# Sees each replayed command with its sequence, its time and its events.
Observer = Callable[[int, int, Command, list[Event]], None]


class Restored(NamedTuple):
    """A venue as it was at the end of its journal.

    snapshot_sequence: where the replay began; 0 if there was no snapshot.
    replayed: how many commands were applied after that.
    """

    engine: Engine
    log: RecoveredLog
    snapshot_sequence: int
    replayed: int


def no_extra(_rows: tuple[Row, ...]) -> None:
    """For callers that store nothing of their own in snapshots."""


def no_observer(_sequence: int, _time_ns: int, _command: Command, _events: list[Event]) -> None:
    """For callers that need the state alone."""


def restore(
    files: Files,
    directory: Path,
    observe: Observer = no_observer,
    load_extra: Callable[[tuple[Row, ...]], None] = no_extra,
    progress: Progress = no_progress,
) -> Restored:
    """Restore the venue of a data directory whose lock the caller holds.

    load_extra: given the extra rows of the snapshot, if there is one, before anything is replayed.
    Raises LogMissing, LogDamaged, LogFailed, or SnapshotDamaged if the journal ends before the
    newest snapshot.
    """
    log = recover(files, directory)
    store = SnapshotStore(files, directory, log.ledger_id)
    loaded = store.newest_valid(log.last_sequence)
    if loaded is None:
        engine = Engine(State())
    else:
        engine = Engine(loaded.state)
        load_extra(loaded.extra)
    start = engine.state.sequence
    replayed = replay(engine, LogReader(files, log, progress), log.last_sequence, observe)
    return Restored(engine, log, start, replayed)


def replay(
    engine: Engine, reader: LogReader, to_sequence: int, observe: Observer = no_observer
) -> int:
    """Apply the journal from the engine's sequence to `to_sequence`; returns how many commands.

    Raises LogDamaged if a record is no command.
    """
    start = engine.state.sequence
    if to_sequence <= start:
        return 0
    for first_sequence, rows in reader.batches(start + 1):
        for sequence, row in enumerate(rows, first_sequence):
            if sequence > to_sequence:
                return engine.state.sequence - start
            try:
                time_ns, command = command_from_row(row)
            except ValueError as error:
                where = Path(f"record {sequence}")
                raise LogDamaged(where, 0, str(error), sequence - 1) from error
            observe(sequence, time_ns, command, engine.apply(sequence, time_ns, command))
    return engine.state.sequence - start
