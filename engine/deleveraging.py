"""Who bears a bankruptcy that the insurance fund cannot: the ranking of the other side (LIQ-7)."""

from functools import cmp_to_key
from typing import Final

from engine.margin import profit_atoms
from engine.position import Position
from engine.units import NOBODY

GAINING: Final = 0
LOSING: Final = 1
BANKRUPT: Final = 2

# Class, then rank = numerator / denominator, highest first, then position id.
Rank = tuple[int, int, int, int, Position]


def counterparties(position: Position) -> list[Position]:
    """The opposite positions: users' by rank, then the fund's by id."""
    users: list[Rank] = []
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
                users.append(rank(other))
    users.sort(key=cmp_to_key(_compare))
    return [other for _, _, _, _, other in users] + fund


def rank(position: Position) -> Rank:
    """`pnl% × effective leverage`, or `pnl% / effective leverage` of a loss, as a fraction.

    pnl% = u / M0 and effective leverage = N / E, with u the profit at mark, N the value at mark and
    E = m + u.  The ranking of auto-deleveraging that the large futures venues publish.
    """
    market = position.market
    mark_ticks, k = market.mark_ticks, market.k
    value = position.qty_lots * mark_ticks * k
    profit = profit_atoms(position.side, position.qty_lots, position.cost_atoms, mark_ticks, k)
    equity = position.margin_atoms + profit
    initial = position.initial_margin_atoms
    number = position.position_id
    if profit >= 0:
        if equity == 0:
            return GAINING, 0, 1, number, position
        return GAINING, profit * value, initial * equity, number, position
    if equity > 0:
        return LOSING, profit * equity, initial * value, number, position
    return BANKRUPT, 0, 1, number, position


def _compare(one: Rank, other: Rank) -> int:
    if one[0] != other[0]:
        return one[0] - other[0]
    difference = other[1] * one[2] - one[1] * other[2]
    if difference == 0:
        return one[3] - other[3]
    return 1 if difference > 0 else -1
