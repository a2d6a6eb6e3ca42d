"""A journal that syncs lazily, and one that is read while it grows."""

from pathlib import Path
from typing import Final

import pytest

from tests.simulation.simulated_files import SimulatedFiles
from tests.wal.journals import (
    CHUNK_BYTES,
    VENUE,
    empty_journal,
    frame_ends,
    other_journal,
    read_back,
    rows,
    start,
    write,
)
from wal.errors import LogDamaged
from wal.record import HEADER_BYTES, Row
from wal.recovery import recover
from wal.segment import (
    SEGMENT_HEADER_BYTES,
    list_segments,
    segment_path,
    unpack_segment_header,
)
from wal.writer import parse_sync_policy

NEWEST: Final = segment_path(VENUE, 2)


def test_a_lazy_log_may_lose_several_batches_and_starts() -> None:
    """Of four batches the first was synced; the third has reached the disk, the second has not."""
    files, lazy_content, ends = lazy_journal()
    content = bytearray(lazy_content)
    content[ends[1] : ends[2]] = bytes(ends[2] - ends[1])
    files.change_durable(NEWEST, bytes(content))

    log = recover(files, VENUE)

    assert log.last_sequence == 40
    assert log.torn_tail is not None


def test_a_lazy_log_is_refused_when_a_batch_is_gone_that_was_synced() -> None:
    files, lazy_content, ends = lazy_journal()
    content = bytearray(lazy_content)
    content[ends[0] : ends[1]] = bytes(ends[1] - ends[0])
    files.change_durable(NEWEST, bytes(content))

    with pytest.raises(LogDamaged, match="proves to have been synced"):
        recover(files, VENUE)


def lazy_journal() -> tuple[SimulatedFiles, bytes, list[int]]:
    """Four batches of forty under `never`, with a sync after the first."""
    files = empty_journal()
    writer = start(files, policy=parse_sync_policy("never"))
    write(writer, [40])
    writer.sync()
    write(writer, [40, 40, 40])
    files = files.restart()
    content = files.read_file(NEWEST)
    return files, content, frame_ends(content, unpack_segment_header(content))


class HalfSeen(SimulatedFiles):
    """Beside a live writer a look may fall into the middle of a write, and the next one again."""

    looked_at = Path("/")
    seen_at_first: tuple[bytes, ...] = ()
    looks = 0

    def read(self, descriptor: int, offset: int, length: int) -> bytes:
        path, _ = self._open[descriptor]
        content = super().read(descriptor, offset, length)
        if path != self.looked_at or length <= SEGMENT_HEADER_BYTES:
            return content
        self.looks += 1
        return [*self.seen_at_first, content][min(self.looks - 1, len(self.seen_at_first))]


@pytest.mark.parametrize("frames", [[0], [-2], [0, 1, -2]], ids=["damaged", "torn", "thrice"])
def test_half_a_write_beside_a_live_writer_is_no_verdict(frames: list[int]) -> None:
    files = HalfSeen()
    other_journal(files)
    writer = start(files)
    path = segment_path(VENUE, 3)
    write(writer, [40] * 4)
    content = files.read_file(path)
    ends = frame_ends(content, unpack_segment_header(content))
    files.looked_at = path
    for end in [ends[frame] for frame in frames]:
        half = content[:end] + bytes(HEADER_BYTES) + content[end + HEADER_BYTES :]
        files.seen_at_first += (half,)

    log = recover(files, VENUE)

    assert files.looks == len(frames) + 1
    assert (log.last_sequence, log.torn_tail) == (165, None)


def test_a_log_is_read_beside_its_live_writer() -> None:
    files = empty_journal()
    writer = start(files, segment_bytes=2 * CHUNK_BYTES)
    for _ in range(100):
        write(writer, [3])
        log = recover(files, VENUE)
        records: list[tuple[int, Row]] = read_back(files, log)
        assert records == rows(1, writer.durable_sequence)
    assert len(list_segments(files, VENUE)) > 3
