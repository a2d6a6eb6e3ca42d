"""An open order.  Knows what it asks for and where it waits; knows nothing of money moving."""

from typing import TYPE_CHECKING, final

from engine.commands import (
    BUY,
    CANCEL_MAKER,
    GTC,
    GTD,
    LIMIT,
    MARKET,
    STOP_LIMIT,
    STOP_MARKET,
    OrderType,
    PriceSource,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from engine.price_levels import Entry
from engine.trailing import Trail
from engine.units import AccountId, OrderId, PositionId

if TYPE_CHECKING:
    from engine.key import Key
    from engine.market import Market
    from engine.seat import Seat


@final
class Order(Entry):
    """A resting limit order, or a conditional order that waits for its trigger.

    order_id: 0 until the order is accepted.
    order_type: a conditional order becomes LIMIT or MARKET when it triggers.
    qty_lots: lots still open; 0 while sized by amount, and for a closing order that takes all.
    filled_lots: what has filled so far.
    display_lots, visible_lots: what an iceberg shows at most (0: all), and what it shows now.
    position_id: what a closing order closes; in an order-driven ticket market also what an
        opener's fills have opened so far.
    amount_atoms: the margin to use; 0 when sized by quantity.
    closing: only ever reduces its position.
    oco_partner: the open order that goes when this one does.
    trail_ticks, trail_e8: of a trailing stop its own; else of what an opener opens.
    hold_atoms: ticket: what the order holds; netting: what its lots would need if all opened.
    frozen_mark_ticks: the mark when the order took its present place.
    priority: its place among orders of one price; its id until an amend sends it back.
    """

    __slots__ = (
        "account_id",
        "amount_atoms",
        "auto_close_e8",
        "client_order_id",
        "closing",
        "created_ns",
        "display_lots",
        "expire_ns",
        "filled_lots",
        "frozen_mark_ticks",
        "hold_atoms",
        "key",
        "leverage",
        "market",
        "oco_group",
        "oco_partner",
        "order_id",
        "order_type",
        "position_id",
        "post_only",
        "price_ticks",
        "priority",
        "qty_lots",
        "seat",
        "seat_after",
        "seat_before",
        "self_trade_prevention",
        "side",
        "stop_loss_ticks",
        "take_profit_ticks",
        "time_in_force",
        "trail_e8",
        "trail_ticks",
        "trigger_source",
        "trigger_ticks",
        "visible_lots",
    )

    def __init__(
        self,
        account_id: AccountId,
        market: "Market",
        key: "Key",
        side: Side,
        order_type: OrderType,
        time_in_force: TimeInForce,
        qty_lots: int,
        amount_atoms: int,
        price_ticks: int,
        trigger_ticks: int,
        trigger_source: PriceSource,
        leverage: int,
        closing: bool,
        post_only: bool,
        position_id: PositionId,
        stop_loss_ticks: int,
        take_profit_ticks: int,
        auto_close_e8: int,
        expire_ns: int,
        client_order_id: str,
        created_ns: int,
        display_lots: int = 0,
        self_trade_prevention: SelfTradePrevention = CANCEL_MAKER,
        oco_group: str = "",
        trail_ticks: int = 0,
        trail_e8: int = 0,
    ) -> None:
        self.levels = None
        self.before = None
        self.after = None
        self.key_ticks = 0
        self.arming = 0
        self.queued_arming = 0
        self.order_id = OrderId(0)
        self.account_id = account_id
        self.market = market
        self.key = key
        self.seat: Seat = key.seat
        self.side = side
        self.order_type = order_type
        self.time_in_force = time_in_force
        self.qty_lots = qty_lots
        self.amount_atoms = amount_atoms
        self.price_ticks = price_ticks
        self.trigger_ticks = trigger_ticks
        self.trigger_source = trigger_source
        self.leverage = leverage
        self.closing = closing
        self.post_only = post_only
        self.position_id = position_id
        self.stop_loss_ticks = stop_loss_ticks
        self.take_profit_ticks = take_profit_ticks
        self.auto_close_e8 = auto_close_e8
        self.expire_ns = expire_ns
        self.client_order_id = client_order_id
        self.created_ns = created_ns
        self.display_lots = display_lots
        self.self_trade_prevention = self_trade_prevention
        self.oco_group = oco_group
        self.trail_ticks = trail_ticks
        self.trail_e8 = trail_e8
        self.oco_partner: Order | None = None
        self.filled_lots = 0
        self.visible_lots = 0
        self.hold_atoms = 0
        self.frozen_mark_ticks = 0
        self.priority = 0
        # The account's open orders in this market, a chain with its head in the seat.
        self.seat_before: Order | None = None
        self.seat_after: Order | None = None

    def copy(self) -> "Order":
        """The same terms and place, standing in no table and no queue."""
        other = Order(
            self.account_id,
            self.market,
            self.key,
            self.side,
            self.order_type,
            self.time_in_force,
            self.qty_lots,
            self.amount_atoms,
            self.price_ticks,
            self.trigger_ticks,
            self.trigger_source,
            self.leverage,
            self.closing,
            self.post_only,
            self.position_id,
            self.stop_loss_ticks,
            self.take_profit_ticks,
            self.auto_close_e8,
            self.expire_ns,
            self.client_order_id,
            self.created_ns,
            self.display_lots,
            self.self_trade_prevention,
            self.oco_group,
            self.trail_ticks,
            self.trail_e8,
        )
        other.order_id = self.order_id
        other.filled_lots = self.filled_lots
        other.priority = self.priority
        other.frozen_mark_ticks = self.frozen_mark_ticks
        other.hold_atoms = self.hold_atoms
        return other

    def sizes_by_amount(self) -> bool:
        """Whether an amount stays one to the end (HLD-1): quote-driven isolated tickets."""
        return not (self.key.pools or self.key.is_cross or self.market.is_order_driven)

    def is_limit(self) -> bool:
        """Whether the order carries a limit price; else it is a market order, now or later."""
        return self.order_type is LIMIT

    def may_rest(self) -> bool:
        """Whether it may wait in the book: a limit order that is good for some time."""
        time_in_force = self.time_in_force
        return self.order_type is LIMIT and (time_in_force is GTC or time_in_force is GTD)

    def is_conditional(self) -> bool:
        """Whether the order waits for a trigger before it becomes a limit or market order."""
        return self.order_type is not LIMIT and self.order_type is not MARKET

    def follows(self) -> bool:
        """Whether it is a trailing stop that follows its price by now (TRL-2)."""
        return isinstance(self.levels, Trail)

    def fires_falling(self) -> bool:
        """Whether it fires as its price falls: BUY LIMIT, SELL STOP, BUY TAKE_PROFIT.

        A trailing stop is activated like a take profit fires.
        """
        is_stop = self.order_type is STOP_MARKET or self.order_type is STOP_LIMIT
        return (self.side is BUY) != is_stop

    def carries_limit(self) -> bool:
        """Whether it is a limit order, now or once triggered."""
        return self.price_ticks > 0

    def watched_source(self) -> PriceSource:
        """The price it waits for: limits the opposite touch, conditionals their trigger source."""
        if self.order_type is LIMIT:
            return PriceSource.ASK if self.side is BUY else PriceSource.BID
        return self.trigger_source

    def watched_ticks(self) -> int:
        """The price at which it fires."""
        return self.price_ticks if self.order_type is LIMIT else self.trigger_ticks


def execution_rank(order: Order) -> tuple[int, int]:
    """Resting limits of one side in the order they execute: better price, then priority."""
    if order.side is BUY:
        return -order.price_ticks, order.priority
    return order.price_ticks, order.priority
