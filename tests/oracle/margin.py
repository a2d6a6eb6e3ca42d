"""Exits and margin of what is open already."""

from dataclasses import replace

from tests.oracle import ladder
from tests.oracle.cross import spendable_for
from tests.oracle.ladder import reached
from tests.oracle.orders import refuse_if
from tests.oracle.records import (
    AMOUNT_ATOMS_MAX,
    AUTO_CLOSE_E8_MAX,
    E8,
    KEEP,
    NOTIONAL_ATOMS_MAX,
    Fields,
    Market,
    Position,
)
from tests.oracle.rules import (
    auto_close_holds,
    ceil_div,
    fee_of,
    is_liquidatable,
    largest_price_ticks,
    profit_of,
)
from tests.oracle.state import State
from tests.oracle.trailing import arm, trails


def open_position(state: State, command: Fields) -> Position:
    """The position of the account that a command names."""
    refuse_if(command["account_id"] not in state.accounts, "UNKNOWN_ACCOUNT")
    position = state.positions.get(command["position_id"])
    own = position is not None and position.account_id == command["account_id"]
    refuse_if(not own, "UNKNOWN_POSITION")
    assert position is not None
    return position


def set_exits(state: State, command: Fields) -> None:
    """EXI-6."""
    command = {"trail_ticks": KEEP, "trail_e8": KEEP, **command}
    position = open_position(state, command)
    market = state.markets[position.instrument_id]
    refuse_if(market.status == "HALTED", "HALTED")
    source = command["trigger_source"]
    refuse_if(source in ("BID", "ASK"), "BAD_COMBINATION")
    refuse_if(bad_exits(market, command), "BAD_PRICE")
    refuse_if(already_true(market, position, command), "WOULD_TRIGGER")
    for name in ("stop_loss_ticks", "take_profit_ticks", "auto_close_e8"):
        if command[name] != KEEP:
            setattr(position, name, command[name])
    trail_anew(state, market, position, command)
    state.tell(
        "ExitsChanged",
        position_id=position.position_id,
        account_id=position.account_id,
        stop_loss_ticks=position.stop_loss_ticks,
        take_profit_ticks=position.take_profit_ticks,
        auto_close_e8=position.auto_close_e8,
        trail_ticks=position.trail_ticks,
        trail_e8=position.trail_e8,
    )


def bad_exits(market: Market, command: Fields) -> bool:
    """A tick, a width or a threshold that no exit may have."""
    highest = largest_price_ticks(market.spec, market.k)
    names = "stop_loss_ticks take_profit_ticks trail_ticks"
    bounds = [(command[name], highest) for name in names.split()]
    bounds.append((command["trail_e8"], E8 - 1))
    threshold = command["auto_close_e8"]
    return any(each != KEEP and not 0 <= each <= most for each, most in bounds) or (
        threshold != KEEP and abs(threshold) > AUTO_CLOSE_E8_MAX
    )


def trail_anew(state: State, market: Market, position: Position, command: Fields) -> None:
    """TRL-4: the extreme stays only if all that is trailed by stays."""
    source, had = command["trigger_source"], trails(position)
    stays = source == position.exit_source
    position.exit_source = source
    for name in ("trail_ticks", "trail_e8"):
        if command[name] != KEEP:
            setattr(position, name, command[name])
            stays = False
    if not stays:
        arm(market, position, source)
    if had or trails(position):
        state.hit(f"TRL-4 exits {'keep' if stays else 'anew'}")


def already_true(market: Market, position: Position, command: Fields) -> bool:
    """Whether one of the exits that the command sets would fire at once."""
    assert market.prices is not None
    price, long = market.prices[command["trigger_source"]], position.side == "BUY"
    stop_loss, take_profit = command["stop_loss_ticks"], command["take_profit_ticks"]
    if stop_loss not in (0, KEEP) and reached(price, stop_loss, not long):
        return True
    if take_profit not in (0, KEEP) and reached(price, take_profit, long):
        return True
    threshold = command["auto_close_e8"]
    return threshold not in (0, KEEP) and auto_close_holds(
        position.side,
        position.qty_lots,
        position.basis_atoms,
        position.initial_margin_atoms,
        threshold,
        market.prices["MARK"],
        market.k,
    )


def adjust_margin(state: State, command: Fields) -> None:
    """MRG-1."""
    position = open_position(state, command)
    market, amount = state.markets[position.instrument_id], command["amount_atoms"]
    removes = amount < 0
    refuse_if(removes and market.status == "HALTED", "HALTED")
    refuse_if(state.is_cross(position), "BAD_COMBINATION")
    after = position.margin_atoms + amount
    bad = amount == 0 or abs(amount) > AMOUNT_ATOMS_MAX or after > NOTIONAL_ATOMS_MAX
    refuse_if(bad, "BAD_AMOUNT")
    refuse_if(removes and ladder.stale(state, market), "STALE_PRICE")
    refuse_if(amount > max(0, spendable_for(state, position)), "INSUFFICIENT_BALANCE")
    refuse_if(removes and too_low(state, market, position, after), "MARGIN_TOO_LOW")
    position.margin_atoms += amount
    state.move_free(position.account_id, market.asset_id, -amount)
    state.note_change(position.account_id, market.asset_id)
    state.tell(
        "MarginAdjusted",
        position_id=position.position_id,
        account_id=position.account_id,
        margin_atoms=position.margin_atoms,
    )


def too_low(state: State, market: Market, position: Position, margin_atoms: int) -> bool:
    """Whether a margin is less than must stay: by cost, and by the mark with the closing fee."""
    assert market.prices is not None
    mark = market.prices["MARK"]
    notional = position.qty_lots * mark * market.k
    profit = profit_of(position.side, position.qty_lots, position.basis_atoms, mark, market.k)
    on_margin = market.spec["fee_basis"] == "MARGIN"
    base = position.initial_margin_atoms if on_margin else notional
    taker_e8 = state.fee_rate(position.account_id, market, "TAKER")
    needed = ceil_div(notional, position.leverage) + fee_of(base, taker_e8)
    after = replace(position, margin_atoms=margin_atoms)
    return (
        margin_atoms < ceil_div(position.cost_atoms, position.leverage)
        or margin_atoms + min(0, profit) < needed
        or is_liquidatable(after, mark, market.k, market.spec)
    )
