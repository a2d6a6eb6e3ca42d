"""Prints the mode, then what the engine computes in it, for a run of the other mode to match.

The commands are the oracle's: aimed at every rule, and the same for a seed in either mode.
"""

from random import Random
from typing import Final

import engine
from engine.engine import Engine
from engine.state import State
from snapshots.snapshot import state_hash
from tests.oracle.compare import to_engine
from tests.oracle.generator import Generator
from tests.oracle.venue import Venue

SEEDS: Final = range(1, 6)
STEPS: Final = 10_000


def live(seed: int) -> State:
    """A venue's life; the oracle lives it too, because commands aim at what it knows."""
    venue = Venue()
    generator = Generator(Random(seed), venue)
    venue_engine = Engine(State())
    opening = generator.opening()
    for step in range(STEPS):
        time_ns, name, fields = opening[step] if step < len(opening) else generator.next()
        venue.apply(time_ns, name, fields)
        venue_engine.apply(step + 1, time_ns, to_engine(name, fields))
    return venue_engine.state


def main() -> None:
    """One line for the mode and one for each seed."""
    print("compiled" if engine.COMPILED else "interpreted")
    for seed in SEEDS:
        state = live(seed)
        print(
            f"seed {seed} sequence {state.sequence}",
            f"event chain {state.event_chain.hex()}",
            f"state hash {state_hash(state).hex()}",
        )


if __name__ == "__main__":
    main()
