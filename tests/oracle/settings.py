"""What an instrument may be set to (INS-1, INS-2).  Knows limits; holds no state."""

import itertools
from fractions import Fraction
from typing import Final

from tests.oracle.records import CONDITIONALS_MAX, E8, NOTIONAL_ATOMS_MAX, QTY_LOTS_MAX, Fields
from tests.oracle.rules import close_fee_e8

MINUTE_NS: Final = 60_000_000_000
IDENTITY: Final = frozenset(
    {"symbol", "base", "settlement", "tick_size_e8", "lot_size_e8", "market"}
    | {"position_mode", "margin_mode", "fee_basis", "remainder"}
)


def is_name(text: str, length_max: int) -> bool:
    """1 to `length_max` printable ASCII characters, no space."""
    return 1 <= len(text) <= length_max and all(33 <= ord(letter) <= 126 for letter in text)


def tiers_are_bad(spec: Fields) -> bool:
    """Caps rise, rates rise, leverages fall, and the first tier allows the leverage."""
    tiers = spec["tiers"]
    if not tiers or tiers[0][2] < spec["leverage_max"]:
        return True
    pairs = itertools.pairwise(tiers)
    if any(a[0] >= b[0] or a[1] >= b[1] or a[2] <= b[2] for a, b in pairs):
        return True
    return any(
        not (0 < cap <= NOTIONAL_ATOMS_MAX and 0 <= rate < E8 and 1 <= leverage <= 1_000)
        for cap, rate, leverage in tiers
    )


def instrument_is_bad(spec: Fields) -> bool:
    """Whether `instrument_fault` of the engine would have a word to say."""
    names = (spec["symbol"], 32), (spec["base"], 16), (spec["settlement"], 16)
    maker, taker, liquidation = (
        spec[f"{kind}_fee_e8"] for kind in ("maker", "taker", "liquidation")
    )
    value = Fraction(spec["tick_size_e8"] * spec["lot_size_e8"], E8)
    good = (
        all(is_name(text, length_max) for text, length_max in names)
        and spec["tick_size_e8"] >= 1
        and spec["lot_size_e8"] >= 1
        and value >= 1
        and value.denominator == 1
        and 1 <= spec["qty_lots_min"] <= spec["qty_lots_max"] <= QTY_LOTS_MAX
        and 0 <= spec["notional_atoms_min"] <= NOTIONAL_ATOMS_MAX
        and 1 <= spec["leverage_max"] <= 1_000
        and 1 <= spec["orders_max"] <= 10_000
        and -E8 < maker < E8
        and 0 <= taker < E8
        and 0 <= liquidation < E8
        and maker + taker >= 0
        and 0 <= spec["price_band_e8"] < E8
        and 0 <= spec["sanity_band_e8"] <= E8
        and spec["stale_after_ns"] >= 0
        and 1 <= spec.get("conditionals_max", CONDITIONALS_MAX) <= 10_000
        and (spec["market"] == "QUOTE_DRIVEN" or spec["price_band_e8"] > 0)
        and not funding_is_bad(spec)
    )
    return not good or tiers_are_bad(spec) or maintenance_eats_all(spec)


def funding_is_bad(spec: Fields) -> bool:
    """FUN-1: an interval of a minute or more, and rates below 100 %."""
    interval_ns = spec["funding_interval_ns"]
    good = (
        (interval_ns == 0 or interval_ns >= MINUTE_NS)
        and -E8 < spec["funding_interest_e8"] < E8
        and 0 <= spec["funding_clamp_e8"] < E8
        and 0 <= spec["funding_cap_e8"] < E8
        and 0 <= spec["impact_notional_atoms"] <= NOTIONAL_ATOMS_MAX
    )
    return not good


def maintenance_eats_all(spec: Fields) -> bool:
    """With rates of 100 % and more together, equity never gets above maintenance."""
    return bool(spec["tiers"][-1][1] + close_fee_e8(spec) >= E8)
