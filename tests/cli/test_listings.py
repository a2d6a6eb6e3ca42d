"""The markets of demo and replay are ones the engine lists, on the grids that were promised."""

import pytest

from engine.codec import INSTRUMENT_FIELDS
from engine.instrument import (
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    PositionMode,
    instrument_fault,
)
from gateway.listings import GRIDS, order_driven_market, perpetual_market, simple_market

SPECS = [market(base) for base in GRIDS for market in (simple_market, perpetual_market)]


@pytest.mark.parametrize("spec", SPECS, ids=[spec.symbol for spec in SPECS])
def test_the_engine_lists_it(spec: InstrumentSpec) -> None:
    assert instrument_fault(spec) == ""
    assert spec.market is MarketStructure.QUOTE_DRIVEN
    assert spec.margin_mode is MarginMode.ISOLATED


@pytest.mark.parametrize("base", GRIDS)
def test_the_order_driven_market_differs_in_nothing_else(base: str) -> None:
    ours, quoted = order_driven_market(base), perpetual_market(base)

    assert instrument_fault(ours) == ""
    names = [name for name in INSTRUMENT_FIELDS if getattr(ours, name) != getattr(quoted, name)]
    assert ours.market is MarketStructure.ORDER_DRIVEN
    assert set(names) - {"tiers"} == {"market"}


def test_bitcoin_has_the_ticks_lots_and_leverage_of_the_demo() -> None:
    simple, perpetual = simple_market("BTC"), perpetual_market("BTC")

    assert (simple.symbol, simple.position_mode) == ("BTC/USDT", PositionMode.TICKET)
    assert (simple.tick_size_e8, simple.lot_size_e8) == (1_000_000, 100)
    assert simple.leverage_max == 100
    assert (perpetual.symbol, perpetual.position_mode) == ("BTC-PERP/USDT", PositionMode.NETTING)
    assert (perpetual.tick_size_e8, perpetual.lot_size_e8) == (10_000_000, 100_000)
    assert len(perpetual.tiers) == 10
