"""Position modes, legs and margin modes (KEY-…).  Knows what fits a mode; trades nothing."""

from tests.oracle.orders import refuse_if
from tests.oracle.records import Fields, Market
from tests.oracle.state import Refused, State


def named_market(state: State, command: Fields) -> Market:
    """The market that a command of an account names."""
    refuse_if(command["account_id"] not in state.accounts, "UNKNOWN_ACCOUNT")
    market = state.markets.get(command["instrument_id"])
    refuse_if(market is None, "UNKNOWN_SYMBOL")
    assert market is not None
    return market


def in_use(state: State, account_id: int, instrument_id: int, leg: str | None = None) -> bool:
    """Whether the account has an order or a position in the market, or on one leg there."""
    held = [
        position
        for position in state.positions.values()
        if (position.account_id, position.instrument_id) == (account_id, instrument_id)
        and leg in (None, position.leg)
    ]
    return bool(held or state.orders_of_key(account_id, instrument_id, leg))


def leg_fits(state: State, account_id: int, market: Market, leg: str) -> bool:
    """A leg is named in hedging, and nowhere else."""
    return (state.mode_of(account_id, market) == "HEDGING") == (leg != "NONE")


def set_position_mode(state: State, command: Fields) -> None:
    """KEY-1."""
    market, account_id = named_market(state, command), command["account_id"]
    if in_use(state, account_id, market.instrument_id):
        state.hit("KEY-1 used")
        raise Refused("MODE_IN_USE")
    state.modes[account_id, market.instrument_id] = command["mode"]
    state.tell("PositionModeChanged", **command)


def set_margin_mode(state: State, command: Fields) -> None:
    """KEY-5."""
    market, account_id, leg = named_market(state, command), command["account_id"], command["leg"]
    refuse_if(not leg_fits(state, account_id, market, leg), "BAD_COMBINATION")
    # In ticket mode nothing has a leg: this is the account in the market.
    if in_use(state, account_id, market.instrument_id, leg):
        state.hit("KEY-5 used")
        raise Refused("MODE_IN_USE")
    state.margin_modes[account_id, market.instrument_id, leg] = command["margin_mode"]
    state.tell("MarginModeChanged", **command)
