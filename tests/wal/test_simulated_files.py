"""The simulated machine forgets what it may forget, and nothing else."""

import errno
from pathlib import Path
from random import Random

import pytest

from tests.simulation.simulated_files import SECTOR_BYTES, SimulatedFiles

FILE = Path("/folder/file")
OLD, NEW = b"o" * SECTOR_BYTES, b"n" * SECTOR_BYTES


def machine(content: bytes = b"") -> SimulatedFiles:
    """A machine with one durable file."""
    files = SimulatedFiles()
    files.mkdir(FILE.parent)
    files.fsync_directory(FILE.parent.parent)
    files.write_file(FILE, content)
    return files


def contents_after_crash(files: SimulatedFiles) -> set[bytes]:
    """All that the file has been seen to contain after many crashes of the same machine."""
    return {files.crash(Random(seed)).read_file(FILE) for seed in range(300)}


def names_after_crash(files: SimulatedFiles) -> set[tuple[str, ...]]:
    return {tuple(files.crash(Random(seed)).listdir(FILE.parent)) for seed in range(300)}


def test_what_was_synced_stays() -> None:
    files = machine(OLD)
    descriptor = files.open_to_write(FILE)
    files.pwrite(descriptor, NEW, 0)
    files.fdatasync(descriptor)

    assert contents_after_crash(files) == {NEW}


def test_any_subset_of_unsynced_sectors_may_stay() -> None:
    files = machine(OLD * 3)
    descriptor = files.open_to_write(FILE)
    files.pwrite(descriptor, NEW * 3, 0)

    subsets = {a + b + c for a in (OLD, NEW) for b in (OLD, NEW) for c in (OLD, NEW)}
    assert contents_after_crash(files) == subsets


def test_a_sector_written_twice_may_be_any_of_its_versions() -> None:
    files = machine(OLD)
    descriptor = files.open_to_write(FILE)
    files.pwrite(descriptor, b"a", 0)
    files.pwrite(descriptor, b"b", 1)

    assert contents_after_crash(files) == {OLD, b"a" + OLD[1:], b"ab" + OLD[2:]}


def test_a_file_may_have_grown_without_its_content() -> None:
    files = machine(OLD)
    descriptor = files.open_to_write(FILE)
    files.pwrite(descriptor, NEW, SECTOR_BYTES)

    assert contents_after_crash(files) == {OLD, OLD + bytes(SECTOR_BYTES), OLD + NEW}


def test_a_cut_may_be_forgotten() -> None:
    files = machine(OLD * 2)
    descriptor = files.open_to_write(FILE)
    files.truncate(descriptor, SECTOR_BYTES)

    assert files.read_file(FILE) == OLD
    assert contents_after_crash(files) == {OLD, OLD * 2}


def test_a_name_is_durable_only_after_the_sync_of_its_directory() -> None:
    files = machine()
    descriptor = files.create(FILE.parent / "a")
    files.fdatasync(descriptor)
    assert files.listdir(FILE.parent) == ["a", "file"]
    assert names_after_crash(files) == {("file",), ("a", "file")}

    files = machine()
    files.create(FILE.parent / "a")
    files.fsync_directory(FILE.parent)
    assert names_after_crash(files) == {("a", "file")}


def test_a_rename_is_one_step_and_may_be_forgotten() -> None:
    files = machine(OLD)
    files.write_file(FILE.parent / "a", NEW)
    files.rename(FILE.parent / "a", FILE)

    images = [files.crash(Random(seed)) for seed in range(50)]

    seen = {(*image.listdir(FILE.parent), image.read_file(FILE)) for image in images}
    assert seen == {("a", "file", OLD), ("file", NEW)}


def test_an_unlink_may_be_forgotten() -> None:
    files = machine()
    files.unlink(FILE)

    assert files.listdir(FILE.parent) == []
    assert names_after_crash(files) == {(), ("file",)}


def test_a_new_directory_goes_with_all_that_is_in_it() -> None:
    files = SimulatedFiles()
    files.mkdir(FILE.parent)
    files.write_file(FILE, NEW)

    images = [files.crash(Random(seed)) for seed in range(50)]

    assert {image.exists(FILE) for image in images} == {True, False}
    assert {image.read_file(FILE) for image in images if image.exists(FILE)} == {NEW}


def test_a_kill_loses_nothing_but_locks_and_makes_nothing_durable() -> None:
    files = machine(OLD)
    files.pwrite(files.open_to_write(FILE), NEW, 0)
    files.lock(FILE.parent / "LOCK")

    files = files.restart()

    files.lock(FILE.parent / "LOCK")
    assert files.read_file(FILE) == NEW
    assert contents_after_crash(files) == {OLD, NEW}


def test_after_a_failed_sync_the_next_one_says_ok_and_the_data_is_gone() -> None:
    files = machine(OLD)
    descriptor = files.open_to_write(FILE)
    files.pwrite(descriptor, NEW, 0)
    files.fail(files.operations + 1, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        files.fdatasync(descriptor)

    files.fdatasync(descriptor)

    assert files.read_file(FILE) == NEW
    files.drop_cache(descriptor)
    assert files.read_file(FILE) == OLD


def test_only_clean_content_can_be_dropped_from_the_cache() -> None:
    files = machine(OLD)
    descriptor = files.open_to_write(FILE)
    files.pwrite(descriptor, NEW, 0)

    files.drop_cache(descriptor)

    assert files.read_file(FILE) == NEW


def test_a_fault_strikes_once_or_for_good() -> None:
    for sticky, expected in ((False, [2]), (True, [2, 3])):
        files = SimulatedFiles()
        files.fail(2, errno.ENOSPC, sticky=sticky)
        failed = []
        for number in (1, 2, 3):
            try:
                files.mkdir(Path(f"/{number}"))
            except OSError:
                failed.append(number)
        assert failed == expected


def test_a_dead_machine_does_nothing() -> None:
    files = machine()
    files.crash(Random(0))

    with pytest.raises(AssertionError, match="the machine is off"):
        files.listdir(FILE.parent)
