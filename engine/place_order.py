"""Placing an order: refuse first, then commit (ORD-…, IDM-1)."""

from typing import Final

from engine.admission import admission_reason
from engine.arrival import Arrival
from engine.client_orders import ClientOrder
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
from engine.events import (
    CloseCause,
    Event,
    LeverageChanged,
    OrderAccepted,
    Rejected,
    RequestRepeated,
)
from engine.instrument import HALTED, TICKET, TRADING, PositionMode, is_name
from engine.market import LAST, Market
from engine.open_orders import pair_up, register_order, rest_order
from engine.order import Order
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.taking import carry_out
from engine.units import AccountId, OrderId

CLIENT_ORDER_ID_LENGTH_MAX: Final = 36
OCO_GROUP_LENGTH_MAX: Final = 36
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
    if command.client_order_id and not _id_fits(command):
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
