"""Which prices are believed (PRC-1 to PRC-4); the stories are in the scenarios."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.price_update import CANDIDATES_TO_BELIEVE, is_within
from engine.units import E8
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price

PRICES = st.lists(st.integers(1, 10**6), min_size=5, max_size=5)


@given(PRICES, PRICES, st.integers(0, E8))
def test_a_band_is_a_share_of_each_old_value(old: list[int], new: list[int], band_e8: int) -> None:
    shares = [Fraction(abs(n - o), o) for o, n in zip(old, new, strict=True)]

    assert is_within(old, new, band_e8) is (max(shares) <= Fraction(band_e8, E8))


def test_three_in_a_row_that_confirm_each_other_are_believed() -> None:
    venue = Venue()
    said = []
    for sequence, ticks in enumerate((400_000, 401_000, 100_000, 500_000, 501_000, 502_000), 1):
        [*_, last] = venue.say(price(ticks, feed="f", sequence=sequence))
        said.append((last["event"], last.get("candidates")))
    assert said == [
        ("PriceRefused", 1),
        ("PriceRefused", 2),
        ("PriceAccepted", None),  # 100,000 lies within 50 % of 200,000
        ("PriceRefused", 1),
        ("PriceRefused", 2),
        ("PriceAccepted", None),
    ]
    assert CANDIDATES_TO_BELIEVE == 3


def test_a_refused_price_changes_nothing_but_what_is_remembered_of_it() -> None:
    venue = Venue(plain_spec(stale_after_ns=10))
    market = venue.state.markets[1]
    assert market is not None
    before = market.price_time_ns
    assert venue.names(price(900_000, feed="f", sequence=7), after_ns=5) == ["PRICE_BEYOND_BAND"]

    assert (market.prices, market.processed, market.price_time_ns) == (
        [200_000] * 5,
        [200_000] * 5,
        before,
    )
    assert (market.source, market.source_sequence, market.candidate_count) == ("f", 7, 1)
    assert venue.names(price(1, feed="g", sequence=-4)) == ["PRICE_BEYOND_BAND"]
    assert (market.source, market.source_sequence, market.candidate_count) == ("g", -4, 1)


def test_the_operators_price_leaves_the_feed_where_it_was() -> None:
    venue = Venue()
    venue.apply(price(200_000, feed="f", sequence=7))
    venue.apply(price(1))
    market = venue.state.markets[1]
    assert market is not None

    assert (market.source, market.source_sequence) == ("f", 7)
    assert venue.names(price(1, feed="f", sequence=7)) == ["PRICE_OUT_OF_SEQUENCE"]


def test_the_five_prices_are_checked_before_their_source() -> None:
    venue = Venue()
    venue.apply(price(200_000, feed="f", sequence=7))

    assert venue.names(price(2, 1, 1, 1, 1, feed="f", sequence=7)) == ["BAD_PRICE"]
    assert venue.names(price(1, 1, 1, 0, 1, feed="f", sequence=7)) == ["BAD_PRICE"]
    assert venue.names(price(25_000_001)) == ["BAD_PRICE"]
    assert venue.names(price(25_000_000)) == ["PriceAccepted"]
    assert venue.names(price(1, instrument=2)) == ["UNKNOWN_SYMBOL"]


def test_the_first_price_travels_no_way() -> None:
    """PRC-4: an order placed at the first price fires by what comes after it, not by it."""
    venue = Venue(netting_spec(), ticks=0)
    assert venue.names(price(200_000)) == ["PriceAccepted"]
    assert venue.names(order(qty_lots=1, price_ticks=199_999)) == [
        "LeverageChanged",
        "OrderAccepted",
    ]
    assert venue.names(price(199_999))[1:] == ["OrderFilled", "PositionOpened"]
