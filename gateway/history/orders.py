"""Records of orders as they begin: sent by a trader, made by the venue, or refused.

Knows commands and events; knows no account and no book.
"""

from typing import NamedTuple

from engine.commands import PlaceOrder, TimeInForce
from engine.events import OrderAccepted
from engine.reject_reason import RejectReason
from gateway.history.records import REJECTED, OrderRecord


class When(NamedTuple):
    """The command that brought it about."""

    sequence: int
    time_ns: int


def own_order(event: OrderAccepted, leg: int, is_cross: bool, when: When) -> OrderRecord:
    """An order that nobody sent: the market order of an exit, or a liquidation's."""
    return OrderRecord(
        event.order_id,
        event.account_id,
        event.instrument_id,
        event.side,
        event.order_type,
        TimeInForce.IOC,
        event.price_ticks,
        event.trigger_ticks,
        event.amount_atoms,
        event.qty_lots,
        event.leverage,
        True,
        False,
        0,
        "",
        when.time_ns,
        when.sequence,
        when.time_ns,
        leg=leg,
        is_cross=is_cross,
    )


def asked_order(
    command: PlaceOrder, event: OrderAccepted, is_cross: bool, stays_amount: bool, when: When
) -> OrderRecord:
    """An order that was sent and accepted.

    stays_amount: its amount stays one until it fills (HLD-1).
    """
    return OrderRecord(
        event.order_id,
        event.account_id,
        event.instrument_id,
        event.side,
        event.order_type,
        command.time_in_force,
        event.price_ticks,
        event.trigger_ticks,
        event.amount_atoms or command.amount_atoms,
        event.qty_lots,
        event.leverage,
        command.reduce_only,
        command.post_only,
        command.position_id,
        command.client_order_id,
        when.time_ns,
        when.sequence,
        when.time_ns,
        is_sized_by_amount=stays_amount,
        display_lots=command.display_lots,
        close_position=command.close_position,
        self_trade_prevention=command.self_trade_prevention,
        oco_group=command.oco_group,
        leg=command.leg,
        is_cross=is_cross,
        trail_ticks=command.trail_ticks,
        trail_e8=command.trail_e8,
    )


def refused_order(
    command: PlaceOrder, reason: RejectReason, is_cross: bool, when: When
) -> OrderRecord:
    """An order that was refused."""
    return OrderRecord(
        0,
        command.account_id,
        command.instrument_id,
        command.side,
        command.order_type,
        command.time_in_force,
        command.price_ticks,
        command.trigger_ticks,
        command.amount_atoms,
        command.qty_lots,
        command.leverage,
        command.reduce_only,
        command.post_only,
        command.position_id,
        command.client_order_id,
        when.time_ns,
        when.sequence,
        when.time_ns,
        REJECTED,
        reason.name,
        display_lots=command.display_lots,
        close_position=command.close_position,
        self_trade_prevention=command.self_trade_prevention,
        oco_group=command.oco_group,
        leg=command.leg,
        is_cross=is_cross,
        trail_ticks=command.trail_ticks,
        trail_e8=command.trail_e8,
    )
