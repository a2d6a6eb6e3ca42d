"""Who bears a bankruptcy, against the ranking in fractions (LIQ-7)."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands import Side
from engine.deleveraging import first_counterparty
from engine.fills import after_fill
from engine.position import Position
from engine.seat import Seat
from engine.units import NOBODY, AccountId, PositionId
from tests.engine.books import book_venue, market_of
from tests.engine.venue import K, Venue

MARK = 200_000


def held(venue: Venue, number: int, account: int, side: Side, *amounts: int) -> Position:
    """A position of any numbers, in no table but its seat: lots, cost, margin, initial margin."""
    market = market_of(venue)
    seat = market.seat(AccountId(account))
    position = Position(PositionId(number), AccountId(account), market, seat.main, side, 10, 0)
    position.qty_lots, position.cost_atoms = amounts[:2]
    position.margin_atoms, position.initial_margin_atoms = amounts[2:]
    seat.add_position(position)
    return position


def counterparties(venue: Venue, position: Position) -> list[Position]:
    """All of the other side, each closed in its turn, as long as somebody is there."""
    state = venue.state
    taken: list[Position] = []
    while any(seat_has_other(seat, position) for seat in position.market.seats):
        other = first_counterparty(state, position)
        other.qty_lots = 0
        other.seat.remove_position(other)
        taken.append(other)
    return taken


def seat_has_other(seat: Seat | None, position: Position) -> bool:
    """Whether an account has a position on the other side."""
    return seat is not None and any(p.side is not position.side for p in seat.positions())


def expected_key(position: Position) -> tuple[int, Fraction, int]:
    """The sentence of the document: class, what is ranked by (highest first), id."""
    value = position.qty_lots * MARK * K
    sign = 1 if position.side is Side.BUY else -1
    profit = sign * (value - position.cost_atoms)
    equity = position.margin_atoms + profit
    share = Fraction(profit, position.initial_margin_atoms)
    if profit >= 0:
        rank = share * Fraction(value, equity) if equity else Fraction(0)
        return 0, -rank, position.position_id
    if equity > 0:
        return 1, -share / Fraction(value, equity), position.position_id
    return 2, Fraction(0), position.position_id


@settings(max_examples=150, deadline=None)
@given(
    shorts=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(1, 3),
            st.integers(-3, 3),
            st.sampled_from([0, 1, 2, 50]),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_the_other_side_is_ranked_by_profit_and_leverage(
    shorts: list[tuple[int, int, int, int, int]],
) -> None:
    """Small numbers, so that many are equal: then the lower id comes first."""
    venue = book_venue(position_mode=1)
    bankrupt = held(venue, 1, 1, Side.BUY, 10, 10 * MARK * K, 0, 1)
    positions: list[Position] = []
    for number, (account, lots, thousands, margin, initial) in enumerate(shorts, 2):
        cost = lots * (MARK + 1_000 * thousands) * K
        amounts = lots, cost, 1_000 * K * margin, 1_000 * K * initial
        positions.append(held(venue, number, account, Side.SELL, *amounts))

    expected = sorted(positions, key=expected_key)
    assert counterparties(venue, bankrupt) == expected


def test_the_fund_comes_last_and_the_own_side_never() -> None:
    venue = book_venue(position_mode=1)
    bankrupt = held(venue, 1, 1, Side.SELL, 10, 10 * MARK * K, 0, 1)
    fund = held(venue, 2, NOBODY, Side.BUY, 1, 1, 0, 0)
    losing = held(venue, 4, 2, Side.BUY, 10, 11 * MARK * K, 0, 1)
    held(venue, 3, 3, Side.SELL, 10, 10 * MARK * K, 0, 1)

    assert counterparties(venue, bankrupt) == [losing, fund]


def test_who_has_filled_since_is_ranked_anew() -> None:
    """A ranking outlives the liquidation it was made for; each fill tells it what it missed."""
    venue = book_venue(position_mode=1)
    bankrupt = held(venue, 1, 1, Side.BUY, 10, 10 * MARK * K, 0, 1)
    best, second, third = (
        held(venue, number, number, Side.SELL, 10, (10 * MARK + gain) * K, MARK * K, MARK * K)
        for number, gain in ((2, 300), (3, 200), (4, 100))
    )
    assert first_counterparty(venue.state, bankrupt) is best

    after_fill(venue.state, best)  # by a part: it is there again
    assert first_counterparty(venue.state, bankrupt) is best
    third.cost_atoms += 500 * K
    after_fill(venue.state, third)
    assert first_counterparty(venue.state, bankrupt) is third
    assert first_counterparty(venue.state, bankrupt) is second
