"""Restart: newest valid snapshot and the journal after it, or the whole journal."""

from pathlib import Path

import pytest

from engine.codec import pack_command
from engine.commands import AdvanceTime, Command
from engine.engine import Engine
from engine.events import Event, FundingSettled
from engine.state import State
from snapshots.restore import replay, restore
from snapshots.snapshot import SnapshotDamaged, state_hash
from snapshots.store import SnapshotStore
from tests.snapshots.venues import SECOND_NS, opening_commands, trading_commands
from wal.directory import initialise
from wal.errors import LogDamaged
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover
from wal.writer import LogWriter, open_writer

FILES = Files()


class Venue:
    """An engine whose every command is journaled first."""

    def __init__(self, directory: Path) -> None:
        initialise(FILES, directory, bytes(16))
        self.directory = directory
        self.writer: LogWriter = open_writer(FILES, recover(FILES, directory))
        self.engine = Engine(State())
        self.chains: dict[int, bytes] = {}
        for command in opening_commands():
            self.apply(command)

    def apply(self, command: Command, later_ns: int = 0) -> None:
        sequence = self.engine.state.sequence + 1
        time_ns = sequence * SECOND_NS + later_ns
        self.writer.append(sequence, pack_command(time_ns, command))
        self.writer.commit()
        self.engine.apply(sequence, time_ns, command)
        self.chains[sequence] = self.engine.state.event_chain

    def trade(self, seed: int, count: int) -> None:
        for command in trading_commands(self.engine, seed, count):
            self.apply(command)

    def snapshot(self) -> None:
        ledger_id = recover(FILES, self.directory).ledger_id
        SnapshotStore(FILES, self.directory, ledger_id).write(self.engine.state, [("extra", 1)])


def test_the_journal_alone_brings_the_venue_back(tmp_path: Path) -> None:
    venue = Venue(tmp_path / "data")
    venue.trade(seed=1, count=150)
    seen: list[int] = []

    def observe(sequence: int, time_ns: int, _command: Command, events: list[Event]) -> None:
        assert time_ns == sequence * SECOND_NS
        assert events
        seen.append(sequence)

    restored = restore(FILES, venue.directory, observe)

    assert seen == list(range(1, venue.engine.state.sequence + 1))
    assert (restored.snapshot_sequence, restored.replayed) == (0, len(seen))
    assert state_hash(restored.engine.state) == state_hash(venue.engine.state)


def test_a_snapshot_and_the_tail_give_the_same_as_the_whole_journal(tmp_path: Path) -> None:
    venue = Venue(tmp_path / "data")
    venue.trade(seed=1, count=100)
    at = venue.engine.state.sequence
    venue.snapshot()
    venue.trade(seed=2, count=60)
    extras: list[tuple[object, ...]] = []

    restored = restore(FILES, venue.directory, load_extra=extras.extend)

    assert (restored.snapshot_sequence, restored.replayed) == (at, 60)
    assert extras == [("extra", 1)]
    assert restored.engine.state.event_chain == venue.engine.state.event_chain
    assert state_hash(restored.engine.state) == state_hash(venue.engine.state)


@pytest.mark.parametrize("snapshot_at", [None, "before", "between", "after"])
def test_every_funding_stamp_is_paid_once_wherever_the_snapshot_lies(
    tmp_path: Path, snapshot_at: str | None
) -> None:
    """FUN-3: two stamps in two commands; a restart pays none of them again, and misses none."""
    venue = Venue(tmp_path / "data")
    venue.trade(seed=3, count=150)
    stamps: list[int] = []
    for place, hours in (("before", 9), ("between", 17), ("after", 0)):
        if snapshot_at == place:
            venue.snapshot()
        if hours:
            venue.apply(AdvanceTime(), hours * 3_600 * SECOND_NS)

    def observe(_sequence: int, _time_ns: int, _command: Command, events: list[Event]) -> None:
        stamps.extend(e.stamp_ns for e in events if isinstance(e, FundingSettled))

    restored = restore(FILES, venue.directory, observe)
    expected = {None: 2, "before": 2, "between": 1, "after": 0}[snapshot_at]
    assert len(set(stamps)) == expected
    assert len(stamps) == 2 * expected  # two of the markets have funding
    assert state_hash(restored.engine.state) == state_hash(venue.engine.state)
    assert restored.engine.state.event_chain == venue.engine.state.event_chain


def test_a_damaged_snapshot_costs_only_time(tmp_path: Path) -> None:
    venue = Venue(tmp_path / "data")
    venue.trade(seed=1, count=60)
    venue.snapshot()
    (path,) = (venue.directory / "snap").iterdir()
    path.write_bytes(b"nothing")

    restored = restore(FILES, venue.directory)

    assert restored.snapshot_sequence == 0
    assert state_hash(restored.engine.state) == state_hash(venue.engine.state)


def test_a_journal_that_ends_before_the_snapshot_is_refused(tmp_path: Path) -> None:
    venue, other = Venue(tmp_path / "data"), Venue(tmp_path / "other")
    venue.trade(seed=1, count=20)
    venue.snapshot()
    (tmp_path / "other" / "snap").mkdir()
    (path,) = (venue.directory / "snap").iterdir()
    (tmp_path / "other" / "snap" / path.name).write_bytes(path.read_bytes())

    with pytest.raises(SnapshotDamaged, match="ahead of the journal"):
        restore(FILES, other.directory)


def test_replay_stops_where_it_is_told_to(tmp_path: Path) -> None:
    venue = Venue(tmp_path / "data")
    venue.trade(seed=1, count=50)
    log = recover(FILES, venue.directory)

    for sequence in (1, 17, venue.engine.state.sequence):
        engine = Engine(State())
        assert replay(engine, LogReader(FILES, log), sequence) == sequence
        assert engine.state.event_chain == venue.chains[sequence]


def test_a_record_that_is_no_command_is_damage(tmp_path: Path) -> None:
    venue = Venue(tmp_path / "data")
    sequence = venue.engine.state.sequence + 1
    venue.writer.append(sequence, b"\x93\xcc\xc8\x01\x02")
    venue.writer.commit()

    with pytest.raises(LogDamaged, match=f"last good sequence {sequence - 1}"):
        restore(FILES, venue.directory)
