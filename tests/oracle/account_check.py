"""Cross accounts are looked at, every one each time; the insolvent close (CRS-5, CRS-6, LIQ-10).

Knows whom to look at and what is closed of theirs; how a close is booked is not its business.
"""

from fractions import Fraction

from tests.oracle.cross import (
    cross_positions,
    profit_at_mark,
    side_maintenance_e8,
    side_of,
    standing,
    value_at_mark,
)
from tests.oracle.funding import is_put_off
from tests.oracle.holds import rebalance
from tests.oracle.ladder import stale
from tests.oracle.liquidation_step import tell_step
from tests.oracle.records import E8, Market, Order, Position
from tests.oracle.rules import (
    bankruptcy_tick_of,
    ceil_div,
    close_fee_e8,
    floor_div,
    largest_price_ticks,
)
from tests.oracle.settlement import reduce
from tests.oracle.state import State
from tests.oracle.takeover import close_through_book
from tests.oracle.waiting import notice, watch_as_it_is

CAREFUL_CLOSES = 3


def check_accounts(state: State) -> None:
    """CRS-6: every account by id, in every asset, in which there is anything to look at."""
    assets = sorted(state.assets)
    for account_id in sorted(state.accounts):
        # Asked at its turn: an earlier account's liquidation may have given it a position.
        backed = {asset_of(state, one) for one in state.positions.of(account_id)}
        for asset_id in assets:
            if asset_id not in backed and state.free.get((account_id, asset_id), 0) >= 0:
                continue
            if not is_put_off(state, account_id, asset_id):
                check_account(state, account_id, asset_id)


def asset_of(state: State, position: Position) -> int:
    """What a cross position settles in; 0 for one that stands alone."""
    return state.markets[position.instrument_id].asset_id if position.cross else 0


def check_account(state: State, account_id: int, asset_id: int) -> None:
    """CRS-6: what an insolvent account has is closed; a flat one owes nothing."""
    if cross_positions(state, account_id, asset_id):
        if standing(state, account_id, asset_id).health_e8 >= 1:
            return
        liquidate_account(state, account_id, asset_id)
    if not cross_positions(state, account_id, asset_id):
        settle_debt(state, account_id, asset_id)


def opens_now(state: State, market: Market) -> bool:
    """Whether positions of this market can be closed now."""
    return market.status != "HALTED" and not stale(state, market)


def open_orders(state: State, account_id: int, asset_id: int) -> list[Order]:
    """The account's open orders in markets of the asset, by id."""
    return [
        order
        for _, order in sorted(state.orders.items())
        if order.account_id == account_id
        and state.markets[order.instrument_id].asset_id == asset_id
    ]


def settle_debt(state: State, account_id: int, asset_id: int) -> None:
    """CRS-5."""
    key = account_id, asset_id
    for order in reversed(open_orders(state, *key)):
        if state.free.get(key, 0) >= 0:
            return
        if not order.closing and order.order_id in state.orders:
            state.hit("CRS-5 order cancelled")
            state.cancel(order, "HOLD_SHORT")
            rebalance(state, account_id, state.markets[order.instrument_id])
    debt = -state.free.get(key, 0)
    if debt <= 0:
        return
    waived = min(debt, state.closing_fees.get(key, 0))
    state.closing_fees[key] = state.closing_fees.get(key, 0) - waived
    state.hit("CRS-5 waived" if waived == debt else "CRS-5 insured")
    state.move_free(account_id, asset_id, debt)
    state.move_pool("fees", asset_id, -waived)
    state.move_pool("insurance", asset_id, waived - debt)
    state.tell(
        "DebtSettled",
        account_id=account_id,
        asset_id=asset_id,
        waived_atoms=waived,
        insurance_paid_atoms=debt - waived,
    )


def next_to_close(state: State, account_id: int, asset_id: int) -> Position | None:
    """LIQ-10: the largest share of maintenance, then the lowest id, where it can be closed."""
    positions = cross_positions(state, account_id, asset_id)
    closable = [
        position
        for position in positions
        if opens_now(state, state.markets[position.instrument_id])
    ]
    return max(
        closable,
        key=lambda one: (share_e8(state, positions, one), -one.position_id),
        default=None,
    )


def share_e8(state: State, positions: list[Position], position: Position) -> Fraction:
    """A position's share of its side's maintenance, by lots."""
    side = side_of(positions, position)
    lots = sum(other.qty_lots for other in side)
    return Fraction(side_maintenance_e8(state, side) * position.qty_lots, lots)


def liquidate_account(state: State, account_id: int, asset_id: int) -> None:
    """LIQ-10."""
    if next_to_close(state, account_id, asset_id) is None:
        state.hit("CRS-6 left alone")
        return
    for market in state.markets.values():
        if market.asset_id == asset_id:
            watch_as_it_is(state, market)
    before = standing(state, account_id, asset_id)
    state.tell(
        "AccountLiquidated",
        account_id=account_id,
        asset_id=asset_id,
        equity_atoms=before.equity_atoms,
        maintenance_atoms=ceil_div(before.maintenance_e8, E8),
    )
    for order in open_orders(state, account_id, asset_id):
        if order.order_id in state.orders:
            state.hit("LIQ-10 order cancelled")
            state.cancel(order, "LIQUIDATION")
            rebalance(state, account_id, state.markets[order.instrument_id])
    prices = bankruptcy_prices(state, account_id, asset_id)
    closes = 0
    while standing(state, account_id, asset_id).health_e8 < 1:
        position = next_to_close(state, account_id, asset_id)
        if position is None:
            state.hit("LIQ-10 not cured")
            return
        lots = lots_to_close(state, position) if closes < CAREFUL_CLOSES else position.qty_lots
        hit_by_close(state, position, lots, closes)
        close(state, position, lots, prices[position.position_id])
        closes += 1
    if cross_positions(state, account_id, asset_id):
        state.hit("LIQ-10 goes on")


def hit_by_close(state: State, position: Position, lots: int, closes: int) -> None:
    """What is special about a close."""
    if lots < position.qty_lots:
        state.hit("LIQ-10 part")
    if closes == CAREFUL_CLOSES:
        state.hit("LIQ-10 fourth close")
    if closes > 0:
        state.hit("LIQ-10 next close")


def close(state: State, position: Position, lots: int, price_ticks: int) -> None:
    """LIQ-3 or LIQ-5 for some lots of a cross position."""
    market = state.markets[position.instrument_id]
    assert market.prices is not None
    tell_step(state, position, lots, price_ticks if market.is_order_driven else 0)
    if market.is_order_driven:
        state.hit("LIQ-10 in a book")
        close_through_book(state, market, position, lots, price_ticks)
    else:
        state.hit("LIQ-10 by the house")
        touch = market.prices["BID" if position.side == "BUY" else "ASK"]
        reduce(state, position, lots, touch, "TAKER", "LIQUIDATION")
        notice(state)


def lots_to_close(state: State, position: Position) -> int:
    """LIQ-10: what cures the account if a unit of value that closes frees g (× 1e8) of it."""
    market = state.markets[position.instrument_id]
    positions = cross_positions(state, position.account_id, market.asset_id)
    notional = sum(value_at_mark(state, one) for one in side_of(positions, position))
    spec = market.spec
    freed_e8 = tier_rate_e8(spec["tiers"], notional) + close_fee_e8(spec)
    freed_e8 -= state.fee_rate(position.account_id, market, "TAKER")
    freed_e8 -= spec["liquidation_fee_e8"]
    if freed_e8 <= 0:
        state.hit("LIQ-10 frees nothing")
        return position.qty_lots
    health = standing(state, position.account_id, market.asset_id).health_e8
    wanted = ceil_div(1 - health, market.mark * market.k * freed_e8)
    return min(position.qty_lots, max(1, wanted))


def tier_rate_e8(tiers: tuple[tuple[int, int, int], ...], notional_atoms: int) -> int:
    """The maintenance rate of the tier that a value lies in; beyond the last cap the last's."""
    for cap, rate, _ in tiers:
        if notional_atoms <= cap:
            return rate
    return tiers[-1][1]


def bankruptcy_prices(state: State, account_id: int, asset_id: int) -> dict[int, int]:
    """LIQ-11: by position, where its share of the equity is gone."""
    positions = cross_positions(state, account_id, asset_id)
    equity = standing(state, account_id, asset_id).equity_atoms
    weights = {one.position_id: share_e8(state, positions, one) for one in positions}
    if sum(weights.values()) == 0:
        state.hit("LIQ-11 by value")
        weights = {one.position_id: Fraction(value_at_mark(state, one)) for one in positions}
    whole = sum(weights.values())
    prices = {}
    for position in positions:
        market = state.markets[position.instrument_id]
        part = equity * weights[position.position_id] / whole
        margin = floor_div(part.numerator, part.denominator) - profit_at_mark(state, position)
        ticks = bankruptcy_tick_of(position, margin, market.k)
        highest = largest_price_ticks(market.spec, market.k)
        prices[position.position_id] = max(1, min(highest, ticks))
    return prices
