"""Venues in which the next price liquidates a known number of positions or accounts at once.

Every venue is made through commands and kept as the sections of a snapshot; as many accounts as
are ruined by the price survive it.
"""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from bench.perpetuals import Perpetuals, lots_worth
from bench.trading import SEED, Timed
from bench.workloads import Recording
from engine.commands import BUY, SELL
from engine.instrument import MarginMode, MarketStructure
from engine.units import E8, AccountId, InstrumentId
from snapshots.snapshot import sections

MID: Final = 500_000  # 50,000 USDT
RUINOUS_LEVERAGES: Final = (12, 15, 20, 25, 40, 50)
CRASH_PERCENT: Final = 15
INSURANCE_EACH_ATOMS: Final = 2_000 * E8  # enough for about half of them


class Crash(NamedTuple):
    """The venue before the price, the price, and how many it ruins."""

    recording: Recording
    ruined: int


def isolated(count: int) -> Crash:
    """Quote-driven: `count` isolated longs are liquidated, as many at leverage 2 are not."""
    venue, random = Perpetuals(), Random(SEED)
    market = venue.list_market(MarketStructure.QUOTE_DRIVEN, MarginMode.ISOLATED)
    venue.apply(venue.price(market, MID))
    for place in range(2 * count):
        account_id = venue.open_account(10_000 * E8)
        leverage = random.choice(RUINOUS_LEVERAGES) if place % 2 else 2
        lots = lots_worth(random.randint(500, 5_000) * leverage * E8, MID)
        venue.trade(account_id, market, BUY, lots, leverage)
    return _crash(venue, market, count)


def cross(count: int) -> Crash:
    """Quote-driven: `count` cross accounts with one to three positions go below maintenance.

    The market that crashes has most of each; half of the accounts are bankrupt, the others keep
    what can be kept.  As many accounts at a fifth of their leverage are not touched.
    """
    venue, random = Perpetuals(), Random(SEED)
    markets = [venue.list_market(MarketStructure.QUOTE_DRIVEN, MarginMode.CROSS) for _ in range(3)]
    for market in markets:
        venue.apply(venue.price(market, MID))
    crashing, *others = markets
    for place in range(2 * count):
        account_id = venue.open_account(1_000 * E8)
        # A fall of 15 % takes 0.15 × the value: bankrupt at 7 and above, in trouble near 6.6.
        times_e2 = random.choice((655, 660, 720, 900)) if place % 2 else 130
        venue.trade(account_id, crashing, BUY, lots_worth(10 * times_e2 * E8, MID), 50)
        for other in others[: random.randint(0, 2)]:
            side = random.choice((BUY, SELL))
            venue.trade(account_id, other, side, lots_worth(random.randint(100, 400) * E8, MID), 50)
    return _crash(venue, crashing, count)


def order_driven(count: int) -> Crash:
    """Order-driven: `count` isolated longs, who bought from half as many shorts.

    The book takes a tenth of what has to be closed; insurance the next, as far as it goes; the
    rest is deleveraged against the shorts.
    """
    venue, random = Perpetuals(), Random(SEED)
    market = venue.list_market(MarketStructure.ORDER_DRIVEN, MarginMode.ISOLATED)
    venue.apply(venue.price(market, MID))
    venue.insure(count * INSURANCE_EACH_ATOMS)
    short, bought = AccountId(0), 0
    for place in range(count):
        lots = random.randint(200, 2_000)
        if place % 2 == 0:
            short = venue.open_account(200_000 * E8)
        leverage = 0 if place % 2 else random.choice((2, 3, 5))
        venue.trade(short, market, SELL, lots, leverage, MID + random.randint(0, 500))
        account_id = venue.open_account(20_000 * E8)
        venue.trade(account_id, market, BUY, lots, random.choice(RUINOUS_LEVERAGES))
        bought += lots
    _bid(venue, random, market, bought // 10)
    return _crash(venue, market, count)


def _bid(venue: Perpetuals, random: Random, market: InstrumentId, lots: int) -> None:
    """Bids for so many lots, 3 to 4 % below the price."""
    while lots > 0:
        bidder = venue.open_account(20_000_000 * E8)
        for _ in range(100):
            part = random.randint(200, 2_000)
            ticks = MID * 97 // 100 - random.randint(0, MID // 100)
            venue.trade(bidder, market, BUY, part, 0, ticks)
            lots -= part


def _crash(venue: Perpetuals, market: InstrumentId, count: int) -> Crash:
    before = list(sections(venue.state))
    price = venue.price(market, MID * (100 - CRASH_PERCENT) // 100)
    timed: list[Timed] = [(venue.time_ns(venue.state.sequence + 1), price)]
    return Crash(Recording(before, timed), count)


CRASHES: Final[dict[str, Callable[[int], Crash]]] = {
    "isolated positions": isolated,
    "cross accounts": cross,
    "positions in a book": order_driven,
}
