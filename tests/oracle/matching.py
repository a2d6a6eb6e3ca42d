"""An order meets the book of its market (MAT-…, STP-…).  Knows trades; refuses nothing.

The book is sorted anew before every trade.  What a trade would come to is found by trying it on a
copy of the state, so that the path of an order and its rehearsal are the same few lines.
"""

from itertools import product

from tests.oracle import book
from tests.oracle.cross import spendable_for
from tests.oracle.holds import order_hold, rebalance, rebalance_key
from tests.oracle.records import FUND, LEGS, Market, Order, opposite
from tests.oracle.run import Run as Run
from tests.oracle.settlement import fill_part, follow_reduction, release_key
from tests.oracle.state import State
from tests.oracle.trailing import follow
from tests.oracle.waiting import notice, notice_trade


def walk_the_book(run: Run) -> None:
    """MAT-2: trade after trade, best price first, until nothing is left or nothing is in reach."""
    taker = run.taker
    run.accounts.add(taker.account_id)
    if run.state.is_ticket(taker.account_id, run.market):
        release(run, taker)
    while not (run.stopped or run.spent):
        maker = next_maker(run)
        lots = run.wants(maker.price_ticks) if maker is not None else 0
        if maker is None or lots == 0:
            return
        own = maker.account_id == taker.account_id
        if not (own and taker.self_trade_prevention == "CANCEL_TAKER"):
            release(run, taker)  # Only a path with a step gives back what its key holds.
        run.accounts.add(maker.account_id)
        if own:
            prevent_self_trade(run, maker, lots)
        else:
            trade(run, maker, min(lots, maker.visible_lots, closable(run.state, maker)))


def next_maker(run: Run) -> Order | None:
    """The first resting order within the taker's limit that it would meet."""
    taker = run.taker
    limit = book.limit_of(run.market, taker)
    for maker in book.resting(run.state, run.market, opposite(taker.side)):
        if not book.reaches(limit, taker.side, maker.price_ticks):
            return None
        if maker.account_id == taker.account_id or closable(run.state, maker) > 0:
            return maker
        run.state.hit("MAT-2 closer passed over")
    return None


def closable(state: State, maker: Order) -> int:
    """The lots a resting order can give: a closing one no more than its position has left."""
    if not maker.closing:
        return maker.qty_lots
    position = state.positions.get(maker.position_id)
    return 0 if position is None else position.qty_lots


def trade(run: Run, maker: Order, lots: int) -> None:
    """MAT-5: the trade, then the taker's fill, then the maker's."""
    state, market, price = run.state, run.market, maker.price_ticks
    assert market.prices is not None
    assert market.processed is not None
    hit_by_maker(run, maker, lots)
    notice(state, on_path=True)
    state.last_fill_id += 1
    state.tell(
        "Traded",
        instrument_id=market.instrument_id,
        trade_id=state.last_fill_id,
        price_ticks=price,
        qty_lots=lots,
        side=run.taker.side,
    )
    market.prices = {**market.prices, "LAST": price}
    market.processed = {**market.processed, "LAST": price}
    follow(state, market, ("LAST",))
    notice_trade(state, market)
    run.traded_lots += lots
    run.spend(lots, price)
    run.opened_lots += fill_order(run, run.taker, lots, price, "TAKER", run.cause)
    maker.qty_lots -= lots
    maker.visible_lots -= lots
    fill_order(run, maker, lots, price, "MAKER", "ORDER")
    if maker.visible_lots == 0 and maker.qty_lots > 0:
        state.hit("ICE-1 refill")
        run.refilled.add(maker.order_id)
        book.show(maker)
        maker.priority = state.next_id()


def hit_by_maker(run: Run, maker: Order, lots: int) -> None:
    """What is special about the order that is met."""
    if maker.account_id == FUND:
        run.state.hit("LIQ-8 offer hit")
    if maker.order_id in run.refilled:
        run.state.hit("ICE-1 again in path")
    if lots < min(run.wants(maker.price_ticks), maker.visible_lots):
        run.state.hit("MAT-2 closer clipped")


def fill_order(
    run: Run, order: Order, lots: int, price_ticks: int, liquidity: str, cause: str
) -> int:
    """One side of a trade, and what its partner hears.  Returns the lots that it opened."""
    state = run.state
    release(run, order)
    order.filled_lots += lots
    reduced, opened = fill_part(state, order, lots, price_ticks, liquidity, cause)
    if reduced is not None:
        run.reduced[reduced.position_id] = reduced
    run.changed.add(order.order_id)
    notice(state, on_path=True)
    if order.qty_lots == 0 and not ends_later(run, order):
        state.drop_order(order)
        state.cancel_partner(order, "fill")
    else:
        state.shrink_partner(order, lots)
    return opened


def ends_later(run: Run, order: Order) -> bool:
    """STP-2: a taker that lost lots without a trade is told its end after the path."""
    return order is run.taker and run.decremented_lots > 0


def release(run: Run, order: Order) -> None:
    """MAT-6: what the order's key, or in a ticket market the order, holds is free for the path."""
    state, market = run.state, run.market
    run.accounts.add(order.account_id)
    if state.is_ticket(order.account_id, market):
        release_own(state, order)
        return
    release_key(state, order)


def release_own(state: State, order: Order) -> None:
    """What an order holds by itself is free until it is settled."""
    asset_id = state.markets[order.instrument_id].asset_id
    state.move_free(order.account_id, asset_id, order.hold_atoms)
    order.hold_atoms = 0


def prevent_self_trade(run: Run, maker: Order, lots: int) -> None:
    """STP-1."""
    state, mode = run.state, run.taker.self_trade_prevention
    state.hit(f"STP {mode}")
    if run.traded_lots > 0:
        state.hit("STP after trades")
    if maker.leg != run.taker.leg:
        state.hit("KEY-3 across legs")
    if run.taker.time_in_force == "FOK":
        state.hit("STP with FOK")
    if mode == "DECREMENT":
        lost = min(lots, maker.qty_lots)
        run.decremented_lots += lost
        run.spend(lost, maker.price_ticks)
        run.changed.add(maker.order_id)
        release_own(state, maker)
        gone = lost == maker.qty_lots
        state.hit(f"STP DECREMENT maker {'gone' if gone else 'left'}")
        if run.taker.qty_lots == 0:
            state.hit("STP DECREMENT taker gone")
        if gone:
            state.cancel(maker, "SELF_TRADE")
        else:
            state.shrink(maker, lost)
        return
    if mode in ("CANCEL_MAKER", "CANCEL_BOTH"):
        state.cancel(maker, "SELF_TRADE")
    run.stopped = mode in ("CANCEL_TAKER", "CANCEL_BOTH")


def finish(run: Run) -> None:
    """STP-2 and MAT-7: what becomes of the taker after its path."""
    state, taker = run.state, run.taker
    if taker.order_id not in state.orders:
        return
    if taker.qty_lots > 0:
        if run.decremented_lots > 0:
            state.hit("STP-2 amended")
            state.tell_amended(taker)
        if taker.rests and not run.stopped:
            if run.traded_lots > 0:
                state.hit("MAT-7 rests")
            come_to_rest(run)
        else:
            state.hit("MAT-7 unfilled")
            state.cancel(taker, "SELF_TRADE" if run.stopped else "UNFILLED")
    elif run.decremented_lots > 0:
        state.cancel(taker, "SELF_TRADE")
    else:
        state.drop_order(taker)
        state.cancel_partner(taker, "fill")


def come_to_rest(run: Run) -> None:
    """The taker joins the book."""
    book.show(run.taker)
    count_in(run)


def count_in(run: Run) -> None:
    """What the taker's resting may change: its own hold, and what it leaves for other closers."""
    taker = run.taker
    run.changed.add(taker.order_id)
    if taker.closing and taker.position_id in run.state.positions:
        run.reduced[taker.position_id] = run.state.positions[taker.position_id]


def settle(run: Run) -> None:
    """MAT-8: what follows from the path, account by account, leg by leg."""
    state, market = run.state, run.market
    notice(state)
    heard = len(state.facts)
    for account_id, leg in product(sorted(run.accounts), LEGS):
        for _, position in sorted(run.reduced.items()):
            if (position.account_id, position.leg) == (account_id, leg):
                follow_reduction(state, position)
        rebalance_key(state, market, (account_id, market.instrument_id, leg))
        for order_id in sorted(run.changed):
            order = state.orders.get(order_id)
            if order is not None and (order.account_id, order.leg) == (account_id, leg):
                hold_anew(state, market, order)
    for account_id in sorted(run.accounts):
        rebalance(state, account_id, market)  # An order may have gone with one of another leg.
    for name, fields in state.facts[heard:]:
        if name == "OrderAmended":
            state.hit("MAT-8 RED-1")
        elif fields["cause"] == "HOLD_SHORT":
            state.hit("MAT-8 hold short")
        elif fields["cause"] == "POSITION_GONE":
            state.hit("MAT-8 RED-2")


def hold_anew(state: State, market: Market, order: Order) -> None:
    """A ticket order that traded or lost lots holds what its lots need, or is cancelled."""
    if not state.is_ticket(order.account_id, market):
        return
    rise = order_hold(state, market, order) - order.hold_atoms
    if rise > max(0, spendable_for(state, order)):
        state.cancel(order, "HOLD_SHORT")
        return
    state.move_free(order.account_id, market.asset_id, -rise)
    order.hold_atoms += rise


def arrive(
    state: State, order: Order, cause: str = "ORDER", budget_atoms: int | None = None
) -> None:
    """An accepted order's whole way: the path, what is left of it, and what follows."""
    run = Run(state, state.markets[order.instrument_id], order, cause, budget_atoms)
    order.visible_lots = 0
    walk_the_book(run)
    finish(run)
    settle(run)


def stay(state: State, order: Order) -> None:
    """A resting order that was amended keeps its place, and shows no more than before."""
    run = Run(state, state.markets[order.instrument_id], order)
    run.accounts.add(order.account_id)
    count_in(run)
    settle(run)
