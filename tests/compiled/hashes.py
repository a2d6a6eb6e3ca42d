"""Prints the mode, then what the engine computes in it, for a run of the other mode to match.

The commands are the oracle's: aimed at every rule, and the same for a seed in either mode.  The
last line says how many kinds of command and event there were, and which never came.
"""

from random import Random
from typing import Final, get_args

import engine
from engine.commands import Command
from engine.engine import Engine
from engine.events import Event
from engine.state import State
from snapshots.snapshot import state_hash
from tests.oracle.compare import to_engine
from tests.oracle.generator import Generator
from tests.oracle.venue import Venue

SEEDS: Final = range(1, 6)
STEPS: Final = 10_000
ALL_KINDS: Final = {kind.__name__ for kind in (*get_args(Command), *get_args(Event))}


def live(seed: int, met: set[str]) -> State:
    """A venue's life; the oracle lives it too, because commands aim at what it knows.

    met: takes the names of the kinds of command and event that came.
    """
    venue = Venue()
    generator = Generator(Random(seed), venue)
    venue_engine = Engine(State())
    opening = generator.opening()
    for step in range(STEPS):
        time_ns, name, fields = opening[step] if step < len(opening) else generator.next()
        venue.apply(time_ns, name, fields)
        met.add(name)
        events = venue_engine.apply(step + 1, time_ns, to_engine(name, fields))
        met.update(type(event).__name__ for event in events)
    return venue_engine.state


def main() -> None:
    """One line for the mode, one for each seed, and one for what came."""
    met: set[str] = set()
    print("compiled" if engine.COMPILED else "interpreted")
    for seed in SEEDS:
        state = live(seed, met)
        print(
            f"seed {seed} sequence {state.sequence}",
            f"event chain {state.event_chain.hex()}",
            f"state hash {state_hash(state).hex()}",
        )
    print(f"kinds {len(met & ALL_KINDS)} never {' '.join(sorted(ALL_KINDS - met)) or '-'}")


if __name__ == "__main__":
    main()
