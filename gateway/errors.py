"""Every way the API says no: codes, HTTP classes, words.  Knows no request and no market.

Codes of the engine are the names of `RejectReason`; those of the edge are listed below.  One
table in the documentation is made from both.
"""

from enum import Enum
from typing import Final, final

from engine.reject_reason import RejectReason

Detail = str | int | bool


class EdgeCode(Enum):
    """What is refused before a command exists: (HTTP status, words)."""

    BAD_JSON = (400, "The body is not valid JSON")
    DUPLICATE_KEY = (400, "A key is given twice")
    UNKNOWN_FIELD = (400, "Unknown field")
    MISSING_FIELD = (400, "A required field is missing")
    BAD_FIELD = (400, "A field has the wrong type or an unknown value")
    BAD_NUMBER = (400, "A number must be a decimal string")
    BAD_QUERY = (400, "The query cannot be understood")
    UNAUTHORIZED = (401, "A valid bearer token is needed")
    FORBIDDEN_ACCOUNT = (403, "The token is not this user's")
    FORBIDDEN_SCOPE = (403, "The token may not do this")
    NOT_FOUND = (404, "There is nothing here")
    METHOD_NOT_ALLOWED = (405, "This path does not take this method")
    BODY_TIMEOUT = (408, "The body did not arrive in time")
    BODY_TOO_LARGE = (413, "The body is too large")
    UNSUPPORTED_MEDIA_TYPE = (415, "Send application/json, not encoded")
    RATE_LIMITED = (429, "Too many requests")
    INTERNAL = (500, "Something went wrong here; the outcome is unknown")
    OVERLOADED = (503, "The venue is busy; nothing was done")
    STOPPING = (503, "The venue is stopping; nothing was done")


_REASON_WORDS: Final[dict[RejectReason, str]] = {
    RejectReason.DUPLICATE_ID: "This client order id was used for another request",
    RejectReason.UNKNOWN_ACCOUNT: "Unknown account",
    RejectReason.UNKNOWN_SYMBOL: "Unknown symbol",
    RejectReason.HALTED: "The market is halted",
    RejectReason.CLOSE_ONLY: "The market only takes closing orders",
    RejectReason.BAD_COMBINATION: "These fields do not go together",
    RejectReason.BAD_PRICE: "The price is off the tick grid or out of range",
    RejectReason.BAD_QUANTITY: "The size is off the lot grid or out of range",
    RejectReason.BAD_LEVERAGE: "The leverage is not allowed here",
    RejectReason.UNKNOWN_POSITION: "Unknown position",
    RejectReason.NOTHING_TO_REDUCE: "There is nothing to reduce",
    RejectReason.MARKET_NOT_READY: "The market has no price yet",
    RejectReason.STALE_PRICE: "The market's price is stale",
    RejectReason.PRICE_BAND: "The price is too far from the mark price",
    RejectReason.WOULD_TRIGGER: "The condition is already true",
    RejectReason.EXPIRED_ALREADY: "The expiry lies in the past",
    RejectReason.MIN_NOTIONAL: "The order is too small",
    RejectReason.RISK_TIER: "The position would be too large for this leverage",
    RejectReason.TOO_MANY_ORDERS: "Too many open orders in this market",
    RejectReason.WOULD_TAKE: "A post-only order would take",
    RejectReason.CANNOT_FILL: "The order cannot fill at once",
    RejectReason.INSUFFICIENT_BALANCE: "Insufficient balance",
    RejectReason.WOULD_LIQUIDATE: "The position would be liquidated at once",
    RejectReason.UNKNOWN_ORDER: "Unknown order",
    RejectReason.UNKNOWN_ASSET: "Unknown asset",
    RejectReason.UNKNOWN_TOKEN: "Unknown token",
    RejectReason.DUPLICATE_ACCOUNT: "The user exists already",
    RejectReason.DUPLICATE_TOKEN: "The token exists already",
    RejectReason.DUPLICATE_SYMBOL: "The symbol exists already",
    RejectReason.BAD_NAME: "A name is too long, empty or not printable ASCII",
    RejectReason.BAD_AMOUNT: "The amount is out of range",
    RejectReason.BAD_INSTRUMENT: "The instrument's settings do not hold together",
    RejectReason.INSTRUMENT_IN_USE: "The setting cannot change while positions are open",
    RejectReason.MARGIN_TOO_LOW: "The position needs this margin",
    RejectReason.PRICE_OUT_OF_SEQUENCE: "The price is older than the last one",
    RejectReason.PRICE_BEYOND_BAND: "The price is too far from the last one",
    RejectReason.MODE_IN_USE: "The setting cannot change while an order or a position is open",
    RejectReason.BAD_FEE_TIER: "The fee tier or its rates are out of range",
}
_REASON_STATUS: Final[dict[RejectReason, int]] = {
    RejectReason.DUPLICATE_ID: 409,
    RejectReason.DUPLICATE_ACCOUNT: 409,
    RejectReason.DUPLICATE_TOKEN: 409,
    RejectReason.DUPLICATE_SYMBOL: 409,
    RejectReason.UNKNOWN_ACCOUNT: 404,
    RejectReason.UNKNOWN_ORDER: 404,
    RejectReason.UNKNOWN_TOKEN: 404,
}
assert len(_REASON_WORDS) == len(RejectReason) - 1, "every reason needs words"


@final
class ApiError(Exception):
    """A refusal on its way to the client.

    retry_after_s: whole seconds after which a retry may succeed; 0 if it never will by itself.
    replayed: an earlier equal request was refused, and this is its refusal.
    """

    def __init__(
        self,
        status: int,
        code: str,
        words: str,
        details: dict[str, Detail] | None = None,
        retry_after_s: int = 0,
    ) -> None:
        super().__init__(code)
        self.status: Final = status
        self.code: Final = code
        self.words: Final = words
        self.details: Final = details or {}
        self.retry_after_s: Final = retry_after_s
        self.replayed = False


def edge_error(code: EdgeCode, retry_after_s: int = 0, **details: Detail) -> ApiError:
    """A refusal of the edge."""
    status, words = code.value
    return ApiError(status, code.name, words, details, retry_after_s)


def reason_error(reason: RejectReason, status: int = 0, **details: Detail) -> ApiError:
    """A refusal by the engine's rules; `status` 0 is the usual one of the reason."""
    usual = _REASON_STATUS.get(reason, 422)
    return ApiError(status or usual, reason.name, _REASON_WORDS[reason], details)


def error_table() -> list[tuple[str, int, str]]:
    """Every code with its usual HTTP status and words, for the documentation and the tests."""
    edge = [(code.name, *code.value) for code in EdgeCode]
    engine = [
        (reason.name, _REASON_STATUS.get(reason, 422), words)
        for reason, words in _REASON_WORDS.items()
    ]
    return edge + engine
