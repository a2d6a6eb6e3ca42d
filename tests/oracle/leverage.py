"""Another leverage for a key, with what hangs on it (KEY-4).  Knows margins; trades nothing."""

from dataclasses import replace

from tests.oracle.cross import spendable, value_at_mark
from tests.oracle.holds import key_need, opening_lots, rebalance_key, size_of
from tests.oracle.keys import in_use, leg_fits, named_market
from tests.oracle.ladder import stale
from tests.oracle.orders import refuse_if
from tests.oracle.records import Fields, Market, Order, Position
from tests.oracle.rules import cap_atoms, ceil_div, is_liquidatable
from tests.oracle.state import Key, Refused, State


def set_leverage(state: State, command: Fields) -> None:
    """KEY-4: refused whole, or margin, hold and reserve follow."""
    market, account_id, leg = named_market(state, command), command["account_id"], command["leg"]
    busy = in_use(state, account_id, market.instrument_id)
    refuse_if(market.status == "HALTED" and busy, "HALTED")
    fits = leg_fits(state, account_id, market, leg)
    refuse_if(state.is_ticket(account_id, market) or not fits, "BAD_COMBINATION")
    leverage, key = command["leverage"], (account_id, market.instrument_id, leg)
    refuse_if(not 1 <= leverage <= market.spec["leverage_max"], "BAD_LEVERAGE")
    before = state.leverages.get(key, 1)
    if leverage != before and in_use(state, *key):
        reason = refusal(state, market, key, leverage)
        if reason:
            state.hit(f"KEY-4 {reason}")
            raise Refused(reason)
    state.leverages[key] = leverage
    state.tell("LeverageChanged", **command)
    if leverage != before and in_use(state, *key):
        take(state, market, key, leverage)


def refusal(state: State, market: Market, key: Key, leverage: int) -> str:
    """Why what the key has does not bear the leverage; an empty string if it does."""
    position, cross = state.position_of_key(*key), is_cross(state, market, key)
    orders = [at_leverage(order, leverage) for order in state.orders_of_key(*key)]
    added = added_margin(position, leverage, cross)
    if added < 0 and stale(state, market):
        return "STALE_PRICE"
    if leverage > state.leverages.get(key, 1) and beyond_tier(market, orders, position, leverage):
        return "RISK_TIER"
    rise = added - state.key_holds.get(key, 0)
    rise += key_need(state, market, orders, *size_of(position))
    if cross and position is not None:
        value = value_at_mark(state, position)
        rise += ceil_div(value, leverage) - ceil_div(value, position.leverage)
    if rise > 0 and rise > spendable(state, key[0], market.asset_id, cross):
        return "INSUFFICIENT_BALANCE"
    if position is not None and not cross:
        after = replace(position, margin_atoms=position.margin_atoms + added)
        if after.margin_atoms <= 0 or is_liquidatable(after, market.mark, market.k, market.spec):
            return "WOULD_LIQUIDATE"
    return ""


def is_cross(state: State, market: Market, key: Key) -> bool:
    """Whether the account stands for the key."""
    return state.margin_modes.get(key, market.spec["margin_mode"]) == "CROSS"


def at_leverage(order: Order, leverage: int) -> Order:
    """An opener as it would be; a closing order has no leverage."""
    return order if order.closing else replace(order, leverage=leverage)


def added_margin(position: Position | None, leverage: int, cross: bool) -> int:
    """What an isolated position's margin takes from free; below zero it gives back."""
    if position is None or cross:
        return 0
    return ceil_div(position.cost_atoms, leverage) - position.initial_margin_atoms


def beyond_tier(
    market: Market, orders: list[Order], position: Position | None, leverage: int
) -> bool:
    """TIR-1's exposure of either side, against the cap of the leverage."""
    side, held = size_of(position)
    for each in ("BUY", "SELL"):
        exposure = held * market.mark * market.k if side == each else 0
        for order, lots in opening_lots(orders, each, side, held):
            exposure += lots * order.price_ticks * market.k
        if exposure > cap_atoms(market.spec, leverage):
            return True
    return False


def take(state: State, market: Market, key: Key, leverage: int) -> None:
    """The key's openers, hold, and position follow."""
    position, cross = state.position_of_key(*key), is_cross(state, market, key)
    state.note_change(key[0], market.asset_id)
    for order in state.orders_of_key(*key):
        if not order.closing:
            order.leverage = leverage
    if position is not None:
        added = added_margin(position, leverage, cross)
        position.leverage = leverage
        position.initial_margin_atoms = ceil_div(position.cost_atoms, leverage)
        position.margin_atoms += added
        state.move_free(key[0], market.asset_id, -added)
        state.hit("KEY-4 cross" if cross else f"KEY-4 margin {'rises' if added > 0 else 'falls'}")
        if added != 0:
            state.tell(
                "MarginAdjusted",
                position_id=position.position_id,
                account_id=position.account_id,
                margin_atoms=position.margin_atoms,
            )
    held = state.key_holds.get(key, 0)
    rebalance_key(state, market, key)
    if state.key_holds.get(key, 0) != held:
        state.hit(f"KEY-4 hold {'rises' if state.key_holds.get(key, 0) > held else 'falls'}")
