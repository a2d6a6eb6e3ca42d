"""What a market knows of its prices and its seats (PRC-5)."""

import pytest

from engine.commands import PriceSource
from engine.market import Market
from engine.units import AccountId
from tests.engine.venue import SECOND_NS, START_NS, Venue, plain_spec, price


def market_of(venue: Venue) -> Market:
    market = venue.state.markets[1]
    assert market is not None
    return market


def test_prices_are_named() -> None:
    venue = Venue(ticks=0)
    venue.apply(price(11, 12, 13, 14, 15))
    market = market_of(venue)

    named = [market.bid_ticks, market.ask_ticks, market.last_ticks, market.mark_ticks]
    assert [*named, market.index_ticks] == [11, 12, 13, 14, 15]
    assert [market.prices[source] for source in PriceSource] == [11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    ("stale_after_ns", "age_ns", "stale"),
    [
        (10 * SECOND_NS, 10 * SECOND_NS, False),
        (10 * SECOND_NS, 10 * SECOND_NS + 1, True),
        (0, 10**18, False),
    ],
)
def test_a_price_grows_stale(stale_after_ns: int, age_ns: int, stale: bool) -> None:
    market = market_of(Venue(plain_spec(stale_after_ns=stale_after_ns)))

    assert market.is_stale(START_NS + age_ns) is stale


def test_a_seat_is_made_when_first_asked_for_and_kept() -> None:
    market = market_of(Venue(deposits=(1, 1, 1)))
    assert market.existing_seat(AccountId(3)) is None

    seat = market.seat(AccountId(3))
    assert market.seat(AccountId(3)) is market.existing_seat(AccountId(3)) is seat
    assert market.existing_seat(AccountId(2)) is None
    assert (seat.main.leverage, seat.open_orders) == (1, 0)


def test_settings_bring_what_is_derived_from_them() -> None:
    market = market_of(Venue(plain_spec(taker_fee_e8=5, close_fee_reserved=True)))
    assert (market.k, market.close_fee_e8, market.price_ticks_max) == (10_000, 5, 25_000_000)

    tiers = ((1_000, 5, 100), (2_000, 7, 50))
    market.set_spec(plain_spec(taker_fee_e8=5, tiers=tiers, qty_lots_max=2_000_000))
    assert (market.close_fee_e8, market.price_ticks_max) == (0, 12_500_000)
    assert [(r.maintenance_e8, r.deduction_e8) for r in market.rates] == [(5, 0), (7, 2_000)]
    assert market.is_cross is False
    assert market.fee_on_margin is True
