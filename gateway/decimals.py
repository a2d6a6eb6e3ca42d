"""Decimal strings and integers of 10^-8.  Knows text and scale; knows no markets and no floats."""

import re
from typing import Final

from engine.units import E8

# Whole match, ASCII digits only: no sign, exponent, space, underscore or leading zero.  The
# pattern is bounded, so a text of any length is refused after at most 22 characters.
_UNSIGNED: Final = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,8}))?")
_PERCENT: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?")
_ZEROS: Final = ("00000000", "0000000", "000000", "00000", "0000", "000", "00", "0", "")
SHOWN_CHARS: Final = 40


class BadDecimal(ValueError):
    """A text that is not a decimal of the API's grammar; shows at most its first characters."""


def e8_from_text(text: str) -> int:
    """An unsigned decimal in units of 10^-8, exactly.  Raises BadDecimal."""
    match = _UNSIGNED.fullmatch(text)
    if match is None:
        raise BadDecimal(f"{text[:SHOWN_CHARS]!r} is not a decimal such as '100' or '0.00000001'")
    whole, fraction = match.groups()
    if fraction is None:
        return int(whole) * E8
    return int(whole + fraction + _ZEROS[len(fraction)])


def e8_from_percent(text: str) -> int:
    """A percentage, possibly negative, in units of 10^-8 of the whole.  Raises BadDecimal."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise BadDecimal(f"{text[:SHOWN_CHARS]!r} is not a percentage such as '50' or '-12.5'")
    sign, whole, fraction = match.groups("")
    share_e8 = int(whole + fraction + _ZEROS[len(fraction) + 2])
    return -share_e8 if sign else share_e8


def text_from_e8(value_e8: int) -> str:
    """The shortest decimal of an integer of 10^-8, with a minus if negative."""
    if value_e8 < 0:
        return "-" + text_from_e8(-value_e8)
    whole, fraction = divmod(value_e8, E8)
    if fraction == 0:
        return str(whole)
    return f"{whole}.{fraction:08d}".rstrip("0")


def percent_text_from_e8(share_e8: int) -> str:
    """A share of 10^-8 as a percentage: 50,000,000 is '50'."""
    return text_from_e8(share_e8 * 100)
