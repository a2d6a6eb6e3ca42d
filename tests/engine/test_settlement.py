"""Fills reach the position and the ledger to the last atom (FIL-1, FIL-3, FIL-5, MAT-6)."""

import pytest

from engine.commands import Side
from engine.units import E8
from tests.engine.books import ALICE, BOB, ask, bid, book_venue
from tests.engine.venue import Venue, order, plain_spec


@pytest.mark.parametrize("parts", [(100,), (1, 99), (33, 33, 34), (7,) * 14 + (2,)])
def test_parts_of_a_close_add_up_to_the_whole(parts: tuple[int, ...]) -> None:
    """Whatever the parts, the last takes all that is left: nothing stays behind."""
    venue = Venue(plain_spec(taker_fee_e8=0))
    venue.apply(order(qty_lots=100, leverage=7))
    for lots in parts:
        venue.apply(order(side=Side.SELL, qty_lots=lots, position_id=2))

    assert venue.state.positions.count == 0
    assert venue.free() == 1_000 * E8
    assert venue.state.ledger.assets[1].margin_atoms == 0


@pytest.mark.parametrize(("left", "margin", "fee"), [(0, 100, 5), (-3, 97, 5), (-50, 50, 5)])
def test_a_resting_order_is_filled_with_what_there_is(left: int, margin: int, fee: int) -> None:
    """MAT-6: short of u, the margin is u less, the base is not; the fee is paid first."""
    venue = book_venue(maker_fee_e8=500_000, taker_fee_e8=500_000)
    venue.apply(bid(ALICE, 50, 200_000))  # a margin of 100, a fee of 5
    ledger = venue.state.ledger.assets[1]
    gone = ledger.free[ALICE] - left * E8 if left >= 0 else ledger.free[ALICE]
    ledger.free[ALICE] -= gone
    if left < 0:
        venue.order(1).key.hold_atoms += left * E8
        ledger.hold[ALICE] += left * E8
        gone -= left * E8
    ledger.external_atoms += gone
    venue.apply(ask(BOB, 50, 200_000))

    [held] = [p for p in venue.state.positions.values() if p.account_id == ALICE]
    assert (held.margin_atoms, held.initial_margin_atoms) == (margin * E8, 100 * E8)
    assert (venue.free(ALICE), venue.hold(ALICE)) == (0, 0)
    assert ledger.fees_atoms == (5 + fee) * E8
