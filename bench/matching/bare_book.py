"""Price-time matching on the engine's own book, and nothing else: no accounts, money or events."""

from typing import Final, cast

from engine.commands import BUY, SELL, Side
from engine.order import Order
from engine.order_book import OrderBook
from engine.price_levels import Entry, PriceLevels
from engine.units import INT64_MAX

NO_PRICE_ABOVE: Final = INT64_MAX - 1  # INT64_MAX is the best price of no asks at all
# The id of the resting order, the price, the lots.
Trade = tuple[int, int, int]


class BareOrder(Entry):
    """What the book looks at in an order."""

    __slots__ = ("display_lots", "order_id", "price_ticks", "qty_lots", "side", "visible_lots")

    def __init__(self, order_id: int, side: Side, price_ticks: int, qty_lots: int) -> None:
        self.levels = None
        self.before = None
        self.after = None
        self.key_ticks = 0
        self.arming = 0
        self.order_id = order_id
        self.side = side
        self.price_ticks = price_ticks
        self.qty_lots = qty_lots
        self.visible_lots = 0
        self.display_lots = 0


class BareBook:
    """The engine's book with the smallest loop around it: sweep, rest, cancel, move."""

    def __init__(self) -> None:
        self.book: Final = OrderBook(PriceLevels(0, True), PriceLevels(0, False))
        self.orders: Final[dict[int, Order]] = {}

    def limit(self, order_id: int, side: Side, price_ticks: int, qty_lots: int) -> list[Trade]:
        """Trade up to the price, let the rest rest."""
        trades: list[Trade] = []
        if self._crosses(side, price_ticks):
            qty_lots = self._sweep(side, price_ticks, qty_lots, trades)
        if qty_lots:
            order = cast(Order, BareOrder(order_id, side, price_ticks, qty_lots))
            self.orders[order_id] = order
            self.book.add(order)
        self.book.forget_changes()
        return trades

    def market(self, side: Side, qty_lots: int) -> list[Trade]:
        """Trade at any price."""
        trades: list[Trade] = []
        self._sweep(side, NO_PRICE_ABOVE if side is BUY else 1, qty_lots, trades)
        self.book.forget_changes()
        return trades

    def cancel(self, order_id: int) -> None:
        """Take an order out."""
        self.book.remove(self.orders.pop(order_id))
        self.book.forget_changes()

    def move(self, order_id: int, price_ticks: int) -> list[Trade]:
        """The order goes to another price, at the end of the queue there."""
        trades: list[Trade] = []
        order = self.orders[order_id]
        self.book.remove(order)
        if self._crosses(order.side, price_ticks):
            order.qty_lots = self._sweep(order.side, price_ticks, order.qty_lots, trades)
        if order.qty_lots:
            order.price_ticks = price_ticks
            self.book.add(order)
        else:
            del self.orders[order_id]
        self.book.forget_changes()
        return trades

    def _crosses(self, side: Side, price_ticks: int) -> bool:
        """Whether the best of the other side is not beyond the price; an empty side's always is."""
        if side is BUY:
            return price_ticks >= self.book.asks.best_ticks
        return price_ticks <= self.book.bids.best_ticks

    def _sweep(self, side: Side, limit_ticks: int, qty_lots: int, trades: list[Trade]) -> int:
        """Trade with the best of the other side up to the limit; the lots that are left."""
        levels = self.book.asks if side is BUY else self.book.bids
        while qty_lots and self._crosses(side, limit_ticks):
            price_ticks = levels.best_ticks
            maker = cast(Order, levels.head(price_ticks))
            lots = maker.qty_lots
            if lots > qty_lots:
                trades.append((maker.order_id, price_ticks, qty_lots))
                self.book.take(maker, qty_lots)
                return 0
            qty_lots -= lots
            trades.append((maker.order_id, price_ticks, lots))
            self.book.remove(maker)
            del self.orders[maker.order_id]
        return qty_lots


SIDES: Final = (BUY, SELL)
