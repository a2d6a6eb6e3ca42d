"""The path of an order, against a list that is sorted and eaten lot by lot (MAT-2, STP-1)."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrival import Arrival
from engine.commands import OrderType, SelfTradePrevention, Side
from engine.matching import CANCEL, LESSEN, TRADE, Path, find_path
from engine.place_order import draft_order
from engine.units import AccountId, PositionId
from tests.engine.books import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    ask,
    bid,
    book_of,
    book_venue,
    market_of,
)
from tests.engine.venue import K, Venue, order

MODES = list(SelfTradePrevention)


class Expected(NamedTuple):
    """What a path comes to: steps as (kind, order id, lots), what is left, whether it was ended."""

    steps: list[tuple[int, int, int]]
    left: int
    stopped: bool


def path_of(venue: Venue, limit_ticks: int, lots: int, budget: int = 0, **fields: Any) -> Path:
    """The path of an order by Alice that buys."""
    draft = draft_order(venue.state, order(qty_lots=1, price_ticks=limit_ticks, **fields))
    return find_path(draft, limit_ticks, lots, budget)


def found(path: Path) -> Expected:
    steps = [(kind, int(maker.order_id), lots) for kind, maker, lots in path.steps]
    return Expected(steps, path.left_lots, path.stopped)


def eaten(
    rests: list[tuple[int, int, int, int]], limit: int, lots: int, mode: SelfTradePrevention
) -> Expected:
    """Lists and a sort: (account, lots, ticks, display) in order of arrival, ids from 1.

    Each entry of the queue is what an order shows, and what it has besides.
    """
    queue = [
        [ticks, place, account, min(has, display or has), has, display, place]
        for place, (account, has, ticks, display) in enumerate(rests, 1)
    ]
    steps: list[tuple[int, int, int]] = []
    arrivals = len(queue)
    while lots:
        queue.sort()
        if not queue or queue[0][0] > limit:
            break
        ticks, _, account, shown, has, display, order_id = queue.pop(0)
        if account == ALICE:
            if mode is SelfTradePrevention.DECREMENT:
                steps.append((LESSEN, order_id, min(lots, has)))
                lots -= min(lots, has)
                continue
            if mode is not SelfTradePrevention.CANCEL_TAKER:
                steps.append((CANCEL, order_id, 0))
            if mode is not SelfTradePrevention.CANCEL_MAKER:
                return Expected(steps, lots, True)
            continue
        taken = min(lots, shown)
        steps.append((TRADE, order_id, taken))
        lots -= taken
        if taken == shown and has > taken:
            arrivals += 1
            rest = has - taken
            queue.append([ticks, arrivals, account, min(rest, display), rest, display, order_id])
    return Expected(steps, lots, False)


@settings(max_examples=150, deadline=None)
@given(
    rests=st.lists(
        st.tuples(
            st.sampled_from([ALICE, BOB, CAROL, BOB, CAROL]),
            st.integers(1, 9),
            st.integers(200_000, 200_003),
            st.integers(0, 3),
        ),
        max_size=8,
    ),
    limit=st.integers(199_999, 200_004),
    lots=st.integers(1, 40),
    mode=st.sampled_from(MODES),
)
def test_a_path_is_that_of_a_sorted_list(
    rests: list[tuple[int, int, int, int]], limit: int, lots: int, mode: SelfTradePrevention
) -> None:
    venue = book_venue()
    for account, has, ticks, display in rests:
        venue.apply(ask(account, has, ticks, display_lots=display))
    before = venue.state.event_chain, dict(book_of(venue).depth_asks)

    path = path_of(venue, limit, lots, self_trade_prevention=mode)
    assert found(path) == eaten(rests, limit, lots, mode)
    assert path.traded_lots == sum(n for kind, _, n in path.steps if kind == TRADE)
    assert path.lessened_lots == sum(n for kind, _, n in path.steps if kind == LESSEN)
    assert before == (venue.state.event_chain, book_of(venue).depth_asks)


def test_bids_are_met_from_the_highest() -> None:
    venue = book_venue()
    for account, lots, ticks in ((BOB, 2, 199_990), (CAROL, 3, 200_000), (BOB, 4, 199_980)):
        venue.apply(bid(account, lots, ticks))

    path = path_of(venue, 199_990, 9, side=Side.SELL)
    assert found(path) == Expected([(TRADE, 2, 3), (TRADE, 1, 2)], 4, False)
    assert path.fills() == [(3, 200_000), (2, 199_990)]


@pytest.mark.parametrize(
    ("tenths", "steps"),
    [
        (5, []),  # half a lot buys nothing
        (10, [1]),
        (29, [2]),
        (30, [3]),
        (40, [3]),  # what is left is less than a lot of the next price
        (41, [3, 1]),
    ],
)
def test_a_budget_buys_whole_lots_level_by_level(tenths: int, steps: list[int]) -> None:
    """MAT-3: three lots at 200,000, then some at 200,100; the budget in tenths of the first."""
    venue = book_venue()
    venue.apply(ask(BOB, 3, 200_000))
    venue.apply(ask(BOB, 9, 200_100))
    budget = tenths * 20_000 * K
    path = path_of(venue, 210_000, 10**9, budget)

    assert [lots for _, _, lots in path.steps] == steps
    assert path.budget_atoms == budget - sum(lots * ticks * K for lots, ticks in path.fills())


def test_a_budget_that_buys_no_more_at_a_price_buys_nothing_beyond() -> None:
    """MAT-3: a seller's next price is lower, but the path ended where the budget did."""
    venue = book_venue()
    venue.apply(bid(BOB, 1, 200_000))
    venue.apply(bid(BOB, 5, 190_000))
    budget = 395_000 * K  # a lot at 200,000 leaves 195,000

    path = path_of(venue, 180_000, 10**9, budget, side=Side.SELL)
    assert found(path).steps == [(TRADE, 1, 1)]
    assert path.budget_atoms == 195_000 * K


def test_a_decrement_uses_up_the_budget_too() -> None:
    venue = book_venue()
    venue.apply(ask(ALICE, 3, 200_000))
    venue.apply(ask(BOB, 9, 200_000))
    decrement = {"self_trade_prevention": SelfTradePrevention.DECREMENT}
    path = path_of(venue, 210_000, 10**9, 5 * 200_000 * K, **decrement)

    assert found(path).steps == [(LESSEN, 1, 3), (TRADE, 2, 2)]
    assert path.budget_atoms == 0


def long_of_ten(venue: Venue) -> None:
    """Carol is long ten lots (position 3), against Dave."""
    venue.apply(ask(DAVE, 10, 200_000))
    venue.apply(order(account_id=AccountId(CAROL), qty_lots=10))


def test_a_closing_order_gives_what_its_position_has_left() -> None:
    """Her plain order sells seven of ten; of her closing one three are left, of the next none."""
    venue = book_venue()
    long_of_ten(venue)
    venue.apply(ask(CAROL, 7, 200_010))
    venue.apply(ask(CAROL, 6, 200_020, reduce_only=True))
    venue.apply(ask(CAROL, 4, 200_030, reduce_only=True))
    venue.apply(ask(BOB, 5, 200_040))

    path = path_of(venue, 200_040, 20)
    assert found(path) == Expected([(TRADE, 5, 7), (TRADE, 6, 3), (TRADE, 8, 5)], 5, False)
    assert found(path_of(venue, 200_040, 8)).steps == [(TRADE, 5, 7), (TRADE, 6, 1)]


def test_in_a_ticket_market_only_orders_of_the_same_position_count() -> None:
    venue = book_venue(position_mode=1)
    venue.apply(ask(DAVE, 10, 200_000))
    venue.apply(order(account_id=AccountId(CAROL), qty_lots=6))
    venue.apply(order(account_id=AccountId(CAROL), qty_lots=4))
    first, second = (p.position_id for p in venue.state.positions.values() if p.account_id == CAROL)
    venue.apply(ask(CAROL, 7, 200_010))
    venue.apply(ask(CAROL, 6, 200_020, position_id=PositionId(first)))
    venue.apply(ask(CAROL, 4, 200_030, position_id=PositionId(second)))

    path = path_of(venue, 200_040, 20)
    assert [lots for _, _, lots in path.steps] == [7, 6, 4]


def test_a_market_order_goes_to_its_protection_price() -> None:
    """MAT-1: floor for a buy, ceil for a sell, never above the largest price."""
    venue = book_venue(price_band_e8=33_333_333)
    for side, ticks in ((Side.BUY, 266_666), (Side.SELL, 133_334)):
        draft = draft_order(venue.state, order(qty_lots=1, side=side))
        assert draft.order_type is OrderType.MARKET
        assert Arrival(venue.state, draft, None).limit_ticks == ticks
    tight = book_venue(price_band_e8=99_000_000)
    market_of(tight).prices[3] = market_of(tight).price_ticks_max - 1
    draft = draft_order(tight.state, order(qty_lots=1))
    assert Arrival(tight.state, draft, None).limit_ticks == market_of(tight).price_ticks_max
