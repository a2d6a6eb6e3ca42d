"""Orders entering and leaving: books, chains, holds and ids in step (RED-1, RED-2, HLD-7)."""

import pytest

from engine.commands import CancelOrder, OrderType, Side, TimeInForce
from engine.open_orders import left_to_reduce
from engine.units import E8, AccountId, OrderId
from tests.engine.venue import SECOND_NS, Venue, netting_spec, order, price

ALICE = AccountId(1)
SELL = {"side": Side.SELL}


def test_what_is_left_to_reduce_is_what_no_earlier_order_takes() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10))
    for ticks, lots in ((210_000, 3), (220_000, 2), (210_000, 1)):
        venue.apply(order(qty_lots=lots, price_ticks=ticks, position_id=2, **SELL))
    held = venue.position(2)

    assert [left_to_reduce(held, venue.order(n)) for n in (3, 4, 5)] == [10, 6, 7]


def test_closing_orders_shrink_with_the_position_and_go_with_it() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10))
    venue.apply(order(qty_lots=6, price_ticks=210_000, position_id=2, **SELL))
    venue.apply(order(qty_lots=4, price_ticks=220_000, position_id=2, **SELL))
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 150_000}
    venue.apply(order(qty_lots=10, position_id=2, **stop, **SELL))

    said = venue.say(order(qty_lots=5, position_id=2, **SELL))
    assert [(e["event"], e.get("order_id"), e.get("qty_lots")) for e in said[3:]] == [
        ("OrderAmended", 3, 5),
        ("OrderCancelled", 4, None),
    ]
    assert venue.order(5).qty_lots == 10
    said = venue.say(order(position_id=2, **SELL))
    assert [(e["event"], e.get("order_id")) for e in said[4:]] == [
        ("OrderCancelled", 3),
        ("OrderCancelled", 5),
    ]


@pytest.mark.parametrize("way", ["cancel", "expire", "fill"])
def test_a_hold_ends_with_its_order(way: str) -> None:
    for spec in (None, netting_spec()):
        venue = Venue(spec)
        gtd = {"time_in_force": TimeInForce.GTD, "expire_ns": venue.time_ns + SECOND_NS}
        venue.apply(order(qty_lots=10, price_ticks=190_000, **gtd))
        assert venue.hold() == 19 * E8
        if way == "cancel":
            venue.apply(CancelOrder(ALICE, OrderId(1), ""))
        elif way == "expire":
            venue.apply(price(200_000), after_ns=SECOND_NS)
        else:
            venue.apply(price(190_000))
        assert (venue.hold(), venue.state.orders.count) == (0, 0)
        assert venue.free() == (981 if way == "fill" else 1_000) * E8


def test_a_short_hold_gives_up_the_order_that_executes_last() -> None:
    """HLD-7: three offers beyond a position; with the position gone only two can be held."""
    venue = Venue(netting_spec(), deposits=(21,))
    venue.apply(order(qty_lots=10))
    for ticks in (211_000, 212_000, 210_000):
        venue.apply(order(qty_lots=3, price_ticks=ticks, **SELL))
    assert venue.free() == E8

    said = venue.say(order(qty_lots=10, reduce_only=True, **SELL))
    # 6.3 + 6.33 + 6.36 = 18.99 of 21: all fit
    assert [e["event"] for e in said[4:]] == []
    assert venue.hold() == 1_899 * E8 // 100
    venue.apply(order(qty_lots=10, leverage=0))
    venue.apply(price(192_000))
    # 0.01 × −800 = −8: 13 is left, of which 6.3 + 6.33 = 12.63
    said = venue.say(order(qty_lots=10, reduce_only=True, **SELL))
    assert [(e["event"], e["order_id"]) for e in said[4:]] == [("OrderCancelled", 4)]
    assert (venue.hold(), venue.free()) == (1_263 * E8 // 100, 37 * E8 // 100)
