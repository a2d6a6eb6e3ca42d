"""The fields of bodies, paths and queries: texts to integers, or a refusal with a code.

Whatever is not in the grammar of `decimals` is refused, in work bounded by the length of the input.
Off-grid prices and quantities are refused, never rounded.  Knows no body.
"""

import re
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.commands import Leg
from engine.instrument import InstrumentSpec
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import E8, INT64_MAX
from gateway.decimals import BadDecimal, e8_from_percent, e8_from_text
from gateway.errors import EdgeCode, edge_error, reason_error

NAME_CHARS_MAX: Final = 36
_NS_PER_MS: Final = 1_000_000
_ID: Final = re.compile(r"[1-9][0-9]{0,18}")

Text = str | UnsetType
PositionSide = Literal["LONG", "SHORT"] | UnsetType
Whole = Annotated[int, Meta(ge=0, le=1_000_000_000)]
TimeMs = Annotated[int, Meta(ge=0, le=INT64_MAX // _NS_PER_MS)]

LEGS: Final = {"LONG": Leg.LONG, "SHORT": Leg.SHORT}


class Request(Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """Base of all bodies."""


class TrailingRequest(Request):
    """How far a trailing stop follows the extreme of its price: a distance, a share of the extreme
    such as 0.01, or the nearer of both."""

    distance: Text = UNSET
    rate: Text = UNSET


def decimal_e8(text: str, field: str) -> int:
    """A decimal field in 10^-8.  Raises ApiError 400."""
    try:
        return e8_from_text(text)
    except BadDecimal as error:
        raise edge_error(EdgeCode.BAD_NUMBER, field=field, problem=str(error)) from None


def signed_e8(text: str, field: str) -> int:
    """A decimal field that may have a minus, in 10^-8.  Raises ApiError 400."""
    if text.startswith("-"):
        return -decimal_e8(text[1:], field)
    return decimal_e8(text, field)


def price_ticks(text: Text, spec: InstrumentSpec, field: str) -> int:
    """A price in ticks, 0 if absent.  Raises ApiError: 400, or 422 off the grid or zero."""
    if text is UNSET:
        return 0
    price_e8 = decimal_e8(text, field)
    ticks, rest = divmod(price_e8, spec.tick_size_e8)
    if rest or not 0 < ticks <= INT64_MAX:
        raise reason_error(RejectReason.BAD_PRICE, field=field)
    return ticks


def quantity_lots(text: Text, spec: InstrumentSpec, field: str = "quantity") -> int:
    """A quantity in lots, 0 if absent.  Raises ApiError: 400, or 422 off the grid or zero."""
    if text is UNSET:
        return 0
    lots, rest = divmod(decimal_e8(text, field), spec.lot_size_e8)
    if rest or not 0 < lots <= INT64_MAX:
        raise reason_error(RejectReason.BAD_QUANTITY, field=field)
    return lots


def amount_atoms(text: Text) -> int:
    """An order's amount in atoms, 0 if absent.  Raises ApiError: 400, or 422 if zero."""
    if text is UNSET:
        return 0
    atoms = decimal_e8(text, "amount")
    if not 0 < atoms <= INT64_MAX:
        raise reason_error(RejectReason.BAD_QUANTITY, field="amount")
    return atoms


def budget_atoms(text: Text) -> int | None:
    """What may be spent, in atoms, None if absent.  Raises ApiError: 400, or 422 if too large."""
    if text is UNSET:
        return None
    atoms = decimal_e8(text, "budget")
    if atoms > INT64_MAX:
        raise reason_error(RejectReason.BAD_AMOUNT, field="budget")
    return atoms


def money_atoms(text: str, field: str = "amount") -> int:
    """An amount of a transfer in atoms.  Raises ApiError: 400, or 422 if zero or too large."""
    atoms = signed_e8(text, field)
    if atoms == 0 or abs(atoms) > INT64_MAX:
        raise reason_error(RejectReason.BAD_AMOUNT, field=field)
    return atoms


def share_e8(text: Text, field: str) -> int:
    """An auto-close threshold in 10^-8 of the initial margin, 0 if absent.  Raises ApiError."""
    if text is UNSET:
        return 0
    try:
        threshold_e8 = e8_from_percent(text)
    except BadDecimal as error:
        raise edge_error(EdgeCode.BAD_NUMBER, field=field, problem=str(error)) from None
    if threshold_e8 == 0 or abs(threshold_e8) > INT64_MAX // 2:
        raise reason_error(RejectReason.BAD_PRICE, field=field)
    return threshold_e8


def leg_of(name: PositionSide) -> Leg:
    """The leg of an order or a setting: none, unless said otherwise."""
    return Leg.NONE if name is UNSET else LEGS[name]


def trail_of(request: TrailingRequest | UnsetType, spec: InstrumentSpec) -> tuple[int, int]:
    """Distance in ticks and rate in 10^-8 of a trailing stop, 0 for what is absent.

    Raises ApiError: 400, or 422 for a distance off the grid, or a share of 0 or not below 1.
    """
    if isinstance(request, UnsetType):
        return 0, 0
    if request.distance is UNSET and request.rate is UNSET:
        problem = "give distance, rate or both"
        raise edge_error(EdgeCode.BAD_FIELD, field="trailing", problem=problem)
    rate_e8 = 0
    if isinstance(request.rate, str):
        rate_e8 = decimal_e8(request.rate, "rate")
        if not 0 < rate_e8 < E8:
            raise reason_error(RejectReason.BAD_PRICE, field="rate")
    return price_ticks(request.distance, spec, "distance"), rate_e8


def object_id(text: Text, field: str) -> int:
    """An id, 0 if absent.  Raises ApiError 400."""
    if text is UNSET:
        return 0
    if _ID.fullmatch(text) is None or int(text) > INT64_MAX:
        raise edge_error(EdgeCode.BAD_FIELD, field=field, problem="an id is a string of digits")
    return int(text)


def path_id(text: str) -> int:
    """An id in a path; 0, which no object has, if it is none."""
    return int(text) if _ID.fullmatch(text) and int(text) <= INT64_MAX else 0


def market_of(state: State, symbol: str) -> Market:
    """The market of a symbol.  Raises ApiError 422."""
    market = state.market(state.symbols.get(symbol, 0))
    if market is None:
        raise reason_error(RejectReason.UNKNOWN_SYMBOL, field="symbol")
    return market


def client_name(text: Text, field: str) -> str:
    """A client's own name for something, empty if absent.  Raises ApiError 422 if it is none."""
    if text is UNSET:
        return ""
    fits = 0 < len(text) <= NAME_CHARS_MAX and text.isascii() and text.isprintable()
    if not fits or " " in text:
        raise reason_error(RejectReason.BAD_COMBINATION, field=field)
    return text
