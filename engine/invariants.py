"""What is true of the venue between commands, asserted from scratch (CLR-1 and all else).

`check(state)` walks everything: for tests, snapshots and `fulcrum verify`, not for every command of
a live venue.
"""

from engine.commands import BUY, SELL
from engine.cross import CrossAccount
from engine.holds import need_atoms, present_hold_atoms
from engine.key import Key
from engine.margin import liquidation_ticks
from engine.market import MARK, Market
from engine.order import Order, execution_rank
from engine.order_book import OrderBook
from engine.position import Position
from engine.seat import Seat
from engine.state import State
from engine.trailing import Group
from engine.units import NOBODY, AccountId, AssetId
from engine.waiting_invariants import (
    check_armed,
    check_auto_close,
    check_entry,
    check_no_other_entries,
    check_pair,
    check_trail,
    check_trailing,
)


def check(state: State) -> None:
    """Assert every invariant of the state."""
    assert state.ledger.sum_atoms() == 0
    check_at_rest(state)
    check_balances(state)
    armed = 0
    for market in state.markets:
        if market is not None:
            armed += check_market(state, market)
    check_no_other_entries(state, armed)
    check_client_orders(state)


def check_at_rest(state: State) -> None:
    """What belongs to a running command is empty."""
    assert not state.has_more_to_do()
    touched = state.touched
    assert not any((touched.keys, touched.filled, touched.closable, touched.orders))
    assert not state.fee_payers
    assert not state.rankings


def check_balances(state: State) -> None:
    """Free and held money is never negative; holds and margins are the sums of their parts."""
    for asset_id, ledger in enumerate(state.ledger.assets):
        assert ledger.sum_atoms() == 0
        assert len(ledger.free) == len(ledger.hold) == len(state.accounts)
        for account_id, free in enumerate(ledger.free):
            assert free >= 0 or is_backed(state, asset_id, account_id)
        assert ledger.hold == held_by_account(state, asset_id)
        margins = [
            p.margin_atoms for p in state.positions.values() if p.market.asset_id == asset_id
        ]
        assert ledger.margin_atoms == sum(margins)


def is_backed(state: State, asset_id: int, account_id: int) -> bool:
    """Whether cross positions stand behind money that is not there."""
    account = state.cross_account(AssetId(asset_id), AccountId(account_id))
    return account is not None and bool(account.standings)


def held_by_account(state: State, asset_id: int) -> list[int]:
    """What every account holds, from its orders and keys."""
    held = [0] * len(state.accounts)
    for market in state.markets:
        if market is None or market.asset_id != asset_id:
            continue
        for seat in market.seats:
            if seat is not None:
                held[seat.account_id] += sum(key.hold_atoms for key in seat.each_key())
                tickets = [o for o in seat.orders() if not o.key.pools]
                held[seat.account_id] += sum(o.hold_atoms for o in tickets)
    return held


def check_market(state: State, market: Market) -> int:
    """Assert what is true of one market; returns how many entries wait in it."""
    for levels in market.falling + market.rising:
        levels.check()
    positions = 0
    for account_id, seat in enumerate(market.seats):
        if seat is not None:
            assert seat.account_id == account_id
            check_seat(state, seat)
            positions += len(seat.positions())
    assert positions == market.open_positions
    if market.book is not None:
        check_book(market.book)
        check_clearing(state, market)
    armed = 0
    for levels in market.falling + market.rising:
        armed += sum(1 for entry in levels.entries() if not isinstance(entry, Group))
    return armed + check_trailing(market)


def check_book(book: OrderBook) -> None:
    """Bids are below asks, and each level shows what its orders show."""
    assert not book.bids_before
    assert not book.asks_before
    assert book.bids.is_empty() or book.asks.is_empty() or book.best_bid_ticks < book.best_ask_ticks
    for levels, depth in ((book.bids, book.depth_bids), (book.asks, book.depth_asks)):
        shown: dict[int, int] = {}
        for order in levels.entries():
            assert isinstance(order, Order)
            assert 0 < order.visible_lots <= order.qty_lots
            if order.display_lots == 0:
                assert order.visible_lots == order.qty_lots
            shown[order.price_ticks] = shown.get(order.price_ticks, 0) + order.visible_lots
        assert shown == depth


def check_clearing(state: State, market: Market) -> None:
    """Longs and shorts are equal, and clearing is what their costs say (CLR-1)."""
    positions = [p for seat in market.seats if seat is not None for p in seat.positions()]
    signed = [(1 if p.side is BUY else -1, p) for p in positions]
    assert sum(sign * p.qty_lots for sign, p in signed) == 0
    owed = -sum(sign * p.cost_atoms + p.accrued_atoms for sign, p in signed)
    assert state.asset_ledger(market).clearing[market.instrument_id] == owed


def check_seat(state: State, seat: Seat) -> None:
    """Orders and positions of a seat are in their tables, queues and levels."""
    orders, positions = seat.orders(), seat.positions()
    assert len(orders) == seat.open_orders
    for order in orders:
        check_order(state, order)
        assert order.seat is seat
    for position in positions:
        check_position(state, position)
        assert position.seat is seat
    for key in seat.each_key():
        check_key(key, [order for order in orders if order.key is key])
        assert key.position is None or key.position in [p for p in positions if p.key is key]


def check_key(key: Key, orders: list[Order]) -> None:
    """The queues and the hold of a key are what its orders say."""
    assert len(orders) == key.open_orders
    if not key.pools:
        assert not key.buys
        assert not key.sells
        assert key.hold_atoms == 0
        assert key.position is None
        return
    assert key.hold_atoms == present_hold_atoms(key)
    resting = [order for order in orders if order.is_limit()]
    for side in (BUY, SELL):
        of_side = [order for order in resting if order.side is side]
        assert key.resting(side) == sorted(of_side, key=execution_rank)


def check_order(state: State, order: Order) -> None:
    """An open order is in its table and waits at its price in exactly one set of levels."""
    assert state.orders.get(order.order_id) is order
    market = order.market
    if order.follows():
        check_trail(order, order.trail_ticks, order.trail_e8)
    else:
        indexes = market.falling if order.fires_falling() else market.rising
        check_entry(order, order.watched_ticks(), indexes[order.watched_source()])
    assert not (order.qty_lots and order.amount_atoms)
    if order.closing:
        position = state.positions.get(order.position_id)
        assert position is not None
        assert position.side is not order.side
        assert order.hold_atoms == 0
    elif order.is_limit() and order.key.pools:
        assert order.hold_atoms == need_atoms(order, order.qty_lots)
    if order.client_order_id:
        known = state.client_orders.get(order.account_id, order.client_order_id)
        assert known is not None
        assert known.is_open
        assert known.order_id == order.order_id


def check_position(state: State, position: Position) -> None:
    """An open position has lots and margin, and everything it arms waits at the right price."""
    assert state.positions.get(position.position_id) is position
    assert position.qty_lots > 0
    assert position.margin_atoms >= 0
    assert position.cost_atoms > 0
    assert position.accrued_atoms >= 0
    closers = [o for o in position.seat.orders() if closes(o, position)]
    assert len(closers) == position.closing_orders
    if position.account_id == NOBODY:
        assert position.margin_atoms == 0
        assert position.liquidation is None
        return
    check_auto_close(position)
    for pair in position.pairs or []:
        check_pair(position, pair)
    if position.key.is_cross:
        assert position.margin_atoms == 0
        assert position.liquidation is None
        check_standing(state, position)
        return
    market, side = position.market, position.side
    key = liquidation_ticks(
        side,
        position.qty_lots,
        position.basis_atoms(),
        position.margin_atoms,
        market.k,
        market.rates,
        market.close_fee_e8,
    )
    levels = market.falling[MARK] if side is BUY else market.rising[MARK]
    check_armed(position.liquidation, key, levels)


def check_standing(state: State, position: Position) -> None:
    """Its account knows a cross position, and the band of a solvent one holds the mark."""
    market = position.market
    account = state.cross_account(market.asset_id, position.account_id)
    assert account is not None
    standing = account.standings[market.instrument_id]
    assert position in standing.positions
    before = standing.exposure
    standing.sum_up()
    after = standing.exposure
    assert (before.long_lots, before.short_lots) == (after.long_lots, after.short_lots)
    assert before.profit_atoms(market.mark_ticks) == after.profit_atoms(market.mark_ticks)
    if account.health_e8() >= 1 and not is_waiting(account):
        for edge, is_inside in (
            (standing.lower, standing.lower.key_ticks < market.mark_ticks),
            (standing.upper, market.mark_ticks < standing.upper.key_ticks),
        ):
            assert edge.levels is None or is_inside


def is_waiting(account: CrossAccount) -> bool:
    """Whether it is looked at anyway at the next price of one of its markets."""
    standings = account.standings.values()
    return any(account.account_id in s.market.waiting_accounts for s in standings)


def closes(order: Order, position: Position) -> bool:
    """Whether the order would reduce the position."""
    return order.closing and order.position_id == position.position_id


def check_client_orders(state: State) -> None:
    """The ids of open orders are open, and no others."""
    for entry in state.client_orders.open_entries():
        order = state.orders.get(entry.order_id)
        assert order is not None
        assert order.account_id == AccountId(entry.account_id)
