"""Each command's words and exit codes, on directories that are whole, foreign, torn or damaged."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli import main
from tests.cli.running import INVENTED, batches, fulcrum, overwrite, replayed_venue
from wal.directory import lock_directory
from wal.files import Files


def test_help_names_every_command_and_every_exit_code() -> None:
    output = fulcrum("--help").output

    assert [name for name in main.commands if f"\n  {name} " in output] == list(main.commands)
    assert set(main.commands) == {
        *("config", "init", "keys", "replay", "serve", "snapshot", "verify", "wal")
    }
    for code in (0, 1, 2, 65, 69, 70, 73, 74, 78):
        assert f"\n    {code} " in output


def test_init_makes_a_venue_once(tmp_path: Path) -> None:
    data = tmp_path / "data"

    made = fulcrum("init", data)
    again = fulcrum("init", data)

    assert made.exit_code == 0
    assert made.output.splitlines()[0] == f"an empty venue is in {data}; next:"
    assert again.exit_code == 73
    assert again.output == f"Error: there is a journal in {data} already\n"


@pytest.mark.parametrize(
    "command", [("init",), ("serve", "--data"), ("serve", "--demo", "--data")], ids=" ".join
)
def test_a_directory_of_other_files_is_left_alone(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    result = fulcrum(*command, tmp_path)

    assert result.exit_code == 65
    words = f"{tmp_path} has files but no journal; nothing is made or served there"
    assert result.output == f"Error: {words}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("command", [("serve", "--data"), ("snapshot",), ("verify",)])
def test_without_a_venue_init_is_named_and_nothing_made(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = fulcrum(*command, tmp_path)

    make = f"to make an empty venue: fulcrum init {tmp_path}"
    assert result.exit_code == 65
    assert result.output == f"Error: no journal in {tmp_path}; {make}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", [("serve", "--data"), ("snapshot",), ("keys", "new")], ids=" ".join
)
def test_a_directory_in_use_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    fulcrum("init", tmp_path)
    lock = lock_directory(Files(), tmp_path)
    try:
        result = fulcrum(*command, tmp_path)
    finally:
        lock.release()

    assert result.exit_code == 73
    assert f"{tmp_path} is in use by process" in result.output


def test_serve_refuses_a_bad_config_and_a_bad_feed(tmp_path: Path) -> None:
    fulcrum("init", tmp_path)
    absent = tmp_path / "no.csv"

    bad_port = fulcrum("serve", "--data", tmp_path, "--port", "99999")
    bad_feed = fulcrum("serve", "--data", tmp_path, "--feed", f"file:{absent},symbol=X/Y")

    assert bad_port.exit_code == 78
    assert bad_port.output == "Error: server.port: is 99999: expected `int` <= 65535\n"
    assert bad_feed.exit_code == 78
    assert "feed symbol 'X/Y' is not listed: none" in bad_feed.output


def test_verify_tells_what_the_replay_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    state_hash = replayed_venue(data)

    lines = fulcrum("verify", data).output.splitlines()
    facts = json.loads(fulcrum("verify", data, "--json").output)

    assert lines == [f"{name}: {value}" for name, value in facts.items()]
    records = sum(len(batch.rows) for batch in batches(data))
    assert records > 1_800
    chain = facts.pop("event chain")
    assert len(bytes.fromhex(chain)) == 32
    assert facts == {
        "segments": 2,
        "records": records,
        "tail": "clean",
        "snapshots": 0,
        "replayed from": 0,
        "sequence": records,
        "ledger sum": 0,
        "state hash": state_hash,
    }


def test_a_snapshot_holds_what_the_journal_replays_to(tmp_path: Path) -> None:
    data = tmp_path / "data"
    state_hash = replayed_venue(data)

    written = fulcrum("snapshot", data).output.splitlines()
    quick = json.loads(fulcrum("verify", data, "--json").output)
    deep = json.loads(fulcrum("verify", data, "--json", "--deep").output)

    sequence = quick["sequence"]
    assert written == [
        f"snapshot: {data}/snap/{sequence:020}.snap",
        f"sequence: {sequence}",
        f"state hash: {state_hash}",
    ]
    assert quick["replayed from"] == sequence
    assert deep["replayed from"] == 0
    assert {**quick, "replayed from": 0} == deep
    assert (deep["snapshots"], deep["state hash"]) == (1, state_hash)


def test_verify_finds_a_damaged_snapshot(tmp_path: Path) -> None:
    data = tmp_path / "data"
    replayed_venue(data)
    fulcrum("snapshot", data)
    (path,) = (data / "snap").iterdir()
    overwrite(path, 100, b"\xff\xff")

    result = fulcrum("verify", data)

    assert result.exit_code == 65
    damage = json.loads(result.output.splitlines()[0])
    assert (damage["file"], damage["reason"]) == (str(path), "the snapshot is damaged")
    assert [found.name for found in (data / "snap").iterdir()] == [path.name]


def test_a_torn_tail_is_no_damage(tmp_path: Path) -> None:
    data = tmp_path / "data"
    replayed_venue(data)
    *before, last = batches(data)
    sector = -(-(last.offset + 512) // 512) * 512
    assert sector + 512 <= last.offset + last.frame_bytes
    overwrite(last.segment.path, sector, bytes(512))

    result = fulcrum("verify", data)

    assert result.exit_code == 1
    lines = dict(line.split(": ") for line in result.output.splitlines())
    assert int(lines["sequence"]) == last.first_sequence - 1
    assert int(lines["records"]) == sum(len(batch.rows) for batch in before)
    assert lines["tail"] == f"torn, {last.frame_bytes} bytes never acknowledged"


@pytest.mark.parametrize(
    "command", [("verify",), ("snapshot",), ("wal", "dump"), ("serve", "--data")], ids=" ".join
)
def test_damage_is_refused_with_file_and_offset(tmp_path: Path, command: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    replayed_venue(data)
    batch = batches(data)[3]
    path = batch.segment.path
    overwrite(path, batch.offset + 300, b"\x55\xaa")
    content = path.read_bytes()

    result = fulcrum(*command, data)

    (line,) = [line for line in result.output.splitlines() if line.startswith("{")]
    damage = json.loads(line)
    good = batch.first_sequence - 1
    assert result.exit_code == 65
    assert damage["error"] == "damaged"
    assert (damage["file"], damage["offset"]) == (str(path), batch.offset)
    assert damage["lastGoodSequence"] == good
    assert f"Error: {path}: damaged at offset {batch.offset}: " in result.output
    assert path.read_bytes() == content


def test_dump_prints_commands_by_name_within_its_bounds(tmp_path: Path) -> None:
    replayed_venue(tmp_path / "data")

    output = fulcrum("wal", "dump", tmp_path / "data", "--from", "3", "--to", "5").output

    lines = [json.loads(line) for line in output.splitlines()]
    assert [(line["sequence"], line["command"]) for line in lines] == [
        (3, "FundInsurance"),
        (4, "OpenAccount"),
        (5, "Deposit"),
    ]


def test_replay_ends_with_two_plain_lines() -> None:
    result = fulcrum("replay", "--prices", INVENTED, "--users", "10")

    ledger_sum, state_hash = result.output.splitlines()[-2:]
    assert result.exit_code == 0
    assert ledger_sum == "ledger sum: 0"
    assert state_hash.startswith("state hash: ")
    assert len(bytes.fromhex(state_hash.removeprefix("state hash: "))) == 32


def test_replay_refuses_what_is_no_price_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("ts_ms,price,qty,side\n")

    absent = fulcrum("replay", "--prices", tmp_path / "absent.csv")
    without_rows = fulcrum("replay", "--prices", empty)

    assert absent.exit_code == without_rows.exit_code == 78
    assert "absent.csv, line 1: cannot be read" in absent.output
    assert without_rows.output == f"Error: {empty}, line 2: the file has no rows\n"


def test_replay_keeps_no_journal_over_another(tmp_path: Path) -> None:
    replayed_venue(tmp_path / "data", users=1)

    again = fulcrum("replay", "--prices", INVENTED, "--journal", tmp_path / "data")

    assert again.exit_code == 73


def test_replay_with_a_plot_writes_a_png(tmp_path: Path) -> None:
    plot = tmp_path / "run.png"

    result = fulcrum("replay", "--prices", INVENTED, "--users", "5", "--plot", plot)

    assert result.output.splitlines()[-3] == f"plot: {plot}"
    assert plot.read_bytes().startswith(b"\x89PNG\r\n")


def test_replay_says_before_it_runs_that_a_plot_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)

    result = fulcrum("replay", "--prices", INVENTED, "--plot", tmp_path / "run.png")

    assert result.exit_code == 2
    assert "--plot needs matplotlib: pip install 'fulcrum[plot]'" in result.output
    assert "commands per second" not in result.output


def test_a_broken_invariant_ends_with_its_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_state: object) -> None:
        raise AssertionError("the ledger leaks")

    fulcrum("init", tmp_path)
    monkeypatch.setattr("gateway.offline.inspection.check", broken)

    result = fulcrum("verify", tmp_path)

    assert result.exit_code == 70
    assert result.output.endswith("Error: an invariant does not hold: the ledger leaks\n")


def test_a_failing_disk_has_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    fulcrum("init", tmp_path)
    monkeypatch.setattr("wal.files.Files.fdatasync", failing)

    result = fulcrum("keys", "new", tmp_path)

    assert result.exit_code == 74
    assert "Input/output error" in result.output


def test_dump_prints_every_record_in_order(
    tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    replayed_venue(tmp_path / "data")

    lines = [
        json.loads(line) for line in fulcrum("wal", "dump", tmp_path / "data").output.splitlines()
    ]

    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    count("journal lines dumped", len(lines))
