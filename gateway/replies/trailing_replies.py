"""Trailing stops that follow, as clients see them: how far they came, and where they fire.

Live figures: they move with prices and are no part of an order's own story.  Knows shapes; changes
nothing.
"""

from collections.abc import Iterator
from typing import Final

from engine.commands import BUY, OrderType, PriceSource, Side
from engine.instrument import InstrumentSpec
from engine.position import ExitPair, Position, closing_side
from engine.state import State, open_orders, open_positions
from engine.trailing import Trail, level_ticks
from engine.units import AccountId
from gateway.decimals import text_from_e8
from gateway.replies.api_replies import Reply, price_text

_SIDE: Final = ("", "BUY", "SELL")


class FollowingReply(Reply):
    """A trailing stop: distance, rate (a share of the extreme), or both, whichever is nearer.

    extreme: the highest price since it follows if it sells, the lowest if it buys.
    level: where it fires; null if that lies below the lowest price.
    """

    distance: str | None
    rate: str | None
    extreme: str | None
    level: str | None


class TrailingStopReply(Reply):
    """One trailing stop that follows its price now.

    order_id: of a TRAILING_STOP, or of the opener that it was attached to; null for a position's
        own.  position_id: what it closes; null for an order that names none.
    quantity: what it closes at most; null: all there is.  source: the price it follows.
    """

    order_id: str | None
    position_id: str | None
    symbol: str
    side: str
    quantity: str | None
    source: str
    trailing: FollowingReply


def following_reply(
    spec: InstrumentSpec, falls: bool, extreme_ticks: int, trail_ticks: int, trail_e8: int
) -> FollowingReply:
    """Figures of a trailing stop.  falls: it sells."""
    level = 0
    if extreme_ticks:
        level = max(0, level_ticks(falls, extreme_ticks, trail_ticks, trail_e8))
    return FollowingReply(
        price_text(trail_ticks, spec),
        text_from_e8(trail_e8) if trail_e8 else None,
        price_text(extreme_ticks, spec),
        price_text(level, spec),
    )


def _trails(pair: ExitPair) -> bool:
    return pair.trail_ticks > 0 or pair.trail_e8 > 0


def _of_pair(position: Position, pair: ExitPair) -> FollowingReply:
    falls, extreme = position.side is BUY, pair.extreme_ticks()
    return following_reply(position.market.spec, falls, extreme, pair.trail_ticks, pair.trail_e8)


def position_trailing(position: Position) -> FollowingReply | None:
    """The position's own trailing stop."""
    pair = position.own_pair()
    return None if pair is None or not _trails(pair) else _of_pair(position, pair)


def trailing_stops(state: State, account_id: AccountId) -> list[TrailingStopReply]:
    """All of the account that follow: orders by id, then those of positions."""
    found = list(_of_orders(state, account_id))
    for position in open_positions(state, account_id):
        found += _of_position(position)
    return found


def _of_orders(state: State, account_id: AccountId) -> Iterator[TrailingStopReply]:
    for order in open_orders(state, account_id):
        place, spec = order.levels, order.market.spec
        if order.order_type is OrderType.TRAILING_STOP and isinstance(place, Trail):
            trail = order.trail_ticks, order.trail_e8
            yield TrailingStopReply(
                str(order.order_id),
                str(order.position_id) if order.position_id else None,
                spec.symbol,
                _SIDE[order.side],
                text_from_e8(order.qty_lots * spec.lot_size_e8) if order.qty_lots else None,
                PriceSource(order.trigger_source).name,
                following_reply(spec, order.side is Side.SELL, place.extreme_ticks(), *trail),
            )


def _of_position(position: Position) -> Iterator[TrailingStopReply]:
    spec = position.market.spec
    for pair in position.pairs or []:
        if _trails(pair):
            parent = pair.parent_order_id
            lots = min(pair.qty_lots, position.qty_lots)
            yield TrailingStopReply(
                str(parent) if parent else None,
                str(position.position_id),
                spec.symbol,
                _SIDE[closing_side(position.side)],
                text_from_e8(lots * spec.lot_size_e8) if parent else None,
                PriceSource(pair.source).name,
                _of_pair(position, pair),
            )
