"""What a price makes true fires, one entry after the other (FIR-…).  Knows what firing does."""

from dataclasses import replace
from typing import Final

from tests.oracle import ladder
from tests.oracle.account_check import check_account, check_accounts
from tests.oracle.arrival import draft_of, refusal, set_out
from tests.oracle.book_draft import BookDraft
from tests.oracle.draft import Draft
from tests.oracle.holds import rebalance
from tests.oracle.house_ladder import refused_at_its_limit
from tests.oracle.liquidation_step import tell_step
from tests.oracle.records import LIMITS_TO_BE, Market, Order, Pair, Position, Prices
from tests.oracle.settlement import fill, reduce
from tests.oracle.state import State, key_of
from tests.oracle.takeover import exit_through_book, liquidate
from tests.oracle.trailing import arm, decided_by, follow, follows, trails
from tests.oracle.waiting import Entry, Ident, notice, watch_over
from tests.oracle.waiting import entries_of as entries_of

FIRES: Final = "FIR-4 fires"


def travel(state: State, market: Market, known: dict[Ident, Entry], old: Prices) -> None:
    """Fires what is true and not `known` to have been there before, until nothing is left.

    A price travels with nothing known.  Any other command knows what stood there before it.
    """
    follow(state, market)
    watch_over(state, market, known, old)
    fire_all(state)


def fire_all(state: State) -> None:
    """CRS-6: the queue, then every account; that may fill the queue, so until nothing comes."""
    while True:
        fire_queue(state)
        heard = len(state.facts)
        check_accounts(state)
        if len(state.facts) == heard:
            break
    state.watch = None


def fire_queue(state: State) -> None:
    """FIR-4: the queue, until it is empty; what fires may fill it again."""
    watch = state.watch
    while watch is not None:
        notice(state)
        if not watch.queue:
            break
        ident = watch.first()
        watch.at = watch.queue.pop(ident)
        watch.fires = True
        entry = watch.known[ident]
        market = state.markets[entry.instrument_id]
        state.hit("FIR-8 stale" if ladder.stale(state, market) else FIRES)
        if survives_a_check(state, entry):
            fire(state, market, entry)


def survives_a_check(state: State, entry: Entry) -> bool:
    """CRS-6: before an opener of a cross key its account is looked at; it may lose the order."""
    order = state.orders.get(entry.owner_id) if entry.what == "ORDER" else None
    if order is None or order.closing or not state.is_cross(order):
        return True
    check_account(state, order.account_id, state.markets[order.instrument_id].asset_id)
    stands = order.order_id in state.orders
    if not stands:
        state.hit("CRS-6 opener cancelled")
    return stands


def fire(state: State, market: Market, entry: Entry) -> None:
    """One entry's turn."""
    if entry.what == "ORDER":
        order = state.orders[entry.owner_id]
        if order.order_type == "LIMIT":
            fire_limit(state, market, order)
        elif order.order_type == "TRAILING_STOP" and not follows(order):
            activate(state, market, order)
        else:
            fire_conditional(state, market, order)
        return
    position = state.positions[entry.owner_id]
    lots = lots_of_exit(state, position, entry)
    if not market.is_order_driven:
        assert market.prices is not None
        touch = market.prices["BID" if position.side == "BUY" else "ASK"]
        if entry.what == "LIQUIDATION":
            tell_step(state, position, lots, 0)
        reduce(state, position, lots, touch, "TAKER", entry.what)
    elif entry.what == "LIQUIDATION":
        liquidate(state, market, position)
    else:
        exit_through_book(state, position, lots, entry.what)


def hit_by_trailing(state: State, owner: Position | Pair, entry: Entry, side: str) -> None:
    """Which term of a trailing exit fires it, and whether it ends others (TRL-4)."""
    if entry.what == "TRAILING_STOP":
        state.hit(f"TRL-5 exit by {decided_by(owner, side == 'BUY')}")
    others = owner.stop_loss_ticks or owner.take_profit_ticks
    if others if entry.what == "TRAILING_STOP" else trails(owner):
        state.hit("TRL-4 ends others")


def lots_of_exit(state: State, position: Position, entry: Entry) -> int:
    """What an exit closes; the pair it belongs to is gone, whatever it will fill."""
    lots = position.qty_lots
    if entry.what not in ("STOP_LOSS", "TAKE_PROFIT", "TRAILING_STOP"):
        return lots
    if entry.parent_id == 0:
        hit_by_trailing(state, position, entry, position.side)
        position.stop_loss_ticks = position.take_profit_ticks = 0
        position.trail_ticks = position.trail_e8 = position.extreme_ticks = 0
        return lots
    pair = next(one for one in position.pairs if one.parent_order_id == entry.parent_id)
    hit_by_trailing(state, pair, entry, position.side)
    position.pairs.remove(pair)
    return min(pair.qty_lots, lots)


def activate(state: State, market: Market, order: Order) -> None:
    """TRL-2: from here on it follows its price."""
    arm(market, order, order.trigger_source)
    state.hit("TRL-2 activated")
    state.tell(
        "TrailingActivated",
        order_id=order.order_id,
        account_id=order.account_id,
        extreme_ticks=order.extreme_ticks,
    )


def fire_limit(state: State, market: Market, order: Order) -> None:
    """ADM-5: a resting limit fills at its limit, or ends if it cannot be paid for."""
    position = position_met(state, market, order)
    if refused_at_its_limit(Draft(state, market, order, position, present=order)):
        state.cancel(order, "REFUSED", "INSUFFICIENT_BALANCE")
        rebalance(state, order.account_id, market)
    else:
        fill(state, order, order.price_ticks, "MAKER")


def position_met(state: State, market: Market, order: Order) -> Position | None:
    """The position an order closes, or the one of its netting key."""
    if order.closing:
        return state.positions.get(order.position_id)
    if state.is_ticket(order.account_id, market):
        return None
    return state.position_of_key(*key_of(order))


def fire_conditional(state: State, market: Market, order: Order) -> None:
    """TYP-1, ADM-6: it becomes a limit or a market order, and is refused where one would be."""
    state.tell("OrderTriggered", order_id=order.order_id, account_id=order.account_id)
    if state.partner_of(order) is not None:
        state.cancel_partner(order, "trigger")
        rebalance(state, order.account_id, market)
    kind = "LIMIT" if order.order_type in LIMITS_TO_BE else "MARKET"
    arrived = replace(order, order_type=kind, frozen_mark_ticks=market.mark)
    if order.order_type == "TRAILING_STOP":
        # The width was its own: what it opens has none.
        state.hit(f"TRL-5 order by {decided_by(order, order.side == 'SELL')}")
        arrived.trail_ticks = arrived.trail_e8 = arrived.extreme_ticks = 0
    if kind == "LIMIT":
        arrived.priority = state.next_id()
    position = position_met(state, market, arrived)
    draft = draft_of(state, market, arrived, position, present=order, last_in_queue=False)
    reason = refusal_on_arrival(draft)
    if reason != "":
        if kind == "LIMIT":
            state.hit("TYP-1 refused")
        state.cancel(order, "REFUSED", reason)
        rebalance(state, order.account_id, market)
        return
    if kind == "LIMIT" and arrived.qty_lots != order.qty_lots:
        state.tell_amended(arrived)
    if kind == "LIMIT":
        state.hit("TYP-1 triggered takes" if draft.takes else "TYP-1 triggered rests")
    if isinstance(draft, BookDraft) and draft.run is not None and draft.rest is None:
        state.forget_later(order)  # IDM-1: it will not rest
    set_out(state, draft)


def refusal_on_arrival(draft: Draft) -> str:
    """The first rung that a triggered order fails, or an empty string."""
    if draft.order.amount_atoms > 0 and ladder.bad_quantity(draft):
        return "BAD_QUANTITY"
    if ladder.nothing_to_reduce(draft):
        return "NOTHING_TO_REDUCE"
    return refusal(draft, ladder.NOT_OF_TRIGGERED)
