"""An account's seat in one market: its position mode, its keys, its open orders and positions."""

from typing import TYPE_CHECKING, Final, final

from engine.commands import Leg
from engine.instrument import PositionMode
from engine.key import Key
from engine.order import Order
from engine.position import Position
from engine.units import NOBODY, AccountId

if TYPE_CHECKING:
    from engine.market import FeeRates, Market


@final
class Seat:
    """What one account has in one market.

    fees: the account's rates here, shared with all of its fee tier.
    main: the key of a netting seat, and the settings of a ticket seat.
    long, short: the keys of a hedging seat, made when it first becomes one.
    """

    __slots__ = (
        "account_id",
        "fees",
        "first_order",
        "first_position",
        "long",
        "main",
        "market",
        "mode",
        "open_orders",
        "short",
    )

    def __init__(self, account_id: AccountId, market: "Market", mode: PositionMode) -> None:
        self.account_id: Final = account_id
        self.market: Final = market
        self.mode = mode
        self.fees: FeeRates = market.fees_of(account_id)
        self.open_orders = 0
        self.first_order: Order | None = None
        self.first_position: Position | None = None
        self.main: Final = Key(self, Leg.NONE, mode is PositionMode.NETTING, self.starts_cross())
        self.long: Key | None = None
        self.short: Key | None = None
        self.set_mode(mode)

    def set_mode(self, mode: PositionMode) -> None:
        """What positions are keyed by from now on; nothing may be open."""
        self.mode = mode
        self.main.pools = mode is PositionMode.NETTING
        if mode is PositionMode.HEDGING and self.long is None:
            self.long = Key(self, Leg.LONG, True, self.market.is_cross)
            self.short = Key(self, Leg.SHORT, True, self.market.is_cross)

    def starts_cross(self) -> bool:
        """Whether its keys start in cross margin; the fund's never do, as it is not liquidated."""
        return self.market.is_cross and self.account_id != NOBODY

    def key(self, leg: Leg) -> Key:
        """The key of a leg; NONE is the main key."""
        if leg is Leg.NONE:
            return self.main
        key = self.long if leg is Leg.LONG else self.short
        assert key is not None
        return key

    def each_key(self) -> list[Key]:
        """All keys there are, in order of their legs."""
        if self.long is None or self.short is None:
            return [self.main]
        return [self.main, self.long, self.short]

    def is_in_use(self) -> bool:
        """Whether an order or a position is open."""
        return self.open_orders > 0 or self.first_position is not None

    def add_order(self, order: Order) -> None:
        """Chain an open order."""
        head = self.first_order
        order.seat_after = head
        if head is not None:
            head.seat_before = order
        self.first_order = order
        self.open_orders += 1
        order.key.open_orders += 1

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
        order.key.open_orders -= 1

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
        if position.key.pools:
            position.key.position = position

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
        if position.key.pools:
            position.key.position = None

    def positions(self) -> list[Position]:
        """The open positions, by id."""
        found: list[Position] = []
        position = self.first_position
        while position is not None:
            found.append(position)
            position = position.seat_after
        found.sort(key=_position_id)
        return found


def _order_id(order: Order) -> int:
    return order.order_id


def _position_id(position: Position) -> int:
    return position.position_id
