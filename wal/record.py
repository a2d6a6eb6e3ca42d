"""Records packed into frames and back.  Knows bytes and sequence numbers, no files: all pure.

`FORMAT.md` has the layout and the reasons.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgpack

FRAME_MAGIC: Final = b"FWB1"
FRAME_FORMAT: Final = 0
BATCH_RECORDS_MAX: Final = 512
RECORD_BYTES_MAX: Final = 16 * 1024
BODY_BYTES_MAX: Final = 16 * 1024 * 1024

_HEADER: Final = struct.Struct("<4sBBHIQQI")
_CRC: Final = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size + _CRC.size

# A full batch of the longest records, and its array header, always fit a body.
assert BATCH_RECORDS_MAX * RECORD_BYTES_MAX + 5 <= BODY_BYTES_MAX

_ARRAY_HEADERS: Final[tuple[bytes, ...]] = tuple(
    msgpack.Packer().pack_array_header(count) for count in range(BATCH_RECORDS_MAX + 1)
)

Row = tuple[object, ...]


class FrameHeader(NamedTuple):
    """What a frame says of itself; lengths in bytes."""

    record_count: int
    body_bytes: int
    first_sequence: int
    durable_sequence: int
    body_crc: int

    @property
    def last_sequence(self) -> int:
        """The sequence of the last record in the frame."""
        return self.first_sequence + self.record_count - 1

    @property
    def frame_bytes(self) -> int:
        """The length of header and body together."""
        return HEADER_BYTES + self.body_bytes


def pack_frame(
    seed: int, first_sequence: int, durable_sequence: int, records: Sequence[bytes]
) -> bytes:
    """One batch as it stands in the file; `seed` is the CRC of the segment's identity."""
    count = len(records)
    assert 0 < count <= BATCH_RECORDS_MAX
    assert 0 <= durable_sequence < first_sequence
    body = _ARRAY_HEADERS[count] + b"".join(records)
    assert len(body) <= BODY_BYTES_MAX
    header = _HEADER.pack(
        FRAME_MAGIC,
        FRAME_FORMAT,
        0,
        count,
        len(body),
        first_sequence,
        durable_sequence,
        zlib.crc32(body),
    )
    return b"".join((header, _CRC.pack(zlib.crc32(header, seed)), body))


def unpack_header(content: bytes, offset: int, seed: int) -> FrameHeader | None:
    """The header at `offset`, or None if no whole and possible one stands there."""
    body_start = offset + HEADER_BYTES
    if body_start > len(content) or not content.startswith(FRAME_MAGIC, offset):
        return None
    crc_start = offset + _HEADER.size
    if _CRC.unpack_from(content, crc_start)[0] != zlib.crc32(content[offset:crc_start], seed):
        return None
    _, frame_format, flags, *fields = _HEADER.unpack_from(content, offset)
    header = FrameHeader(*fields)
    possible = (
        frame_format == FRAME_FORMAT
        and flags == 0
        and 0 < header.record_count <= BATCH_RECORDS_MAX
        and header.body_bytes <= BODY_BYTES_MAX
        and header.durable_sequence < header.first_sequence
    )
    return header if possible else None


def body_is_whole(content: bytes, offset: int, header: FrameHeader) -> bool:
    """Whether the frame at `offset` has the body that its header promises."""
    start, end = offset + HEADER_BYTES, offset + header.frame_bytes
    return end <= len(content) and zlib.crc32(memoryview(content)[start:end]) == header.body_crc


def unpack_rows(content: bytes, offset: int, header: FrameHeader) -> tuple[Row, ...]:
    """The records of the frame at `offset`; ValueError if the body is not `count` arrays."""
    body = memoryview(content)[offset + HEADER_BYTES : offset + header.frame_bytes]
    rows: tuple[Row, ...] = msgpack.unpackb(body, use_list=False)
    if type(rows) is not tuple or len(rows) != header.record_count:
        raise ValueError(f"the body is not an array of {header.record_count} records")
    if any(type(row) is not tuple for row in rows):
        raise ValueError("a record is not an array")
    return rows


def find_header(content: bytes, offset: int, seed: int) -> tuple[int, FrameHeader] | None:
    """The first valid header at or behind `offset`, with its place, whatever is between."""
    place = content.find(FRAME_MAGIC, offset)
    while place >= 0:
        header = unpack_header(content, place, seed)
        if header is not None:
            return place, header
        place = content.find(FRAME_MAGIC, place + 1)
    return None
