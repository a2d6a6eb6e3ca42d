"""Commands: requests in the imperative.  Knows their fields; knows nothing of their effect.

Every command is a final class of plain integers, enums, short strings and bytes.  Field order on
disk is fixed in `codec.py` alone.
"""

from enum import IntEnum
from typing import Final, final

from engine.instrument import InstrumentSpec, InstrumentStatus, MarginMode, PositionMode
from engine.units import AccountId, InstrumentId, OrderId, PositionId

ALL_INSTRUMENTS: Final = InstrumentId(-1)
# In SetPositionExits: leave this exit as it is.  (An auto-close may be negative, but never so.)
KEEP: Final = -9_223_372_036_854_775_807


class Side(IntEnum):
    """BUY opens a long or closes a short; SELL the reverse."""

    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """What the order waits for, and how it fills."""

    MARKET = 1
    LIMIT = 2
    STOP_MARKET = 3
    TAKE_PROFIT_MARKET = 4
    STOP_LIMIT = 5
    TAKE_PROFIT_LIMIT = 6
    TRAILING_STOP = 7


class TimeInForce(IntEnum):
    """How long the order may wait."""

    GTC = 1
    IOC = 2
    FOK = 3
    GTD = 4


class Leg(IntEnum):
    """Which of the two positions of a hedging account an order is for; NONE in other modes."""

    NONE = 0
    LONG = 1
    SHORT = 2


NO_LEG: Final = Leg.NONE


class SelfTradePrevention(IntEnum):
    """What happens where an order would meet one of the same account; the taker decides."""

    CANCEL_MAKER = 1
    CANCEL_TAKER = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class PriceSource(IntEnum):
    """Which of the five prices of a market an entry watches."""

    BID = 0
    ASK = 1
    LAST = 2
    MARK = 3
    INDEX = 4


# Looking a member up in its enum costs more than most of what is done with it.
BUY: Final = Side.BUY
SELL: Final = Side.SELL
MARKET: Final = OrderType.MARKET
LIMIT: Final = OrderType.LIMIT
STOP_MARKET: Final = OrderType.STOP_MARKET
GTC: Final = TimeInForce.GTC
IOC: Final = TimeInForce.IOC
GTD: Final = TimeInForce.GTD
TAKE_PROFIT_MARKET: Final = OrderType.TAKE_PROFIT_MARKET
STOP_LIMIT: Final = OrderType.STOP_LIMIT
TAKE_PROFIT_LIMIT: Final = OrderType.TAKE_PROFIT_LIMIT
TRAILING_STOP: Final = OrderType.TRAILING_STOP
FOK: Final = TimeInForce.FOK
CANCEL_MAKER: Final = SelfTradePrevention.CANCEL_MAKER
CANCEL_BOTH: Final = SelfTradePrevention.CANCEL_BOTH
DECREMENT: Final = SelfTradePrevention.DECREMENT
BY_LAST: Final = PriceSource.LAST
BY_MARK: Final = PriceSource.MARK


class Scope(IntEnum):
    """What a token may do; scopes are summed into a bit set."""

    READ = 1
    TRADE = 2
    TRANSFER = 4
    ADMIN = 8


@final
class OpenAccount:
    """Make an account for `user_id` (1 to 64 printable ASCII characters)."""

    __slots__ = ("user_id",)

    def __init__(self, user_id: str) -> None:
        self.user_id: Final = user_id


@final
class IssueToken:
    """Let whoever holds the token act; only its SHA-256 is known.  Account 0 is the operator."""

    __slots__ = ("account_id", "token_hash", "scopes")

    def __init__(self, account_id: AccountId, token_hash: bytes, scopes: int) -> None:
        self.account_id: Final = account_id
        self.token_hash: Final = token_hash
        self.scopes: Final = scopes


@final
class RevokeToken:
    """The token stops working."""

    __slots__ = ("token_hash",)

    def __init__(self, token_hash: bytes) -> None:
        self.token_hash: Final = token_hash


@final
class Deposit:
    """Money comes in from outside, once per `transfer_id`, for ever."""

    __slots__ = ("account_id", "asset", "amount_atoms", "transfer_id")

    def __init__(
        self, account_id: AccountId, asset: str, amount_atoms: int, transfer_id: str
    ) -> None:
        self.account_id: Final = account_id
        self.asset: Final = asset
        self.amount_atoms: Final = amount_atoms
        self.transfer_id: Final = transfer_id


@final
class Withdraw:
    """Money leaves, once per `transfer_id`, for ever; refused above what is withdrawable."""

    __slots__ = ("account_id", "asset", "amount_atoms", "transfer_id")

    def __init__(
        self, account_id: AccountId, asset: str, amount_atoms: int, transfer_id: str
    ) -> None:
        self.account_id: Final = account_id
        self.asset: Final = asset
        self.amount_atoms: Final = amount_atoms
        self.transfer_id: Final = transfer_id


@final
class FundInsurance:
    """The operator pays into the insurance fund of an asset, once per `transfer_id`."""

    __slots__ = ("asset", "amount_atoms", "transfer_id")

    def __init__(self, asset: str, amount_atoms: int, transfer_id: str) -> None:
        self.asset: Final = asset
        self.amount_atoms: Final = amount_atoms
        self.transfer_id: Final = transfer_id


@final
class ListInstrument:
    """Open a market."""

    __slots__ = ("spec",)

    def __init__(self, spec: InstrumentSpec) -> None:
        self.spec: Final = spec


@final
class ChangeInstrument:
    """Replace an instrument's settings; its identity and its switches stay."""

    __slots__ = ("instrument_id", "spec")

    def __init__(self, instrument_id: InstrumentId, spec: InstrumentSpec) -> None:
        self.instrument_id: Final = instrument_id
        self.spec: Final = spec


@final
class SetInstrumentStatus:
    """Trade, only close, or halt."""

    __slots__ = ("instrument_id", "status")

    def __init__(self, instrument_id: InstrumentId, status: InstrumentStatus) -> None:
        self.instrument_id: Final = instrument_id
        self.status: Final = status


@final
class UpdatePrice:
    """A price from a feed or the operator: five values in ticks.

    `source` names where it comes from; feed sequences are compared within one source.
    """

    __slots__ = (
        "instrument_id",
        "source",
        "source_sequence",
        "by_operator",
        "bid_ticks",
        "ask_ticks",
        "last_ticks",
        "mark_ticks",
        "index_ticks",
    )

    def __init__(
        self,
        instrument_id: InstrumentId,
        source: str,
        source_sequence: int,
        by_operator: bool,
        bid_ticks: int,
        ask_ticks: int,
        last_ticks: int,
        mark_ticks: int,
        index_ticks: int,
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.source: Final = source
        self.source_sequence: Final = source_sequence
        self.by_operator: Final = by_operator
        self.bid_ticks: Final = bid_ticks
        self.ask_ticks: Final = ask_ticks
        self.last_ticks: Final = last_ticks
        self.mark_ticks: Final = mark_ticks
        self.index_ticks: Final = index_ticks


@final
class PlaceOrder:
    """An instruction to buy or sell.  Zero, or an empty string, means that a field is absent.

    display_lots: how much of it the book shows at a time (iceberg).
    close_position: it closes all there is.
    oco_group: of two open orders with the same group, one cancels the other.
    trail_ticks, trail_e8: how far a trailing stop follows, as a distance and as a share of the
        extreme; of another opener, the trailing stop of what it opens (TRL-1, TRL-4).
    """

    __slots__ = (
        "account_id",
        "instrument_id",
        "side",
        "order_type",
        "time_in_force",
        "qty_lots",
        "amount_atoms",
        "price_ticks",
        "trigger_ticks",
        "trigger_source",
        "leverage",
        "reduce_only",
        "post_only",
        "position_id",
        "stop_loss_ticks",
        "take_profit_ticks",
        "auto_close_e8",
        "expire_ns",
        "client_order_id",
        "digest",
        "display_lots",
        "close_position",
        "self_trade_prevention",
        "oco_group",
        "leg",
        "trail_ticks",
        "trail_e8",
    )

    def __init__(
        self,
        account_id: AccountId,
        instrument_id: InstrumentId,
        side: Side,
        order_type: OrderType,
        time_in_force: TimeInForce,
        qty_lots: int,
        amount_atoms: int,
        price_ticks: int,
        trigger_ticks: int,
        trigger_source: PriceSource,
        leverage: int,
        reduce_only: bool,
        post_only: bool,
        position_id: PositionId,
        stop_loss_ticks: int,
        take_profit_ticks: int,
        auto_close_e8: int,
        expire_ns: int,
        client_order_id: str,
        digest: bytes,
        display_lots: int = 0,
        close_position: bool = False,
        self_trade_prevention: SelfTradePrevention = CANCEL_MAKER,
        oco_group: str = "",
        leg: Leg = Leg.NONE,
        trail_ticks: int = 0,
        trail_e8: int = 0,
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.side: Final = side
        self.order_type: Final = order_type
        self.time_in_force: Final = time_in_force
        self.qty_lots: Final = qty_lots
        self.amount_atoms: Final = amount_atoms
        self.price_ticks: Final = price_ticks
        self.trigger_ticks: Final = trigger_ticks
        self.trigger_source: Final = trigger_source
        self.leverage: Final = leverage
        self.reduce_only: Final = reduce_only
        self.post_only: Final = post_only
        self.position_id: Final = position_id
        self.stop_loss_ticks: Final = stop_loss_ticks
        self.take_profit_ticks: Final = take_profit_ticks
        self.auto_close_e8: Final = auto_close_e8
        self.expire_ns: Final = expire_ns
        self.client_order_id: Final = client_order_id
        self.digest: Final = digest
        self.display_lots: Final = display_lots
        self.close_position: Final = close_position
        self.self_trade_prevention: Final = self_trade_prevention
        self.oco_group: Final = oco_group
        self.leg: Final = leg
        self.trail_ticks: Final = trail_ticks
        self.trail_e8: Final = trail_e8


@final
class CancelOrder:
    """Cancel one open order, named by its id or, if that is 0, by its client order id."""

    __slots__ = ("account_id", "order_id", "client_order_id")

    def __init__(self, account_id: AccountId, order_id: OrderId, client_order_id: str) -> None:
        self.account_id: Final = account_id
        self.order_id: Final = order_id
        self.client_order_id: Final = client_order_id


@final
class CancelOrders:
    """Cancel all open orders of an account, in one market or, with ALL_INSTRUMENTS, in all.

    on_disconnect: the account did not ask for it now; its connection broke.
    """

    __slots__ = ("account_id", "instrument_id", "on_disconnect")

    def __init__(
        self, account_id: AccountId, instrument_id: InstrumentId, on_disconnect: bool = False
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.on_disconnect: Final = on_disconnect


@final
class AmendOrder:
    """Change price, trigger or size in one atomic step.  Zero keeps what is there."""

    __slots__ = (
        "account_id",
        "order_id",
        "client_order_id",
        "price_ticks",
        "trigger_ticks",
        "qty_lots",
        "amount_atoms",
    )

    def __init__(
        self,
        account_id: AccountId,
        order_id: OrderId,
        client_order_id: str,
        price_ticks: int,
        trigger_ticks: int,
        qty_lots: int,
        amount_atoms: int,
    ) -> None:
        self.account_id: Final = account_id
        self.order_id: Final = order_id
        self.client_order_id: Final = client_order_id
        self.price_ticks: Final = price_ticks
        self.trigger_ticks: Final = trigger_ticks
        self.qty_lots: Final = qty_lots
        self.amount_atoms: Final = amount_atoms


BatchedCommand = PlaceOrder | AmendOrder | CancelOrder


@final
class SubmitBatch:
    """Several orders, amends or cancels in one command; each succeeds or fails by itself."""

    __slots__ = ("account_id", "items")

    def __init__(self, account_id: AccountId, items: tuple[BatchedCommand, ...]) -> None:
        self.account_id: Final = account_id
        self.items: Final = items


@final
class CancelAfter:
    """Cancel all of the account's orders in `timeout_ns`, unless told again; 0 is never."""

    __slots__ = ("account_id", "timeout_ns")

    def __init__(self, account_id: AccountId, timeout_ns: int) -> None:
        self.account_id: Final = account_id
        self.timeout_ns: Final = timeout_ns


@final
class SetPositionExits:
    """Set the exits of an open position.  KEEP leaves one as it is, 0 removes it."""

    __slots__ = (
        "account_id",
        "position_id",
        "stop_loss_ticks",
        "take_profit_ticks",
        "auto_close_e8",
        "trigger_source",
        "trail_ticks",
        "trail_e8",
    )

    def __init__(
        self,
        account_id: AccountId,
        position_id: PositionId,
        stop_loss_ticks: int,
        take_profit_ticks: int,
        auto_close_e8: int,
        trigger_source: PriceSource,
        trail_ticks: int = KEEP,
        trail_e8: int = KEEP,
    ) -> None:
        self.account_id: Final = account_id
        self.position_id: Final = position_id
        self.stop_loss_ticks: Final = stop_loss_ticks
        self.take_profit_ticks: Final = take_profit_ticks
        self.auto_close_e8: Final = auto_close_e8
        self.trigger_source: Final = trigger_source
        self.trail_ticks: Final = trail_ticks
        self.trail_e8: Final = trail_e8


@final
class AdjustMargin:
    """Add (positive) or remove (negative) isolated margin."""

    __slots__ = ("account_id", "position_id", "amount_atoms")

    def __init__(self, account_id: AccountId, position_id: PositionId, amount_atoms: int) -> None:
        self.account_id: Final = account_id
        self.position_id: Final = position_id
        self.amount_atoms: Final = amount_atoms


@final
class SetLeverage:
    """The leverage of a key: of an account in one market or, when hedging, of one leg there."""

    __slots__ = ("account_id", "instrument_id", "leverage", "leg")

    def __init__(
        self,
        account_id: AccountId,
        instrument_id: InstrumentId,
        leverage: int,
        leg: Leg = Leg.NONE,
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.leverage: Final = leverage
        self.leg: Final = leg


@final
class SetPositionMode:
    """What the account's positions in one market are keyed by; refused while any is open."""

    __slots__ = ("account_id", "instrument_id", "mode")

    def __init__(
        self, account_id: AccountId, instrument_id: InstrumentId, mode: PositionMode
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.mode: Final = mode


@final
class SetMarginMode:
    """Whether a key's positions stand alone or with the account; refused while it is in use."""

    __slots__ = ("account_id", "instrument_id", "leg", "margin_mode")

    def __init__(
        self, account_id: AccountId, instrument_id: InstrumentId, leg: Leg, margin_mode: MarginMode
    ) -> None:
        self.account_id: Final = account_id
        self.instrument_id: Final = instrument_id
        self.leg: Final = leg
        self.margin_mode: Final = margin_mode


@final
class SamplePremium:
    """Note how far the market's impact prices lie from the index (FUN-2)."""

    __slots__ = ("instrument_id",)

    def __init__(self, instrument_id: InstrumentId) -> None:
        self.instrument_id: Final = instrument_id


@final
class SetFeeTier:
    """What accounts of a fee tier pay in one market, in 10^-8 (FEE-1)."""

    __slots__ = ("instrument_id", "tier", "maker_fee_e8", "taker_fee_e8")

    def __init__(
        self, instrument_id: InstrumentId, tier: int, maker_fee_e8: int, taker_fee_e8: int
    ) -> None:
        self.instrument_id: Final = instrument_id
        self.tier: Final = tier
        self.maker_fee_e8: Final = maker_fee_e8
        self.taker_fee_e8: Final = taker_fee_e8


@final
class AssignFeeTier:
    """Which fee tier an account has from now on; 0: each instrument's own rates (FEE-2)."""

    __slots__ = ("account_id", "tier")

    def __init__(self, account_id: AccountId, tier: int) -> None:
        self.account_id: Final = account_id
        self.tier: Final = tier


@final
class AdvanceTime:
    """Time passes: what is due happens."""

    __slots__ = ()

    def __init__(self) -> None:
        return


Command = (
    OpenAccount
    | IssueToken
    | RevokeToken
    | Deposit
    | Withdraw
    | FundInsurance
    | ListInstrument
    | ChangeInstrument
    | SetInstrumentStatus
    | UpdatePrice
    | PlaceOrder
    | CancelOrder
    | CancelOrders
    | AmendOrder
    | SubmitBatch
    | CancelAfter
    | SetPositionExits
    | AdjustMargin
    | SetLeverage
    | SetPositionMode
    | SetMarginMode
    | SamplePremium
    | SetFeeTier
    | AssignFeeTier
    | AdvanceTime
)
