"""Who bears a bankruptcy that the insurance fund cannot: the ranking of the other side (LIQ-7)."""

from typing import Final, final

from engine.margin import profit_atoms
from engine.position import Position
from engine.units import NOBODY

GAINING: Final = 0
LOSING: Final = 1
BANKRUPT: Final = 2


@final
class Rank:
    """Where a position stands: class, then numerator / denominator, highest first, then id.

    `pnl% × effective leverage`, or `pnl% / effective leverage` of a loss: pnl% = u / M0, effective
    leverage = N / E, with u the profit at mark, N the value at mark and E = m + u.  The ranking of
    auto-deleveraging that the large futures venues publish.
    """

    __slots__ = ("denominator", "kind", "numerator", "position")

    def __init__(self, position: Position) -> None:
        market = position.market
        mark_ticks, k = market.mark_ticks, market.k
        value = position.qty_lots * mark_ticks * k
        profit = profit_atoms(
            position.side, position.qty_lots, position.basis_atoms(), mark_ticks, k
        )
        equity = position.margin_atoms + profit
        initial = position.initial_margin_atoms
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

    def __lt__(self, other: "Rank") -> bool:
        """Whether it is deleveraged before the other; compared as cross-multiplied integers."""
        if self.kind != other.kind:
            return self.kind < other.kind
        mine = self.numerator * other.denominator
        theirs = other.numerator * self.denominator
        if mine != theirs:
            return mine > theirs
        return self.position.position_id < other.position.position_id


def counterparties(position: Position) -> list[Position]:
    """The opposite positions: users' by rank, then the fund's by id."""
    ranks: list[Rank] = []
    fund: list[Position] = []
    for seat in position.market.seats:
        if seat is None:
            continue
        for other in seat.positions():
            if other.side is position.side:
                continue
            if other.account_id == NOBODY:
                fund.append(other)
            else:
                ranks.append(Rank(other))
    ranks.sort()
    return [rank.position for rank in ranks] + fund
