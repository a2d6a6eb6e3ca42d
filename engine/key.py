"""A key: what shares a position, a hold and settings (KEY-2).  Moves no money.

Netting: one of an account in a market.  Hedging: one for each leg.  In a ticket market orders and
positions stand alone; the key then only has the settings.
"""

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Final, final

from engine.commands import BUY, Leg, Side
from engine.order import Order, execution_rank
from engine.position import Position

if TYPE_CHECKING:
    from engine.market import Market
    from engine.seat import Seat
    from engine.units import AccountId


@final
class Key:
    """One position at most, and the orders that change it.

    pools: orders and position share one hold and one position; else each ticket stands alone.
    is_cross: the account's money stands for the position, not a margin of its own.
    leverage: the setting; ticket orders carry their own.
    hold_atoms: what the resting orders hold together.
    buys, sells: resting limit orders in execution order, closing ones included.
    """

    __slots__ = (
        "account_id",
        "buys",
        "hold_atoms",
        "is_cross",
        "leg",
        "leverage",
        "market",
        "open_orders",
        "pools",
        "position",
        "seat",
        "sells",
    )

    def __init__(self, seat: "Seat", leg: Leg, pools: bool, is_cross: bool) -> None:
        self.seat: Final = seat
        self.account_id: Final[AccountId] = seat.account_id
        self.market: Final[Market] = seat.market
        self.leg: Final = leg
        self.pools = pools
        self.is_cross = is_cross
        self.leverage = 1
        self.hold_atoms = 0
        self.open_orders = 0
        self.position: Position | None = None
        self.buys: Final[list[Order]] = []
        self.sells: Final[list[Order]] = []

    def is_in_use(self) -> bool:
        """Whether it has a position or an open order."""
        return self.open_orders > 0 or self.position is not None

    def resting(self, side: Side) -> list[Order]:
        """The resting limit orders of a side in execution order."""
        return self.buys if side is BUY else self.sells

    def queue_resting(self, order: Order) -> None:
        """Put a resting limit order at its place in execution order."""
        queue = self.resting(order.side)
        if queue:
            insort(queue, order, key=execution_rank)
        else:
            queue.append(order)

    def unqueue_resting(self, order: Order) -> None:
        """Take a resting limit order out of the execution order."""
        queue = self.resting(order.side)
        place = 0
        if queue[0] is not order:
            place = bisect_left(queue, execution_rank(order), key=execution_rank)
            assert queue[place] is order
        del queue[place]
