"""Another leverage for a key that may have a position and orders (KEY-4)."""

from engine.commands import BUY, SELL, Leg, SetLeverage
from engine.cross import note_change, spendable_atoms
from engine.events import Event, LeverageChanged, MarginAdjusted, Rejected
from engine.holds import hold_atoms, need_atoms, side_exposure
from engine.instrument import HALTED, TICKET, PositionMode
from engine.key import Key
from engine.margin import initial_margin_atoms, is_liquidatable
from engine.market import MARK, Market
from engine.order import Order
from engine.position import Position
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.trigger_index import rearm_position


def set_leverage(state: State, command: SetLeverage, events: list[Event]) -> None:
    """Change the leverage of a key, and with it margins and holds; or refuse it whole."""
    reason = _reason(state, command)
    market = state.market(command.instrument_id)
    if market is None or reason is not NONE:
        events.append(Rejected(command.account_id, reason))
        return
    key = market.seat(command.account_id).key(command.leg)
    leverage = command.leverage
    events.append(LeverageChanged(command.account_id, command.instrument_id, leverage, command.leg))
    if leverage != key.leverage:
        _take(state, key, leverage, events)


def _reason(state: State, command: SetLeverage) -> RejectReason:
    if state.account(command.account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    market = state.market(command.instrument_id)
    if market is None:
        return RejectReason.UNKNOWN_SYMBOL
    seat = market.seat(command.account_id)
    if market.status is HALTED and seat.is_in_use():
        return RejectReason.HALTED
    if seat.mode is TICKET or (seat.mode is PositionMode.HEDGING) != (command.leg is not Leg.NONE):
        return RejectReason.BAD_COMBINATION
    if not 1 <= command.leverage <= market.spec.leverage_max:
        return RejectReason.BAD_LEVERAGE
    key = seat.key(command.leg)
    if not key.is_in_use() or command.leverage == key.leverage:
        return NONE
    return _use_reason(state, market, key, command.leverage)


def _use_reason(state: State, market: Market, key: Key, leverage: int) -> RejectReason:
    """Why what the key has does not bear the leverage, or NONE."""
    position = key.position
    added = _added_margin_atoms(key, leverage)
    if added < 0 and market.is_stale(state.time_ns):
        return RejectReason.STALE_PRICE
    if leverage > key.leverage:
        for side in (BUY, SELL):
            exposure, _ = side_exposure(market, position, key.resting(side), side)
            if exposure > market.notional_caps[leverage]:
                return RejectReason.RISK_TIER
    rise = added + _reserve_rise_atoms(key, leverage)
    if rise > 0 and rise > spendable_atoms(state, market.asset_id, key.account_id, key.is_cross):
        return RejectReason.INSUFFICIENT_BALANCE
    if position is not None and not key.is_cross and _would_liquidate(position, added):
        return RejectReason.WOULD_LIQUIDATE
    return NONE


def _added_margin_atoms(key: Key, leverage: int) -> int:
    """Isolated: what the margin takes from free, `M0' − M0`; negative: gives back."""
    position = key.position
    if position is None or key.is_cross:
        return 0
    initial = initial_margin_atoms(position.cost_atoms, leverage)
    return initial - position.initial_margin_atoms


def _reserve_rise_atoms(key: Key, leverage: int) -> int:
    """By how much the key's hold and, in cross margin, its initial margin at the mark rise."""
    market, position = key.market, key.position
    buys = [_at_leverage(order, leverage) for order in key.buys]
    sells = [_at_leverage(order, leverage) for order in key.sells]
    rise = hold_atoms(buys, sells, position) - key.hold_atoms
    if position is not None and key.is_cross:
        value = position.qty_lots * market.prices[MARK] * market.k
        rise += initial_margin_atoms(value, leverage)
        rise -= initial_margin_atoms(value, position.leverage)
    return rise


def _at_leverage(order: Order, leverage: int) -> Order:
    """The order as it would be."""
    if order.closing:
        return order
    other = order.copy()
    other.leverage = leverage
    other.hold_atoms = need_atoms(other, other.qty_lots)
    return other


def _would_liquidate(position: Position, added_atoms: int) -> bool:
    market, margin = position.market, position.margin_atoms + added_atoms
    return margin <= 0 or is_liquidatable(
        position.side,
        position.qty_lots,
        position.basis_atoms(),
        margin,
        market.mark_ticks,
        market.k,
        market.rates,
        market.close_fee_e8,
    )


def _take(state: State, key: Key, leverage: int, events: list[Event]) -> None:
    """Everything that depends on the leverage follows: orders, hold, margin, prices that fire."""
    position, market = key.position, key.market
    added, ledger = _added_margin_atoms(key, leverage), state.asset_ledger(key.market)
    key.leverage = leverage
    for order in key.seat.orders():
        if order.key is key and not order.closing:
            order.leverage = leverage
            if not order.is_conditional():
                order.hold_atoms = need_atoms(order, order.qty_lots)
    held = hold_atoms(key.buys, key.sells, position)
    ledger.change_hold(key.account_id, held - key.hold_atoms)
    key.hold_atoms = held
    if position is not None:
        position.leverage = leverage
        position.initial_margin_atoms = initial_margin_atoms(position.cost_atoms, leverage)
        if added:
            ledger.adjust_margin(position, added)
            events.append(
                MarginAdjusted(position.position_id, position.account_id, position.margin_atoms)
            )
        rearm_position(state.firing, position)
    if key.is_in_use():
        note_change(state, market.asset_id, key.account_id)
