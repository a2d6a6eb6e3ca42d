"""Funding in worked numbers: premiums, rates, stamps; payments never create money (FUN-…)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands import AdvanceTime, ChangeInstrument, SamplePremium, SetInstrumentStatus, Side
from engine.funding import impact, next_stamp_ns, premium_e8, rate_e8
from engine.instrument import FUNDING_INTERVAL_NS_MIN, InstrumentStatus
from engine.margin import funding_atoms
from engine.units import E8, InstrumentId
from tests.engine.books import ALICE, BOB, CAROL, ask, bid, book_venue, market_of
from tests.engine.venue import START_NS, K, Venue, netting_spec, order, plain_spec, price

BTC = InstrumentId(1)
MINUTE_NS = 60_000_000_000
FUNDING: dict[str, Any] = {
    "funding_interval_ns": MINUTE_NS,
    "funding_interest_e8": 10_000,
    "funding_clamp_e8": 50_000,
    "funding_cap_e8": 2_000_000,
}


@pytest.mark.parametrize(
    ("premiums", "expected"),
    [
        ([], 10_000),  # interest alone
        ([60_000], 10_000),  # the clamp just reaches the interest: from above,
        ([-40_000], 10_000),  # and from below
        ([60_001], 10_001),
        ([-40_001], 9_999),
        ([200_000], 150_000),
        ([-200_000], -150_000),
        ([2_050_000], 2_000_000),  # exactly the cap
        ([2_049_999], 1_999_999),
        ([9_000_000], 2_000_000),
        ([-9_000_000], -2_000_000),
        ([200_000, 100_000, 0], 50_000),
        ([100_001, 100_000], 50_000),  # the average is rounded down,
        ([-100_001, -100_000], -50_001),  # away from zero if it is negative
    ],
)
def test_the_rate_is_the_clamped_and_capped_average(premiums: list[int], expected: int) -> None:
    spec = plain_spec(**FUNDING)

    assert rate_e8(spec, sum(premiums), len(premiums)) == expected


@pytest.mark.parametrize(
    ("bid_ticks", "ask_ticks", "index_ticks", "expected"),
    [
        (200_400, 200_500, 200_000, 200_000),
        (199_500, 199_600, 200_000, -200_000),
        (199_990, 200_010, 200_000, 0),
        (200_000, 200_000, 200_000, 0),
        (200_001, 200_002, 300_000, -33_332_667),  # −99,998 / 300,000 = −0.333326666…, down
        (2, 3, 1, 100_000_000),
    ],
)
def test_on_quotes_the_premium_is_that_of_bid_and_ask(
    bid_ticks: int, ask_ticks: int, index_ticks: int, expected: int
) -> None:
    """Rounded down: towards what longs receive."""
    venue = Venue(netting_spec(**FUNDING, sanity_band_e8=0), ticks=0)
    venue.apply(price(bid_ticks, ask_ticks, ask_ticks, ask_ticks, index_ticks))

    assert premium_e8(market_of(venue)) == expected
    [sampled] = venue.say(SamplePremium(BTC))
    assert sampled["premium_e8"] == expected


@pytest.mark.parametrize(
    ("impact_units", "expected"),
    [
        (0, (200_100, 1)),  # one lot of the best
        (1, (200_100, 1)),
        (60, (3 * 200_100, 3)),  # 20.01 a lot: three are 60.03
        (61, (3 * 200_100 + 200_200, 4)),  # the iceberg's hidden lots are passed over
        (100, (3 * 200_100 + 2 * 200_200, 5)),
        (200, (3 * 200_100 + 5 * 200_200 + 2 * 200_300, 10)),
        (1_000, (0, 0)),  # all twelve are not enough
    ],
)
def test_an_impact_price_walks_what_is_visible(
    impact_units: int, expected: tuple[int, int]
) -> None:
    venue = book_venue(**FUNDING, impact_notional_atoms=impact_units * E8)
    venue.apply(ask(BOB, 40, 200_100, display_lots=3))
    venue.apply(ask(CAROL, 5, 200_200))
    venue.apply(ask(BOB, 4, 200_300))

    assert impact(market_of(venue), Side.BUY) == expected
    assert impact(market_of(venue), Side.SELL) == (0, 0)


def test_a_book_premium_compares_products_not_rounded_prices() -> None:
    """Impact bid (2 × 200,003 + 200,000) / 3 = 200,002: 2 / 200,000 of the index; down."""
    venue = book_venue(**FUNDING, impact_notional_atoms=60 * E8)
    venue.apply(bid(ALICE, 2, 200_003))
    venue.apply(bid(BOB, 9, 200_000))

    assert premium_e8(market_of(venue)) == 1_000
    venue.apply(price(200_000, 200_000, 200_000, 200_000, 200_002))
    assert premium_e8(market_of(venue)) == 0


@pytest.mark.parametrize(
    ("interval_ns", "time_ns", "expected"),
    [
        (0, 12_345, 0),
        (FUNDING_INTERVAL_NS_MIN, 0, FUNDING_INTERVAL_NS_MIN),
        (FUNDING_INTERVAL_NS_MIN, FUNDING_INTERVAL_NS_MIN - 1, FUNDING_INTERVAL_NS_MIN),
        (FUNDING_INTERVAL_NS_MIN, FUNDING_INTERVAL_NS_MIN, 2 * FUNDING_INTERVAL_NS_MIN),
    ],
)
def test_stamps_are_multiples_of_the_interval(
    interval_ns: int, time_ns: int, expected: int
) -> None:
    assert next_stamp_ns(plain_spec(funding_interval_ns=interval_ns), time_ns) == expected


@given(
    longs=st.lists(st.integers(1, 10**6), min_size=1, max_size=8),
    shorts=st.lists(st.integers(1, 10**6), max_size=8),
    mark=st.integers(1, 10**9),
    k=st.integers(1, 10**4),
    rate=st.integers(-(10**8), 10**8),
)
def test_payments_of_equal_sides_never_create_money(
    longs: list[int], shorts: list[int], mark: int, k: int, rate: int
) -> None:
    """Each payment is rounded against whoever it concerns: less than an atom each (FUN-4)."""
    longs = [*longs, max(0, sum(shorts) - sum(longs))]
    shorts = [*shorts, max(0, sum(longs) - sum(shorts))]
    paid = [funding_atoms(Side.BUY, lots * mark * k, rate) for lots in longs]
    paid += [funding_atoms(Side.SELL, lots * mark * k, rate) for lots in shorts]

    assert 0 <= sum(paid) < len(paid)
    exact = [lots * mark * k * rate for lots in longs] + [-x * mark * k * rate for x in shorts]
    assert all(0 <= f * E8 - e < E8 for f, e in zip(paid, exact, strict=True))


@given(
    lots=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    premium_ticks=st.integers(-900, 900),
    mark=st.integers(190_000, 210_000),
)
def test_what_a_stamp_leaves_over_is_insurances(
    lots: list[int], premium_ticks: int, mark: int
) -> None:
    """One account against three in a book: the ledger of the venue stays exact (FUN-4)."""
    venue = book_venue(**FUNDING | {"funding_interest_e8": 7}, stale_after_ns=0)
    venue.apply(ask(ALICE, sum(lots), 200_000))
    for number, taken in enumerate(lots):
        venue.apply(order(account_id=2 + number % 3, qty_lots=taken))
    venue.apply(price(mark, mark, mark, mark, mark))
    if premium_ticks > 0:
        venue.apply(bid(BOB, 1, mark + premium_ticks, leverage=0))
    else:
        venue.apply(ask(BOB, 1, mark + premium_ticks, leverage=0))
    venue.apply(SamplePremium(BTC))
    said = venue.say(AdvanceTime(), after_ns=MINUTE_NS)

    paid = [event["amount_atoms"] for event in said if event["event"] == "FundingPaid"]
    [rate] = [event["rate_e8"] for event in said if event["event"] == "FundingSettled"]
    assert sum(paid) == venue.state.ledger.assets[1].insurance_atoms
    assert 0 <= sum(paid) < 4
    assert len(paid) == (0 if rate == 0 else 1 + min(3, len(lots)))


def test_the_sum_of_samples_begins_anew_with_every_stamp() -> None:
    venue = Venue(netting_spec(**FUNDING, stale_after_ns=0), ticks=0)
    venue.apply(price(200_400, 200_500, 200_400, 200_400, 200_000))
    venue.apply(SamplePremium(BTC))
    market = market_of(venue)
    assert (market.premium_sum_e8, market.premium_count) == (200_000, 1)

    [settled, _] = venue.say(AdvanceTime(), after_ns=MINUTE_NS)
    assert settled["stamp_ns"] == (START_NS // MINUTE_NS + 1) * MINUTE_NS
    assert (market.premium_sum_e8, market.premium_count) == (0, 0)


def test_samples_are_refused_in_their_own_order() -> None:
    """FUN-2: each command is wrong in all the later ways too."""
    venue = Venue(netting_spec(), ticks=0)
    refused = [venue.names(SamplePremium(InstrumentId(9)))]
    venue.apply(SetInstrumentStatus(BTC, InstrumentStatus.HALTED))
    refused.append(venue.names(SamplePremium(BTC)))
    venue.apply(SetInstrumentStatus(BTC, InstrumentStatus.TRADING))
    refused.append(venue.names(SamplePremium(BTC)))
    with_funding = Venue(netting_spec(**FUNDING), ticks=0)
    refused.append(with_funding.names(SamplePremium(BTC)))
    with_funding.apply(price(200_000))
    refused.append(with_funding.names(SamplePremium(BTC), after_ns=11 * 10**9))

    reasons = ["UNKNOWN_SYMBOL", "HALTED", "BAD_COMBINATION", "MARKET_NOT_READY", "STALE_PRICE"]
    assert refused == [[reason] for reason in reasons]


def test_the_isolated_margin_pays_first_and_is_paid_back_last() -> None:
    """FUN-4: 2,000 × 5 % of a margin of 20; then −3 % twice, 20 more than is owed."""
    rates = {"funding_clamp_e8": 5_000_000, "funding_cap_e8": 9_000_000}
    steep = FUNDING | rates | {"funding_interest_e8": 5_000_000, "stale_after_ns": 0}
    venue = Venue(netting_spec(**steep))
    venue.apply(order(qty_lots=100, leverage=100))
    held = venue.position(2)
    assert held.margin_atoms == 20 * E8 == 100 * 200_000 * K // 100

    venue.apply(AdvanceTime(), after_ns=MINUTE_NS)
    assert (held.margin_atoms, held.accrued_atoms, held.realized_atoms) == (0, 80 * E8, -20 * E8)
    assert held.basis_atoms() == held.cost_atoms + 80 * E8
    assert venue.state.ledger.assets[1].house_atoms == 20 * E8

    venue.apply(ChangeInstrument(BTC, netting_spec(**steep | {"funding_interest_e8": -3_000_000})))
    venue.apply(AdvanceTime(), after_ns=MINUTE_NS)
    assert (held.margin_atoms, held.accrued_atoms, held.realized_atoms) == (0, 20 * E8, -20 * E8)
    venue.apply(AdvanceTime(), after_ns=MINUTE_NS)
    assert (held.margin_atoms, held.accrued_atoms, held.realized_atoms) == (40 * E8, 0, 20 * E8)
    assert venue.state.ledger.assets[1].house_atoms == -20 * E8


def test_a_sample_has_bounds() -> None:
    """FUN-2: no price is so wild that a number leaves 63 bits."""
    venue = Venue(plain_spec(**FUNDING))
    venue.apply(price(2_000_000, 2_000_000, 2_000_000, 2_000_000, 1))

    assert [e["premium_e8"] for e in venue.say(SamplePremium(BTC))] == [10 * E8]
