"""The book: queues, what levels show, and what it remembers of the running command (BOK-2)."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands import LIMIT, CancelOrder, Side
from engine.order import Order
from engine.order_book import OrderBook
from engine.price_levels import PriceLevels
from engine.units import AccountId, OrderId
from tests.engine.books import ALICE, BOB, ask, bid, book_of, book_venue
from tests.engine.venue import Venue

K_LOTS: Final = st.integers(1, 30)


def empty_book() -> OrderBook:
    return OrderBook(PriceLevels(1, True), PriceLevels(0, False))


def resting(venue: Venue, order_id: int) -> Order:
    return venue.order(order_id)


def loose(side: Side, lots: int, ticks: int, display: int = 0) -> Order:
    """An order of somebody that stands in no table."""
    venue = book_venue()
    venue.apply((bid if side is Side.BUY else ask)(ALICE, 1, 200_000))
    order = venue.order(1).copy()
    order.levels = order.before = order.after = None
    order.qty_lots, order.price_ticks, order.display_lots = lots, ticks, display
    order.visible_lots = 0
    return order


def test_an_empty_book_has_no_touch() -> None:
    book = empty_book()

    assert (book.best_bid_ticks, book.best_ask_ticks) == (0, 0)
    assert (book.depth_bids, book.depth_asks) == ({}, {})


def test_each_side_has_its_best_price_first() -> None:
    book = empty_book()
    for ticks in (5, 7, 6):
        book.add(loose(Side.BUY, 1, ticks))
        book.add(loose(Side.SELL, 2, ticks + 10))

    assert (book.best_bid_ticks, book.best_ask_ticks) == (7, 15)
    assert book.depth_bids == {5: 1, 7: 1, 6: 1}
    assert book.depth_asks == {15: 2, 17: 2, 16: 2}


def test_what_is_taken_leaves_the_level_and_the_order_stays() -> None:
    book = empty_book()
    first, second = loose(Side.SELL, 5, 9), loose(Side.SELL, 4, 9)
    book.add(first)
    book.add(second)
    book.take(first, 3)

    assert (first.qty_lots, first.visible_lots, book.depth_asks) == (2, 2, {9: 6})
    book.take(first, 2)
    assert book.depth_asks == {9: 4}
    book.remove(first)  # taken to the last lot, then out of the queue
    assert (book.depth_asks, list(book.asks.entries())) == ({9: 4}, [second])
    book.take(second, 4)
    book.remove(second)
    assert (book.depth_asks, book.best_ask_ticks) == ({}, 0)


def test_an_iceberg_shows_its_first_part_and_never_more_than_it_has() -> None:
    book = empty_book()
    hidden = loose(Side.BUY, 10, 5, display=4)
    book.add(hidden)
    assert (hidden.visible_lots, book.depth_bids) == (4, {5: 4})

    book.resize(hidden, 6)
    assert (hidden.visible_lots, book.depth_bids) == (4, {5: 4})
    book.resize(hidden, 3)
    assert (hidden.visible_lots, book.depth_bids) == (3, {5: 3})
    whole = loose(Side.BUY, 4, 5, display=4)
    book.add(whole)
    assert (whole.visible_lots, book.depth_bids) == (4, {5: 7})


def test_what_a_command_changed_is_noted_once_as_it_was_before() -> None:
    book = empty_book()
    order = loose(Side.BUY, 10, 5)
    book.add(order)
    assert (book.bids_before, book.asks_before) == ({5: 0}, {})
    book.forget_changes()
    book.take(order, 3)
    book.take(order, 7)
    book.remove(order)

    assert (book.bids_before, book.asks_before) == ({5: 10}, {})


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 4), st.booleans(), K_LOTS, st.integers(199_996, 200_004), st.booleans()
        ),
        max_size=25,
    ),
    display=st.integers(0, 6),
)
def test_the_depth_is_what_open_orders_show(
    steps: list[tuple[int, bool, int, int, bool]], display: int
) -> None:
    """After every command, whatever crossed, was cancelled or came again."""
    venue = book_venue()
    for account, buys, lots, ticks, cancels in steps:
        venue.apply((bid if buys else ask)(account, lots, ticks, display_lots=display))
        waiting = list(venue.state.orders.values())
        if cancels and waiting:
            venue.apply(CancelOrder(waiting[0].account_id, OrderId(waiting[0].order_id), ""))
        book = book_of(venue)
        for side, depth in ((Side.BUY, book.depth_bids), (Side.SELL, book.depth_asks)):
            shown: dict[int, int] = {}
            for order in venue.state.orders.values():
                assert order.order_type is LIMIT
                if order.side is side:
                    level = order.price_ticks
                    shown[level] = shown.get(level, 0) + order.visible_lots
            assert depth == shown
        assert max(book.depth_bids, default=0) == book.best_bid_ticks
        assert min(book.depth_asks, default=0) == book.best_ask_ticks


def test_the_same_price_keeps_the_order_of_arrival() -> None:
    venue = book_venue()
    for account in (ALICE, BOB, ALICE):
        venue.apply(bid(account, 1, 200_000))

    queue = list(book_of(venue).bids.entries())
    assert queue == [resting(venue, 1), resting(venue, 2), resting(venue, 3)]
    venue.apply(CancelOrder(AccountId(BOB), OrderId(2), ""))
    assert list(book_of(venue).bids.entries()) == [resting(venue, 1), resting(venue, 3)]
