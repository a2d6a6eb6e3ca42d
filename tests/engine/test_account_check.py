"""Which cross accounts are looked at, and that it never matters which (CRS-6)."""

from collections.abc import Iterator
from random import Random

import pytest

import engine
from engine import account_check
from engine.commands import Command, ListInstrument, SetInstrumentStatus, Side
from engine.cross import CrossAccount, recentre
from engine.instrument import HALTED, TRADING
from engine.units import E8, AccountId, InstrumentId
from tests.engine.venue import SECOND_NS, Fields, Venue, cross_spec, order, price

ACCOUNTS = 60
UPDATES = 200
ONE_PERCENT = ((10**17, 1_000_000, 100),)
BTC = InstrumentId(1)


def venue_of(accounts: int, **settings: int) -> Venue:
    """Two markets; every account has a thousand."""
    spec = cross_spec(tiers=ONE_PERCENT, **settings)
    venue = Venue(spec, deposits=(1_000,) * accounts, insurance=1_000_000)
    venue.apply(ListInstrument(cross_spec(symbol="ETH/USDT", base="ETH", tiers=ONE_PERCENT)))
    venue.apply(price(20_000, instrument=2))
    return venue


def crowded() -> Venue:
    """Each account is long or short in both markets, with eight to thirty-two times what it has."""
    venue = venue_of(ACCOUNTS)
    random = Random(5)
    for number in range(1, ACCOUNTS + 1):
        for instrument, lots in ((1, 200), (2, 2_000)):
            side = random.choice((Side.BUY, Side.SELL))
            terms: Fields = {"account_id": AccountId(number)}
            terms["instrument_id"] = InstrumentId(instrument)
            venue.apply(
                order(**terms, side=side, qty_lots=random.randint(lots, 4 * lots), leverage=50)
            )
    return venue


def wandering(steps: int) -> Iterator[Command]:
    """Both prices wander by up to so many steps of 0.5 % at a time."""
    random = Random(6)
    ticks = {1: 200_000, 2: 20_000}
    for row in range(UPDATES):
        instrument = 1 + row % 2
        step = ticks[instrument] // 200
        ticks[instrument] += random.randint(-steps, steps) * step
        yield price(ticks[instrument], instrument=instrument)


def test_few_accounts_are_looked_at_when_little_happens() -> None:
    """CRS-6: no price update costs a scan over accounts."""
    venue = crowded()
    before = venue.state.exact_checks
    for command in wandering(1):
        venue.apply(command)

    checks = venue.state.exact_checks - before
    assert 0 < checks < ACCOUNTS * UPDATES // 20


@pytest.mark.skipif(engine.COMPILED, reason="a compiled engine cannot be patched")
def test_which_bands_are_chosen_never_changes_what_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bands without any width look at everybody all the time, and find the same."""
    chains, checks, liquidated = [], [], []
    for narrow in (False, True):
        if narrow:
            monkeypatch.setattr(account_check, "recentre", no_width)
        venue = crowded()
        said = [e for command in wandering(3) for e in venue.say(command)]
        liquidated.append(sum(1 for e in said if e["event"] == "AccountLiquidated"))
        chains.append(venue.state.event_chain)
        checks.append(venue.state.exact_checks)

    assert chains[0] == chains[1]
    assert liquidated[0] == liquidated[1] > 5
    assert checks[1] > 2 * checks[0]


def no_width(account: CrossAccount, _health_e8: int) -> None:
    """A band from the mark to the mark."""
    recentre(account, 1)


def test_accounts_go_in_order_of_their_ids() -> None:
    venue = venue_of(4)
    for number in (3, 1, 4, 2):
        venue.apply(order(account_id=AccountId(number), qty_lots=400, leverage=20))
    said = venue.say(price(170_000))

    ended = [e["account_id"] for e in said if e["event"] == "AccountLiquidated"]
    assert ended == [1, 2, 3, 4]


def test_who_cannot_be_helped_waits_until_the_market_goes_on() -> None:
    """A halted market's mark counts, but nothing in it closes."""
    venue = venue_of(1)
    venue.apply(order(qty_lots=400, leverage=20))
    venue.apply(SetInstrumentStatus(BTC, HALTED))
    assert venue.names(price(170_000)) == ["PriceAccepted"]
    venue.apply(price(20_001, instrument=2))
    assert venue.state.positions.count == 1

    names = venue.names(SetInstrumentStatus(BTC, TRADING))
    assert names[:2] == ["StatusChanged", "AccountLiquidated"]
    assert venue.state.positions.count == 0


def test_who_cannot_be_helped_on_a_stale_price_waits_for_the_next() -> None:
    """A loss in the second market; the first, where the position is largest, is stale."""
    venue = venue_of(1, stale_after_ns=SECOND_NS)
    venue.apply(order(qty_lots=400, leverage=20))
    terms = {"instrument_id": InstrumentId(2), "qty_lots": 1_500, "leverage": 20}
    venue.apply(order(**terms))
    names = venue.names(price(13_500, instrument=2), after_ns=2 * SECOND_NS)
    assert "AccountLiquidated" in names
    [left] = venue.state.positions.values()
    assert (left.market.instrument_id, left.qty_lots) == (1, 400)

    assert venue.names(price(185_000))[1] == "AccountLiquidated"


def test_a_deposit_moves_the_bands() -> None:
    """What a thousand would not bear, two thousand do."""
    venue = venue_of(2)
    for number in (1, 2):
        venue.apply(order(account_id=AccountId(number), qty_lots=400, leverage=20))
    venue.deposit(2, 1_000 * E8)
    said = venue.say(price(175_000))

    assert [e["account_id"] for e in said if e["event"] == "AccountLiquidated"] == [1]
