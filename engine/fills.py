"""What every fill has in common: its id, its fee rate, its event, and what follows from it."""

from engine import cross
from engine.commands import Side
from engine.events import (
    MAKER,
    Liquidity,
    OrderFilled,
)
from engine.position import Position
from engine.seat import Seat
from engine.state import State
from engine.units import OrderId


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
    order_id: OrderId,
    position: Position,
    side: Side,
    lots: int,
    price_ticks: int,
    fee: int,
    realized: int,
    liquidity: Liquidity,
) -> OrderFilled:
    """The event of a fill, with the next fill id; order id 0: the venue itself closes lots."""
    return OrderFilled(
        take_fill_id(state),
        order_id,
        position.account_id,
        position.market.instrument_id,
        position.position_id,
        side,
        lots,
        price_ticks,
        fee,
        realized,
        liquidity,
    )


def after_fill(state: State, position: Position) -> None:
    """What hangs on a position's lots, cost and margin, and on the account's money, follows.

    The prices at which the position goes follow when all is filled (`settle_touched`).
    """
    state.touched.filled[position] = None
    if position.key.is_cross:
        cross.sum_up(state, position)
    else:
        cross.note_change(state, position.market.asset_id, position.account_id)
    if state.rankings:
        ranking = state.rankings.get((position.market.instrument_id, position.side))
        if ranking is not None:
            ranking.note_fill(position)
