"""Snapshot files: whole or not at all, newest valid first."""

from pathlib import Path
from random import Random

import pytest

from engine.state import State
from snapshots.snapshot import SnapshotDamaged, state_hash
from snapshots.store import (
    DIGEST_BYTES,
    KEPT_SNAPSHOTS,
    SnapshotStore,
    pack_snapshot,
    unpack_snapshot,
)
from tests.snapshots.venues import apply_next, price, traded_engine
from wal.files import Files

LEDGER_ID = bytes(range(16))
EXTRA: list[tuple[object, ...]] = [("orders", 1, 2), ("fills", b"x", (3, 4))]


def store_in(directory: Path) -> SnapshotStore:
    return SnapshotStore(Files(), directory, LEDGER_ID)


def test_a_snapshot_comes_back_with_its_extra_rows(tmp_path: Path) -> None:
    state = traded_engine(seed=2, count=300).state
    store = store_in(tmp_path)

    path = store.write(state, EXTRA)
    loaded = store.newest_valid(state.sequence)

    assert loaded is not None
    assert loaded.path == path
    assert loaded.extra == tuple(EXTRA)
    assert state_hash(loaded.state) == state_hash(state)


def test_the_same_state_gives_the_same_bytes() -> None:
    first, second = (traded_engine(seed=4, count=300).state for _ in range(2))

    assert pack_snapshot(first, LEDGER_ID, EXTRA) == pack_snapshot(second, LEDGER_ID, EXTRA)


def test_the_newest_counts_and_the_oldest_go(tmp_path: Path) -> None:
    engine = traded_engine(seed=2, count=50)
    store = store_in(tmp_path)
    for row in range(KEPT_SNAPSHOTS + 2):
        apply_next(engine, price(1, 10_000 + row, 200_000 + row))
        store.write(engine.state, [])

    loaded = store.newest_valid(engine.state.sequence)

    assert loaded is not None
    assert loaded.state.sequence == engine.state.sequence
    assert len(store.paths()) == KEPT_SNAPSHOTS


def test_a_damaged_newest_is_put_aside_for_the_one_before(tmp_path: Path) -> None:
    engine = traded_engine(seed=2, count=50)
    store = store_in(tmp_path)
    older = store.write(engine.state, [])
    apply_next(engine, price(1, 10_000, 200_001))
    newer = store.write(engine.state, [])
    newer.write_bytes(newer.read_bytes()[:-1])

    loaded = store.newest_valid(engine.state.sequence)

    assert loaded is not None
    assert loaded.path == older
    assert newer.with_name(newer.name + ".bad").exists()
    assert not newer.exists()


def test_a_snapshot_ahead_of_the_journal_is_refused(tmp_path: Path) -> None:
    state = traded_engine(seed=2, count=50).state
    store = store_in(tmp_path)
    store.write(state, [])

    with pytest.raises(SnapshotDamaged, match="ahead of the journal"):
        store.newest_valid(state.sequence - 1)


def test_no_folder_is_no_snapshot(tmp_path: Path) -> None:
    assert store_in(tmp_path).newest_valid(10) is None


def test_a_snapshot_of_another_journal_does_not_load(tmp_path: Path) -> None:
    path = store_in(tmp_path).write(State(), [])

    assert SnapshotStore(Files(), tmp_path, bytes(16)).load(path) is None


def test_every_flipped_bit_is_found() -> None:
    content = pack_snapshot(traded_engine(seed=2, count=40).state, LEDGER_ID, EXTRA)
    random = Random(1)

    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.randrange(8)
        with pytest.raises(SnapshotDamaged):
            unpack_snapshot(bytes(damaged), LEDGER_ID)


def test_every_cut_is_found() -> None:
    content = pack_snapshot(traded_engine(seed=2, count=40).state, LEDGER_ID, EXTRA)

    for end in range(0, len(content) - 1, 11):
        with pytest.raises(SnapshotDamaged):
            unpack_snapshot(content[:end], LEDGER_ID)
    assert len(content) > DIGEST_BYTES
