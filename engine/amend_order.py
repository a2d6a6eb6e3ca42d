"""Amending: price, trigger or size of an open order in one atomic step (AMD-…)."""

from engine.admission import admission_reason
from engine.arrival import Arrival
from engine.cancel_order import named_order
from engine.commands import AmendOrder
from engine.events import Event, Rejected
from engine.instrument import HALTED
from engine.open_orders import (
    amended,
    release_ticket_hold,
    retire_order,
    settle_key_hold,
    shrink_closers,
    unrest_order,
)
from engine.order import Order
from engine.place_order import rest_now, take_now
from engine.reject_reason import NONE, RejectReason
from engine.state import State


def amend_order(state: State, command: AmendOrder, events: list[Event]) -> None:
    """Judge the order as it would be; then change it, or change nothing."""
    if state.account(command.account_id) is None:
        events.append(Rejected(command.account_id, RejectReason.UNKNOWN_ACCOUNT))
        return
    order = named_order(state, command.account_id, command.order_id, command.client_order_id)
    if order is None:
        events.append(Rejected(command.account_id, RejectReason.UNKNOWN_ORDER))
        return
    reason = _shape_reason(order, command)
    if reason is NONE:
        draft = _redrafted(order, command)
        arrival = Arrival(state, draft, order)
        reason = admission_reason(arrival)
    if reason is not NONE:
        events.append(Rejected(command.account_id, reason))
        return
    _replace(state, order, arrival, events)


def _shape_reason(order: Order, command: AmendOrder) -> RejectReason:
    """HALTED and BAD_COMBINATION: whether the amend fits the order at all (AMD-1)."""
    if order.market.status is HALTED:
        return RejectReason.HALTED
    asked = (command.price_ticks, command.trigger_ticks, command.qty_lots, command.amount_atoms)
    if min(asked) < 0 or max(asked) == 0:
        return RejectReason.BAD_COMBINATION
    foreign_ticks = command.trigger_ticks if order.is_limit() else command.price_ticks
    foreign_size = command.qty_lots if order.amount_atoms else command.amount_atoms
    if foreign_ticks or foreign_size:
        return RejectReason.BAD_COMBINATION
    return NONE


def _redrafted(order: Order, command: AmendOrder) -> Order:
    """The order as it would be; it keeps its priority only if it asks for no more (AMD-2)."""
    draft = Order(
        order.account_id,
        order.market,
        order.seat,
        order.side,
        order.order_type,
        order.time_in_force,
        command.qty_lots or order.qty_lots,
        command.amount_atoms or order.amount_atoms,
        command.price_ticks or order.price_ticks,
        command.trigger_ticks or order.trigger_ticks,
        order.trigger_source,
        order.leverage,
        order.closing,
        order.post_only,
        order.position_id,
        order.stop_loss_ticks,
        order.take_profit_ticks,
        order.auto_close_e8,
        order.expire_ns,
        order.client_order_id,
        order.created_ns,
    )
    draft.order_id = order.order_id
    takes_all = order.closing and order.qty_lots == 0
    if (
        draft.price_ticks == order.price_ticks
        and draft.trigger_ticks == order.trigger_ticks
        and (draft.qty_lots <= order.qty_lots or takes_all)
        and draft.amount_atoms <= order.amount_atoms
    ):
        draft.priority = order.priority
        draft.frozen_mark_ticks = order.frozen_mark_ticks
    return draft


def _replace(state: State, order: Order, arrival: Arrival, events: list[Event]) -> None:
    """From here on nothing refuses."""
    draft = arrival.draft
    if draft.priority != 0 and not arrival.takes:
        _shrink(state, order, draft, events)
        return
    unrest_order(order)
    release_ticket_hold(state, order)
    order.priority = state.take_id()
    order.price_ticks = draft.price_ticks
    order.trigger_ticks = draft.trigger_ticks
    order.qty_lots = draft.qty_lots
    order.amount_atoms = draft.amount_atoms
    order.frozen_mark_ticks = draft.frozen_mark_ticks
    order.hold_atoms = draft.hold_atoms
    events.append(amended(order))
    if arrival.takes:
        order.hold_atoms = 0
        retire_order(state, order)
        draft.priority = order.priority
        take_now(state, arrival, events)
    else:
        rest_now(state, order, events)


def _shrink(state: State, order: Order, draft: Order, events: list[Event]) -> None:
    """Less at the same price keeps the place and the frozen mark."""
    order.qty_lots = draft.qty_lots
    order.amount_atoms = draft.amount_atoms
    if not order.market.is_netting and order.hold_atoms:
        released = order.hold_atoms - draft.hold_atoms
        state.asset_ledger(order.market).change_hold(order.account_id, -released)
    order.hold_atoms = draft.hold_atoms
    events.append(amended(order))
    if order.closing:
        position = state.positions.get(order.position_id)
        assert position is not None
        shrink_closers(state, position, events)
    settle_key_hold(state, order.seat, events)
