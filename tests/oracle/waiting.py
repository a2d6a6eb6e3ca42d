"""What waits for a price, and what has come true (FIR-…).  Knows places on the way; fires nothing.

Nothing stands in an index: all entries of a market are listed anew after everything that happens.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from tests.oracle.ladder import reached, rises_to, stale
from tests.oracle.records import CONDITIONALS, FUND, Market, Order, Pair, Position, Prices
from tests.oracle.rules import (
    auto_close_holds,
    auto_close_rises,
    auto_close_tick,
    is_liquidatable,
    liquidation_tick,
)
from tests.oracle.state import State
from tests.oracle.trailing import follows, level_of, trails

CLOSERS, LIQUIDATIONS, OPENERS = range(3)
KINDS: Final = {
    "ORDER": 0,
    "STOP_LOSS": 1,
    "TAKE_PROFIT": 2,
    "TRAILING_STOP": 3,
    "AUTO_CLOSE": 4,
    "LIQUIDATION": 5,
}
REKEYED: Final = ("AUTO_CLOSE", "LIQUIDATION")  # what depends on lots, cost and margin
Ident = tuple[str, int, int]


@dataclass(slots=True)
class Entry:
    """Something that waits for a price: what, for which owner, and in which rank it fires."""

    what: str
    owner_id: int
    parent_id: int
    source: str
    rises: bool
    key_ticks: int
    rank: tuple[int, int, int, int]
    instrument_id: int = 0
    moves: bool = False  # A trailing stop's level, which is no other key when it has moved.

    @property
    def ident(self) -> Ident:
        """Stays the same when the key changes."""
        return self.what, self.owner_id, self.parent_id


def entries_of(state: State, market: Market) -> dict[Ident, Entry]:
    """Everything in the market that waits for a price."""
    found: list[Entry] = []
    for order in state.orders.values():
        if order.instrument_id == market.instrument_id and waits(market, order):
            found.append(order_entry(order))
    for position in state.positions.values():
        if position.instrument_id == market.instrument_id:
            found += exit_entries(position)
            found += margin_entries(state, market, position)
    for entry in found:
        entry.instrument_id = market.instrument_id
    return {entry.ident: entry for entry in found}


def waits(market: Market, order: Order) -> bool:
    """Conditional orders do; resting limits only where the house fills them (FIR-7)."""
    if order.order_type == "LIMIT":
        return not market.is_order_driven
    return order.order_type in CONDITIONALS


def order_entry(order: Order) -> Entry:
    """A resting limit waits for the other side's touch, a conditional for its source."""
    kind = KINDS["TRAILING_STOP" if order.order_type == "TRAILING_STOP" else "ORDER"]
    rank = CLOSERS if order.closing else OPENERS, order.priority, kind, 0
    if follows(order):
        falls, source = order.side == "SELL", order.trigger_source
        level = level_of(order, falls)
        return Entry("ORDER", order.order_id, 0, source, not falls, level, rank, moves=True)
    if order.order_type == "LIMIT":
        source = "ASK" if order.side == "BUY" else "BID"
        rises, key_ticks = order.side == "SELL", order.price_ticks
    else:
        source, rises, key_ticks = order.trigger_source, rises_to(order), order.trigger_ticks
    return Entry("ORDER", order.order_id, 0, source, rises, key_ticks, rank)


def exit_entries(position: Position) -> list[Entry]:
    """Stop losses, take profits and trailings, the position's own and those of its pairs."""
    sets: list[tuple[int, Position | Pair, str]] = [(0, position, position.exit_source)]
    sets += [(pair.parent_order_id, pair, pair.source) for pair in position.pairs]
    long, number = position.side == "BUY", position.position_id
    found = []
    for parent, owner, source in sets:
        for what, ticks, rises in (
            ("STOP_LOSS", owner.stop_loss_ticks, not long),
            ("TAKE_PROFIT", owner.take_profit_ticks, long),
        ):
            if ticks != 0:
                rank = CLOSERS, number, KINDS[what], parent
                found.append(Entry(what, number, parent, source, rises, ticks, rank))
        if trails(owner):
            what, level = "TRAILING_STOP", level_of(owner, falls=long)
            rank = CLOSERS, number, KINDS[what], parent
            found.append(Entry(what, number, parent, source, not long, level, rank, moves=True))
    return found


def margin_entries(state: State, market: Market, position: Position) -> list[Entry]:
    """Auto-close and liquidation, both on the mark; the fund has neither.

    A cross position is liquidated with its account (CRS-7).
    """
    found: list[Entry] = []
    if position.account_id == FUND:
        return found
    owner = position.position_id
    if position.auto_close_e8 != 0:
        rises = auto_close_rises(position.side, position.auto_close_e8)
        ticks = auto_close_tick(position, market.k)
        rank = CLOSERS, owner, KINDS["AUTO_CLOSE"], 0
        found.append(Entry("AUTO_CLOSE", owner, 0, "MARK", rises, ticks, rank))
    if state.is_cross(position):
        return found
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
            position.basis_atoms,
            position.initial_margin_atoms,
            position.auto_close_e8,
            price,
            market.k,
        )
    return reached(price, entry.key_ticks, entry.rises)


def place_of(state: State, market: Market, entry: Entry, old: Prices, new: Prices) -> Fraction:
    """FIR-3: how far the source had gone when it passed the entry."""
    before, after = old[entry.source], new[entry.source]
    if market.is_order_driven and entry.source == "LAST":
        return Fraction(0)  # FIR-7: trades move it, and it does not travel.
    if before == after or is_true(state, market, entry, old):
        return Fraction(0)
    return Fraction(abs(entry.key_ticks - before), abs(after - before))


def armed_anew(before: Entry, entry: Entry) -> bool:
    """FIR-5: the same key again is not an arming, nor is a level that followed its price."""
    if entry.moves and before.moves:
        return (before.source, before.rises) != (entry.source, entry.rises)
    return (before.source, before.rises, before.key_ticks) != (
        entry.source,
        entry.rises,
        entry.key_ticks,
    )


@dataclass
class Watch:
    """The entries of some markets as last seen, and the queue of those that came true since.

    `known` are not looked at again until they are armed anew; a price travels with nothing known.
    old: by market, the prices where the way begins.  at: the place of what fired last.
    """

    old: dict[int, Prices] = field(default_factory=dict)
    known: dict[Ident, Entry] = field(default_factory=dict)
    queue: dict[Ident, Fraction] = field(default_factory=dict)
    at: Fraction = Fraction(0)
    fires: bool = False

    def first(self) -> Ident:
        """FIR-4: the entry whose turn it is."""
        return min(self.queue, key=lambda one: (self.queue[one], *self.known[one].rank))


def hears(state: State, market: Market, entry: Entry) -> bool:
    """FIR-6 and FIR-8: on a stale price only the trades of a book make anything true."""
    return not stale(state, market) or (market.is_order_driven and entry.source == "LAST")


def watch_over(state: State, market: Market, known: dict[Ident, Entry], old: Prices) -> None:
    """From here on what comes true in the market is noticed, unless it is halted."""
    if market.status == "HALTED":
        return
    if state.watch is None:
        state.watch = Watch()
    state.watch.old[market.instrument_id] = old
    state.watch.known |= known


def watch_as_it_is(state: State, market: Market) -> None:
    """The same where nothing has moved: only what is armed from here on can come true."""
    watched = state.watch is not None and market.instrument_id in state.watch.old
    if market.prices is not None and not watched:
        watch_over(state, market, entries_of(state, market), market.prices)


def notice(state: State, on_path: bool = False) -> None:
    """Lists all entries anew: what is gone leaves the queue, what is armed and true joins it.

    on_path: more fills follow, and positions are re-keyed after the last one (FIR-5).
    """
    watch = state.watch
    if watch is None:
        return
    entries: dict[Ident, Entry] = {}
    for instrument_id in watch.old:
        entries |= entries_of(state, state.markets[instrument_id])
    watch.queue = {ident: place for ident, place in watch.queue.items() if ident in entries}
    for ident, entry in entries.items():
        before = watch.known.get(ident)
        waits = on_path or entry.owner_id == state.liquidating
        if before is not None and entry.what in REKEYED and waits:
            entries[ident] = before
        elif before is None or armed_anew(before, entry):
            watch.queue.pop(ident, None)
            market = state.markets[entry.instrument_id]
            assert market.prices is not None
            if hears(state, market, entry) and is_true(state, market, entry, market.prices):
                old = watch.old[entry.instrument_id]
                place = place_of(state, market, entry, old, market.prices)
                watch.queue[ident] = max(watch.at, place)
    watch.known = entries


def notice_trade(state: State, market: Market) -> None:
    """FIR-7: what watches the last price and is true at this trade's joins the queue now."""
    watch = state.watch
    if watch is None or market.prices is None:
        return
    for ident, entry in watch.known.items():
        watches = entry.instrument_id == market.instrument_id and entry.source == "LAST"
        if watches and is_true(state, market, entry, market.prices):
            if watch.fires and ident not in watch.queue:
                state.hit("FIR-7 cascade")
            watch.queue.setdefault(ident, watch.at)
