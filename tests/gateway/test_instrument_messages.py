"""Settings of a market: each finds its place, and none is rounded."""

from typing import Any

import pytest

from engine.commands import ListInstrument
from engine.instrument import InstrumentSpec, MarketStructure, PositionMode, RiskTier
from engine.market import Market
from engine.units import E8, AssetId, InstrumentId
from gateway import instrument_messages as messages
from gateway.errors import ApiError
from tests.gateway.house import market

BASE = {"symbol": "ETH-PERP/USDC", "profile": "perpetual", "tick_size": "0.01", "lot_size": "0.001"}
SETTINGS: dict[str, tuple[object, str, object]] = {
    "quantity_min": ("0.002", "qty_lots_min", 2),
    "quantity_max": ("5", "qty_lots_max", 5_000),
    "notional_min": ("7.5", "notional_atoms_min", 750_000_000),
    "leverage_max": (20, "leverage_max", 20),
    "maker_fee": ("-0.0001", "maker_fee_e8", -10_000),
    "taker_fee": ("0.0003", "taker_fee_e8", 30_000),
    "liquidation_fee": ("0.01", "liquidation_fee_e8", 1_000_000),
    "market": ("ORDER_DRIVEN", "market", MarketStructure.ORDER_DRIVEN),
    "position_mode": ("HEDGING", "position_mode", PositionMode.HEDGING),
    "close_fee_reserved": (False, "close_fee_reserved", False),
    "price_band": ("0.2", "price_band_e8", 20_000_000),
    "stale_after_ms": (5, "stale_after_ns", 5_000_000),
    "orders_max": (9, "orders_max", 9),
    "funding_interval_ms": (3_600_000, "funding_interval_ns", 3_600 * 10**9),
    "funding_interest": ("-0.0002", "funding_interest_e8", -20_000),
    "funding_clamp": ("0.001", "funding_clamp_e8", 100_000),
    "funding_cap": ("0.03", "funding_cap_e8", 3_000_000),
    "impact_notional": ("2500", "impact_notional_atoms", 2_500 * E8),
}


def listed(**fields: Any) -> InstrumentSpec:
    command: ListInstrument = messages.list_instrument(
        messages.ListInstrumentRequest(**(BASE | fields))
    )
    return command.spec


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_changes_its_field_alone(name: str) -> None:
    given, field, expected = SETTINGS[name]
    usual, changed = listed(), listed(**{name: given})

    differing = {
        slot: getattr(changed, slot)
        for slot in InstrumentSpec.__slots__
        if slot != "tiers" and getattr(changed, slot) != getattr(usual, slot)
    }
    assert differing == {field: expected}


def test_a_profile_brings_the_rest() -> None:
    spec = listed()

    assert (spec.base, spec.settlement, spec.market) == (
        *("ETH", "USDC", MarketStructure.QUOTE_DRIVEN),
    )
    assert listed(base="X", settlement="Y").base == "X"


def test_tiers_are_read_exactly_and_a_change_keeps_what_it_does_not_name() -> None:
    tier = messages.TierRequest("1000.5", "0.015", 100)
    there = Market(InstrumentId(1), AssetId(1), market("BTC/USDT"))

    changed = messages.change_instrument(there, messages.InstrumentSettings(tiers=[tier])).spec

    (made,) = changed.tiers
    assert isinstance(made, RiskTier)
    assert (made.cap_atoms, made.maintenance_e8, made.leverage_max) == (
        *(100_050_000_000, 1_500_000, 100),
    )
    assert changed.tick_size_e8 == there.spec.tick_size_e8


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"quantity_min": "0.0005"}, "BAD_INSTRUMENT"),
        ({"tick_size": "0"}, "BAD_INSTRUMENT"),
        ({"maker_fee": "x"}, "BAD_NUMBER"),
        ({"funding_cap": "1"}, "BAD_INSTRUMENT"),
        ({"funding_interval_ms": 59_999}, "BAD_INSTRUMENT"),
        ({"impact_notional": "-1"}, "BAD_INSTRUMENT"),
        ({"leverage_max": 5_000}, "BAD_INSTRUMENT"),
    ],
)
def test_what_makes_no_market_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        listed(**fields)

    assert refused.value.code == code
