"""Looking at a directory changes nothing, and tells an empty one from one that lost its journal."""

from pathlib import Path

import pytest

from gateway.offline.inspection import Place, inspect, look, read_state
from snapshots.snapshot import state_hash
from snapshots.store import SnapshotStore
from tests.cli.running import fulcrum, replayed_venue
from wal.errors import LogDamaged
from wal.files import Files
from wal.recovery import recover

FILES = Files()


def content(directory: Path) -> dict[Path, bytes]:
    """Every file below a directory."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ((), Place.EMPTY),
        (("LOCK",), Place.EMPTY),
        (("lost+found/",), Place.EMPTY),
        (("LOCK", "wal/"), Place.EMPTY),
        (("LOCK", "wal/", "wal/00000000000000000001.wal.new"), Place.EMPTY),
        (("LOCK", "wal/", "wal/00000000000000000001.wal"), Place.VENUE),
        (("LOCK", "wal/", "wal/00000000000000000001.wal", "notes"), Place.VENUE),
        (("LOCK", "wal/", "snap/"), Place.FOREIGN),
        (("wal/", "wal/notes"), Place.FOREIGN),
        (("demo-tokens.json",), Place.FOREIGN),
        (("notes",), Place.FOREIGN),
    ],
)
def test_what_is_there_decides_what_may_be_made(
    tmp_path: Path, names: tuple[str, ...], place: Place
) -> None:
    for name in names:
        path = tmp_path / name
        path.mkdir() if name.endswith("/") else path.touch()

    assert look(FILES, tmp_path) is place


def test_an_absent_directory_is_empty_and_a_file_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert look(FILES, tmp_path / "absent") is Place.EMPTY
    assert look(FILES, tmp_path / "file") is Place.FOREIGN


@pytest.mark.parametrize("deep", [False, True])
def test_inspection_writes_nothing(tmp_path: Path, deep: bool) -> None:
    data = tmp_path / "data"
    state_hash_text = replayed_venue(data)
    fulcrum("snapshot", data)
    before = content(data)

    finding = inspect(FILES, data, deep)

    assert finding.state_hash == state_hash_text
    assert content(data) == before


def test_a_snapshot_that_tells_another_story_is_found_by_a_deep_look(tmp_path: Path) -> None:
    data = tmp_path / "data"
    replayed_venue(data)
    log = recover(FILES, data)
    state = read_state(FILES, data)
    state.ledger.assets[1].free[1] += 1
    state.ledger.assets[1].free[2] -= 1
    path = SnapshotStore(FILES, data, log.ledger_id).write(state, [])

    inspect(FILES, data, deep=False)
    with pytest.raises(LogDamaged, match="the snapshot differs from the journal's state") as found:
        inspect(FILES, data, deep=True)

    assert found.value.path == path


def test_a_snapshot_ahead_of_its_journal_means_that_the_journal_lost_something(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    replayed_venue(data)
    log = recover(FILES, data)
    state = read_state(FILES, data)
    state.sequence += 1
    SnapshotStore(FILES, data, log.ledger_id).write(state, [])

    with pytest.raises(LogDamaged, match="the snapshot is ahead of the journal"):
        inspect(FILES, data, deep=False)


def test_the_state_is_the_same_from_the_start_and_from_a_snapshot(tmp_path: Path) -> None:
    data = tmp_path / "data"
    replayed_venue(data)
    from_start = state_hash(read_state(FILES, data))
    fulcrum("snapshot", data)

    assert state_hash(read_state(FILES, data)) == from_start
