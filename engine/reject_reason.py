"""Why a command is refused.  The order of the enum is the order of the checks.

The order is also that of the table in the documentation and of the precedence tests.  Values are
written to the journal: append, never renumber.
"""

from enum import IntEnum
from typing import Final


class RejectReason(IntEnum):
    """The first reason that applies is the one reported; NONE means accepted."""

    NONE = 0
    DUPLICATE_ID = 1
    UNKNOWN_ACCOUNT = 2
    UNKNOWN_SYMBOL = 3
    HALTED = 4
    CLOSE_ONLY = 5
    BAD_COMBINATION = 6
    BAD_PRICE = 7
    BAD_QUANTITY = 8
    BAD_LEVERAGE = 9
    UNKNOWN_POSITION = 10
    NOTHING_TO_REDUCE = 11
    MARKET_NOT_READY = 12
    STALE_PRICE = 13
    PRICE_BAND = 14
    WOULD_TRIGGER = 15
    EXPIRED_ALREADY = 16
    MIN_NOTIONAL = 17
    RISK_TIER = 18
    TOO_MANY_ORDERS = 19
    WOULD_TAKE = 20
    CANNOT_FILL = 21
    INSUFFICIENT_BALANCE = 22
    WOULD_LIQUIDATE = 23
    # Reasons of the commands that do not place orders.
    UNKNOWN_ORDER = 24
    UNKNOWN_ASSET = 25
    UNKNOWN_TOKEN = 26
    DUPLICATE_ACCOUNT = 27
    DUPLICATE_TOKEN = 28
    DUPLICATE_SYMBOL = 29
    BAD_NAME = 30
    BAD_AMOUNT = 31
    BAD_INSTRUMENT = 32
    INSTRUMENT_IN_USE = 33
    MARGIN_TOO_LOW = 34
    PRICE_OUT_OF_SEQUENCE = 35
    PRICE_BEYOND_BAND = 36
    MODE_IN_USE = 37
    BAD_FEE_TIER = 38


# Looking a member up in its enum costs more than most of what is done with it.
NONE: Final = RejectReason.NONE
