"""The data directory: made once, held by one process at a time.  Knows nothing of records."""

from pathlib import Path
from typing import Final

from wal.errors import DataDirectoryLocked, LogExists, refused_by_disk
from wal.files import Files
from wal.segment import (
    SEGMENT_HEADER_BYTES,
    SegmentHeader,
    create_segment,
    list_segments,
    remove_unfinished,
    segment_folder,
)

_PID_BYTES_MAX: Final = 20


class DirectoryLock:
    """Holds a data directory until `release` or the end of the process.

    A forked child inherits the lock and keeps it after its parent died, unless it closes it.
    """

    def __init__(self, files: Files, descriptor: int) -> None:
        self._files = files
        self._descriptor = descriptor

    def release(self) -> None:
        """Lets another process have the directory."""
        self._files.close(self._descriptor)


def lock_directory(files: Files, directory: Path) -> DirectoryLock:
    """Takes the directory for this process; DataDirectoryLocked if another one has it."""
    path = directory / "LOCK"
    with refused_by_disk("locking", path):
        try:
            descriptor = files.lock(path)
        except BlockingIOError:
            raise DataDirectoryLocked(directory, _holder_pid(files, path)) from None
        files.truncate(descriptor, 0)
        files.write_all(descriptor, b"%d\n" % files.process_id(), 0)
    return DirectoryLock(files, descriptor)


def _holder_pid(files: Files, path: Path) -> int | None:
    text = files.read_file(path)[:_PID_BYTES_MAX].strip()
    return int(text) if text.isdigit() else None


def has_log(files: Files, directory: Path) -> bool:
    """Whether a journal was made here, be it whole or not."""
    return bool(list_segments(files, directory))


def initialise(files: Files, directory: Path, ledger_id: bytes) -> None:
    """Makes the directory if absent, and an empty journal in it; durable on return.

    `ledger_id` is 16 random bytes.  Raises LogExists, DataDirectoryLocked, or LogFailed.  May be
    repeated after a crash.
    """
    with refused_by_disk("initialisation", directory):
        _make_directory(files, directory)
        lock = lock_directory(files, directory)
        try:
            if has_log(files, directory):
                raise LogExists(directory)
            _make_directory(files, segment_folder(directory))
            remove_unfinished(files, directory)
            header = SegmentHeader(1, 1, 0, 0, ledger_id, lazy=False)
            create_segment(files, directory, header, SEGMENT_HEADER_BYTES)
        finally:
            lock.release()


def _make_directory(files: Files, path: Path) -> None:
    """Makes a directory and those above it; syncs the parent even if an earlier try made it."""
    if not files.exists(path.parent):
        _make_directory(files, path.parent)
    if not files.exists(path):
        files.mkdir(path)
    files.fsync_directory(path.parent)
