"""Accounts, tokens and instruments: what exists in the venue (ACC-…, INS-…)."""

from typing import Final

from engine.cancel_order import cancel_openers
from engine.commands import (
    ChangeInstrument,
    IssueToken,
    Leg,
    ListInstrument,
    OpenAccount,
    RevokeToken,
    SetInstrumentStatus,
    SetMarginMode,
    SetPositionMode,
)
from engine.events import (
    AccountOpened,
    Event,
    InstrumentChanged,
    InstrumentListed,
    MarginModeChanged,
    PositionModeChanged,
    Rejected,
    StatusChanged,
    TokenIssued,
    TokenRevoked,
)
from engine.fee_tiers import renew_holds
from engine.funding import next_stamp_ns
from engine.instrument import (
    HALTED,
    InstrumentSpec,
    InstrumentStatus,
    MarginMode,
    PositionMode,
    RiskTier,
    instrument_fault,
    is_name,
)
from engine.market import Market
from engine.price_update import travel
from engine.reject_reason import NONE, RejectReason
from engine.state import Account, State, Token
from engine.units import NOBODY, AccountId, AssetId, InstrumentId

USER_ID_LENGTH_MAX: Final = 64
TOKEN_HASH_BYTES: Final = 32


def open_account(state: State, command: OpenAccount) -> Event | RejectReason:
    """A new account, with nothing in it."""
    user_id = command.user_id
    if not is_name(user_id, USER_ID_LENGTH_MAX):
        return RejectReason.BAD_NAME
    if user_id in state.account_ids:
        return RejectReason.DUPLICATE_ACCOUNT
    account_id = AccountId(len(state.accounts))
    state.accounts.append(Account(account_id, user_id))
    state.account_ids.add(user_id, account_id)
    state.ledger.add_account()
    return AccountOpened(account_id, user_id)


def issue_token(state: State, command: IssueToken) -> Event | RejectReason:
    """A token works from here on, for an account or for the operator."""
    if command.account_id != 0 and state.account(command.account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    if len(command.token_hash) != TOKEN_HASH_BYTES:
        return RejectReason.BAD_NAME
    if command.token_hash in state.tokens:
        return RejectReason.DUPLICATE_TOKEN
    state.tokens.add(command.token_hash, Token(command.account_id, command.scopes, False))
    return TokenIssued(command.account_id, command.token_hash, command.scopes)


def revoke_token(state: State, command: RevokeToken) -> Event | RejectReason:
    """A token stops working; its hash stays known, so that it never comes back."""
    token = state.tokens.get(command.token_hash)
    if token is None or token.revoked:
        return RejectReason.UNKNOWN_TOKEN
    token.revoked = True
    return TokenRevoked(token.account_id, command.token_hash)


def list_instrument(state: State, command: ListInstrument) -> Event | RejectReason:
    """A new market; its settlement asset exists from here on."""
    spec = command.spec
    if instrument_fault(spec):
        return RejectReason.BAD_INSTRUMENT
    if spec.symbol in state.symbols:
        return RejectReason.DUPLICATE_SYMBOL
    asset_id = state.asset_ids.get(spec.settlement)
    if asset_id is None:
        asset_id = len(state.assets)
        state.assets.append(spec.settlement)
        state.asset_ids[spec.settlement] = asset_id
        state.ledger.add_asset()
        state.cross_accounts.append([])
    instrument_id = InstrumentId(len(state.markets))
    market = Market(instrument_id, AssetId(asset_id), spec)
    market.next_funding_ns = next_stamp_ns(spec, state.time_ns)
    state.add_market(market)
    return InstrumentListed(instrument_id, spec.symbol)


def change_instrument(state: State, command: ChangeInstrument, events: list[Event]) -> None:
    """New settings for a market; its identity and its switches stay (INS-2)."""
    reason = change_reason(state, command)
    market = state.market(command.instrument_id)
    if market is None or reason is not NONE:
        events.append(Rejected(NOBODY, reason))
        return
    maker_fee_e8 = market.spec.maker_fee_e8
    if market.spec.funding_interval_ns != command.spec.funding_interval_ns:
        market.next_funding_ns = next_stamp_ns(command.spec, state.time_ns)
        state.renew_stamps()
    market.set_spec(command.spec)
    events.append(InstrumentChanged(market.instrument_id))
    if maker_fee_e8 != command.spec.maker_fee_e8:
        for seat in market.seats:
            if seat is not None:
                renew_holds(state, seat, events)


def change_reason(state: State, command: ChangeInstrument) -> RejectReason:
    """Why the settings may not change, or NONE."""
    market = state.market(command.instrument_id)
    if market is None:
        return RejectReason.UNKNOWN_SYMBOL
    old, new = market.spec, command.spec
    if instrument_fault(new) or identity(old) != identity(new):
        return RejectReason.BAD_INSTRUMENT
    if market.open_positions and maintenance(old) != maintenance(new):
        return RejectReason.INSTRUMENT_IN_USE
    return NONE


def identity(spec: InstrumentSpec) -> tuple[object, ...]:
    """What never changes about a market."""
    return (
        spec.symbol,
        spec.base,
        spec.settlement,
        spec.tick_size_e8,
        spec.lot_size_e8,
        spec.market,
        spec.position_mode,
        spec.margin_mode,
        spec.fee_basis,
        spec.remainder,
    )


def maintenance(spec: InstrumentSpec) -> tuple[object, ...]:
    """What liquidation prices depend on."""
    tiers = tuple(_tier_row(tier) for tier in spec.tiers)
    return tiers, spec.taker_fee_e8, spec.close_fee_reserved


def _tier_row(tier: RiskTier) -> tuple[int, int, int]:
    return tier.cap_atoms, tier.maintenance_e8, tier.leverage_max


def set_status(state: State, command: SetInstrumentStatus, events: list[Event]) -> None:
    """Trade, only close, or halt; the end of a halt lets the stored prices travel (INS-3)."""
    market = state.market(command.instrument_id)
    if market is None:
        events.append(Rejected(NOBODY, RejectReason.UNKNOWN_SYMBOL))
        return
    was_halted = market.status is HALTED
    market.status = command.status
    events.append(StatusChanged(market.instrument_id, command.status))
    if command.status is InstrumentStatus.CLOSE_ONLY:
        cancel_openers(state, market, events)
    if was_halted and command.status is not HALTED and market.has_price():
        travel(state, market)


def set_margin_mode(state: State, command: SetMarginMode) -> Event | RejectReason:
    """Whether a key's positions stand alone or with the account, while it is not in use (KEY-5)."""
    if state.account(command.account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    market = state.market(command.instrument_id)
    if market is None:
        return RejectReason.UNKNOWN_SYMBOL
    seat = market.seat(command.account_id)
    if (seat.mode is PositionMode.HEDGING) != (command.leg is not Leg.NONE):
        return RejectReason.BAD_COMBINATION
    key = seat.key(command.leg)
    if key.is_in_use() or (not key.pools and seat.is_in_use()):
        return RejectReason.MODE_IN_USE
    key.is_cross = command.margin_mode is MarginMode.CROSS
    return MarginModeChanged(
        command.account_id, command.instrument_id, command.leg, command.margin_mode
    )


def set_position_mode(state: State, command: SetPositionMode) -> Event | RejectReason:
    """What the account's positions in a market are keyed by, while none is open (KEY-1)."""
    if state.account(command.account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    market = state.market(command.instrument_id)
    if market is None:
        return RejectReason.UNKNOWN_SYMBOL
    seat = market.seat(command.account_id)
    if seat.is_in_use():
        return RejectReason.MODE_IN_USE
    seat.set_mode(command.mode)
    return PositionModeChanged(command.account_id, command.instrument_id, command.mode)
