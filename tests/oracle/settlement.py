"""Opening, increasing, reducing, closing (FIL-…, RED-…).  Knows what follows from a fill."""

from tests.oracle.amounts import (
    closing_of,
    opening_by_amount,
    opening_by_quantity,
)
from tests.oracle.booking import book_closing, book_fund_closing, book_opening
from tests.oracle.cross import cross_closing, spendable, spendable_for
from tests.oracle.holds import rebalance, resting_limits
from tests.oracle.records import FUND, Market, Order, Pair, Position, opposite
from tests.oracle.state import State, key_of
from tests.oracle.trailing import arm, trails


def closers_of(state: State, position: Position) -> list[Order]:
    """The open closing orders on a position, by id."""
    return [
        order
        for _, order in sorted(state.orders.items())
        if order.closing and order.position_id == position.position_id
    ]


def follow_reduction(state: State, position: Position) -> None:
    """RED-2 if the position is gone, else RED-1's walk."""
    if position.qty_lots == 0:
        for order in closers_of(state, position):
            if order.order_id in state.orders:  # An order may have gone with its partner.
                state.cancel(order, "POSITION_GONE")
        return
    rest = position.qty_lots
    for order in resting_limits(closers_of(state, position), opposite(position.side)):
        keeps = min(order.qty_lots, rest)
        rest -= keeps
        if keeps == 0:
            state.cancel(order, "POSITION_GONE")
        elif keeps < order.qty_lots:
            state.shrink(order, order.qty_lots - keeps)


def release_key(state: State, owner: Order | Position) -> None:
    """MAT-6: what its key holds is free for the fill, and taken anew after it."""
    key, market = key_of(owner), state.markets[owner.instrument_id]
    state.move_free(owner.account_id, market.asset_id, state.key_holds.get(key, 0))
    state.set_hold(key, 0)


def reduce(
    state: State, position: Position, qty_lots: int, price_ticks: int, liquidity: str, cause: str
) -> None:
    """A closing by no order, and all that follows from it."""
    release_key(state, position)
    close_part(state, position, qty_lots, price_ticks, 0, liquidity, cause)
    follow_reduction(state, position)
    rebalance(state, position.account_id, state.markets[position.instrument_id])


def new_position(state: State, order: Order) -> Position:
    """A position without lots yet, for the lots an order is about to open."""
    return Position(
        position_id=state.next_id(),
        account_id=order.account_id,
        instrument_id=order.instrument_id,
        side=order.side,
        qty_lots=0,
        cost_atoms=0,
        margin_atoms=0,
        initial_margin_atoms=0,
        leverage=order.leverage,
        realized_atoms=0,
        opened_ns=state.now_ns,
        leg=order.leg,
        cross=state.is_cross(order),
    )


def fill(state: State, order: Order, price_ticks: int, liquidity: str) -> None:
    """One whole fill against the house of an order that passed its checks."""
    state.drop_order(order)
    release_key(state, order)
    lots = order.qty_lots
    if order.closing:
        held = state.positions[order.position_id].qty_lots
        lots = min(lots or held, held)
    reduced, _ = fill_part(state, order, lots, price_ticks, liquidity)
    state.cancel_partner(order, "fill")
    if reduced is not None:
        follow_reduction(state, reduced)
    rebalance(state, order.account_id, state.markets[order.instrument_id])


def fill_part(
    state: State, order: Order, lots: int, price_ticks: int, liquidity: str, cause: str = "ORDER"
) -> tuple[Position | None, int]:
    """Fills some lots of an order; what hangs on the position is for later.

    Returns the position that lost lots, and how many lots it opened.
    """
    market = state.markets[order.instrument_id]
    if order.closing:
        position = state.positions[order.position_id]
        close_part(state, position, lots, price_ticks, order.order_id, liquidity, cause)
        return position, 0
    if state.is_ticket(order.account_id, market):
        return None, open_ticket(state, market, order, lots, price_ticks, liquidity)
    reduced = state.position_of_key(*key_of(order))
    if reduced is not None and reduced.side == order.side:
        reduced = None
    closing_lots = 0
    if reduced is not None:
        closing_lots = min(lots, reduced.qty_lots)
        if reduced.accrued_atoms > 0 and closing_lots < lots:
            state.hit("FUN-5 flipped")
        close_part(state, reduced, closing_lots, price_ticks, order.order_id, liquidity, cause)
    rest = lots - closing_lots
    if rest > 0:
        open_netting(state, market, order, rest, price_ticks, liquidity, closing_lots)
    return reduced, rest


def close_part(
    state: State,
    position: Position,
    lots: int,
    price_ticks: int,
    order_id: int,
    liquidity: str,
    cause: str,
) -> None:
    """Some lots of a position close; the fund's have a row of their own."""
    market = state.markets[position.instrument_id]
    if position.account_id == FUND:
        book_fund_closing(state, position, lots, price_ticks, order_id, cause)
        return
    rate = (
        0 if cause == "AUTO_DELEVERAGE" else rate_for(state, position.account_id, market, liquidity)
    )
    liquidates = cause == "LIQUIDATION"
    if state.is_cross(position):
        closing = cross_closing(state, market, position, lots, price_ticks, rate, liquidates)
        note_closing_fee(state, position, closing.fee_atoms)
    else:
        closing = closing_of(market, position, lots, price_ticks, rate, liquidates)
    book_closing(state, position, closing, price_ticks, order_id, liquidity, cause)


def rate_for(state: State, account_id: int, market: Market, liquidity: str) -> int:
    """What an account pays for a fill, and whether that is a tier's rate."""
    rate = state.fee_rate(account_id, market, liquidity)
    if rate != market.spec["maker_fee_e8" if liquidity == "MAKER" else "taker_fee_e8"]:
        state.hit(f"FEE-3 {liquidity}")
    return rate


def note_closing_fee(state: State, position: Position, fee_atoms: int) -> None:
    """CRS-5: what may be waived if the account ends this command in debt."""
    key = position.account_id, state.markets[position.instrument_id].asset_id
    state.closing_fees[key] = state.closing_fees.get(key, 0) + max(0, fee_atoms)


def open_ticket(
    state: State, market: Market, order: Order, lots: int, price_ticks: int, liquidity: str
) -> int:
    """Every opening order of a ticket market has a position of its own.  Returns its lots."""
    rate = rate_for(state, order.account_id, market, liquidity)
    if order.amount_atoms > 0:
        free = spendable_for(state, order)
        opening = opening_by_amount(
            market, order.amount_atoms, order.leverage, price_ticks, rate, free
        )
    else:
        cross = state.is_cross(order)
        opening = opening_by_quantity(market, lots, order.leverage, price_ticks, rate, cross=cross)
    position = state.positions.get(order.opened_position_id)
    if position is None:
        if order.opened_position_id:
            state.hit("MAT-9 second position")
        position = new_position(state, order)
        position.stop_loss_ticks = order.stop_loss_ticks
        position.take_profit_ticks = order.take_profit_ticks
        position.auto_close_e8 = order.auto_close_e8
        position.exit_source = order.trigger_source
        trail(state, market, position, order)
        order.opened_position_id = position.position_id
    book_opening(state, position, order, opening, price_ticks, liquidity)
    return opening.qty_lots


def open_netting(
    state: State,
    market: Market,
    order: Order,
    lots: int,
    price_ticks: int,
    liquidity: str,
    closing_lots: int,
) -> None:
    """Adds lots to the key's position, which may have just been closed by the same fill."""
    rate = rate_for(state, order.account_id, market, liquidity)
    position = state.position_of_key(*key_of(order))
    if position is None:
        position = new_position(state, order)
    cross = state.is_cross(order)
    opening = opening_by_quantity(
        market, lots, order.leverage, price_ticks, rate, closing_lots, cross
    )
    book_opening(state, position, order, opening, price_ticks, liquidity)
    hit_by_profit(state, order)
    attach_exits(state, market, position, order, lots)


def hit_by_profit(state: State, order: Order) -> None:
    """Whether it is profit on paper that stands for what was opened."""
    key = order.account_id, state.markets[order.instrument_id].asset_id
    lacks = state.is_cross(order) and spendable(state, *key, cross=False) < 0
    if lacks and spendable(state, *key, cross=True) >= 0:
        state.hit("CRS-2 spends profit")


def trail(state: State, market: Market, owner: Position | Pair, order: Order) -> None:
    """TRL-4: what an order attached is armed."""
    if trails(order):
        state.hit("TRL-4 attached")
    owner.trail_ticks, owner.trail_e8 = order.trail_ticks, order.trail_e8
    arm(market, owner, order.trigger_source)


def attach_exits(
    state: State, market: Market, position: Position, order: Order, qty_lots: int
) -> None:
    """EXI-2: a pair for the lots this order opened; an auto-close becomes the position's."""
    if order.auto_close_e8:
        position.auto_close_e8 = order.auto_close_e8
    if not (order.stop_loss_ticks or order.take_profit_ticks or trails(order)):
        return
    for pair in position.pairs:
        if pair.parent_order_id == order.order_id:
            if trails(order):
                state.hit("TRL-4 adds")
            pair.qty_lots += qty_lots
            return
    pair = Pair(
        order.order_id,
        qty_lots,
        order.stop_loss_ticks,
        order.take_profit_ticks,
        order.trigger_source,
    )
    trail(state, market, pair, order)
    position.pairs.append(pair)
