"""Reading back from any sequence, across segments, with progress, and without guessing."""

import pytest

from tests.simulation.simulated_files import SimulatedFiles
from tests.wal.journals import (
    CHUNK_BYTES,
    VENUE,
    empty_journal,
    journal,
    read_back,
    row,
    rows,
    start,
    write,
)
from wal.errors import LogDamaged, LogFailed
from wal.reader import LogReader
from wal.record import pack_frame
from wal.recovery import recover
from wal.segment import SEGMENT_HEADER_BYTES, segment_path, unpack_segment_header


@pytest.fixture(scope="module")
def files() -> SimulatedFiles:
    """Three runs, the middle one without a record, over several segments."""
    files = journal([7] * 60, segment_bytes=2 * CHUNK_BYTES)
    start(files)
    write(start(files), [3, 1, 4])
    return files


def test_every_sequence_can_be_the_first_one(files: SimulatedFiles) -> None:
    log = recover(files, VENUE)
    for first in range(1, 430):
        reader = LogReader(files, log)
        expected = rows(first, 428)
        assert list(reader.records(first)) == expected
        batches = list(reader.batches(first))
        assert [r for start, batch in batches for r in enumerate(batch, start)] == expected


def test_batches_come_as_they_were_committed(files: SimulatedFiles) -> None:
    batches = list(LogReader(files, recover(files, VENUE)).batches(421))

    assert batches == [
        (421, tuple(row(sequence) for sequence in (421, 422, 423))),
        (424, (row(424),)),
        (425, tuple(row(sequence) for sequence in (425, 426, 427, 428))),
    ]


def test_frames_say_where_they_stand(files: SimulatedFiles) -> None:
    log = recover(files, VENUE)
    for frame in LogReader(files, log).frames():
        content = files.read_file(frame.segment.path)
        header = unpack_segment_header(content)
        assert content[frame.offset : frame.offset + 4] == b"FWB1"
        assert frame.segment.header == header
        assert frame.offset + frame.frame_bytes <= frame.segment.end


def test_an_empty_log_has_no_records() -> None:
    files = empty_journal()

    assert list(LogReader(files, recover(files, VENUE)).records()) == []


def test_progress_ends_at_the_whole(files: SimulatedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wal.reader.PROGRESS_STEP_BYTES", 1000)
    log = recover(files, VENUE)
    calls: list[tuple[int, int]] = []

    list(LogReader(files, log, lambda done, total: calls.append((done, total))).records())

    totals = {total for _, total in calls}
    dones = [done for done, _ in calls]
    [total] = totals
    with_records = [segment for segment in log.segments if segment.end > SEGMENT_HEADER_BYTES]
    assert total == sum(segment.end for segment in with_records)
    assert dones == sorted(dones)
    assert dones[-1] == total
    assert 5 < len(calls) <= total // 1000 + 1


def test_only_the_segments_that_are_needed_are_read(files: SimulatedFiles) -> None:
    log = recover(files, VENUE)
    paths: set[str] = set()
    files.hook = lambda operation: paths.add(operation.path.name)

    list(LogReader(files, log).records(421))

    files.hook = None
    assert paths == {log.segments[-1].path.name}


def test_a_log_whose_beginning_is_gone_cannot_be_read_from_there() -> None:
    files = journal([7] * 60, segment_bytes=2 * CHUNK_BYTES)
    for number in (1, 2):
        files.unlink(segment_path(VENUE, number))
    log = recover(files, VENUE)
    assert log.first_sequence > 1

    with pytest.raises(LogDamaged, match=f"begins with sequence {log.first_sequence}") as damage:
        list(LogReader(files, log).records(log.first_sequence - 1))
    assert damage.value.last_good_sequence == log.first_sequence - 2
    assert read_back(files, log) == rows(log.first_sequence, 420)


def test_a_batch_that_cannot_be_decoded_is_damage_even_if_its_crc_is_right() -> None:
    files = empty_journal()
    write(start(files), [2])
    path = segment_path(VENUE, 2)
    content = files.read_file(path)
    frame = pack_frame(unpack_segment_header(content).seed, 1, 0, [b"\x91\x01", b"\xc1"])
    files.change_durable(path, content[:SEGMENT_HEADER_BYTES] + frame)

    with pytest.raises(LogDamaged, match="cannot be decoded") as damage:
        read_back(files, recover(files, VENUE))
    assert (damage.value.offset, damage.value.last_good_sequence) == (SEGMENT_HEADER_BYTES, 0)


def test_a_segment_that_ends_too_early_by_its_own_frames_is_damage() -> None:
    """The file is as long as it should be, but a frame at its end was blanked and shortened."""
    files = journal([2, 2])
    write(start(files), [1])
    path = segment_path(VENUE, 2)
    content = files.read_file(path)
    header = unpack_segment_header(content)
    frame = pack_frame(header.seed, 1, 0, [b"\x91" + bytes([n]) for n in range(4)])
    filler = pack_frame(header.seed, 5, 4, [b"\x91\x01", b"\x91\xc4\x00"])
    whole = content[:SEGMENT_HEADER_BYTES] + frame + filler
    record = b"\x91\xc4" + bytes([len(content) - len(whole)])
    record += bytes(len(content) - len(whole))
    filler = pack_frame(header.seed, 5, 4, [b"\x91\x01", record])
    files.change_durable(path, content[:SEGMENT_HEADER_BYTES] + frame + filler)

    with pytest.raises(LogDamaged, match="should end with sequence 4"):
        read_back(files, recover(files, VENUE))


def test_a_read_error_is_a_failure_and_not_damage(files: SimulatedFiles) -> None:
    log = recover(files, VENUE)
    files.fail(files.operations + 3, 5)

    with pytest.raises(LogFailed):
        read_back(files, log)
