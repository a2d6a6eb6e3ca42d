"""The book of an order-driven market, sorted and summed anew each time.  Knows no fills.

Nothing is kept: what rests is what is open and shows lots.
"""

from tests.oracle.holds import execution_order
from tests.oracle.records import E8, Market, Order, opposite, sign
from tests.oracle.rules import ceil_div, floor_div, largest_price_ticks
from tests.oracle.state import State

Depth = dict[str, dict[int, int]]


def resting(state: State, market: Market, side: str) -> list[Order]:
    """One side of the book in the order in which it trades."""
    return execution_order(
        [
            order
            for order in state.orders.values()
            if order.instrument_id == market.instrument_id
            and order.side == side
            and order.visible_lots > 0
        ]
    )


def best(state: State, market: Market, side: str) -> int:
    """The best price of a side; 0 if nothing rests there."""
    return next((order.price_ticks for order in resting(state, market, side)), 0)


def touch(state: State, market: Market, side: str) -> int:
    """BOK-1: the best price an order of this side could trade at; 0 if there is none."""
    return best(state, market, opposite(side))


def depth(state: State, market: Market) -> Depth:
    """The visible lots of each price, summed."""
    levels: Depth = {"BUY": {}, "SELL": {}}
    for order in state.orders_in(market):
        if order.visible_lots > 0:
            level = levels[order.side]
            level[order.price_ticks] = level.get(order.price_ticks, 0) + order.visible_lots
    return levels


def depths(state: State) -> dict[int, Depth]:
    """The depth of every order-driven market, by instrument id."""
    return {
        instrument_id: depth(state, market)
        for instrument_id, market in sorted(state.markets.items())
        if market.is_order_driven
    }


def tell_changes(state: State, before: dict[int, Depth], now: dict[int, Depth]) -> None:
    """BOK-2: each price whose visible lots differ from those before the command."""
    nothing: Depth = {"BUY": {}, "SELL": {}}
    for instrument_id, after in now.items():
        for side in ("BUY", "SELL"):
            was, is_now = before.get(instrument_id, nothing)[side], after[side]
            if was == is_now:
                continue
            prices = sorted({*was, *is_now}, key=lambda price: -sign(side) * price)
            for price in prices:
                if was.get(price, 0) != is_now.get(price, 0):
                    state.tell(
                        "BookChanged",
                        instrument_id=instrument_id,
                        side=side,
                        price_ticks=price,
                        qty_lots=is_now.get(price, 0),
                    )


def protection_price(market: Market, side: str) -> int:
    """MAT-1: how far a MARKET order goes."""
    band = market.spec["price_band_e8"]
    if side == "SELL":
        return ceil_div(market.mark * (E8 - band), E8)
    highest = largest_price_ticks(market.spec, market.k)
    return min(highest, floor_div(market.mark * (E8 + band), E8))


def limit_of(market: Market, order: Order) -> int:
    """MAT-1: the last price at which an order trades."""
    if order.order_type == "LIMIT":
        return order.price_ticks
    return protection_price(market, order.side)


def reaches(limit_ticks: int, side: str, price_ticks: int) -> bool:
    """Whether a price is not beyond the limit of an order of this side."""
    return sign(side) * (limit_ticks - price_ticks) >= 0


def crosses(state: State, market: Market, order: Order) -> bool:
    """MAT-1: whether the touch is there and not beyond the order's limit."""
    ticks = touch(state, market, order.side)
    if order.order_type not in ("LIMIT", "MARKET") or ticks == 0:
        return False
    return reaches(limit_of(market, order), order.side, ticks)


def show(order: Order) -> None:
    """ICE-1: an order comes to rest, and shows what it may."""
    order.visible_lots = min(order.display_lots or order.qty_lots, order.qty_lots)
