"""A data directory in use: locked, restored, and open for writing.  Knows files, no sockets."""

from pathlib import Path
from typing import Final, final

from engine.codec import Row
from engine.commands import Command
from engine.engine import Engine
from engine.events import Event
from engine.state import State
from gateway.history.keeper import History
from gateway.history.rows import HistoryUnknown, history_rows, load_history
from gateway.market.board import Board
from gateway.market.board_rows import board_rows, is_board_row, load_board
from snapshots.restore import Observer, replay, restore
from snapshots.store import SnapshotStore
from wal.directory import DirectoryLock, lock_directory
from wal.files import Files
from wal.reader import LogReader, Progress, no_progress
from wal.recovery import RecoveredLog, recover
from wal.writer import LogWriter, SyncPolicy, open_writer


@final
class OpenData:
    """What a process that holds a data directory works with.

    replayed: commands applied at the start, after the newest snapshot.
    """

    def __init__(
        self,
        lock: DirectoryLock,
        engine: Engine,
        history: History,
        board: Board,
        log: RecoveredLog,
        store: SnapshotStore,
        replayed: int,
    ) -> None:
        self.engine: Final = engine
        self.history: Final = history
        self.board: Final = board
        self.log: Final = log
        self.replayed: Final = replayed
        self._lock: Final = lock
        self._store: Final = store

    def writer(self, files: Files, policy: SyncPolicy, segment_bytes: int) -> LogWriter:
        """The open end of the journal.  Raises LogFailed."""
        return open_writer(files, self.log, policy, segment_bytes)

    def write_snapshot(self) -> Path:
        """Store state, history and board at the engine's sequence.  Raises OSError."""
        rows = history_rows(self.history) + board_rows(self.board)
        return self._store.write(self.engine.state, rows)

    def close(self) -> None:
        """Let another process have the directory."""
        self._lock.release()


def open_data(files: Files, directory: Path, progress: Progress = no_progress) -> OpenData:
    """Lock and restore a data directory.

    Raises DataDirectoryLocked, LogMissing, LogDamaged, LogFailed or SnapshotDamaged.
    """
    lock = lock_directory(files, directory)
    try:
        return _restore(files, directory, lock, progress)
    except BaseException:
        lock.release()
        raise


def _restore(files: Files, directory: Path, lock: DirectoryLock, progress: Progress) -> OpenData:
    history, board = History(), Board()

    def load_extra(rows: tuple[Row, ...]) -> None:
        load_history(history, (row for row in rows if not is_board_row(row)))
        load_board(board, (row for row in rows if is_board_row(row)))

    try:
        restored = restore(files, directory, _observer(history, board), load_extra, progress)
    except HistoryUnknown:
        # A snapshot by other means than ours: observe the journal from its start, state and all.
        history, board = History(), Board()
        engine = Engine(State())
        log = recover(files, directory)
        reader = LogReader(files, log, progress)
        count = replay(engine, reader, log.last_sequence, _observer(history, board))
        return OpenData(lock, engine, history, board, log, _store(files, log), count)
    store = _store(files, restored.log)
    return OpenData(lock, restored.engine, history, board, restored.log, store, restored.replayed)


def _observer(history: History, board: Board) -> Observer:
    def observe(sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
        history.observe(sequence, time_ns, command, events)
        board.observe(sequence, time_ns, command, events)

    return observe


def _store(files: Files, log: RecoveredLog) -> SnapshotStore:
    return SnapshotStore(files, log.directory, log.ledger_id)
