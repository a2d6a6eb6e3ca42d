"""An admitted order fills, rests or ends, told and numbered in order (MAT-5, MAT-7, ICE-1)."""

from typing import Any

import pytest

from engine.commands import SelfTradePrevention, TimeInForce
from engine.events import CancelCause
from tests.engine.books import ALICE, BOB, CAROL, ask, bid, book_venue, market_of
from tests.engine.venue import Fields


def names(said: list[Fields]) -> list[str]:
    return [fields["event"] for fields in said]


def test_trades_and_fills_share_a_counter_in_the_order_of_their_events() -> None:
    venue = book_venue()
    venue.apply(ask(BOB, 3, 200_000))
    venue.apply(ask(CAROL, 3, 200_010))
    said = venue.say(bid(ALICE, 5, 200_010))

    ids = [e.get("trade_id") or e.get("fill_id") for e in said]
    assert [number for number in ids if number] == [1, 2, 3, 4, 5, 6]
    assert names(said) == [
        "LeverageChanged",
        "OrderAccepted",
        *("Traded", "OrderFilled", "PositionOpened", "OrderFilled", "PositionOpened"),
        *("Traded", "OrderFilled", "PositionIncreased", "OrderFilled", "PositionOpened"),
        *("BookChanged", "BookChanged"),
    ]


def test_positions_take_their_ids_before_the_next_part_of_an_iceberg() -> None:
    venue = book_venue()
    venue.apply(ask(BOB, 4, 200_000, display_lots=2))
    said = venue.say(bid(ALICE, 3, 200_000))

    opened = [e["position_id"] for e in said if e["event"] == "PositionOpened"]
    assert (opened, venue.order(1).priority) == ([3, 4], 5)
    assert (venue.order(1).qty_lots, venue.order(1).visible_lots) == (1, 1)
    venue.apply(bid(ALICE, 1, 200_000))
    assert venue.state.next_id == 7  # the last part leaves no more to show


@pytest.mark.parametrize(
    ("terms", "cause", "resting"),
    [
        ({}, None, 3),
        ({"time_in_force": TimeInForce.IOC}, CancelCause.UNFILLED, 0),
        (
            {"self_trade_prevention": SelfTradePrevention.CANCEL_TAKER},
            CancelCause.SELF_TRADE,
            0,
        ),
        (
            {
                "self_trade_prevention": SelfTradePrevention.CANCEL_BOTH,
                "time_in_force": TimeInForce.IOC,
            },
            CancelCause.SELF_TRADE,
            0,
        ),
        ({"self_trade_prevention": SelfTradePrevention.DECREMENT}, None, 1),
    ],
)
def test_what_is_left_rests_or_says_why_it_ends(
    terms: dict[str, Any], cause: CancelCause | None, resting: int
) -> None:
    """Five lots meet two of Bob's and two of the own account."""
    venue = book_venue()
    venue.apply(ask(BOB, 2, 200_000))
    venue.apply(ask(ALICE, 2, 200_000))
    said = venue.say(bid(ALICE, 5, 200_000, **terms))

    ends = [e["cause"] for e in said if e["event"] == "OrderCancelled" and e["order_id"] == 3]
    assert ends == ([] if cause is None else [cause])
    waits = venue.state.orders.get(3)
    assert (0 if waits is None else waits.qty_lots) == resting


def test_an_order_is_told_once_that_it_lost_lots_and_only_if_some_are_left() -> None:
    venue = book_venue()
    decrement = {"self_trade_prevention": SelfTradePrevention.DECREMENT}
    venue.apply(ask(ALICE, 1, 200_000))
    venue.apply(ask(ALICE, 1, 200_010))
    said = venue.say(bid(ALICE, 5, 200_010, **decrement))

    told = [(e["order_id"], e["qty_lots"]) for e in said if e["event"] == "OrderAmended"]
    assert told == [(3, 3)]
    venue.apply(ask(ALICE, 3, 200_020))
    said = venue.say(bid(ALICE, 3, 200_020, **decrement))
    assert [e["order_id"] for e in said if e["event"] == "OrderAmended"] == []
    assert [e["order_id"] for e in said if e["event"] == "OrderCancelled"] == [4, 5]


def test_each_trade_moves_last() -> None:
    venue = book_venue()
    venue.apply(ask(BOB, 5, 200_010))
    venue.apply(ask(BOB, 5, 200_020))
    assert market_of(venue).prices[2] == 200_000
    for lots, ticks in ((5, 200_010), (1, 200_020), (4, 200_020)):
        venue.apply(bid(ALICE, lots, 200_020))
        market = market_of(venue)
        assert (market.prices[2], market.processed[2]) == (ticks, ticks)
        assert venue.state.firing.heap == []


def test_the_book_is_told_what_it_shows_in_the_end() -> None:
    """An iceberg that came again as large as before changed nothing that is shown."""
    venue = book_venue()
    venue.apply(ask(BOB, 6, 200_000, display_lots=2))

    assert "BookChanged" not in names(venue.say(bid(ALICE, 2, 200_000)))
    assert "BookChanged" in names(venue.say(bid(ALICE, 3, 200_000)))
