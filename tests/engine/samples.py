"""One of every command and of every event, each field with a value of its own."""

from enum import IntEnum
from typing import Any, Final, cast

from engine.codec import COMMAND_SHAPES, EVENT_SHAPES, SHAPE_OF_COMMAND, Shape
from engine.commands import AmendOrder, CancelOrder, Command, PlaceOrder
from engine.events import Event
from tests.engine.venue import plain_spec

NAMES: Final = frozenset(
    {"user_id", "asset", "transfer_id", "source", "client_order_id", "symbol", "oco_group"}
)
HASHES: Final = frozenset({"token_hash", "digest"})
SWITCHES: Final = frozenset(
    {"by_operator", "reduce_only", "post_only", "close_position", "on_disconnect"}
)
BATCHED: Final = (PlaceOrder, AmendOrder, CancelOrder)


def sample_commands() -> list[Command]:
    """Every kind of command, in the order of the kinds."""
    return [cast(Command, sample(shape)) for shape in COMMAND_SHAPES]


def sample_events() -> list[Event]:
    """Every kind of event, in the order of the kinds."""
    return [cast(Event, sample(shape)) for shape in EVENT_SHAPES]


def sample(shape: Shape) -> Any:
    """An object of the shape; no two of its integers are equal."""
    members = dict(shape.enums)
    values = [
        last_member(members[place]) if place in members else value_of(name, place)
        for place, name in enumerate(shape.fields)
    ]
    return shape.build([int(v) if isinstance(v, IntEnum) else v for v in values])


def last_member(by_value: dict[int, IntEnum]) -> IntEnum:
    """The member with the largest value."""
    return by_value[max(by_value)]


def value_of(name: str, place: int) -> Any:
    """A value that fits the field's name."""
    if name in NAMES:
        return f"{name}-\u00e4"
    if name in HASHES:
        return bytes(range(place, place + 16))
    if name in SWITCHES:
        return True
    if name == "items":
        return tuple(sample(SHAPE_OF_COMMAND[batched]) for batched in BATCHED)
    if name == "spec":
        return plain_spec(tiers=((1_000, 5, 100), (2_000, 7, 50)))
    return -(2**62) - place if place % 2 else 2**63 - 1 - place
