"""The book of an order-driven market: who rests where, and what is shown.  No money, no accounts.

Queues are price levels; beside them stands what each level shows, so that a change of the book can
be told without walking it (BOK-2).
"""

from typing import TYPE_CHECKING, Final, final

from engine.commands import BUY
from engine.price_levels import NEVER_RISES, PriceLevels

if TYPE_CHECKING:
    from engine.order import Order


@final
class OrderBook:
    """Bids and asks.

    depth_bids, depth_asks: visible lots by price; only prices that show any.
    bids_before, asks_before: of the levels that the running command changed, what they showed
        before it.
    """

    __slots__ = (
        "asks",
        "asks_before",
        "bids",
        "bids_before",
        "depth_asks",
        "depth_bids",
    )

    def __init__(self, bids: PriceLevels, asks: PriceLevels) -> None:
        self.bids: Final = bids
        self.asks: Final = asks
        self.depth_bids: Final[dict[int, int]] = {}
        self.depth_asks: Final[dict[int, int]] = {}
        self.bids_before: Final[dict[int, int]] = {}
        self.asks_before: Final[dict[int, int]] = {}

    @property
    def best_bid_ticks(self) -> int:
        """The highest bid; 0 if there is none."""
        return self.bids.best_ticks

    @property
    def best_ask_ticks(self) -> int:
        """The lowest ask; 0 if there is none."""
        best_ticks = self.asks.best_ticks
        return 0 if best_ticks == NEVER_RISES else best_ticks

    def add(self, order: "Order") -> None:
        """Join the end of the queue at the order's price; an iceberg shows its first part."""
        lots = order.qty_lots
        display_lots = order.display_lots
        if 0 < display_lots < lots:
            lots = display_lots
        order.visible_lots = lots
        price_ticks = order.price_ticks
        if order.side is BUY:
            levels, depth, before = self.bids, self.depth_bids, self.bids_before
        else:
            levels, depth, before = self.asks, self.depth_asks, self.asks_before
        levels.add(order, price_ticks)
        shown = depth.get(price_ticks, 0)
        if price_ticks not in before:
            before[price_ticks] = shown
        depth[price_ticks] = shown + lots

    def remove(self, order: "Order") -> None:
        """Leave the queue."""
        price_ticks = order.price_ticks
        if order.side is BUY:
            levels, depth, before = self.bids, self.depth_bids, self.bids_before
        else:
            levels, depth, before = self.asks, self.depth_asks, self.asks_before
        levels.remove(order)
        lots = order.visible_lots
        if lots:
            order.visible_lots = 0
            shown = depth[price_ticks]
            if price_ticks not in before:
                before[price_ticks] = shown
            if shown == lots:
                del depth[price_ticks]
            else:
                depth[price_ticks] = shown - lots

    def take(self, order: "Order", lots: int) -> None:
        """A trade takes lots off what the order shows; it stays where it is."""
        order.qty_lots -= lots
        order.visible_lots -= lots
        self.show(order, -lots)

    def resize(self, order: "Order", qty_lots: int) -> None:
        """The order has fewer lots now, without a trade; it shows no more than these."""
        order.qty_lots = qty_lots
        hidden_now = order.visible_lots - qty_lots
        if hidden_now > 0:
            order.visible_lots = qty_lots
            self.show(order, -hidden_now)

    def forget_changes(self) -> None:
        """What changed so far is told, or is not to be told."""
        self.bids_before.clear()
        self.asks_before.clear()

    def show(self, order: "Order", lots: int) -> None:
        """The order's level shows this many lots more; the first change of a command is noted."""
        if order.side is BUY:
            depth, before = self.depth_bids, self.bids_before
        else:
            depth, before = self.depth_asks, self.asks_before
        price_ticks = order.price_ticks
        shown = depth.get(price_ticks, 0)
        if price_ticks not in before:
            before[price_ticks] = shown
        shown += lots
        if shown:
            depth[price_ticks] = shown
        else:
            depth.pop(price_ticks, None)
