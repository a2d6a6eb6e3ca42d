"""The markets that the demo and the replay list.  Knows their grids; knows nobody who trades.

All have isolated margin: `BASE/USDT` of the simple profile, quote-driven, and `BASE-PERP/USDT` of
the perpetual profile with its tiers, fees on notional and netting: quote-driven where traders are
alone with the feed, as in the replay, and order-driven in the demo.
"""

from typing import Final, NamedTuple

from engine.codec import INSTRUMENT_FIELDS, instrument_from_row, instrument_row
from engine.instrument import (
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    perpetual_instrument,
    simple_instrument,
)

SETTLEMENT: Final = "USDT"


class Grid(NamedTuple):
    """Tick and lot sizes in 10^-8 of the settlement and of the base asset."""

    simple_tick_e8: int
    simple_lot_e8: int
    perpetual_tick_e8: int
    perpetual_lot_e8: int


GRIDS: Final = {
    "BTC": Grid(1_000_000, 100, 10_000_000, 100_000),
    "ETH": Grid(1_000_000, 1_000, 1_000_000, 100_000),
}


def simple_market(base: str) -> InstrumentSpec:
    """`BASE/USDT`: tickets, fees on margin, leverage up to 100, no maintenance margin."""
    grid = GRIDS[base]
    symbol = f"{base}/{SETTLEMENT}"
    return simple_instrument(symbol, base, SETTLEMENT, grid.simple_tick_e8, grid.simple_lot_e8)


def perpetual_market(base: str) -> InstrumentSpec:
    """`BASE-PERP/USDT`: netting, tiered maintenance, filled by the feed's bid and ask."""
    return _perpetual(base, MarketStructure.QUOTE_DRIVEN)


def order_driven_market(base: str) -> InstrumentSpec:
    """`BASE-PERP/USDT`: netting, tiered maintenance, where users trade with each other."""
    return _perpetual(base, MarketStructure.ORDER_DRIVEN)


def _perpetual(base: str, market: MarketStructure) -> InstrumentSpec:
    grid = GRIDS[base]
    symbol = f"{base}-PERP/{SETTLEMENT}"
    spec = perpetual_instrument(
        symbol, base, SETTLEMENT, grid.perpetual_tick_e8, grid.perpetual_lot_e8
    )
    row = list(instrument_row(spec))
    row[INSTRUMENT_FIELDS.index("market")] = market
    row[INSTRUMENT_FIELDS.index("margin_mode")] = MarginMode.ISOLATED
    return instrument_from_row(row)
