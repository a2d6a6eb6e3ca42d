"""Auto-deleveraging: whose positions close when nobody else takes a ruined one (LIQ-7).

Knows the queue; what the fund takes over is not its business.
"""

from fractions import Fraction

from tests.oracle.records import FUND, Market, Order, Position
from tests.oracle.rules import profit_of
from tests.oracle.run import Run
from tests.oracle.settlement import close_part, release_key
from tests.oracle.state import State


def rank(state: State, market: Market, position: Position) -> tuple[int, Fraction, int]:
    """LIQ-7: profit × leverage first, then the smallest share of loss, then those without equity.

    The smallest rank goes first.
    """
    k, mark = market.k, market.mark
    profit = profit_of(position.side, position.qty_lots, position.basis_atoms, mark, k)
    notional = position.qty_lots * mark * k
    initial = position.initial_margin_atoms
    equity = profit + (initial if state.is_cross(position) else position.margin_atoms)
    if profit >= 0:
        score = Fraction(profit * notional, initial * equity) if equity > 0 else Fraction(0)
        return 0, -score, position.position_id
    if equity > 0:
        return 1, -Fraction(profit * equity, initial * notional), position.position_id
    return 2, Fraction(0), position.position_id


def hit_by_rank(state: State, market: Market, position: Position, users: list[Position]) -> None:
    """Which part of the queue of LIQ-7 a counterparty came from."""
    if position.account_id == FUND:
        state.hit("LIQ-7 fund")
        return
    group, score, _ = rank(state, market, position)
    state.hit(f"LIQ-7 {('gaining', 'losing', 'ruined')[group]}")
    equals = [
        other
        for other in users
        if other.qty_lots and rank(state, market, other)[:2] == (group, score)
    ]
    if len(equals) > 1:
        state.hit("LIQ-7 tie")


def deleverage(run: Run, order: Order, position: Position, price_ticks: int) -> None:
    """LIQ-7: the other side closes at the bankruptcy price."""
    state, market = run.state, run.market
    others = [
        other
        for other in state.positions.values()
        if other.instrument_id == market.instrument_id and other.side != position.side
    ]
    users = [other for other in others if other.account_id != FUND]
    queue = sorted(users, key=lambda other: rank(state, market, other))
    queue += sorted(
        (other for other in others if other.account_id == FUND),
        key=lambda other: other.position_id,
    )
    for other in queue:
        lots = min(order.qty_lots, other.qty_lots)
        if lots == 0:
            return
        hit_by_rank(state, market, other, users)
        release_key(state, other)
        close_part(state, position, lots, price_ticks, order.order_id, "TAKER", "LIQUIDATION")
        close_part(state, other, lots, price_ticks, 0, "MAKER", "AUTO_DELEVERAGE")
        order.qty_lots -= lots
        run.accounts.add(other.account_id)
        run.reduced[other.position_id] = other
