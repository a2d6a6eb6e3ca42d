"""What clients get of an account: balances, settings, and notices of its liquidation and debts.

Knows shapes; changes nothing.  Money is decimal strings; every reply is true at its sequence.
"""

from collections.abc import Iterable
from typing import Final

from engine.commands import Leg
from engine.cross import spendable_atoms
from engine.engine import Engine
from engine.events import AccountLiquidated, FeeTierAssigned
from engine.instrument import MarginMode, PositionMode
from engine.market import Market
from engine.state import State, open_positions
from engine.units import E8, AccountId, AssetId, div_ceil
from gateway.decimals import text_from_e8
from gateway.history.records import Notice, PaymentRecord
from gateway.replies.api_replies import POSITION_SIDE, Reply, encode, spec_of
from gateway.replies.cross_figures import ratio_text
from gateway.replies.position_replies import unrealized_atoms

_NS_PER_MS: Final = 1_000_000


class BalanceReply(Reply):
    """One asset of an account.

    available: what an order in cross margin may use: free, the unrealised profit of cross
        positions and less their initial margin; never below 0.
    withdrawable: what may leave, or back isolated orders and margin: the same, but of unrealised
        profit only the loss counts.  Without cross positions both are what is free.
    locked: held + margin + crossInitialMargin.
    held: by resting orders.  margin: of isolated positions.
    cross_initial_margin: of cross positions at the marks.
    cross_maintenance_margin: what they need to be kept, rounded up.
    cross_equity: what stands behind them: free, held and their unrealised profit; without them 0.
    unrealized_pnl: of all positions at the marks.
    equity: all the account has of the asset, unrealised profit included.
    margin_ratio: cross maintenance margin over cross equity, as a share of 1 floored to eight
        digits; the account is liquidated at 1.  "0" without cross positions, null without equity.
    """

    asset: str
    available: str
    withdrawable: str
    locked: str
    held: str
    margin: str
    cross_initial_margin: str
    cross_maintenance_margin: str
    cross_equity: str
    unrealized_pnl: str
    equity: str
    margin_ratio: str | None


class AccountReply(Reply):
    """All balances of an account at a sequence: a function of the journal up to it.

    `GET /api/account`, and what snapshots and updates of the channel `account` hold.
    """

    user_id: str
    balances: list[BalanceReply]
    sequence: int


class LiquidatedReply(Reply):
    """A message `liquidated` of the channel `account`: cross equity no longer covered maintenance.

    All open orders in the asset were cancelled, and positions closed until the rest could be kept;
    orders, fills and positions tell of each.  Both figures are of before the first close.
    """

    asset: str
    equity: str
    maintenance_margin: str
    sequence: int


class DebtSettledReply(Reply):
    """A message `debtSettled` of the channel `account`: nothing was open, and less than nothing
    was left.  The account is at 0 again: fees were waived, the insurance fund paid the rest."""

    asset: str
    waived: str
    insurance_paid: str
    sequence: int


class FundingPaymentReply(Reply):
    """What a position received at a funding stamp or, negative, paid.

    `GET /api/funding`, and messages `funding` of the channel `account`.
    quantity, mark: what it was valued by.  funding_rate: a share of 1; longs pay a positive one.
    accrued: what it owed after it, for want of margin; taken out of what it brings.
    sequence, time: of the command, later than the stamp if the venue was down.
    """

    payment_id: str
    position_id: str
    symbol: str
    side: str
    quantity: str
    mark: str
    funding_rate: str
    amount: str
    accrued: str
    funding_time: int
    sequence: int
    time: int


class SettingsReply(Reply):
    """The settings of a key: of an account in a market or, when hedging, of one leg there.

    leverage: null where every order brings its own (`TICKET`).
    fee_tier: 0 is none.  maker_fee, taker_fee: what the account pays there, as shares of 1;
        negative: is paid.
    """

    symbol: str
    position_mode: str
    position_side: str | None
    margin_mode: str
    leverage: int | None
    fee_tier: int
    maker_fee: str
    taker_fee: str


class ChangedSettingsReply(Reply):
    """A message `settings` of the channel `account`: all there is now to one market's settings,
    like `GET /api/account/settings?symbol=`, after one of them changed, or a fee there."""

    settings: list[SettingsReply]
    sequence: int


class FeeTierReply(Reply):
    """A message `feeTier` of the channel `account`: another fee tier from here on."""

    tier: int
    sequence: int


def account_reply(state: State, account_id: AccountId) -> AccountReply:
    """The account's balances at the state's sequence."""
    account = state.accounts[account_id]
    assert account is not None
    margins = [0] * len(state.assets)
    profits = [0] * len(state.assets)
    for position in open_positions(state, account_id):
        margins[position.market.asset_id] += position.margin_atoms
        profits[position.market.asset_id] += unrealized_atoms(position)
    balances = [
        _balance(state, AssetId(asset_id), account_id, margins[asset_id], profits[asset_id])
        for asset_id in range(1, len(state.assets))
    ]
    return AccountReply(account.user_id, balances, state.sequence)


def _balance(
    state: State, asset_id: AssetId, account_id: AccountId, margin: int, profit: int
) -> BalanceReply:
    ledger = state.ledger.assets[asset_id]
    free, held = ledger.free[account_id], ledger.hold[account_id]
    initial = needed_e8 = equity = 0
    ratio: str | None = "0"
    cross = state.cross_account(asset_id, account_id)
    if cross is not None and cross.standings:
        initial, needed_e8 = cross.initial_margin_atoms(), cross.maintenance_e8()
        equity = cross.equity_atoms()
        ratio = ratio_text(needed_e8, equity)
    return BalanceReply(
        state.assets[asset_id],
        text_from_e8(max(0, spendable_atoms(state, asset_id, account_id, True))),
        text_from_e8(max(0, spendable_atoms(state, asset_id, account_id, False))),
        text_from_e8(held + margin + initial),
        text_from_e8(held),
        text_from_e8(margin),
        text_from_e8(initial),
        text_from_e8(div_ceil(needed_e8, E8)),
        text_from_e8(equity),
        text_from_e8(profit),
        text_from_e8(free + held + margin + profit),
        ratio,
    )


def account_message(engine: Engine, account_id: int) -> bytes:
    """What the `account` channel and `GET /api/account` say at the engine's sequence."""
    return encode(account_reply(engine.state, AccountId(account_id)))


def notice_reply(
    state: State, event: Notice
) -> tuple[str, LiquidatedReply | DebtSettledReply | FeeTierReply]:
    """The type of a notice's message on the channel `account`, and what it says."""
    if isinstance(event, FeeTierAssigned):
        return "feeTier", FeeTierReply(event.tier, state.sequence)
    asset = state.assets[event.asset_id]
    if isinstance(event, AccountLiquidated):
        equity, needed = text_from_e8(event.equity_atoms), text_from_e8(event.maintenance_atoms)
        return "liquidated", LiquidatedReply(asset, equity, needed, state.sequence)
    waived, paid = text_from_e8(event.waived_atoms), text_from_e8(event.insurance_paid_atoms)
    return "debtSettled", DebtSettledReply(asset, waived, paid, state.sequence)


def payment_reply(state: State, payment: PaymentRecord) -> FundingPaymentReply:
    """A payment of funding."""
    spec = spec_of(state, payment.instrument_id)
    return FundingPaymentReply(
        str(payment.number),
        str(payment.position_id),
        spec.symbol,
        POSITION_SIDE[payment.side],
        text_from_e8(payment.qty_lots * spec.lot_size_e8),
        text_from_e8(payment.mark_ticks * spec.tick_size_e8),
        text_from_e8(payment.rate_e8),
        text_from_e8(-payment.amount_atoms),
        text_from_e8(payment.accrued_atoms),
        payment.stamp_ns // _NS_PER_MS,
        payment.sequence,
        payment.time_ns // _NS_PER_MS,
    )


def settings_replies(markets: Iterable[Market], account_id: AccountId) -> list[SettingsReply]:
    """The account's settings in these markets, changed or not: two entries where it hedges."""
    return [reply for market in markets for reply in _market_settings(market, account_id)]


def changed_settings_reply(
    state: State, account_id: AccountId, instrument_id: int
) -> ChangedSettingsReply:
    """The account's settings in the market at the state's sequence."""
    market = state.market(instrument_id)
    assert market is not None
    return ChangedSettingsReply(_market_settings(market, account_id), state.sequence)


def _market_settings(market: Market, account_id: AccountId) -> list[SettingsReply]:
    spec = market.spec
    seat = market.existing_seat(account_id)
    mode = spec.position_mode if seat is None else seat.mode
    legs = [Leg.LONG, Leg.SHORT] if mode is PositionMode.HEDGING else [Leg.NONE]
    fees, tier = market.fees_of(account_id), market.tier_of.get(account_id, 0)
    found: list[SettingsReply] = []
    for leg in legs:
        margin_mode, leverage = spec.margin_mode, 1
        if seat is not None:
            key = seat.key(leg)
            margin_mode = MarginMode.CROSS if key.is_cross else MarginMode.ISOLATED
            leverage = key.leverage
        found.append(
            SettingsReply(
                spec.symbol,
                mode.name,
                leg.name if leg else None,
                margin_mode.name,
                None if mode is PositionMode.TICKET else leverage,
                tier,
                text_from_e8(fees.maker_e8),
                text_from_e8(fees.taker_e8),
            )
        )
    return found
