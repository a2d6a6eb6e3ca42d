"""States with very many open positions, and prices that fire a known number of triggers.

Knows the rows of a snapshot, by which a million positions are made in seconds.  All longs and
shorts were opened near 60,000 USDT with leverage of at most 50, so that nothing is liquidated
within 1 % of it; the triggers lie in bands below, each passed by one price update.
"""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from bench.trading import INSTRUMENT, SEED, START_NS, STEP_NS, TICKETS, Timed
from engine.codec import Row, instrument_row
from engine.commands import (
    CANCEL_MAKER,
    LIMIT,
    Leg,
    OrderType,
    PriceSource,
    Side,
    TimeInForce,
    UpdatePrice,
)
from engine.engine import Engine
from engine.instrument import TRADING
from engine.units import E8, AccountId
from snapshots.snapshot import Section, load_sections

ACCOUNTS: Final = 10_000
FREE_ATOMS: Final = 1_000_000 * E8
BAND_TICKS_MIN: Final = 40
TRIGGERS_PER_TICK: Final = 4
MID: Final = TICKETS.mid_ticks
ORDER_LOTS: Final = 100
LEVERAGES: Final = (2, 3, 5, 10, 20, 50)


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
    """An engine with open positions, and the prices that are still to come."""

    def __init__(self, positions: int, passings: list[Passing]) -> None:
        self.engine: Final = Engine(load_sections(_sections(positions, passings)))
        self._passings: Final = iter(passings)
        self._row = 1
        self._mid_ticks = MID

    def quiet(self, updates: int) -> list[Timed]:
        """Prices that go to and fro by a tick and fire nothing."""
        return self._timed(self._mid_ticks + place % 2 for place in range(updates))

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

    def _timed(self, mids: Iterator[int]) -> list[Timed]:
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


def _sections(positions: int, passings: list[Passing]) -> list[Section]:
    stop_losses = list(trigger_ticks(passings, by_limits=False))
    limits = list(trigger_ticks(passings, by_limits=True))
    assert len(stop_losses) <= positions
    position_rows = list(_positions(positions, stop_losses))
    order_rows = list(_orders(limits, positions + 1))
    margin = sum(row[9] for row in position_rows)
    hold = sum(row[22] for row in order_rows)
    external = -(margin + hold + ACCOUNTS * FREE_ATOMS)
    holds = [0] * (ACCOUNTS + 1)
    for row in order_rows:
        holds[row[1]] += row[22]
    numbers = range(1, ACCOUNTS + 1)
    next_id = positions + len(limits) + 1
    return [
        ("counters", [(1, START_NS, bytes(32), next_id, 1)]),
        ("accounts", [(number, f"trader-{number}") for number in numbers]),
        ("tokens", []),
        ("assets", [("USDT", 0, 0, 0, external, -external)]),
        ("balances", [(1, number, FREE_ATOMS, holds[number]) for number in numbers]),
        ("transfers", []),
        ("markets", [_market_row()]),
        ("seats", []),
        ("client_orders", []),
        ("positions", position_rows),
        ("orders", order_rows),
        ("timers", []),
    ]


def _market_row() -> Row:
    prices = (MID,) * 5
    spec_row = instrument_row(TICKETS.spec)
    return spec_row, 1, 0, TRADING, prices, prices, START_NS, "crowd", 1, (0,) * 5, 0


def _positions(count: int, stop_losses: list[int]) -> Iterator[Row]:
    """Half longs, half shorts; those with a stop loss are long and mixed among the others."""
    random = Random(SEED)
    chosen = random.sample(range(count), len(stop_losses))
    stops = dict(zip(chosen, stop_losses, strict=True))
    for place in range(count):
        stop_loss = stops.get(place, 0)
        side = Side.BUY if stop_loss or random.random() < 0.5 else Side.SELL
        lots = random.randint(100, 10_000)
        leverage = random.choice(LEVERAGES)
        cost = lots * (MID + random.randint(-1_000, 1_000))
        margin = -(-cost // leverage)
        pairs = ((0, 0, PriceSource.MARK, stop_loss, 0),) if stop_loss else ()
        account_id = AccountId(place % ACCOUNTS + 1)
        numbers = (lots, cost, margin, margin, 0, 0)
        position_id = place + 1
        yield position_id, account_id, 1, Leg.NONE, side, leverage, START_NS, *numbers, pairs


def _orders(limits: list[int], first_id: int) -> Iterator[Row]:
    """Buys that open; each holds its margin, its fee and nothing for a better mark."""
    random = Random(SEED)
    fee_e8 = TICKETS.spec.maker_fee_e8
    for place, ticks in enumerate(limits):
        leverage = random.choice(LEVERAGES)
        margin = -(-ORDER_LOTS * ticks // leverage)
        hold = margin - (-margin * fee_e8 // E8)
        terms = (ORDER_LOTS, 0, ticks, 0, PriceSource.MARK, leverage, False, False, 0, 0, 0, 0, 0)
        kind = (Leg.NONE, Side.BUY, OrderType(LIMIT), TimeInForce.GTC)
        order_id = first_id + place
        account_id = place % ACCOUNTS + 1
        ends = ("", START_NS, hold, MID, order_id, 0, CANCEL_MAKER, "", 0, ORDER_LOTS)
        yield order_id, account_id, 1, *kind, *terms, *ends
