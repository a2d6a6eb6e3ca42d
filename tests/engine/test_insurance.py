"""Whether the fund may take a position over: its equity against what it must keep (LIQ-6)."""

import pytest

from engine.commands import Side
from engine.insurance import fund_can_take, fund_position
from engine.units import E8, NOBODY
from tests.engine.books import book_venue, market_of
from tests.engine.test_deleveraging import held
from tests.engine.venue import K, Venue

TIERS = ((10**17, 1_000_000, 100),)  # 1 %
MARK = 200_000
LOT = MARK * K  # what a lot is worth


def venue_with(insurance: int, mode: int = 2) -> Venue:
    venue = book_venue(position_mode=mode, tiers=TIERS)
    venue.state.ledger.assets[1].insurance_atoms = insurance
    return venue


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("short_by", "allowed"), [(0, True), (1, False)])
def test_the_profit_at_the_mark_counts(side: Side, short_by: int, allowed: bool) -> None:
    """Ten lots at a bankruptcy price a thousand ticks on the good side of the mark."""
    gain, kept = 10 * 1_000 * K, 10 * LOT // 100
    venue = venue_with(kept - gain - short_by)
    position = held(venue, 1, 1, side, 10, 10 * LOT, 0, 1)
    good = -1_000 if side is Side.BUY else 1_000

    assert fund_can_take(venue.state, position, 10, MARK + good) is allowed


def test_what_it_holds_already_counts_with_its_profit_and_its_maintenance() -> None:
    """Twenty lots long in netting, bought a thousand ticks too high; ten more at the mark."""
    lost, kept = 20 * 1_000 * K, 30 * LOT // 100
    for insurance, allowed in ((kept + lost, True), (kept + lost - 1, False)):
        venue = venue_with(insurance)
        held(venue, 2, NOBODY, Side.BUY, 20, 20 * (MARK + 1_000) * K, 0, 0)
        position = held(venue, 1, 1, Side.BUY, 10, 10 * LOT, 0, 1)
        assert fund_can_take(venue.state, position, 10, MARK) is allowed


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_it_nets_whatever_the_market_does(mode: int) -> None:
    """KEY-1: twenty lots short and ten long are ten short."""
    for short_by, allowed in ((0, True), (1, False)):
        venue = venue_with(10 * LOT // 100 - short_by, mode)
        held(venue, 2, NOBODY, Side.SELL, 20, 20 * LOT, 0, 0)
        position = held(venue, 1, 1, Side.BUY, 10, 10 * LOT, 0, 1)
        assert fund_can_take(venue.state, position, 10, MARK) is allowed


def test_only_the_lots_taken_over_count() -> None:
    """LIQ-9: of a slice of three, at ten ticks below the mark."""
    venue = venue_with(3 * LOT // 100 - 30 * K)
    position = held(venue, 1, 1, Side.BUY, 10, 10 * LOT, 0, 1)

    assert fund_can_take(venue.state, position, 3, MARK - 10)
    assert not fund_can_take(venue.state, position, 4, MARK - 10)


def test_an_empty_fund_takes_only_what_pays_for_itself() -> None:
    venue = venue_with(0)
    position = held(venue, 1, 1, Side.BUY, 10, 10 * LOT, 0, 1)

    assert fund_can_take(venue.state, position, 10, MARK - MARK // 100)
    assert not fund_can_take(venue.state, position, 10, MARK - MARK // 100 + 1)
    venue.state.ledger.assets[1].insurance_atoms = -E8
    assert not fund_can_take(venue.state, position, 10, MARK - MARK // 100)


def test_its_position_is_that_of_account_zero() -> None:
    venue = venue_with(0, mode=1)
    assert fund_position(market_of(venue)) is None
    first = held(venue, 2, NOBODY, Side.SELL, 1, LOT, 0, 0)
    held(venue, 1, 1, Side.BUY, 1, LOT, 0, 0)

    assert fund_position(market_of(venue)) is first
