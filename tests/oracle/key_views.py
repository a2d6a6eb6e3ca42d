"""Modes, keys and cross figures of the engine and of the oracle in the same words.

Knows where each keeps what; knows no rule.
"""

from engine.cross import spendable_atoms
from engine.state import State
from tests.oracle import records
from tests.oracle import state as records_state
from tests.oracle.cross import cross_positions, reserved_at_mark, spendable, standing

Figures = dict[tuple[object, ...], object]


def engine_keys(state: State) -> Figures:
    """Modes by account and market, and of each key leverage, margin mode and hold (KEY-…)."""
    found: Figures = {}
    for market in state.markets[1:]:
        assert market is not None
        for seat in market.seats:
            if seat is None or seat.account_id == records.FUND:
                continue
            where = seat.account_id, market.instrument_id
            if seat.mode is not market.spec.position_mode:
                found[where] = seat.mode.name
            for key in seat.each_key():
                settings = key.leverage, key.is_cross, key.hold_atoms
                if settings != (1, market.is_cross, 0):
                    found[*where, key.leg.name] = settings
    return found


def oracle_keys(state: records_state.State) -> Figures:
    """The same of the oracle."""
    found: Figures = {}
    for (account_id, instrument_id), mode in state.modes.items():
        if mode != state.markets[instrument_id].spec["position_mode"]:
            found[account_id, instrument_id] = mode
    for key in {*state.leverages, *state.margin_modes, *state.key_holds}:
        default = state.markets[key[1]].spec["margin_mode"]
        settings = (
            state.leverages.get(key, 1),
            state.margin_modes.get(key, default) == "CROSS",
            state.key_holds.get(key, 0),
        )
        if settings != (1, default == "CROSS", 0) and key[0] != records.FUND:
            found[key] = settings
    return found


def engine_cross(state: State) -> Figures:
    """Of each account with cross positions in an asset: E, IM, MM, H, and what it may spend."""
    return {
        (account.account_id, account.asset_id): (
            account.equity_atoms(),
            account.initial_margin_atoms(),
            account.maintenance_e8(),
            account.health_e8(),
            spendable_atoms(state, account.asset_id, account.account_id, True),
            spendable_atoms(state, account.asset_id, account.account_id, False),
        )
        for accounts in state.cross_accounts
        for account in accounts
        if account is not None and account.standings
    }


def oracle_cross(state: records_state.State) -> Figures:
    """The same of the oracle."""
    found: Figures = {}
    for position in state.positions.values():
        key = position.account_id, state.markets[position.instrument_id].asset_id
        if key in found or not state.is_cross(position):
            continue
        figures = standing(state, *key)
        found[key] = (
            figures.equity_atoms,
            reserved_at_mark(state, cross_positions(state, *key)),
            figures.maintenance_e8,
            figures.health_e8,
            spendable(state, *key, cross=True),
            spendable(state, *key, cross=False),
        )
    return found
