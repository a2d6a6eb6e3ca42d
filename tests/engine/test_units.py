"""The two roundings, and bounds that keep every number in 63 bits."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import units
from engine.units import div_ceil, div_floor

ANY = st.integers(-(10**30), 10**30)
POSITIVE = st.integers(1, 10**20)


@given(ANY, POSITIVE)
def test_floor_and_ceil_are_exact(numerator: int, denominator: int) -> None:
    quotient = Fraction(numerator, denominator)

    assert div_floor(numerator, denominator) == floor(quotient)
    assert div_ceil(numerator, denominator) == ceil(quotient)


@pytest.mark.parametrize(
    ("numerator", "floored", "ceiled"),
    [(7, 2, 3), (-7, -3, -2), (6, 2, 2), (-6, -2, -2), (0, 0, 0)],
)
def test_the_remainder_goes_where_it_should(numerator: int, floored: int, ceiled: int) -> None:
    assert (div_floor(numerator, 3), div_ceil(numerator, 3)) == (floored, ceiled)


@pytest.mark.parametrize("divide", [div_floor, div_ceil])
def test_nothing_is_divided_by_nothing(divide: object) -> None:
    assert callable(divide)
    for denominator in (0, -1):
        with pytest.raises(AssertionError):
            divide(1, denominator)


def test_every_bound_fits_63_bits() -> None:
    bounds = (
        units.PRICE_TICKS_MAX,
        units.QTY_LOTS_MAX,
        units.AMOUNT_ATOMS_MAX,
        units.NOTIONAL_ATOMS_MAX,
        units.AUTO_CLOSE_E8_MAX,
    )

    assert max(bounds) < units.INT64_MAX == 2**63 - 1
