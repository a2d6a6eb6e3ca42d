"""What can be wrong with a log, for the operator to settle.  Knows no remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LogError(Exception):
    """Base of all that this package raises on purpose."""


class LogMissing(LogError):
    """There is no log where one was expected; it has to be made explicitly."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"no journal in {directory}")
        self.directory = directory


class LogExists(LogError):
    """There is a log where one was to be made."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"there is a journal in {directory} already")
        self.directory = directory


class LogDamaged(LogError):
    """Bytes that were durable are missing or changed; nothing was modified.

    `offset` is where in the file `path` the first wrong thing begins, in bytes;
    `last_good_sequence` is the last record that can be read before it.
    """

    def __init__(self, path: Path, offset: int, reason: str, last_good_sequence: int) -> None:
        where = f"{path}: damaged at offset {offset}"
        super().__init__(f"{where}: {reason} (last good sequence {last_good_sequence})")
        self.path = path
        self.offset = offset
        self.reason = reason
        self.last_good_sequence = last_good_sequence


class LogFailed(LogError):
    """The disk refused; what is in memory may be ahead of it, so the process must end now.

    Never retry: after a failed sync the next one reports success and the data is gone.
    """

    def __init__(self, action: str, path: Path, error: OSError) -> None:
        super().__init__(f"{action} failed on {path}: {error}")
        self.action = action
        self.path = path
        self.errno = error.errno


class DataDirectoryLocked(LogError):
    """Another process holds the data directory; `holder_pid` is None if it did not say."""

    def __init__(self, directory: Path, holder_pid: int | None) -> None:
        holder = "another process" if holder_pid is None else f"process {holder_pid}"
        super().__init__(f"{directory} is in use by {holder}")
        self.directory = directory
        self.holder_pid = holder_pid


@contextmanager
def refused_by_disk(action: str, path: Path) -> Iterator[None]:
    """Turns what the disk refuses inside the block into `LogFailed`."""
    try:
        yield
    except OSError as error:
        raise LogFailed(action, path, error) from error
