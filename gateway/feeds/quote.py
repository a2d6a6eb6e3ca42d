"""One price update, exact.  Knows decimals and tick grids; knows nothing of where it comes from.

Prices are integers of 10^-8 quote units per unit of base (`_e8`), never floats.
"""

import re
from typing import Final, NamedTuple

import msgspec

from engine.units import E8, div_ceil, div_floor

# Ten digits before the point and eight behind it stay below 2^63, so that a price can be journaled.
_DECIMAL: Final = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,8}))?")
_DECIMAL_OF_ANY_LENGTH: Final = re.compile(r"[0-9]+(?:\.([0-9]+))?")
_SHOWN_CHARS: Final = 40


class BadPrice(ValueError):
    """A text that is no price; says why, and shows at most its first 40 characters."""


class Prices(NamedTuple):
    """The five prices of an update, in 10^-8 of the quote asset per unit of base."""

    bid_e8: int
    ask_e8: int
    last_e8: int
    mark_e8: int
    index_e8: int


class Quote(msgspec.Struct, frozen=True, gc=False):
    """A price update of one market.

    source: the feed and, for a file, its name.  Two sequences compare within one source only.
    source_sequence: rises by the feed's own count; many symbols may share one number.
    """

    symbol: str
    source: str
    source_sequence: int
    bid_e8: int
    ask_e8: int
    last_e8: int
    mark_e8: int
    index_e8: int


def e8_from_decimal(text: str) -> int:
    """An unsigned decimal in units of 10^-8, exactly.  Raises BadPrice; its work is O(length)."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise BadPrice(_why_no_decimal(text))
    whole, fraction = match.groups(default="")
    return int(whole) * E8 + int(fraction.ljust(8, "0"))


def price_e8(text: str) -> int:
    """A price above zero in units of 10^-8, exactly.  Raises BadPrice."""
    price = e8_from_decimal(text)
    if price == 0:
        raise BadPrice(f"{text[:_SHOWN_CHARS]!r} is no price: it must be above zero")
    return price


def _why_no_decimal(text: str) -> str:
    shown = repr(text[:_SHOWN_CHARS]) + ("…" if len(text) > _SHOWN_CHARS else "")
    match = _DECIMAL_OF_ANY_LENGTH.fullmatch(text)
    if match is None:
        return f"{shown} is not a decimal number of the digits 0 to 9 and one point"
    if match[1] is not None and len(match[1]) > 8:
        return f"{shown} has {len(match[1])} decimals; at most 8 can be kept exactly"
    return f"{shown} has more than 10 digits before the point"


def same_price(price: int) -> Prices:
    """What a feed that knows one price says: all five are it."""
    return Prices(price, price, price, price, price)


def nearest_half_down(numerator: int, denominator: int) -> int:
    """The quotient to the nearest integer, a tie towards -infinity."""
    return div_ceil(2 * numerator - denominator, 2 * denominator)


def to_ticks(quote: Quote, tick_size_e8: int) -> tuple[int, int, int, int, int]:
    """(bid, ask, last, mark, index) in ticks: bid floor, ask ceil, others nearest, half down.

    The spread can only widen.  A price below the grid comes out as 0: never lifted to one tick,
    since no such price was quoted; admission refuses it.
    """
    return (
        div_floor(quote.bid_e8, tick_size_e8),
        div_ceil(quote.ask_e8, tick_size_e8),
        nearest_half_down(quote.last_e8, tick_size_e8),
        nearest_half_down(quote.mark_e8, tick_size_e8),
        nearest_half_down(quote.index_e8, tick_size_e8),
    )
