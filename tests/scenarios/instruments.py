"""Settings of an instrument in words, over one of the profiles.  Knows data, no engine."""

from collections.abc import Callable
from typing import Final

from engine.codec import INSTRUMENT_FIELDS, instrument_from_row, instrument_row
from engine.instrument import (
    FeeBasis,
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    PositionMode,
    Remainder,
    perpetual_instrument,
    simple_instrument,
)
from tests.scenarios.decimals import ATOM, percent_e8, seconds_ns, to_units

Setting = int | bool | tuple[tuple[int, int, int], ...]
Settings = dict[str, Setting]

WORDS: Final[dict[str, dict[str, int]]] = {
    "fees-on": {"margin": FeeBasis.MARGIN, "notional": FeeBasis.NOTIONAL},
    "positions": {mode.name.lower(): mode for mode in PositionMode},
    "margin-mode": {"isolated": MarginMode.ISOLATED, "cross": MarginMode.CROSS},
    "market": {
        "quotes": MarketStructure.QUOTE_DRIVEN,
        "orders": MarketStructure.ORDER_DRIVEN,
    },
    "remainder": {"user": Remainder.TO_USER, "insurance": Remainder.TO_INSURANCE},
    "close-fee": {"reserved": True, "unreserved": False},
}
FIELDS: Final = {
    "fees-on": "fee_basis",
    "positions": "position_mode",
    "margin-mode": "margin_mode",
    "market": "market",
    "remainder": "remainder",
    "close-fee": "close_fee_reserved",
    "maker": "maker_fee_e8",
    "taker": "taker_fee_e8",
    "liquidation-fee": "liquidation_fee_e8",
    "band": "price_band_e8",
    "sanity": "sanity_band_e8",
    "tick": "tick_size_e8",
    "lot": "lot_size_e8",
    "min-notional": "notional_atoms_min",
    "max-leverage": "leverage_max",
    "max-orders": "orders_max",
    "max-conditionals": "conditionals_max",
    "min-lots": "qty_lots_min",
    "max-lots": "qty_lots_max",
    "stale": "stale_after_ns",
    "funding": "funding_interval_ns",
    "interest": "funding_interest_e8",
    "clamp": "funding_clamp_e8",
    "cap": "funding_cap_e8",
    "impact": "impact_notional_atoms",
}
READERS: Final[dict[str, Callable[[str], int]]] = {
    **dict.fromkeys(["maker", "taker", "liquidation-fee", "band", "sanity"], percent_e8),
    **dict.fromkeys(["interest", "clamp", "cap"], percent_e8),
    **dict.fromkeys(["tick", "lot", "min-notional", "impact"], lambda text: to_units(text, ATOM)),
    **dict.fromkeys(["max-leverage", "max-orders", "max-conditionals"], int),
    **dict.fromkeys(["min-lots", "max-lots"], int),
    "stale": seconds_ns,
    "funding": seconds_ns,
}


def profile(name: str, symbol: str) -> InstrumentSpec:
    """`simple` as it is; `book` is `perpetual` with isolated margin, `netting` that on quotes.

    `cross` is `perpetual` on quotes.
    """
    base, settlement = symbol.split("/")
    tick_e8, lot_e8 = to_units("0.1", ATOM), to_units("0.001", ATOM)
    if name == "simple":
        spec = simple_instrument(symbol, base, settlement, tick_e8, lot_e8)
        return with_fields(spec, {"qty_lots_max": 1_000_000})  # room for higher prices
    spec = perpetual_instrument(symbol, base, settlement, tick_e8, lot_e8)
    if name == "perpetual":
        return spec
    if name == "book":
        return with_fields(spec, {"margin_mode": MarginMode.ISOLATED})
    if name == "cross":
        return with_fields(spec, {"market": MarketStructure.QUOTE_DRIVEN})
    if name != "netting":
        raise ValueError(f"no profile is called {name}")
    return with_fields(
        spec, {"market": MarketStructure.QUOTE_DRIVEN, "margin_mode": MarginMode.ISOLATED}
    )


def with_settings(spec: InstrumentSpec, words: list[str]) -> InstrumentSpec:
    """The instrument with settings changed: `fees 0`, `tiers 50000:0.4%:100,…`, `taker 0.05%`."""
    settings: Settings = {}
    for name, value in zip(words[::2], words[1::2], strict=True):
        if name == "tiers":
            settings["tiers"] = tuple(tier(text) for text in value.split(","))
        elif name == "fees":
            rate_e8 = percent_e8(value)
            settings["maker_fee_e8"] = settings["taker_fee_e8"] = rate_e8
            settings["liquidation_fee_e8"] = 0
        elif name in WORDS:
            settings[FIELDS[name]] = WORDS[name][value]
        else:
            settings[FIELDS[name]] = READERS[name](value)
    return with_fields(spec, settings)


def with_fields(spec: InstrumentSpec, settings: Settings) -> InstrumentSpec:
    """The instrument with some fields replaced."""
    row = dict(zip(INSTRUMENT_FIELDS, instrument_row(spec), strict=True))
    row.update(settings)
    return instrument_from_row(tuple(row[name] for name in INSTRUMENT_FIELDS))


def tier(text: str) -> tuple[int, int, int]:
    """`50000:0.4%:100`: cap, maintenance rate, highest leverage."""
    cap, maintenance, leverage = text.split(":")
    return to_units(cap, ATOM), percent_e8(maintenance), int(leverage)
