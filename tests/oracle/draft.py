"""An order as it would be, with what the rungs of the ladder need to know.  Refuses nothing."""

from dataclasses import dataclass

from tests.oracle.cross import spendable_for
from tests.oracle.records import Market, Order, Position, sign
from tests.oracle.rules import floor_div
from tests.oracle.state import State


@dataclass
class Draft:
    """An order as it would be.  `present` is the open order that it would replace."""

    state: State
    market: Market
    order: Order
    position: Position | None
    present: Order | None = None
    last_in_queue: bool = True

    @property
    def is_ticket(self) -> bool:
        """Whether every opener makes its own position."""
        return self.state.is_ticket(self.order.account_id, self.market)

    @property
    def is_cross(self) -> bool:
        """Whether the account's money stands for what it opens."""
        return self.state.is_cross(self.order)

    @property
    def stays_by_amount(self) -> bool:
        """HLD-1: whether an amount is its size to the end, and not turned into lots."""
        return self.is_ticket and not self.is_cross

    def fee_rate(self, liquidity: str) -> int:
        """What the order's account pays here."""
        return self.state.fee_rate(self.order.account_id, self.market, liquidity)

    @property
    def touch(self) -> int:
        """The price at which it would take; 0 while there is none."""
        if self.market.prices is None:
            return 0
        return self.market.prices["ASK" if self.order.side == "BUY" else "BID"]

    @property
    def mark(self) -> int:
        """The market's mark."""
        return self.market.mark

    @property
    def takes(self) -> bool:
        """ORD-3."""
        order = self.order
        if order.order_type == "MARKET":
            return True
        beyond = sign(order.side) * (order.price_ticks - self.touch) >= 0
        return order.order_type == "LIMIT" and self.touch > 0 and beyond

    @property
    def parent_price(self) -> int:
        """P: limit, trigger, source or touch; 0 while unknown."""
        if self.order.order_type == "MARKET":
            return self.touch
        return self.order.price_ticks or self.order.trigger_ticks or self.source_price

    @property
    def source_price(self) -> int:
        """TRL-2: what a trailing stop without activation starts from; 0 while unknown."""
        if self.order.order_type != "TRAILING_STOP" or self.market.prices is None:
            return 0
        return self.market.prices[self.order.trigger_source]

    @property
    def fill_price(self) -> int:
        """P, or the touch for what takes."""
        return self.touch if self.takes else self.parent_price

    @property
    def lots(self) -> int:
        """Its lots; those its amount buys at the fill price if it is sized by amount."""
        order = self.order
        if order.amount_atoms == 0:
            return order.qty_lots
        return floor_div(order.amount_atoms * order.leverage, self.fill_price * self.market.k)

    @property
    def others(self) -> list[Order]:
        """The account's other open orders in this market."""
        order = self.order
        orders = self.state.orders_of_key(order.account_id, order.instrument_id)
        return [other for other in orders if other is not self.present]

    @property
    def free(self) -> int:
        """What its key may spend, with what the replaced order holds by itself."""
        held = self.present.hold_atoms if self.present is not None else 0
        return spendable_for(self.state, self.order) + held

    @property
    def key_others(self) -> list[Order]:
        """The other open orders of its key."""
        return [other for other in self.others if other.leg == self.order.leg]

    def queued(self) -> Order:
        """The order with the priority it would have."""
        if self.last_in_queue:
            self.order.priority = self.state.last_id + 1
        return self.order

    def parts(self) -> tuple[int, int]:
        """ADM-1: the lots that would close and those that would open if it filled now."""
        position = self.position
        if self.is_ticket or position is None or position.side == self.order.side:
            return 0, self.lots
        closing = min(self.lots, position.qty_lots)
        return closing, self.lots - closing
