"""Holds are given back once and taken anew once, account by account (MAT-8, HLD-7)."""

from engine.commands import CancelOrder, Side
from engine.events import Event
from engine.settling import settle_touched, touch_key
from engine.units import E8, AccountId, OrderId
from tests.engine.books import ALICE, BOB, CAROL, ask, bid, book_venue
from tests.engine.venue import order


def test_a_touched_key_holds_nothing_until_it_is_settled() -> None:
    venue = book_venue()
    venue.apply(bid(ALICE, 10, 190_000))
    key = venue.order(1).key
    held = venue.hold()
    touch_key(venue.state, key)
    touch_key(venue.state, key)
    assert (venue.hold(), key.hold_atoms) == (0, 0)

    events: list[Event] = []
    settle_touched(venue.state, events)
    assert (venue.hold(), key.hold_atoms, events) == (held, held, [])
    assert venue.state.touched.keys == {}


def test_accounts_are_settled_by_id_and_their_positions_with_them() -> None:
    """Carol takes from Bob and from Alice, who both have closing orders that must shrink."""
    venue = book_venue()
    venue.apply(ask(CAROL, 20, 200_000))
    venue.apply(order(account_id=AccountId(BOB), qty_lots=10))
    venue.apply(order(account_id=AccountId(ALICE), qty_lots=10))
    for account in (BOB, ALICE):
        venue.apply(ask(account, 10, 201_000, reduce_only=True))
        venue.apply(ask(account, 4, 200_000))
    said = venue.say(order(account_id=AccountId(CAROL), side=Side.BUY, qty_lots=8, leverage=0))

    shrunk = [(e["account_id"], e["qty_lots"]) for e in said if e["event"] == "OrderAmended"]
    assert shrunk == [(ALICE, 6), (BOB, 6)]


def test_a_ticket_order_holds_what_is_left_of_it_needs() -> None:
    venue = book_venue(position_mode=1)
    venue.apply(bid(ALICE, 10, 200_000))
    venue.apply(bid(ALICE, 10, 190_000))
    assert venue.hold() == (20 + 19) * E8
    venue.apply(ask(BOB, 4, 200_000))

    assert (venue.order(1).hold_atoms, venue.order(2).hold_atoms) == (12 * E8, 19 * E8)
    venue.apply(CancelOrder(AccountId(ALICE), OrderId(1), ""))
    assert venue.hold() == 19 * E8


def test_a_position_is_keyed_anew_once_for_all_fills_of_a_path() -> None:
    """FIR-5: not between the fills, whatever its liquidation price was there."""
    venue = book_venue()
    for ticks in (200_000, 201_000, 202_000):
        venue.apply(ask(BOB, 5, ticks))
    venue.apply(order(account_id=AccountId(ALICE), qty_lots=15))
    bought = next(p for p in venue.state.positions.values() if p.account_id == ALICE)

    assert bought.liquidation is not None
    assert (bought.qty_lots, bought.liquidation.arming) == (15, 1)
