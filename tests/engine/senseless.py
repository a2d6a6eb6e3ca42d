"""Commands of any kind with any numbers: what no client sends and a journal could hold."""

import random
from collections.abc import Iterator
from typing import Any

from engine.codec import COMMAND_SHAPES
from engine.commands import BatchedCommand, Command
from tests.engine.samples import NAMES, SWITCHES


def senseless_command(chance: random.Random) -> Command:
    """Any kind of command with any numbers that its journal record can hold."""
    numbers = (0, 1, -1, 2, 3, 199_999, 10**9, 2**62, -(2**62), 2**63 - 1, -(2**63))
    shape = chance.choice([s for s in COMMAND_SHAPES if s.kind not in (7, 8)])
    members = dict(shape.enums)
    values: list[Any] = []
    for place, name in enumerate(shape.fields):
        if place in members:
            values.append(chance.choice(list(members[place])))
        elif name in ("token_hash", "digest"):
            values.append(chance.choice([b"", b"d" * 16, b"t" * 32]))
        elif name in NAMES:
            values.append(chance.choice(["", "USDT", "a b", "x" * 70, "c1", "\u00e4", "f"]))
        elif name in SWITCHES:
            values.append(chance.random() < 0.5)
        elif name == "items":
            values.append(tuple(senseless_items(chance)))
        elif name in ("account_id", "instrument_id"):
            values.append(chance.choice([1, 1, 1, 2, *numbers]))
        else:
            values.append(chance.choice([0, 0, *numbers]))
    command: Command = shape.build(values)
    return command


def senseless_items(chance: random.Random) -> Iterator[BatchedCommand]:
    """None, some, or too many parts of a batch."""
    for _ in range(chance.choice([0, 1, 2, 51])):
        command = senseless_command(chance)
        if isinstance(command, BatchedCommand):
            yield command
