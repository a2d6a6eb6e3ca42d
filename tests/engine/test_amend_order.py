"""Amending in one step: place, frozen mark, hold, and an amend that takes (AMD-1, AMD-2)."""

from typing import Any

import pytest

from engine.commands import AmendOrder, OrderType, SetInstrumentStatus, Side
from engine.instrument import InstrumentStatus
from engine.units import E8, AccountId, InstrumentId, OrderId
from tests.engine.venue import Venue, netting_spec, order, price

ALICE = AccountId(1)


def amend(order_id: int = 1, client_order_id: str = "", /, **terms: int) -> AmendOrder:
    asked = {"price_ticks": 0, "trigger_ticks": 0, "qty_lots": 0, "amount_atoms": 0, **terms}
    return AmendOrder(ALICE, OrderId(order_id), client_order_id, **asked)


@pytest.mark.parametrize(
    ("asked", "priority", "hold"),
    [
        ({"qty_lots": 5}, 1, 95 * E8 // 10),
        ({"qty_lots": 10}, 1, 19 * E8),
        ({"price_ticks": 190_000}, 1, 19 * E8),
        ({"qty_lots": 11}, 2, 209 * E8 // 10),
        ({"price_ticks": 180_000}, 2, 18 * E8),
        ({"price_ticks": 180_000, "qty_lots": 5}, 2, 9 * E8),
    ],
)
@pytest.mark.parametrize("spec", [None, netting_spec()], ids=["ticket", "netting"])
def test_only_asking_for_no_more_keeps_the_place(
    spec: Any, asked: dict[str, int], priority: int, hold: int
) -> None:
    venue = Venue(spec)
    venue.apply(order(qty_lots=10, price_ticks=190_000))

    assert venue.names(amend(**asked)) == ["OrderAmended"]
    assert (venue.order(1).priority, venue.hold(), venue.state.next_id) == (
        priority,
        hold,
        priority + 1,
    )


def test_an_amount_is_amended_as_an_amount() -> None:
    venue = Venue()
    named = {"client_order_id": "a", "digest": b"d" * 16}
    venue.apply(order(amount_atoms=50 * E8, price_ticks=190_000, **named))
    assert venue.names(amend(0, "a", amount_atoms=20 * E8)) == ["OrderAmended"]
    assert (venue.hold(), venue.order(1).priority) == (20 * E8, 1)
    assert venue.names(amend(0, "a", amount_atoms=60 * E8)) == ["OrderAmended"]
    assert (venue.hold(), venue.order(1).priority) == (60 * E8, 2)
    assert venue.names(amend(0, "a", qty_lots=5)) == ["BAD_COMBINATION"]


def test_an_amend_that_takes_is_a_taker_and_keeps_its_exits() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10, price_ticks=190_000, stop_loss_ticks=180_000))
    said = venue.say(amend(price_ticks=200_000))

    assert [e["event"] for e in said] == ["OrderAmended", "OrderFilled", "PositionOpened"]
    assert (said[1]["liquidity"].name, said[1]["price_ticks"]) == ("TAKER", 200_000)
    assert (venue.position(3).stop_loss_ticks, venue.hold()) == (180_000, 0)
    assert venue.names(amend(qty_lots=5)) == ["UNKNOWN_ORDER"]


def test_a_conditional_order_moves_its_trigger() -> None:
    venue = Venue()
    venue.apply(order(order_type=OrderType.STOP_MARKET, qty_lots=10, trigger_ticks=210_000))
    assert venue.names(amend(trigger_ticks=200_000)) == ["WOULD_TRIGGER"]
    assert venue.names(amend(trigger_ticks=205_000)) == ["OrderAmended"]

    assert venue.names(price(204_999)) == ["PriceAccepted"]
    assert venue.names(price(205_000))[1] == "OrderTriggered"


def test_nothing_is_amended_in_a_halted_market() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10, price_ticks=190_000))
    venue.apply(SetInstrumentStatus(InstrumentId(1), InstrumentStatus.HALTED))

    assert venue.names(amend()) == ["HALTED"]
    assert venue.names(amend(qty_lots=5)) == ["HALTED"]
    assert venue.names(amend(7, qty_lots=5)) == ["UNKNOWN_ORDER"]


def test_a_closing_amend_lets_the_later_ones_shrink() -> None:
    """AMD-2, RED-1."""
    venue = Venue()
    venue.apply(order(qty_lots=10))
    for ticks in (210_000, 220_000):
        venue.apply(order(side=Side.SELL, qty_lots=5, price_ticks=ticks, position_id=2))

    said = venue.say(amend(3, qty_lots=8))
    assert [(e["event"], e["order_id"], e["qty_lots"]) for e in said] == [
        ("OrderAmended", 3, 8),
        ("OrderAmended", 4, 2),
    ]
    assert venue.names(amend(4, price_ticks=230_000)) == ["OrderAmended"]
    assert venue.order(4).qty_lots == 2


def test_all_is_more_than_any_number() -> None:
    """AMD-2: a closing order without quantity keeps its place when it is given one."""
    venue = Venue()
    venue.apply(order(qty_lots=10))
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 150_000}
    venue.apply(order(side=Side.SELL, position_id=2, **stop))
    assert venue.names(amend(3, qty_lots=5)) == ["OrderAmended"]
    assert (venue.order(3).qty_lots, venue.order(3).priority) == (5, 3)

    assert venue.names(amend(3, qty_lots=6)) == ["OrderAmended"]
    assert (venue.order(3).qty_lots, venue.order(3).priority) == (6, 4)
