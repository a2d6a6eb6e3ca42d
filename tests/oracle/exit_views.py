"""Exits and trailing stops of the engine and of the oracle in the same words, to be compared.

Knows where each keeps what; knows no rule.
"""

from typing import Any, Final

from engine.order import Order
from engine.position import Position
from engine.price_levels import WaitingPlace
from engine.trailing import Trail
from tests.oracle import records
from tests.oracle.trailing import Trailing, follows, level_of, trails

Row = tuple[Any, ...]
NO_TRAIL: Final = (0, 0)


def place_row(place: WaitingPlace | None) -> tuple[int, int]:
    """What a trailing stop follows, and where it fires."""
    return (place.extreme_ticks(), place.level_ticks()) if isinstance(place, Trail) else NO_TRAIL


def engine_trailing(order: Order) -> tuple[int, int]:
    """Of an order that is a trailing stop and follows."""
    return place_row(order.levels)


def engine_pairs(position: Position) -> list[Row]:
    """What stop losses, take profits and trailing stops hang on a position."""
    pairs = [
        (
            pair.parent_order_id,
            pair.qty_lots if pair.parent_order_id else 0,
            pair.stop_loss_ticks,
            pair.take_profit_ticks,
            pair.source.name,
            pair.trail_ticks,
            pair.trail_e8,
            NO_TRAIL if pair.trailing is None else place_row(pair.trailing.levels),
        )
        for pair in position.pairs or ()
        if not pair.is_empty()
    ]
    return sorted(pairs) if len(pairs) > 1 else pairs


def owner_row(owner: Trailing, falls: bool) -> tuple[int, int]:
    """What a trailing stop follows, and where it fires."""
    return (owner.extreme_ticks, level_of(owner, falls)) if trails(owner) else NO_TRAIL


def oracle_trailing(order: records.Order) -> tuple[int, int]:
    """The same of the oracle."""
    return owner_row(order, order.side == "SELL") if follows(order) else NO_TRAIL


def oracle_pairs(position: records.Position) -> list[Row]:
    """The same of the oracle."""
    falls = position.side == "BUY"
    pairs = [
        (
            pair.parent_order_id,
            pair.qty_lots,
            pair.stop_loss_ticks,
            pair.take_profit_ticks,
            pair.source,
            pair.trail_ticks,
            pair.trail_e8,
            owner_row(pair, falls),
        )
        for pair in position.pairs
    ]
    own = position.stop_loss_ticks, position.take_profit_ticks
    if any(own) or trails(position):
        widths = position.trail_ticks, position.trail_e8
        pairs.append((0, 0, *own, position.exit_source, *widths, owner_row(position, falls)))
    return sorted(pairs) if len(pairs) > 1 else pairs
