"""What the operator sends: JSON to typed requests to commands.  Knows shapes; decides no rule."""

from typing import Final, Literal

from msgspec import UNSET

from engine.commands import (
    Deposit,
    FundInsurance,
    IssueToken,
    SetFeeTier,
    UpdatePrice,
    Withdraw,
)
from engine.instrument import (
    InstrumentStatus,
)
from engine.market import Market
from engine.units import AccountId
from gateway.authentication import SCOPES_BY_NAME
from gateway.errors import EdgeCode, edge_error
from gateway.fields import Request, Text, Whole, money_atoms, signed_e8
from gateway.fields import price_ticks as optional_ticks
from gateway.instrument_messages import bounded

OPERATOR_SOURCE: Final = "operator"
_NS_PER_MS: Final = 1_000_000


class OpenAccountRequest(Request):
    """`POST /admin/accounts`."""

    user_id: str


class IssueTokenRequest(Request):
    """`POST /admin/accounts/{userId}/tokens`."""

    scopes: tuple[Literal["read", "trade", "transfer", "admin"], ...] = ("read", "trade")


class TransferRequest(Request):
    """Deposits, withdrawals and payments into the insurance fund."""

    asset: str
    amount: str
    transfer_id: str


class SetStatusRequest(Request):
    """`POST /admin/instruments/{symbol}/status`."""

    status: Literal["TRADING", "CLOSE_ONLY", "HALTED", "trading", "close_only", "halted", "halt"]


class SetFeeTierRequest(Request):
    """`PUT /admin/instruments/{symbol}/fee-tiers/{tier}`: what accounts of the tier pay there."""

    maker_fee: str
    taker_fee: str


class AssignFeeTierRequest(Request):
    """`PUT /admin/accounts/{userId}/fee-tier`; 0: each market's own rates."""

    tier: Whole


class SetPriceRequest(Request):
    """`POST /admin/prices`: one price for all five, or some of them, the others staying."""

    symbol: str
    price: Text = UNSET
    bid: Text = UNSET
    ask: Text = UNSET
    last: Text = UNSET
    mark: Text = UNSET
    index: Text = UNSET


def issue_token(account_id: AccountId, hashed: bytes, request: IssueTokenRequest) -> IssueToken:
    """The command of a new token.  Raises ApiError 400 if it may do nothing."""
    scopes = 0
    for name in request.scopes:
        scopes |= SCOPES_BY_NAME[name]
    if scopes == 0:
        raise edge_error(EdgeCode.BAD_FIELD, field="scopes", problem="at least one is needed")
    return IssueToken(account_id, hashed, scopes)


def deposit(account_id: AccountId, request: TransferRequest) -> Deposit:
    """The command of a deposit.  Raises ApiError."""
    return Deposit(account_id, request.asset, money_atoms(request.amount), request.transfer_id)


def withdraw(account_id: AccountId, request: TransferRequest) -> Withdraw:
    """The command of a withdrawal.  Raises ApiError."""
    return Withdraw(account_id, request.asset, money_atoms(request.amount), request.transfer_id)


def fund_insurance(request: TransferRequest) -> FundInsurance:
    """The command of a payment into the insurance fund.  Raises ApiError."""
    return FundInsurance(request.asset, money_atoms(request.amount), request.transfer_id)


def set_price(market: Market, request: SetPriceRequest) -> UpdatePrice:
    """The command of an operator's price.  Raises ApiError 400 or 422."""
    spec = market.spec
    given = (request.bid, request.ask, request.last, request.mark, request.index)
    names = ("bid", "ask", "last", "mark", "index")
    parts = zip(given, names, market.prices, strict=True)
    ticks = [optional_ticks(text, spec, name) or old for text, name, old in parts]
    one = optional_ticks(request.price, spec, "price")
    some = any(text is not UNSET for text in given)
    if (one != 0) == some:
        problem = "give price, or some of bid, ask, last, mark and index"
        raise edge_error(EdgeCode.BAD_FIELD, field="price", problem=problem)
    bid, ask, last, mark, index = [one] * 5 if one else ticks
    return UpdatePrice(market.instrument_id, OPERATOR_SOURCE, 0, True, bid, ask, last, mark, index)


def set_fee_tier(market: Market, tier: int, request: SetFeeTierRequest) -> SetFeeTier:
    """The command that sets a tier's rates in a market.  Raises ApiError 400 or 422."""
    maker_e8 = bounded(signed_e8(request.maker_fee, "makerFee"), "makerFee")
    taker_e8 = bounded(signed_e8(request.taker_fee, "takerFee"), "takerFee")
    return SetFeeTier(market.instrument_id, tier, maker_e8, taker_e8)


def status_of(request: SetStatusRequest) -> InstrumentStatus:
    """The status that a request means."""
    name = request.status.upper()
    return InstrumentStatus["HALTED" if name == "HALT" else name]
