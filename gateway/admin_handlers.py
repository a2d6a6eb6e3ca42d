"""The operator's routes: accounts, tokens, money, markets, fees, prices, ledger.

On their own listener; knows no HTTP beyond the call.
"""

import re
from typing import Final

from aiohttp import web

from engine.commands import AssignFeeTier, Command, OpenAccount, RevokeToken, SetInstrumentStatus
from engine.events import (
    Event,
    InstrumentChanged,
    InstrumentListed,
    PriceRefused,
    Rejected,
    TransferRepeated,
)
from engine.ledger import AssetLedger
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.state import State, open_positions
from engine.units import NOBODY, AccountId
from gateway import admin_messages as messages
from gateway import instrument_messages
from gateway.authentication import new_token, scope_names
from gateway.decimals import text_from_e8
from gateway.errors import EdgeCode, edge_error, reason_error
from gateway.fields import market_of, path_id
from gateway.http_calls import Call
from gateway.market.replies import ticker_reply
from gateway.operations import Answered, Operation, Outcome, rejection
from gateway.replies import api_replies as replies
from gateway.replies.account_replies import account_reply
from gateway.replies.instrument_replies import instrument_reply
from gateway.replies.position_replies import fund_position_reply

OPERATOR: Final = "operator"
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def post_account(call: Call, request: messages.OpenAccountRequest) -> Operation:
    """Make an account."""
    return _enter(OpenAccount(request.user_id), {"userId": request.user_id}, 201)


def get_accounts(call: Call) -> web.Response:
    """All accounts, by age."""
    page = call.page()
    accounts = call.venue.state.accounts[1:]
    below = min(page.below - 1, len(accounts))
    chosen = accounts[max(0, below - page.limit) : below]
    rest = below - len(chosen)
    return call.reply(
        {
            "accounts": [{"userId": a.user_id} for a in reversed(chosen) if a is not None],
            "nextCursor": str(rest + 1) if rest > 0 else None,
            "sequence": call.venue.state.sequence,
        }
    )


def post_token(call: Call, request: messages.IssueTokenRequest) -> Operation:
    """Make a token for a user, or with the user `operator` for the admin listener; shown once."""
    account_id = _user(call, allow_operator=True)
    token, hashed = new_token()
    command = messages.issue_token(account_id, hashed, request)
    scopes = scope_names(command.scopes)
    body: dict[str, object] = {"token": token, "tokenHash": hashed.hex(), "scopes": scopes}
    return _enter(command, body, 201)


def delete_token(call: Call) -> Operation:
    """Revoke a token, named by its hash."""
    text = call.request.match_info["token_hash"]
    if _HASH.fullmatch(text) is None:
        raise reason_error(RejectReason.UNKNOWN_TOKEN)
    return _enter(RevokeToken(bytes.fromhex(text)), {"tokenHash": text})


def post_deposit(call: Call, request: messages.TransferRequest) -> Operation:
    """Pay in, once per transfer id."""
    account_id = _user(call)
    command = messages.deposit(account_id, request)
    return _transfer(call, command, request, account_id)


def post_withdrawal(call: Call, request: messages.TransferRequest) -> Operation:
    """Pay out, once per transfer id."""
    account_id = _user(call)
    command = messages.withdraw(account_id, request)
    return _transfer(call, command, request, account_id)


def post_insurance(call: Call, request: messages.TransferRequest) -> Operation:
    """Pay into the insurance fund, once per transfer id."""
    return _transfer(call, messages.fund_insurance(request), request, AccountId(0))


def post_instrument(call: Call, request: instrument_messages.ListInstrumentRequest) -> Operation:
    """Open a market."""
    return _enter_market(call, instrument_messages.list_instrument(request), 201)


def put_instrument(call: Call, request: instrument_messages.InstrumentSettings) -> Operation:
    """Change a market's settings."""
    return _enter_market(call, instrument_messages.change_instrument(_market(call), request), 200)


def post_status(call: Call, request: messages.SetStatusRequest) -> Operation:
    """Halt a market, let it only close, or let it trade."""
    market, status = _market(call), messages.status_of(request)
    command = SetInstrumentStatus(market.instrument_id, status)
    return _enter(command, {"symbol": market.spec.symbol, "status": status.name})


def put_fee_tier(call: Call, request: messages.SetFeeTierRequest) -> Operation:
    """Set what accounts of a fee tier pay in a market."""
    market, tier = _market(call), _tier(call)
    command = messages.set_fee_tier(market, tier, request)
    rates = _rates(tier, command.maker_fee_e8, command.taker_fee_e8)
    return _enter(command, {"symbol": market.spec.symbol, **rates})


def get_fee_tiers(call: Call) -> web.Response:
    """The rates of a market, as tier 0, and of the tiers that have others."""
    market = _market(call)
    tiers = [_rates(0, market.fees.maker_e8, market.fees.taker_e8)]
    for tier, fees in sorted(market.tier_fees.items()):
        tiers.append(_rates(tier, fees.maker_e8, fees.taker_e8))
    sequence = call.venue.state.sequence
    return call.reply({"symbol": market.spec.symbol, "tiers": tiers, "sequence": sequence})


def _rates(tier: int, maker_e8: int, taker_e8: int) -> dict[str, object]:
    rates = {"makerFee": text_from_e8(maker_e8), "takerFee": text_from_e8(taker_e8)}
    return {"tier": tier, **rates}


def put_account_tier(call: Call, request: messages.AssignFeeTierRequest) -> Operation:
    """Give an account a fee tier."""
    account_id = _user(call)
    body = {"userId": call.request.match_info["user_id"], "tier": request.tier}
    return _enter(AssignFeeTier(account_id, request.tier), body)


def get_account_tier(call: Call) -> web.Response:
    """The fee tier of an account, 0 if it has none."""
    state, user_id = call.venue.state, call.request.match_info["user_id"]
    tier = state.fee_tiers.get(_user(call), 0)
    return call.reply({"userId": user_id, "tier": tier, "sequence": state.sequence})


def post_price(call: Call, request: messages.SetPriceRequest) -> Operation:
    """Set a market's prices."""
    market = market_of(call.venue.state, request.symbol)
    command = messages.set_price(market, request)

    def answer(sequence: int, time_ns: int, events: list[Event]) -> Outcome:
        for event in events:
            if type(event) is PriceRefused or type(event) is Rejected:
                return reason_error(event.reason)
        view = call.venue.board.views[market.instrument_id]
        body = {"ticker": ticker_reply(market, view, time_ns), "sequence": sequence}
        return Answered(200, replies.encode(body), False)

    return Operation(command, answer)


def get_ledger(call: Call) -> web.Response:
    """Every ledger account, and their sum, which is zero."""
    state = call.venue.state
    accounts: list[dict[str, str]] = []
    for asset_id in range(1, len(state.assets)):
        accounts += _ledger_accounts(state, state.assets[asset_id], state.ledger.assets[asset_id])
    total = text_from_e8(state.ledger.sum_atoms())
    fund = [fund_position_reply(p) for p in open_positions(state, NOBODY)]
    return call.reply(
        {
            "sum": total,
            "accounts": accounts,
            "insurancePositions": fund,
            "sequence": state.sequence,
        }
    )


def _ledger_accounts(state: State, asset: str, ledger: AssetLedger) -> list[dict[str, str]]:
    """One asset: the venue's accounts, what each order-driven market has to clear, then each
    user's free and held; margins are one sum."""
    amounts = [
        ("external", ledger.external_atoms),
        ("house", ledger.house_atoms),
        ("insurance", ledger.insurance_atoms),
        ("fees", ledger.fees_atoms),
        ("margin", ledger.margin_atoms),
    ]
    for instrument_id, atoms in ledger.clearing.items():
        symbol = replies.spec_of(state, instrument_id).symbol
        amounts.append((f"clearing:{symbol}", atoms))
    for account in state.accounts[1:]:
        assert account is not None
        amounts.append((f"user:{account.user_id}:free", ledger.free[account.account_id]))
        amounts.append((f"user:{account.user_id}:hold", ledger.hold[account.account_id]))
    return [
        {"account": name, "asset": asset, "amount": text_from_e8(atoms)} for name, atoms in amounts
    ]


def _enter(command: Command, body: dict[str, object], status: int = 200) -> Operation:
    """Enter a command whose outcome is one event or one reason."""

    def answer(sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        reason = rejection(events)
        if reason is not RejectReason.NONE:
            return reason_error(reason)
        return Answered(status, replies.encode({**body, "sequence": sequence}), False)

    return Operation(command, answer)


def _enter_market(call: Call, command: Command, status: int) -> Operation:
    state = call.venue.state

    def answer(_sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        reason = rejection(events)
        if reason is not RejectReason.NONE:
            return reason_error(reason)
        instrument_id = next(
            event.instrument_id
            for event in events
            if type(event) is InstrumentListed or type(event) is InstrumentChanged
        )
        market = state.market(instrument_id)
        assert market is not None
        return Answered(status, replies.encode(instrument_reply(market)), False)

    return Operation(command, answer)


def _transfer(
    call: Call, command: Command, request: messages.TransferRequest, account_id: AccountId
) -> Operation:
    """Enter a transfer; one that was done before is answered like it, and moves nothing."""
    state = call.venue.state

    def answer(sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        reason = rejection(events)
        if reason is not RejectReason.NONE:
            return reason_error(reason)
        repeated = any(type(event) is TransferRepeated for event in events)
        body: dict[str, object] = {"transferId": request.transfer_id, "sequence": sequence}
        if account_id:
            body["account"] = account_reply(state, account_id)
        return Answered(200 if repeated else 201, replies.encode(body), repeated)

    return Operation(command, answer)


def _user(call: Call, allow_operator: bool = False) -> AccountId:
    """The account of the user in the path.  Raises ApiError 404."""
    user_id = call.request.match_info["user_id"]
    account_id = call.venue.state.account_ids.get(user_id)
    if account_id is not None:
        return account_id
    if allow_operator and user_id == OPERATOR:
        return AccountId(0)
    raise reason_error(RejectReason.UNKNOWN_ACCOUNT)


def _tier(call: Call) -> int:
    """The fee tier in the path, for the engine to judge.  Raises ApiError 404 if it is none."""
    text = call.request.match_info["tier"]
    tier = path_id(text)
    if tier == 0 and text != "0":
        raise edge_error(EdgeCode.NOT_FOUND)
    return tier


def _market(call: Call) -> Market:
    """The market of the symbol in the path, with a dash for the slash.  Raises ApiError 404."""
    name = call.request.match_info["symbol"]
    for market in replies.markets(call.venue.state):
        if market.spec.symbol.replace("/", "-") == name or market.spec.symbol == name:
            return market
    raise reason_error(RejectReason.UNKNOWN_SYMBOL, status=404)
