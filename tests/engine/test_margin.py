"""The formulas of margin and profit against exact fractions, and worked by hand.

LIQ-1, LIQ-2, EXI-5, FIL-5.
"""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.commands import Side
from engine.margin import (
    TierRate,
    auto_close_ticks,
    bankruptcy_ticks,
    cost_removed_atoms,
    fee_atoms,
    initial_margin_atoms,
    is_liquidatable,
    liquidation_ticks,
    maintenance_e8,
    notional_cap_atoms,
    profit_atoms,
    profit_percent_e8,
    quantity_lots,
    share_released_atoms,
    tier_rates,
)
from engine.units import E8
from tests.engine.venue import K, plain_spec

NO_MAINTENANCE = [TierRate(0, 0)]
TIERS = ((50_000, 400_000, 100), (250_000, 500_000, 50), (10**9, 1_000_000, 20))
TIERED = tier_rates(plain_spec(tiers=TIERS))
SIDES = st.sampled_from(list(Side))
LOTS = st.integers(1, 10_000)
TICKS = st.integers(1, 10**6)


def sign(side: Side) -> int:
    return 1 if side is Side.BUY else -1


# The formulas with one tier and no closing fee, with numbers worked out by hand.


def test_quantity_of_an_amount() -> None:
    # 100 × 20 / 20000.0 = 0.1: a hundred lots of 0.001
    assert quantity_lots(100 * E8, 20, 200_000, K) == 100
    assert quantity_lots(100 * E8 - 1, 20, 200_000, K) == 99
    assert quantity_lots(100 * E8, 1, 200_000, K) == 5
    assert quantity_lots(1, 1, 200_000, K) == 0


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, 50), (Side.SELL, -50)])
def test_pnl_of_a_position(side: Side, expected: int) -> None:
    # 0.1 bought or sold at 20000.0, the price at 20500.0
    assert profit_atoms(side, 100, 2_000 * E8, 205_000, K) == expected * E8
    assert profit_atoms(side, 100, 2_000 * E8, 200_000, K) == 0


def test_pnl_percent_is_of_the_initial_margin() -> None:
    assert profit_percent_e8(50 * E8, 100 * E8) == 50 * E8
    assert profit_percent_e8(-150 * E8, 100 * E8) == -150 * E8
    assert profit_percent_e8(1, 3) == 33_33333333
    assert profit_percent_e8(-1, 3) == -33_33333334
    assert profit_percent_e8(5, 0) == 0


@pytest.mark.parametrize(
    ("side", "leverage", "expected"),
    [
        (Side.BUY, 20, 190_000),  # 20000 − 20000 / 20
        (Side.SELL, 20, 210_000),
        (Side.BUY, 1, 0),  # never
        (Side.SELL, 1, 400_000),
        (Side.BUY, 100, 198_000),
        (Side.BUY, 3, 133_333),  # 13333.33…: down, so that equity is truly gone
        (Side.SELL, 3, 266_667),
    ],
)
def test_liquidation_price_of_the_seed(side: Side, leverage: int, expected: int) -> None:
    cost = 100 * 200_000 * K
    margin = initial_margin_atoms(cost, leverage)

    assert liquidation_ticks(side, 100, cost, margin, K, NO_MAINTENANCE, 0) == expected


def test_deductions_make_the_lines_meet_at_the_caps() -> None:
    # D_1 = 50,000 × (0.5 % − 0.4 %), D_2 = D_1 + 250,000 × (1 % − 0.5 %), in atoms × 10^8
    assert [rate.deduction_e8 for rate in TIERED] == [
        0,
        50_000 * 100_000,
        130_000 * 1_000_000,
    ]
    for cap in (50_000, 250_000):
        lower, upper = (cap * r.maintenance_e8 - r.deduction_e8 for r in at_cap(cap))
        assert lower == upper


def at_cap(cap: int) -> list[TierRate]:
    place = [tier[0] for tier in TIERS].index(cap)
    return TIERED[place : place + 2]


@pytest.mark.parametrize(
    ("leverage", "cap"),
    [(100, 50_000), (51, 50_000), (50, 250_000), (20, 10**9), (1, 10**9), (101, 0)],
)
def test_the_cap_is_that_of_the_last_tier_that_allows_the_leverage(leverage: int, cap: int) -> None:
    assert notional_cap_atoms(plain_spec(tiers=TIERS), leverage) == cap


# The same against fractions.


@given(st.integers(0, 10**18), st.integers(1, 1_000))
def test_initial_margin_is_rounded_up(notional: int, leverage: int) -> None:
    assert initial_margin_atoms(notional, leverage) == ceil(Fraction(notional, leverage))


@given(st.integers(0, 10**18), st.integers(-E8 + 1, E8 - 1))
def test_fees_are_rounded_up_and_rebates_down(base: int, rate_e8: int) -> None:
    fee = fee_atoms(base, rate_e8)

    assert fee == ceil(Fraction(base * rate_e8, E8))
    assert rate_e8 >= 0 or abs(fee) <= Fraction(base * -rate_e8, E8)


@given(st.integers(0, 10**9))
def test_maintenance_is_the_sum_of_the_slices(notional: int) -> None:
    sliced = floor_atoms = 0
    for cap, rate_e8, _ in TIERS:
        sliced += max(0, min(notional, cap) - floor_atoms) * rate_e8
        floor_atoms = cap

    assert maintenance_e8(notional, TIERED, 0) == sliced
    assert maintenance_e8(notional, TIERED, 7) == sliced + 7 * notional


@given(SIDES, LOTS, TICKS, st.integers(1, 125), st.integers(0, 10**6), st.sampled_from([0, 50_000]))
def test_the_liquidation_tick_is_exact(
    side: Side, lots: int, entry: int, leverage: int, added: int, close_fee_e8: int
) -> None:
    cost = lots * entry
    margin = initial_margin_atoms(cost, leverage) + added
    tick = liquidation_ticks(side, lots, cost, margin, 1, TIERED, close_fee_e8)

    def dead(mark: int) -> bool:
        return is_liquidatable(side, lots, cost, margin, mark, 1, TIERED, close_fee_e8)

    alive = tick + sign(side)
    if tick >= 1:
        assert dead(tick)
    if alive >= 1:
        assert not dead(alive)


@given(SIDES, LOTS, TICKS, st.integers(0, 10**9))
def test_the_bankruptcy_tick_is_the_last_without_debt(
    side: Side, lots: int, entry: int, margin: int
) -> None:
    cost = lots * entry
    tick = bankruptcy_ticks(side, lots, cost, margin, 1)

    assert margin + profit_atoms(side, lots, cost, tick, 1) >= 0
    assert margin + profit_atoms(side, lots, cost, tick - sign(side), 1) < 0


@given(SIDES, LOTS, TICKS, st.integers(1, 10**9), st.integers(-(10**9), 10**9))
def test_the_auto_close_tick_is_where_the_percentage_is_reached(
    side: Side, lots: int, entry: int, initial: int, threshold_e8: int
) -> None:
    assume(threshold_e8 != 0)
    cost = lots * entry
    tick = auto_close_ticks(side, lots, cost, initial, threshold_e8, 1)
    gains = threshold_e8 > 0

    def reached(mark: int) -> bool:
        profit_e8 = profit_atoms(side, lots, cost, mark, 1) * E8
        return profit_e8 >= threshold_e8 * initial if gains else profit_e8 <= threshold_e8 * initial

    before = tick - sign(side) if gains else tick + sign(side)
    assert reached(tick)
    assert not reached(before)


@given(SIDES, st.integers(1, 10**12), st.data())
def test_what_leaves_a_position_is_rounded_against_the_account(
    side: Side, cost: int, data: st.DataObject
) -> None:
    lots = data.draw(LOTS)
    closing = data.draw(st.integers(1, lots))
    share = Fraction(cost * closing, lots)

    removed = cost_removed_atoms(side, cost, closing, lots)
    assert removed == (ceil(share) if side is Side.BUY else floor(share))
    assert share_released_atoms(cost, closing, lots) == floor(share)
    assert (
        cost_removed_atoms(side, cost, lots, lots) == share_released_atoms(cost, lots, lots) == cost
    )
