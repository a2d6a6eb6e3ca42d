"""Whether an order makes sense at all: what does not, and its nearest neighbours (ORD-4)."""

from typing import Any

import pytest

from engine.commands import Leg, OrderType, PriceSource, SetPositionMode, Side, TimeInForce
from engine.instrument import PositionMode
from engine.order_shape import id_fits, is_closing, mode_of, opens_leg, routing_reason
from engine.units import AccountId, InstrumentId
from tests.engine.books import book_venue, market_of
from tests.engine.venue import Venue, netting_spec, order

LIMIT, STOP = OrderType.LIMIT, OrderType.STOP_MARKET
STOP_LIMIT, TRAILING = OrderType.STOP_LIMIT, OrderType.TRAILING_STOP
GTD, IOC, FOK = TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK
CLOSES: dict[str, Any] = {"reduce_only": True, "side": Side.SELL}

GOOD: list[dict[str, Any]] = [
    {"qty_lots": 5},
    {"amount_atoms": 5},
    {"qty_lots": 5, "price_ticks": 1, "time_in_force": GTD, "expire_ns": 1, "post_only": True},
    {"qty_lots": 5, "order_type": STOP, "trigger_ticks": 1, "time_in_force": GTD, "expire_ns": 1},
    {"qty_lots": 5, "order_type": STOP_LIMIT, "trigger_ticks": 1, "price_ticks": 1},
    {"qty_lots": 5, "order_type": STOP_LIMIT, "price_ticks": 1, "time_in_force": FOK},
    {"qty_lots": 5, "order_type": TRAILING, "trail_ticks": 1},
    {"qty_lots": 5, "order_type": TRAILING, "trail_e8": 1, "trigger_ticks": 1, **CLOSES},
    {"qty_lots": 5, "price_ticks": 1, "display_lots": 1, "trail_ticks": 1, "trail_e8": 1},
    {"close_position": True, "side": Side.SELL},
    {"qty_lots": 5, "client_order_id": "a" * 36, "digest": b"d" * 16, "oco_group": "a" * 36},
]
BAD: list[dict[str, Any]] = [
    {},
    {"qty_lots": 5, "amount_atoms": 5},
    {"qty_lots": -5},
    {"qty_lots": 5, "price_ticks": -1, "order_type": LIMIT},
    {"qty_lots": 5, "price_ticks": 1, "order_type": OrderType.MARKET},
    {"qty_lots": 5, "price_ticks": 1, "order_type": TRAILING, "trail_ticks": 1},
    {"qty_lots": 5, "trigger_ticks": 1},
    {"qty_lots": 5, "order_type": STOP, "trigger_ticks": 1, "trigger_source": PriceSource.ASK},
    {"qty_lots": 5, "order_type": STOP, "trigger_ticks": 1, "time_in_force": IOC},
    {"qty_lots": 5, "order_type": TRAILING},
    {"qty_lots": 5, "trail_ticks": -1},
    {"qty_lots": 5, "trail_e8": -1},
    {"qty_lots": 5, "trail_ticks": 1, **CLOSES},
    {"qty_lots": 5, "stop_loss_ticks": 1, **CLOSES},
    {"qty_lots": 5, "stop_loss_ticks": -1},
    {"qty_lots": 5, "expire_ns": 1},
    {"qty_lots": 5, "time_in_force": GTD, "expire_ns": 1},
    {"qty_lots": 5, "post_only": True},
    {"qty_lots": 5, "price_ticks": 1, "post_only": True, "time_in_force": IOC},
    {"qty_lots": 5, "price_ticks": 1, "display_lots": 1, "time_in_force": FOK},
    {"qty_lots": 5, "display_lots": 1},
    {"qty_lots": 5, "leg": Leg.LONG},
    {"qty_lots": 5, "close_position": True},
    {"amount_atoms": 5, **CLOSES},
    {**CLOSES},
    {"qty_lots": 5, "client_order_id": "a" * 37, "digest": b"d" * 16},
    {"qty_lots": 5, "client_order_id": "a", "digest": b"d" * 15},
    {"qty_lots": 5, "oco_group": "a b"},
]


@pytest.mark.parametrize("fields", GOOD)
def test_what_makes_sense_passes(fields: dict[str, Any]) -> None:
    assert routing_reason(book_venue().state, order(**fields)).name == "NONE"


@pytest.mark.parametrize("fields", BAD)
def test_what_makes_none_is_a_bad_combination(fields: dict[str, Any]) -> None:
    assert routing_reason(book_venue().state, order(**fields)).name == "BAD_COMBINATION"


def test_in_hedging_the_leg_says_what_opens_and_what_closes() -> None:
    """KEY-3: its own side opens a leg, the other closes it, and never is told otherwise."""
    venue = Venue(netting_spec())
    venue.apply(SetPositionMode(AccountId(1), InstrumentId(1), PositionMode.HEDGING))
    said = {}
    for leg in Leg:
        for side in Side:
            command = order(qty_lots=5, leg=leg, side=side)
            reduces = order(qty_lots=5, leg=leg, side=side, reduce_only=True)
            reasons = [routing_reason(venue.state, c).name for c in (command, reduces)]
            said[leg.name, side.name] = is_closing(command), *reasons
    bad, none = "BAD_COMBINATION", "NONE"
    assert said == {
        ("NONE", "BUY"): (False, bad, bad),
        ("NONE", "SELL"): (False, bad, bad),
        ("LONG", "BUY"): (False, none, bad),
        ("LONG", "SELL"): (True, none, none),
        ("SHORT", "BUY"): (True, none, none),
        ("SHORT", "SELL"): (False, none, bad),
    }
    assert opens_leg(order(leg=Leg.SHORT, side=Side.SELL))
    assert mode_of(market_of(venue), AccountId(1)) is PositionMode.HEDGING
    assert mode_of(market_of(venue), AccountId(2)) is PositionMode.NETTING


def test_an_id_needs_the_digest_of_its_body() -> None:
    assert id_fits(order(client_order_id="abc", digest=b"d" * 16))
    assert not id_fits(order(client_order_id="abc"))
