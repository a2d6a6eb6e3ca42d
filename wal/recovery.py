"""Finds out what a log holds, and refuses one that has lost what was acknowledged.

Knows the table of verdicts in `FORMAT.md`; modifies nothing, and may look beside a live writer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from wal.errors import LogDamaged, LogMissing, refused_by_disk
from wal.files import Files
from wal.record import HEADER_BYTES, body_is_whole, find_header, unpack_header
from wal.segment import (
    SEGMENT_HEADER_BYTES,
    SegmentHeader,
    list_segments,
    segment_path,
    unpack_segment_header,
)

SECTOR_BYTES: Final = 512  # This much reaches the disk whole or not at all.


class TornTail(NamedTuple):
    """A batch that a crash cut short in the newest segment; it was never acknowledged."""

    path: Path
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class LogSegment:
    """One file of the log; its frames lie from the header up to `end`, in bytes."""

    path: Path
    header: SegmentHeader
    end: int


@dataclass(frozen=True, slots=True)
class RecoveredLog:
    """What a log holds, all of it durable: sequences up to `last_sequence`."""

    directory: Path
    segments: tuple[LogSegment, ...]
    last_sequence: int
    torn_tail: TornTail | None

    @property
    def first_sequence(self) -> int:
        """The oldest record that is kept, or the one to come if there is none."""
        return self.segments[0].header.first_sequence

    @property
    def ledger_id(self) -> bytes:
        """Sixteen random bytes that all segments of this journal share."""
        return self.segments[0].header.ledger_id

    @property
    def epoch(self) -> int:
        """How often the venue had been started when the newest segment was made."""
        return self.segments[-1].header.epoch


class Scan(NamedTuple):
    """How far the newest segment can be read, and why not further."""

    end: int
    last_sequence: int
    torn: bool
    damage: str | None


def recover(files: Files, directory: Path) -> RecoveredLog:
    """What the log in `directory` holds.

    Raises LogMissing if there is none, LogDamaged if it lost what may have been acknowledged,
    LogFailed if the disk refuses.  The frames of segments that have a successor are checked by
    whoever reads them.
    """
    with refused_by_disk("recovery", directory):
        numbers = list_segments(files, directory)
        if not numbers:
            raise LogMissing(directory)
        segments = _read_headers(files, directory, numbers)
        newest = segments[-1]
        content, scan = _scan_twice_if_unclean(files, newest)
    if scan.damage is not None:
        raise LogDamaged(newest.path, scan.end, scan.damage, scan.last_sequence)
    tail = content[scan.end :].rstrip(b"\0")
    return RecoveredLog(
        directory,
        (*segments[:-1], LogSegment(newest.path, newest.header, scan.end)),
        scan.last_sequence,
        TornTail(newest.path, scan.end, tail) if scan.torn else None,
    )


def _read_headers(files: Files, directory: Path, numbers: list[int]) -> list[LogSegment]:
    """All segments with their ends; the newest has 0, for its end is still to be found."""
    segments: list[LogSegment] = []
    for number in numbers:
        path = segment_path(directory, number)
        header = _read_header(files, path)
        if segments:
            segments[-1] = _ended_by(files, segments[-1], header, path)
        if header.number != number:
            raise LogDamaged(path, 0, f"the header says segment {header.number}", 0)
        segments.append(LogSegment(path, header, 0))
    return segments


def _read_header(files: Files, path: Path) -> SegmentHeader:
    descriptor = files.open_to_read(path)
    try:
        block = files.read(descriptor, 0, SEGMENT_HEADER_BYTES)
    finally:
        files.close(descriptor)
    try:
        return unpack_segment_header(block)
    except ValueError as error:
        raise LogDamaged(path, 0, str(error), 0) from error


def _ended_by(
    files: Files, segment: LogSegment, successor: SegmentHeader, successor_path: Path
) -> LogSegment:
    """The segment with the end that its successor gives, if the two belong together."""
    header = segment.header
    end = successor.predecessor_end
    last_good = header.first_sequence - 1
    size_bytes = files.stat(segment.path).size_bytes
    if successor.number != header.number + 1:
        reason = f"the segment follows number {header.number}: one is missing between"
    elif successor.ledger_id != header.ledger_id:
        reason = "the segment belongs to another journal"
    elif successor.first_sequence < header.first_sequence or successor.epoch < header.epoch:
        reason = "the segment is older than its predecessor"
    elif end < SEGMENT_HEADER_BYTES:
        reason = f"the header ends its predecessor at {end}"
    elif size_bytes < end:
        raise LogDamaged(
            segment.path, size_bytes, f"the file ends before {end}, where its frames end", last_good
        )
    else:
        return LogSegment(segment.path, header, end)
    raise LogDamaged(successor_path, 0, reason, last_good)


def _scan_twice_if_unclean(files: Files, newest: LogSegment) -> tuple[bytes, Scan]:
    """A read beside a live writer may see half a write; what is really there, is there twice."""
    content = read_from_disk(files, newest.path)
    scan = scan_newest(content, newest.header)
    while scan.torn or scan.damage is not None:
        before = scan
        content = read_from_disk(files, newest.path)
        scan = scan_newest(content, newest.header)
        if scan == before:
            break
    return content, scan


def read_from_disk(files: Files, path: Path) -> bytes:
    """The content of a file, durable on return.

    After a failed sync the page cache shows bytes that the disk does not have: hence the drop.
    After a kill it shows bytes that are not synced yet: hence the sync before anyone acts on them.
    """
    descriptor = files.open_to_read(path)
    try:
        files.sync(descriptor)
        files.drop_cache(descriptor)
        content = files.read(descriptor, 0, files.stat(path).size_bytes)
        files.sync(descriptor)
    finally:
        files.close(descriptor)
    return content


def scan_newest(content: bytes, header: SegmentHeader) -> Scan:
    """Walks the whole frames of a segment without successor, then judges what comes after."""
    offset = SEGMENT_HEADER_BYTES
    last_sequence = header.first_sequence - 1
    while True:
        frame = unpack_header(content, offset, header.seed)
        if frame is None or frame.first_sequence != last_sequence + 1:
            break
        if not body_is_whole(content, offset, frame):
            break
        offset += frame.frame_bytes
        last_sequence = frame.last_sequence
    return _judge(content, header, offset, last_sequence)


def _judge(content: bytes, header: SegmentHeader, offset: int, last_sequence: int) -> Scan:
    """The verdict on what stands at `offset`, where no whole frame does; row by row."""
    content_end = len(content.rstrip(b"\0"))
    if content_end <= offset:
        return Scan(offset, last_sequence, torn=False, damage=None)
    frame = unpack_header(content, offset, header.seed)
    if frame is None:
        sectors_end = _sector_end(offset + HEADER_BYTES)
        search_from = offset + 1
    else:
        sectors_end = search_from = offset + frame.frame_bytes
    later = find_header(content, search_from, header.seed)
    while later is not None and later[1].durable_sequence <= last_sequence:
        later = find_header(content, later[0] + 1, header.seed)

    damage = None
    if frame is not None and frame.first_sequence != last_sequence + 1:
        damage = f"a batch begins with sequence {frame.first_sequence}"
    elif not _has_lost_sector(content, offset, sectors_end):
        damage = "a batch was written whole and is damaged"
    elif later is not None:
        damage = f"a batch is damaged that one at offset {later[0]} proves to have been synced"
    elif frame is not None and not header.lazy and content_end > sectors_end:
        damage = f"there are bytes behind the last batch, up to offset {content_end}"
    return Scan(offset, last_sequence, torn=damage is None, damage=damage)


def _sector_end(offset: int) -> int:
    return -(-offset // SECTOR_BYTES) * SECTOR_BYTES


def _has_lost_sector(content: bytes, start: int, end: int) -> bool:
    """Whether some sector of a frame is as it was before the frame: zero, or not in the file."""
    if end > len(content):
        return True
    while start < end:
        sector_end = min(_sector_end(start + 1), end)
        if content.count(0, start, sector_end) == sector_end - start:
            return True
        start = sector_end
    return False
