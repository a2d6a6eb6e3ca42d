"""The k-th operation fails, for every k: nothing acknowledged is lost, nothing goes on.

The loop that SQLite made famous: k rises until the story runs through without meeting its fault.
"""

import errno
from collections.abc import Callable
from random import Random

import pytest

from tests.simulation.simulated_files import SimulatedFiles
from tests.wal.journals import CHUNK_BYTES, LEDGER_ID, VENUE, read_back, rows, start, write
from wal.directory import has_log, initialise, lock_directory
from wal.errors import LogFailed
from wal.recovery import recover

Count = Callable[[str, int], None]


class Progress:
    """What had been promised when the fault struck."""

    def __init__(self) -> None:
        self.initialised = False
        self.acknowledged = 0


def work(files: SimulatedFiles, progress: Progress) -> None:
    """Two runs of a venue: init, write over several segments, stop; start, write, be killed."""
    initialise(files, VENUE, LEDGER_ID)
    progress.initialised = True
    for batches in (12, 3):
        lock = lock_directory(files, VENUE)
        writer = start(files, segment_bytes=2 * CHUNK_BYTES)
        for _ in range(batches):
            write(writer, [40])
            progress.acknowledged = writer.last_sequence
        writer.close()
        lock.release()


def check(files: SimulatedFiles, progress: Progress) -> None:
    """After the fault is gone, the next start finds what was promised and can go on."""
    if not progress.initialised and not has_log(files, VENUE):
        initialise(files, VENUE, LEDGER_ID)
    log = recover(files, VENUE)
    assert log.last_sequence >= progress.acknowledged
    assert read_back(files, log) == rows(1, log.last_sequence)
    write(start(files), [1])
    assert recover(files, VENUE).last_sequence == log.last_sequence + 1


def run_with_fault(k: int, error: int, sticky: bool) -> tuple[SimulatedFiles, Progress, bool]:
    files = SimulatedFiles()
    files.fail(k, error, sticky=sticky)
    progress = Progress()
    try:
        work(files, progress)
    except LogFailed:
        return files, progress, True
    return files, progress, False


@pytest.mark.parametrize("sticky", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_failure_of_any_operation_loses_nothing_acknowledged(
    error: int, sticky: bool, count: Count
) -> None:
    k = failures = 1
    while failures:
        files, progress, failed = run_with_fault(k, error, sticky)
        if not failed:
            break
        check(files.restart(), progress)
        files, progress, _ = run_with_fault(k, error, sticky)
        check(files.crash(Random(k)), progress)
        k += 1
    assert k > 100
    assert progress.acknowledged == 600
    count("journal operations failed", 2 * (k - 1))


def test_an_interrupted_write_or_sync_is_repeated_wherever_it_is(count: Count) -> None:
    """Python repeats most calls by itself; these two are also repeated by us."""
    kinds: dict[int, str] = {}
    files = SimulatedFiles()
    files.hook = lambda operation: kinds.update({operation.number: operation.name})
    work(files, Progress())
    interruptible = [k for k, name in kinds.items() if name in ("pwrite", "fdatasync")]

    for k in interruptible:
        files, progress, failed = run_with_fault(k, errno.EINTR, sticky=False)
        assert not failed
        check(files.crash(Random(k)), progress)
        assert progress.acknowledged == 600
    count("journal operations interrupted", len(interruptible))


def test_a_short_write_is_completed_wherever_it_is() -> None:
    k = 1
    while True:
        files = SimulatedFiles()
        files.short_write_at = k
        progress = Progress()
        work(files, progress)
        check(files.crash(Random(k)), progress)
        assert progress.acknowledged == 600
        if files.operations < k:
            break
        k += 1
