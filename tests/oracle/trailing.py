"""Trailing stops: each keeps the extreme of its price by itself (TRL-…).  Knows levels; fires none.

No groups and no heaps: every price is shown to every trailing stop there is.
"""

from typing import TypeGuard

from tests.oracle.records import E8, SOURCES, Market, Order, Pair, Position
from tests.oracle.rules import ceil_div, floor_div
from tests.oracle.state import State

Trailing = Order | Pair | Position


def trails(owner: Trailing) -> bool:
    """Whether it has a distance or a rate."""
    return owner.trail_ticks != 0 or owner.trail_e8 != 0


def follows(order: Order) -> TypeGuard[Order]:
    """Whether it is a trailing stop that follows its price by now (TRL-2)."""
    return order.order_type == "TRAILING_STOP" and order.extreme_ticks > 0


def level_of(owner: Trailing, falls: bool) -> int:
    """TRL-1: where it fires; `falls`: as the price falls, so that it protects a long."""
    extreme, levels = owner.extreme_ticks, []
    way = -1 if falls else 1
    if owner.trail_ticks:
        levels.append(extreme + way * owner.trail_ticks)
    if owner.trail_e8:
        rounded = floor_div if falls else ceil_div
        levels.append(rounded(extreme * (E8 + way * owner.trail_e8), E8))
    return max(levels) if falls else min(levels)


def decided_by(owner: Trailing, falls: bool) -> str:
    """Which of its terms its level comes from."""
    if owner.trail_ticks == 0 or owner.trail_e8 == 0:
        return "rate" if owner.trail_e8 else "distance"
    way = -1 if falls else 1
    by_distance = owner.extreme_ticks + way * owner.trail_ticks
    return "distance of two" if level_of(owner, falls) == by_distance else "rate of two"


def follow(state: State, market: Market, sources: tuple[str, ...] = SOURCES) -> None:
    """TRL-3: the extremes of all that watch these prices of a market move with them."""
    for order in state.orders.values():
        here = order.instrument_id == market.instrument_id
        if here and follows(order) and order.trigger_source in sources:
            show(state, market, order, order.trigger_source, order.side == "SELL")
    for position in state.positions.values():
        if position.instrument_id != market.instrument_id:
            continue
        falls = position.side == "BUY"
        if trails(position) and position.exit_source in sources:
            show(state, market, position, position.exit_source, falls)
        for pair in position.pairs:
            if trails(pair) and pair.source in sources:
                show(state, market, pair, pair.source, falls)


def show(state: State, market: Market, owner: Trailing, source: str, falls: bool) -> None:
    """One trailing stop sees a price."""
    assert market.prices is not None
    price = market.prices[source]
    if price > owner.extreme_ticks if falls else price < owner.extreme_ticks:
        state.hit("TRL-3 follows")
        owner.extreme_ticks = price


def arm(market: Market, owner: Trailing, source: str) -> None:
    """TRL-3: the extreme begins at the source's price."""
    assert market.prices is not None
    owner.extreme_ticks = market.prices[source] if trails(owner) else 0
