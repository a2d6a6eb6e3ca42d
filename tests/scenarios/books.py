"""Books rebuilt from what events say, and what must be true between users.  Knows no matching."""

from collections import defaultdict
from dataclasses import dataclass, field

from engine.commands import LIMIT, Side
from engine.events import BookChanged, Event
from engine.market import Market
from engine.state import State

Level = tuple[int, Side, int]  # instrument, side, price in ticks


@dataclass
class Books:
    """Lots shown per level, by events alone; a level that is gone is not there."""

    levels: dict[Level, int] = field(default_factory=dict)

    def follow(self, happened: list[Event]) -> None:
        """Takes over what a command changed; each change tells something new, at its end."""
        changes = [event for event in happened if isinstance(event, BookChanged)]
        assert happened[len(happened) - len(changes) :] == changes
        assert [told_rank(c) for c in changes] == sorted(told_rank(c) for c in changes)
        for change in changes:
            level = (int(change.instrument_id), change.side, change.price_ticks)
            assert self.levels.get(level, 0) != change.qty_lots
            if change.qty_lots == 0:
                del self.levels[level]
            else:
                self.levels[level] = change.qty_lots

    def check(self, state: State) -> None:
        """The books that events told are those of the engine and of its open orders (BOK-2)."""
        assert self.levels == shown_by_orders(state)
        for market in state.markets:
            if market is not None and market.book is not None:
                assert market.book.depth_bids == self.side(market, Side.BUY)
                assert market.book.depth_asks == self.side(market, Side.SELL)
                check_between_users(state, market)

    def side(self, market: Market, side: Side) -> dict[int, int]:
        """The levels of one side: ticks to lots."""
        return {
            ticks: lots
            for (instrument_id, of_side, ticks), lots in self.levels.items()
            if instrument_id == market.instrument_id and of_side is side
        }


def told_rank(change: BookChanged) -> tuple[int, int, int]:
    """In which order levels are told: by market, highest bids first, then lowest asks."""
    ticks = change.price_ticks
    return change.instrument_id, change.side, -ticks if change.side is Side.BUY else ticks


def shown_by_orders(state: State) -> dict[Level, int]:
    """What the open limit orders of order-driven markets show."""
    shown: dict[Level, int] = defaultdict(int)
    for order in state.orders.values():
        if order.market.is_order_driven and order.order_type is LIMIT:
            assert 1 <= order.visible_lots <= order.qty_lots
            assert order.visible_lots == min(order.visible_lots, order.display_lots or 2**63)
            assert order.display_lots or order.visible_lots == order.qty_lots
            shown[(order.market.instrument_id, order.side, order.price_ticks)] += order.visible_lots
    return shown


def check_between_users(state: State, market: Market) -> None:
    """Longs and shorts are equal; clearing owes what they paid in, less what they owe (CLR-1).

    No bid reaches an ask.
    """
    lots = cost_atoms = 0
    for position in state.positions.values():
        if position.market is market:
            sign = 1 if position.side is Side.BUY else -1
            lots += sign * position.qty_lots
            cost_atoms += sign * position.cost_atoms + position.accrued_atoms
    assert lots == 0
    ledger = state.ledger.assets[market.asset_id]
    assert ledger.clearing.get(market.instrument_id, 0) == -cost_atoms
    book = market.book
    assert book is not None
    best_ask_ticks = book.best_ask_ticks
    assert best_ask_ticks == 0 or book.best_bid_ticks < best_ask_ticks
