"""Commands are plain values: their enums and markers never change their numbers."""

from enum import IntEnum

from engine.commands import (
    ALL_INSTRUMENTS,
    KEEP,
    Leg,
    OrderType,
    PriceSource,
    Scope,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from engine.instrument import MarginMode, PositionMode
from engine.units import INT64_MAX
from tests.engine.venue import order


def numbers(enum: type[IntEnum]) -> str:
    return " ".join(f"{member.name}={int(member)}" for member in enum)


def test_numbers_are_part_of_the_journal() -> None:
    assert numbers(Side) == "BUY=1 SELL=2"
    assert numbers(OrderType) == (
        "MARKET=1 LIMIT=2 STOP_MARKET=3 TAKE_PROFIT_MARKET=4 STOP_LIMIT=5 TAKE_PROFIT_LIMIT=6"
        " TRAILING_STOP=7"
    )
    assert numbers(SelfTradePrevention) == (
        "CANCEL_MAKER=1 CANCEL_TAKER=2 CANCEL_BOTH=3 DECREMENT=4"
    )
    assert numbers(TimeInForce) == "GTC=1 IOC=2 FOK=3 GTD=4"
    assert numbers(PriceSource) == "BID=0 ASK=1 LAST=2 MARK=3 INDEX=4"
    assert numbers(Leg) == "NONE=0 LONG=1 SHORT=2"
    assert numbers(PositionMode) == "TICKET=1 NETTING=2 HEDGING=3"
    assert numbers(MarginMode) == "ISOLATED=1 CROSS=2"
    assert [int(scope) for scope in Scope] == [1, 2, 4, 8]


def test_markers_cannot_be_mistaken_for_values() -> None:
    assert ALL_INSTRUMENTS == -1
    assert KEEP == -INT64_MAX


def test_a_command_keeps_what_it_was_given() -> None:
    command = order(qty_lots=5, side=Side.SELL, client_order_id="abc")

    assert (command.qty_lots, command.side, command.client_order_id) == (5, Side.SELL, "abc")
    assert (command.price_ticks, command.leverage, command.digest) == (0, 10, b"")
