"""Snapshot files: written whole or not at all, checked whole, newest valid first.

A file is the magic, one msgpack header, one msgpack array per section, and the BLAKE2b-256 of all
before it.  Whoever serves may add rows of its own under a name of its own (`extra`).
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import msgpack

from engine.codec import Row, pack_rows
from engine.state import State
from snapshots.snapshot import SnapshotDamaged, load_sections, sections
from wal.files import Files

MAGIC: Final = b"FULCSNAP"
FORMAT: Final = 0
DIGEST_BYTES: Final = 32
SUFFIX: Final = ".snap"
DAMAGED_SUFFIX: Final = ".bad"
KEPT_SNAPSHOTS: Final = 3
SEQUENCE_DIGITS: Final = 20
ROWS_PER_BLOCK: Final = 4096


class LoadedSnapshot(NamedTuple):
    """A state at a sequence, and what the venue's server stored beside it."""

    state: State
    extra: tuple[Row, ...]
    path: Path


class SnapshotStore:
    """The snapshots of one data directory, bound to the journal by its ledger id."""

    def __init__(self, files: Files, directory: Path, ledger_id: bytes) -> None:
        self._files = files
        self._folder = directory / "snap"
        self._ledger_id = ledger_id

    def write(self, state: State, extra: list[Row]) -> Path:
        """Store the state durably, read it back, and drop the oldest; returns the file.

        Raises OSError if the disk refuses: older snapshots and the journal stay as they are.
        """
        if not self._files.exists(self._folder):
            self._files.mkdir(self._folder)
            self._files.fsync_directory(self._folder.parent)
        path = self._folder / f"{state.sequence:0{SEQUENCE_DIGITS}}{SUFFIX}"
        content = pack_snapshot(state, self._ledger_id, extra)
        self._files.write_file(path, content)
        if self._files.read_file(path) != content:
            raise SnapshotDamaged(f"{path}: read back differently")
        for old in self._paths()[KEPT_SNAPSHOTS:]:
            self._files.unlink(old)
        return path

    def newest_valid(self, sequence_max: int) -> LoadedSnapshot | None:
        """The newest whole snapshot at or before `sequence_max`; damaged ones are put aside.

        A snapshot after the end of the journal is damage too: the journal lost what it holds.
        """
        for path in self._paths():
            loaded = self.load(path)
            if loaded is None:
                self._files.rename(path, path.with_name(path.name + DAMAGED_SUFFIX))
                self._files.fsync_directory(self._folder)
                continue
            if loaded.state.sequence > sequence_max:
                raise SnapshotDamaged(
                    f"{path} is ahead of the journal, which ends at {sequence_max}"
                )
            return loaded
        return None

    def load(self, path: Path) -> LoadedSnapshot | None:
        """The snapshot of a file, or None if it is damaged or belongs to another journal."""
        try:
            state, extra = unpack_snapshot(self._files.read_file(path), self._ledger_id)
        except SnapshotDamaged:
            return None
        return LoadedSnapshot(state, extra, path)

    def paths(self) -> list[Path]:
        """All snapshot files, newest first."""
        return self._paths()

    def _paths(self) -> list[Path]:
        if not self._files.exists(self._folder):
            return []
        names = [name for name in self._files.listdir(self._folder) if name.endswith(SUFFIX)]
        return [self._folder / name for name in sorted(names, reverse=True)]


def pack_snapshot(state: State, ledger_id: bytes, extra: list[Row]) -> bytes:
    """The bytes of a snapshot file: the same state gives the same bytes."""
    parts = [MAGIC, pack_rows([(FORMAT, ledger_id, state.sequence, state.event_chain)])]
    for name, rows in [*sections(state), ("extra", extra)]:
        parts.append(pack_rows([(name, len(rows))]))
        parts += [
            pack_rows(rows[start : start + ROWS_PER_BLOCK])
            for start in range(0, len(rows), ROWS_PER_BLOCK)
        ]
    content = b"".join(parts)
    return content + blake2b(content, digest_size=DIGEST_BYTES).digest()


def unpack_snapshot(content: bytes, ledger_id: bytes) -> tuple[State, tuple[Row, ...]]:
    """The state and the extra rows of a file's bytes.  Raises SnapshotDamaged."""
    body, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if blake2b(body, digest_size=DIGEST_BYTES).digest() != digest or not body.startswith(MAGIC):
        raise SnapshotDamaged("the digest does not match")
    unpacker = msgpack.Unpacker(use_list=False, max_buffer_size=max(len(body), 1))
    unpacker.feed(body[len(MAGIC) :])
    ((file_format, file_ledger_id, sequence, event_chain),) = unpacker.unpack()
    if file_format != FORMAT:
        raise SnapshotDamaged(f"format {file_format} is not known")
    if file_ledger_id != ledger_id:
        raise SnapshotDamaged("it belongs to another journal")
    stored = list(_stored_sections(unpacker))
    state = load_sections(stored[:-1])
    if (state.sequence, state.event_chain) != (sequence, event_chain):
        raise SnapshotDamaged("header and state differ")
    name, extra = stored[-1]
    if name != "extra":
        raise SnapshotDamaged("the extra rows are missing")
    return state, tuple(extra)


def _stored_sections(unpacker: msgpack.Unpacker) -> Iterator[tuple[str, list[Row]]]:
    for ((name, count),) in unpacker:
        rows: list[Row] = []
        while len(rows) < count:
            rows.extend(unpacker.unpack())
        yield name, rows
