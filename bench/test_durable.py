"""Commands made durable, in process: by batch, and the latency of a single one.  Wall time."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figures import Aim
from bench.journals import NEVER, BlockFile, DurableEngine, scratch_directory
from bench.rounds import Beside, Case, measure, seconds
from bench.sizes import Sizes, chosen_sizes
from bench.trading import TICKETS, Timed
from bench.workloads import Recording, mixed_recording
from wal.writer import SYNC_ALWAYS

AT_256 = Aim("ratio", ">=", 0.6)
LATENCY = Aim("ratio", "<=", 1.5)


def commands_per_round(sizes: Sizes, batch: int) -> int:
    """Small batches do fewer commands: each waits for the disk."""
    return min(sizes.commands // 2, sizes.syncs * batch) // batch * batch


@pytest.fixture(scope="module")
def recording(sizes: Sizes) -> Recording:
    """The mix of the ticket market, long enough for all rounds of one batch size."""
    most = max(commands_per_round(sizes, batch) for batch in sizes.batches)
    return mixed_recording(TICKETS, sizes.accounts, sizes.warm, most * (sizes.rounds + 1))


@pytest.fixture
def directory() -> Iterator[Path]:
    """On the disk that is to be measured."""
    with scratch_directory() as path:
        yield path


class Pieces:
    """A stream in pieces of one round each, applied by one engine."""

    def __init__(self, durable: DurableEngine, commands: list[Timed], count: int) -> None:
        self.durable = durable
        self._pieces = iter(commands[start : start + count] for start in range(0, 10**9, count))

    def next(self) -> list[Timed]:
        """The commands of the next round."""
        return next(self._pieces)


@pytest.mark.parametrize("batch", chosen_sizes().batches)
def test_durable_commands(
    benchmark: BenchmarkFixture, sizes: Sizes, recording: Recording, directory: Path, batch: int
) -> None:
    count = commands_per_round(sizes, batch)
    synced = DurableEngine(recording.engine(), directory / "always", SYNC_ALWAYS)
    lazy = DurableEngine(recording.engine(), directory / "never", NEVER)
    synced_pieces = Pieces(synced, recording.commands, count)
    lazy_pieces = Pieces(lazy, recording.commands, count)

    def lazy_seconds() -> float:
        return seconds(time.perf_counter, lazy_pieces.next, lambda piece: lazy.run(piece, batch))

    case = Case(
        "durable", f"batches of {batch}", "commands/s", count, AT_256 if batch == 256 else None
    )
    beside = Beside("the same without sync", lazy_seconds, count)
    measure(
        benchmark,
        case,
        sizes.rounds,
        synced_pieces.next,
        lambda piece: synced.run(piece, batch),
        beside,
    )
    assert synced.engine.state.event_chain == lazy.engine.state.event_chain
    assert synced.writer.syncs == synced.writer.commits == (sizes.rounds + 1) * count // batch


def test_commit_latency(
    benchmark: BenchmarkFixture, sizes: Sizes, recording: Recording, directory: Path
) -> None:
    """Packed, applied, written, synced; a write of the block file in front of each."""
    durable = DurableEngine(recording.engine(), directory / "data", SYNC_ALWAYS)
    blocks = BlockFile(directory / "blocks")
    stream = iter(recording.commands)
    commit_p50s: list[float] = []
    block_p50s: list[float] = []

    def alternate(_nothing: None) -> None:
        commits, writes = [], []
        for _ in range(sizes.commits):
            timed = [next(stream)]
            begin = time.perf_counter()
            blocks.write()
            written = time.perf_counter()
            durable.run(timed, 1)
            commits.append(time.perf_counter() - written)
            writes.append(written - begin)
        commit_p50s.append(median(commits))
        block_p50s.append(median(writes))

    case = Case("durable", "latency p50 of one command", "µs", 1, LATENCY)
    measure(benchmark, case, sizes.rounds, lambda: None, alternate)
    blocks.close()
    benchmark.extra_info["roundSeconds"] = commit_p50s[1:]
    benchmark.extra_info["beside"] = "one 4 KiB write + fdatasync"
    benchmark.extra_info["besideOperations"] = 1
    benchmark.extra_info["besideSeconds"] = block_p50s[1:]
