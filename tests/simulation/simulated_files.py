"""A file system in memory that forgets what was not synced.  Knows sectors, not formats.

`crash` loses any subset of the sectors written since the last sync and any subset of the names
made, moved or removed since the last sync of their directory; `fail` makes the k-th operation
fail.  Like a real disk it reports a failed sync once: what it lost stays in the cache, the next
sync says OK, and only `drop_cache` or a crash shows the truth.
"""

import errno as errno_names
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, NoReturn

from wal.files import Files, FileStatus

SECTOR_BYTES: Final = 512


class PowerLoss(Exception):
    """Raised by a hook: the machine stops before the operation happens."""


class Operation(NamedTuple):
    """One call that changes something or may fail; numbered from 1."""

    number: int
    name: str
    path: Path


Hook = Callable[[Operation], None]


class _File:
    """Content as the disk has it, content as readers see it, and the sectors between."""

    def __init__(self, content: bytes = b"") -> None:
        self.durable = content
        self.visible = bytearray(content)
        self.sectors: dict[int, list[bytes]] = {}  # Unsynced versions, oldest first.
        self.lengths: list[int] = []

    def write(self, data: bytes | memoryview, offset: int) -> None:
        if offset > len(self.visible):
            self.visible.extend(bytes(offset - len(self.visible)))
        self.visible[offset : offset + len(data)] = data
        for index in range(offset // SECTOR_BYTES, -(-(offset + len(data)) // SECTOR_BYTES)):
            start = index * SECTOR_BYTES
            version = bytes(self.visible[start : start + SECTOR_BYTES])
            self.sectors.setdefault(index, []).append(version.ljust(SECTOR_BYTES, b"\0"))
        self.lengths.append(len(self.visible))

    def truncate(self, length: int) -> None:
        del self.visible[length:]
        self.visible.extend(bytes(length - len(self.visible)))
        self.lengths.append(length)

    def sync(self) -> None:
        if self.sectors or self.lengths:
            self.durable = bytes(self.visible)
            self.forget()

    def forget(self) -> None:
        """What a failed sync does: the cache takes the sectors for written."""
        self.sectors = {}
        self.lengths = []

    def drop_cache(self) -> None:
        """Only clean pages can be dropped."""
        if not self.sectors and not self.lengths:
            self.visible = bytearray(self.durable)

    def after_crash(self, rng: Random) -> bytes:
        """The durable content, with some of the unsynced sectors in one of their versions."""
        length = len(self.durable)
        if self.lengths:
            between = rng.randrange(length, max(length, *self.lengths) + SECTOR_BYTES)
            between -= between % SECTOR_BYTES
            length = rng.choice([length, min(between, max(self.lengths)), *self.lengths])
        content = bytearray(self.durable[:length].ljust(length, b"\0"))
        # All, none, or a share of the sectors: a fair coin for each would hardly ever keep most.
        share = rng.choice([0.0, 0.2, 0.5, 0.8, 1.0])
        for index, versions in self.sectors.items():
            start = index * SECTOR_BYTES
            if start < length and rng.random() < share:
                version = rng.choice(versions) if rng.random() < 0.5 else versions[-1]
                content[start : start + SECTOR_BYTES] = version[: length - start]
        return bytes(content)


class _Directory:
    """Names as the disk has them, names as readers see them, and the changes between."""

    def __init__(self) -> None:
        self.durable: dict[str, _Node] = {}
        self.visible: dict[str, _Node] = {}
        self.changes: list[_Change] = []

    def change(self, removed: str | None, added: str | None, node: "_Node") -> None:
        change = _Change(removed, added, node)
        self.changes.append(change)
        change.apply(self.visible)

    def sync(self) -> None:
        self.durable = dict(self.visible)
        self.changes = []

    def after_crash(self, rng: Random) -> dict[str, "_Node"]:
        names = dict(self.durable)
        share = rng.choice([0.0, 0.5, 0.9, 1.0])
        for change in self.changes:
            if rng.random() < share:
                change.apply(names)
        return names


_Node = _File | _Directory


class _Change(NamedTuple):
    """A name removed, a name added, or both in one step: a rename."""

    removed: str | None
    added: str | None
    node: _Node

    def apply(self, names: dict[str, _Node]) -> None:
        if self.removed is not None:
            names.pop(self.removed, None)
        if self.added is not None:
            names[self.added] = self.node


class _Fault(NamedTuple):
    number: int
    errno: int
    sticky: bool


class SimulatedFiles(Files):
    """A twin of `Files` on absolute paths, starting from an empty, durable root."""

    def __init__(self) -> None:
        self.operations = 0
        self.hook: Hook | None = None
        self.short_write_at: int | None = None
        self._root = _Directory()
        self._open: dict[int, tuple[Path, _File]] = {}
        self._read_only: set[int] = set()
        self._locked: dict[int, _File] = {}
        self._next_descriptor = 100
        self._fault: _Fault | None = None
        self._powered = True

    # The control panel.

    def crash(self, rng: Random) -> "SimulatedFiles":
        """The machine after a loss of power; this one is dead from here on."""
        self._powered = False
        after = type(self)()
        after._root = _directory_after_crash(self._root, rng, {})
        return after

    def restart(self) -> "SimulatedFiles":
        """The machine after the death of the process alone: nothing is lost, nothing synced."""
        self._powered = False
        after = type(self)()
        after._root = self._root
        return after

    def fail(self, number: int, errno: int, *, sticky: bool = False) -> None:
        """Makes operation `number` fail, and all after it if `sticky`."""
        self._fault = _Fault(number, errno, sticky)

    def change_durable(self, path: Path, content: bytes) -> None:
        """Puts content on the disk past everything, as a fault of the disk would."""
        self._replace(path, _File(content))

    def _replace(self, path: Path, node: _File) -> None:
        parent = self._directory(path.parent)
        parent.durable[path.name] = parent.visible[path.name] = node

    def _operate(self, name: str, path: Path) -> None:
        assert self._powered, "the machine is off"
        self.operations += 1
        if self.hook is not None:
            self.hook(Operation(self.operations, name, path))
        fault = self._fault
        if fault is not None and (
            self.operations == fault.number or (fault.sticky and self.operations > fault.number)
        ):
            raise OSError(fault.errno, os.strerror(fault.errno), str(path))

    # The twin.

    def open_to_read(self, path: Path) -> int:
        """As Files does."""
        self._operate("open", path)
        descriptor = self._descriptor(path, self._file(path))
        self._read_only.add(descriptor)
        return descriptor

    def open_to_write(self, path: Path) -> int:
        """As Files does."""
        self._operate("open", path)
        return self._descriptor(path, self._file(path))

    def create(self, path: Path) -> int:
        """As Files does."""
        self._operate("create", path)
        parent = self._directory(path.parent)
        if path.name in parent.visible:
            _raise(errno_names.EEXIST, path)
        file = _File()
        parent.change(None, path.name, file)
        return self._descriptor(path, file)

    def close(self, descriptor: int) -> None:
        """As Files does."""
        assert self._powered, "the machine is off"
        del self._open[descriptor]
        self._locked.pop(descriptor, None)

    def read(self, descriptor: int, offset: int, length: int) -> bytes:
        """As Files does."""
        path, file = self._open[descriptor]
        self._operate("read", path)
        return bytes(file.visible[offset : offset + length])

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        """As Files does; writes half if this is the operation of `short_write_at`."""
        path, file = self._open[descriptor]
        self._operate("pwrite", path)
        if descriptor in self._read_only:
            _raise(errno_names.EBADF, path)
        if self.operations == self.short_write_at:
            data = data[: len(data) // 2]
        file.write(data, offset)
        return len(data)

    def truncate(self, descriptor: int, length: int) -> None:
        """As Files does."""
        path, file = self._open[descriptor]
        self._operate("truncate", path)
        if descriptor in self._read_only:
            _raise(errno_names.EINVAL, path)
        file.truncate(length)

    def fdatasync(self, descriptor: int) -> None:
        """As Files does; if it fails, other than by a signal, the data is lost."""
        path, file = self._open[descriptor]
        try:
            self._operate("fdatasync", path)
        except InterruptedError:
            raise
        except OSError:
            file.forget()
            raise
        file.sync()

    def drop_cache(self, descriptor: int) -> None:
        """As Files does."""
        path, file = self._open[descriptor]
        self._operate("drop_cache", path)
        file.drop_cache()

    def fsync_directory(self, path: Path) -> None:
        """As Files does."""
        self._operate("fsync_directory", path)
        self._directory(path).sync()

    def rename(self, old: Path, new: Path) -> None:
        """As Files does, within one directory."""
        assert old.parent == new.parent
        self._operate("rename", new)
        parent = self._directory(old.parent)
        parent.change(old.name, new.name, self._file(old))

    def unlink(self, path: Path) -> None:
        """As Files does."""
        self._operate("unlink", path)
        self._directory(path.parent).change(path.name, None, self._file(path))

    def mkdir(self, path: Path) -> None:
        """As Files does."""
        self._operate("mkdir", path)
        parent = self._directory(path.parent)
        if path.name in parent.visible:
            _raise(errno_names.EEXIST, path)
        parent.change(None, path.name, _Directory())

    def listdir(self, path: Path) -> list[str]:
        """As Files does."""
        self._operate("listdir", path)
        return sorted(self._directory(path).visible)

    def stat(self, path: Path) -> FileStatus:
        """As Files does."""
        self._operate("stat", path)
        node = self._node(path)
        if isinstance(node, _Directory):
            return FileStatus(0, is_directory=True)
        return FileStatus(len(node.visible), is_directory=False)

    def lock(self, path: Path) -> int:
        """As Files does."""
        self._operate("lock", path)
        parent = self._directory(path.parent)
        if path.name not in parent.visible:
            parent.change(None, path.name, _File())
        file = self._file(path)
        if any(file is held for held in self._locked.values()):
            _raise(errno_names.EWOULDBLOCK, path)
        descriptor = self._descriptor(path, file)
        self._locked[descriptor] = file
        return descriptor

    def _descriptor(self, path: Path, file: _File) -> int:
        self._next_descriptor += 1
        self._open[self._next_descriptor] = (path, file)
        return self._next_descriptor

    def _node(self, path: Path) -> _Node:
        assert path.is_absolute()
        node: _Node = self._root
        for name in path.parts[1:]:
            if not isinstance(node, _Directory):
                _raise(errno_names.ENOTDIR, path)
            if name not in node.visible:
                _raise(errno_names.ENOENT, path)
            node = node.visible[name]
        return node

    def _directory(self, path: Path) -> _Directory:
        node = self._node(path)
        if not isinstance(node, _Directory):
            _raise(errno_names.ENOTDIR, path)
        return node

    def _file(self, path: Path) -> _File:
        node = self._node(path)
        if not isinstance(node, _File):
            _raise(errno_names.EISDIR, path)
        return node


def _directory_after_crash(
    directory: _Directory, rng: Random, done: dict[int, _File]
) -> _Directory:
    """`done` keeps a file that has two names one file."""
    after = _Directory()
    for name, node in directory.after_crash(rng).items():
        if isinstance(node, _Directory):
            after.durable[name] = _directory_after_crash(node, rng, done)
        else:
            if id(node) not in done:
                done[id(node)] = _File(node.after_crash(rng))
            after.durable[name] = done[id(node)]
    after.visible = dict(after.durable)
    return after


def _raise(errno: int, path: Path) -> NoReturn:
    raise OSError(errno, os.strerror(errno), str(path))
