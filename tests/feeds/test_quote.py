"""Decimals become integers without loss, and land on the grid by the written roundings."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.quote import (
    BadPrice,
    Prices,
    Quote,
    e8_from_decimal,
    nearest_half_down,
    price_e8,
    same_price,
    to_ticks,
)

CENT_E8 = 1_000_000


def quote(prices: Prices) -> Quote:
    return Quote("BTC/USDT", "test", 1, *prices)


@pytest.mark.parametrize(
    ("text", "expected_e8"),
    [
        ("1", 100_000_000),
        ("0.00000001", 1),
        ("68613.9", 6_861_390_000_000),
        ("61837.63000000", 6_183_763_000_000),
        ("0.1", 10_000_000),
        ("007.50", 750_000_000),
        ("9999999999.99999999", 10**18 - 1),
    ],
)
def test_a_decimal_is_scaled_exactly(text: str, expected_e8: int) -> None:
    assert price_e8(text) == expected_e8


@given(st.decimals(min_value=0, max_value=Decimal("9999999999.99999999"), places=8))
def test_every_decimal_of_eight_places_survives(value: Decimal) -> None:
    assert Decimal(e8_from_decimal(f"{value:f}")).scaleb(-8) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.000000001", "'0.000000001' has 9 decimals; at most 8 can be kept exactly"),
        ("1.000000000", "'1.000000000' has 9 decimals; at most 8 can be kept exactly"),
        ("10000000000", "'10000000000' has more than 10 digits before the point"),
        ("0.00", "'0.00' is no price: it must be above zero"),
        ("", "'' is not a decimal number of the digits 0 to 9 and one point"),
        ("-1", "'-1' is not a decimal number of the digits 0 to 9 and one point"),
        ("1e5", "'1e5' is not a decimal number of the digits 0 to 9 and one point"),
        (".5", "'.5' is not a decimal number of the digits 0 to 9 and one point"),
        ("5.", "'5.' is not a decimal number of the digits 0 to 9 and one point"),
        ("1\n", "'1\\n' is not a decimal number of the digits 0 to 9 and one point"),
        ("NaN", "'NaN' is not a decimal number of the digits 0 to 9 and one point"),
        ("١٢", "'١٢' is not a decimal number of the digits 0 to 9 and one point"),
        ("9" * 5_000, f"'{'9' * 40}'… has more than 10 digits before the point"),
    ],
)
def test_what_is_no_price_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadPrice) as refusal:
        price_e8(text)

    assert str(refusal.value) == reason


def test_a_price_on_the_grid_stays_where_it_is() -> None:
    assert to_ticks(quote(same_price(price_e8("68613.91"))), CENT_E8) == (6_861_391,) * 5


def test_off_the_grid_the_bid_goes_down_and_the_ask_goes_up() -> None:
    just_above_e8 = price_e8("100.01") + 1

    assert to_ticks(quote(same_price(just_above_e8)), CENT_E8) == (
        (10_001, 10_002, 10_001, 10_001, 10_001)
    )


def test_last_mark_and_index_go_to_the_nearest_tick_and_a_half_goes_down() -> None:
    half_e8 = price_e8("100.015")
    prices = Prices(half_e8, half_e8, half_e8 - 1, half_e8, half_e8 + 1)

    assert to_ticks(quote(prices), CENT_E8) == (10_001, 10_002, 10_001, 10_001, 10_002)


def test_an_odd_tick_has_no_half() -> None:
    assert [nearest_half_down(price, 3) for price in range(7)] == [0, 0, 1, 1, 1, 2, 2]


def test_the_finest_grid_changes_nothing() -> None:
    prices = Prices(1, 2, 3, 4, 10**18 - 1)

    assert to_ticks(quote(prices), 1) == prices


def test_a_price_below_the_grid_is_not_lifted_to_one_tick() -> None:
    assert to_ticks(quote(same_price(CENT_E8 // 2)), CENT_E8) == (0, 1, 0, 0, 0)


@given(
    st.integers(min_value=1, max_value=10**18 - 1),
    st.integers(min_value=1, max_value=10**12),
)
def test_the_grid_agrees_with_decimal_arithmetic(price: int, tick_size_e8: int) -> None:
    modes = (ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_DOWN, ROUND_HALF_DOWN, ROUND_HALF_DOWN)
    doubled, rest = divmod(2 * price, tick_size_e8)
    # Halves of a tick, with a trace of what is beyond them: all that rounding can depend on.
    halves = Decimal(doubled) + (Decimal("0.5") if rest else 0)
    expected = tuple(int((halves / 2).to_integral_value(mode)) for mode in modes)

    assert to_ticks(quote(same_price(price)), tick_size_e8) == expected
