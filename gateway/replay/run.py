"""One replay: prices and traders' turns in the order of recorded time.  Knows no file layout.

Prices are any rows that rise in time; where they come from is the caller's business.
"""

import heapq
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, NamedTuple

from engine.commands import Side
from engine.invariants import check
from engine.state import State
from gateway.feeds.price_file import PriceRow
from gateway.replay.habits import draw
from gateway.replay.stage import Stage
from gateway.replay.tally import Tally
from gateway.replay.traders import Trader
from snapshots.snapshot import state_hash
from wal.writer import LogWriter

SAMPLES: Final = 600
PROGRESS_ROWS: Final = 1_000


class Plan(NamedTuple):
    """What to run.  rows: the prices, at least one.  source: the name they are journaled under."""

    rows: Sequence[PriceRow]
    source: str
    base: str
    users: int
    seed: int


class Sample(NamedTuple):
    """How things stood at one moment.

    price_e8: the last price.  long, short: open interest of both markets in atoms at the mark.
    """

    ts_ms: int
    price_e8: int
    long_atoms: int
    short_atoms: int
    liquidations: int
    insurance_atoms: int


class Outcome(NamedTuple):
    """What came of a run, all of it determined by the plan.

    ledger_sum: zero, or the engine is broken.  turns: how often a trader's turn came.
    """

    plan: Plan
    tally: Tally
    state: State
    samples: list[Sample]
    turns: int
    ledger_sum: int
    state_hash: str


def no_progress(_done_rows: int, _total_rows: int) -> None:
    """For callers that show nothing."""


def run(
    plan: Plan,
    journal: LogWriter | None = None,
    progress: Callable[[int, int], None] = no_progress,
) -> Outcome:
    """Play the whole plan and check every invariant at its end.

    Raises LogFailed; AssertionError if the engine broke a rule of its own.
    """
    rng = Random(plan.seed)
    tally = Tally()
    stage = Stage(tally.watch, journal)
    stage.source = plan.source
    start_ms = plan.rows[0].ts_ms
    stage.open_markets(plan.base, start_ms * 1_000_000)
    traders = stage.seat_traders(plan.users, rng, start_ms * 1_000_000)
    turns = [(start_ms + draw(rng, t.habit.wait_ms), n) for n, t in enumerate(traders)]
    heapq.heapify(turns)
    samples: list[Sample] = []
    every = max(1, len(plan.rows) // SAMPLES)
    for done, row in enumerate(plan.rows):
        while turns and turns[0][0] < row.ts_ms:
            _take_turn(stage, rng, turns, traders)
        stage.move_prices(row)
        if done % every == 0:
            samples.append(_sample(stage, tally, row))
        if done % PROGRESS_ROWS == 0:
            progress(done, len(plan.rows))
    samples.append(_sample(stage, tally, plan.rows[-1]))
    progress(len(plan.rows), len(plan.rows))
    stage.close()
    state = stage.state
    check(state)
    turns_taken = sum(trader.turns for trader in traders)
    ledger_sum = state.ledger.sum_atoms()
    hash_text = state_hash(state).hex()
    return Outcome(plan, tally, state, samples, turns_taken, ledger_sum, hash_text)


def _take_turn(
    stage: Stage, rng: Random, turns: list[tuple[int, int]], traders: list[Trader]
) -> None:
    """Let the trader whose turn comes first act, and give it its next turn."""
    due_ms, number = turns[0]
    trader = traders[number]
    command = trader.act(rng, stage.state, stage.markets, due_ms)
    if command is not None:
        stage.apply(due_ms * 1_000_000, command)
    heapq.heapreplace(turns, (due_ms + draw(rng, trader.habit.wait_ms), number))


def _sample(stage: Stage, tally: Tally, row: PriceRow) -> Sample:
    open_atoms = {Side.BUY: 0, Side.SELL: 0}
    for position in stage.state.positions.values():
        market = position.market
        open_atoms[position.side] += position.qty_lots * market.mark_ticks * market.k
    insurance_atoms = stage.state.asset_ledger(stage.markets[0]).insurance_atoms
    return Sample(
        row.ts_ms,
        row.prices.last_e8,
        open_atoms[Side.BUY],
        open_atoms[Side.SELL],
        tally.liquidated,
        insurance_atoms,
    )
