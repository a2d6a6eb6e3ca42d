"""Rows round-trip, byte for byte as any msgpack library writes them."""

from typing import Any

import msgpack
import msgspec
import pytest

from engine import codec, commands, events
from engine.codec import (
    COMMAND_SHAPES,
    EVENT_SHAPES,
    INSTRUMENT_FIELDS,
    command_fields,
    command_from_row,
    command_row,
    event_fields,
    event_from_row,
    event_row,
    instrument_from_row,
    instrument_row,
    pack_command,
    pack_events,
    pack_rows,
)
from engine.commands import KEEP, Command, Leg, SetLeverage
from engine.events import Event, LeverageChanged
from engine.instrument import ORDERS_MAX, InstrumentSpec
from engine.units import AccountId, InstrumentId
from tests.engine.samples import sample_commands, sample_events
from tests.engine.venue import plain_spec

TIME_NS = 1_700_000_000_000_000_000
# An order to buy 5 lots at 70, as rows had it before books came.
OLD_ORDER = (11, TIME_NS, 1, 2, 1, 2, 1, 5, 0, 70, 0, 3, 10, False, False, 0, 0, 0, 0, 0, "", b"")


def unpacked(packed: bytes) -> Any:
    return msgpack.unpackb(packed, use_list=False)


def name(record: object) -> str:
    return type(record).__name__


@pytest.mark.parametrize("command", sample_commands(), ids=name)
def test_every_command_round_trips(command: Command) -> None:
    row = command_row(TIME_NS, command)
    packed = pack_command(TIME_NS, command)

    time_ns, read = command_from_row(unpacked(packed))
    assert time_ns == TIME_NS
    assert type(read) is type(command)
    assert command_row(TIME_NS, read) == row
    assert pack_command(TIME_NS, read) == packed


@pytest.mark.parametrize("event", sample_events(), ids=name)
def test_every_event_round_trips(event: Event) -> None:
    row = event_row(event)

    read = event_from_row(unpacked(msgspec.msgpack.encode(row)))
    assert type(read) is type(event)
    assert event_row(read) == row
    assert event_fields(read) == event_fields(event)


def plain(value: Any) -> Any:
    """The value without enums, as a library that knows none would be given it."""
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("command", sample_commands(), ids=name)
def test_both_libraries_write_the_same_bytes_for_commands(command: Command) -> None:
    row = plain(command_row(TIME_NS, command))

    assert pack_command(TIME_NS, command) == msgpack.packb(row)


def test_both_libraries_write_the_same_bytes_for_events() -> None:
    happened = sample_events()

    rows = [plain(event_row(event)) for event in happened]
    assert pack_events(happened) == msgpack.packb(rows) == pack_rows(rows)


@pytest.mark.parametrize("number", [0, 127, 128, -32, -33, 2**31, 2**63 - 1, -(2**63)])
def test_integers_take_the_smallest_form_in_both(number: int) -> None:
    assert pack_rows([(number,)]) == msgpack.packb([[number]])


def test_every_union_member_has_a_shape_and_every_kind_is_used_once() -> None:
    command_classes = {shape.record_class for shape in COMMAND_SHAPES}
    event_classes = {shape.record_class for shape in EVENT_SHAPES}

    assert command_classes == set(commands.Command.__args__)
    assert event_classes == set(events.Event.__args__)
    assert [shape.kind for shape in COMMAND_SHAPES] == list(range(1, len(command_classes) + 1))
    assert [shape.kind for shape in EVENT_SHAPES] == list(range(1, len(event_classes) + 1))


def test_shapes_hold_every_slot_of_their_class() -> None:
    for shape in (*COMMAND_SHAPES, *EVENT_SHAPES, codec.INSTRUMENT_SHAPE):
        slots = getattr(shape.record_class, "__slots__", None)
        if slots is not None:  # compiled classes have none
            assert set(shape.fields) == set(slots), shape.record_class


def test_an_instrument_round_trips_with_its_tiers() -> None:
    spec = plain_spec(tiers=((1_000, 5, 100), (2_000, 7, 50)))
    row = instrument_row(spec)

    read = instrument_from_row(unpacked(msgspec.msgpack.encode(row)))
    assert isinstance(read, InstrumentSpec)
    assert instrument_row(read) == row
    assert row[INSTRUMENT_FIELDS.index("tiers")] == ((1_000, 5, 100), (2_000, 7, 50))


@pytest.mark.parametrize(
    "row",
    [
        (),
        (17,),
        (99, TIME_NS),
        (0, TIME_NS),
        (17, TIME_NS, 1, 2),
        (17, TIME_NS, 1, 2, 3, 4),
        (17, TIME_NS, 1, 2, 3, 0, 0),
        (9, TIME_NS, 1, 4),
        (9, TIME_NS, 1, "TRADING"),
        (7, TIME_NS, ()),
        (8, TIME_NS, 1, (1, 2)),
        OLD_ORDER[:-1],
        (*OLD_ORDER, 0, False, 1, "", 0, 0, 0, 0),
        (*OLD_ORDER, 0, False, 1, "", 3),
        (*OLD_ORDER, 0, False, 5, ""),
        (19, TIME_NS, 1),
        (19, TIME_NS, 1, ((20, 1, 5),)),
        (19, TIME_NS, 1, ((19, 1, ()),)),
        (19, TIME_NS, 1, ((12, 1, 5),)),
    ],
)
def test_a_bad_command_row_is_a_value_error(row: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError):
        command_from_row(row)


@pytest.mark.parametrize("row", [(), (99,), (28, 1, 2), (12, 1, 77)])
def test_a_bad_event_row_is_a_value_error(row: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError):
        event_from_row(row)


def test_rows_from_before_fields_were_added_mean_what_they_meant() -> None:
    """Journals are for ever: an order of old shows all it has, and cancels its own in the way."""
    _, placed = command_from_row(OLD_ORDER)
    _, cancelled = command_from_row((13, TIME_NS, 1, -1))
    _, levered = command_from_row((17, TIME_NS, 1, 2, 3))
    _, exits = command_from_row((15, TIME_NS, 1, 2, 3, 4, 5, 3))
    listed = instrument_from_row(instrument_row(plain_spec())[:-6])

    assert isinstance(placed, commands.PlaceOrder)
    assert command_row(TIME_NS, placed) == (*OLD_ORDER, 0, False, 1, "", 0, 0, 0)
    assert command_row(TIME_NS, cancelled) == (13, TIME_NS, 1, -1, False)
    assert command_row(TIME_NS, levered) == (17, TIME_NS, 1, 2, 3, 0)
    assert command_row(TIME_NS, exits) == (15, TIME_NS, 1, 2, 3, 4, 5, 3, KEEP, KEEP)
    without_funding = (ORDERS_MAX, 0, 0, 0, 0, 0)
    assert instrument_row(listed) == (*instrument_row(plain_spec())[:-6], *without_funding)


@pytest.mark.parametrize("lacking", [1, 2, 3, 4, 5, 6, 7])
def test_rows_that_lack_some_of_the_added_fields_are_read_too(lacking: int) -> None:
    full = command_row(TIME_NS, command_from_row(OLD_ORDER)[1])

    assert command_row(TIME_NS, command_from_row(full[:-lacking])[1]) == full


def test_a_batch_carries_its_items_as_rows_without_a_time() -> None:
    [batch] = [c for c in sample_commands() if isinstance(c, commands.SubmitBatch)]
    kind, time_ns, account_id, items = command_row(TIME_NS, batch)

    assert (kind, time_ns, account_id) == (19, TIME_NS, batch.account_id)
    assert [item[0] for item in items] == [11, 14, 12]
    alone = [command_row(TIME_NS, item) for item in batch.items]
    assert [(row[0], *row[2:]) for row in alone] == list(items)


def test_an_empty_batch_round_trips() -> None:
    empty = commands.SubmitBatch(AccountId(7), ())
    _, read = command_from_row(unpacked(pack_command(TIME_NS, empty)))

    assert isinstance(read, commands.SubmitBatch)
    assert (read.account_id, read.items) == (7, ())


def test_fields_are_named_for_logs() -> None:
    changed = LeverageChanged(AccountId(7), InstrumentId(8), 9, Leg.LONG)
    asked = SetLeverage(AccountId(7), InstrumentId(8), 9, Leg.LONG)

    fields = {"account_id": 7, "instrument_id": 8, "leverage": 9, "leg": Leg.LONG}
    assert event_fields(changed) == {"event": "LeverageChanged", **fields}
    assert command_fields(asked) == {"command": "SetLeverage", **fields}
    assert event_row(changed) == (28, 7, 8, 9, Leg.LONG)
    assert command_row(5, asked) == (17, 5, 7, 8, 9, Leg.LONG)
