"""Reads a recovered log back, in order.  Knows sequences and rows, not what they mean.

Whatever it yields is durable and was checked; it never skips and never guesses.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from wal.errors import LogDamaged, refused_by_disk
from wal.files import Files
from wal.record import FrameHeader, Row, body_is_whole, unpack_header, unpack_rows
from wal.recovery import LogSegment, RecoveredLog
from wal.segment import SEGMENT_HEADER_BYTES

Progress = Callable[[int, int], None]
PROGRESS_STEP_BYTES: Final = 1024 * 1024


class Batch(NamedTuple):
    """One frame with its place; `offset` and `frame_bytes` in bytes."""

    segment: LogSegment
    offset: int
    frame_bytes: int
    first_sequence: int
    rows: tuple[Row, ...]


def no_progress(done_bytes: int, total_bytes: int) -> None:
    """For callers that show nothing."""


class LogReader:
    """Iterates over a log as `recover` found it.

    `progress(done_bytes, total_bytes)` is called about once per MiB and at the end.  All methods
    raise LogDamaged at the first wrong byte, or if the log begins after `from_sequence`, and
    LogFailed if the disk refuses.
    """

    def __init__(self, files: Files, log: RecoveredLog, progress: Progress = no_progress) -> None:
        self._files = files
        self._log = log
        self._progress = progress

    def records(self, from_sequence: int = 1) -> Iterator[tuple[int, Row]]:
        """Each record from `from_sequence` on, with its sequence."""
        for first_sequence, rows in self.batches(from_sequence):
            yield from enumerate(rows, first_sequence)

    def batches(self, from_sequence: int = 1) -> Iterator[tuple[int, tuple[Row, ...]]]:
        """The records batch by batch, with the sequence of the first: the fast way."""
        for batch in self.frames(from_sequence):
            skipped = max(from_sequence - batch.first_sequence, 0)
            yield batch.first_sequence + skipped, batch.rows[skipped:]

    def frames(self, from_sequence: int = 1) -> Iterator[Batch]:
        """Each frame that holds `from_sequence` or anything after it, whole, with its place."""
        log = self._log
        if from_sequence < log.first_sequence:
            reason = f"the log begins with sequence {log.first_sequence}, after {from_sequence}"
            raise LogDamaged(log.segments[0].path, 0, reason, from_sequence - 1)
        segments = self._segments_from(from_sequence)
        total_bytes = sum(segment.end for segment, _ in segments)
        done_bytes = 0
        for segment, last_sequence in segments:
            yield from self._frames_of(
                segment, last_sequence, from_sequence, done_bytes, total_bytes
            )
            done_bytes += segment.end
        self._progress(total_bytes, total_bytes)

    def _segments_from(self, from_sequence: int) -> list[tuple[LogSegment, int]]:
        """The segments that hold `from_sequence` or later, each with its last sequence."""
        segments = self._log.segments
        lasts = [segment.header.first_sequence - 1 for segment in segments[1:]]
        lasts.append(self._log.last_sequence)
        pairs = zip(segments, lasts, strict=True)
        return [
            (segment, last)
            for segment, last in pairs
            if last >= max(from_sequence, segment.header.first_sequence)
        ]

    def _frames_of(
        self,
        segment: LogSegment,
        last_sequence: int,
        from_sequence: int,
        done_bytes: int,
        total_bytes: int,
    ) -> Iterator[Batch]:
        with refused_by_disk("reading", segment.path):
            content = self._files.read_file(segment.path)[: segment.end]
        next_sequence = segment.header.first_sequence
        offset = SEGMENT_HEADER_BYTES
        progress_at = done_bytes + PROGRESS_STEP_BYTES
        while offset < segment.end:
            header = _whole_frame(content, segment, offset, next_sequence)
            if header.last_sequence >= from_sequence:
                rows = _rows(content, segment, offset, header)
                yield Batch(segment, offset, header.frame_bytes, header.first_sequence, rows)
            offset += header.frame_bytes
            next_sequence = header.last_sequence + 1
            if done_bytes + offset >= progress_at:
                self._progress(done_bytes + offset, total_bytes)
                progress_at = done_bytes + offset + PROGRESS_STEP_BYTES
        if next_sequence != last_sequence + 1:
            reason = f"the segment should end with sequence {last_sequence}"
            raise LogDamaged(segment.path, offset, reason, next_sequence - 1)


def _whole_frame(
    content: bytes, segment: LogSegment, offset: int, next_sequence: int
) -> FrameHeader:
    header = unpack_header(content, offset, segment.header.seed)
    if header is None:
        reason = "there is no batch where one was"
    elif header.first_sequence != next_sequence:
        reason = f"a batch begins with sequence {header.first_sequence}"
    elif not body_is_whole(content, offset, header):
        reason = "the CRC of a batch is wrong"
    else:
        return header
    raise LogDamaged(segment.path, offset, reason, next_sequence - 1)


def _rows(content: bytes, segment: LogSegment, offset: int, header: FrameHeader) -> tuple[Row, ...]:
    try:
        return unpack_rows(content, offset, header)
    except (ValueError, TypeError) as error:
        reason = f"a batch cannot be decoded: {error}"
        raise LogDamaged(segment.path, offset, reason, header.first_sequence - 1) from error
