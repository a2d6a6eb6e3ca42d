"""A crowd of cross accounts over many symbols, and prices that walk and jump, drawn from a seed.

Knows how accounts trade and how prices move; measures nothing.
"""

from collections.abc import Iterator
from math import exp
from random import Random
from typing import Final, NamedTuple

from bench.perpetuals import Perpetuals, lots_worth
from bench.trading import Timed
from engine.commands import BUY, SELL
from engine.instrument import MarginMode, MarketStructure
from engine.units import E8, InstrumentId

LEVERAGES: Final = (2, 3, 5, 10, 20, 50)
POSITIONS_MAX: Final = 8
TICKS_MIN: Final = 10_000  # 1,000 USDT
TICKS_MAX: Final = 600_000


class Walk(NamedTuple):
    """How prices move, in basis points of a standard deviation, and how often they jump.

    own: of one update of a symbol.  shared: of all symbols, between two updates of any.
    jump: of a jump, own or shared.  own_every, shared_every: updates from one to the next.
    """

    own: float = 4.0
    shared: float = 1.0
    jump: float = 100.0
    own_every: int = 1_000
    shared_every: int = 2_000

    def step(self, random: Random, usual: float, every: int) -> float:
        """The logarithm of one move."""
        sigma = self.jump if random.randrange(every) == 0 else usual
        return random.gauss(0, sigma) / 10_000


USUAL: Final = Walk()


def crowd(accounts: int, symbols: int, random: Random) -> Perpetuals:
    """A venue with its prices, and the accounts with their positions."""
    venue = Perpetuals()
    for _ in range(symbols):
        market = venue.list_market(MarketStructure.QUOTE_DRIVEN, MarginMode.CROSS)
        venue.apply(venue.price(market, random.randint(TICKS_MIN, TICKS_MAX)))
    for _ in range(accounts):
        _enter(venue, random)
    return venue


def _enter(venue: Perpetuals, random: Random) -> None:
    """One account; its positions use 10 to 90 % of its deposit as initial margin."""
    deposit_atoms = random.randint(1_000, 20_000) * E8
    account_id = venue.open_account(deposit_atoms)
    markets = venue.state.markets[1:]
    chosen = random.sample(markets, random.randint(1, min(POSITIONS_MAX, len(markets))))
    margin_atoms = deposit_atoms * random.randint(10, 90) // 100 // len(chosen)
    for market in chosen:
        assert market is not None
        leverage = random.choice(LEVERAGES)
        lots = lots_worth(margin_atoms * leverage, market.mark_ticks)
        side = random.choice((BUY, SELL))
        venue.trade(account_id, market.instrument_id, side, lots, leverage)


def prices(venue: Perpetuals, updates: int, walk: Walk, random: Random) -> Iterator[Timed]:
    """The prices of the walk, each of any symbol, with its time."""
    first = [market.mark_ticks for market in venue.state.markets if market is not None]
    own = [0.0] * len(first)  # logarithms of the moves so far
    shared = 0.0
    sequence = venue.state.sequence
    for _ in range(updates):
        sequence += 1
        shared += walk.step(random, walk.shared, walk.shared_every)
        place = random.randrange(len(first))
        own[place] += walk.step(random, walk.own, walk.own_every)
        ticks = max(1, round(first[place] * exp(own[place] + shared)))
        yield venue.time_ns(sequence), venue.price(InstrumentId(place + 1), ticks)
