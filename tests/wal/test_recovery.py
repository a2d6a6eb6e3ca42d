"""Cut anywhere, flip anything: what is left is a prefix, and nothing acknowledged goes silently."""

import errno
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.simulation.simulated_files import Operation, SimulatedFiles
from tests.wal.journals import (
    CHUNK_BYTES,
    VENUE,
    empty_journal,
    frame_ends,
    journal,
    other_journal,
    read_back,
    rows,
    start,
    write,
)
from wal.errors import LogDamaged, LogFailed, LogMissing
from wal.record import HEADER_BYTES, pack_frame
from wal.recovery import recover
from wal.segment import (
    SegmentHeader,
    pack_segment_header,
    segment_path,
    unpack_segment_header,
)
from wal.writer import parse_sync_policy

Count = Callable[[str, int], None]

NEWEST: Final = segment_path(VENUE, 2)
SECTOR_BYTES: Final = 512
# Batches that share a sector and batches that span several; the last one is of either kind.
SIZES_TO_SMALL: Final = (1, 2, 1, 3, 5, 1, 40, 1, 2, 30, 1, 1, 5, 45, 1, 3, 1, 1)
SIZES_TO_LARGE: Final = (*SIZES_TO_SMALL, 60)


class Written:
    """The newest segment of a journal of more than a hundred records, and where its frames end."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.files = journal(sizes)
        self.content = self.files.read_file(NEWEST)
        self.header: SegmentHeader = unpack_segment_header(self.content)
        self.ends = frame_ends(self.content, self.header)
        self.lasts = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
        assert self.lasts[-1] >= 100
        assert len(self.ends) == len(self.lasts)

    def whole_frames(self, length: int) -> int:
        """How many frames lie in the first `length` bytes."""
        return sum(end <= length for end in self.ends) - 1

    def verdict(self, content: bytes) -> tuple[str, int]:
        """What recovery says to a changed segment, and where; checks what can be read."""
        self.files.change_durable(NEWEST, content)
        try:
            log = recover(self.files, VENUE)
        except LogDamaged as damage:
            known = damage.path == NEWEST and damage.last_good_sequence in self.lasts
            return "damaged" if known else "damaged elsewhere", damage.offset
        assert read_back(self.files, log) == rows(1, log.last_sequence)
        offset = log.segments[-1].end
        assert log.last_sequence == self.lasts[self.ends.index(offset)]
        if log.torn_tail is None:
            return "clean", offset
        assert log.torn_tail == (NEWEST, offset, content[offset:].rstrip(b"\0"))
        return "torn", offset


@pytest.fixture(scope="module", params=[SIZES_TO_SMALL, SIZES_TO_LARGE], ids=["small", "large"])
def written(request: pytest.FixtureRequest) -> Written:
    return Written(request.param)


def test_a_healthy_log_is_clean(written: Written) -> None:
    assert written.verdict(written.content) == ("clean", written.ends[-1])


@pytest.mark.slow
def test_a_file_that_ends_early_is_torn_there(written: Written, count: Count) -> None:
    cuts = range(written.ends[0], len(written.content))
    for cut in cuts:
        offset = written.ends[written.whole_frames(cut)]
        expected = "clean" if cut == offset or offset == written.ends[-1] else "torn"
        assert written.verdict(written.content[:cut]) == (expected, offset)
    count("journal cuts at every byte", len(cuts))


@pytest.mark.slow
def test_a_write_that_stops_early_is_torn_at_a_sector_and_damaged_inside(
    written: Written, count: Count
) -> None:
    seen = {"torn": 0, "damaged": 0, "clean": 0}
    cuts = range(written.ends[0], written.ends[-1])
    for cut in cuts:
        frame = written.whole_frames(cut)
        offset, end = written.ends[frame], written.ends[frame + 1]
        verdict = written.verdict(written.content[:cut].ljust(len(written.content), b"\0"))
        assert verdict[1] == offset
        seen[verdict[0]] += 1
        if cut == offset:
            assert verdict[0] == "clean"
        elif cut % SECTOR_BYTES == 0:
            assert verdict[0] == "torn"
        elif offset // SECTOR_BYTES == (end - 1) // SECTOR_BYTES:
            assert verdict[0] == "damaged"
        else:
            assert verdict[0] != "clean"
    assert seen["clean"] == len(written.ends) - 1
    count("journal writes stopped at every byte", len(cuts))


@pytest.mark.slow
def test_a_flipped_bit_in_any_frame_is_refused_with_its_place(
    written: Written, count: Count
) -> None:
    flips = range(written.ends[0], written.ends[-1])
    for place in flips:
        flipped = bytearray(written.content)
        flipped[place] ^= 1 << place % 8
        expected = written.ends[written.whole_frames(place)]
        assert written.verdict(bytes(flipped)) == ("damaged", expected)
    count("journal bits flipped", len(flips))


def test_a_flipped_bit_in_the_segment_header_is_refused(written: Written, count: Count) -> None:
    for place in range(written.ends[0]):
        flipped = bytearray(written.content)
        flipped[place] ^= 1 << place % 8
        assert_refused(written.files, NEWEST, bytes(flipped), 0)
    count("journal bits flipped", written.ends[0])


def test_a_flipped_bit_in_the_zeros_costs_no_record_and_is_told(
    written: Written, count: Count
) -> None:
    end = written.ends[-1]
    flips = range(end, len(written.content))
    for place in flips:
        flipped = bytearray(written.content)
        flipped[place] ^= 1 << place % 8
        near = place < -(-(end + HEADER_BYTES) // SECTOR_BYTES) * SECTOR_BYTES
        assert written.verdict(bytes(flipped)) == ("damaged" if near else "torn", end)
    count("journal bits flipped", len(flips))


def test_a_hole_before_the_last_frame_is_refused(written: Written, count: Count) -> None:
    cuts = range(written.ends[0], written.ends[-2], 7)
    for cut in cuts:
        frame = written.whole_frames(cut)
        without = written.content[:cut] + written.content[cut + 13 :]
        changed = bytes(byte ^ 0x55 for byte in written.content[cut : cut + 13])
        other = written.content[:cut] + changed + written.content[cut + 13 :]
        assert written.verdict(without) == ("damaged", written.ends[frame])
        assert written.verdict(other) == ("damaged", written.ends[frame])
    count("journal holes", 2 * len(cuts))


def test_a_zeroed_sector_before_the_last_frame_is_refused(written: Written) -> None:
    """It looks torn but for the batches behind it: cutting there would lose what they prove."""
    for start_of_sector in range(written.ends[0], written.ends[-2] - SECTOR_BYTES, SECTOR_BYTES):
        content = bytearray(written.content)
        content[start_of_sector : start_of_sector + SECTOR_BYTES] = bytes(SECTOR_BYTES)
        verdict, offset = written.verdict(bytes(content))
        assert (verdict, offset) == ("damaged", written.ends[written.whole_frames(start_of_sector)])


def test_swapped_frames_are_refused(written: Written) -> None:
    a, b, c = written.ends[3:6]
    content = written.content
    swapped = content[:a] + content[b:c] + content[a:b] + content[c:]

    assert written.verdict(swapped) == ("damaged", a)


def test_a_frame_that_is_there_twice_is_refused(written: Written) -> None:
    start_of_last, end = written.ends[-2:]
    content = bytearray(written.content)
    content[end : end + end - start_of_last] = content[start_of_last:end]

    assert written.verdict(bytes(content)) == ("damaged", end)
    with pytest.raises(LogDamaged, match=r"a batch begins with sequence \d"):
        recover(written.files, VENUE)


def test_bytes_behind_a_torn_batch_are_refused(written: Written) -> None:
    """With one batch in flight nothing can stand behind it."""
    offset = written.ends[-1]
    frame = pack_frame(written.header.seed, written.lasts[-1] + 1, written.lasts[-1], [bytes(2000)])
    torn = bytearray(written.content + bytes(CHUNK_BYTES))
    torn[offset : offset + HEADER_BYTES] = frame[:HEADER_BYTES]
    assert written.verdict(bytes(torn)) == ("torn", offset)
    torn[offset + len(frame) + 1] = 1

    assert written.verdict(bytes(torn)) == ("damaged", offset)


def assert_refused(files: SimulatedFiles, path: Path, content: bytes, offset: int) -> LogDamaged:
    """Refused with file and offset, by recovery or while reading, and nothing was modified."""
    before = files.read_file(path)
    files.change_durable(path, content)
    names = files.listdir(VENUE / "wal")
    with pytest.raises(LogDamaged) as damage:
        read_back(files, recover(files, VENUE))
    assert (damage.value.path, damage.value.offset) == (path, offset)
    assert files.listdir(VENUE / "wal") == names
    assert files.read_file(path) == content
    files.change_durable(path, before)
    return damage.value


@pytest.mark.slow
def test_any_damage_in_an_older_segment_is_refused(count: Count) -> None:
    files = journal([5] * 100, segment_bytes=2 * CHUNK_BYTES)
    path = segment_path(VENUE, 3)
    content = files.read_file(path)
    ends = frame_ends(content, unpack_segment_header(content))
    for place in range(len(content)):
        frame_start = max([0, *(end for end in ends if end <= place)])
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        assert_refused(files, path, bytes(flipped), frame_start)
    for cut in range(ends[0], len(content)):
        damage = assert_refused(files, path, content[:cut], cut)
        assert damage.reason == f"the file ends before {len(content)}, where its frames end"
    count("journal bits flipped", len(content))
    count("journal cuts at every byte", len(content) - ends[0])


def test_a_missing_segment_is_refused() -> None:
    files = journal([5] * 100, segment_bytes=2 * CHUNK_BYTES)
    files.unlink(segment_path(VENUE, 3))

    with pytest.raises(LogDamaged, match="one is missing between") as damage:
        recover(files, VENUE)
    assert damage.value.path == segment_path(VENUE, 4)


def test_a_segment_of_another_journal_or_under_another_number_is_refused() -> None:
    files, other = journal([5]), SimulatedFiles()
    write(start(files), [5])
    other_journal(other)
    foreign = other.read_file(NEWEST)
    own = files.read_file(segment_path(VENUE, 3))
    for path, content, reason in (
        (NEWEST, foreign, "the segment belongs to another journal"),
        (NEWEST, own, "the segment follows number 1"),
        (segment_path(VENUE, 3), files.read_file(NEWEST), "the segment follows number 2"),
    ):
        before = files.read_file(path)
        files.change_durable(path, content)
        with pytest.raises(LogDamaged) as damage:
            recover(files, VENUE)
        assert damage.value.path == path
        assert reason in damage.value.reason
        files.change_durable(path, before)


def test_a_renamed_first_segment_is_refused() -> None:
    files = empty_journal()
    files.rename(segment_path(VENUE, 1), segment_path(VENUE, 5))

    with pytest.raises(LogDamaged, match="the header says segment 1"):
        recover(files, VENUE)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first_sequence": 1}, "the segment is older than its predecessor"),
        ({"epoch": 0}, "the segment is older than its predecessor"),
        ({"predecessor_end": 4095}, "the header ends its predecessor at 4095"),
    ],
)
def test_a_segment_that_contradicts_its_predecessor_is_refused(
    change: dict[str, int], reason: str
) -> None:
    files = journal([2])
    write(start(files), [2])
    start(files)
    path = segment_path(VENUE, 4)
    header = unpack_segment_header(files.read_file(path))
    contradiction = pack_segment_header(header._replace(**change))  # type: ignore[arg-type]

    damage = assert_refused(files, path, contradiction, 0)

    assert damage.reason == reason


def test_swapped_batches_in_an_older_segment_are_refused() -> None:
    files = journal([2, 2, 2])
    start(files)
    content = files.read_file(NEWEST)
    a, b, c = frame_ends(content, unpack_segment_header(content))[:3]
    swapped = content[:a] + content[b:c] + content[a:b] + content[c:]

    damage = assert_refused(files, NEWEST, swapped, a)

    assert damage.reason == "a batch begins with sequence 3"


def test_without_a_journal_there_is_nothing_to_recover() -> None:
    files = SimulatedFiles()
    files.mkdir(VENUE)

    with pytest.raises(LogMissing):
        recover(files, VENUE)


def test_a_torn_tail_is_kept_aside_and_its_sequence_used_again() -> None:
    files = journal([3, 4])
    content = files.read_file(NEWEST)
    ends = frame_ends(content, unpack_segment_header(content))
    files.change_durable(NEWEST, content[: ends[-1] - 1])

    writer = start(files)
    write(writer, [2])

    aside = VENUE / "wal" / f"{NEWEST.name}.{ends[-2]}.quarantine"
    assert files.read_file(aside) == content[ends[-2] : ends[-1] - 1].rstrip(b"\0")
    assert files.read_file(NEWEST) == content[: ends[-2]]
    log = recover(files.crash(Random(1)), VENUE)
    assert (log.last_sequence, log.torn_tail) == (5, None)
    assert read_back(files.restart(), log) == rows(1, 5)


def test_recovery_changes_nothing_by_itself() -> None:
    files = journal([3, 4])
    files.change_durable(NEWEST, files.read_file(NEWEST)[: -CHUNK_BYTES + 100])
    names = files.listdir(VENUE / "wal")
    seen: list[str] = []
    files.hook = lambda operation: seen.append(operation.name)

    recover(files, VENUE)

    assert set(seen) == {"stat", "listdir", "open", "read", "fdatasync", "drop_cache"}
    assert files.listdir(VENUE / "wal") == names


def test_the_newest_segment_is_synced_and_dropped_from_the_cache_before_it_is_read() -> None:
    """Only clean pages can be dropped, and what the cache shows may not be on the disk."""
    files = journal([3, 4])
    seen: list[str] = []
    files.hook = lambda operation: seen.append(operation.name)

    recover(files, VENUE)

    assert seen[-6:] == ["open", "fdatasync", "drop_cache", "stat", "read", "fdatasync"]


def test_what_a_live_writer_adds_between_sync_and_read_is_durable_too() -> None:
    files = empty_journal()
    writer = start(files, policy=parse_sync_policy("never"))
    write(writer, [2])

    def write_in_between(operation: Operation) -> None:
        if operation.name == "drop_cache":
            files.hook = None
            write(writer, [3])

    files.hook = write_in_between
    assert recover(files, VENUE).last_sequence == 5
    assert [recover(files.crash(Random(n)), VENUE).last_sequence for n in range(20)] == [5] * 20


def test_what_a_crash_left_in_the_making_is_removed_by_the_next_start() -> None:
    files = journal([3])
    files.create(VENUE / "wal" / "00000000000000000003.wal.new")
    files.create(VENUE / "wal" / "00000000000000000009.wal.new")

    start(files)

    assert files.listdir(VENUE / "wal") == [f"{number:020d}.wal" for number in (1, 2, 3)]


def test_a_cut_that_a_crash_forgot_does_not_matter() -> None:
    """The successor's header is what ends a segment; cutting the file only tidies up."""
    files = journal([3, 4])
    content = files.read_file(NEWEST)
    write(start(files), [1])
    files.change_durable(NEWEST, content + b"whatever")

    assert read_back(files, recover(files, VENUE)) == rows(1, 8)


def test_after_a_failed_sync_recovery_sees_the_disk_and_not_the_cache() -> None:
    files = empty_journal()
    writer = start(files)
    write(writer, [2])
    files.fail(files.operations + 2, errno.EIO)
    with pytest.raises(LogFailed):
        write(writer, [3])

    files = files.restart()
    assert len(files.read_file(NEWEST).rstrip(b"\0")) > writer._offset - 50
    log = recover(files, VENUE)

    assert (log.last_sequence, log.torn_tail) == (2, None)


def test_what_a_kill_left_in_the_cache_is_synced_before_it_is_served() -> None:
    files = empty_journal()
    writer = start(files, policy=parse_sync_policy("never"))
    write(writer, [2, 3])
    files = files.restart()

    assert recover(files, VENUE).last_sequence == 5
    assert recover(files.crash(Random(1)), VENUE).last_sequence == 5
