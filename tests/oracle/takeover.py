"""Exits and liquidations in an order-driven market (EXI-8, LIQ-5 to LIQ-8).

Knows who takes what the book does not: the insurance fund, or the other side.
"""

from tests.oracle import book
from tests.oracle.booking import tell_fill, tell_growth
from tests.oracle.deleveraging import deleverage
from tests.oracle.holds import rebalance
from tests.oracle.liquidation_step import tell_step
from tests.oracle.matching import Run, arrive, settle, walk_the_book
from tests.oracle.records import E8, FUND, Market, Order, Position, opposite, sign
from tests.oracle.rules import (
    bankruptcy_tick,
    ceil_div,
    close_fee_e8,
    floor_div,
    is_liquidatable,
    largest_price_ticks,
    maintenance_of,
    profit_of,
)
from tests.oracle.settlement import close_part, closers_of, follow_reduction
from tests.oracle.state import State, key_of


def closing_order(
    state: State, position: Position, lots: int, order_type: str, force: str, price_ticks: int
) -> Order:
    """A closing order that nobody sent: it takes an id and is told."""
    number = state.next_id()
    order = Order(
        order_id=number,
        account_id=position.account_id,
        instrument_id=position.instrument_id,
        side=opposite(position.side),
        order_type=order_type,
        time_in_force=force,
        qty_lots=lots,
        amount_atoms=0,
        price_ticks=price_ticks,
        trigger_ticks=0,
        trigger_source="MARK",
        leverage=0,
        closing=True,
        post_only=False,
        position_id=position.position_id,
        stop_loss_ticks=0,
        take_profit_ticks=0,
        auto_close_e8=0,
        expire_ns=0,
        client_order_id="",
        priority=number,
        created_ns=state.now_ns,
        frozen_mark_ticks=state.markets[position.instrument_id].mark,
        leg=position.leg,
    )
    state.orders[number] = order
    state.tell_accepted(order)
    return order


def exit_through_book(state: State, position: Position, lots: int, cause: str) -> None:
    """EXI-8."""
    held = position.qty_lots
    arrive(state, closing_order(state, position, lots, "MARKET", "GTC", 0), cause)
    if position.qty_lots == held:
        state.hit("EXI-8 unfilled")
    if cause == "AUTO_CLOSE" and position.qty_lots > 0:
        state.hit("EXI-8 auto-close stays")


def liquidate(state: State, market: Market, position: Position) -> None:
    """LIQ-5 and LIQ-9: slice by slice, until the position is gone or can go on."""
    cancel_what_hangs_on(state, market, position)
    slices = 0
    state.liquidating = position.position_id
    while position.qty_lots > 0 and is_liquidatable(position, market.mark, market.k, market.spec):
        lots = slice_of(market, position)
        hit_by_slice(state, position, lots, slices)
        price = bankruptcy_price(market, position)
        tell_step(state, position, lots, price)
        close_through_book(state, market, position, lots, price)
        slices += 1
    state.liquidating = 0
    if position.qty_lots > 0:
        state.hit("LIQ-9 goes on")


def slice_of(market: Market, position: Position) -> int:
    """LIQ-9: the lots that bring it down to the cap of the tier below its own."""
    lot_atoms = market.mark * market.k
    notional, below = position.qty_lots * lot_atoms, 0
    for cap, _, _ in market.spec["tiers"][:-1]:
        if notional > cap:
            below = cap
    return position.qty_lots - floor_div(below, lot_atoms)


def hit_by_slice(state: State, position: Position, lots: int, slices: int) -> None:
    """Which slice of how many."""
    if lots < position.qty_lots:
        state.hit("LIQ-9 slice")
    if slices > 0:
        state.hit("LIQ-9 next slice")


def close_through_book(
    state: State, market: Market, position: Position, lots: int, price: int
) -> None:
    """LIQ-5: into the book down to a price, then to the fund, or to the other side."""
    order = closing_order(state, position, lots, "LIMIT", "IOC", price)
    run = Run(state, market, order, "LIQUIDATION")
    walk_the_book(run)
    left, taken = order.qty_lots, None
    state.hit(
        "LIQ-5 whole" if left == 0 else "LIQ-5 partly" if run.traded_lots else "LIQ-5 nothing"
    )
    if left > 0:
        state.drop_order(order)
        run.reduced[position.position_id] = position
        if shortage_e8(state, market, position.side, left, price, market.mark) <= 0:
            close_part(state, position, left, price, order.order_id, "TAKER", "LIQUIDATION")
            taken = take_over(run, position.side, left, price)
        else:
            deleverage(run, order, position, price)
    settle(run)
    if taken is not None:
        offer(state, *taken, price)


def cancel_what_hangs_on(state: State, market: Market, position: Position) -> None:
    """All orders of its key; of a ticket those that close it."""
    orders = closers_of(state, position)
    if not state.is_ticket(position.account_id, market):
        orders = state.orders_of_key(*key_of(position))
    for order in orders:
        if order.order_id in state.orders:  # It may have gone with its partner.
            state.cancel(order, "LIQUIDATION")
    rebalance(state, position.account_id, market)


def fund_positions(state: State, asset_id: int) -> list[Position]:
    """The positions of the insurance fund in an asset."""
    return [
        position
        for position in state.positions.values()
        if position.account_id == FUND
        and state.markets[position.instrument_id].asset_id == asset_id
    ]


def takeover_shortage(state: State, position: Position, mark_ticks: int) -> int:
    """The atoms that insurance lacks to take over a whole position at a mark; it can if ≤ 0."""
    market = state.markets[position.instrument_id]
    lots, price = position.qty_lots, bankruptcy_price(market, position)
    return ceil_div(shortage_e8(state, market, position.side, lots, price, mark_ticks), E8)


def bankruptcy_price(market: Market, position: Position) -> int:
    """LIQ-5: where equity is nothing, kept within the prices that there are."""
    highest = largest_price_ticks(market.spec, market.k)
    return max(1, min(highest, bankruptcy_tick(position, market.k)))


def shortage_e8(
    state: State, market: Market, side: str, lots: int, price_ticks: int, mark_ticks: int
) -> int:
    """LIQ-6: by how much maintenance exceeds what the fund is worth once it has bought the lots."""
    equity = state.pool("insurance", market.asset_id)
    equity += sign(side) * lots * (mark_ticks - price_ticks) * market.k
    sizes = {market.instrument_id: sign(side) * lots}
    for position in fund_positions(state, market.asset_id):
        where = state.markets[position.instrument_id]
        mark = mark_ticks if where is market else where.mark
        numbers = position.qty_lots, position.cost_atoms, mark, where.k
        equity += profit_of(position.side, *numbers)
        number = position.instrument_id
        sizes[number] = sizes.get(number, 0) + sign(position.side) * position.qty_lots
    maintenance = 0
    for instrument_id, size in sizes.items():
        where = state.markets[instrument_id]
        mark = mark_ticks if where is market else where.mark
        notional = abs(size) * mark * where.k
        maintenance += maintenance_of(where.spec["tiers"], close_fee_e8(where.spec), notional)
    return maintenance - equity * E8


def take_over(run: Run, side: str, lots: int, price_ticks: int) -> tuple[Position, int] | None:
    """LIQ-6: the fund's side of it.  Returns the position and the lots that it opened."""
    state, market = run.state, run.market
    run.accounts.add(FUND)
    held = state.position_of_key(FUND, market.instrument_id)
    if held is not None and held.side != side:
        closes = min(lots, held.qty_lots)
        close_part(state, held, closes, price_ticks, 0, "MAKER", "ORDER")
        run.reduced[held.position_id] = held
        lots -= closes
        state.hit("LIQ-6 flip" if lots > 0 else "LIQ-6 net")
    elif held is not None:
        state.hit("LIQ-6 increase")
    if lots == 0:
        return None
    return fund_opening(state, market, side, lots, price_ticks), lots


def fund_opening(state: State, market: Market, side: str, lots: int, price_ticks: int) -> Position:
    """Lots for the fund: no margin, no fee, leverage 1."""
    held = state.position_of_key(FUND, market.instrument_id)
    is_new = held is None
    position = new_fund_position(state, market, side) if held is None else held
    position.qty_lots += lots
    position.cost_atoms += lots * price_ticks * market.k
    state.positions[position.position_id] = position
    tell_fill(state, position, 0, side, lots, price_ticks, 0, 0, "MAKER")
    tell_growth(state, position, is_new)
    if is_new:
        state.hit("LIQ-6 open")
    return position


def new_fund_position(state: State, market: Market, side: str) -> Position:
    """A position of the fund's without lots yet."""
    return Position(
        position_id=state.next_id(),
        account_id=FUND,
        instrument_id=market.instrument_id,
        side=side,
        qty_lots=0,
        cost_atoms=0,
        margin_atoms=0,
        initial_margin_atoms=0,
        leverage=1,
        realized_atoms=0,
        opened_ns=state.now_ns,
    )


def offer(state: State, position: Position, lots: int, price_ticks: int) -> None:
    """LIQ-8: the fund offers what it took."""
    order = closing_order(state, position, lots, "LIMIT", "GTC", price_ticks)
    book.show(order)
    state.hit("LIQ-8 offer rests")
    follow_reduction(state, position)
