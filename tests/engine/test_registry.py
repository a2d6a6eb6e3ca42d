"""Accounts, tokens, instruments, leverage (ACC-1, ACC-2, INS-1, INS-2, INS-3, MRG-2)."""

import pytest

from engine.commands import (
    ChangeInstrument,
    IssueToken,
    ListInstrument,
    OpenAccount,
    RevokeToken,
    SetInstrumentStatus,
    SetLeverage,
)
from engine.instrument import FeeBasis, InstrumentStatus, PositionMode, Remainder
from engine.units import E8, AccountId, InstrumentId
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price

ALICE, BTC = AccountId(1), InstrumentId(1)


def test_accounts_count_from_one_and_have_nothing() -> None:
    venue = Venue(deposits=())
    assert venue.say(OpenAccount("x" * 64)) == [
        {"event": "AccountOpened", "account_id": 1, "user_id": "x" * 64}
    ]
    assert venue.names(OpenAccount("x" * 65)) == ["BAD_NAME"]
    assert venue.names(OpenAccount("")) == ["BAD_NAME"]
    assert venue.names(OpenAccount("x" * 64)) == ["DUPLICATE_ACCOUNT"]
    assert venue.free(1) == 0


def test_a_token_works_until_it_is_revoked_and_never_again() -> None:
    venue = Venue()
    token = b"t" * 32
    assert venue.names(IssueToken(AccountId(0), token, 8)) == ["TokenIssued"]
    kept = venue.state.tokens[token]
    assert (kept.account_id, kept.scopes, kept.revoked) == (0, 8, False)
    assert venue.names(RevokeToken(token)) == ["TokenRevoked"]
    assert venue.names(RevokeToken(token)) == ["UNKNOWN_TOKEN"]
    assert venue.names(IssueToken(ALICE, token, 1)) == ["DUPLICATE_TOKEN"]
    assert venue.names(IssueToken(AccountId(9), token, 1)) == ["UNKNOWN_ACCOUNT"]
    assert venue.state.tokens[token].revoked


def test_an_asset_exists_once_something_settles_in_it() -> None:
    venue = Venue()
    venue.apply(ListInstrument(plain_spec(symbol="ETH/USDT")))
    venue.apply(ListInstrument(plain_spec(symbol="BTC/EUR", settlement="EUR")))

    assert venue.state.assets == ["", "USDT", "EUR"]
    assert [m.asset_id for m in venue.state.markets if m is not None] == [1, 1, 2]
    assert [len(ledger.free) for ledger in venue.state.ledger.assets] == [2, 2, 2]


IDENTITY = {
    "symbol": "ETH/USDT",
    "base": "ETH",
    "settlement": "EUR",
    "tick_size_e8": 20_000_000,
    "lot_size_e8": 200_000,
    "position_mode": PositionMode.NETTING,
    "fee_basis": FeeBasis.NOTIONAL,
    "remainder": Remainder.TO_USER,
}


@pytest.mark.parametrize("field", IDENTITY)
def test_the_identity_of_a_market_never_changes(field: str) -> None:
    venue = Venue()

    changed = plain_spec(**{field: IDENTITY[field]})
    assert venue.names(ChangeInstrument(BTC, changed)) == ["BAD_INSTRUMENT"]


@pytest.mark.parametrize(
    "settings",
    [
        {"tiers": ((10**17, 1, 100),)},
        {"tiers": ((10**17, 0, 101),)},
        {"taker_fee_e8": 1},
        {"close_fee_reserved": True},
    ],
)
def test_what_liquidation_depends_on_waits_for_the_last_position(
    settings: dict[str, object],
) -> None:
    venue = Venue()
    venue.apply(order(qty_lots=1))
    assert venue.names(ChangeInstrument(BTC, plain_spec(**settings))) == ["INSTRUMENT_IN_USE"]
    venue.apply(price(1))
    assert venue.names(ChangeInstrument(BTC, plain_spec(**settings))) == ["InstrumentChanged"]


def test_other_settings_change_at_once() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=1))
    changed = plain_spec(
        maker_fee_e8=5,
        liquidation_fee_e8=5,
        leverage_max=50,
        price_band_e8=5,
        sanity_band_e8=5,
        stale_after_ns=5,
        orders_max=5,
        qty_lots_min=2,
        qty_lots_max=5,
        notional_atoms_min=5,
    )
    assert venue.names(ChangeInstrument(BTC, changed)) == ["InstrumentChanged"]
    market = venue.state.markets[1]
    assert market is not None
    assert market.spec is changed


@pytest.mark.parametrize("old", list(InstrumentStatus))
@pytest.mark.parametrize("new", list(InstrumentStatus))
def test_every_status_can_follow_every_other(old: InstrumentStatus, new: InstrumentStatus) -> None:
    """INS-3: openers go when the market becomes close-only; prices travel when a halt ends."""
    venue = Venue()
    venue.apply(order(qty_lots=1, stop_loss_ticks=190_000))
    venue.apply(order(qty_lots=1, price_ticks=180_000))
    venue.apply(SetInstrumentStatus(BTC, old))
    halted = old is InstrumentStatus.HALTED
    names = venue.names(price(189_000))
    assert ("PositionClosed" in names) is not halted

    said = venue.names(SetInstrumentStatus(BTC, new))
    closing = new is InstrumentStatus.CLOSE_ONLY and old is not InstrumentStatus.CLOSE_ONLY
    ends = halted and new is not InstrumentStatus.HALTED
    assert said == [
        "StatusChanged",
        *["OrderCancelled"] * closing,
        *["OrderFilled", "PositionReduced", "PositionClosed"] * ends,
    ]


def test_leverage_is_a_setting_of_a_key_which_orders_in_use_keep() -> None:
    venue = Venue(netting_spec())
    assert venue.say(SetLeverage(ALICE, BTC, 100))[0]["leverage"] == 100
    venue.apply(order(qty_lots=1, leverage=0, price_ticks=190_000))
    assert venue.hold() == 19 * E8 // 100
    assert venue.names(order(qty_lots=1, leverage=50)) == ["BAD_LEVERAGE"]
    assert Venue().names(SetLeverage(ALICE, BTC, 5)) == ["BAD_COMBINATION"]
