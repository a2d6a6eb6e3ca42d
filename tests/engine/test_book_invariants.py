"""Each invariant of a book and of its users goes red on a state that breaks it (CLR-1, BOK-2)."""

from collections.abc import Callable
from typing import Final

import pytest

from engine.commands import Side
from engine.invariants import check
from engine.market import Market
from engine.order_book import OrderBook
from engine.state import State
from engine.units import E8, NOBODY, AccountId
from tests.engine.books import ALICE, BOB, ask, bid, book_venue
from tests.engine.venue import K, order, price

Sabotage = Callable[[State], object]


def traded_state() -> State:
    """Bid 1, ask 2, an iceberg 3 at its price; the fund long 40 (taken over), Bob short 40."""
    venue = book_venue(tiers=((10**17, 1_000_000, 100),))
    ledger = venue.state.ledger.assets[1]
    ledger.insurance_atoms, ledger.external_atoms = 900 * E8, ledger.external_atoms - 900 * E8
    venue.apply(bid(ALICE, 5, 170_000))
    venue.apply(ask(BOB, 6, 210_000))
    venue.apply(ask(BOB, 6, 210_000, display_lots=2))
    venue.apply(ask(BOB, 40, 200_000))
    venue.apply(order(account_id=AccountId(3), qty_lots=40))
    venue.apply(price(181_500))
    return venue.state


def market_of(state: State) -> Market:
    market = state.markets[1]
    assert market is not None
    return market


def book_of(state: State) -> OrderBook:
    book = market_of(state).book
    assert book is not None
    return book


def shift_clearing(state: State) -> None:
    """The sum of the ledger stays zero."""
    ledger = state.ledger.assets[1]
    ledger.clearing[market_of(state).instrument_id] += 1
    ledger.insurance_atoms -= 1


def grow(state: State) -> None:
    """The fund has a lot more than there are on the other side; clearing follows its cost."""
    [held] = [p for p in state.positions.values() if p.account_id == NOBODY]
    held.qty_lots += 1
    held.cost_atoms += K
    ledger = state.ledger.assets[1]
    ledger.clearing[market_of(state).instrument_id] -= K
    ledger.insurance_atoms += K


def show_more(state: State) -> None:
    waits = state.orders.get(3)
    assert waits is not None
    waits.visible_lots += 1


def hide(state: State) -> None:
    """What no iceberg is allowed, with a depth that agrees."""
    waits = state.orders.get(2)
    assert waits is not None
    waits.visible_lots -= 1
    book_of(state).depth_asks[210_000] -= 1


def cross(state: State) -> None:
    """Alice's bid stands above the asks."""
    waits = state.orders.get(1)
    assert waits is not None
    book_of(state).remove(waits)
    waits.price_ticks = 220_000
    book_of(state).add(waits)
    book_of(state).forget_changes()


SABOTAGE: Final[dict[str, Sabotage]] = {
    "clearing that owes an atom more": shift_clearing,
    "longs that are more than shorts": grow,
    "a level that shows less": lambda state: book_of(state).depth_bids.update({170_000: 4}),
    "a level of nobody": lambda state: book_of(state).depth_bids.update({160_000: 1}),
    "a level that is not told": lambda state: book_of(state).asks_before.update({5: 1}),
    "an iceberg that shows more": show_more,
    "an order that hides": hide,
    "a bid above an ask": cross,
}


def test_a_sound_book_passes() -> None:
    state = traded_state()
    check(state)

    [held] = [p for p in state.positions.values() if p.account_id == NOBODY]
    assert (held.side, held.qty_lots) == (Side.BUY, 40)
    assert book_of(state).depth_asks == {180_000: 40, 210_000: 8}


@pytest.mark.parametrize("sabotage", SABOTAGE)
def test_a_broken_book_is_found(sabotage: str) -> None:
    state = traded_state()
    SABOTAGE[sabotage](state)

    with pytest.raises(AssertionError):
        check(state)
