"""A sequencer alone: an engine, a log in memory, and an observer that remembers."""

import errno
from pathlib import Path
from typing import Any, Final

from engine.commands import OpenAccount
from engine.engine import Engine
from engine.state import State
from gateway.clock import Clock
from gateway.sequencer import Sequencer
from wal.errors import LogFailed


class Journal:
    """A log in memory that remembers its batches."""

    def __init__(self) -> None:
        self.open: list[int] = []
        self.batches: list[list[int]] = []
        self.syncs = 0
        self.fails = False

    def append(self, sequence: int, record: bytes) -> None:
        assert record
        self.open.append(sequence)

    def commit(self) -> None:
        if self.fails:
            raise LogFailed("commit", Path("journal"), OSError(errno.EIO, "broken"))
        self.syncs += 1
        self.batches.append(self.open)
        self.open = []


class Watcher:
    """What the sequencer tells its observer, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def applied(self, sequence: int, _time_ns: int, _command: Any, _events: Any) -> None:
        self.seen.append(f"applied {sequence}")

    def released(self) -> None:
        self.seen.append("released")


class Bench:
    """A sequencer alone."""

    def __init__(self, queue_max: int = 10_000, committer: Any = None) -> None:
        self.journal: Final = Journal()
        self.watcher: Final = Watcher()
        self.halts: Final[list[int]] = []
        self.now_ns = 1_000
        self.sequencer: Final = Sequencer(
            Engine(State()),
            self.journal,
            Clock(0, lambda: self.now_ns),
            self.watcher,
            self.halts.append,
            queue_max,
            committer,
        )

    def open(self, name: str, delivered: list[Any]) -> None:
        """Enter the opening of an account; its events are delivered to a list."""
        self.sequencer.enter(
            OpenAccount(name), lambda s, t, e: (s, t, type(e[-1]).__name__), delivered.append
        )
