"""Every posting sums to zero, whatever is posted."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import AssetLedger, Ledger
from engine.units import AccountId, AssetId
from tests.engine.venue import Venue, order

MONEY = st.integers(0, 10**15)


def funded(insurance: int = 0) -> AssetLedger:
    ledger = AssetLedger()
    ledger.free.append(0)
    ledger.hold.append(0)
    ledger.deposit(AccountId(1), 10**18)
    ledger.fund_insurance(insurance)
    return ledger


def pools(ledger: AssetLedger) -> dict[str, int]:
    return {
        "free": ledger.free[1],
        "hold": ledger.hold[1],
        "margin": ledger.margin_atoms,
        "fees": ledger.fees_atoms,
        "insurance": ledger.insurance_atoms,
        "house": ledger.house_atoms,
        "external": ledger.external_atoms,
    }


def moved(ledger: AssetLedger, before: dict[str, int]) -> dict[str, int]:
    changes = {name: atoms - before[name] for name, atoms in pools(ledger).items()}
    return {name: atoms for name, atoms in changes.items() if atoms}


def position() -> Any:
    venue = Venue()
    venue.apply(order(qty_lots=1))
    held = venue.position(2)
    held.margin_atoms = 0
    return held


def test_money_comes_and_goes() -> None:
    ledger = funded()
    before = pools(ledger)
    ledger.withdraw(AccountId(1), 7)
    assert moved(ledger, before) == {"free": -7, "external": 7}
    ledger.change_hold(AccountId(1), 5)
    ledger.change_hold(AccountId(1), -2)
    assert moved(ledger, before) == {"free": -10, "hold": 3, "external": 7}
    assert ledger.deposited_atoms == 10**18
    assert ledger.sum_atoms() == 0


@given(MONEY, st.integers(-(10**6), 10**6))
def test_opening_sums_to_zero(margin: int, fee: int) -> None:
    ledger, held = funded(), position()
    before = pools(ledger)
    ledger.open_position(held, margin + fee, fee)

    expected = {"free": -margin - fee, "margin": margin, "fees": fee}
    assert moved(ledger, before) == {name: atoms for name, atoms in expected.items() if atoms}
    assert held.margin_atoms == margin
    assert ledger.sum_atoms() == 0


@given(MONEY, MONEY, MONEY, MONEY, MONEY)
def test_reducing_sums_to_zero_and_insurance_pays_first(
    margin: int, released: int, loss: int, fee: int, insurance: int
) -> None:
    """FIL-5: what comes out of a reduction and its deficit is always spread over all pools."""
    released, fee = min(released, margin), min(fee, max(0, released - loss))
    rest = released - loss - fee
    ledger, held = funded(insurance), position()
    ledger.open_position(held, margin, 0)
    before = pools(ledger)
    deficit = max(0, -rest)
    paid = ledger.reduce_position(held, released, -loss, fee, max(0, rest), 0, deficit)

    assert paid == min(deficit, insurance)
    expected = {
        "margin": -released,
        "free": max(0, rest),
        "fees": fee,
        "insurance": -paid,
        "house": loss - (deficit - paid),
    }
    assert moved(ledger, before) == {name: atoms for name, atoms in expected.items() if atoms}
    assert ledger.sum_atoms() == 0
    assert held.margin_atoms == margin - released


OVERSPENDING: Final[dict[str, Callable[[], object]]] = {
    "release": lambda: funded().change_hold(AccountId(1), -1),
    "open with less than the fee": lambda: funded().open_position(position(), 4, 5),
    "waive more than is owed": lambda: funded().settle_debt(AccountId(1), 1),
    "remove margin": lambda: funded().adjust_margin(position(), -1),
}


@pytest.mark.parametrize("way", OVERSPENDING)
def test_what_is_not_there_does_not_move(way: str) -> None:
    with pytest.raises(AssertionError):
        OVERSPENDING[way]()


@pytest.mark.parametrize(("waived", "fees", "insurance"), [(0, 9, -5), (2, 7, -3), (5, 4, 0)])
def test_a_debt_is_paid_by_waived_fees_and_insurance(
    waived: int, fees: int, insurance: int
) -> None:
    """CRS-5: free may go below zero; whoever is flat then owes nothing more."""
    ledger, held = funded(), position()
    ledger.open_position(held, 9, 9)
    ledger.withdraw(AccountId(1), 10**18 - 9 + 5)
    assert ledger.free[1] == -5

    assert ledger.settle_debt(AccountId(1), waived) == 5 - waived
    after = pools(ledger)
    assert (after["free"], after["fees"], after["insurance"]) == (0, fees, insurance)
    assert ledger.sum_atoms() == 0


def test_assets_and_accounts_may_come_in_any_order() -> None:
    ledger = Ledger()
    ledger.add_account()
    ledger.add_asset()
    ledger.add_account()
    ledger.add_asset()

    assert [(len(asset.free), len(asset.hold)) for asset in ledger.assets] == [(3, 3)] * 3
    ledger.assets[2].deposit(AccountId(2), 5)
    assert ledger.free_atoms(AssetId(2), AccountId(2)) == 5
    assert ledger.free_atoms(AssetId(1), AccountId(2)) == 0
    assert ledger.hold_atoms(AssetId(2), AccountId(2)) == 0
    assert ledger.sum_atoms() == 0
