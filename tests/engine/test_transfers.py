"""Money in and out, once per id, and margin (TRF-1, MRG-1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands import AdjustMargin, Deposit, FundInsurance, Side, Withdraw
from engine.instrument import FeeBasis
from engine.margin import fee_atoms, initial_margin_atoms
from engine.units import AMOUNT_ATOMS_MAX, E8, NOTIONAL_ATOMS_MAX, AccountId, PositionId
from tests.engine.venue import Fields, K, Venue, netting_spec, order, plain_spec, price

ALICE, NOBODY_HERE = AccountId(1), AccountId(9)


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("second", [0, 1, 2])
def test_an_id_is_one_for_all_transfers(first: int, second: int) -> None:
    venue = Venue(deposits=(1_000,), insurance=5)
    transfers = (
        Deposit(ALICE, "USDT", 7, "id"),
        Withdraw(ALICE, "USDT", 7, "id"),
        FundInsurance("USDT", 7, "id"),
    )
    venue.apply(transfers[first])
    before = venue.free(), venue.state.ledger.assets[1].insurance_atoms

    [again] = venue.say(transfers[second])
    account = 0 if second == 2 else 1
    assert again == {"event": "TransferRepeated", "account_id": account, "transfer_id": "id"}
    assert (venue.free(), venue.state.ledger.assets[1].insurance_atoms) == before


def test_the_checks_come_in_their_order() -> None:
    venue = Venue()
    wrong: Fields = {"asset": "EUR", "amount_atoms": 0, "transfer_id": "a b"}

    assert venue.names(Deposit(NOBODY_HERE, **wrong)) == ["UNKNOWN_ACCOUNT"]
    assert venue.names(Deposit(ALICE, **wrong)) == ["BAD_NAME"]
    assert venue.names(Withdraw(ALICE, **{**wrong, "transfer_id": "x" * 65})) == ["BAD_NAME"]
    assert venue.names(FundInsurance(**{**wrong, "transfer_id": "x" * 64})) == ["UNKNOWN_ASSET"]
    assert venue.names(Withdraw(ALICE, "USDT", 0, "x")) == ["BAD_AMOUNT"]
    assert venue.names(Withdraw(ALICE, "USDT", 1_000 * E8 + 1, "x")) == ["INSUFFICIENT_BALANCE"]
    assert venue.names(Withdraw(ALICE, "USDT", 1_000 * E8, "x")) == ["Withdrawn"]


def test_all_that_ever_came_in_is_bounded() -> None:
    """The bound is on what came in, not on what is here: withdrawing makes no room."""
    venue = Venue(deposits=(1,))
    for number in range(3):
        venue.apply(Deposit(ALICE, "USDT", AMOUNT_ATOMS_MAX, f"d{number}"))
        venue.apply(Withdraw(ALICE, "USDT", AMOUNT_ATOMS_MAX, f"w{number}"))
    left = NOTIONAL_ATOMS_MAX - 3 * AMOUNT_ATOMS_MAX - E8

    assert venue.names(Deposit(ALICE, "USDT", left + 1, "x")) == ["BAD_AMOUNT"]
    assert venue.names(FundInsurance("USDT", left + 1, "x")) == ["BAD_AMOUNT"]
    assert venue.names(Deposit(ALICE, "USDT", left, "x")) == ["Deposited"]
    assert venue.names(FundInsurance("USDT", 1, "y")) == ["BAD_AMOUNT"]
    assert venue.names(Deposit(ALICE, "USDT", AMOUNT_ATOMS_MAX + 1, "y")) == ["BAD_AMOUNT"]


@given(
    side=st.sampled_from(list(Side)),
    mark=st.integers(190_000, 210_000),
    removed=st.integers(1, 200 * E8),
    basis=st.sampled_from(list(FeeBasis)),
)
def test_margin_is_removed_down_to_what_the_position_needs(
    side: Side, mark: int, removed: int, basis: FeeBasis
) -> None:
    venue = Venue(plain_spec(taker_fee_e8=100_000, fee_basis=basis))
    venue.apply(order(side=side, qty_lots=100, leverage=10))
    venue.apply(AdjustMargin(ALICE, PositionId(2), 200 * E8))
    venue.apply(price(mark))
    held = venue.position(2)

    cost, notional = 100 * 200_000 * K, 100 * mark * K
    profit = notional - cost if side is Side.BUY else cost - notional
    left = held.margin_atoms - removed
    fee = fee_atoms(200 * E8 if basis is FeeBasis.MARGIN else notional, 100_000)
    needed = initial_margin_atoms(notional, 10) + fee
    enough = left >= initial_margin_atoms(cost, 10) and left + min(0, profit) >= needed
    expected = ["MarginAdjusted"] if enough else ["MARGIN_TOO_LOW"]
    assert venue.names(AdjustMargin(ALICE, PositionId(2), -removed)) == expected


def test_no_margin_grows_beyond_the_bound() -> None:
    venue = Venue(deposits=(1_000,))
    venue.apply(order(qty_lots=100))
    for number in range(3):
        venue.apply(Deposit(ALICE, "USDT", AMOUNT_ATOMS_MAX, f"d{number}"))
        venue.apply(AdjustMargin(ALICE, PositionId(2), AMOUNT_ATOMS_MAX))

    beyond = AMOUNT_ATOMS_MAX + 1
    assert venue.names(AdjustMargin(ALICE, PositionId(2), beyond)) == ["BAD_AMOUNT"]
    assert venue.names(AdjustMargin(ALICE, PositionId(2), 1)) == ["MarginAdjusted"]


def test_what_is_removed_does_not_liquidate() -> None:
    """MRG-1: in a tier whose maintenance is above 1/L the margin must be more than that."""
    tiers = ((10_000 * E8, 500_000, 10), (NOTIONAL_ATOMS_MAX, 30_000_000, 3))
    spec = netting_spec(tiers=tiers, leverage_max=10, sanity_band_e8=0)
    venue = Venue(spec, deposits=(100_000,))
    venue.apply(order(side=Side.SELL, qty_lots=450, leverage=10))
    venue.apply(AdjustMargin(ALICE, PositionId(2), 40_000 * E8))
    venue.apply(price(400_000))  # worth 18,000 now: 10 % would be 1,800, maintenance is 2,450

    # equity 31,900 of 40,900 margin and 9,000 of loss; maintenance 2,450 and the closing fee
    assert venue.names(AdjustMargin(ALICE, PositionId(2), -30_000 * E8)) == ["MARGIN_TOO_LOW"]
    assert venue.names(AdjustMargin(ALICE, PositionId(2), -29_000 * E8)) == ["MarginAdjusted"]
