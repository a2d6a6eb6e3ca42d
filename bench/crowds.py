"""States with very many open positions, and prices that fire a known number of triggers.

The triggers lie in bands below the price, each passed by one update.
"""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final, NamedTuple

from bench.crowd_rows import MID, Contents, crowd_sections
from bench.trading import INSTRUMENT, SEED, STEP_NS, Timed
from engine.commands import UpdatePrice
from engine.engine import Engine
from snapshots.snapshot import load_sections

BAND_TICKS_MIN: Final = 40
TRIGGERS_PER_TICK: Final = 4


class Passing(NamedTuple):
    """One round: how many updates, how many triggers each fires, and which: the stop losses of
    positions, or resting limit orders."""

    updates: int
    triggers: int
    by_limits: bool

    @property
    def band_ticks(self) -> int:
        """The way of one of the updates."""
        return max(BAND_TICKS_MIN, self.triggers // TRIGGERS_PER_TICK)


class Crowd:
    """An engine with open positions, and the prices that are still to come.

    highs: how many prices will each be a new high; some of the positions trail them, and some are
        cross (`crowd_rows.Contents`).  0: none does, none is.
    """

    def __init__(self, positions: int, passings: list[Passing], highs: int = 0) -> None:
        stop_losses = list(trigger_ticks(passings, by_limits=False))
        limits = list(trigger_ticks(passings, by_limits=True))
        assert len(stop_losses) <= positions
        contents = Contents(positions, stop_losses, limits, highs)
        self.engine: Final = Engine(load_sections(crowd_sections(contents)))
        self._passings: Final = iter(passings)
        self._row = 1
        self._mid_ticks = MID

    def quiet(self, updates: int) -> list[Timed]:
        """Prices that go to and fro by a tick and fire nothing."""
        return self._timed(self._mid_ticks + place % 2 for place in range(updates))

    def rising(self, updates: int) -> list[Timed]:
        """Prices that are each a new high, and fire nothing."""
        first = self._mid_ticks
        self._mid_ticks += updates
        return self._timed(range(first + 1, self._mid_ticks + 1))

    def passing(self, expected: Passing) -> list[Timed]:
        """The next passing's prices."""
        passing = next(self._passings)
        assert passing == expected
        first, band = self._mid_ticks, passing.band_ticks
        self._mid_ticks -= passing.updates * band
        return self._timed(first - band * place for place in range(1, passing.updates + 1))

    def waiting(self) -> int:
        """Open orders, and the stop losses of positions: what has not fired."""
        state = self.engine.state
        positions = sum(1 for position in state.positions.values() if position.pairs)
        return state.orders.count + positions

    def _timed(self, mids: Iterable[int]) -> list[Timed]:
        time_ns = self.engine.state.time_ns
        timed: list[Timed] = []
        for mid_ticks in mids:
            self._row += 1
            time_ns += STEP_NS
            prices = (mid_ticks, mid_ticks, mid_ticks, mid_ticks, mid_ticks)
            command = UpdatePrice(INSTRUMENT, "crowd", self._row, False, *prices)
            timed.append((time_ns, command))
        return timed


def trigger_ticks(passings: list[Passing], by_limits: bool) -> Iterator[int]:
    """Where the triggers of one sort lie: anywhere on the way of their updates."""
    random = Random(SEED)
    top = MID - 2
    for passing in passings:
        for _ in range(passing.updates):
            if passing.by_limits is by_limits:
                for _ in range(passing.triggers):
                    yield top - random.randrange(passing.band_ticks - 4)
            top -= passing.band_ticks
