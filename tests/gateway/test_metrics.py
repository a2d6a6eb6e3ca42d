"""Figures in the Prometheus format, read back by its own parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.commands import FundInsurance
from engine.units import E8
from gateway.app import warn_of_insurance
from tests.gateway.house import PERP, House, open_perpetual


async def figures(house: House) -> dict[str, float]:
    async with house.session.get(house.url + "/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await reply.text()
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


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


async def test_what_happens_is_counted(house: House) -> None:
    alice = await house.user("alice")
    await alice.order(amount="1")
    await alice.order(amount="5000")
    await alice.order(amount=5)
    await house.admin.post("/admin/prices", {"symbol": "BTC/USDT", "bid": "30000"})

    shown = await figures(house)

    assert shown["fulcrum_sequence"] == house.venue.state.sequence
    assert shown["fulcrum_commands_total"] == house.venue.state.sequence
    assert shown["fulcrum_syncs_total"] == house.writer.syncs
    assert shown["fulcrum_batches_total"] == house.writer.commits
    assert shown["fulcrum_refusals_total[INSUFFICIENT_BALANCE]"] == 1
    assert shown["fulcrum_refusals_total[BAD_NUMBER]"] == 1
    assert shown["fulcrum_price_refusals_total[BAD_PRICE]"] == 1
    assert shown["fulcrum_open_positions"] == 1
    assert shown["fulcrum_queue_length"] == 0
    assert not any(
        "alice" in name or "balance" in name.lower() for name in shown if "[" not in name
    )
