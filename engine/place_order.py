"""Placing an order: refuse first, then commit (ORD-…, IDM-1)."""

from typing import Final

from engine.admission import admission_reason
from engine.arrival import Arrival
from engine.client_orders import ClientOrder
from engine.commands import GTC, GTD, IOC, LIMIT, MARKET, PlaceOrder, TimeInForce
from engine.events import (
    TAKER,
    CancelCause,
    Event,
    LeverageChanged,
    OrderAccepted,
    OrderCancelled,
    Rejected,
    RequestRepeated,
)
from engine.instrument import HALTED, TRADING, is_name
from engine.market import LAST, Market
from engine.open_orders import (
    register_order,
    rest_order,
    settle_key_hold,
    shrink_closers,
)
from engine.order import Order
from engine.reject_reason import NONE, RejectReason
from engine.settlement import fill_order
from engine.state import State
from engine.units import OrderId

CLIENT_ORDER_ID_LENGTH_MAX: Final = 36
DIGEST_LENGTH: Final = 16
# Refusals that leave no trace even of the client order id (IDM-1).
FORGOTTEN_REASONS: Final = (
    RejectReason.DUPLICATE_ID,
    RejectReason.UNKNOWN_ACCOUNT,
    RejectReason.BAD_COMBINATION,
)


def place_order(state: State, command: PlaceOrder, events: list[Event]) -> None:
    """Place an order, or answer a repeated request with its first result."""
    account_id, client_order_id = command.account_id, command.client_order_id
    if client_order_id and state.account(account_id) is not None:
        known = state.client_orders.get(account_id, client_order_id)
        if known is not None:
            events.append(_answer_again(known, command))
            return
    reason = routing_reason(state, command)
    draft: Order | None = None
    if reason is NONE:
        draft = draft_order(state, command)
        arrival = Arrival(state, draft, None)
        reason = admission_reason(arrival)
    if draft is None or reason is not NONE:
        if client_order_id and reason not in FORGOTTEN_REASONS and _id_fits(command):
            _remember(state, command, OrderId(0), reason, False)
        events.append(Rejected(account_id, reason))
        return
    _accept(state, command, arrival, events)


def _answer_again(known: ClientOrder, command: PlaceOrder) -> Event:
    if known.digest != command.digest:
        return Rejected(command.account_id, RejectReason.DUPLICATE_ID)
    return RequestRepeated(command.account_id, known.order_id, known.reason)


def _remember(
    state: State, command: PlaceOrder, order_id: OrderId, reason: RejectReason, is_open: bool
) -> None:
    state.client_orders.add(
        ClientOrder(
            command.account_id,
            command.client_order_id,
            command.digest,
            order_id,
            reason,
            is_open,
        )
    )


def routing_reason(state: State, command: PlaceOrder) -> RejectReason:
    """UNKNOWN_ACCOUNT to BAD_COMBINATION: whether the order makes sense at all."""
    if not 0 < command.account_id < len(state.accounts):
        return RejectReason.UNKNOWN_ACCOUNT
    market = state.market(command.instrument_id)
    if market is None:
        return RejectReason.UNKNOWN_SYMBOL
    if market.status is not TRADING:
        if market.status is HALTED:
            return RejectReason.HALTED
        if not is_closing(command):
            return RejectReason.CLOSE_ONLY
    if _type_fits(command) and _time_fits(command) and _size_fits(command, market):
        return NONE
    return RejectReason.BAD_COMBINATION


def is_closing(command: PlaceOrder) -> bool:
    """Whether the order only ever reduces (ORD-1)."""
    return command.reduce_only or command.position_id != 0


def _type_fits(command: PlaceOrder) -> bool:
    """Each type has the prices that belong to it, none negative, and post-only rests."""
    price_ticks, trigger_ticks = command.price_ticks, command.trigger_ticks
    order_type = command.order_type
    if order_type is LIMIT:
        if trigger_ticks or price_ticks < 0:
            return False
    elif (
        price_ticks
        or command.post_only
        or trigger_ticks < 0
        or (trigger_ticks and order_type is MARKET)
    ):
        return False
    if command.trigger_source < LAST:  # bid and ask trigger nothing
        return False
    if command.stop_loss_ticks < 0 or command.take_profit_ticks < 0:
        return False
    return not command.post_only or command.time_in_force in (TimeInForce.GTC, TimeInForce.GTD)


def _time_fits(command: PlaceOrder) -> bool:
    time_in_force = command.time_in_force
    if command.expire_ns < 0 or (time_in_force is GTD) != (command.expire_ns > 0):
        return False
    order_type = command.order_type
    if order_type is LIMIT:
        return True
    if order_type is MARKET:
        return time_in_force is not GTD
    return time_in_force is GTC or time_in_force is GTD


def _size_fits(command: PlaceOrder, market: Market) -> bool:
    """Openers have one size; closing orders name what they close and carry no exits."""
    if command.client_order_id and not _id_fits(command):
        return False
    qty_lots, amount_atoms = command.qty_lots, command.amount_atoms
    if qty_lots < 0 or amount_atoms < 0:
        return False
    if not is_closing(command):
        return (qty_lots > 0) != (amount_atoms > 0)
    if amount_atoms or (qty_lots == 0 and command.position_id == 0):
        return False
    if command.stop_loss_ticks or command.take_profit_ticks or command.auto_close_e8:
        return False
    return command.position_id != 0 or market.is_netting


def _id_fits(command: PlaceOrder) -> bool:
    """Whether the client order id is a short name, with a digest of the body."""
    return (
        is_name(command.client_order_id, CLIENT_ORDER_ID_LENGTH_MAX)
        and len(command.digest) == DIGEST_LENGTH
    )


def draft_order(state: State, command: PlaceOrder) -> Order:
    """The order as asked for; it has no id and stands in no table."""
    market = state.market(command.instrument_id)
    assert market is not None
    closing = is_closing(command)
    return Order(
        command.account_id,
        market,
        market.seat(command.account_id),
        command.side,
        command.order_type,
        command.time_in_force,
        command.qty_lots,
        command.amount_atoms,
        command.price_ticks,
        command.trigger_ticks,
        command.trigger_source,
        0 if closing else command.leverage,
        closing,
        command.post_only,
        command.position_id,
        command.stop_loss_ticks,
        command.take_profit_ticks,
        command.auto_close_e8,
        command.expire_ns,
        command.client_order_id,
        state.time_ns,
    )


def _accept(state: State, command: PlaceOrder, arrival: Arrival, events: list[Event]) -> None:
    """From here on nothing refuses."""
    order = arrival.draft
    order_id = OrderId(state.take_id())
    order.order_id = order_id
    order.priority = order_id
    seat = order.seat
    if order.market.is_netting and not order.closing and order.leverage != seat.leverage:
        seat.leverage = order.leverage
        events.append(LeverageChanged(order.account_id, order.market.instrument_id, order.leverage))
    events.append(accepted(order))
    unfilled = order.time_in_force is IOC and order.order_type is not MARKET
    stays = not arrival.takes and not unfilled
    if order.client_order_id:
        _remember(state, command, order_id, NONE, stays)
    if arrival.takes:
        take_now(state, arrival, events)
    elif unfilled:
        events.append(OrderCancelled(order_id, order.account_id, CancelCause.UNFILLED, NONE))
    else:
        register_order(state, order)
        rest_now(state, order, events)


def accepted(order: Order) -> OrderAccepted:
    """The order's terms as it was accepted."""
    return OrderAccepted(
        order.order_id,
        order.account_id,
        order.market.instrument_id,
        order.side,
        order.order_type,
        order.price_ticks,
        order.trigger_ticks,
        order.qty_lots,
        order.amount_atoms,
        order.leverage,
    )


def take_now(state: State, arrival: Arrival, events: list[Event]) -> None:
    """An order that takes on arrival fills whole, at the touch."""
    fill_order(
        state,
        arrival.draft,
        arrival.position,
        arrival.lots,
        arrival.touch_ticks,
        TAKER,
        events,
    )


def rest_now(state: State, order: Order, events: list[Event]) -> None:
    """A registered order begins to wait: its hold is taken, later closing orders make room."""
    rest_order(state, order)
    if order.closing:
        position = state.positions.get(order.position_id)
        assert position is not None
        shrink_closers(state, position, events)
    if order.market.is_netting:
        settle_key_hold(state, order.seat, events)
    elif order.hold_atoms:
        state.asset_ledger(order.market).change_hold(order.account_id, order.hold_atoms)
