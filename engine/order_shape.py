"""Whether an order makes sense at all: UNKNOWN_ACCOUNT to BAD_COMBINATION (ORD-4, TYP-…)."""

from typing import Final

from engine.commands import (
    BUY,
    GTC,
    GTD,
    LIMIT,
    MARKET,
    STOP_LIMIT,
    TAKE_PROFIT_LIMIT,
    TRAILING_STOP,
    Leg,
    PlaceOrder,
)
from engine.instrument import HALTED, TICKET, TRADING, PositionMode, is_name
from engine.market import LAST, Market
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.units import AccountId

CLIENT_ORDER_ID_LENGTH_MAX: Final = 36
OCO_GROUP_LENGTH_MAX: Final = 36
DIGEST_LENGTH: Final = 16


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
    if (
        _type_fits(command)
        and _time_fits(command)
        and _leg_fits(command, market)
        and _size_fits(command, market)
        and (command.display_lots == 0 or _display_fits(command, market))
        and (not command.oco_group or _group_fits(command, market))
    ):
        return NONE
    return RejectReason.BAD_COMBINATION


def is_closing(command: PlaceOrder) -> bool:
    """Whether the order only ever reduces (ORD-1)."""
    if command.reduce_only or command.position_id != 0 or command.close_position:
        return True
    return command.leg is not Leg.NONE and not opens_leg(command)


def opens_leg(command: PlaceOrder) -> bool:
    """Whether the side is the one that opens the order's leg (KEY-3)."""
    return (command.side is BUY) == (command.leg is Leg.LONG)


def mode_of(market: Market, account_id: AccountId) -> PositionMode:
    """What the account's positions in the market are keyed by."""
    seat = market.existing_seat(account_id)
    return market.spec.position_mode if seat is None else seat.mode


def _leg_fits(command: PlaceOrder, market: Market) -> bool:
    """A leg is named in hedging and nowhere else; its closing side only closes (KEY-3)."""
    if mode_of(market, command.account_id) is not PositionMode.HEDGING:
        return command.leg is Leg.NONE
    if command.leg is Leg.NONE:
        return False
    return not (is_closing(command) and opens_leg(command))


def _type_fits(command: PlaceOrder) -> bool:
    """Each type has the prices that belong to it, none negative, and post-only rests."""
    order_type = command.order_type
    if command.price_ticks and not _has_limit(command):
        return False
    if command.price_ticks < 0 or command.trigger_ticks < 0:
        return False
    if command.trigger_ticks and (order_type is LIMIT or order_type is MARKET):
        return False
    if command.trigger_source < LAST:  # bid and ask trigger nothing
        return False
    if command.stop_loss_ticks < 0 or command.take_profit_ticks < 0:
        return False
    if not _trail_fits(command):
        return False
    return not command.post_only or (_has_limit(command) and _is_good_for_long(command))


def _trail_fits(command: PlaceOrder) -> bool:
    """A trailing stop has a distance, a rate, or both; others may attach one to what they open."""
    if command.trail_ticks < 0 or command.trail_e8 < 0:
        return False
    trails = command.trail_ticks > 0 or command.trail_e8 > 0
    if command.order_type is TRAILING_STOP:
        return trails
    return not (trails and is_closing(command))


def _has_limit(command: PlaceOrder) -> bool:
    order_type = command.order_type
    return order_type is LIMIT or order_type is STOP_LIMIT or order_type is TAKE_PROFIT_LIMIT


def _is_good_for_long(command: PlaceOrder) -> bool:
    return command.time_in_force is GTC or command.time_in_force is GTD


def _time_fits(command: PlaceOrder) -> bool:
    time_in_force = command.time_in_force
    if command.expire_ns < 0 or (time_in_force is GTD) != (command.expire_ns > 0):
        return False
    if _has_limit(command):
        return True
    if command.order_type is MARKET:
        return time_in_force is not GTD
    return _is_good_for_long(command)


def _display_fits(command: PlaceOrder, market: Market) -> bool:
    """An iceberg shows part of a limit order that waits in a book (ICE-1)."""
    return (
        command.display_lots > 0
        and market.is_order_driven
        and _has_limit(command)
        and _is_good_for_long(command)
    )


def _group_fits(command: PlaceOrder, market: Market) -> bool:
    """At most two open orders share a group, and not two limit orders (OCO-1)."""
    group = command.oco_group
    if not is_name(group, OCO_GROUP_LENGTH_MAX):
        return False
    seat = market.existing_seat(command.account_id)
    others = [] if seat is None else [o for o in seat.orders() if o.oco_group == group]
    if not others:
        return True
    waits = command.order_type is not LIMIT and command.order_type is not MARKET
    return len(others) == 1 and (waits or others[0].is_conditional())


def _size_fits(command: PlaceOrder, market: Market) -> bool:
    """Openers have one size; closing orders name what they close and carry no exits."""
    if command.client_order_id and not id_fits(command):
        return False
    qty_lots, amount_atoms = command.qty_lots, command.amount_atoms
    if qty_lots < 0 or amount_atoms < 0:
        return False
    if not is_closing(command):
        return (qty_lots > 0) != (amount_atoms > 0)
    if amount_atoms or (command.close_position and qty_lots):
        return False
    if qty_lots == 0 and command.position_id == 0 and not command.close_position:
        return False
    if command.stop_loss_ticks or command.take_profit_ticks or command.auto_close_e8:
        return False
    return command.position_id != 0 or mode_of(market, command.account_id) is not TICKET


def id_fits(command: PlaceOrder) -> bool:
    """Whether the client order id is a short name, with a digest of the body."""
    return (
        is_name(command.client_order_id, CLIENT_ORDER_ID_LENGTH_MAX)
        and len(command.digest) == DIGEST_LENGTH
    )
