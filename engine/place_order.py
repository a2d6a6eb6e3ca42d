"""Placing an order: refuse first, then commit (ORD-…, IDM-1)."""

from typing import Final

from engine.admission import admission_reason
from engine.arrival import Arrival
from engine.client_orders import ClientOrder
from engine.commands import (
    PlaceOrder,
)
from engine.events import (
    CloseCause,
    Event,
    LeverageChanged,
    OrderAccepted,
    Rejected,
    RequestRepeated,
)
from engine.open_orders import pair_up, register_order, rest_order
from engine.order import Order
from engine.order_shape import id_fits, is_closing, routing_reason
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.taking import carry_out
from engine.units import OrderId

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
        if client_order_id and reason not in FORGOTTEN_REASONS and id_fits(command):
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


def draft_order(state: State, command: PlaceOrder) -> Order:
    """The order as asked for; it has no id and stands in no table."""
    market = state.market(command.instrument_id)
    assert market is not None
    closing = is_closing(command)
    return Order(
        command.account_id,
        market,
        market.seat(command.account_id).key(command.leg),
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
        command.display_lots,
        command.self_trade_prevention,
        command.oco_group,
        command.trail_ticks,
        command.trail_e8,
    )


def _accept(state: State, command: PlaceOrder, arrival: Arrival, events: list[Event]) -> None:
    """From here on nothing refuses."""
    order = arrival.draft
    order_id = OrderId(state.take_id())
    order.order_id = order_id
    order.priority = order_id
    key = order.key
    if key.pools and not order.closing and order.leverage != key.leverage:
        key.leverage = order.leverage
        events.append(
            LeverageChanged(order.account_id, order.market.instrument_id, order.leverage, key.leg)
        )
    events.append(accepted(order, arrival.asked_lots))
    if order.client_order_id:
        stays = arrival.waits or (arrival.rests() and order.may_rest())
        _remember(state, command, order_id, NONE, stays)
    if order.oco_group:
        pair_up(order)
    if arrival.waits:
        register_order(state, order)
        rest_order(state, order)
    else:
        carry_out(state, arrival, CloseCause.ORDER, events)


def accepted(order: Order, asked_lots: int) -> OrderAccepted:
    """The order's terms as it was accepted, before any of it filled."""
    return OrderAccepted(
        order.order_id,
        order.account_id,
        order.market.instrument_id,
        order.side,
        order.order_type,
        order.price_ticks,
        order.trigger_ticks,
        asked_lots,
        order.amount_atoms,
        order.leverage,
    )
