"""The median of what agrees: worked numbers, and what holds for any sources."""

import statistics
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.index_price import combined, median, near_median
from gateway.feeds.quote import Prices, same_price

E8 = 10**8
BAND = 5 * E8 // 100
PRICE = st.integers(1, 10**18)
PRICES = st.lists(PRICE, min_size=1, max_size=9)


@st.composite
def quoted(draw: st.DrawFn) -> Prices:
    """Five prices with a bid below its ask."""
    bid, ask = sorted((draw(PRICE), draw(PRICE)))
    return Prices(bid, ask, draw(PRICE), draw(PRICE), draw(PRICE))


def test_worked_numbers() -> None:
    assert [median(values) for values in ([7], [3, 1, 2], [1, 2], [4, 1, 2, 8])] == [7, 2, 1, 3]
    # the median is 100: 105 is 5 % away, 106 is more; 95 is 5 % away on the other side
    assert near_median([95, 100, 106, 100, 105], BAND) == [0, 1, 3, 4]
    sources = [same_price(price) for price in (100, 101, 140)]
    assert combined(sources, BAND, 2) == same_price(100)
    assert combined(sources, BAND, 3) is None
    assert combined(sources[:1], BAND, 2) is None
    assert combined([], BAND, 0) is None


def test_two_that_contradict_each_other_make_no_index() -> None:
    """Half way between them neither is near: nobody can say which of them is right."""
    assert combined([same_price(100), same_price(150)], BAND, 1) is None
    assert combined([same_price(100), same_price(104)], BAND, 2) == same_price(102)


@given(PRICES)
def test_the_median_is_the_textbooks_floored(values: list[int]) -> None:
    exact = statistics.median(Fraction(value) for value in values)

    assert median(values) == exact.numerator // exact.denominator


@given(PRICES, st.integers(0, E8))
def test_near_is_within_the_band_exactly(values: list[int], band: int) -> None:
    middle = median(values)
    expected = [
        place
        for place, value in enumerate(values)
        if abs(Fraction(value, middle or 1) - 1) <= Fraction(band, E8)
    ]

    assert near_median(values, band) == expected


@given(st.lists(quoted(), min_size=1, max_size=7), st.integers(0, E8), st.integers(0, 7))
def test_a_combination_lies_among_those_that_agree(
    sources: list[Prices], band: int, quorum: int
) -> None:
    made = combined(sources, band, quorum)
    near = [sources[place] for place in near_median([s.index_e8 for s in sources], band)]

    if made is None:
        assert len(near) < quorum or not near
        return
    assert len(near) >= quorum
    assert made.bid_e8 <= made.ask_e8
    for field, value in zip(Prices._fields, made, strict=True):
        given_values = [getattr(source, field) for source in near]
        assert min(given_values) <= value <= max(given_values)


@given(st.lists(st.integers(99, 101), min_size=2, max_size=5), PRICE)
def test_one_that_lies_cannot_move_it_past_the_honest(honest: list[int], lie: int) -> None:
    values = [value * E8 for value in honest]
    sources = [same_price(value) for value in [*values, lie]]

    made = combined(sources, BAND, len(honest) // 2 + 1)

    assert made is not None
    assert min(values) <= made.index_e8 <= max(values)
