"""The first half of the ladder: prices, sizes, leverage, what is there to close (ODM-1, ODM-2)."""

from typing import Any

import pytest

from engine.arrival import Arrival
from engine.commands import OrderType, Side
from engine.order_terms import clip_to_position, size_by_amount, terms_reason
from engine.place_order import draft_order
from engine.units import E8
from tests.engine.books import BOB, CAROL, ask, bid, book_venue
from tests.engine.venue import Venue, netting_spec, order

STOP_LIMIT = OrderType.STOP_LIMIT


def arriving(venue: Venue, **fields: Any) -> Arrival:
    return Arrival(venue.state, draft_order(venue.state, order(**fields)), None)


def long_of_ten() -> Venue:
    """Alice is long ten, and three of them are for sale at 201,000; Carol bids for five."""
    venue = book_venue()
    venue.apply(ask(BOB, 10, 200_000))
    venue.apply(order(qty_lots=10))
    venue.apply(order(side=Side.SELL, qty_lots=3, price_ticks=201_000, reduce_only=True))
    venue.apply(bid(CAROL, 5, 199_000))
    return venue


@pytest.mark.parametrize(
    ("fields", "lots"),
    [
        ({"qty_lots": 20}, 10),  # a market order, crossing
        ({"qty_lots": 4}, 4),
        ({"qty_lots": 20, "price_ticks": 199_000}, 10),  # a limit that crosses
        ({"qty_lots": 20, "price_ticks": 200_000}, 10),  # one that executes first
        ({"qty_lots": 20, "price_ticks": 201_000}, 7),  # one behind the other at its price
        ({"qty_lots": 20, "price_ticks": 202_000}, 7),
        ({"close_position": True, "price_ticks": 202_000}, 7),
        ({"close_position": True}, 10),
    ],
)
def test_a_closing_order_is_clipped_to_what_it_may_close(fields: dict[str, Any], lots: int) -> None:
    arrival = arriving(long_of_ten(), side=Side.SELL, reduce_only=True, **fields)

    assert clip_to_position(arrival)
    assert (arrival.lots, arrival.draft.qty_lots, arrival.asked_lots) == (lots,) * 3


@pytest.mark.parametrize("venue", [book_venue(), Venue(netting_spec())], ids=["book", "quotes"])
def test_a_closing_order_needs_a_position_on_the_other_side(venue: Venue) -> None:
    assert not clip_to_position(arriving(venue, side=Side.SELL, qty_lots=1, reduce_only=True))
    if venue.state.books:
        venue.apply(ask(BOB, 10, 200_000))
    venue.apply(order(qty_lots=10))

    assert clip_to_position(arriving(venue, side=Side.SELL, qty_lots=1, reduce_only=True))
    assert not clip_to_position(arriving(venue, side=Side.BUY, qty_lots=1, reduce_only=True))


@pytest.mark.parametrize(
    ("fields", "qty_lots", "amount"),
    [
        ({"price_ticks": 190_000}, 52, 0),  # 1000 / 19 = 52.6
        ({"price_ticks": 210_000}, 47, 0),  # 1000 / 21 = 47.6, crossing or not
        ({}, 0, 100),  # a market order walks the book
        ({"order_type": STOP_LIMIT, "trigger_ticks": 210_000, "price_ticks": 220_000}, 0, 100),
    ],
)
def test_an_amount_becomes_lots_at_the_limit_when_the_order_arrives(
    fields: dict[str, Any], qty_lots: int, amount: int
) -> None:
    venue = book_venue()
    venue.apply(ask(BOB, 9, 205_000))
    arrival = arriving(venue, amount_atoms=100 * E8, **fields)

    assert size_by_amount(arrival)
    assert (arrival.draft.qty_lots, arrival.draft.amount_atoms) == (qty_lots, amount * E8)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"stop_loss_ticks": 199_999}, "NONE"),  # without a touch at the mark
        ({"stop_loss_ticks": 200_000}, "BAD_PRICE"),
        ({"order_type": STOP_LIMIT, "price_ticks": 210_000, "trigger_ticks": 0}, "BAD_PRICE"),
        ({"order_type": STOP_LIMIT, "price_ticks": 0, "trigger_ticks": 210_000}, "BAD_PRICE"),
        (
            {
                "order_type": STOP_LIMIT,
                "price_ticks": 220_000,
                "trigger_ticks": 210_000,
                "stop_loss_ticks": 215_000,
            },
            "NONE",
        ),
        ({"price_ticks": 200_000, "display_lots": 1}, "BAD_QUANTITY"),
        ({"price_ticks": 200_000, "display_lots": 2}, "NONE"),
        ({"leverage": 101}, "BAD_LEVERAGE"),
    ],
)
def test_the_terms_are_judged_against_what_is_there(fields: dict[str, Any], reason: str) -> None:
    venue = book_venue(qty_lots_min=2)

    assert terms_reason(arriving(venue, qty_lots=5, **fields)).name == reason
