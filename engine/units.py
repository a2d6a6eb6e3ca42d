"""Integer units and the two roundings.  Knows arithmetic; knows nothing of markets.

Prices are ticks, quantities lots, money atoms (10^-8 of the settlement asset), rates e8 (10^-8),
times nanoseconds since the epoch.  Every division in the engine is one of the two below, so that
each says who bears the remainder.
"""

from typing import Final, NewType

AccountId = NewType("AccountId", int)
InstrumentId = NewType("InstrumentId", int)
AssetId = NewType("AssetId", int)
OrderId = NewType("OrderId", int)
PositionId = NewType("PositionId", int)

NOBODY: Final = AccountId(0)  # the operator, or no account at all

E8: Final = 100_000_000

# Every stored number stays below 2^63, so that any language can read the journal.
INT64_MAX: Final = 9_223_372_036_854_775_807
# Bounds of what a command may carry.  Products of two of them are exact Python integers and are
# never stored: no price is accepted at which the largest position would be worth more than
# NOTIONAL_ATOMS_MAX (`instrument.largest_price_ticks`).
PRICE_TICKS_MAX: Final = 1_000_000_000_000
QTY_LOTS_MAX: Final = 1_000_000_000_000_000
AMOUNT_ATOMS_MAX: Final = 1_000_000_000_000_000_000
NOTIONAL_ATOMS_MAX: Final = 4_000_000_000_000_000_000
FEE_TIERS_MAX: Final = 100
AUTO_CLOSE_E8_MAX: Final = 1_000_000_000_000  # a million percent of the initial margin


def div_floor(numerator: int, denominator: int) -> int:
    """Round towards -infinity.  Use where the account receives: payouts, released margin."""
    assert denominator > 0
    return numerator // denominator


def div_ceil(numerator: int, denominator: int) -> int:
    """Round towards +infinity.  Use where the account owes: margin, fees."""
    assert denominator > 0
    return -(-numerator // denominator)
