"""Small journals for tests to look at, cut, flip and continue.  Knows no expectations."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.simulation.simulated_files import SimulatedFiles
from wal.directory import initialise
from wal.files import Files
from wal.reader import LogReader
from wal.record import Row, unpack_header
from wal.recovery import RecoveredLog, recover
from wal.segment import SEGMENT_HEADER_BYTES, SegmentHeader
from wal.writer import SYNC_ALWAYS, LogWriter, SyncPolicy, open_writer

VENUE: Final = Path("/data")
LEDGER_ID: Final = bytes(range(16))
CHUNK_BYTES: Final = 4096
SEGMENT_BYTES: Final = 16 * CHUNK_BYTES


def row(sequence: int) -> Row:
    """A row that no other sequence has."""
    return (1, sequence, "alice", -sequence, b"\x00\xff")


def rows(first: int, last: int) -> list[tuple[int, Row]]:
    """What a reader yields for these sequences."""
    return [(sequence, row(sequence)) for sequence in range(first, last + 1)]


def empty_journal() -> SimulatedFiles:
    """A machine with a journal as `init` leaves it."""
    files = SimulatedFiles()
    initialise(files, VENUE, LEDGER_ID)
    return files


def start(
    files: Files,
    directory: Path = VENUE,
    policy: SyncPolicy = SYNC_ALWAYS,
    segment_bytes: int = SEGMENT_BYTES,
) -> LogWriter:
    """What the venue does at its start, without replay."""
    return open_writer(files, recover(files, directory), policy, segment_bytes, CHUNK_BYTES)


def write(writer: LogWriter, sizes: Iterable[int]) -> None:
    """One batch of each size."""
    for size in sizes:
        for _ in range(size):
            sequence = writer.last_sequence + 1
            writer.append(sequence, msgspec.msgpack.encode(row(sequence)))
        writer.commit()


def journal(sizes: Sequence[int], segment_bytes: int = SEGMENT_BYTES) -> SimulatedFiles:
    """A machine on which one run of the venue wrote batches of these sizes, and was killed."""
    files = empty_journal()
    write(start(files, segment_bytes=segment_bytes), sizes)
    return files.restart()


def read_back(files: Files, log: RecoveredLog) -> list[tuple[int, Row]]:
    """All records of a log."""
    return list(LogReader(files, log).records(log.first_sequence))


def frame_ends(content: bytes, header: SegmentHeader) -> list[int]:
    """Where the frames of a segment end, the header's own end first."""
    ends = [SEGMENT_HEADER_BYTES]
    while (frame := unpack_header(content, ends[-1], header.seed)) is not None:
        ends.append(ends[-1] + frame.frame_bytes)
    return ends


def other_journal(files: SimulatedFiles) -> None:
    """A journal of another ledger id, with five records."""
    initialise(files, VENUE, b"another  journal")
    write(start(files), [5])
