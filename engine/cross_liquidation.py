"""A cross account that cannot keep its positions: what is closed, how much, at what price (LIQ-10).

Largest maintenance first, and only as much as needed, until the account can go on.
"""

from typing import Final

from engine.closing import close_by_trigger
from engine.cross import CrossAccount, position_profit_atoms
from engine.events import (
    AccountLiquidated,
    CancelCause,
    CloseCause,
    DebtSettled,
    Event,
)
from engine.instrument import HALTED
from engine.liquidation import close_at, liquidation_step
from engine.margin import bankruptcy_ticks, tier_rate_e8
from engine.market import MARK
from engine.open_orders import cancel_open_order, settle_holds
from engine.order import Order
from engine.position import Position
from engine.state import State, open_orders
from engine.trigger_index import rearm_position
from engine.units import E8, div_ceil, div_floor

CAREFUL_ROUNDS: Final = 3  # after so many closes everything goes


def liquidate_account(state: State, account: CrossAccount, events: list[Event]) -> None:
    """Cancel its orders; close positions until it is solvent, or nothing is left to close."""
    if not _closable(state, account):
        return
    equity, needed = account.equity_atoms(), div_ceil(account.maintenance_e8(), E8)
    events.append(AccountLiquidated(account.account_id, account.asset_id, equity, needed))
    _cancel_orders(state, account, events)
    prices: dict[int, int] = {}
    if any(standing.market.is_order_driven for standing in account.standings.values()):
        prices = bankruptcy_prices(account)
    rounds = 0
    while True:
        equity, needed_e8 = account.equity_atoms(), account.maintenance_e8()
        if equity * E8 - needed_e8 >= 1:
            return
        position = _largest(account, _closable(state, account))
        if position is None:
            return
        lots = position.qty_lots if rounds >= CAREFUL_ROUNDS else lots_to_close(account, position)
        price_ticks = prices[position.position_id] if position.market.is_order_driven else 0
        events.append(liquidation_step(position, equity, needed_e8, lots, price_ticks))
        if position.market.is_order_driven:
            close_at(state, position, lots, price_ticks, events)
            if position.qty_lots:
                rearm_position(state.firing, position)
        else:
            close_by_trigger(state, position, lots, CloseCause.LIQUIDATION, events)
        rounds += 1


def settle_debt(state: State, account: CrossAccount, events: list[Event]) -> None:
    """A flat account with less than nothing: orders, then fees, then insurance (CRS-5)."""
    account_id, ledger = account.account_id, account.ledger
    for order in reversed(_orders(state, account)):
        if ledger.free[account_id] >= 0:
            break
        if not order.closing and state.orders.get(order.order_id) is order:
            cancel_open_order(state, order, CancelCause.HOLD_SHORT, events)
            settle_holds(state, order.seat, events)
    owed = -ledger.free[account_id]
    if owed <= 0:
        return
    waived = min(owed, account.closing_fees_atoms)
    account.closing_fees_atoms -= waived
    insurance_paid = ledger.settle_debt(account_id, waived)
    events.append(DebtSettled(account_id, account.asset_id, waived, insurance_paid))


def _orders(state: State, account: CrossAccount) -> list[Order]:
    """The account's open orders in the markets of the asset, by id."""
    found = open_orders(state, account.account_id)
    return [order for order in found if order.market.asset_id == account.asset_id]


def _cancel_orders(state: State, account: CrossAccount, events: list[Event]) -> None:
    for order in _orders(state, account):
        if state.orders.get(order.order_id) is order:
            cancel_open_order(state, order, CancelCause.LIQUIDATION, events)
            settle_holds(state, order.seat, events)


def _closable(state: State, account: CrossAccount) -> list[Position]:
    """Its positions in markets that are neither halted nor stale, by id."""
    found: list[Position] = []
    for standing in account.standings.values():
        market = standing.market
        if market.status is not HALTED and not market.is_stale(state.time_ns):
            found += standing.positions
    if len(found) > 1:
        found.sort(key=_position_id)
    return found


def _largest(account: CrossAccount, positions: list[Position]) -> Position | None:
    """Of these, by id, the one with the largest share of maintenance, then lowest id.

    The share is `MM(side) × Q / Q(side)`, compared as cross-multiplied integers.
    """
    if len(positions) <= 1:
        return positions[0] if positions else None
    best: Position | None = None
    best_share, best_lots = 0, 1
    for position in positions:
        side_e8, side_lots = _side_maintenance(account, position)
        share = side_e8 * position.qty_lots
        if best is None or share * best_lots > best_share * side_lots:
            best, best_share, best_lots = position, share, side_lots
    return best


def _side_maintenance(account: CrossAccount, position: Position) -> tuple[int, int]:
    """Maintenance (e8) and lots of the position's side in its market, all positions together."""
    market, side = position.market, position.side
    exposure = account.standings[market.instrument_id].exposure
    return exposure.side_maintenance_e8(side, market.prices[MARK]), exposure.side_lots(side)


def lots_to_close(account: CrossAccount, position: Position) -> int:
    """How many lots make the account solvent again, if closing costs what it should.

    `g = mmr_t + cf − taker − liquidation fee`: what a unit of value closed frees.  `g ≤ 0`: all;
    else `min(Q, max(1, ceil((MM_e8 − E·1e8 + 1) / (p·K·g))))` (LIQ-10).
    """
    market = position.market
    spec, mark_ticks = market.spec, market.prices[MARK]
    lot_atoms = mark_ticks * market.k
    side_lots = account.standings[market.instrument_id].exposure.side_lots(position.side)
    freed_e8 = tier_rate_e8(spec, side_lots * lot_atoms) + market.close_fee_e8
    freed_e8 -= position.seat.fees.taker_e8 + spec.liquidation_fee_e8
    if freed_e8 <= 0:
        return position.qty_lots
    missing_e8 = 1 - account.health_e8()
    return min(position.qty_lots, max(1, div_ceil(missing_e8, lot_atoms * freed_e8)))


def bankruptcy_prices(account: CrossAccount) -> dict[int, int]:
    """By position: where it would use up its share of the equity, by the isolated formula.

    `m_i = floor(E × MM_i / ΣMM) − uPnL_i`; without any maintenance the values take its place.
    """
    equity = account.equity_atoms()
    positions = account.positions()
    weights: list[tuple[int, int]] = [_side_maintenance(account, p) for p in positions]
    total_e8 = account.maintenance_e8()
    if total_e8 == 0:
        weights = [(p.qty_lots * p.market.mark_ticks * p.market.k, p.qty_lots) for p in positions]
        total_e8 = sum(value for value, _ in weights)
    prices: dict[int, int] = {}
    for position, (side_e8, side_lots) in zip(positions, weights, strict=True):
        share = div_floor(equity * side_e8 * position.qty_lots, total_e8 * side_lots)
        margin = share - position_profit_atoms(position)
        ticks = bankruptcy_ticks(
            position.side,
            position.qty_lots,
            position.basis_atoms(),
            margin,
            position.market.k,
        )
        prices[position.position_id] = min(max(1, ticks), position.market.price_ticks_max)
    return prices


def _position_id(position: Position) -> int:
    return position.position_id
