"""Recorded streams of commands: made once, applied in every round from the same state."""

from collections.abc import Callable
from typing import Final, NamedTuple

from bench.trading import TICKETS, Market, Timed, Trading
from engine.commands import Command
from engine.engine import Engine
from engine.state import State
from snapshots.snapshot import Section, load_sections, sections


class Recording(NamedTuple):
    """Commands, and the state that they are meant for."""

    before: list[Section]
    commands: list[Timed]

    def engine(self) -> Engine:
        """A new engine in that state."""
        return Engine(load_sections(self.before))


def mixed_recording(market: Market, accounts: int, warm: int, count: int) -> Recording:
    """The mix, after `warm` commands of it."""
    trading = Trading(market, accounts, Engine(State()))
    trading.furniture()
    trading.mixed(warm)
    before = list(sections(trading.state))
    return Recording(before, trading.mixed(count))


KINDS: Final = (
    "limit place",
    "cancel",
    "market open",
    "close",
    "amend",
    "quiet price",
    "refused order",
)


class Kinds:
    """Commands of one kind each, in a ticket market with `count` resting orders and positions."""

    def __init__(self, accounts: int, count: int) -> None:
        self._count: Final = count
        self._trading: Final = Trading(TICKETS, accounts, Engine(State()))
        self._trading.furniture()
        self._trading.repeat(self._trading.limit, count)
        self._trading.repeat(self._trading.open, count)
        self._before: Final = list(sections(self._trading.state))

    def recording(self, kind: str) -> Recording:
        """`count` commands of the kind; each does what it asks for, the refused one excepted."""
        trading = self._trading.fork(Engine(load_sections(self._before)))
        make: dict[str, Callable[[], Command]] = {
            "limit place": trading.limit,
            "cancel": trading.cancel,
            "market open": trading.open,
            "close": trading.close,
            "amend": trading.amend,
            "quiet price": trading.quiet_price,
            "refused order": trading.refused,
        }
        return Recording(self._before, trading.repeat(make[kind], self._count))


def apply_all(engine: Engine, commands: list[Timed]) -> None:
    """The loop that is timed: nothing but the engine."""
    sequence = engine.state.sequence
    for time_ns, command in commands:
        sequence += 1
        engine.apply(sequence, time_ns, command)
