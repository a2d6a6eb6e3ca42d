"""Appends records to the log in batches and makes them durable.  Knows no clock and no thread.

One batch is one write and one fdatasync.  After the first error nothing is written any more.
"""

from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from wal.errors import LogFailed, refused_by_disk
from wal.files import Files
from wal.record import BATCH_RECORDS_MAX, RECORD_BYTES_MAX, pack_frame
from wal.recovery import RecoveredLog, TornTail
from wal.segment import (
    CHUNK_BYTES_DEFAULT,
    SEGMENT_BYTES_DEFAULT,
    SEGMENT_HEADER_BYTES,
    SegmentHeader,
    create_segment,
    remove_unfinished,
    segment_path,
)


class SyncMode(Enum):
    """When a commit is durable: on return, at the next `sync` of a timer, or when it pleases."""

    ALWAYS = "always"
    INTERVAL = "interval"
    NEVER = "never"


class SyncPolicy(NamedTuple):
    """`interval_ms` says how often the caller is to call `sync`; 0 where nobody has to."""

    mode: SyncMode
    interval_ms: int


SYNC_ALWAYS: Final = SyncPolicy(SyncMode.ALWAYS, 0)


def parse_sync_policy(text: str) -> SyncPolicy:
    """`always`, `interval:<milliseconds>` or `never`; ValueError for anything else."""
    word, colon, number = text.partition(":")
    if word == "interval" and number.isascii() and number.isdigit() and 0 < len(number) <= 6:
        policy = SyncPolicy(SyncMode.INTERVAL, int(number))
        if policy.interval_ms > 0:
            return policy
    elif not colon and word in ("always", "never"):
        return SyncPolicy(SyncMode(word), 0)
    raise ValueError(f"sync is always, interval:<ms> or never, not {text!r}")


class LogWriter:
    """The open end of a log; `open_writer` makes one.

    Sequences rise in this order: durable_sequence <= written_sequence <= last_sequence.
    """

    def __init__(
        self,
        files: Files,
        directory: Path,
        header: SegmentHeader,
        policy: SyncPolicy,
        segment_bytes: int,
        chunk_bytes: int,
    ) -> None:
        self._files = files
        self._directory = directory
        self._policy = policy
        self._segment_bytes = segment_bytes
        self._chunk_bytes = chunk_bytes
        self._records: list[bytes] = []
        self._failed = False
        # All up to these sequences is appended, handed to the system, safe from a power loss.
        self.last_sequence = header.first_sequence - 1
        self.written_sequence = self.last_sequence
        self.durable_sequence = self.last_sequence
        self.commits = 0
        self.syncs = 0
        self.records = 0
        self.bytes_written = 0
        self._offset = 0
        self._zeros_end = 0
        self._enter_segment(header)

    @property
    def epoch(self) -> int:
        """How often the venue has been started, this time included."""
        return self._header.epoch

    @property
    def open_records(self) -> int:
        """How many records wait for `commit`; at most BATCH_RECORDS_MAX may."""
        return len(self._records)

    def append(self, sequence: int, record: bytes) -> None:
        """Puts one packed array on the open batch; LogFailed after an earlier failure."""
        assert sequence == self.last_sequence + 1
        assert len(record) <= RECORD_BYTES_MAX
        if self._failed:
            raise self._refusal()
        self._records.append(record)
        self.last_sequence = sequence

    def commit(self) -> None:
        """Writes the open batch, and under SYNC_ALWAYS syncs it; nothing to do if it is empty.

        LogFailed means that memory may be ahead of the disk: the process has to end.
        """
        if self._failed:
            raise self._refusal()
        if not self._records:
            return
        try:
            self._write_batch()
            if self._policy.mode is SyncMode.ALWAYS:
                self._sync()
        except OSError as error:
            self._failed = True
            raise LogFailed("commit", self._path, error) from error

    def sync(self) -> None:
        """Makes all that was committed durable; LogFailed as for `commit`."""
        if self._failed:
            raise self._refusal()
        try:
            self._sync()
        except OSError as error:
            self._failed = True
            raise LogFailed("sync", self._path, error) from error

    def close(self) -> None:
        """Commits, syncs and closes; the writer is not to be used any more."""
        self.commit()
        self.sync()
        self._failed = True
        self._files.close(self._descriptor)

    def _refusal(self) -> LogFailed:
        return LogFailed("append", self._path, OSError("the log failed or was closed before"))

    def _write_batch(self) -> None:
        """One write; where the frame passes the zeros, the next ones travel with it."""
        records = self._records
        assert len(records) <= BATCH_RECORDS_MAX
        first_sequence = self.written_sequence + 1
        frame = pack_frame(self._seed, first_sequence, self.durable_sequence, records)
        if self._offset + len(frame) > self._segment_bytes and self._has_frames():
            self._roll_over()
            frame = pack_frame(self._seed, first_sequence, self.durable_sequence, records)
        end = self._offset + len(frame)
        written = frame
        if end > self._zeros_end:
            self._zeros_end = -(-end // self._chunk_bytes) * self._chunk_bytes
            written = frame.ljust(self._zeros_end - self._offset, b"\0")
        self._files.write_all(self._descriptor, written, self._offset)
        self._offset = end
        self.written_sequence = self.last_sequence
        self.commits += 1
        self.records += len(records)
        self.bytes_written += len(frame)
        self._records = []

    def _sync(self) -> None:
        if self.durable_sequence < self.written_sequence:
            self._files.sync(self._descriptor)
            self.syncs += 1
            self.durable_sequence = self.written_sequence

    def _has_frames(self) -> bool:
        return self._offset > SEGMENT_HEADER_BYTES

    def _roll_over(self) -> None:
        """The successor's header says that this segment is whole: so it must be, before."""
        self._sync()
        predecessor, end = self._descriptor, self._offset
        header = self._header._replace(
            number=self._header.number + 1,
            first_sequence=self.written_sequence + 1,
            predecessor_end=end,
        )
        create_segment(self._files, self._directory, header, self._chunk_bytes)
        self._enter_segment(header)
        self._files.truncate(predecessor, end)
        self._files.close(predecessor)

    def _enter_segment(self, header: SegmentHeader) -> None:
        self._header = header
        self._seed = header.seed
        self._path = segment_path(self._directory, header.number)
        self._descriptor = self._files.open_to_write(self._path)
        self._offset = SEGMENT_HEADER_BYTES
        self._zeros_end = self._chunk_bytes


def open_writer(
    files: Files,
    log: RecoveredLog,
    policy: SyncPolicy = SYNC_ALWAYS,
    segment_bytes: int = SEGMENT_BYTES_DEFAULT,
    chunk_bytes: int = CHUNK_BYTES_DEFAULT,
) -> LogWriter:
    """Goes on with a recovered log in a new segment; the caller holds the directory's lock.

    A torn tail is kept aside first, and cut by the header of the new segment.  Sizes in bytes.
    Raises LogFailed.
    """
    newest = log.segments[-1]
    header = SegmentHeader(
        number=newest.header.number + 1,
        first_sequence=log.last_sequence + 1,
        epoch=log.epoch + 1,
        predecessor_end=newest.end,
        ledger_id=log.ledger_id,
        lazy=policy.mode is not SyncMode.ALWAYS,
    )
    with refused_by_disk("opening a segment", log.directory):
        remove_unfinished(files, log.directory)
        if log.torn_tail is not None:
            _quarantine(files, log.torn_tail)
        create_segment(files, log.directory, header, chunk_bytes)
        _cut(files, newest.path, newest.end)
        return LogWriter(files, log.directory, header, policy, segment_bytes, chunk_bytes)


def _quarantine(files: Files, tail: TornTail) -> None:
    """Keeps what the cut is going to drop, for whoever wants to know."""
    path = tail.path.with_name(f"{tail.path.name}.{tail.offset}.quarantine")
    files.write_file(path, tail.content)


def _cut(files: Files, path: Path, end: int) -> None:
    """Drops what the successor has declared void; harmless if a crash forgets it."""
    descriptor = files.open_to_write(path)
    try:
        files.truncate(descriptor, end)
    finally:
        files.close(descriptor)
