"""What clients send: JSON to typed requests to commands.  Knows shapes; decides no business rule.

Each field is read in `fields`.
"""

from hashlib import blake2b
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from engine.commands import (
    KEEP,
    AdjustMargin,
    AmendOrder,
    CancelAfter,
    CancelOrder,
    Leg,
    OrderType,
    PlaceOrder,
    PriceSource,
    SelfTradePrevention,
    SetPositionExits,
    Side,
    TimeInForce,
)
from engine.instrument import InstrumentSpec
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import AccountId, OrderId, PositionId
from gateway.decimals import text_from_e8
from gateway.errors import reason_error
from gateway.fields import (
    PositionSide,
    Request,
    Text,
    TimeMs,
    TrailingRequest,
    Whole,
    amount_atoms,
    client_name,
    leg_of,
    market_of,
    money_atoms,
    object_id,
    price_ticks,
    quantity_lots,
    share_e8,
    trail_of,
)

BATCH_ITEMS_MAX: Final = 50
_NS_PER_MS: Final = 1_000_000


SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL}
ORDER_TYPES: Final = {kind.name: kind for kind in OrderType}
TIMES_IN_FORCE: Final = {kind.name: kind for kind in TimeInForce}
TRIGGER_SOURCES: Final = {kind.name: kind for kind in PriceSource}
SELF_TRADE_PREVENTIONS: Final = {kind.name: kind for kind in SelfTradePrevention}
# display_lots, close_position, self_trade_prevention, oco_group of an order that names none.
_PLAIN: Final = (0, False, SelfTradePrevention.CANCEL_MAKER, "")


class PlaceOrderRequest(Request):
    """`POST /api/orders` and `order.place`; amount and quantity, price and triggers as decimals.

    position_side: the leg, where the account hedges; it is given there and nowhere else.
    trailing: of a TRAILING_STOP, whose triggerPrice is the price that activates it, its own; of
        another opener, the trailing stop of what it opens.
    """

    symbol: str
    side: Literal["BUY", "SELL"]
    order_type: Literal[
        "MARKET",
        "LIMIT",
        "STOP_MARKET",
        "STOP_LIMIT",
        "TAKE_PROFIT_MARKET",
        "TAKE_PROFIT_LIMIT",
        "TRAILING_STOP",
    ]
    amount: Text = UNSET
    quantity: Text = UNSET
    price: Text = UNSET
    leverage: Whole | UnsetType = UNSET
    time_in_force: Literal["GTC", "IOC", "FOK", "GTD"] | UnsetType = UNSET
    client_order_id: Text = UNSET
    trigger_price: Text = UNSET
    trigger_source: Literal["LAST", "MARK", "INDEX"] | UnsetType = UNSET
    reduce_only: bool | UnsetType = UNSET
    post_only: bool | UnsetType = UNSET
    stop_loss: Text = UNSET
    take_profit: Text = UNSET
    auto_close_pct: Text = UNSET
    trailing: TrailingRequest | UnsetType = UNSET
    position_id: Text = UNSET
    expires_at: TimeMs | UnsetType = UNSET
    display_quantity: Text = UNSET
    close_position: bool | UnsetType = UNSET
    self_trade_prevention: (
        Literal["CANCEL_MAKER", "CANCEL_TAKER", "CANCEL_BOTH", "DECREMENT"] | UnsetType
    ) = UNSET
    oco_group: Text = UNSET
    position_side: PositionSide = UNSET
    user_id: Text = UNSET


class PreviewOrderRequest(PlaceOrderRequest):
    """`POST /api/orders/preview`: an order, and perhaps what may be spent on margin and fee; with
    that the order's own size may be left out."""

    budget: Text = UNSET


class AmendOrderRequest(Request):
    """`PATCH /api/orders/{id}`: what is given changes; a quantity includes what has filled."""

    price: Text = UNSET
    trigger_price: Text = UNSET
    quantity: Text = UNSET
    amount: Text = UNSET
    user_id: Text = UNSET


class NamedAmendRequest(AmendOrderRequest):
    """An amend that names its order by either id."""

    order_id: Text = UNSET
    client_order_id: Text = UNSET


Ids = Annotated[list[str], Meta(min_length=1, max_length=BATCH_ITEMS_MAX)]


class PlaceBatchRequest(Request):
    """`POST /api/orders/batch`."""

    orders: Annotated[list[PlaceOrderRequest], Meta(min_length=1, max_length=BATCH_ITEMS_MAX)]
    user_id: Text = UNSET


class AmendBatchRequest(Request):
    """`PATCH /api/orders/batch`."""

    amends: Annotated[list[NamedAmendRequest], Meta(min_length=1, max_length=BATCH_ITEMS_MAX)]
    user_id: Text = UNSET


class CancelBatchRequest(Request):
    """`DELETE /api/orders/batch`."""

    order_ids: Ids | UnsetType = UNSET
    client_order_ids: Ids | UnsetType = UNSET
    user_id: Text = UNSET


class CancelAfterRequest(Request):
    """`POST /api/cancel-after`: 0 takes the timer off."""

    timeout_ms: Whole
    user_id: Text = UNSET


class ChangeExitsRequest(Request):
    """`PATCH /api/positions/{id}`: what is given changes, null removes."""

    stop_loss: str | UnsetType | None = UNSET
    take_profit: str | UnsetType | None = UNSET
    auto_close_pct: str | UnsetType | None = UNSET
    trailing: TrailingRequest | UnsetType | None = UNSET
    trigger_source: Literal["LAST", "MARK", "INDEX"] | UnsetType = UNSET
    user_id: Text = UNSET


class ClosePositionRequest(Request):
    """`POST /api/positions/{id}/close`: all of it, or a quantity."""

    quantity: Text = UNSET
    client_order_id: Text = UNSET
    user_id: Text = UNSET


class AdjustMarginRequest(Request):
    """`POST /api/positions/{id}/margin`: adds; a minus in front removes."""

    amount: str
    user_id: Text = UNSET


def time_in_force(name: str | UnsetType) -> TimeInForce:
    """How long an order waits: until it is cancelled, unless said otherwise."""
    return TimeInForce.GTC if name is UNSET else TIMES_IN_FORCE[name]


def trigger_source(name: str | UnsetType) -> PriceSource:
    """What a trigger watches: the mark price, unless said otherwise."""
    return PriceSource.MARK if name is UNSET else TRIGGER_SOURCES[name]


def self_trade_prevention(name: str | UnsetType) -> SelfTradePrevention:
    """What happens where the order would meet one of the same account."""
    return SelfTradePrevention.CANCEL_MAKER if name is UNSET else SELF_TRADE_PREVENTIONS[name]


_digest_encoder: Final = msgspec.msgpack.Encoder()


def place_order(state: State, account_id: AccountId, request: PlaceOrderRequest) -> PlaceOrder:
    """The command of an order.  Raises ApiError 400 or 422."""
    market = market_of(state, request.symbol)
    spec = market.spec
    leverage = request.leverage
    if leverage is UNSET:
        leverage = 0
    elif leverage == 0:
        raise reason_error(RejectReason.BAD_LEVERAGE, field="leverage")
    expires_at = request.expires_at
    values = (
        account_id,
        market.instrument_id,
        SIDES[request.side],
        ORDER_TYPES[request.order_type],
        time_in_force(request.time_in_force),
        quantity_lots(request.quantity, spec),
        amount_atoms(request.amount),
        price_ticks(request.price, spec, "price"),
        price_ticks(request.trigger_price, spec, "triggerPrice"),
        trigger_source(request.trigger_source),
        leverage,
        request.reduce_only is True,
        request.post_only is True,
        PositionId(object_id(request.position_id, "positionId")),
        price_ticks(request.stop_loss, spec, "stopLoss"),
        price_ticks(request.take_profit, spec, "takeProfit"),
        share_e8(request.auto_close_pct, "autoClosePct"),
        0 if expires_at is UNSET else expires_at * _NS_PER_MS,
        client_name(request.client_order_id, "clientOrderId"),
    )
    more = (
        quantity_lots(request.display_quantity, spec, "displayQuantity"),
        request.close_position is True,
        self_trade_prevention(request.self_trade_prevention),
        client_name(request.oco_group, "ocoGroup"),
    )
    leg = leg_of(request.position_side)
    trail = trail_of(request.trailing, spec)
    return PlaceOrder(*values, request_digest(values, more, leg, trail), *more, leg, *trail)


def sized_order(
    state: State, account_id: AccountId, request: PlaceOrderRequest, qty_lots: int
) -> PlaceOrder:
    """The command of an order, of so many lots instead of what it says.  Raises ApiError."""
    spec = market_of(state, request.symbol).spec
    quantity = text_from_e8(qty_lots * spec.lot_size_e8)
    sized = msgspec.structs.replace(request, quantity=quantity, amount=UNSET)
    return place_order(state, account_id, sized)


def close_position(
    market: Market,
    account_id: AccountId,
    position_id: int,
    side: Side,
    leg: Leg,
    request: ClosePositionRequest,
) -> PlaceOrder:
    """The market order that closes a position on `side`, of a leg if the account hedges.

    Raises ApiError 400 or 422.
    """
    values = (
        account_id,
        market.instrument_id,
        Side.SELL if side is Side.BUY else Side.BUY,
        OrderType.MARKET,
        TimeInForce.GTC,
        quantity_lots(request.quantity, market.spec),
        0,
        0,
        0,
        PriceSource.MARK,
        0,
        True,
        False,
        PositionId(position_id),
        0,
        0,
        0,
        0,
        client_name(request.client_order_id, "clientOrderId"),
    )
    return PlaceOrder(*values, request_digest(values, _PLAIN, leg), leg=leg)


def request_digest(
    values: tuple[object, ...],
    more: tuple[object, ...] = _PLAIN,
    leg: Leg = Leg.NONE,
    trail: tuple[int, int] = (0, 0),
) -> bytes:
    """What identifies a request by its command's fields, if it has a client order id (the last).

    Equal requests have equal digests however they were written: "0.10" is "0.1".
    more, leg, trail: the fields that came later; digests of orders that name none are as of old.
    """
    if not values[-1]:
        return b""
    given = values if more == _PLAIN else values + more
    if leg is not Leg.NONE:
        given += (leg,)
    if trail != (0, 0):
        given += trail
    return blake2b(_digest_encoder.encode(given), digest_size=16).digest()


def amend_order(
    spec: InstrumentSpec, account_id: AccountId, order_id: int, request: AmendOrderRequest
) -> AmendOrder:
    """The command of an amend.  Raises ApiError 400 or 422."""
    return AmendOrder(
        account_id,
        OrderId(order_id),
        "",
        price_ticks(request.price, spec, "price"),
        price_ticks(request.trigger_price, spec, "triggerPrice"),
        quantity_lots(request.quantity, spec),
        amount_atoms(request.amount),
    )


def cancel_order(account_id: AccountId, order_id: int) -> CancelOrder:
    """The command of a cancel."""
    return CancelOrder(account_id, OrderId(order_id), "")


def cancel_after(account_id: AccountId, request: CancelAfterRequest) -> CancelAfter:
    """The command that sets the account's timer."""
    return CancelAfter(account_id, request.timeout_ms * _NS_PER_MS)


def change_exits(
    spec: InstrumentSpec, account_id: AccountId, position_id: int, request: ChangeExitsRequest
) -> SetPositionExits:
    """The command that sets a position's exits.  Raises ApiError 400 or 422."""

    def exit_ticks(text: str | UnsetType | None, field: str) -> int:
        if text is UNSET:
            return KEEP
        return 0 if text is None else price_ticks(text, spec, field)

    auto_close = request.auto_close_pct
    if auto_close is UNSET:
        auto_close_e8 = KEEP
    else:
        auto_close_e8 = 0 if auto_close is None else share_e8(auto_close, "autoClosePct")
    trail = KEEP, KEEP
    if request.trailing is not UNSET:
        trail = (0, 0) if request.trailing is None else trail_of(request.trailing, spec)
    return SetPositionExits(
        account_id,
        PositionId(position_id),
        exit_ticks(request.stop_loss, "stopLoss"),
        exit_ticks(request.take_profit, "takeProfit"),
        auto_close_e8,
        trigger_source(request.trigger_source),
        *trail,
    )


def adjust_margin(
    account_id: AccountId, position_id: int, request: AdjustMarginRequest
) -> AdjustMargin:
    """The command that adds or removes margin.  Raises ApiError 400 or 422."""
    return AdjustMargin(account_id, PositionId(position_id), money_atoms(request.amount))
