"""Fills put into the books: balances, pools, positions, and the events that tell of them.

Knows where money goes; what hangs on a position afterwards is not its business.
"""

from tests.oracle.amounts import Closing, Opening, closing_of
from tests.oracle.records import Market, Order, Position, opposite
from tests.oracle.state import State


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
    state: State,
    position: Position,
    order: Order,
    opening: Opening,
    price_ticks: int,
    liquidity: str,
) -> None:
    """Adds the lots to the position, which may be new, and pays for them."""
    market = state.markets[order.instrument_id]
    asset_id = market.asset_id
    if market.is_order_driven and liquidity == "MAKER" and not state.is_cross(order):
        pay_what_is_there(state, opening, max(0, state.free_of(order)))
    is_new = position.qty_lots == 0
    state.note_change(position.account_id, asset_id)
    if position.accrued_atoms > 0:
        state.hit("FUN-5 increased")
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
        liquidity,
    )
    tell_growth(state, position, is_new)


def pay_what_is_there(state: State, opening: Opening, free: int) -> None:
    """MAT-6: a resting order is never refused its fill; what is short comes out of its margin."""
    short = opening.paid_atoms - free
    if short > 0:
        state.hit("MAT-6 short")
        opening.margin_atoms = max(0, opening.margin_atoms - short)
        opening.fee_atoms = free - opening.margin_atoms
        opening.paid_atoms = free


def tell_growth(state: State, position: Position, is_new: bool) -> None:
    """PositionOpened or PositionIncreased, with the numbers after it."""
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
    kept = kept and not state.is_cross(position)
    paid = 0 if kept else closing.remainder_atoms
    to_insurance = closing.liquidation_fee_atoms + (closing.remainder_atoms if kept else 0)
    insurance_paid = insured(state, market, closing.deficit_atoms)
    house_paid = closing.deficit_atoms - insurance_paid

    if paid < 0:
        state.hit("CRS-3 debit")
    state.note_change(position.account_id, asset_id)
    if closing.accrued_atoms > 0:
        state.hit(f"FUN-5 {'all' if closing.qty_lots == position.qty_lots else 'part'} removed")
        if liquidates:
            state.hit("FUN-5 liquidated")
    take_off(position, closing)
    position.realized_atoms += paid - closing.margin_atoms
    state.move_free(position.account_id, asset_id, paid)
    state.move_pool("fees", asset_id, closing.fee_atoms)
    state.move_pool("insurance", asset_id, to_insurance - insurance_paid)
    move_counterparty(state, market, -closing.profit_atoms - house_paid)
    if closing.equity_atoms < 0 and cause not in ("LIQUIDATION", "AUTO_DELEVERAGE"):
        cause = "GAP"
    fill = opposite(position.side), closing.qty_lots, price_ticks
    money = closing.fee_atoms, closing.profit_atoms
    tell_fill(state, position, order_id, *fill, *money, liquidity)
    tell_reduction(state, position, paid, to_insurance, insurance_paid, house_paid, cause)
    end_if_flat(state, position, "LIQUIDATED" if liquidates else "CLOSED")


def tell_reduction(
    state: State,
    position: Position,
    paid_atoms: int,
    liquidation_fee_atoms: int,
    insurance_paid_atoms: int,
    house_paid_atoms: int,
    cause: str,
) -> None:
    """PositionReduced, with what remains of the position."""
    state.tell(
        "PositionReduced",
        position_id=position.position_id,
        account_id=position.account_id,
        qty_lots=position.qty_lots,
        cost_atoms=position.cost_atoms,
        margin_atoms=position.margin_atoms,
        paid_atoms=paid_atoms,
        liquidation_fee_atoms=liquidation_fee_atoms,
        insurance_paid_atoms=insurance_paid_atoms,
        house_paid_atoms=house_paid_atoms,
        cause=cause,
    )


def insured(state: State, market: Market, deficit_atoms: int) -> int:
    """What insurance pays of a deficit: what it has, or all of it where there is no house."""
    if market.is_order_driven:
        return deficit_atoms
    return min(deficit_atoms, max(0, state.pool("insurance", market.asset_id)))


def move_counterparty(state: State, market: Market, atoms: int) -> None:
    """Who is on the other side of a profit: the house, or clearing between users."""
    if market.is_order_driven:
        cleared = state.clearing.get(market.instrument_id, 0)
        state.clearing[market.instrument_id] = cleared + atoms
    else:
        state.move_pool("house", market.asset_id, atoms)


def take_off(position: Position, closing: Closing) -> None:
    """The lots that close leave the position with their shares."""
    position.qty_lots -= closing.qty_lots
    position.cost_atoms -= closing.cost_atoms
    position.accrued_atoms -= closing.accrued_atoms
    position.margin_atoms -= closing.margin_atoms
    position.initial_margin_atoms -= closing.initial_margin_atoms


def end_if_flat(state: State, position: Position, status: str) -> None:
    """A position without lots is gone."""
    if position.qty_lots == 0:
        del state.positions[position.position_id]
        state.tell(
            "PositionClosed",
            position_id=position.position_id,
            account_id=position.account_id,
            status=status,
            realized_atoms=position.realized_atoms,
        )


def book_fund_closing(
    state: State, position: Position, lots: int, price_ticks: int, order_id: int, cause: str
) -> None:
    """FIL-9: the fund's profit or loss goes to insurance; it has no margin and pays no fee."""
    market = state.markets[position.instrument_id]
    state.hit("FIL-9")
    closing = closing_of(market, position, lots, price_ticks, 0)
    profit = closing.profit_atoms
    take_off(position, closing)
    position.realized_atoms += profit
    state.move_pool("insurance", market.asset_id, profit)
    move_counterparty(state, market, -profit)
    side = opposite(position.side)
    tell_fill(state, position, order_id, side, lots, price_ticks, 0, profit, "MAKER")
    tell_reduction(state, position, 0, max(0, profit), max(0, -profit), 0, cause)
    end_if_flat(state, position, "CLOSED")
