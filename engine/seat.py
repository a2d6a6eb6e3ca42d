"""An account's seat in one market: its open orders, its positions, its leverage, its hold."""

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Final, final

from engine.commands import BUY, Side
from engine.order import Order, execution_rank
from engine.position import Position
from engine.units import AccountId

if TYPE_CHECKING:
    from engine.market import Market


@final
class Seat:
    """What one account has in one market.

    leverage: the setting of a netting key; ticket orders carry their own.
    hold_atoms: netting: what the resting orders of the key hold together.
    buys, sells: netting: resting limit orders in execution order, closing ones included.
    """

    __slots__ = (
        "account_id",
        "buys",
        "first_order",
        "first_position",
        "hold_atoms",
        "leverage",
        "market",
        "open_orders",
        "sells",
    )

    def __init__(self, account_id: AccountId, market: "Market") -> None:
        self.account_id: Final = account_id
        self.market: Final = market
        self.leverage = 1
        self.hold_atoms = 0
        self.open_orders = 0
        self.first_order: Order | None = None
        self.first_position: Position | None = None
        self.buys: list[Order] = []
        self.sells: list[Order] = []

    def add_order(self, order: Order) -> None:
        """Chain an open order."""
        head = self.first_order
        order.seat_after = head
        if head is not None:
            head.seat_before = order
        self.first_order = order
        self.open_orders += 1

    def remove_order(self, order: Order) -> None:
        """Unchain an order that is open no more."""
        before, after = order.seat_before, order.seat_after
        if before is None:
            assert self.first_order is order
            self.first_order = after
        else:
            before.seat_after = after
        if after is not None:
            after.seat_before = before
        order.seat_before = None
        order.seat_after = None
        self.open_orders -= 1

    def orders(self) -> list[Order]:
        """The open orders, by id."""
        found: list[Order] = []
        order = self.first_order
        while order is not None:
            found.append(order)
            order = order.seat_after
        found.sort(key=_order_id)
        return found

    def conditional_orders(self) -> int:
        """How many of the open orders wait for a trigger."""
        return sum(1 for order in self.orders() if order.is_conditional())

    def add_position(self, position: Position) -> None:
        """Chain an open position."""
        head = self.first_position
        position.seat_after = head
        if head is not None:
            head.seat_before = position
        self.first_position = position

    def remove_position(self, position: Position) -> None:
        """Unchain a position that is closed."""
        before, after = position.seat_before, position.seat_after
        if before is None:
            assert self.first_position is position
            self.first_position = after
        else:
            before.seat_after = after
        if after is not None:
            after.seat_before = before
        position.seat_before = None
        position.seat_after = None

    def positions(self) -> list[Position]:
        """The open positions, by id."""
        found: list[Position] = []
        position = self.first_position
        while position is not None:
            found.append(position)
            position = position.seat_after
        found.sort(key=_position_id)
        return found

    def resting(self, side: Side) -> list[Order]:
        """The resting limit orders of a side in execution order (netting markets only)."""
        return self.buys if side is BUY else self.sells

    def queue_resting(self, order: Order) -> None:
        """Put a resting limit order at its place in execution order."""
        queue = self.buys if order.side is BUY else self.sells
        if queue:
            insort(queue, order, key=execution_rank)
        else:
            queue.append(order)

    def unqueue_resting(self, order: Order) -> None:
        """Take a resting limit order out of the execution order."""
        queue = self.buys if order.side is BUY else self.sells
        place = 0
        if queue[0] is not order:
            place = bisect_left(queue, execution_rank(order), key=execution_rank)
            assert queue[place] is order
        del queue[place]


def _order_id(order: Order) -> int:
    return order.order_id


def _position_id(position: Position) -> int:
    return position.position_id
