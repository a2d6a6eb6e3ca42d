"""The order and the values of the reasons are written to the journal: they never change."""

from engine.reject_reason import NONE, RejectReason

LADDER = [
    "DUPLICATE_ID",
    "UNKNOWN_ACCOUNT",
    "UNKNOWN_SYMBOL",
    "HALTED",
    "CLOSE_ONLY",
    "BAD_COMBINATION",
    "BAD_PRICE",
    "BAD_QUANTITY",
    "BAD_LEVERAGE",
    "UNKNOWN_POSITION",
    "NOTHING_TO_REDUCE",
    "MARKET_NOT_READY",
    "STALE_PRICE",
    "PRICE_BAND",
    "WOULD_TRIGGER",
    "EXPIRED_ALREADY",
    "MIN_NOTIONAL",
    "RISK_TIER",
    "TOO_MANY_ORDERS",
    "WOULD_TAKE",
    "CANNOT_FILL",
    "INSUFFICIENT_BALANCE",
    "WOULD_LIQUIDATE",
]
OTHERS = [
    "UNKNOWN_ORDER",
    "UNKNOWN_ASSET",
    "UNKNOWN_TOKEN",
    "DUPLICATE_ACCOUNT",
    "DUPLICATE_TOKEN",
    "DUPLICATE_SYMBOL",
    "BAD_NAME",
    "BAD_AMOUNT",
    "BAD_INSTRUMENT",
    "INSTRUMENT_IN_USE",
    "MARGIN_TOO_LOW",
    "PRICE_OUT_OF_SEQUENCE",
    "PRICE_BEYOND_BAND",
    "MODE_IN_USE",
    "BAD_FEE_TIER",
]


def test_the_ladder_comes_first_and_in_the_order_of_the_document() -> None:
    names = ["NONE", *LADDER, *OTHERS]

    assert [reason.name for reason in RejectReason] == names
    assert [int(reason) for reason in RejectReason] == list(range(len(names)))
    assert NONE is RejectReason.NONE
