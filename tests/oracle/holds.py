"""What resting orders lock, walked out of the lists each time (HLD-…).  Knows no fills."""

from tests.oracle.cross import spendable
from tests.oracle.records import LEGS, Market, Order, Position, opposite, sign
from tests.oracle.rules import ceil_div, fee_of
from tests.oracle.state import Key, State


def execution_order(orders: list[Order]) -> list[Order]:
    """Resting LIMIT orders of one side as the market will reach them: best price, then priority."""
    return sorted(orders, key=lambda order: (-sign(order.side) * order.price_ticks, order.priority))


def resting_limits(orders: list[Order], side: str) -> list[Order]:
    """The LIMIT orders of one side in execution order."""
    return execution_order([o for o in orders if o.order_type == "LIMIT" and o.side == side])


def opening_need(
    market: Market,
    side: str,
    price_ticks: int,
    mark_ticks: int,
    leverage: int,
    qty_lots: int,
    maker_fee_e8: int,
) -> int:
    """HLD-3: what `qty_lots` opening lots of a resting LIMIT need."""
    notional = qty_lots * price_ticks * market.k
    margin = ceil_div(notional, leverage)
    base = margin if market.spec["fee_basis"] == "MARGIN" else notional
    fee = fee_of(base, maker_fee_e8)
    worse = sign(side) * (price_ticks - mark_ticks)
    return max(0, margin + fee + qty_lots * market.k * max(0, worse))


def need_of(state: State, market: Market, order: Order, qty_lots: int) -> int:
    """`opening_need` of some lots of an order, at the mark that was frozen with it."""
    return opening_need(
        market,
        order.side,
        order.price_ticks,
        order.frozen_mark_ticks,
        order.leverage,
        qty_lots,
        state.fee_rate(order.account_id, market, "MAKER"),
    )


def order_hold(state: State, market: Market, order: Order) -> int:
    """What a resting order of a ticket market holds by itself."""
    if order.closing or order.order_type != "LIMIT":
        return 0
    if order.amount_atoms > 0:
        return order.amount_atoms
    return need_of(state, market, order, order.qty_lots)


def opening_lots(
    orders: list[Order], side: str, position_side: str, position_lots: int
) -> list[tuple[Order, int]]:
    """HLD-5: each resting LIMIT of a side with the lots it would open, in execution order."""
    closable = position_lots if position_side == opposite(side) else 0
    walked = []
    for order in resting_limits(orders, side):
        closes = min(closable, order.qty_lots)
        closable -= closes
        walked.append((order, 0 if order.closing else order.qty_lots - closes))
    return walked


def side_need(
    state: State,
    market: Market,
    orders: list[Order],
    side: str,
    position_side: str,
    position_lots: int,
) -> int:
    """What one side of a key needs."""
    walked = opening_lots(orders, side, position_side, position_lots)
    return sum(need_of(state, market, order, lots) for order, lots in walked if lots > 0)


def key_need(
    state: State, market: Market, orders: list[Order], position_side: str, position_lots: int
) -> int:
    """HLD-5: the hold of a key, the larger of its sides."""
    return max(
        side_need(state, market, orders, side, position_side, position_lots)
        for side in ("BUY", "SELL")
    )


def size_of(position: Position | None) -> tuple[str, int]:
    """Side and lots; no position is no lots."""
    return ("BUY", 0) if position is None else (position.side, position.qty_lots)


def rebalance(state: State, account_id: int, market: Market) -> None:
    """HLD-7 of all keys that an account has in a market, by leg."""
    for leg in LEGS:
        rebalance_key(state, market, (account_id, market.instrument_id, leg))


def rebalance_key(state: State, market: Market, key: Key) -> None:
    """HLD-7: the key's hold anew; openers go, last to execute first, until it is covered."""
    account_id = key[0]
    if state.is_ticket(account_id, market):
        return
    default = market.spec["margin_mode"]
    cross = state.margin_modes.get(key, default) == "CROSS"
    held = state.key_holds.get(key, 0)
    while True:
        orders = state.orders_of_key(*key)
        size = size_of(state.position_of_key(*key))
        need = key_need(state, market, orders, *size)
        if need <= held or need - held <= spendable(state, account_id, market.asset_id, cross):
            break
        buys, sells = (side_need(state, market, orders, side, *size) for side in ("BUY", "SELL"))
        walked = opening_lots(orders, "SELL" if sells > buys else "BUY", *size)
        last = [order for order, lots in walked if lots > 0][-1]
        state.cancel(last, "HOLD_SHORT")
    if need != held:
        state.move_free(account_id, market.asset_id, held - need)
        state.set_hold(key, need)
