"""Placing an order, as the seed asks for it, and what an id remembers (ORD-5, IDM-1, ADM-2)."""

from typing import Any

import pytest

from engine.commands import CancelOrder, OrderType, SetInstrumentStatus, Side, TimeInForce
from engine.instrument import InstrumentStatus
from engine.units import E8, AccountId, InstrumentId, OrderId
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price

ALICE = AccountId(1)
NAMED: dict[str, Any] = {"client_order_id": "abc", "digest": b"d" * 16}


def test_a_market_order_at_the_exact_balance() -> None:
    """Available goes down, locked goes up, the position is made; one atom less is refused."""
    who: dict[str, Any] = {"account_id": 1, "instrument_id": 1, "side": Side.BUY}
    venue = Venue(plain_spec(taker_fee_e8=40_000), deposits=(100,))
    assert venue.names(order(amount_atoms=100 * E8 + 1)) == ["INSUFFICIENT_BALANCE"]
    assert venue.say(order(amount_atoms=100 * E8)) == [
        {
            "event": "OrderAccepted",
            "order_id": 1,
            **who,
            "order_type": OrderType.MARKET,
            "price_ticks": 0,
            "trigger_ticks": 0,
            "qty_lots": 0,
            "amount_atoms": 100 * E8,
            "leverage": 10,
        },
        {
            "event": "OrderFilled",
            "fill_id": 1,
            "order_id": 1,
            **who,
            "position_id": 2,
            "qty_lots": 50,
            "price_ticks": 200_000,
            "fee_atoms": 4_000_000,
            "realized_atoms": 0,
            "liquidity": 2,
        },
        {
            "event": "PositionOpened",
            "position_id": 2,
            **who,
            "qty_lots": 50,
            "cost_atoms": 1_000 * E8,
            "margin_atoms": 100 * E8 - 4_000_000,
            "leverage": 10,
        },
    ]
    assert (venue.free(), venue.hold()) == (0, 0)


def test_two_orders_that_together_overspend() -> None:
    venue = Venue(deposits=(100,))

    assert venue.names(order(amount_atoms=60 * E8))[0] == "OrderAccepted"
    assert venue.names(order(amount_atoms=60 * E8)) == ["INSUFFICIENT_BALANCE"]
    assert venue.free() == 40 * E8


def test_a_pending_limit_order_then_a_tick_then_filled() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10, price_ticks=190_000))
    assert (venue.hold(), venue.order(1).qty_lots) == (19 * E8, 10)

    assert venue.names(price(190_001)) == ["PriceAccepted"]
    assert venue.names(price(189_000)) == ["PriceAccepted", "OrderFilled", "PositionOpened"]
    assert (venue.hold(), venue.position(2).cost_atoms) == (0, 190 * E8)
    assert venue.state.orders.count == 0


@pytest.mark.parametrize(
    "reason_and_fields",
    [
        ("BAD_LEVERAGE", {"leverage": 999}),
        ("INSUFFICIENT_BALANCE", {"qty_lots": 9_999}),
        ("UNKNOWN_SYMBOL", {"instrument_id": InstrumentId(99)}),
    ],
)
def test_a_refused_request_is_remembered(reason_and_fields: tuple[str, dict[str, Any]]) -> None:
    reason, fields = reason_and_fields
    venue = Venue()
    request = order(**{"qty_lots": 10, **NAMED, **fields})
    assert venue.names(request) == [reason]

    [again] = venue.say(request)
    assert (again["event"], again["order_id"]) == ("RequestRepeated", 0)
    assert again["reason"].name == reason
    assert venue.names(order(qty_lots=10, **{**NAMED, "digest": b"e" * 16})) == ["DUPLICATE_ID"]


@pytest.mark.parametrize(
    "fields",
    [
        {"digest": b"short"},
        {"client_order_id": "x" * 37},
        {"client_order_id": "a b"},
        {"post_only": True},
    ],
)
def test_what_makes_no_sense_is_not_remembered(fields: dict[str, Any]) -> None:
    """Even where a halt is found first, a malformed id leaves nothing behind."""
    for halted in (False, True):
        venue = Venue()
        if halted and "post_only" not in fields:
            halt = SetInstrumentStatus(InstrumentId(1), InstrumentStatus.HALTED)
            venue.apply(halt)
        request = order(**{"qty_lots": 10, **NAMED, **fields})
        first = venue.names(request)
        assert first in (["BAD_COMBINATION"], ["HALTED"])
        assert venue.names(request) == first
        assert list(venue.state.client_orders.closed_entries()) == []


def test_an_id_follows_its_order_from_open_to_closed() -> None:
    venue = Venue()
    request = order(qty_lots=10, price_ticks=190_000, **NAMED)
    venue.apply(request)
    kept = venue.state.client_orders.get(ALICE, "abc")
    assert kept is not None
    assert (kept.order_id, kept.is_open) == (1, True)

    assert venue.names(CancelOrder(ALICE, OrderId(0), "abc")) == ["OrderCancelled"]
    assert kept.is_open is False
    assert venue.names(request) == ["RequestRepeated"]
    assert venue.names(CancelOrder(ALICE, OrderId(0), "abc")) == ["UNKNOWN_ORDER"]


def test_an_order_that_takes_closes_its_id_at_once() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=10, **NAMED))
    kept = venue.state.client_orders.get(ALICE, "abc")

    assert kept is not None
    assert (kept.order_id, kept.is_open) == (1, False)


def test_immediate_or_cancel_that_does_not_fill_takes_nothing() -> None:
    venue = Venue()
    ioc = {"time_in_force": TimeInForce.IOC, **NAMED}
    said = venue.say(order(qty_lots=10, price_ticks=190_000, **ioc))

    assert [event["event"] for event in said] == ["OrderAccepted", "OrderCancelled"]
    assert said[1]["cause"].name == "UNFILLED"
    assert (venue.hold(), venue.state.orders.count) == (0, 0)


def test_a_netting_leverage_is_set_by_the_order_that_is_accepted() -> None:
    venue = Venue(netting_spec(), deposits=(10,))

    assert venue.names(order(qty_lots=100, leverage=20)) == ["INSUFFICIENT_BALANCE"]
    assert venue.names(order(qty_lots=1, leverage=0))[0] == "INSUFFICIENT_BALANCE"  # still 1x
    assert venue.names(order(qty_lots=1, leverage=20))[0] == "LeverageChanged"
    assert venue.names(order(qty_lots=1, leverage=0))[0] == "OrderAccepted"
