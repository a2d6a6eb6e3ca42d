"""Replay of a journal from its first command, beside reading and decoding it alone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.journals import decode_all, scratch_directory, write_journal
from bench.rounds import Beside, Case, measure, seconds
from bench.sizes import Sizes
from snapshots.restore import restore
from wal.files import Files

pytestmark = pytest.mark.benchmark(timer=time.process_time)


@pytest.fixture
def directory() -> Iterator[Path]:
    """On the disk that is to be measured."""
    with scratch_directory() as path:
        yield path


def test_replay(benchmark: BenchmarkFixture, sizes: Sizes, directory: Path) -> None:
    count = write_journal(directory, sizes.accounts, sizes.journal)
    hashes: set[bytes] = set()

    def replay(directory: Path) -> None:
        restored = restore(Files(), directory)
        assert restored.replayed == count
        hashes.add(restored.engine.state.event_chain)

    def decode_seconds() -> float:
        return seconds(time.process_time, lambda: directory, decode_all)

    case = Case("replay", "journal replayed", "commands/s", count)
    beside = Beside("decoded only", decode_seconds, count)
    measure(benchmark, case, sizes.rounds, lambda: directory, replay, beside)
    assert len(hashes) == 1
