"""Events: facts in the past participle.  Knows their fields; knows nothing of how they came about.

The events of one command, packed in order by `codec.py`, extend the event chain.
"""

from enum import IntEnum
from typing import Final, final

from engine.commands import Leg, OrderType, Side
from engine.instrument import InstrumentStatus, MarginMode, PositionMode
from engine.reject_reason import RejectReason
from engine.units import AccountId, AssetId, InstrumentId, OrderId, PositionId


class Liquidity(IntEnum):
    """Whether the fill waited in the book or took on arrival."""

    MAKER = 1
    TAKER = 2


MAKER: Final = Liquidity.MAKER
TAKER: Final = Liquidity.TAKER


class CancelCause(IntEnum):
    """Why an open order ended."""

    USER = 1
    REFUSED = 2  # its fill was refused when it came; the reason says why
    POSITION_GONE = 3  # a closing order whose position is closed
    HOLD_SHORT = 4  # the account could not cover a rise of its hold
    CLOSE_ONLY = 5  # the market takes no openers any more
    UNFILLED = 6  # what an order that may not wait did not fill
    SELF_TRADE = 7  # it would have traded with an order of its own account
    OCO = 8  # its partner filled, triggered or ended
    CANCEL_AFTER = 9  # the account's timer ran out
    DISCONNECTED = 10  # the account's connection broke
    LIQUIDATION = 11  # the account's position is being liquidated


class CloseCause(IntEnum):
    """What reduced a position."""

    ORDER = 1
    STOP_LOSS = 2
    TAKE_PROFIT = 3
    AUTO_CLOSE = 4
    LIQUIDATION = 5
    GAP = 6  # the price jumped past the margin before a close could fill
    AUTO_DELEVERAGE = 7  # it took over lots of a bankrupt position on the other side
    TRAILING_STOP = 8


BY_ORDER: Final = CloseCause.ORDER
BY_LIQUIDATION: Final = CloseCause.LIQUIDATION
BY_DELEVERAGING: Final = CloseCause.AUTO_DELEVERAGE


class PositionStatus(IntEnum):
    """OPEN while it has lots."""

    OPEN = 1
    CLOSED = 2
    LIQUIDATED = 3


@final
class Rejected:
    """The command was refused and changed nothing."""

    __slots__ = ("account_id", "reason")

    def __init__(self, account_id: AccountId, reason: RejectReason) -> None:
        self.account_id: Final = account_id
        self.reason: Final = reason


@final
class RequestRepeated:
    """A client order id came again with the same body: the first result stands.

    `order_id` is 0 if the first was refused.
    """

    __slots__ = ("account_id", "order_id", "reason")

    def __init__(self, account_id: AccountId, order_id: OrderId, reason: RejectReason) -> None:
        self.account_id: Final = account_id
        self.order_id: Final = order_id
        self.reason: Final = reason


@final
class AccountOpened:
    """An account exists."""

    __slots__ = ("account_id", "user_id")

    def __init__(self, account_id: AccountId, user_id: str) -> None:
        self.account_id: Final = account_id
        self.user_id: Final = user_id


@final
class TokenIssued:
    """A token works from here on."""

    __slots__ = ("account_id", "token_hash", "scopes")

    def __init__(self, account_id: AccountId, token_hash: bytes, scopes: int) -> None:
        self.account_id: Final = account_id
        self.token_hash: Final = token_hash
        self.scopes: Final = scopes


@final
class TokenRevoked:
    """A token stopped working."""

    __slots__ = ("account_id", "token_hash")

    def __init__(self, account_id: AccountId, token_hash: bytes) -> None:
        self.account_id: Final = account_id
        self.token_hash: Final = token_hash


@final
class Deposited:
    """Money came in."""

    __slots__ = ("account_id", "asset_id", "amount_atoms")

    def __init__(self, account_id: AccountId, asset_id: AssetId, amount_atoms: int) -> None:
        self.account_id: Final = account_id
        self.asset_id: Final = asset_id
        self.amount_atoms: Final = amount_atoms


@final
class Withdrawn:
    """Money left."""

    __slots__ = ("account_id", "asset_id", "amount_atoms")

    def __init__(self, account_id: AccountId, asset_id: AssetId, amount_atoms: int) -> None:
        self.account_id: Final = account_id
        self.asset_id: Final = asset_id
        self.amount_atoms: Final = amount_atoms


@final
class TransferRepeated:
    """A transfer id came again: nothing moved."""

    __slots__ = ("account_id", "transfer_id")

    def __init__(self, account_id: AccountId, transfer_id: str) -> None:
        self.account_id: Final = account_id
        self.transfer_id: Final = transfer_id


@final
class InsuranceFunded:
    """The operator paid into the insurance fund."""

    __slots__ = ("asset_id", "amount_atoms")

    def __init__(self, asset_id: AssetId, amount_atoms: int) -> None:
        self.asset_id: Final = asset_id
        self.amount_atoms: Final = amount_atoms


@final
class InstrumentListed:
    """A market exists."""

    __slots__ = ("instrument_id", "symbol")

    def __init__(self, instrument_id: InstrumentId, symbol: str) -> None:
        self.instrument_id: Final = instrument_id
        self.symbol: Final = symbol


@final
class InstrumentChanged:
    """A market has new settings."""

    __slots__ = ("instrument_id",)

    def __init__(self, instrument_id: InstrumentId) -> None:
        self.instrument_id: Final = instrument_id


@final
class StatusChanged:
    """A market trades, only closes, or is halted."""

    __slots__ = ("instrument_id", "status")

    def __init__(self, instrument_id: InstrumentId, status: InstrumentStatus) -> None:
        self.instrument_id: Final = instrument_id
        self.status: Final = status


@final
class PriceAccepted:
    """A market has new prices."""

    __slots__ = (
        "instrument_id",
        "bid_ticks",
        "ask_ticks",
        "last_ticks",
        "mark_ticks",
        "index_ticks",
    )

    def __init__(
        self,
        instrument_id: InstrumentId,
        bid_ticks: int,
        ask_ticks: int,
        last_ticks: int,
        mark_ticks: int,
        index_ticks: int,
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.bid_ticks: Final = bid_ticks
        self.ask_ticks: Final = ask_ticks
        self.last_ticks: Final = last_ticks
        self.mark_ticks: Final = mark_ticks
        self.index_ticks: Final = index_ticks


@final
class PriceRefused:
    """A price was not believed; `candidates` counts the refused updates that confirm each other."""

    __slots__ = ("instrument_id", "reason", "candidates")

    def __init__(self, instrument_id: InstrumentId, reason: RejectReason, candidates: int) -> None:
        self.instrument_id: Final = instrument_id
        self.reason: Final = reason
        self.candidates: Final = candidates


@final
class TimeAdvanced:
    """Time passed; what was due comes before this event."""

    __slots__ = ("time_ns",)

    def __init__(self, time_ns: int) -> None:
        self.time_ns: Final = time_ns


@final
class OrderAccepted:
    """An order is open, or about to fill in this command.  Lots are 0 while sized by amount."""

    __slots__ = (
        "order_id",
        "account_id",
        "instrument_id",
        "side",
        "order_type",
        "price_ticks",
        "trigger_ticks",
        "qty_lots",
        "amount_atoms",
        "leverage",
    )

    def __init__(
        self,
        order_id: OrderId,
        account_id: AccountId,
        instrument_id: InstrumentId,
        side: Side,
        order_type: OrderType,
        price_ticks: int,
        trigger_ticks: int,
        qty_lots: int,
        amount_atoms: int,
        leverage: int,
    ) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.side: Final = side
        self.order_type: Final = order_type
        self.price_ticks: Final = price_ticks
        self.trigger_ticks: Final = trigger_ticks
        self.qty_lots: Final = qty_lots
        self.amount_atoms: Final = amount_atoms
        self.leverage: Final = leverage


@final
class OrderTriggered:
    """A conditional order's condition came true; it arrives as a market order now."""

    __slots__ = ("order_id", "account_id")

    def __init__(self, order_id: OrderId, account_id: AccountId) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id


@final
class OrderAmended:
    """Price, trigger or size of an open order changed."""

    __slots__ = (
        "order_id",
        "account_id",
        "price_ticks",
        "trigger_ticks",
        "qty_lots",
        "amount_atoms",
    )

    def __init__(
        self,
        order_id: OrderId,
        account_id: AccountId,
        price_ticks: int,
        trigger_ticks: int,
        qty_lots: int,
        amount_atoms: int,
    ) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id
        self.price_ticks: Final = price_ticks
        self.trigger_ticks: Final = trigger_ticks
        self.qty_lots: Final = qty_lots
        self.amount_atoms: Final = amount_atoms


@final
class OrderCancelled:
    """An order ended without (further) fills.  `reason` is NONE unless the cause is REFUSED."""

    __slots__ = ("order_id", "account_id", "cause", "reason")

    def __init__(
        self, order_id: OrderId, account_id: AccountId, cause: CancelCause, reason: RejectReason
    ) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id
        self.cause: Final = cause
        self.reason: Final = reason


@final
class OrderExpired:
    """An order's time ran out."""

    __slots__ = ("order_id", "account_id")

    def __init__(self, order_id: OrderId, account_id: AccountId) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id


@final
class OrderFilled:
    """A fill; fee and profit are its own.  `order_id` is 0 for exits and liquidations."""

    __slots__ = (
        "fill_id",
        "order_id",
        "account_id",
        "instrument_id",
        "position_id",
        "side",
        "qty_lots",
        "price_ticks",
        "fee_atoms",
        "realized_atoms",
        "liquidity",
    )

    def __init__(
        self,
        fill_id: int,
        order_id: OrderId,
        account_id: AccountId,
        instrument_id: InstrumentId,
        position_id: PositionId,
        side: Side,
        qty_lots: int,
        price_ticks: int,
        fee_atoms: int,
        realized_atoms: int,
        liquidity: Liquidity,
    ) -> None:
        self.fill_id: Final = fill_id
        self.order_id: Final = order_id
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.position_id: Final = position_id
        self.side: Final = side
        self.qty_lots: Final = qty_lots
        self.price_ticks: Final = price_ticks
        self.fee_atoms: Final = fee_atoms
        self.realized_atoms: Final = realized_atoms
        self.liquidity: Final = liquidity


@final
class Traded:
    """Two orders met in the book: the public side of a trade.

    side: the taker's.
    """

    __slots__ = ("instrument_id", "trade_id", "price_ticks", "qty_lots", "side")

    def __init__(
        self,
        instrument_id: InstrumentId,
        trade_id: int,
        price_ticks: int,
        qty_lots: int,
        side: Side,
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.trade_id: Final = trade_id
        self.price_ticks: Final = price_ticks
        self.qty_lots: Final = qty_lots
        self.side: Final = side


@final
class BookChanged:
    """What a price level of the book shows after the command; 0 lots: the level is gone."""

    __slots__ = ("instrument_id", "side", "price_ticks", "qty_lots")

    def __init__(
        self, instrument_id: InstrumentId, side: Side, price_ticks: int, qty_lots: int
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.side: Final = side
        self.price_ticks: Final = price_ticks
        self.qty_lots: Final = qty_lots


@final
class BatchItem:
    """What follows, up to the next of its kind, came of this item of the batch, from 0."""

    __slots__ = ("account_id", "place")

    def __init__(self, account_id: AccountId, place: int) -> None:
        self.account_id: Final = account_id
        self.place: Final = place


@final
class CancelAfterSet:
    """The account's orders are cancelled at `due_ns`, unless it moves the time; 0 is never."""

    __slots__ = ("account_id", "due_ns")

    def __init__(self, account_id: AccountId, due_ns: int) -> None:
        self.account_id: Final = account_id
        self.due_ns: Final = due_ns


@final
class CancelAfterFired:
    """The account's timer ran out; its orders are cancelled."""

    __slots__ = ("account_id",)

    def __init__(self, account_id: AccountId) -> None:
        self.account_id: Final = account_id


@final
class PositionOpened:
    """A position exists."""

    __slots__ = (
        "position_id",
        "account_id",
        "instrument_id",
        "side",
        "qty_lots",
        "cost_atoms",
        "margin_atoms",
        "leverage",
    )

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        instrument_id: InstrumentId,
        side: Side,
        qty_lots: int,
        cost_atoms: int,
        margin_atoms: int,
        leverage: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.side: Final = side
        self.qty_lots: Final = qty_lots
        self.cost_atoms: Final = cost_atoms
        self.margin_atoms: Final = margin_atoms
        self.leverage: Final = leverage


@final
class PositionIncreased:
    """A position grew; the numbers are those after it."""

    __slots__ = ("position_id", "account_id", "qty_lots", "cost_atoms", "margin_atoms")

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        qty_lots: int,
        cost_atoms: int,
        margin_atoms: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.qty_lots: Final = qty_lots
        self.cost_atoms: Final = cost_atoms
        self.margin_atoms: Final = margin_atoms


@final
class PositionReduced:
    """A position shrank; lots, cost and margin are what remains.

    `paid_atoms` went to the user; `liquidation_fee_atoms`, and what is left of a liquidation if the
    instrument says so, to insurance; insurance and house paid the deficit.
    """

    __slots__ = (
        "position_id",
        "account_id",
        "qty_lots",
        "cost_atoms",
        "margin_atoms",
        "paid_atoms",
        "liquidation_fee_atoms",
        "insurance_paid_atoms",
        "house_paid_atoms",
        "cause",
    )

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        qty_lots: int,
        cost_atoms: int,
        margin_atoms: int,
        paid_atoms: int,
        liquidation_fee_atoms: int,
        insurance_paid_atoms: int,
        house_paid_atoms: int,
        cause: CloseCause,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.qty_lots: Final = qty_lots
        self.cost_atoms: Final = cost_atoms
        self.margin_atoms: Final = margin_atoms
        self.paid_atoms: Final = paid_atoms
        self.liquidation_fee_atoms: Final = liquidation_fee_atoms
        self.insurance_paid_atoms: Final = insurance_paid_atoms
        self.house_paid_atoms: Final = house_paid_atoms
        self.cause: Final = cause


@final
class PositionClosed:
    """A position is gone.  `realized_atoms` includes the fees of both sides."""

    __slots__ = ("position_id", "account_id", "status", "realized_atoms")

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        status: PositionStatus,
        realized_atoms: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.status: Final = status
        self.realized_atoms: Final = realized_atoms


@final
class MarginAdjusted:
    """Isolated margin was added or removed."""

    __slots__ = ("position_id", "account_id", "margin_atoms")

    def __init__(self, position_id: PositionId, account_id: AccountId, margin_atoms: int) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.margin_atoms: Final = margin_atoms


@final
class ExitsChanged:
    """The position's own exits are now these; 0 is none."""

    __slots__ = (
        "position_id",
        "account_id",
        "stop_loss_ticks",
        "take_profit_ticks",
        "auto_close_e8",
        "trail_ticks",
        "trail_e8",
    )

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        stop_loss_ticks: int,
        take_profit_ticks: int,
        auto_close_e8: int,
        trail_ticks: int,
        trail_e8: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.stop_loss_ticks: Final = stop_loss_ticks
        self.take_profit_ticks: Final = take_profit_ticks
        self.auto_close_e8: Final = auto_close_e8
        self.trail_ticks: Final = trail_ticks
        self.trail_e8: Final = trail_e8


@final
class LeverageChanged:
    """The leverage of a key: of an account in a market or, when hedging, of one leg there."""

    __slots__ = ("account_id", "instrument_id", "leverage", "leg")

    def __init__(
        self, account_id: AccountId, instrument_id: InstrumentId, leverage: int, leg: Leg
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.leverage: Final = leverage
        self.leg: Final = leg


@final
class PositionModeChanged:
    """What the account's positions in a market are keyed by from now on."""

    __slots__ = ("account_id", "instrument_id", "mode")

    def __init__(
        self, account_id: AccountId, instrument_id: InstrumentId, mode: PositionMode
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.mode: Final = mode


@final
class MarginModeChanged:
    """Whether a key's positions stand alone or with the account from now on."""

    __slots__ = ("account_id", "instrument_id", "leg", "margin_mode")

    def __init__(
        self, account_id: AccountId, instrument_id: InstrumentId, leg: Leg, margin_mode: MarginMode
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.leg: Final = leg
        self.margin_mode: Final = margin_mode


@final
class AccountLiquidated:
    """A cross account could not keep its positions: what it had before the first was closed.

    equity_atoms, maintenance_atoms: at the marks, the latter rounded up.
    """

    __slots__ = ("account_id", "asset_id", "equity_atoms", "maintenance_atoms")

    def __init__(
        self, account_id: AccountId, asset_id: AssetId, equity_atoms: int, maintenance_atoms: int
    ) -> None:
        self.account_id: Final = account_id
        self.asset_id: Final = asset_id
        self.equity_atoms: Final = equity_atoms
        self.maintenance_atoms: Final = maintenance_atoms


@final
class DebtSettled:
    """A cross account was left with less than nothing: fees were waived, others paid the rest."""

    __slots__ = (
        "account_id",
        "asset_id",
        "waived_atoms",
        "insurance_paid_atoms",
    )

    def __init__(
        self,
        account_id: AccountId,
        asset_id: AssetId,
        waived_atoms: int,
        insurance_paid_atoms: int,
    ) -> None:
        self.account_id: Final = account_id
        self.asset_id: Final = asset_id
        self.waived_atoms: Final = waived_atoms
        self.insurance_paid_atoms: Final = insurance_paid_atoms


@final
class PremiumSampled:
    """How far the impact prices lay from the index, in 10^-8 of it."""

    __slots__ = ("instrument_id", "premium_e8")

    def __init__(self, instrument_id: InstrumentId, premium_e8: int) -> None:
        self.instrument_id: Final = instrument_id
        self.premium_e8: Final = premium_e8


@final
class FundingSettled:
    """A funding stamp passed: the rate, and the mark that positions were valued at.

    mark_ticks: 0 if nobody paid, for want of a price or in a halt.
    """

    __slots__ = ("instrument_id", "stamp_ns", "rate_e8", "mark_ticks")

    def __init__(
        self, instrument_id: InstrumentId, stamp_ns: int, rate_e8: int, mark_ticks: int
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.stamp_ns: Final = stamp_ns
        self.rate_e8: Final = rate_e8
        self.mark_ticks: Final = mark_ticks


@final
class FundingPaid:
    """What a position paid at a stamp, or, negative, received; and what it then has and owes."""

    __slots__ = ("position_id", "account_id", "amount_atoms", "accrued_atoms", "margin_atoms")

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        amount_atoms: int,
        accrued_atoms: int,
        margin_atoms: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.amount_atoms: Final = amount_atoms
        self.accrued_atoms: Final = accrued_atoms
        self.margin_atoms: Final = margin_atoms


@final
class TrailingActivated:
    """A trailing stop reached its activation price and follows the extreme from here (TRL-2)."""

    __slots__ = ("order_id", "account_id", "extreme_ticks")

    def __init__(self, order_id: OrderId, account_id: AccountId, extreme_ticks: int) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id
        self.extreme_ticks: Final = extreme_ticks


@final
class FeeTierChanged:
    """What accounts of a fee tier pay in one market from now on, in 10^-8."""

    __slots__ = ("instrument_id", "tier", "maker_fee_e8", "taker_fee_e8")

    def __init__(
        self, instrument_id: InstrumentId, tier: int, maker_fee_e8: int, taker_fee_e8: int
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.tier: Final = tier
        self.maker_fee_e8: Final = maker_fee_e8
        self.taker_fee_e8: Final = taker_fee_e8


@final
class FeeTierAssigned:
    """An account has this fee tier now."""

    __slots__ = ("account_id", "tier")

    def __init__(self, account_id: AccountId, tier: int) -> None:
        self.account_id: Final = account_id
        self.tier: Final = tier


@final
class LiquidationStep:
    """Lots of a position are about to be closed by liquidation, and why (LIQ-12).

    equity_atoms, maintenance_atoms: the position's or, in cross margin, its account's, at the
        mark; maintenance rounded up.
    qty_lots: how many are closed.
    bankruptcy_ticks: the worst price they may fill at in a book, and the one they are taken over
        at; 0 in a quote-driven market.
    """

    __slots__ = (
        "position_id",
        "account_id",
        "mark_ticks",
        "equity_atoms",
        "maintenance_atoms",
        "qty_lots",
        "bankruptcy_ticks",
    )

    def __init__(
        self,
        position_id: PositionId,
        account_id: AccountId,
        mark_ticks: int,
        equity_atoms: int,
        maintenance_atoms: int,
        qty_lots: int,
        bankruptcy_ticks: int,
    ) -> None:
        self.position_id: Final = position_id
        self.account_id: Final = account_id
        self.mark_ticks: Final = mark_ticks
        self.equity_atoms: Final = equity_atoms
        self.maintenance_atoms: Final = maintenance_atoms
        self.qty_lots: Final = qty_lots
        self.bankruptcy_ticks: Final = bankruptcy_ticks


Event = (
    Rejected
    | RequestRepeated
    | AccountOpened
    | TokenIssued
    | TokenRevoked
    | Deposited
    | Withdrawn
    | TransferRepeated
    | InsuranceFunded
    | InstrumentListed
    | InstrumentChanged
    | StatusChanged
    | PriceAccepted
    | PriceRefused
    | TimeAdvanced
    | OrderAccepted
    | OrderTriggered
    | OrderAmended
    | OrderCancelled
    | OrderExpired
    | OrderFilled
    | PositionOpened
    | PositionIncreased
    | PositionReduced
    | PositionClosed
    | MarginAdjusted
    | ExitsChanged
    | LeverageChanged
    | Traded
    | BookChanged
    | BatchItem
    | CancelAfterSet
    | CancelAfterFired
    | PositionModeChanged
    | MarginModeChanged
    | AccountLiquidated
    | DebtSettled
    | PremiumSampled
    | FundingSettled
    | FundingPaid
    | TrailingActivated
    | FeeTierChanged
    | FeeTierAssigned
    | LiquidationStep
)
