"""What the operator is told without asking."""

import pytest

from engine.commands import FundInsurance
from engine.units import E8
from gateway.upkeep import warn_of_insurance
from tests.gateway.house import House
from tests.gateway.perpetual import PERP, open_perpetual
from tests.gateway.test_metrics import figures


async def test_a_fund_below_zero_is_shown_and_said(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await open_perpetual(house)
    await house.enter(FundInsurance("USDT", 100 * E8, "fund"))
    assert (await figures(house))["fulcrum_insurance[USDT]"] == 100
    known: dict[str, int] = {}
    warn_of_insurance(house.venue, known)
    assert "insurance negative" not in capsys.readouterr().out
    alice, bob = await house.user("alice", "2100"), await house.user("bob", "100000")
    order = {"symbol": PERP, "leverage": 10, "quantity": "1"}
    await bob.order(**order, side="SELL", orderType="LIMIT", price="20000")
    await alice.order(**order, side="BUY")
    await house.price("18100", PERP)
    await bob.order(**order, side="BUY", orderType="LIMIT", price="16300")

    await alice.order(**order, side="SELL")  # she loses 3,700 and has 2,090
    shown = await figures(house)
    warn_of_insurance(house.venue, known)
    said = capsys.readouterr().out
    warn_of_insurance(house.venue, known)

    assert -1_700 < shown["fulcrum_insurance[USDT]"] < -1_500
    assert said.count("insurance negative") == 1
    assert "insurance negative" not in capsys.readouterr().out
    assert (await house.admin.get("/admin/ledger")).body["sum"] == "0"
