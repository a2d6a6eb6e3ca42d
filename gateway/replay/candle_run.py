"""One replay of candles: prices, funding rates and traders' turns in the order of recorded time.

Knows no file layout and no table.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from engine.commands import Side
from engine.instrument import MarketStructure
from engine.invariants import check
from engine.market import Market
from engine.state import State
from engine.units import AccountId
from gateway.replay.candle_path import Step, steps
from gateway.replay.candle_rows import Row, row
from gateway.replay.candle_series import HOUR_MS, Series, require_even
from gateway.replay.candle_stage import NS_PER_MS, CandleStage, Seated
from gateway.replay.candle_tally import CandleTally
from gateway.replay.habits import draw
from gateway.replay.run import no_progress
from snapshots.snapshot import state_hash
from wal.writer import LogWriter

PROGRESS_STEPS: Final = 500


class CandlePlan(NamedTuple):
    """What to run.

    depth_atoms: notional of the maker's quotes on each side of an order-driven market.
    stride_e4: the longest step of a price, in 10^-4 of it; 0 for no limit.
    """

    series: Sequence[Series]
    structure: MarketStructure
    users: int
    seed: int
    insurance_atoms: int
    depth_atoms: int
    stride_e4: int


class CandleOutcome(NamedTuple):
    """What came of a run, all of it determined by the plan.

    crowd: traders by how their positions are margined and in how many markets.
    rows: how things stood at every full hour, at the start and at the end.
    """

    plan: CandlePlan
    tally: CandleTally
    state: State
    markets: list[Market]
    maker_id: AccountId
    crowd: Counter[str]
    rows: list[Row]
    turns: int
    ledger_sum: int
    state_hash: str


class _Move(NamedTuple):
    """Something of a market at a time: a price step or, without one, a published rate."""

    ts_ms: int
    place: int
    step: Step | None
    rate_e8: int


def run_candles(
    plan: CandlePlan,
    journal: LogWriter | None = None,
    progress: Callable[[int, int], None] = no_progress,
) -> CandleOutcome:
    """Play the whole plan and check every invariant at its end.

    Raises UnevenSeries, RateRefused, LogFailed; AssertionError if the engine broke a rule of its
    own.
    """
    require_even(plan.series)
    rng = Random(plan.seed)
    tally = CandleTally()
    stage = CandleStage(tally.watch, journal, plan.depth_atoms)
    moves = [move for each in _moves(plan) for move in each]
    moves.sort(key=_when)
    seated = _open(plan, stage, rng, moves[0].ts_ms)
    turns = [(moves[0].ts_ms + _wait_ms(rng, each), n) for n, each in enumerate(seated)]
    heapq.heapify(turns)
    rows: list[Row] = []
    for done, move in enumerate(moves):
        while turns[0][0] < move.ts_ms:
            due_ms, number = turns[0]
            _take_turn(stage, rng, seated[number], due_ms)
            heapq.heapreplace(turns, (due_ms + _wait_ms(rng, seated[number]), number))
        hour_ms = move.ts_ms // HOUR_MS * HOUR_MS
        if stage.has_prices() and (not rows or rows[-1].ts_ms < hour_ms):
            rows.append(row(stage, tally, hour_ms))
        _apply(plan, stage, move)
        if done % PROGRESS_STEPS == 0:
            progress(done, len(moves))
    rows.append(row(stage, tally, moves[-1].ts_ms))
    progress(len(moves), len(moves))
    stage.stage.close()
    return _outcome(plan, stage, tally, rows, seated)


def _outcome(
    plan: CandlePlan, stage: CandleStage, tally: CandleTally, rows: list[Row], seated: list[Seated]
) -> CandleOutcome:
    state = stage.state
    check(state)
    return CandleOutcome(
        plan,
        tally,
        state,
        stage.markets,
        stage.maker_id,
        Counter(each.description() for each in seated),
        rows,
        sum(each.trader.turns for each in seated),
        state.ledger.sum_atoms(),
        state_hash(state).hex(),
    )


def _open(plan: CandlePlan, stage: CandleStage, rng: Random, start_ms: int) -> list[Seated]:
    time_ns = start_ms * NS_PER_MS
    for series in plan.series:
        candle_ms, funded = series.candle_ms(), bool(series.rates_e8)
        stage.open_market(series.base, plan.structure, candle_ms, funded, time_ns)
    stage.fund(plan.insurance_atoms, time_ns)
    return stage.seat_traders(plan.users, rng, time_ns)


def _moves(plan: CandlePlan) -> Iterator[Iterator[_Move]]:
    for place, series in enumerate(plan.series):
        yield _prices(series, place, plan.stride_e4)
        if series.rates_e8 is not None:
            yield _rates(series.stamps_ms(), series.rates_e8, place)


def _prices(series: Series, place: int, stride_e4: int) -> Iterator[_Move]:
    candle_ms = series.candle_ms()
    for candle in series.candles:
        mark = candle if series.marks is None else series.marks[candle.ts_ms]
        for step in steps(candle, mark, candle_ms, stride_e4):
            yield _Move(step.ts_ms, place, step, 0)


def _rates(stamps_ms: range, rates_e8: Mapping[int, int], place: int) -> Iterator[_Move]:
    """The rate of every stamp that falls due, a millisecond before it."""
    for stamp_ms in stamps_ms:
        yield _Move(stamp_ms - 1, place, None, rates_e8[stamp_ms])


def _when(move: _Move) -> tuple[int, int]:
    return move.ts_ms, move.place


def _apply(plan: CandlePlan, stage: CandleStage, move: _Move) -> None:
    if move.step is None:
        stage.publish_rate(move.place, move.rate_e8, move.ts_ms * NS_PER_MS)
    else:
        stage.move(move.place, plan.series[move.place].source, move.step)


def _wait_ms(rng: Random, seated: Seated) -> int:
    return draw(rng, seated.trader.habit.wait_ms)


def _take_turn(stage: CandleStage, rng: Random, seated: Seated, due_ms: int) -> None:
    if not all(_has_quotes(market) for market in seated.markets):
        return  # an empty side of a book says nothing to go by
    command = seated.trader.act(rng, stage.state, seated.markets, due_ms)
    if command is not None:
        stage.stage.apply(due_ms * NS_PER_MS, command)


def _has_quotes(market: Market) -> bool:
    return market.touch_ticks(Side.BUY) > 0 and market.touch_ticks(Side.SELL) > 0
