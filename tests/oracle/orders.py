"""PlaceOrder, CancelOrder, CancelOrders, AmendOrder.  Knows the order of the rungs."""

from dataclasses import replace
from typing import Final

from tests.oracle import book_ladder, ladder
from tests.oracle.book_ladder import BookDraft
from tests.oracle.holds import order_hold, rebalance
from tests.oracle.ladder import Draft
from tests.oracle.matching import arrive, stay
from tests.oracle.records import (
    ALL_INSTRUMENTS,
    CONDITIONALS,
    LIMITS_TO_BE,
    Fields,
    Market,
    Order,
    Position,
)
from tests.oracle.settlement import fill, follow_reduction
from tests.oracle.state import Refused, State

# What a command need not say.
DEFAULTS: Final[Fields] = {
    "display_lots": 0,
    "close_position": False,
    "self_trade_prevention": "CANCEL_MAKER",
    "oco_group": "",
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
        kept = not ladder.malformed(client_id, command["digest"])
        if kept and refused.reason != "BAD_COMBINATION":
            state.remember(order, command["digest"], refused.reason)
        raise
    if command.get("close_position", False):
        state.hit("TYP-3")
    accept(state, draft, command["digest"])


def drafted(state: State, command: Fields) -> Order:
    """The order as the command has it, without an id; whether it closes is in the words already."""
    command = {**DEFAULTS, **command}
    closing = bool(
        command["reduce_only"] or command["close_position"] or command["position_id"] != 0
    )
    market = state.markets.get(command["instrument_id"])
    leverage = 0 if closing else command["leverage"]
    if market is not None and market.spec["position_mode"] == "NETTING" and not closing:
        key = command["account_id"], command["instrument_id"]
        leverage = leverage or state.leverages.get(key, 1)
    kept = "account_id instrument_id side order_type time_in_force qty_lots amount_atoms"
    kept += " price_ticks trigger_ticks trigger_source post_only position_id stop_loss_ticks"
    kept += " take_profit_ticks auto_close_e8 expire_ns client_order_id"
    kept += " display_lots self_trade_prevention oco_group"
    return Order(
        order_id=0,
        leverage=leverage,
        closing=closing,
        **{name: command[name] for name in kept.split()},
    )


def position_meant(state: State, market: Market, order: Order) -> Position | None:
    """The position a closing order names, or the one of a netting key."""
    if order.position_id == 0:
        if market.spec["position_mode"] == "TICKET":
            return None
        return state.position_of_key(order.account_id, order.instrument_id)
    position = state.positions.get(order.position_id)
    owner = order.account_id, order.instrument_id
    if position is None or (position.account_id, position.instrument_id) != owner:
        return None
    return position


def draft_of(
    state: State,
    market: Market,
    order: Order,
    position: Position | None,
    present: Order | None = None,
    last_in_queue: bool = True,
) -> Draft:
    """A draft that knows where its touch comes from: the house or the book."""
    kind = BookDraft if market.is_order_driven else Draft
    return kind(state, market, order, position, present, last_in_queue)


def bad_leverage(state: State, draft: Draft, asked: int) -> bool:
    """Out of range, absent where it is required, or another than that of a key in use."""
    order = draft.order
    if order.closing:
        return False
    if asked < 0 or not ladder.leverage_is_valid(draft):
        return True
    if draft.is_ticket:
        return False
    key = order.account_id, order.instrument_id
    in_use = draft.position is not None or len(state.orders_of_key(*key)) > 0
    return in_use and order.leverage != state.leverages.get(key, 1)


def climb(state: State, command: Fields, order: Order) -> Draft:
    """ORD-4, rung by rung; what comes out is accepted."""
    market = state.markets.get(order.instrument_id)
    refuse_if(market is None, "UNKNOWN_SYMBOL")
    assert market is not None
    refuse_if(market.status == "HALTED", "HALTED")
    refuse_if(market.status == "CLOSE_ONLY" and not order.closing, "CLOSE_ONLY")
    refuse_if(ladder.bad_combination(state, command, market, order), "BAD_COMBINATION")
    position = position_meant(state, market, order)
    draft = draft_of(state, market, order, position)
    refuse_if(ladder.bad_price(draft), "BAD_PRICE")
    refuse_if(ladder.bad_quantity(draft), "BAD_QUANTITY")
    refuse_if(bad_leverage(state, draft, command["leverage"]), "BAD_LEVERAGE")
    refuse_if(order.position_id != 0 and position is None, "UNKNOWN_POSITION")
    refuse_if(ladder.nothing_to_reduce(draft), "NOTHING_TO_REDUCE")
    refuse_if(market.prices is None, "MARKET_NOT_READY")
    if isinstance(draft, BookDraft):
        order.frozen_mark_ticks = draft.mark
        refuse_for(book_ladder.refusal(draft))
        return draft
    refuse_if(draft.takes and ladder.stale(state, market), "STALE_PRICE")
    refuse_if(ladder.beyond_price_band(draft), "PRICE_BAND")
    settle_size(draft)
    refuse_if(ladder.would_trigger(draft), "WOULD_TRIGGER")
    refuse_if(ladder.expired(draft), "EXPIRED_ALREADY")
    refuse_if(ladder.below_notional(draft), "MIN_NOTIONAL")
    refuse_if(ladder.beyond_tier(draft), "RISK_TIER")
    refuse_if(ladder.too_many(draft), "TOO_MANY_ORDERS")
    refuse_if(ladder.would_take(draft), "WOULD_TAKE")
    refuse_if(ladder.cannot_fill(draft), "CANNOT_FILL")
    order.frozen_mark_ticks = draft.mark
    refuse_if(ladder.short_of_balance(draft), "INSUFFICIENT_BALANCE")
    refuse_if(ladder.would_liquidate(draft), "WOULD_LIQUIDATE")
    return draft


def settle_size(draft: Draft) -> None:
    """RED-1 and HLD-2: clips what closes, turns a netting amount into lots."""
    order = draft.order
    if order.closing:
        assert draft.position is not None
        order.position_id = draft.position.position_id
        if order.order_type not in CONDITIONALS:
            held = draft.position.qty_lots
            room = held if draft.takes else ladder.lots_left(draft)
            order.qty_lots = min(order.qty_lots or held, room)
    elif not draft.is_ticket and order.amount_atoms > 0 and order.order_type not in CONDITIONALS:
        order.qty_lots, order.amount_atoms = draft.lots, 0


def accept(state: State, draft: Draft, digest: bytes) -> None:
    """ORD-5."""
    order = draft.order
    key = order.account_id, order.instrument_id
    if not (order.closing or draft.is_ticket) and order.leverage != state.leverages.get(key, 1):
        state.leverages[key] = order.leverage
        state.tell(
            "LeverageChanged",
            account_id=order.account_id,
            instrument_id=order.instrument_id,
            leverage=order.leverage,
        )
    order.order_id = order.priority = state.next_id()
    order.created_ns = state.now_ns
    state.tell_accepted(order)
    state.remember(order, digest, "NONE")
    if isinstance(draft, BookDraft) and draft.run is not None and draft.rest is None:
        state.forget_later(order)
    set_out(state, draft)


def set_out(state: State, draft: Draft) -> None:
    """An accepted, amended or triggered order fills, rests, waits, or is gone."""
    order = draft.order
    takes, touch = draft.takes, draft.touch
    state.orders[order.order_id] = order
    if isinstance(draft, BookDraft):
        if order.order_type not in CONDITIONALS:
            arrive(state, order, budget_atoms=draft.budget_atoms)
    elif takes:
        fill(state, order, touch, "TAKER")
    elif order.order_type == "LIMIT" and order.time_in_force == "IOC":
        state.cancel(order, "UNFILLED")
    else:
        rest(state, draft.market, order)


def rest(state: State, market: Market, order: Order) -> None:
    """The order waits: it locks what its fill will need, and later closing orders shrink."""
    held = order.hold_atoms
    if market.spec["position_mode"] == "TICKET":
        order.hold_atoms = order_hold(market, order)
        state.move_free(order.account_id, market.asset_id, held - order.hold_atoms)
    if order.closing and order.order_type == "LIMIT":
        follow_reduction(state, state.positions[order.position_id])
    rebalance(state, order.account_id, market)


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


def amend_order(state: State, command: Fields) -> None:
    """AMD-…: the order as it will be climbs the ladder; only then does anything change."""
    present = open_order(state, command)
    market = state.markets[present.instrument_id]
    refuse_if(market.status == "HALTED", "HALTED")
    refuse_if(bad_amendment(command, present), "BAD_COMBINATION")
    if command["qty_lots"] == present.filled_lots != 0:
        state.hit("AMD-4 equal filled")
        state.cancel(present, "USER")
        rebalance(state, present.account_id, market)
        return
    asked = {
        name: command[name]
        for name in ("price_ticks", "trigger_ticks", "qty_lots", "amount_atoms")
        if command[name] != 0
    }
    if "qty_lots" in asked:
        asked["qty_lots"] -= present.filled_lots
    order = replace(present, **asked)
    keeps = keeps_its_place(present, order)
    position = position_meant(state, market, order)
    draft = draft_of(state, market, order, position, present, not keeps)
    climb_again(draft, keeps)
    order.priority = present.priority if keeps else state.next_id()
    order.visible_lots = min(present.visible_lots, order.qty_lots) if keeps else 0
    state.orders[order.order_id] = order
    state.tell_amended(order)
    if isinstance(draft, BookDraft) and draft.takes:
        state.hit("AMD-4 takes")
    if keeps and order.visible_lots > 0:
        stay(state, order)
    else:
        set_out(state, draft)


def bad_amendment(command: Fields, present: Order) -> bool:
    """What an amend may not ask for."""
    price, trigger = command["price_ticks"], command["trigger_ticks"]
    lots, amount = command["qty_lots"], command["amount_atoms"]
    return (
        (price, trigger, lots, amount) == (0, 0, 0, 0)
        or min(price, trigger, lots, amount) < 0
        or (price != 0 and present.order_type not in ("LIMIT", *LIMITS_TO_BE))
        or (trigger != 0 and present.order_type == "LIMIT")
        or (lots != 0 and amount != 0)
        or (amount != 0 and present.amount_atoms == 0)
        or (lots != 0 and present.amount_atoms != 0)
    )


def keeps_its_place(present: Order, order: Order) -> bool:
    """AMD-2; no quantity means all there is, which is more than any number."""
    same = (order.price_ticks, order.trigger_ticks) == (present.price_ticks, present.trigger_ticks)
    grows = order.amount_atoms > present.amount_atoms or (
        present.qty_lots != 0 and order.qty_lots > present.qty_lots
    )
    return same and not grows


def climb_again(draft: Draft, keeps: bool) -> None:
    """AMD-1: the rungs that an order which is open already can still fail."""
    state, market, order = draft.state, draft.market, draft.order
    refuse_if(ladder.bad_price(draft), "BAD_PRICE")
    refuse_if(ladder.bad_quantity(draft), "BAD_QUANTITY")
    refuse_if(ladder.nothing_to_reduce(draft), "NOTHING_TO_REDUCE")
    if isinstance(draft, BookDraft):
        if not keeps:
            order.frozen_mark_ticks = draft.mark
        refuse_for(book_ladder.refusal(draft, book_ladder.NOT_OF_AMENDS))
        return
    refuse_if(draft.takes and ladder.stale(state, market), "STALE_PRICE")
    refuse_if(ladder.beyond_price_band(draft), "PRICE_BAND")
    settle_size(draft)
    refuse_if(ladder.would_trigger(draft), "WOULD_TRIGGER")
    refuse_if(ladder.below_notional(draft), "MIN_NOTIONAL")
    refuse_if(ladder.beyond_tier(draft), "RISK_TIER")
    refuse_if(ladder.would_take(draft), "WOULD_TAKE")
    if not keeps:
        order.frozen_mark_ticks = draft.mark
    refuse_if(ladder.short_of_balance(draft), "INSUFFICIENT_BALANCE")
    refuse_if(ladder.would_liquidate(draft), "WOULD_LIQUIDATE")
