"""Fee tiers: what an account pays in a market (FEE-…).  Knows rates; moves no fee."""

from tests.oracle.holds import rebalance
from tests.oracle.orders import refuse_if
from tests.oracle.records import E8, Fields
from tests.oracle.state import State

FEE_TIERS_MAX = 100


def set_fee_tier(state: State, command: Fields) -> None:
    """FEE-1."""
    instrument_id, tier = command["instrument_id"], command["tier"]
    maker_e8, taker_e8 = command["maker_fee_e8"], command["taker_fee_e8"]
    refuse_if(instrument_id not in state.markets, "UNKNOWN_SYMBOL")
    sound = -E8 < maker_e8 < E8 and 0 <= taker_e8 < E8 and maker_e8 + taker_e8 >= 0
    refuse_if(not 1 <= tier <= FEE_TIERS_MAX or not sound, "BAD_FEE_TIER")
    state.tier_fees[instrument_id, tier] = maker_e8, taker_e8
    state.tell("FeeTierChanged", **command)
    for account_id in sorted(state.accounts):
        if state.tier_of.get(account_id, 0) == tier:
            settle_anew(state, account_id, instrument_id)


def assign_fee_tier(state: State, command: Fields) -> None:
    """FEE-2."""
    account_id, tier = command["account_id"], command["tier"]
    refuse_if(account_id not in state.accounts, "UNKNOWN_ACCOUNT")
    refuse_if(not 0 <= tier <= FEE_TIERS_MAX, "BAD_FEE_TIER")
    state.tier_of[account_id] = tier
    state.tell("FeeTierAssigned", **command)
    for instrument_id in sorted(state.markets):
        settle_anew(state, account_id, instrument_id)


def settle_anew(state: State, account_id: int, instrument_id: int) -> None:
    """FEE-4: resting orders need something else; what a ticket order holds stays."""
    heard, held = len(state.facts), dict(state.key_holds)
    rebalance(state, account_id, state.markets[instrument_id])
    if len(state.facts) > heard:
        state.hit("FEE-4 order cancelled")
    if state.key_holds != held:
        rises = sum(state.key_holds.values()) > sum(held.values())
        state.hit(f"FEE-4 hold {'rises' if rises else 'falls'}")
