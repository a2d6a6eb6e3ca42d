"""The real file system does what its simulated twin does, call by call."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.simulation.simulated_files import SimulatedFiles
from wal.files import Files

Count = Callable[[str, int], None]

NAMES = ("a", "b", "c")
ON_DESCRIPTORS = ("pwrite", "read", "truncate", "fdatasync", "drop_cache", "sync", "write_all")
METHODS = (
    *("create", "open_to_read", "open_to_write", "unlink", "rename", "mkdir", "listdir"),
    *("stat", "exists", "fsync_directory", "read_file", "write_file"),
    *ON_DESCRIPTORS,
)


class Twins:
    """Sends each call to both file systems and compares what comes back."""

    def __init__(self, folder: Path) -> None:
        self.real, self.real_root = Files(), folder
        self.twin, self.twin_root = SimulatedFiles(), Path("/root")
        self.twin.mkdir(self.twin_root)
        self.descriptors: list[tuple[int, int]] = []

    def on_path(self, method: str, *names: str) -> object:
        """The outcome of a method of one or two names, which is the same for both."""
        outcomes = [
            outcome(getattr(files, method), *(root / name for name in names))
            for files, root in ((self.real, self.real_root), (self.twin, self.twin_root))
        ]
        if method in ("create", "open_to_read", "open_to_write") and outcomes[0][0] == "returns":
            assert outcomes[1][0] == "returns"
            self.descriptors.append((outcomes[0][1], outcomes[1][1]))
            return None
        assert outcomes[0] == outcomes[1], (method, names)
        return outcomes[0]

    def on_descriptor(self, method: str, index: int, *arguments: object) -> object:
        """The outcome of a method of a descriptor, which is the same for both."""
        real, twin = self.descriptors[index % len(self.descriptors)]
        first = outcome(getattr(self.real, method), real, *arguments)
        assert first == outcome(getattr(self.twin, method), twin, *arguments), method
        return first


def outcome(call: Callable[..., object], *arguments: object) -> tuple[str, int]:
    try:
        result = call(*arguments)
    except OSError as error:
        return "raises", error.errno or 0
    return ("returns", result)  # type: ignore[return-value]


def one_call(twins: Twins, rng: Random) -> None:
    """A random call with random arguments, sensible or not."""
    method = rng.choice(METHODS)
    name, other = rng.choices(NAMES, k=2)
    if method in ON_DESCRIPTORS:
        if not twins.descriptors:
            return
        offset, data = rng.randrange(3000), rng.randbytes(rng.randrange(1, 2000))
        arguments: dict[str, tuple[object, ...]] = {
            "pwrite": (data, offset),
            "write_all": (data, offset),
            "read": (offset, len(data)),
            "truncate": (offset,),
        }
        twins.on_descriptor(method, rng.randrange(99), *arguments.get(method, ()))
    elif method == "rename":
        twins.on_path(method, name, other)
    elif method == "write_file":
        data = rng.randbytes(rng.randrange(3000))
        twins.real.write_file(twins.real_root / name, data)
        twins.twin.write_file(twins.twin_root / name, data)
    elif method in ("listdir", "fsync_directory"):
        twins.on_path(method, "")
    elif method == "mkdir":
        twins.on_path(method, "folder")
    else:
        twins.on_path(method, name)


@pytest.mark.parametrize("seed", range(20))
def test_the_simulated_twin_behaves_as_the_real_one(
    seed: int, tmp_path: Path, count: Count
) -> None:
    twins, rng = Twins(tmp_path), Random(seed)
    for _ in range(200):
        one_call(twins, rng)
    for real, _ in twins.descriptors:
        os.close(real)
    count("file-system calls compared with their twin", 200)


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    files = Files()
    files.mkdir(tmp_path / "data")
    files.write_file(tmp_path / "data" / "a", b"secret")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "a").stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_in_one_step_and_leaves_no_trace(tmp_path: Path) -> None:
    files = Files()
    for content in (b"first", b"second"):
        (tmp_path / "a.new").write_bytes(b"left by a crash, and longer than what comes")
        files.write_file(tmp_path / "a", content)

        assert files.read_file(tmp_path / "a") == content
        assert files.listdir(tmp_path) == ["a"]


def test_a_descriptor_is_not_inherited(tmp_path: Path) -> None:
    files = Files()
    descriptors = [files.create(tmp_path / "a"), files.open_to_read(tmp_path / "a")]
    descriptors += [files.open_to_write(tmp_path / "a"), files.lock(tmp_path / "LOCK")]

    assert [os.get_inheritable(descriptor) for descriptor in descriptors] == [False] * 4
    for descriptor in descriptors:
        files.close(descriptor)


def test_a_lock_excludes_a_second_one_and_ends_with_its_descriptor(tmp_path: Path) -> None:
    for files, path in ((Files(), tmp_path / "LOCK"), (SimulatedFiles(), Path("/LOCK"))):
        held = files.lock(path)
        with pytest.raises(BlockingIOError):
            files.lock(path)
        files.close(held)
        files.close(files.lock(path))
