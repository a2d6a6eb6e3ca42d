"""The only door to the file system.  Knows system calls; knows no formats and no policy.

Every method raises `OSError` as the system call does.  Descriptors are plain integers and stay
with their owner.  Tests replace the class by a twin that forgets what was not synced.
"""

import contextlib
import fcntl
import os
import sys
from pathlib import Path
from typing import NamedTuple

UNFINISHED_SUFFIX = ".new"


class FileStatus(NamedTuple):
    """What there is at a path; `size_bytes` means nothing for a directory."""

    size_bytes: int
    is_directory: bool


class Files:
    """The system calls that durable files need, and the few compositions that all users share."""

    def open_to_read(self, path: Path) -> int:
        """A descriptor of an existing file."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def open_to_write(self, path: Path) -> int:
        """A descriptor, for reading as well, of an existing file."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def create(self, path: Path) -> int:
        """A descriptor of a file that must not exist yet; readable by its owner only."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def close(self, descriptor: int) -> None:
        """Gives a descriptor back, and a lock with it."""
        os.close(descriptor)

    def read(self, descriptor: int, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only at the end of the file."""
        first = os.pread(descriptor, length, offset)
        if len(first) in (0, length):
            return first
        return first + self.read(descriptor, offset + len(first), length - len(first))

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        """How many bytes were written, which may be fewer than all."""
        return os.pwrite(descriptor, data, offset)

    def truncate(self, descriptor: int, length: int) -> None:
        """Cuts the file to `length` bytes."""
        os.ftruncate(descriptor, length)

    def fdatasync(self, descriptor: int) -> None:
        """Returns when the content and the length of the file have reached the disk."""
        if sys.platform == "darwin":
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # Its fsync stops short of the platter.
        else:
            os.fdatasync(descriptor)

    def drop_cache(self, descriptor: int) -> None:
        """Makes the next read come from the disk, as far as the system honours the advice."""
        if sys.platform != "darwin":
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def fsync_directory(self, path: Path) -> None:
        """Returns when the names in the directory have reached the disk."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Replaces `new` in one step; durable once the directory is synced."""
        os.rename(old, new)

    def unlink(self, path: Path) -> None:
        """Removes a name; durable once the directory is synced."""
        os.unlink(path)

    def mkdir(self, path: Path) -> None:
        """Makes a directory for its owner only; durable once the parent is synced."""
        os.mkdir(path, 0o700)

    def listdir(self, path: Path) -> list[str]:
        """The names in a directory, sorted."""
        return sorted(os.listdir(path))

    def stat(self, path: Path) -> FileStatus:
        """What there is at a path; raises FileNotFoundError if nothing."""
        status = os.stat(path)
        return FileStatus(status.st_size, os.path.isdir(path))

    def process_id(self) -> int:
        """Who holds the lock, for the message to whoever asks next."""
        return os.getpid()

    def lock(self, path: Path) -> int:
        """A descriptor that holds the file, made if absent; BlockingIOError if another has it.

        flock, not fcntl: a lock of the latter kind is lost when any descriptor of the file closes.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def exists(self, path: Path) -> bool:
        """Whether there is anything at a path."""
        try:
            self.stat(path)
        except FileNotFoundError:
            return False
        return True

    def write_all(self, descriptor: int, data: bytes, offset: int) -> None:
        """Writes all of `data`, in one system call unless the system stops short of it."""
        done = 0
        while done < len(data):
            with contextlib.suppress(InterruptedError):
                rest = memoryview(data)[done:] if done else data
                done += self.pwrite(descriptor, rest, offset + done)

    def sync(self, descriptor: int) -> None:
        """`fdatasync` until it is not interrupted; any other error stands."""
        while True:
            try:
                return self.fdatasync(descriptor)
            except InterruptedError:
                continue

    def read_file(self, path: Path) -> bytes:
        """The whole content of a file."""
        descriptor = self.open_to_read(path)
        try:
            return self.read(descriptor, 0, self.stat(path).size_bytes)
        finally:
            self.close(descriptor)

    def write_file(self, path: Path, content: bytes) -> None:
        """Makes or replaces a file, in whole or, after a crash, not at all; durable on return."""
        unfinished = path.with_name(path.name + UNFINISHED_SUFFIX)
        if self.exists(unfinished):
            self.unlink(unfinished)
        descriptor = self.create(unfinished)
        try:
            self.write_all(descriptor, content, 0)
            self.sync(descriptor)
        finally:
            self.close(descriptor)
        self.rename(unfinished, path)
        self.fsync_directory(path.parent)
