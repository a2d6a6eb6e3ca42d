"""Segment headers byte by byte, names, and how a segment comes into being."""

import struct
import zlib
from pathlib import Path

import pytest

from tests.simulation.simulated_files import Operation, SimulatedFiles
from tests.wal.journals import CHUNK_BYTES, LEDGER_ID, VENUE
from wal.errors import LogDamaged
from wal.segment import (
    SegmentHeader,
    create_segment,
    list_segments,
    pack_segment_header,
    remove_unfinished,
    segment_path,
    unpack_segment_header,
)

HEADER = SegmentHeader(42, 1_001, 7, 5_000, LEDGER_ID, lazy=True)


@pytest.fixture
def files() -> SimulatedFiles:
    files = SimulatedFiles()
    files.mkdir(VENUE)
    files.mkdir(VENUE / "wal")
    return files


def test_a_segment_header_is_laid_out_as_the_format_says() -> None:
    fields = b"FULCWAL\r\n\x1a\n" + struct.pack("<BIQQQQ", 0, 1, 42, 1_001, 7, 5_000) + LEDGER_ID
    block = fields + bytes(4092 - len(fields))

    packed = pack_segment_header(HEADER)

    assert packed == block + struct.pack("<I", zlib.crc32(block))
    assert unpack_segment_header(packed) == HEADER
    assert HEADER.seed == zlib.crc32(LEDGER_ID + struct.pack("<Q", 42))


def test_any_flipped_byte_of_a_segment_header_is_noticed() -> None:
    packed = pack_segment_header(HEADER)

    for place in range(len(packed)):
        flipped = bytearray(packed)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(ValueError, match=r"magic|CRC"):
            unpack_segment_header(bytes(flipped))


def test_a_segment_of_a_later_version_is_refused_by_name() -> None:
    block = bytearray(pack_segment_header(HEADER)[:4092])
    block[11] = 9

    with pytest.raises(ValueError, match="format 9"):
        unpack_segment_header(bytes(block) + struct.pack("<I", zlib.crc32(block)))


def test_a_short_segment_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than its header"):
        unpack_segment_header(pack_segment_header(HEADER)[:-1])


def test_segments_are_listed_by_number_and_other_names_ignored(files: SimulatedFiles) -> None:
    for number in (10, 9, 11):
        files.create(segment_path(VENUE, number))
    files.create(VENUE / "wal" / "00000000000000000012.wal.new")
    files.create(VENUE / "wal" / "00000000000000000009.wal.4096.quarantine")

    assert list_segments(files, VENUE) == [9, 10, 11]
    assert segment_path(VENUE, 9) == VENUE / "wal" / "00000000000000000009.wal"


@pytest.mark.parametrize("name", ["9.wal", "copy of 00000000000000000009.wal", "0" * 21 + ".wal"])
def test_a_segment_with_a_wrong_name_is_refused(files: SimulatedFiles, name: str) -> None:
    files.create(VENUE / "wal" / name)

    with pytest.raises(LogDamaged, match="not the name of a segment"):
        list_segments(files, VENUE)


def test_a_directory_without_journal_has_no_segments() -> None:
    assert list_segments(SimulatedFiles(), Path("/nothing")) == []


def test_a_segment_has_its_name_only_when_it_is_whole(files: SimulatedFiles) -> None:
    seen: list[str] = []

    def note(operation: Operation) -> None:
        if operation.name not in ("stat", "open"):
            seen.append(f"{operation.name} {operation.path.name}")

    files.hook = note
    create_segment(files, VENUE, HEADER, CHUNK_BYTES)

    name = "00000000000000000042.wal"
    assert seen == [
        f"create {name}.new",
        f"pwrite {name}.new",
        f"fdatasync {name}.new",
        f"rename {name}",
        "fsync_directory wal",
    ]
    content = files.read_file(segment_path(VENUE, 42))
    assert content == pack_segment_header(HEADER).ljust(CHUNK_BYTES, b"\0")


def test_what_a_crash_left_in_the_making_is_removed(files: SimulatedFiles) -> None:
    for name in ("00000000000000000001.wal", "00000000000000000002.wal.new"):
        files.create(VENUE / "wal" / name)

    remove_unfinished(files, VENUE)

    assert files.listdir(VENUE / "wal") == ["00000000000000000001.wal"]
