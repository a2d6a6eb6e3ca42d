"""Who bears a bankruptcy that the insurance fund cannot: the ranking of the other side (LIQ-7)."""

from heapq import heapify, heappop, heappush, heappushpop
from typing import TYPE_CHECKING, Final, final

from engine.commands import Side
from engine.margin import profit_atoms
from engine.market import MARK, Market
from engine.position import Position, closing_side
from engine.units import NOBODY, div_floor

if TYPE_CHECKING:
    from engine.state import State

GAINING: Final = 0
LOSING: Final = 1
BANKRUPT: Final = 2

QUOTIENT_BITS: Final = 32  # of a quotient's fraction: what few ranks share


@final
class Rank:
    """Where a position stands: class, then numerator / denominator, highest first, then id.

    `pnl% × effective leverage`, or `pnl% / effective leverage` of a loss: pnl% = u / M0, effective
    leverage = N / E, with u the profit at mark, N the value at mark and E = m + u; a cross position
    has no m of its own and counts with M0.  The ranking of auto-deleveraging that the large futures
    venues publish.
    """

    __slots__ = ("denominator", "kind", "numerator", "position")

    def __init__(self, position: Position) -> None:
        market = position.market
        mark_ticks, k = market.prices[MARK], market.k
        value = position.qty_lots * mark_ticks * k
        profit = profit_atoms(
            position.side, position.qty_lots, position.basis_atoms(), mark_ticks, k
        )
        initial = position.initial_margin_atoms
        equity = profit + (initial if position.key.is_cross else position.margin_atoms)
        kind, numerator, denominator = BANKRUPT, 0, 1
        if profit >= 0:
            kind = GAINING
            if equity > 0:
                numerator, denominator = profit * value, initial * equity
        elif equity > 0:
            kind, numerator, denominator = LOSING, profit * equity, initial * value
        self.position: Final = position
        self.kind: Final = kind
        self.numerator: Final = numerator
        self.denominator: Final = denominator

    def place(self) -> "Place":
        """What is sorted: the floors of two quotients differ only if the quotients do."""
        return self.kind, -div_floor(self.numerator << QUOTIENT_BITS, self.denominator), self

    def __lt__(self, other: "Rank") -> bool:
        """Of one class, whether it is first; compared as cross-multiplied integers."""
        mine = self.numerator * other.denominator
        theirs = other.numerator * self.denominator
        if mine != theirs:
            return mine > theirs
        return self.position.position_id < other.position.position_id


# The class, minus the quotient in whole 2^-32, and the rank, which tells the last from each other.
Place = tuple[int, int, Rank]


@final
class Ranking:
    """The positions of one side of a market, first to be deleveraged first, while its mark stands.

    Ranked once; from then on those that fill are ranked again, so that a crash with very many
    bankruptcies does not rank everybody for each.
    """

    __slots__ = ("_filled", "_heap", "_latest", "market", "side")

    def __init__(self, market: Market, side: Side) -> None:
        self.market: Final = market
        self.side: Final = side
        # By position id: those that filled since they were ranked.
        self._filled: Final[dict[int, Position]] = {}
        # By position id; what is in the heap besides is out of date.
        self._latest: Final[dict[int, Rank]] = {}
        for seat in market.seats:
            if seat is not None and seat.account_id != NOBODY and seat.first_position is not None:
                for position in seat.positions():
                    if position.side is side:
                        self._latest[position.position_id] = Rank(position)
        self._heap: Final = [rank.place() for rank in self._latest.values()]
        heapify(self._heap)

    def note_fill(self, position: Position) -> None:
        """A position of this side filled: its place is another."""
        if position.account_id != NOBODY:
            self._filled[position.position_id] = position

    def take_first(self) -> Position | None:
        """The next to be deleveraged, users before the fund; it is ranked again when it fills."""
        heap, filled = self._heap, self._filled
        while heap or filled:
            if filled:
                rank = self._rank_again(filled.popitem()[1])
                if filled:
                    heappush(heap, rank.place())
                    continue
                _, _, rank = heappushpop(heap, rank.place())  # most often first again
            else:
                _, _, rank = heappop(heap)
            position = rank.position
            if self._latest.get(position.position_id) is rank:
                del self._latest[position.position_id]
                if position.qty_lots:
                    return position
        fund = self.market.existing_seat(NOBODY)
        held = None if fund is None else fund.first_position  # one at most: the fund nets
        return held if held is not None and held.side is self.side else None

    def _rank_again(self, position: Position) -> Rank:
        rank = Rank(position)
        self._latest[position.position_id] = rank
        return rank


def first_counterparty(state: "State", position: Position) -> Position:
    """The opposite position that is deleveraged next: users' by rank, then the fund's."""
    side = closing_side(position.side)
    market = position.market
    ranking = state.rankings.get((market.instrument_id, side))
    if ranking is None:
        ranking = Ranking(market, side)
        state.rankings[market.instrument_id, side] = ranking
    other = ranking.take_first()
    assert other is not None, "the lots of a market's longs and shorts are equal"
    return other
