"""The path of an order through a book: whom it will meet, found before anything changes (MAT-2).

Knows prices, lots and who is who; moves no money and no order.  Carrying the path out cannot change
it: what trades do to other orders is settled after the last one (MAT-8).
"""

from typing import Final, final

from engine.commands import (
    BUY,
    CANCEL_BOTH,
    CANCEL_MAKER,
    DECREMENT,
    SelfTradePrevention,
)
from engine.order import Order
from engine.order_book import OrderBook
from engine.units import div_floor

TRADE: Final = 0
CANCEL: Final = 1  # an own order in the way goes
LESSEN: Final = 2  # an own order and the taker lose the same lots

# What happens at a resting order: which of the above, the order, the lots.
Step = tuple[int, Order, int]


@final
class Path:
    """What an order does on arrival.

    left_lots: what it has left in the end.  lessened_lots: what it lost without a trade.
    budget_atoms: of a market order by amount: what it may still spend at its prices.
    stopped: self-trade prevention ended the path.
    """

    __slots__ = (
        "budget_atoms",
        "left_lots",
        "lessened_lots",
        "steps",
        "stopped",
        "traded_lots",
        "values_budget",
    )

    def __init__(self, lots: int, budget_atoms: int) -> None:
        self.steps: Final[list[Step]] = []
        self.traded_lots = 0
        self.lessened_lots = 0
        self.left_lots = lots
        self.values_budget: Final = budget_atoms > 0
        self.budget_atoms = budget_atoms
        self.stopped = False

    def fills(self) -> list[tuple[int, int]]:
        """Lots and price of each trade."""
        return [(lots, order.price_ticks) for kind, order, lots in self.steps if kind == TRADE]

    def affordable(self, lot_atoms: int) -> int:
        """The lots it may take at a price: what is left, or what the budget pays for."""
        if self.values_budget:
            return min(self.left_lots, div_floor(self.budget_atoms, lot_atoms))
        return self.left_lots

    def take(self, kind: int, maker: Order, lots: int, lot_atoms: int) -> None:
        """A step that uses up lots of the taker."""
        self.steps.append((kind, maker, lots))
        self.left_lots -= lots
        if self.values_budget:
            self.budget_atoms -= lots * lot_atoms
        if kind == TRADE:
            self.traded_lots += lots
        else:
            self.lessened_lots += lots


def find_path(order: Order, limit_ticks: int, lots: int, budget_atoms: int) -> Path:
    """Walk the other side from its best price to the limit, by priority within a price.

    lots: what the order has; with a budget, at most so many.
    budget_atoms: what it may spend at its prices, 0 if it is sized by quantity.
    """
    market = order.market
    book = market.book
    assert book is not None
    path = Path(lots, budget_atoms)
    is_buy = order.side is BUY
    levels = book.asks if is_buy else book.bids
    price_ticks = levels.best_ticks
    while (price_ticks <= limit_ticks) if is_buy else (price_ticks >= limit_ticks):
        if _walk_level(path, order, book, price_ticks, price_ticks * market.k):
            break
        price_ticks = levels.next_ticks(price_ticks)
    return path


def _walk_level(
    path: Path, order: Order, book: OrderBook, price_ticks: int, lot_atoms: int
) -> bool:
    """Meet everyone at a price; whether the path ends there."""
    levels = book.asks if order.side is BUY else book.bids
    head = levels.head(price_ticks)
    assert head is not None
    refilled: list[tuple[Order, int]] = []
    maker = head
    while True:
        assert isinstance(maker, Order)
        if maker.account_id == order.account_id:
            if _meet_own(path, order.self_trade_prevention, maker, lot_atoms):
                return True
        else:
            shown = maker.visible_lots
            if _meet(path, maker, shown, lot_atoms):
                return True
            if maker.qty_lots > shown and path.steps and path.steps[-1] == (TRADE, maker, shown):
                refilled.append((maker, maker.qty_lots - shown))
        following = maker.after
        assert following is not None
        if following is head:
            break
        maker = following
    return bool(refilled) and _walk_refilled(path, refilled, lot_atoms)


def _walk_refilled(path: Path, queue: list[tuple[Order, int]], lot_atoms: int) -> bool:
    """Icebergs come again at the end of their price until they have no more (ICE-1)."""
    place = 0
    while place < len(queue):
        maker, rest = queue[place]
        place += 1
        shown = min(maker.display_lots, rest)
        if _meet(path, maker, shown, lot_atoms):
            return True
        if rest > shown and path.steps[-1] == (TRADE, maker, shown):
            queue.append((maker, rest - shown))
    return False


def _meet(path: Path, maker: Order, shown: int, lot_atoms: int) -> bool:
    """Trade with what an order shows; whether the taker has done all it can."""
    wanted = path.affordable(lot_atoms)
    lots = min(wanted, shown)
    if maker.closing:
        lots = min(lots, _lots_left_to_close(path, maker))
    if lots > 0:
        path.take(TRADE, maker, lots, lot_atoms)
    return lots == wanted


def _lots_left_to_close(path: Path, maker: Order) -> int:
    """The lots that a closing order's position has left after the trades so far (MAT-2)."""
    key = maker.key
    position = key.position
    if not key.pools:
        position = next(p for p in maker.seat.positions() if p.position_id == maker.position_id)
    assert position is not None
    left = position.qty_lots
    for kind, other, lots in path.steps:
        if (
            kind == TRADE
            and other.key is key
            and (key.pools or other.position_id == maker.position_id)
        ):
            left -= lots
    return max(0, left)


def _meet_own(path: Path, mode: SelfTradePrevention, maker: Order, lot_atoms: int) -> bool:
    """An order of the same account is in the way (STP-1); whether the path ends."""
    wanted = path.affordable(lot_atoms)
    if wanted == 0:
        return True
    if mode is DECREMENT:
        lots = min(wanted, maker.qty_lots)
        path.take(LESSEN, maker, lots, lot_atoms)
        return lots == wanted
    if mode is CANCEL_MAKER or mode is CANCEL_BOTH:
        path.steps.append((CANCEL, maker, 0))
    path.stopped = mode is not CANCEL_MAKER
    return path.stopped
