"""AmendOrder (AMD-…).  Knows what keeps an order's place."""

from dataclasses import replace

from tests.oracle import ladder
from tests.oracle.arrival import draft_of, refusal, set_out
from tests.oracle.book_draft import BookDraft
from tests.oracle.draft import Draft
from tests.oracle.holds import rebalance
from tests.oracle.matching import stay
from tests.oracle.orders import open_order, position_meant, refuse_for, refuse_if
from tests.oracle.records import LIMITS_TO_BE, Fields, Order
from tests.oracle.state import State
from tests.oracle.trailing import follows


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
    if order.order_type == "TRAILING_STOP":
        state.hit(f"TRL-6 {'follows' if follows(order) else 'waits'}")
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
        or (trigger != 0 and (present.order_type == "LIMIT" or follows(present)))
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
    refuse_if(ladder.bad_price(draft), "BAD_PRICE")
    refuse_if(ladder.bad_quantity(draft), "BAD_QUANTITY")
    refuse_if(ladder.nothing_to_reduce(draft), "NOTHING_TO_REDUCE")
    if not keeps:
        draft.order.frozen_mark_ticks = draft.mark
    refuse_for(refusal(draft, ladder.NOT_OF_AMENDED))
