"""What engine and oracle keep for good, in the same words: names, settings, ids that were used.

Knows where each keeps what; knows no rule.
"""

from engine.state import State
from tests.oracle.venue import Venue
from tests.oracle.views import View, spec_to_oracle


def engine_records(state: State) -> View:
    """What the engine keeps for good: names, settings, ids that were used."""
    known = state.client_orders
    return {
        "accounts": {one.account_id: one.user_id for one in state.accounts if one is not None},
        "assets": dict(enumerate(state.assets[1:], 1)),
        "came in": {
            asset_id: ledger.deposited_atoms
            for asset_id, ledger in enumerate(state.ledger.assets)
            if asset_id > 0
        },
        "tokens": {
            token_hash: (token.account_id, token.scopes, token.revoked)
            for token_hash, token in state.tokens.items()
        },
        "transfer ids": set(state.transfers.names()),
        "fee tiers": {
            (market.instrument_id, tier): (fees.maker_e8, fees.taker_e8)
            for market in state.markets
            if market is not None
            for tier, fees in market.tier_fees.items()
        },
        "tier of": dict(state.fee_tiers),
        "specs": {
            market.instrument_id: spec_to_oracle(market.spec)
            for market in state.markets
            if market is not None
        },
        "first results": {
            (one.account_id, one.client_order_id): (one.digest, one.order_id, one.reason.name)
            for one in [*known.open_entries(), *known.closed_entries()]
        },
        "closed ids": [(one.account_id, one.client_order_id) for one in known.closed_entries()],
    }


def oracle_records(venue: Venue) -> View:
    """The same of the oracle."""
    state = venue.state
    return {
        "accounts": state.accounts,
        "assets": state.assets,
        "came in": {asset_id: state.came_in.get(asset_id, 0) for asset_id in state.assets},
        "tokens": state.tokens,
        "transfer ids": state.transfer_ids,
        "fee tiers": state.tier_fees,
        "tier of": {account_id: tier for account_id, tier in state.tier_of.items() if tier},
        "specs": {market.instrument_id: market.spec for market in state.markets.values()},
        "first results": {
            key: (first.digest, first.order_id, first.reason)
            for key, first in state.first_results.items()
        },
        "closed ids": state.closed_ids,
    }
