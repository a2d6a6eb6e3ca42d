"""JSON to typed requests.  Knows how a body can be malformed; knows no field's meaning.

Strict: unknown fields, doubled keys and JSON numbers for money are refused with a code, in work
bounded by the length of the body.
"""

import json
import re
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct

from gateway.errors import ApiError, EdgeCode, edge_error

SHOWN_CHARS: Final = 200
_FIELD_IN_ERROR: Final = re.compile(r"\.([A-Za-z]+)(?:\[\.\.\.\])*`")
_FIELD_NAMED: Final = re.compile(r"field `([^`]*)`")
_DECIMALS: Final = frozenset(
    {"amount", "quantity", "price", "triggerPrice", "stopLoss", "takeProfit", "autoClosePct"}
    | {"distance", "rate", "budget", "makerFee", "takerFee"}
    | {"fundingInterest", "fundingClamp", "fundingCap", "impactNotional"}
    | {"displayQuantity", "bid", "ask", "last", "mark", "index", "tickSize", "lotSize"}
)
R = TypeVar("R", bound=Struct)


class Shape(Generic[R]):
    """A decoder of one kind of body.  Every optional field of it is UNSET when absent.

    tag_keys: 1 if a key of the body is the tag of a union, and so no field.
    """

    def __init__(self, kind: Any, tag_keys: int = 0) -> None:
        self._decode: Final = msgspec.json.Decoder(kind).decode
        self._tag_keys: Final = tag_keys

    def decode(self, body: bytes) -> R:
        """The request in a body.  Raises ApiError 400."""
        try:
            request: R = self._decode(body)
        except msgspec.ValidationError as error:
            raise _shape_error(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise edge_error(EdgeCode.BAD_JSON, problem=str(error)[:SHOWN_CHARS]) from None
        # Outside of strings a valid body has one colon for each key, and a field that is set had
        # a key: as many fields as colons means that no key came twice.  Otherwise look closely.
        values = msgspec.structs.astuple(request)
        if len(values) - values.count(UNSET) + self._tag_keys != body.count(b":"):
            json.loads(body, object_pairs_hook=_refuse_doubled)
        return request


def _refuse_doubled(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise edge_error(EdgeCode.DUPLICATE_KEY)


def _shape_error(text: str) -> ApiError:
    """The code for what msgspec says is wrong."""
    named = _FIELD_NAMED.search(text)
    if "unknown field" in text and named:
        return edge_error(EdgeCode.UNKNOWN_FIELD, field=named[1][:SHOWN_CHARS])
    if "missing required field" in text and named:
        return edge_error(EdgeCode.MISSING_FIELD, field=named[1])
    at = _FIELD_IN_ERROR.search(text)
    field = at[1] if at else ""
    if field in _DECIMALS and ("got `int`" in text or "got `float`" in text):
        return edge_error(EdgeCode.BAD_NUMBER, field=field, problem="send it as a string")
    if "Number out of range" in text or "Integer value out of range" in text:
        return edge_error(EdgeCode.BAD_NUMBER, field=field, problem="the number is out of range")
    return edge_error(EdgeCode.BAD_FIELD, field=field, problem=text[:SHOWN_CHARS])
