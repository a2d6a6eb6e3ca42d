"""A record of an order begins with all that was asked for."""

import msgspec

from engine.commands import (
    Leg,
    OrderType,
    PlaceOrder,
    PriceSource,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from engine.events import OrderAccepted
from engine.reject_reason import RejectReason
from engine.units import AccountId, InstrumentId, OrderId, PositionId
from gateway.history.orders import When, asked_order, own_order, refused_order

WHEN = When(7, 9_000)
SENT = PlaceOrder(
    AccountId(1), InstrumentId(2), Side.SELL, OrderType.STOP_LIMIT, TimeInForce.GTD, 3, 4, 5, 6,
    PriceSource.LAST, 8, True, False, PositionId(10), 11, 12, 13, 14, "mine", bytes(16), 15, False,
    SelfTradePrevention.CANCEL_BOTH, "pair", Leg.LONG,
)  # fmt: skip
ACCEPTED = OrderAccepted(
    OrderId(20), AccountId(1), InstrumentId(2), Side.SELL, OrderType.STOP_LIMIT, 5, 6, 30, 0, 9
)
TERMS = {
    "account_id": 1, "instrument_id": 2, "side": Side.SELL, "order_type": OrderType.STOP_LIMIT,
    "price_ticks": 5, "trigger_ticks": 6, "created_ns": 9_000, "updated_ns": 9_000, "sequence": 7,
}  # fmt: skip
ASKED = {
    **TERMS, "time_in_force": TimeInForce.GTD, "amount_atoms": 4, "reduce_only": True,
    "position_id": 10, "client_order_id": "mine", "display_lots": 15, "oco_group": "pair",
    "self_trade_prevention": SelfTradePrevention.CANCEL_BOTH, "leg": Leg.LONG,
}  # fmt: skip


def told(record: msgspec.Struct) -> dict[str, object]:
    """The fields that are not as usual."""
    usual = {field.name: field.default for field in msgspec.structs.fields(record)}
    values = msgspec.structs.asdict(record)
    empty = (0, "", False)
    return {k: v for k, v in values.items() if v != usual[k] and (v not in empty or v is True)}


def test_an_accepted_order_is_as_sent_with_what_the_engine_made_of_it() -> None:
    record = asked_order(SENT, ACCEPTED, is_cross=True, stays_amount=True, when=WHEN)

    flags = {"is_sized_by_amount": True, "is_cross": True}
    assert told(record) == {**ASKED, **flags, "order_id": 20, "qty_lots": 30, "leverage": 9}


def test_a_refused_order_is_as_sent() -> None:
    record = refused_order(SENT, RejectReason.BAD_PRICE, is_cross=False, when=WHEN)

    status = {"status": "REJECTED", "reason": "BAD_PRICE"}
    assert told(record) == {**ASKED, **status, "qty_lots": 3, "leverage": 8}


def test_an_order_of_the_venue_closes() -> None:
    record = own_order(ACCEPTED, Leg.SHORT, is_cross=False, when=WHEN)

    assert told(record) == {
        **TERMS, "order_id": 20, "qty_lots": 30, "leverage": 9, "reduce_only": True,
        "time_in_force": TimeInForce.IOC, "leg": Leg.SHORT,
    }  # fmt: skip
