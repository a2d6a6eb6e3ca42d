"""What resting orders hold, so that nobody overspends (HLD-…).  Computes; moves nothing."""

from engine.commands import BUY, SELL, Side
from engine.key import Key
from engine.margin import fee_atoms, initial_margin_atoms
from engine.market import MARK, Market
from engine.order import Order
from engine.position import Position


def opening_cost_atoms(order: Order, lots: int, price_ticks: int, rate_e8: int) -> int:
    """`ceil(N/L) + fee`: what opening these lots at this price takes from free."""
    market = order.market
    notional_atoms = lots * price_ticks * market.k
    margin_atoms = initial_margin_atoms(notional_atoms, order.leverage)
    return margin_atoms + fee_atoms(
        margin_atoms if market.fee_on_margin else notional_atoms, rate_e8
    )


def need_atoms(order: Order, lots: int) -> int:
    """What a resting limit holds for `lots` that open (HLD-3): margin, maker fee, loss at once."""
    if lots == 0:
        return 0
    price_ticks = order.price_ticks
    mark_ticks = order.frozen_mark_ticks
    loss_ticks = price_ticks - mark_ticks if order.side is BUY else mark_ticks - price_ticks
    market = order.market
    need = opening_cost_atoms(order, lots, price_ticks, order.seat.fees.maker_e8)
    if loss_ticks > 0:
        need += lots * market.k * loss_ticks
    return max(0, need)  # a rebate above the margin holds nothing


def lots_against(position: Position | None, side: Side) -> int:
    """How many lots an order of this side would close first."""
    return 0 if position is None or position.side is side else position.qty_lots


def opening_lots(queue: list[Order], closing_lots: int) -> list[tuple[Order, int]]:
    """Each resting order of a side with the lots it would open, in execution order (HLD-5)."""
    opens: list[tuple[Order, int]] = []
    left = closing_lots
    for order in queue:
        closes = min(left, order.qty_lots)
        left -= closes
        opens.append((order, 0 if order.closing else order.qty_lots - closes))
    return opens


def side_hold_atoms(queue: list[Order], closing_lots: int) -> int:
    """What one side of a key holds; the first `closing_lots` of it hold nothing."""
    total_atoms = 0
    left = closing_lots
    for order in queue:
        lots = order.qty_lots
        if left:
            closes = min(left, lots)
            left -= closes
            if not order.closing:
                total_atoms += need_atoms(order, lots - closes)
        else:
            total_atoms += order.hold_atoms
    return total_atoms


def present_hold_atoms(key: Key) -> int:
    """What the key should hold, with its position as it is."""
    return hold_atoms(key.buys, key.sells, key.position)


def hold_atoms(buys: list[Order], sells: list[Order], position: Position | None) -> int:
    """`max(buy side, sell side)` of resting orders, each in execution order (HLD-5)."""
    buy_atoms = side_hold_atoms(buys, lots_against(position, BUY)) if buys else 0
    sell_atoms = side_hold_atoms(sells, lots_against(position, SELL)) if sells else 0
    return max(buy_atoms, sell_atoms)


def last_opener(queue: list[Order], closing_lots: int) -> Order | None:
    """The order that adds to the hold and executes last; None if no order of the side adds."""
    for order, lots in reversed(opening_lots(queue, closing_lots)):
        if lots > 0:
            return order
    return None


def side_exposure(
    market: Market, position: Position | None, queue: list[Order], side: Side
) -> tuple[int, int]:
    """Notional and lots of one side of a key: its position and what its orders would open."""
    if position is None:
        return exposure_of(market, queue, 0, 0)
    same_lots = position.qty_lots if position.side is side else 0
    return exposure_of(market, queue, same_lots, position.qty_lots - same_lots)


def exposure_of(
    market: Market, queue: list[Order], same_lots: int, against_lots: int
) -> tuple[int, int]:
    """Notional at the mark of a position's lots and at their limits of what a side would open.

    same_lots: of a position of this side.  against_lots: of one on the other, closed first.
    """
    total_lots = same_lots
    lot_ticks = same_lots * market.prices[MARK]
    for order, lots in opening_lots(queue, against_lots):
        lot_ticks += lots * order.price_ticks
        total_lots += lots
    return lot_ticks * market.k, total_lots
