"""Frames: the layout byte by byte, and that no changed byte passes."""

import struct
import zlib

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wal.record import (
    BATCH_RECORDS_MAX,
    HEADER_BYTES,
    FrameHeader,
    body_is_whole,
    find_header,
    pack_frame,
    unpack_header,
    unpack_rows,
)

SEED = zlib.crc32(b"a segment")

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)
some_rows = st.lists(st.lists(values, max_size=6).map(tuple), min_size=1, max_size=20)


def test_a_frame_is_laid_out_as_the_format_says() -> None:
    body = b"\x92" + b"\x91\x01" + b"\x92\x02\xa1a"
    head = struct.pack("<4sBBHIQQI", b"FWB1", 0, 0, 2, len(body), 7, 6, zlib.crc32(body))

    frame = pack_frame(SEED, 7, 6, [b"\x91\x01", b"\x92\x02\xa1a"])

    assert frame == head + struct.pack("<I", zlib.crc32(head, SEED)) + body
    assert unpack_header(frame, 0, SEED) == FrameHeader(2, len(body), 7, 6, zlib.crc32(body))
    assert HEADER_BYTES == 36


@pytest.mark.parametrize("count", [1, 15, 16, 255, 256, BATCH_RECORDS_MAX])
def test_one_call_decodes_a_batch_of_any_size(count: int) -> None:
    records = [msgspec.msgpack.encode((sequence, "alice")) for sequence in range(count)]

    frame = pack_frame(SEED, 1, 0, records)

    body = frame[HEADER_BYTES:]
    expected = tuple((sequence, "alice") for sequence in range(count))
    assert msgpack.unpackb(body, use_list=False) == expected
    assert msgspec.msgpack.decode(body, type=tuple[tuple[int, str], ...]) == expected
    assert body == msgspec.msgpack.encode(expected)


@given(some_rows)
def test_what_msgspec_packs_msgpack_reads(rows: list[tuple[object, ...]]) -> None:
    records = [msgspec.msgpack.encode(row) for row in rows]
    assert records == [msgpack.packb(row) for row in rows]

    frame = pack_frame(SEED, 1, 0, records)

    header = unpack_header(frame, 0, SEED)
    assert header is not None
    assert unpack_rows(frame, 0, header) == tuple(rows)


def test_any_flipped_bit_of_a_frame_is_noticed() -> None:
    frame = pack_frame(SEED, 3, 2, [msgspec.msgpack.encode((n, "x" * n)) for n in range(5)])

    for bit in range(len(frame) * 8):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        header = unpack_header(bytes(flipped), 0, SEED)
        assert header is None or not body_is_whole(bytes(flipped), 0, header)


def test_a_frame_cut_anywhere_is_not_whole() -> None:
    frame = pack_frame(SEED, 3, 2, [b"\x91\x01"])

    for length in range(len(frame)):
        header = unpack_header(frame[:length], 0, SEED)
        assert header is None or not body_is_whole(frame[:length], 0, header)


def test_a_frame_of_another_segment_is_not_ours() -> None:
    assert unpack_header(pack_frame(SEED, 3, 2, [b"\x91\x01"]), 0, SEED + 1) is None


@pytest.mark.parametrize(
    ("position", "value"),
    [(1, 1), (2, 1), (3, 0), (3, 513), (4, 16 * 1024 * 1024 + 1), (6, 3)],
    ids=["format", "flags", "no records", "too many records", "too long", "durable before written"],
)
def test_a_header_with_a_right_crc_and_an_impossible_field_is_refused(
    position: int, value: int
) -> None:
    fields: list[bytes | int] = [b"FWB1", 0, 0, 1, 2, 3, 2, 0]
    good = struct.pack("<4sBBHIQQI", *fields)
    assert unpack_header(good + struct.pack("<I", zlib.crc32(good, SEED)), 0, SEED) is not None
    fields[position] = value

    bad = struct.pack("<4sBBHIQQI", *fields)

    assert unpack_header(bad + struct.pack("<I", zlib.crc32(bad, SEED)), 0, SEED) is None


@pytest.mark.parametrize(
    "body",
    [b"\x91\x01", b"\x92\x91\x01\x91\x02", b"\x01", b"\x91\x91", b"\x91\x91\x01\x00", b"\x91\x80"],
    ids=["no array", "two for one", "no outer array", "short", "long", "a map"],
)
def test_a_body_that_is_not_its_records_is_refused(body: bytes) -> None:
    header = FrameHeader(1, len(body), 1, 0, zlib.crc32(body))

    with pytest.raises(ValueError, match=r".+"):
        unpack_rows(bytes(HEADER_BYTES) + body, 0, header)


def test_a_header_is_found_behind_any_rubbish() -> None:
    frame = pack_frame(SEED, 3, 2, [b"\x91\x01"])
    rubbish = b"FWB1" * 20

    found = find_header(rubbish + frame, 0, SEED)

    assert found == (len(rubbish), unpack_header(frame, 0, SEED))
    assert find_header(rubbish + frame, len(rubbish) + 1, SEED) is None


@pytest.mark.parametrize("records", [[], [b"\x90"] * (BATCH_RECORDS_MAX + 1)])
def test_an_empty_or_overfull_batch_is_our_bug(records: list[bytes]) -> None:
    with pytest.raises(AssertionError):
        pack_frame(SEED, 1, 0, records)
