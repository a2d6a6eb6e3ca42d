"""Amending: price, trigger or size of an open order in one atomic step (AMD-…)."""

from engine.admission import admission_reason
from engine.arrival import Arrival
from engine.cancel_order import named_order
from engine.commands import AmendOrder
from engine.events import CancelCause, CloseCause, Event, Rejected
from engine.instrument import HALTED
from engine.open_orders import (
    amended,
    cancel_open_order,
    release_ticket_hold,
    resize_order,
    rest_order,
    settle_holds,
    shrink_closers,
    unrest_order,
)
from engine.order import Order
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.taking import carry_out


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
    if reason is NONE and order.filled_lots and command.qty_lots == order.filled_lots:
        cancel_open_order(state, order, CancelCause.USER, events)
        settle_holds(state, order.seat, events)
        return
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
    foreign_ticks = (command.price_ticks and not order.price_ticks) or (
        command.trigger_ticks and (not order.is_conditional() or order.follows())
    )
    foreign_size = command.qty_lots if order.amount_atoms else command.amount_atoms
    if foreign_ticks or foreign_size:
        return RejectReason.BAD_COMBINATION
    return NONE


def _redrafted(order: Order, command: AmendOrder) -> Order:
    """The order as it would be; it keeps its priority only if it asks for no more (AMD-2)."""
    draft = order.copy()
    if command.qty_lots:
        draft.qty_lots = command.qty_lots - order.filled_lots
    draft.amount_atoms = command.amount_atoms or order.amount_atoms
    draft.price_ticks = command.price_ticks or order.price_ticks
    draft.trigger_ticks = command.trigger_ticks or order.trigger_ticks
    takes_all = order.closing and order.qty_lots == 0
    keeps_place = (
        draft.price_ticks == order.price_ticks
        and draft.trigger_ticks == order.trigger_ticks
        and (draft.qty_lots <= order.qty_lots or takes_all)
        and draft.amount_atoms <= order.amount_atoms
    )
    if not keeps_place:
        draft.priority = 0
        draft.frozen_mark_ticks = 0
    return draft


def _replace(state: State, order: Order, arrival: Arrival, events: list[Event]) -> None:
    """From here on nothing refuses."""
    draft = arrival.draft
    if draft.priority != 0 and not arrival.takes:
        _shrink(state, order, draft, events)
        return
    keeps_waiting = order.follows()  # and its extreme (TRL-6)
    if not keeps_waiting:
        unrest_order(order)
    release_ticket_hold(state, order)
    order.priority = state.take_id()
    order.price_ticks = draft.price_ticks
    order.trigger_ticks = draft.trigger_ticks
    order.qty_lots = arrival.asked_lots
    order.amount_atoms = draft.amount_atoms
    order.frozen_mark_ticks = draft.frozen_mark_ticks
    order.hold_atoms = draft.hold_atoms
    events.append(amended(order))
    if arrival.waits:
        if not keeps_waiting:
            rest_order(state, order)
        return
    order.qty_lots = draft.qty_lots
    order.filled_lots = draft.filled_lots
    arrival.draft = order
    carry_out(state, arrival, CloseCause.ORDER, events)


def _shrink(state: State, order: Order, draft: Order, events: list[Event]) -> None:
    """Less at the same price keeps the place and the frozen mark."""
    resize_order(order, draft.qty_lots)
    order.amount_atoms = draft.amount_atoms
    if not order.key.pools and order.hold_atoms:
        released = order.hold_atoms - draft.hold_atoms
        state.asset_ledger(order.market).change_hold(order.account_id, -released)
    order.hold_atoms = draft.hold_atoms
    events.append(amended(order))
    if order.closing:
        position = state.positions.get(order.position_id)
        assert position is not None
        shrink_closers(state, position, events)
    settle_holds(state, order.seat, events)
