"""How much is measured: the full run, a quick one, and one for tests that only counts."""

import os
from typing import Final, NamedTuple

SIZE_VARIABLE: Final = "FULCRUM_BENCH_SIZE"
ROUNDS_VARIABLE: Final = "FULCRUM_BENCH_ROUNDS"


class Sizes(NamedTuple):
    """One run.  rounds: how often each figure is measured; the median is reported.

    accounts: of the venue that trades.  commands: of one round.  warm: applied before them.
    positions: how many are open under a price update, the first being what others are held to.
    passings: (updates, triggers each) of one round.
    batches: commands of one sync.  syncs: in one round, at most.
    commits: whose latency is taken in one round.
    journal, long_journal: commands to replay; the long one is restarted from once.
    connections: of HTTP, one request in flight on each.  sockets: connections and requests in
    flight on each.  load_seconds, load_warm: one round of load, and what of its start is not
    counted.
    objects: accounts, orders, positions to weigh.
    cross: cross accounts, symbols, price updates.  ruined: liquidated by one price.
    """

    name: str
    rounds: int
    accounts: int
    commands: int
    warm: int
    positions: tuple[int, ...]
    passings: tuple[tuple[int, int], ...]
    quiet_updates: int
    batches: tuple[int, ...]
    syncs: int
    commits: int
    journal: int
    long_journal: int
    connections: tuple[int, ...]
    sockets: tuple[tuple[int, int], ...]
    load_seconds: float
    load_warm: float
    objects: int
    cross: tuple[int, int, int]
    ruined: int


BATCHES: Final = (1, 4, 16, 64, 256, 512)

FULL: Final = Sizes(
    name="full",
    rounds=5,
    accounts=10_000,
    commands=20_000,
    warm=40_000,
    positions=(1_000, 10_000, 100_000, 1_000_000),
    passings=((100, 10), (1, 10_000)),
    quiet_updates=10_000,
    batches=BATCHES,
    syncs=1_500,
    commits=1_000,
    journal=100_000,
    long_journal=1_000_000,
    connections=(1, 16, 64),
    sockets=((1, 1), (16, 16)),
    load_seconds=2.0,
    load_warm=0.4,
    objects=100_000,
    cross=(100_000, 20, 100_000),
    ruined=10_000,
)
QUICK: Final = FULL._replace(
    name="quick",
    commands=10_000,
    warm=20_000,
    positions=(1_000, 10_000, 100_000),
    journal=50_000,
    long_journal=100_000,
    load_seconds=1.2,
    load_warm=0.2,
    cross=(10_000, 20, 20_000),
)
TINY: Final = Sizes(
    name="tiny",
    rounds=1,
    accounts=50,
    commands=200,
    warm=600,
    positions=(100, 300),
    passings=((3, 2), (1, 20)),
    quiet_updates=50,
    batches=(1, 4),
    syncs=10,
    commits=10,
    journal=400,
    long_journal=800,
    connections=(1,),
    sockets=((2, 2),),
    load_seconds=0.1,
    load_warm=0.05,
    objects=300,
    cross=(60, 4, 300),
    ruined=20,
)
BY_NAME: Final = {sizes.name: sizes for sizes in (FULL, QUICK, TINY)}


def chosen_sizes() -> Sizes:
    """What the environment names; quick where it names nothing."""
    sizes = BY_NAME[os.environ.get(SIZE_VARIABLE, QUICK.name)]
    return sizes._replace(rounds=int(os.environ.get(ROUNDS_VARIABLE, sizes.rounds)))
