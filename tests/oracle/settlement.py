"""Opening, increasing, reducing, closing (FIL-…, RED-…).  Knows money; knows no refusals."""

from dataclasses import dataclass

from tests.oracle.holds import rebalance, resting_limits
from tests.oracle.records import Market, Order, Pair, Position, opposite
from tests.oracle.rules import ceil_div, fee_of, floor_div, profit_of
from tests.oracle.state import State


@dataclass
class Opening:
    """The numbers of lots that open."""

    qty_lots: int
    notional_atoms: int
    fee_atoms: int
    margin_atoms: int
    initial_margin_atoms: int
    paid_atoms: int


@dataclass
class Closing:
    """The numbers of lots that close, before anything is booked."""

    qty_lots: int
    cost_atoms: int
    profit_atoms: int
    margin_atoms: int
    initial_margin_atoms: int
    equity_atoms: int
    fee_atoms: int
    liquidation_fee_atoms: int
    remainder_atoms: int
    deficit_atoms: int


def fee_rate(market: Market, liquidity: str) -> int:
    """The maker's or the taker's rate."""
    return int(market.spec["maker_fee_e8" if liquidity == "MAKER" else "taker_fee_e8"])


def opening_by_amount(
    market: Market, amount_atoms: int, leverage: int, price_ticks: int, rate_e8: int, free: int
) -> Opening:
    """FIL-2: the amount is what leaves the balance; the fee comes on top as far as free goes."""
    lots = floor_div(amount_atoms * leverage, price_ticks * market.k)
    notional = lots * price_ticks * market.k
    base = amount_atoms if market.spec["fee_basis"] == "MARGIN" else notional
    fee = fee_of(base, rate_e8)
    on_top = min(fee, free - amount_atoms)
    margin = amount_atoms - fee + on_top
    return Opening(lots, notional, fee, margin, amount_atoms, amount_atoms + on_top)


def opening_by_quantity(
    market: Market,
    qty_lots: int,
    leverage: int,
    price_ticks: int,
    rate_e8: int,
    closing_lots: int = 0,
) -> Opening:
    """FIL-3; on notional basis the fee is what the whole fill costs beyond its closing part."""
    notional = qty_lots * price_ticks * market.k
    margin = ceil_div(notional, leverage)
    if market.spec["fee_basis"] == "MARGIN":
        fee = fee_of(margin, rate_e8)
    else:
        closed_notional = closing_lots * price_ticks * market.k
        fee = fee_of(notional + closed_notional, rate_e8) - fee_of(closed_notional, rate_e8)
    return Opening(qty_lots, notional, fee, margin, margin, margin + fee)


def closing_of(
    market: Market,
    position: Position,
    qty_lots: int,
    price_ticks: int,
    rate_e8: int,
    liquidates: bool = False,
) -> Closing:
    """FIL-5: one row for every way to close."""
    whole = qty_lots == position.qty_lots
    held = position.qty_lots
    rounded = ceil_div if position.side == "BUY" else floor_div
    cost = position.cost_atoms if whole else rounded(position.cost_atoms * qty_lots, held)
    profit = profit_of(position.side, qty_lots, cost, price_ticks, market.k)
    margin, initial = position.margin_atoms, position.initial_margin_atoms
    if not whole:
        margin = floor_div(margin * qty_lots, held)
        initial = floor_div(initial * qty_lots, held)
        if margin + profit < 0:
            margin += min(-(margin + profit), position.margin_atoms - margin)
    equity = margin + profit
    notional = qty_lots * price_ticks * market.k
    fee = fee_of(initial if market.spec["fee_basis"] == "MARGIN" else notional, rate_e8)
    fee_paid = min(fee, max(0, equity))
    penalty = 0
    if liquidates:
        penalty = fee_of(notional, market.spec["liquidation_fee_e8"])
        penalty = min(penalty, max(0, equity - fee_paid))
    rest = equity - fee_paid - penalty
    return Closing(
        qty_lots,
        cost,
        profit,
        margin,
        initial,
        equity,
        fee_paid,
        penalty,
        max(0, rest),
        max(0, -rest),
    )


def tell_fill(
    state: State,
    position: Position,
    order_id: int,
    side: str,
    qty_lots: int,
    price_ticks: int,
    fee_atoms: int,
    realized_atoms: int,
    liquidity: str,
) -> None:
    """OrderFilled, for one part of a fill."""
    state.last_fill_id += 1
    state.tell(
        "OrderFilled",
        fill_id=state.last_fill_id,
        order_id=order_id,
        account_id=position.account_id,
        instrument_id=position.instrument_id,
        position_id=position.position_id,
        side=side,
        qty_lots=qty_lots,
        price_ticks=price_ticks,
        fee_atoms=fee_atoms,
        realized_atoms=realized_atoms,
        liquidity=liquidity,
    )


def book_opening(
    state: State, position: Position, order: Order, opening: Opening, price_ticks: int, maker: str
) -> None:
    """Adds the lots to the position, which may be new, and pays for them."""
    asset_id = state.markets[order.instrument_id].asset_id
    is_new = position.qty_lots == 0
    position.qty_lots += opening.qty_lots
    position.cost_atoms += opening.notional_atoms
    position.margin_atoms += opening.margin_atoms
    position.initial_margin_atoms += opening.initial_margin_atoms
    position.realized_atoms -= opening.fee_atoms
    state.positions[position.position_id] = position
    state.move_free(order.account_id, asset_id, -opening.paid_atoms)
    state.move_pool("fees", asset_id, opening.fee_atoms)
    tell_fill(
        state,
        position,
        order.order_id,
        order.side,
        opening.qty_lots,
        price_ticks,
        opening.fee_atoms,
        0,
        maker,
    )
    numbers = {
        "qty_lots": position.qty_lots,
        "cost_atoms": position.cost_atoms,
        "margin_atoms": position.margin_atoms,
    }
    who = {"position_id": position.position_id, "account_id": position.account_id}
    if is_new:
        where = {"instrument_id": position.instrument_id, "side": position.side}
        state.tell("PositionOpened", **who, **where, **numbers, leverage=position.leverage)
    else:
        state.tell("PositionIncreased", **who, **numbers)


def book_closing(
    state: State,
    position: Position,
    closing: Closing,
    price_ticks: int,
    order_id: int,
    liquidity: str,
    cause: str,
) -> None:
    """Takes the lots off the position and posts the row; what hangs on the position comes later."""
    market = state.markets[position.instrument_id]
    asset_id = market.asset_id
    liquidates = cause == "LIQUIDATION"
    kept = liquidates and market.spec["remainder"] == "TO_INSURANCE"
    paid = 0 if kept else closing.remainder_atoms
    to_insurance = closing.liquidation_fee_atoms + (closing.remainder_atoms if kept else 0)
    insurance = state.pool("insurance", asset_id)
    insurance_paid = min(closing.deficit_atoms, max(0, insurance))
    house_paid = closing.deficit_atoms - insurance_paid

    position.qty_lots -= closing.qty_lots
    position.cost_atoms -= closing.cost_atoms
    position.margin_atoms -= closing.margin_atoms
    position.initial_margin_atoms -= closing.initial_margin_atoms
    position.realized_atoms += paid - closing.margin_atoms
    state.move_free(position.account_id, asset_id, paid)
    state.move_pool("fees", asset_id, closing.fee_atoms)
    state.move_pool("insurance", asset_id, to_insurance - insurance_paid)
    state.move_pool("house", asset_id, -closing.profit_atoms - house_paid)
    if closing.equity_atoms < 0 and not liquidates:
        cause = "GAP"
    tell_fill(
        state,
        position,
        order_id,
        opposite(position.side),
        closing.qty_lots,
        price_ticks,
        closing.fee_atoms,
        closing.profit_atoms,
        liquidity,
    )
    state.tell(
        "PositionReduced",
        position_id=position.position_id,
        account_id=position.account_id,
        qty_lots=position.qty_lots,
        cost_atoms=position.cost_atoms,
        margin_atoms=position.margin_atoms,
        paid_atoms=paid,
        liquidation_fee_atoms=to_insurance,
        insurance_paid_atoms=insurance_paid,
        house_paid_atoms=house_paid,
        cause=cause,
    )
    if position.qty_lots == 0:
        del state.positions[position.position_id]
        state.tell(
            "PositionClosed",
            position_id=position.position_id,
            account_id=position.account_id,
            status="LIQUIDATED" if liquidates else "CLOSED",
            realized_atoms=position.realized_atoms,
        )


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
            state.cancel(order, "POSITION_GONE")
        return
    rest = position.qty_lots
    for order in resting_limits(closers_of(state, position), opposite(position.side)):
        keeps = min(order.qty_lots, rest)
        rest -= keeps
        if keeps == 0:
            state.cancel(order, "POSITION_GONE")
        elif keeps < order.qty_lots:
            order.qty_lots = keeps
            tell_amended(state, order)


def tell_amended(state: State, order: Order) -> None:
    """OrderAmended, with the order as it is now."""
    state.tell(
        "OrderAmended",
        order_id=order.order_id,
        account_id=order.account_id,
        price_ticks=order.price_ticks,
        trigger_ticks=order.trigger_ticks,
        qty_lots=order.qty_lots,
        amount_atoms=order.amount_atoms,
    )


def reduce(
    state: State,
    position: Position,
    qty_lots: int,
    price_ticks: int,
    order_id: int,
    liquidity: str,
    cause: str,
) -> None:
    """A closing that is not part of a flip, and all that follows from it."""
    market = state.markets[position.instrument_id]
    rate = fee_rate(market, liquidity)
    liquidates = cause == "LIQUIDATION"
    closing = closing_of(market, position, qty_lots, price_ticks, rate, liquidates)
    book_closing(state, position, closing, price_ticks, order_id, liquidity, cause)
    follow_reduction(state, position)
    rebalance(state, position.account_id, market)


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
    )


def fill(state: State, order: Order, price_ticks: int, liquidity: str) -> None:
    """One whole fill of an order that passed its checks."""
    market = state.markets[order.instrument_id]
    state.drop_order(order)
    if order.closing:
        position = state.positions[order.position_id]
        lots = min(order.qty_lots or position.qty_lots, position.qty_lots)
        reduce(state, position, lots, price_ticks, order.order_id, liquidity, "ORDER")
    elif market.spec["position_mode"] == "TICKET":
        fill_ticket(state, market, order, price_ticks, liquidity)
    else:
        fill_netting(state, market, order, price_ticks, liquidity)
        rebalance(state, order.account_id, market)


def fill_ticket(
    state: State, market: Market, order: Order, price_ticks: int, liquidity: str
) -> None:
    """Every opening order of a ticket market is a position of its own."""
    rate = fee_rate(market, liquidity)
    if order.amount_atoms > 0:
        free = state.free_of(order)
        opening = opening_by_amount(
            market, order.amount_atoms, order.leverage, price_ticks, rate, free
        )
    else:
        opening = opening_by_quantity(market, order.qty_lots, order.leverage, price_ticks, rate)
    position = new_position(state, order)
    position.stop_loss_ticks = order.stop_loss_ticks
    position.take_profit_ticks = order.take_profit_ticks
    position.auto_close_e8 = order.auto_close_e8
    position.exit_source = order.trigger_source
    book_opening(state, position, order, opening, price_ticks, liquidity)


def fill_netting(
    state: State, market: Market, order: Order, price_ticks: int, liquidity: str
) -> None:
    """Closes what is on the other side, opens the rest."""
    rate = fee_rate(market, liquidity)
    position = state.position_of_key(order.account_id, order.instrument_id)
    closing_lots = 0
    reduced = None
    if position is not None and position.side != order.side:
        reduced = position
        closing_lots = min(order.qty_lots, position.qty_lots)
        closing = closing_of(market, position, closing_lots, price_ticks, rate)
        book_closing(state, position, closing, price_ticks, order.order_id, liquidity, "ORDER")
    rest = order.qty_lots - closing_lots
    if rest > 0:
        if position is None or reduced is not None:
            position = new_position(state, order)
        opening = opening_by_quantity(market, rest, order.leverage, price_ticks, rate, closing_lots)
        book_opening(state, position, order, opening, price_ticks, liquidity)
        attach_exits(position, order, rest)
    if reduced is not None:
        follow_reduction(state, reduced)


def attach_exits(position: Position, order: Order, qty_lots: int) -> None:
    """EXI-2: a pair for the lots this order opened; an auto-close becomes the position's."""
    if order.stop_loss_ticks or order.take_profit_ticks:
        pair = Pair(
            order.order_id,
            qty_lots,
            order.stop_loss_ticks,
            order.take_profit_ticks,
            order.trigger_source,
        )
        position.pairs.append(pair)
    if order.auto_close_e8:
        position.auto_close_e8 = order.auto_close_e8
