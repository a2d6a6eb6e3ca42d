"""What every fill has in common: its id, its fee rate, its event, and what follows from it."""

from engine import cross
from engine.events import (
    MAKER,
    Liquidity,
    OrderFilled,
)
from engine.order import Order
from engine.position import Position
from engine.seat import Seat
from engine.state import State
from engine.trigger_index import rearm_position


def fee_rate_e8(seat: Seat, liquidity: Liquidity) -> int:
    """The rate of a fill: who waited pays the maker fee."""
    return seat.fees.maker_e8 if liquidity is MAKER else seat.fees.taker_e8


def take_fill_id(state: State) -> int:
    """The next id of a fill or trade (MAT-5)."""
    taken = state.next_fill_id
    state.next_fill_id = taken + 1
    return taken


def filled(
    state: State,
    order: Order,
    position: Position,
    lots: int,
    price_ticks: int,
    fee: int,
    realized: int,
    liquidity: Liquidity,
) -> OrderFilled:
    """The event of an order's fill, with the next fill id."""
    return OrderFilled(
        take_fill_id(state),
        order.order_id,
        order.account_id,
        order.market.instrument_id,
        position.position_id,
        order.side,
        lots,
        price_ticks,
        fee,
        realized,
        liquidity,
    )


def after_fill(state: State, position: Position) -> None:
    """What hangs on a position's lots, cost and margin, and on the account's money, follows."""
    if position.key.is_cross:
        cross.sum_up(state, position)
    else:
        cross.note_change(state, position.market.asset_id, position.account_id)
    if position.qty_lots:
        rearm_position(state.firing, position)
