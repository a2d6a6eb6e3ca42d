"""What an order would do as it arrives: take, rest or wait, and with which lots (ORD-3, HLD-5)."""

from typing import Any

import pytest

from engine.arrival import Arrival, find_fills
from engine.commands import OrderType, Side
from engine.place_order import draft_order
from tests.engine.venue import Venue, netting_spec, order, price

STOP = OrderType.STOP_MARKET


def arriving(venue: Venue, **fields: Any) -> Arrival:
    return Arrival(venue.state, draft_order(venue.state, order(**fields)), None)


@pytest.mark.parametrize(
    ("fields", "takes", "at_ticks"),
    [
        ({}, True, 200_010),
        ({"side": Side.SELL}, True, 199_990),
        ({"price_ticks": 200_010}, True, 200_010),
        ({"price_ticks": 210_000}, True, 200_010),
        ({"price_ticks": 200_009}, False, 200_009),
        ({"price_ticks": 199_990, "side": Side.SELL}, True, 199_990),
        ({"price_ticks": 199_991, "side": Side.SELL}, False, 199_991),
        ({"order_type": STOP, "trigger_ticks": 201_000}, False, 201_000),
    ],
)
def test_what_is_marketable_takes_at_the_touch(
    fields: dict[str, Any], takes: bool, at_ticks: int
) -> None:
    venue = Venue()
    venue.apply(price(199_990, 200_010, 200_000, 200_000, 200_000))
    arrival = arriving(venue, qty_lots=1, **fields)

    assert (arrival.takes, arrival.at_ticks) == (takes, at_ticks)
    assert arrival.waits is (fields.get("order_type") is STOP)


def test_without_a_price_nothing_takes_but_a_market_order() -> None:
    venue = Venue(ticks=0)

    assert arriving(venue, qty_lots=1, price_ticks=10**6).takes is False
    assert arriving(venue, qty_lots=1).touch_ticks == 0


@pytest.mark.parametrize(
    ("side", "lots", "ticks", "opening"),
    [
        (Side.BUY, 5, 0, 5),
        (Side.SELL, 5, 0, 0),
        (Side.SELL, 10, 0, 0),
        (Side.SELL, 13, 0, 3),
        (Side.SELL, 5, 201_000, 0),  # four rest before it: it is the fifth to ninth to close
        (Side.SELL, 8, 201_000, 2),
        (Side.SELL, 8, 200_400, 0),  # before all others
    ],
)
def test_the_opening_lots_are_those_beyond_what_closes(
    side: Side, lots: int, ticks: int, opening: int
) -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10))
    venue.apply(order(side=Side.SELL, qty_lots=4, price_ticks=200_500))
    arrival = arriving(venue, side=side, qty_lots=lots, price_ticks=ticks)
    find_fills(arrival)

    assert arrival.opening_lots() == opening


def test_looking_changes_nothing() -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10))
    before = venue.state.next_id, venue.free(), venue.state.event_chain
    find_fills(arriving(venue, side=Side.SELL, qty_lots=20))

    assert (venue.state.next_id, venue.free(), venue.state.event_chain) == before
