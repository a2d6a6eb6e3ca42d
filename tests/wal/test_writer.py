"""Batches, counters, roll-over, policies, and that the first error is the last word."""

import errno

import pytest

from tests.simulation.simulated_files import Operation, SimulatedFiles
from tests.wal.journals import (
    CHUNK_BYTES,
    VENUE,
    empty_journal,
    frame_ends,
    journal,
    read_back,
    rows,
    start,
    write,
)
from wal.errors import LogFailed
from wal.reader import LogReader
from wal.record import BATCH_RECORDS_MAX, RECORD_BYTES_MAX
from wal.recovery import recover
from wal.segment import SEGMENT_HEADER_BYTES, list_segments, segment_path, unpack_segment_header
from wal.writer import LogWriter, SyncMode, SyncPolicy, parse_sync_policy


def operations_of(files: SimulatedFiles) -> list[str]:
    """The names of all operations from here on."""
    names: list[str] = []

    def note(operation: Operation) -> None:
        names.append(operation.name)

    files.hook = note
    return names


def figures(writer: LogWriter) -> tuple[int, int, int]:
    return writer.commits, writer.syncs, writer.records


def test_a_batch_is_one_write_and_one_sync() -> None:
    files = empty_journal()
    writer = start(files)
    names = operations_of(files)

    write(writer, [3, 1])

    assert names == ["pwrite", "fdatasync", "pwrite", "fdatasync"]
    assert figures(writer) == (2, 2, 4)
    assert (writer.last_sequence, writer.written_sequence, writer.durable_sequence) == (4, 4, 4)


def test_an_append_touches_no_file_and_is_not_durable() -> None:
    files = empty_journal()
    writer = start(files)
    names = operations_of(files)

    writer.append(1, b"\x90")
    writer.append(2, b"\x90")

    assert names == []
    assert (writer.last_sequence, writer.written_sequence, writer.durable_sequence) == (2, 0, 0)
    assert writer.open_records == 2


def test_an_empty_commit_does_nothing() -> None:
    files = empty_journal()
    writer = start(files)
    names = operations_of(files)

    writer.commit()
    writer.sync()

    assert names == []
    assert figures(writer) == (0, 0, 0)


def test_bytes_written_are_those_of_the_frames() -> None:
    files = empty_journal()
    writer = start(files)
    write(writer, [5, 300, 1])

    content = files.read_file(segment_path(VENUE, 2))
    header = unpack_segment_header(content)
    assert writer.bytes_written == frame_ends(content, header)[-1] - SEGMENT_HEADER_BYTES


def test_zeros_run_ahead_of_the_frames_by_whole_chunks() -> None:
    files = empty_journal()
    writer = start(files)
    path = segment_path(VENUE, 2)
    sizes = {files.stat(path).size_bytes}
    for _ in range(100):
        write(writer, [3])
        sizes.add(files.stat(path).size_bytes)

    assert sizes == {CHUNK_BYTES, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES, 4 * CHUNK_BYTES}


def test_a_gap_in_the_sequence_is_our_bug() -> None:
    writer = start(empty_journal())

    for wrong in (0, 2):
        with pytest.raises(AssertionError):
            writer.append(wrong, b"\x90")


def test_an_overlong_record_and_an_overfull_batch_are_our_bugs() -> None:
    writer = start(empty_journal())
    with pytest.raises(AssertionError):
        writer.append(1, bytes(RECORD_BYTES_MAX + 1))

    with pytest.raises(AssertionError):
        write(writer, [BATCH_RECORDS_MAX + 1])


def test_the_fullest_batch_of_the_longest_records_is_read_back() -> None:
    files = empty_journal()
    writer = start(files)
    record = b"\x91\xc5\x3f\xfc" + bytes(RECORD_BYTES_MAX - 4)
    for sequence in range(1, BATCH_RECORDS_MAX + 1):
        writer.append(sequence, record)

    writer.commit()

    [(first_sequence, batch)] = LogReader(files, recover(files, VENUE)).batches()
    assert first_sequence == 1
    assert batch == ((bytes(RECORD_BYTES_MAX - 4),),) * BATCH_RECORDS_MAX


def test_a_full_segment_is_followed_by_the_next() -> None:
    files = journal([5] * 100, segment_bytes=2 * CHUNK_BYTES)

    numbers = list_segments(files, VENUE)
    contents = [files.read_file(segment_path(VENUE, number)) for number in numbers]
    headers = [unpack_segment_header(content) for content in contents]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 3
    assert [header.predecessor_end for header in headers[1:]] == [len(c) for c in contents[:-1]]
    assert all(len(content) <= 2 * CHUNK_BYTES for content in contents)
    assert [header.epoch for header in headers] == [0] + [1] * (len(numbers) - 1)
    assert read_back(files, recover(files, VENUE)) == rows(1, 500)


def test_every_start_opens_a_segment_and_leaves_the_older_ones_alone() -> None:
    files = journal([2, 2])
    before = files.read_file(segment_path(VENUE, 2)).rstrip(b"\0")

    writer = start(files)
    write(writer, [1])

    assert writer.epoch == 2
    assert files.read_file(segment_path(VENUE, 2)) == before
    assert list_segments(files, VENUE) == [1, 2, 3]
    assert read_back(files, recover(files, VENUE)) == rows(1, 5)


@pytest.mark.parametrize("failing", ["pwrite", "fdatasync"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_after_the_first_error_nothing_is_written_any_more(failing: str, error: int) -> None:
    files = empty_journal()
    writer = start(files)
    write(writer, [2])
    files.fail(files.operations + (1 if failing == "pwrite" else 2), error)

    with pytest.raises(LogFailed) as failure:
        write(writer, [2])

    assert failure.value.errno == error
    assert writer.durable_sequence == 2
    names = operations_of(files)
    with pytest.raises(LogFailed):
        writer.append(5, b"\x90")
    for refused in (writer.commit, writer.sync, writer.close):
        with pytest.raises(LogFailed):
            refused()
    assert names == []


def test_a_signal_or_a_short_write_is_no_error() -> None:
    files = empty_journal()
    writer = start(files)
    for offset in (1, 2):
        files.fail(files.operations + offset, errno.EINTR)
        write(writer, [2])
    files.short_write_at = files.operations + 1
    write(writer, [2])

    assert writer.durable_sequence == 6
    assert read_back(files, recover(files, VENUE)) == rows(1, 6)


def test_a_lazy_writer_syncs_when_it_is_told_to() -> None:
    files = empty_journal()
    writer = start(files, policy=parse_sync_policy("interval:50"))
    names = operations_of(files)
    write(writer, [2, 2])
    assert (writer.written_sequence, writer.durable_sequence) == (4, 0)
    writer.append(5, b"\x90")

    writer.sync()

    assert names == ["pwrite", "pwrite", "fdatasync"]
    assert (writer.written_sequence, writer.durable_sequence) == (4, 4)


def test_a_closed_writer_has_made_all_durable_and_takes_no_more() -> None:
    files = empty_journal()
    writer = start(files, policy=parse_sync_policy("never"))
    write(writer, [2])
    writer.append(3, b"\x90")

    writer.close()

    assert writer.durable_sequence == 3
    with pytest.raises(LogFailed):
        writer.append(4, b"\x90")


def test_policies_are_parsed_strictly() -> None:
    assert parse_sync_policy("always") == SyncPolicy(SyncMode.ALWAYS, 0)
    assert parse_sync_policy("never") == SyncPolicy(SyncMode.NEVER, 0)
    assert parse_sync_policy("interval:250") == SyncPolicy(SyncMode.INTERVAL, 250)
    for wrong in ("", "Always", "always:1", "never:", "interval", "interval:", "interval:0"):
        with pytest.raises(ValueError, match="sync is always"):
            parse_sync_policy(wrong)
    for wrong in ("interval:-1", "interval:1.5", "interval:٣", "interval:1234567", "interval: 1"):
        with pytest.raises(ValueError, match="sync is always"):
            parse_sync_policy(wrong)
