"""An open position and its exits.  Knows its lots, its cost and its margin; moves nothing."""

from enum import IntEnum
from typing import TYPE_CHECKING, Final, final

from engine.commands import BUY, SELL, PriceSource, Side
from engine.price_levels import Entry
from engine.trailing import Trail
from engine.units import AccountId, PositionId

if TYPE_CHECKING:
    from engine.key import Key
    from engine.market import Market
    from engine.seat import Seat


class TriggerKind(IntEnum):
    """What fires at a price for a position; the value is its rank in the firing queue."""

    STOP_LOSS = 1
    TAKE_PROFIT = 2
    TRAILING_STOP = 3
    AUTO_CLOSE = 4
    LIQUIDATION = 5


LIQUIDATION: Final = TriggerKind.LIQUIDATION


@final
class PositionTrigger(Entry):
    """A price at which something happens to a position."""

    __slots__ = ("kind", "pair", "position")

    def __init__(self, kind: TriggerKind, position: "Position", pair: "ExitPair | None") -> None:
        self.levels = None
        self.before = None
        self.after = None
        self.key_ticks = 0
        self.arming = 0
        self.queued_arming = 0
        self.kind: Final = kind
        self.position: Final = position
        self.pair: Final = pair


@final
class ExitPair:
    """A stop loss, a take profit and a trailing stop that belong together; one ends the others.

    parent_order_id: 0 for the position's own pair, which closes all of it.
    qty_lots: what the parent's fills opened; the pair closes at most that much.
    """

    __slots__ = (
        "parent_order_id",
        "qty_lots",
        "source",
        "stop_loss",
        "stop_loss_ticks",
        "take_profit",
        "take_profit_ticks",
        "trail_e8",
        "trail_ticks",
        "trailing",
    )

    def __init__(
        self,
        parent_order_id: int,
        qty_lots: int,
        source: PriceSource,
        stop_loss_ticks: int,
        take_profit_ticks: int,
        trail_ticks: int,
        trail_e8: int,
    ) -> None:
        self.parent_order_id: Final = parent_order_id
        self.qty_lots = qty_lots
        self.source = source
        self.stop_loss_ticks = stop_loss_ticks
        self.take_profit_ticks = take_profit_ticks
        self.stop_loss: PositionTrigger | None = None
        self.trail_ticks = trail_ticks
        self.trail_e8 = trail_e8
        self.take_profit: PositionTrigger | None = None
        self.trailing: PositionTrigger | None = None

    def is_empty(self) -> bool:
        """Whether nothing is set."""
        ticks = (self.stop_loss_ticks, self.take_profit_ticks, self.trail_ticks, self.trail_e8)
        return not any(ticks)

    def extreme_ticks(self) -> int:
        """What its trailing stop follows, 0 if there is none."""
        place = None if self.trailing is None else self.trailing.levels
        return place.extreme_ticks() if isinstance(place, Trail) else 0


@final
class Position:
    """Lots of one account in one market.

    cost_atoms: Σ lots × ticks × K of what is open; the entry price is derived from it for display.
    accrued_atoms: A, funding that the margin could not pay; 0 or more.
    initial_margin_atoms: M0, the base of pnlPercent and auto-close, without margin added later.
    realized_atoms: what the user gained or lost by it so far, fees of both sides included.
    closing_orders: how many open orders would reduce it.
    """

    __slots__ = (
        "account_id",
        "accrued_atoms",
        "auto_close",
        "auto_close_e8",
        "closing_orders",
        "cost_atoms",
        "initial_margin_atoms",
        "key",
        "leverage",
        "liquidation",
        "margin_atoms",
        "market",
        "opened_ns",
        "pairs",
        "position_id",
        "qty_lots",
        "realized_atoms",
        "seat",
        "seat_after",
        "seat_before",
        "side",
    )

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        market: "Market",
        key: "Key",
        side: Side,
        leverage: int,
        opened_ns: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.market: Final = market
        self.key: Final = key
        self.seat: Final[Seat] = key.seat
        self.side: Final = side
        self.leverage = leverage
        self.opened_ns: Final = opened_ns
        # Invariant: an open position has at least one lot, and margin ≥ 0.
        self.qty_lots = 0
        self.cost_atoms = 0
        self.accrued_atoms = 0
        self.margin_atoms = 0
        self.initial_margin_atoms = 0
        self.realized_atoms = 0
        self.closing_orders = 0
        self.auto_close_e8 = 0
        self.auto_close: PositionTrigger | None = None
        self.liquidation: PositionTrigger | None = None
        self.pairs: list[ExitPair] | None = None
        # The account's open positions in this market, a chain with its head in the seat.
        self.seat_before: Position | None = None
        self.seat_after: Position | None = None

    def basis_atoms(self) -> int:
        """`C + s·A`: the cost with the accrued funding, which every valuation starts from."""
        if self.side is BUY:
            return self.cost_atoms + self.accrued_atoms
        return self.cost_atoms - self.accrued_atoms

    def own_pair(self) -> ExitPair | None:
        """The pair that belongs to the position itself, if it has one."""
        if self.pairs is not None:
            for pair in self.pairs:
                if pair.parent_order_id == 0:
                    return pair
        return None

    @property
    def stop_loss_ticks(self) -> int:
        """The position's own stop loss, 0 for none."""
        pair = self.own_pair()
        return 0 if pair is None else pair.stop_loss_ticks

    @property
    def take_profit_ticks(self) -> int:
        """The position's own take profit, 0 for none."""
        pair = self.own_pair()
        return 0 if pair is None else pair.take_profit_ticks

    @property
    def liquidation_ticks(self) -> int:
        """The mark at which it is liquidated, 0 for never."""
        trigger = self.liquidation
        return 0 if trigger is None or trigger.levels is None else trigger.key_ticks


def closing_side(side: Side) -> Side:
    """The side of an order that reduces a position of this side."""
    return SELL if side is BUY else BUY
