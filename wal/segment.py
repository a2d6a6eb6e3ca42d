"""Segments: names, headers, and how a new one comes into being.  Knows nothing inside the frames.

`FORMAT.md` has the layout and the reasons.
"""

import re
import struct
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from wal.errors import LogDamaged
from wal.files import UNFINISHED_SUFFIX, Files

SEGMENT_MAGIC: Final = b"FULCWAL\r\n\x1a\n"
SEGMENT_FORMAT: Final = 0
SEGMENT_HEADER_BYTES: Final = 4096
SEGMENT_BYTES_DEFAULT: Final = 64 * 1024 * 1024
CHUNK_BYTES_DEFAULT: Final = 1024 * 1024
LEDGER_ID_BYTES: Final = 16
FLAG_LAZY: Final = 1

_HEADER: Final = struct.Struct("<11sBIQQQQ16s")
_CRC: Final = struct.Struct("<I")
_IDENTITY: Final = struct.Struct("<16sQ")
_NAME: Final = re.compile(r"[0-9]{20}\.wal", re.ASCII)


class SegmentHeader(NamedTuple):
    """What a segment says of itself and of its predecessor; `predecessor_end` in bytes."""

    number: int
    first_sequence: int
    epoch: int
    predecessor_end: int
    ledger_id: bytes
    lazy: bool

    @property
    def seed(self) -> int:
        """Where the header CRC of each frame in this segment starts from."""
        return zlib.crc32(_IDENTITY.pack(self.ledger_id, self.number))


def segment_folder(directory: Path) -> Path:
    """Where the segments of a data directory lie."""
    return directory / "wal"


def segment_path(directory: Path, number: int) -> Path:
    """Where a segment lies, by its number."""
    return segment_folder(directory) / f"{number:020d}.wal"


def pack_segment_header(header: SegmentHeader) -> bytes:
    """The first block of a segment."""
    assert header.number >= 1
    assert header.first_sequence >= 1
    assert len(header.ledger_id) == LEDGER_ID_BYTES
    fields = _HEADER.pack(
        SEGMENT_MAGIC,
        SEGMENT_FORMAT,
        FLAG_LAZY if header.lazy else 0,
        header.number,
        header.first_sequence,
        header.epoch,
        header.predecessor_end,
        header.ledger_id,
    )
    block = fields.ljust(SEGMENT_HEADER_BYTES - _CRC.size, b"\0")
    return block + _CRC.pack(zlib.crc32(block))


def unpack_segment_header(block: bytes) -> SegmentHeader:
    """The header in the first block of a segment; ValueError says what is wrong with it."""
    if len(block) < SEGMENT_HEADER_BYTES:
        raise ValueError("the segment is shorter than its header")
    if not block.startswith(SEGMENT_MAGIC):
        raise ValueError("the segment's magic is wrong")
    crc_start = SEGMENT_HEADER_BYTES - _CRC.size
    if _CRC.unpack_from(block, crc_start)[0] != zlib.crc32(block[:crc_start]):
        raise ValueError("the CRC of the segment's header is wrong")
    _, segment_format, flags, number, first_sequence, epoch, predecessor_end, ledger_id = (
        _HEADER.unpack_from(block)
    )
    if segment_format != SEGMENT_FORMAT or flags & ~FLAG_LAZY:
        raise ValueError(f"format {segment_format}, flags {flags} are unknown to this version")
    lazy = bool(flags & FLAG_LAZY)
    return SegmentHeader(number, first_sequence, epoch, predecessor_end, ledger_id, lazy)


def list_segments(files: Files, directory: Path) -> list[int]:
    """The numbers of all segments, rising; a `.wal` with another name raises LogDamaged."""
    folder = segment_folder(directory)
    if not files.exists(folder):
        return []
    names = [name for name in files.listdir(folder) if name.endswith(".wal")]
    for name in names:
        if not _NAME.fullmatch(name):
            raise LogDamaged(folder / name, 0, "this is not the name of a segment", 0)
    return sorted(int(name.removesuffix(".wal")) for name in names)


def remove_unfinished(files: Files, directory: Path) -> None:
    """Removes what a crash left in the making; its name was never part of the log."""
    folder = segment_folder(directory)
    for name in files.listdir(folder):
        if name.endswith(UNFINISHED_SUFFIX):
            files.unlink(folder / name)


def create_segment(files: Files, directory: Path, header: SegmentHeader, chunk_bytes: int) -> None:
    """Makes a segment with zeros up to the end of its first chunk; durable on return."""
    assert chunk_bytes % SEGMENT_HEADER_BYTES == 0
    path = segment_path(directory, header.number)
    assert not files.exists(path)
    files.write_file(path, pack_segment_header(header).ljust(chunk_bytes, b"\0"))
