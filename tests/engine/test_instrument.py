"""What an instrument may be; each fault is found by its own words (INS-1)."""

from typing import Any

import pytest

from engine.instrument import (
    FUNDING_INTERVAL_NS_MIN,
    MarginMode,
    MarketStructure,
    instrument_fault,
    is_name,
    largest_position_lots,
    largest_price_ticks,
    perpetual_instrument,
    simple_instrument,
)
from engine.units import E8, NOTIONAL_ATOMS_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX
from tests.engine.venue import plain_spec

TIER = (NOTIONAL_ATOMS_MAX, 0, 100)
FAULTS: dict[str, list[dict[str, Any]]] = {
    "symbol, base and settlement must be short printable names": [
        {"symbol": ""},
        {"symbol": "x" * 33},
        {"symbol": "BTC USDT"},
        {"base": "x" * 17},
        {"settlement": "US\u2212D"},
    ],
    "tick size and lot size must be positive": [{"tick_size_e8": 0}, {"lot_size_e8": -1}],
    "tick size times lot size must be a whole number of atoms": [
        {"tick_size_e8": 1, "lot_size_e8": 99_999_999},
        {"tick_size_e8": 3, "lot_size_e8": 150_000_001},
    ],
    "quantity limits must satisfy 1 <= min <= max": [
        {"qty_lots_min": 0},
        {"qty_lots_min": 11, "qty_lots_max": 10},
        {"qty_lots_max": QTY_LOTS_MAX + 1},
    ],
    "the minimum notional is out of range": [
        {"notional_atoms_min": -1},
        {"notional_atoms_min": NOTIONAL_ATOMS_MAX + 1},
    ],
    "maximum leverage or open orders out of range": [
        {"leverage_max": 0},
        {"leverage_max": 1_001},
        {"orders_max": 0},
        {"orders_max": 10_001},
    ],
    "fee rates must be below 100 %": [
        {"taker_fee_e8": E8},
        {"maker_fee_e8": -E8},
        {"liquidation_fee_e8": E8},
    ],
    "only the maker fee may be negative": [{"taker_fee_e8": -1}, {"liquidation_fee_e8": -1}],
    "a rebate must not exceed the taker fee": [{"maker_fee_e8": -1, "taker_fee_e8": 0}],
    "price bands must lie between 0 and 1": [
        {"price_band_e8": E8},
        {"price_band_e8": -1},
        {"sanity_band_e8": E8 + 1},
    ],
    "the stale time must not be negative": [{"stale_after_ns": -1}],
    "an order-driven market needs a price band, which protects market orders": [
        {"market": MarketStructure.ORDER_DRIVEN}
    ],
    "maximum of conditional orders out of range": [
        {"conditionals_max": 0},
        {"conditionals_max": 10_001},
    ],
    "a funding interval must be a minute or more, or 0 for none": [
        {"funding_interval_ns": FUNDING_INTERVAL_NS_MIN - 1},
        {"funding_interval_ns": -FUNDING_INTERVAL_NS_MIN},
    ],
    "funding cap and clamp must lie between 0 and 1": [
        {"funding_cap_e8": -1},
        {"funding_cap_e8": E8},
        {"funding_clamp_e8": -1},
        {"funding_clamp_e8": E8},
    ],
    "the funding interest must be below 100 %": [
        {"funding_interest_e8": E8},
        {"funding_interest_e8": -E8},
    ],
    "the impact notional is out of range": [
        {"impact_notional_atoms": -1},
        {"impact_notional_atoms": NOTIONAL_ATOMS_MAX + 1},
    ],
    "at least one risk tier is needed": [{"tiers": ()}],
    "tier caps must rise, up to the largest notional": [
        {"tiers": ((100, 0, 100), (100, 1, 50))},
        {"tiers": ((NOTIONAL_ATOMS_MAX + 1, 0, 100),)},
        {"tiers": ((0, 0, 100),)},
    ],
    "tier maintenance rates must rise and stay below 1": [
        {"tiers": ((100, 5, 100), (200, 5, 50))},
        {"tiers": ((100, -1, 100),)},
        {"tiers": ((100, E8, 100),)},
    ],
    "tier leverages must fall and be at least 1": [
        {"tiers": ((100, 0, 100), (200, 1, 100))},
        {"tiers": ((100, 0, 100), (200, 1, 0))},
    ],
    "maintenance and reserved closing fee must stay below 100 % together": [
        {"tiers": ((100, E8 - 1, 100),), "taker_fee_e8": 1, "close_fee_reserved": True}
    ],
    "the first tier must allow the instrument's leverage": [{"tiers": ((100, 0, 99),)}],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str) -> None:
    for settings in FAULTS[fault]:
        assert instrument_fault(plain_spec(**settings)) == fault, settings


def test_what_lies_on_the_bounds_is_listed() -> None:
    for settings in (
        {},
        {"tick_size_e8": 1, "lot_size_e8": E8},
        {"qty_lots_min": 7, "qty_lots_max": 7},
        {"maker_fee_e8": -5, "taker_fee_e8": 5},
        {"leverage_max": 1_000, "tiers": ((NOTIONAL_ATOMS_MAX, E8 - 1, 1_000),)},
        {"price_band_e8": E8 - 1, "sanity_band_e8": E8, "orders_max": 10_000},
        {"funding_interval_ns": FUNDING_INTERVAL_NS_MIN, "funding_interest_e8": 1 - E8},
        {"funding_cap_e8": E8 - 1, "funding_clamp_e8": E8 - 1},
        {"impact_notional_atoms": NOTIONAL_ATOMS_MAX},
    ):
        assert instrument_fault(plain_spec(**settings)) == "", settings


def test_the_profiles_are_what_the_document_says() -> None:
    simple = simple_instrument("BTC/USDT", "BTC", "USDT", 10_000_000, 100_000)
    perpetual = perpetual_instrument("BTC/USDT", "BTC", "USDT", 10_000_000, 100_000)

    assert instrument_fault(simple) == ""
    assert simple.atoms_per_tick_lot() == perpetual.atoms_per_tick_lot() == 10_000
    assert [simple.maker_fee_e8, simple.taker_fee_e8] == [40_000, 40_000]
    assert [(tier.maintenance_e8, tier.leverage_max) for tier in simple.tiers] == [(0, 100)]
    assert instrument_fault(perpetual) == ""
    assert perpetual.margin_mode is MarginMode.CROSS
    assert (simple.funding_interval_ns, perpetual.funding_interval_ns) == (0, 8 * 3_600 * 10**9)
    rates = perpetual.funding_interest_e8, perpetual.funding_clamp_e8, perpetual.funding_cap_e8
    assert rates == (10_000, 50_000, 2_000_000)
    as_data = plain_spec(
        tiers=tuple((t.cap_atoms, t.maintenance_e8, t.leverage_max) for t in perpetual.tiers)
    )
    assert instrument_fault(as_data) == ""


def test_the_largest_price_keeps_the_largest_position_in_63_bits() -> None:
    spec = plain_spec(qty_lots_max=1_000_000)

    assert largest_position_lots(spec) == 16_000_000
    assert largest_price_ticks(spec) == 25_000_000  # 4e18 / (1.6e7 × 1e4)
    assert largest_price_ticks(plain_spec(qty_lots_max=1)) == 25_000_000_000_000 // 25
    assert largest_price_ticks(plain_spec(qty_lots_max=QTY_LOTS_MAX)) == 1
    assert largest_price_ticks(plain_spec(qty_lots_max=1)) == PRICE_TICKS_MAX


@pytest.mark.parametrize(
    ("text", "good"),
    [("a", True), ("!~", True), ("", False), ("a b", False), ("\x7f", False), ("aaaa", False)],
)
def test_names_are_short_and_printable(text: str, good: bool) -> None:
    assert is_name(text, 3) is good
