"""PlaceOrder, CancelOrder, CancelOrders.  Knows the order of the rungs."""

from typing import Final

from tests.oracle import ladder
from tests.oracle.arrival import draft_of, refusal, set_out
from tests.oracle.book_draft import BookDraft
from tests.oracle.combinations import bad_combination, malformed, opens_leg
from tests.oracle.draft import Draft
from tests.oracle.holds import rebalance
from tests.oracle.records import ALL_INSTRUMENTS, Fields, Market, Order, Position
from tests.oracle.state import Refused, State, key_of

# What a command need not say.
DEFAULTS: Final[Fields] = {
    "display_lots": 0,
    "close_position": False,
    "self_trade_prevention": "CANCEL_MAKER",
    "oco_group": "",
    "leg": "NONE",
    "trail_ticks": 0,
    "trail_e8": 0,
}


def refuse_if(condition: bool, reason: str) -> None:
    """One rung."""
    if condition:
        raise Refused(reason)


def refuse_for(reason: str) -> None:
    """The first rung that refused, if any did."""
    refuse_if(reason != "", reason)


def place_order(state: State, command: Fields) -> None:
    """The idempotent front door: a repeated id gets its first result, all else the ladder."""
    account_id, client_id = command["account_id"], command["client_order_id"]
    known = state.first_results.get((account_id, client_id)) if client_id else None
    if known is not None:
        refuse_if(known.digest != command["digest"], "DUPLICATE_ID")
        state.tell(
            "RequestRepeated",
            account_id=account_id,
            order_id=known.order_id,
            reason=known.reason,
        )
        return
    refuse_if(account_id not in state.accounts, "UNKNOWN_ACCOUNT")
    order = drafted(state, command)
    try:
        draft = climb(state, command, order)
    except Refused as refused:
        kept = not malformed(client_id, command["digest"])
        if kept and refused.reason != "BAD_COMBINATION":
            state.remember(order, command["digest"], refused.reason)
        raise
    if command.get("close_position", False):
        state.hit("TYP-3")
    if order.leg != "NONE":
        state.hit("KEY-3 closes leg" if order.closing else "KEY-3 leg")
    accept(state, draft, command["digest"])


def drafted(state: State, command: Fields) -> Order:
    """The order as the command has it, without an id; whether it closes is in the words already."""
    command = {**DEFAULTS, **command}
    leg = command["leg"]
    closing = bool(
        command["reduce_only"]
        or command["close_position"]
        or command["position_id"] != 0
        or (leg != "NONE" and not opens_leg(command["side"], leg))
    )
    market = state.markets.get(command["instrument_id"])
    leverage = 0 if closing else command["leverage"]
    account_id = command["account_id"]
    if market is not None and not state.is_ticket(account_id, market) and not closing:
        key = account_id, command["instrument_id"], leg
        leverage = leverage or state.leverages.get(key, 1)
    kept = "account_id instrument_id side order_type time_in_force qty_lots amount_atoms"
    kept += " price_ticks trigger_ticks trigger_source post_only position_id stop_loss_ticks"
    kept += " take_profit_ticks auto_close_e8 expire_ns client_order_id"
    kept += " display_lots self_trade_prevention oco_group leg trail_ticks trail_e8"
    return Order(
        order_id=0,
        leverage=leverage,
        closing=closing,
        **{name: command[name] for name in kept.split()},
    )


def position_meant(state: State, market: Market, order: Order) -> Position | None:
    """The position a closing order names, or the one of its key."""
    if order.position_id == 0:
        if state.is_ticket(order.account_id, market):
            return None
        return state.position_of_key(*key_of(order))
    position = state.positions.get(order.position_id)
    if position is None or key_of(position) != key_of(order):
        return None
    return position


def bad_leverage(state: State, draft: Draft, asked: int) -> bool:
    """Out of range, absent where it is required, or another than that of a key in use."""
    order = draft.order
    if order.closing:
        return False
    if asked < 0 or not ladder.leverage_is_valid(draft):
        return True
    if draft.is_ticket:
        return False
    key = key_of(order)
    in_use = draft.position is not None or len(state.orders_of_key(*key)) > 0
    return in_use and order.leverage != state.leverages.get(key, 1)


def climb(state: State, command: Fields, order: Order) -> Draft:
    """ORD-4, rung by rung; what comes out is accepted."""
    market = state.markets.get(order.instrument_id)
    refuse_if(market is None, "UNKNOWN_SYMBOL")
    assert market is not None
    refuse_if(market.status == "HALTED", "HALTED")
    refuse_if(market.status == "CLOSE_ONLY" and not order.closing, "CLOSE_ONLY")
    refuse_if(bad_combination(state, command, market, order), "BAD_COMBINATION")
    position = position_meant(state, market, order)
    draft = draft_of(state, market, order, position)
    refuse_if(ladder.bad_price(draft), "BAD_PRICE")
    refuse_if(ladder.bad_quantity(draft), "BAD_QUANTITY")
    refuse_if(bad_leverage(state, draft, command["leverage"]), "BAD_LEVERAGE")
    refuse_if(order.position_id != 0 and position is None, "UNKNOWN_POSITION")
    refuse_if(ladder.nothing_to_reduce(draft), "NOTHING_TO_REDUCE")
    refuse_if(market.prices is None, "MARKET_NOT_READY")
    order.frozen_mark_ticks = draft.mark
    refuse_for(refusal(draft))
    return draft


def accept(state: State, draft: Draft, digest: bytes) -> None:
    """ORD-5."""
    order = draft.order
    key = key_of(order)
    if not (order.closing or draft.is_ticket) and order.leverage != state.leverages.get(key, 1):
        state.leverages[key] = order.leverage
        state.tell(
            "LeverageChanged",
            account_id=order.account_id,
            instrument_id=order.instrument_id,
            leverage=order.leverage,
            leg=order.leg,
        )
    order.order_id = order.priority = state.next_id()
    order.created_ns = state.now_ns
    state.tell_accepted(order)
    state.remember(order, digest, "NONE")
    if isinstance(draft, BookDraft) and draft.run is not None and draft.rest is None:
        state.forget_later(order)
    set_out(state, draft)


def open_order(state: State, command: Fields) -> Order:
    """The open order that a command names by id, or else by client order id."""
    refuse_if(command["account_id"] not in state.accounts, "UNKNOWN_ACCOUNT")
    for order in state.orders.values():
        named = order.order_id == command["order_id"]
        if command["order_id"] == 0:
            named = order.client_order_id == command["client_order_id"] != ""
        if named and order.account_id == command["account_id"]:
            return order
    raise Refused("UNKNOWN_ORDER")


def cancel_order(state: State, command: Fields) -> None:
    """ORD-6, one order."""
    order = open_order(state, command)
    state.cancel(order, "USER")
    rebalance(state, order.account_id, state.markets[order.instrument_id])


def cancel_orders(state: State, command: Fields) -> None:
    """ORD-6, all of an account."""
    account_id, instrument_id = command["account_id"], command["instrument_id"]
    refuse_if(account_id not in state.accounts, "UNKNOWN_ACCOUNT")
    everywhere = instrument_id == ALL_INSTRUMENTS
    refuse_if(not everywhere and instrument_id not in state.markets, "UNKNOWN_SYMBOL")
    orders = [
        order
        for order in state.orders.values()
        if order.account_id == account_id and (everywhere or order.instrument_id == instrument_id)
    ]
    if not orders:
        state.tell("TimeAdvanced", time_ns=state.now_ns)
    cause = "DISCONNECTED" if command.get("on_disconnect", False) else "USER"
    cancel_all(state, account_id, cause, None if everywhere else instrument_id)


def cancel_all(state: State, account_id: int, cause: str, instrument_id: int | None = None) -> None:
    """All open orders of an account, in one market or in all, by id."""
    for order_id in sorted(state.orders):
        order = state.orders.get(order_id)  # It may have gone with one before it.
        if order is None or order.account_id != account_id:
            continue
        if instrument_id is None or order.instrument_id == instrument_id:
            state.cancel(order, cause)
            rebalance(state, account_id, state.markets[order.instrument_id])
