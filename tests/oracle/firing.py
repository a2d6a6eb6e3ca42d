"""What a price makes true, and in which order it fires (FIR-…).  Knows places on the way.

Nothing stands in an index: all entries of a market are listed anew after everything that happens.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracle import ladder
from tests.oracle.holds import rebalance
from tests.oracle.ladder import Draft, reached, rises_to
from tests.oracle.records import Market, Order, Position, Prices, opposite
from tests.oracle.rules import (
    auto_close_holds,
    auto_close_rises,
    auto_close_tick,
    is_liquidatable,
    liquidation_tick,
)
from tests.oracle.settlement import fill, reduce
from tests.oracle.state import State

CLOSERS, LIQUIDATIONS, OPENERS = range(3)
KINDS = {"ORDER": 0, "STOP_LOSS": 1, "TAKE_PROFIT": 2, "AUTO_CLOSE": 4, "LIQUIDATION": 5}
Ident = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that waits for a price: what, for which owner, and in which rank it fires."""

    what: str
    owner_id: int
    parent_id: int
    source: str
    rises: bool
    key_ticks: int
    rank: tuple[int, int, int, int]

    @property
    def ident(self) -> Ident:
        """Stays the same when the key changes."""
        return self.what, self.owner_id, self.parent_id


def entries_of(state: State, market: Market) -> dict[Ident, Entry]:
    """Everything in the market that waits for a price."""
    found: list[Entry] = []
    for order in state.orders.values():
        if order.instrument_id == market.instrument_id:
            found.append(order_entry(order))
    for position in state.positions.values():
        if position.instrument_id == market.instrument_id:
            found += exit_entries(position)
            found += margin_entries(market, position)
    return {entry.ident: entry for entry in found}


def order_entry(order: Order) -> Entry:
    """A resting limit waits for the other side's touch, a conditional for its source."""
    rank = CLOSERS if order.closing else OPENERS, order.priority, KINDS["ORDER"], 0
    if order.order_type == "LIMIT":
        source = "ASK" if order.side == "BUY" else "BID"
        rises, key_ticks = order.side == "SELL", order.price_ticks
    else:
        source, rises, key_ticks = order.trigger_source, rises_to(order), order.trigger_ticks
    return Entry("ORDER", order.order_id, 0, source, rises, key_ticks, rank)


def exit_entries(position: Position) -> list[Entry]:
    """Stop losses and take profits, the position's own and those of its pairs."""
    pairs = [(pair.parent_order_id, pair) for pair in position.pairs]
    own = position.stop_loss_ticks, position.take_profit_ticks, position.exit_source
    sets = [(0, *own)] + [
        (parent, pair.stop_loss_ticks, pair.take_profit_ticks, pair.source)
        for parent, pair in pairs
    ]
    long = position.side == "BUY"
    found = []
    for parent, stop_loss, take_profit, source in sets:
        for what, ticks, rises in (
            ("STOP_LOSS", stop_loss, not long),
            ("TAKE_PROFIT", take_profit, long),
        ):
            if ticks != 0:
                rank = CLOSERS, position.position_id, KINDS[what], parent
                found.append(Entry(what, position.position_id, parent, source, rises, ticks, rank))
    return found


def margin_entries(market: Market, position: Position) -> list[Entry]:
    """Auto-close and liquidation, both on the mark."""
    found = []
    owner = position.position_id
    if position.auto_close_e8 != 0:
        rises = auto_close_rises(position.side, position.auto_close_e8)
        ticks = auto_close_tick(position, market.k)
        rank = CLOSERS, owner, KINDS["AUTO_CLOSE"], 0
        found.append(Entry("AUTO_CLOSE", owner, 0, "MARK", rises, ticks, rank))
    ticks = liquidation_tick(position, market.k, market.spec)
    rank = LIQUIDATIONS, owner, KINDS["LIQUIDATION"], 0
    found.append(Entry("LIQUIDATION", owner, 0, "MARK", position.side == "SELL", ticks, rank))
    return found


def is_true(state: State, market: Market, entry: Entry, prices: Prices) -> bool:
    """Liquidation and auto-close by their inequalities, everything else by its tick."""
    price = prices[entry.source]
    if entry.what == "LIQUIDATION":
        position = state.positions[entry.owner_id]
        return is_liquidatable(position, price, market.k, market.spec)
    if entry.what == "AUTO_CLOSE":
        position = state.positions[entry.owner_id]
        return auto_close_holds(
            position.side,
            position.qty_lots,
            position.cost_atoms,
            position.initial_margin_atoms,
            position.auto_close_e8,
            price,
            market.k,
        )
    return reached(price, entry.key_ticks, entry.rises)


def place_of(state: State, market: Market, entry: Entry, old: Prices, new: Prices) -> Fraction:
    """FIR-3: how far the source had gone when it passed the entry."""
    before, after = old[entry.source], new[entry.source]
    if before == after or is_true(state, market, entry, old):
        return Fraction(0)
    return Fraction(abs(entry.key_ticks - before), abs(after - before))


def travel(state: State, market: Market, known: dict[Ident, Entry], old: Prices | None) -> None:
    """Fires what is true and not `known` to have been there before, until nothing is left.

    A price travels with nothing known.  Any other command knows what stood there before it.
    """
    if market.prices is None or market.status == "HALTED" or ladder.stale(state, market):
        return
    new = market.prices
    old = old or new
    queue: dict[Ident, Fraction] = {}
    at = Fraction(0)
    while True:
        entries = entries_of(state, market)
        queue = {ident: place for ident, place in queue.items() if ident in entries}
        for ident, entry in entries.items():
            before = known.get(ident)
            if before is None or armed_anew(before, entry):
                queue.pop(ident, None)
                if is_true(state, market, entry, new):
                    queue[ident] = max(at, place_of(state, market, entry, old, new))
        if not queue:
            return
        ident = min(queue, key=lambda one: (queue[one], *entries[one].rank))
        at = queue.pop(ident)
        known = entries
        fire(state, market, entries[ident])


def armed_anew(before: Entry, entry: Entry) -> bool:
    """FIR-5: the same key again is not an arming."""
    return (before.source, before.rises, before.key_ticks) != (
        entry.source,
        entry.rises,
        entry.key_ticks,
    )


def fire(state: State, market: Market, entry: Entry) -> None:
    """One entry's turn."""
    if entry.what != "ORDER":
        fire_exit(state, market, entry)
        return
    order = state.orders[entry.owner_id]
    if order.order_type == "LIMIT":
        fire_limit(state, market, order)
    else:
        fire_conditional(state, market, order)


def fire_exit(state: State, market: Market, entry: Entry) -> None:
    """An exit or a liquidation closes at the touch; the other of its pair goes."""
    assert market.prices is not None
    position = state.positions[entry.owner_id]
    lots = position.qty_lots
    if entry.parent_id != 0:
        pair = next(one for one in position.pairs if one.parent_order_id == entry.parent_id)
        position.pairs.remove(pair)
        lots = min(pair.qty_lots, lots)
    touch = market.prices["BID" if position.side == "BUY" else "ASK"]
    reduce(state, position, lots, touch, 0, "TAKER", entry.what)


def netting_position(state: State, market: Market, order: Order) -> Position | None:
    """The position that an order of a netting market would meet."""
    if market.spec["position_mode"] == "TICKET":
        return None
    return state.position_of_key(order.account_id, order.instrument_id)


def fire_limit(state: State, market: Market, order: Order) -> None:
    """ADM-5: a resting limit fills at its limit, or ends if it cannot be paid for."""
    position = netting_position(state, market, order)
    if ladder.refused_at_its_limit(Draft(state, market, order, position, present=order)):
        state.cancel(order, "REFUSED", "INSUFFICIENT_BALANCE")
        rebalance(state, order.account_id, market)
    else:
        fill(state, order, order.price_ticks, "MAKER")


def fire_conditional(state: State, market: Market, order: Order) -> None:
    """ADM-6: it becomes a market order, and is refused where one would be."""
    state.tell("OrderTriggered", order_id=order.order_id, account_id=order.account_id)
    position = netting_position(state, market, order)
    arrived = replace(order, order_type="MARKET", trigger_ticks=0)
    draft = Draft(state, market, arrived, position, present=order)
    reason = refusal_on_arrival(draft)
    if reason != "":
        state.cancel(order, "REFUSED", reason)
        rebalance(state, order.account_id, market)
        return
    state.orders[order.order_id] = arrived
    fill(state, arrived, draft.touch, "TAKER")


def refusal_on_arrival(draft: Draft) -> str:
    """The first rung that a triggered order fails, or an empty string."""
    order = draft.order
    if order.closing:
        position = draft.state.positions.get(order.position_id)
        gone = position is None or position.side != opposite(order.side)
        return "NOTHING_TO_REDUCE" if gone else ""
    if order.amount_atoms > 0:
        if ladder.bad_quantity(draft):
            return "BAD_QUANTITY"
        if not draft.is_ticket:
            order.qty_lots, order.amount_atoms = draft.lots, 0
    rungs = (
        ("MIN_NOTIONAL", ladder.below_notional),
        ("RISK_TIER", ladder.beyond_tier),
        ("INSUFFICIENT_BALANCE", ladder.short_of_balance),
        ("WOULD_LIQUIDATE", ladder.would_liquidate),
    )
    return next((reason for reason, refuses in rungs if refuses(draft)), "")
