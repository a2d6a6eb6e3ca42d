"""Journals for measuring: an engine in front of a log writer, and files that are deleted again.

Knows the path of a command from its object to the disk; knows no clock.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.trading import TICKETS, Timed, Trading
from engine.codec import pack_command
from engine.engine import Engine
from engine.state import State
from wal.directory import initialise
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover
from wal.segment import CHUNK_BYTES_DEFAULT
from wal.writer import LogWriter, SyncMode, SyncPolicy, open_writer

LEDGER_ID: Final = b"benchmark-ledger"
NEVER: Final = SyncPolicy(SyncMode.NEVER, 0)
BLOCK_BYTES: Final = 4096
BATCH_COMMANDS: Final = 256
MADE_AT_ONCE: Final = 10_000

# Where the measured files lie: beside the checkout's other caches, on the disk it is on.
HOME_VARIABLE: Final = "FULCRUM_BENCH_DATA"
DEFAULT_HOME: Final = Path(__file__).resolve().parents[1] / ".benchmarks"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """A directory that is gone afterwards; name another disk by FULCRUM_BENCH_DATA."""
    home = Path(os.environ.get(HOME_VARIABLE, DEFAULT_HOME))
    home.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="data-", dir=home))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def new_writer(directory: Path, policy: SyncPolicy) -> LogWriter:
    """The open end of a new and empty journal."""
    files = Files()
    initialise(files, directory, LEDGER_ID)
    return open_writer(files, recover(files, directory), policy)


class DurableEngine:
    """An engine and its journal: each command is packed, appended and applied, batch by batch.

    The engine may be ahead of the journal, which then begins with the first command here.
    """

    def __init__(self, engine: Engine, directory: Path, policy: SyncPolicy) -> None:
        self.engine: Final = engine
        self.writer: Final = new_writer(directory, policy)

    def run(self, commands: list[Timed], batch: int) -> None:
        """What the sequencer does in each turn of its loop, without the loop."""
        writer, engine = self.writer, self.engine
        record = writer.last_sequence
        sequence = engine.state.sequence
        for start in range(0, len(commands), batch):
            for time_ns, command in commands[start : start + batch]:
                record += 1
                sequence += 1
                writer.append(record, pack_command(time_ns, command))
                engine.apply(sequence, time_ns, command)
            writer.commit()


class BlockFile:
    """A file of zeros that is on the disk already, to be overwritten block by block.

    What the journal's commit is held to: one write of 4 KiB and one fdatasync.
    """

    def __init__(self, path: Path) -> None:
        self._files: Final = Files()
        self._files.write_file(path, bytes(CHUNK_BYTES_DEFAULT))
        self._descriptor: Final = self._files.open_to_write(path)
        self._block: Final = b"\x5a" * BLOCK_BYTES
        self._offset = 0

    def write(self) -> None:
        """Overwrite the next block and wait for the disk."""
        self._files.write_all(self._descriptor, self._block, self._offset)
        self._files.sync(self._descriptor)
        self._offset = (self._offset + BLOCK_BYTES) % CHUNK_BYTES_DEFAULT

    def close(self) -> None:
        """Give the descriptor back."""
        self._files.close(self._descriptor)


def write_journal(directory: Path, accounts: int, count: int) -> int:
    """A journal of about `count` commands of the mix, from the first account on.

    Returns how many there are.
    """
    trading = Trading(TICKETS, accounts, Engine(State()))
    writer = new_writer(directory, NEVER)
    commands = trading.furniture()
    while True:
        for start in range(0, len(commands), BATCH_COMMANDS):
            for time_ns, command in commands[start : start + BATCH_COMMANDS]:
                writer.append(writer.last_sequence + 1, pack_command(time_ns, command))
            writer.commit()
        left = count - writer.last_sequence
        if left <= 0:
            break
        commands = trading.mixed(min(left, MADE_AT_ONCE))
    writer.close()
    return writer.last_sequence


def decode_all(directory: Path) -> int:
    """Recover, check every frame and decode every record; apply nothing.  Returns how many."""
    files = Files()
    log = recover(files, directory)
    return sum(len(rows) for _, rows in LogReader(files, log).batches())
