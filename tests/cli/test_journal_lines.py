"""Journal lines name commands, fields and enums, and hold every integer as it was journaled."""

import io
import json
from pathlib import Path

import pytest

from engine.codec import COMMAND_SHAPES, INSTRUMENT_FIELDS, pack_command
from engine.commands import CancelOrder, SubmitBatch
from engine.units import AccountId, OrderId
from gateway.offline.journal_lines import dump_commands
from tests.cli.running import batches, replayed_venue
from wal.directory import initialise
from wal.errors import LogDamaged
from wal.files import Files
from wal.recovery import recover
from wal.writer import open_writer


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venue that is only read."""
    data = tmp_path_factory.mktemp("lines") / "data"
    replayed_venue(data, users=30)
    return data


def dumped(directory: Path, start: int = 1, end: int | None = None) -> list[dict[str, object]]:
    """The lines, decoded."""
    out = io.StringIO()
    count = dump_commands(Files(), directory, out, start, end)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert count == len(lines)
    return lines


def test_a_line_has_the_fields_of_its_command_in_order(venue: Path) -> None:
    fields = {shape.record_class.__name__: shape.fields for shape in COMMAND_SHAPES}

    for line in dumped(venue):
        place = ("sequence", "segment", "offset", "time_ns", "command")
        assert tuple(line) == (*place, *fields[str(line["command"])])


def test_enums_are_names_bytes_are_hex_and_an_instrument_is_an_object(venue: Path) -> None:
    lines = dumped(venue)
    listing = next(line for line in lines if line["command"] == "ListInstrument")
    order = next(line for line in lines if line.get("digest"))

    spec = listing["spec"]
    assert isinstance(spec, dict)
    assert tuple(spec) == INSTRUMENT_FIELDS
    assert (spec["market"], spec["symbol"]) == ("QUOTE_DRIVEN", "BTC/USDT")
    assert order["side"] in ("BUY", "SELL")
    assert len(bytes.fromhex(str(order["digest"]))) == 16


def test_the_items_of_a_batch_are_objects_too(tmp_path: Path) -> None:
    initialise(Files(), tmp_path, bytes(16))
    writer = open_writer(Files(), recover(Files(), tmp_path))
    batch = SubmitBatch(AccountId(3), (CancelOrder(AccountId(3), OrderId(7), ""),))
    writer.append(1, pack_command(5, batch))
    writer.commit()
    writer.close()

    (line,) = dumped(tmp_path)

    assert (line["command"], line["account_id"]) == ("SubmitBatch", 3)
    assert line["items"] == [
        {"command": "CancelOrder", "account_id": 3, "order_id": 7, "client_order_id": ""}
    ]


def test_offsets_are_those_of_the_batches(venue: Path) -> None:
    places = {(batch.segment.path.name, batch.offset) for batch in batches(venue)}

    assert {(line["segment"], line["offset"]) for line in dumped(venue)} == places


@pytest.mark.parametrize(("start", "end"), [(1, 1), (256, 258), (500, None), (10**9, None)])
def test_bounds_are_inclusive(venue: Path, start: int, end: int | None) -> None:
    last = batches(venue)[-1]
    last_sequence = last.first_sequence + len(last.rows) - 1
    expected = list(range(start, (end or last_sequence) + 1))

    assert [line["sequence"] for line in dumped(venue, start, end)] == expected


def test_a_record_that_is_no_command_is_damage(tmp_path: Path) -> None:
    data = tmp_path / "data"
    replayed_venue(data, users=1)
    log = recover(Files(), data)
    writer = open_writer(Files(), log)
    writer.append(log.last_sequence + 1, b"\x92\xcc\xff\x00")
    writer.close()

    with pytest.raises(LogDamaged) as found:
        dumped(data)

    assert found.value.last_good_sequence == log.last_sequence
