"""The operator's requests as commands."""

import pytest

from engine.codec import pack_command
from engine.commands import Command, Deposit, FundInsurance, IssueToken, SetFeeTier, Withdraw
from engine.market import Market
from engine.units import AccountId, AssetId, InstrumentId
from gateway import admin_messages as messages
from gateway.errors import ApiError
from tests.gateway.house import market

ALICE = AccountId(7)
THERE = Market(InstrumentId(3), AssetId(1), market("BTC/USDT"))


def same(one: Command, other: Command) -> bool:
    return pack_command(1, one) == pack_command(1, other)


def test_each_becomes_its_command() -> None:
    money = messages.TransferRequest("USDT", "1.5", "t1")
    tokens = messages.IssueTokenRequest(("read", "admin"))
    rates = messages.SetFeeTierRequest("-0.0001", "0.0003")

    assert same(messages.deposit(ALICE, money), Deposit(ALICE, "USDT", 150_000_000, "t1"))
    assert same(messages.withdraw(ALICE, money), Withdraw(ALICE, "USDT", 150_000_000, "t1"))
    assert same(messages.fund_insurance(money), FundInsurance("USDT", 150_000_000, "t1"))
    assert same(messages.issue_token(ALICE, b"h", tokens), IssueToken(ALICE, b"h", 1 | 8))
    assert same(
        messages.set_fee_tier(THERE, 4, rates), SetFeeTier(InstrumentId(3), 4, -10_000, 30_000)
    )


def test_a_price_is_one_for_all_or_some_of_five() -> None:
    THERE.prices = [1_999_000, 2_001_000, 2_000_000, 2_000_000, 2_000_000]
    one = messages.set_price(THERE, messages.SetPriceRequest("BTC/USDT", price="21000"))
    some = messages.set_price(THERE, messages.SetPriceRequest("BTC/USDT", ask="20020", mark="1"))

    assert (one.bid_ticks, one.index_ticks, one.by_operator) == (2_100_000, 2_100_000, True)
    assert (some.bid_ticks, some.ask_ticks, some.mark_ticks) == (1_999_000, 2_002_000, 100)


@pytest.mark.parametrize("given", [{}, {"price": "1", "bid": "1"}])
def test_a_price_is_not_both_nor_nothing(given: dict[str, str]) -> None:
    with pytest.raises(ApiError) as refused:
        messages.set_price(THERE, messages.SetPriceRequest("BTC/USDT", **given))

    assert refused.value.code == "BAD_FIELD"
