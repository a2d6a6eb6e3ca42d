"""Cancelling by the user, by time, by the market's status (ORD-6, CMD-1, INS-3)."""

from engine.commands import (
    ALL_INSTRUMENTS,
    AdvanceTime,
    AmendOrder,
    CancelOrder,
    CancelOrders,
    ListInstrument,
    SetInstrumentStatus,
    Side,
    TimeInForce,
)
from engine.instrument import InstrumentStatus
from engine.units import AccountId, InstrumentId, OrderId
from tests.engine.venue import SECOND_NS, START_NS, Venue, order, plain_spec, price

ALICE, BOB = AccountId(1), AccountId(2)


def venue_with_orders() -> Venue:
    """Orders 1 and 2 of alice in two markets, 3 of bob, 4 of alice."""
    venue = Venue(deposits=(1_000, 1_000))
    venue.apply(ListInstrument(plain_spec(symbol="ETH/USDT")))
    venue.apply(price(20_000, instrument=2))
    terms = {"qty_lots": 1, "price_ticks": 10_000}
    venue.apply(order(**terms))
    venue.apply(order(**terms, instrument_id=InstrumentId(2)))
    venue.apply(order(**terms, account_id=BOB))
    venue.apply(order(**terms))
    return venue


def cancelled(said: list[dict[str, object]]) -> list[object]:
    return [e["order_id"] for e in said if e["event"] == "OrderCancelled"]


def test_one_order_of_the_account() -> None:
    venue = venue_with_orders()
    assert venue.names(CancelOrder(BOB, OrderId(1), "")) == ["UNKNOWN_ORDER"]
    assert venue.names(CancelOrder(ALICE, OrderId(-1), "")) == ["UNKNOWN_ORDER"]
    assert venue.names(CancelOrder(ALICE, OrderId(0), "")) == ["UNKNOWN_ORDER"]
    assert venue.names(CancelOrder(AccountId(9), OrderId(1), "")) == ["UNKNOWN_ACCOUNT"]
    assert cancelled(venue.say(CancelOrder(ALICE, OrderId(1), ""))) == [1]


def test_all_orders_of_the_account_by_id() -> None:
    venue = venue_with_orders()
    assert cancelled(venue.say(CancelOrders(ALICE, InstrumentId(1)))) == [1, 4]
    assert cancelled(venue.say(CancelOrders(ALICE, ALL_INSTRUMENTS))) == [2]
    assert venue.names(CancelOrders(ALICE, ALL_INSTRUMENTS)) == ["TimeAdvanced"]
    assert venue.names(CancelOrders(ALICE, InstrumentId(3))) == ["UNKNOWN_SYMBOL"]
    assert venue.names(CancelOrders(ALICE, InstrumentId(0))) == ["UNKNOWN_SYMBOL"]
    assert venue.names(CancelOrders(AccountId(9), ALL_INSTRUMENTS)) == ["UNKNOWN_ACCOUNT"]
    assert venue.state.orders.count == 1


def test_close_only_cancels_openers_of_all_accounts_by_id() -> None:
    venue = venue_with_orders()
    status = SetInstrumentStatus(InstrumentId(1), InstrumentStatus.CLOSE_ONLY)

    assert cancelled(venue.say(status)) == [1, 3, 4]
    assert [o.order_id for o in venue.state.orders.values()] == [2]


def test_what_is_due_expires_by_time_then_by_id() -> None:
    venue = Venue()
    for due in (3, 1, 2, 1):
        gtd = {"time_in_force": TimeInForce.GTD, "expire_ns": START_NS + due * SECOND_NS}
        venue.apply(order(qty_lots=1, price_ticks=1_000, **gtd))

    said = venue.say(AdvanceTime(), after_ns=2 * SECOND_NS)
    assert [(e["event"], e.get("order_id")) for e in said] == [
        ("OrderExpired", 2),
        ("OrderExpired", 4),
        ("OrderExpired", 3),
        ("TimeAdvanced", None),
    ]
    assert venue.names(CancelOrder(ALICE, OrderId(1), ""), after_ns=SECOND_NS) == [
        "OrderExpired",
        "UNKNOWN_ORDER",
    ]


def test_an_amended_order_still_expires_in_its_time() -> None:
    venue = Venue()
    gtd = {"time_in_force": TimeInForce.GTD, "expire_ns": START_NS + SECOND_NS}
    venue.apply(order(qty_lots=1, price_ticks=1_000, side=Side.BUY, **gtd))
    venue.apply(AmendOrder(ALICE, OrderId(1), "", 2_000, 0, 0, 0))

    assert venue.names(AdvanceTime(), after_ns=SECOND_NS) == ["OrderExpired", "TimeAdvanced"]
