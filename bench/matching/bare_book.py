"""Price-time matching on the engine's own book, and nothing else: no accounts, money or events."""

from typing import Final, cast

from engine.commands import BUY, SELL, Side
from engine.order import Order
from engine.order_book import OrderBook
from engine.price_levels import Entry, PriceLevels
from engine.units import INT64_MAX

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
        self.orders: Final[dict[int, BareOrder]] = {}

    def limit(self, order_id: int, side: Side, price_ticks: int, qty_lots: int) -> list[Trade]:
        """Trade up to the price, let the rest rest."""
        trades: list[Trade] = []
        left_lots = self._sweep(side, price_ticks, qty_lots, trades)
        if left_lots:
            order = BareOrder(order_id, side, price_ticks, left_lots)
            self.orders[order_id] = order
            self.book.add(cast(Order, order))
        self._end()
        return trades

    def market(self, side: Side, qty_lots: int) -> list[Trade]:
        """Trade at any price."""
        trades: list[Trade] = []
        self._sweep(side, INT64_MAX if side is BUY else 0, qty_lots, trades)
        self._end()
        return trades

    def cancel(self, order_id: int) -> None:
        """Take an order out."""
        self.book.remove(cast(Order, self.orders.pop(order_id)))
        self._end()

    def move(self, order_id: int, price_ticks: int) -> list[Trade]:
        """The order goes to another price, at the end of the queue there."""
        trades: list[Trade] = []
        order = self.orders[order_id]
        self.book.remove(cast(Order, order))
        left_lots = self._sweep(order.side, price_ticks, order.qty_lots, trades)
        if left_lots:
            order.price_ticks = price_ticks
            order.qty_lots = left_lots
            self.book.add(cast(Order, order))
        else:
            del self.orders[order_id]
        self._end()
        return trades

    def _sweep(self, side: Side, limit_ticks: int, qty_lots: int, trades: list[Trade]) -> int:
        """Trade with the best of the other side up to the limit; the lots that are left."""
        is_buy = side is BUY
        levels = self.book.asks if is_buy else self.book.bids
        while qty_lots:
            price_ticks = levels.best_ticks
            if (price_ticks > limit_ticks) if is_buy else (price_ticks < limit_ticks):
                break
            maker = levels.head(price_ticks)
            if maker is None:
                break
            assert isinstance(maker, BareOrder)
            lots = maker.qty_lots
            if lots > qty_lots:
                trades.append((maker.order_id, price_ticks, qty_lots))
                self.book.take(cast(Order, maker), qty_lots)
                return 0
            qty_lots -= lots
            trades.append((maker.order_id, price_ticks, lots))
            self.book.remove(cast(Order, maker))
            del self.orders[maker.order_id]
        return qty_lots

    def _end(self) -> None:
        """The command is over: what it changed counts as told."""
        self.book.bids_before.clear()
        self.book.asks_before.clear()


SIDES: Final = (BUY, SELL)
