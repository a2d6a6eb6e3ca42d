"""What a cross account is told of its money, of its liquidation, and of debts it does not owe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.commands import ListInstrument
from engine.instrument import MarginMode, RiskTier
from tests.gateway.cross_markets import BTC, ETH, balance, open_cross, position, trade
from tests.gateway.house import House, market, socket_of

# One position of 0.1 BTC at 20,000 and an order of as much at 19,000.
FLAT = {
    "asset": "USDT",
    "available": "608.62",
    "withdrawable": "608.62",
    "locked": "390.38",
    "held": "190.38",
    "margin": "0",
    "crossInitialMargin": "200",
    "crossMaintenanceMargin": "9",
    "crossEquity": "999",
    "unrealizedPnl": "0",
    "equity": "999",
    "marginRatio": "0.009009",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue with two markets in cross margin."""
    async with House(tmp_path / "data") as running:
        await open_cross(running)
        yield running


async def test_what_a_cross_position_locks_and_backs(house: House) -> None:
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")
    rests = {"orderType": "LIMIT", "price": "19000"}
    assert (await trade(alice, "BUY", "0.1", **rests)).status == 201

    assert await balance(alice) == FLAT

    await house.price("22000", BTC)  # profit backs cross orders, and does not leave
    gained = FLAT | {
        "available": "788.62",
        "withdrawable": "588.62",
        "locked": "410.38",
        "crossInitialMargin": "220",
        "crossMaintenanceMargin": "9.9",
        "crossEquity": "1199",
        "unrealizedPnl": "200",
        "equity": "1199",
        "marginRatio": "0.00825688",
    }
    assert await balance(alice) == gained
    path = "/admin/accounts/alice/withdrawals"
    above = await house.admin.post(
        path, {"asset": "USDT", "amount": "588.63", "transferId": "above"}
    )
    whole = await house.admin.post(
        path, {"asset": "USDT", "amount": "588.62", "transferId": "whole"}
    )
    assert (above.status, above.code) == (422, "INSUFFICIENT_BALANCE")
    assert whole.body["account"]["balances"][0] == gained | {
        "available": "200",
        "withdrawable": "0",
        "crossEquity": "610.38",
        "equity": "610.38",
        "marginRatio": "0.0162194",
    }


async def test_a_loss_counts_at_once(house: House) -> None:
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")
    await house.price("19000", BTC)

    now = await balance(alice)
    assert (now["available"], now["withdrawable"]) == ("709", "709")
    assert (now["crossEquity"], now["equity"]) == ("899", "899")


async def test_isolated_and_cross_in_one_asset(house: House) -> None:
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")
    await house.price("20000")
    await alice.order(amount="100")  # BTC/USDT: isolated, tickets

    now = await balance(alice)
    assert (now["margin"], now["crossInitialMargin"], now["locked"]) == ("100", "200", "300")
    assert (now["crossEquity"], now["equity"]) == ("898.96", "998.96")
    kinds = {
        entry["symbol"]: (entry["marginMode"], entry["margin"])
        for entry in (await alice.get("/api/positions")).body["positions"]
    }
    assert kinds == {BTC: ("CROSS", "200"), "BTC/USDT": ("ISOLATED", "100")}


async def test_a_position_shows_when_its_account_ends_and_it_ends_just_then(house: House) -> None:
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")
    await trade(alice, "SELL", "1", symbol=ETH)
    await house.price("1100", ETH)

    long, short = await position(alice), await position(alice, ETH, "SHORT")
    account = await balance(alice)

    assert (long["marginMode"], long["positionSide"], long["margin"]) == ("CROSS", None, "200")
    assert long["marginRatio"] == short["marginRatio"] == account["marginRatio"]
    # 998.5 − 100 + 0.1·(p − 20000) = 0.0045·(0.1·p + 1100)
    assert long["liquidationPrice"] == "11114.5"
    # 998.5 − (p − 1000) = 0.0045·(2000 + p)
    assert short["liquidationPrice"] == "1980.59"
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["account", "positions"])
        await house.price("11114.6", BTC)
        assert (await position(alice))["quantity"] == "0.1"
        await house.price("11114.5", BTC)
        told = [await socket.message("account") for _ in range(3)]
    assert [message["type"] for message in told] == ["snapshot", "liquidated", "update"]
    assert told[1]["data"] == {
        "asset": "USDT",
        "equity": "9.95",
        "maintenanceMargin": "9.951525",
        "sequence": house.venue.state.sequence,
    }
    assert told[2]["sequence"] == told[1]["sequence"] + 1


async def test_who_listens_again_is_told_of_the_liquidation(house: House) -> None:
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")
    async with socket_of(house, alice) as socket:
        reply = await socket.ask(op="subscribe", channels=["account"])
        newest = reply["result"]["sequence"]
    await house.price("10040", BTC)

    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["account"], fromSequence=newest + 1)
        missed = [await socket.message("account") for _ in range(2)]
    assert [message["type"] for message in missed] == ["liquidated", "update"]
    statuses = (await alice.get("/api/positions?status=ALL")).body["positions"]
    assert [entry["status"] for entry in statuses] == ["LIQUIDATED"]


async def test_a_debt_is_settled_told_and_counted(house: House) -> None:
    await house.admin.post(
        "/admin/insurance", {"asset": "USDT", "amount": "100", "transferId": "fund"}
    )
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["account"])
        await house.price("5000", BTC)
        told = [await socket.message("account") for _ in range(4)]

    kinds = [message["type"] for message in told]
    assert kinds == ["snapshot", "liquidated", "debtSettled", "update"]
    sequence = house.venue.state.sequence
    assert told[1]["data"] == {
        "asset": "USDT",
        "equity": "-501",
        "maintenanceMargin": "2.25",
        "sequence": sequence,
    }
    assert told[2]["data"] == {
        "asset": "USDT",
        "waived": "0.25",
        "insurancePaid": "501",
        "sequence": sequence,
    }
    left = told[3]["data"]["balances"][0]
    assert (left["available"], left["equity"], left["marginRatio"]) == ("0", "0", "0")
    ledger = (await house.admin.get("/admin/ledger")).body
    amounts = {entry["account"]: entry["amount"] for entry in ledger["accounts"]}
    assert (ledger["sum"], amounts["insurance"], amounts["user:alice:free"]) == ("0", "-401", "0")
    async with house.session.get(house.url + "/metrics") as reply:
        lines = (await reply.text()).splitlines()
    assert 'fulcrum_account_liquidations_total{asset="USDT"} 1.0' in lines
    assert 'fulcrum_debts_settled_total{asset="USDT"} 1.0' in lines


async def test_a_cross_account_may_owe_while_profit_on_paper_covers_it(house: House) -> None:
    alice = await house.user("alice", "1000")
    hedging = {"symbol": BTC, "positionMode": "HEDGING"}
    assert (await alice.ask("PUT", "/api/account/position-mode", hedging)).status == 200
    await trade(alice, "BUY", "0.5", positionSide="LONG", leverage=25)
    await trade(alice, "SELL", "0.5", positionSide="SHORT", leverage=25)
    await house.price("17000", BTC)

    closed = await alice.post(f"/api/positions/{(await position(alice))['positionId']}/close", {})

    assert (closed.status, closed.body["positionSide"]) == (201, "LONG")
    ledger = (await house.admin.get("/admin/ledger")).body
    amounts = {entry["account"]: entry["amount"] for entry in ledger["accounts"]}
    assert (ledger["sum"], amounts["user:alice:free"]) == ("0", "-514.25")
    now = await balance(alice)
    assert (now["available"], now["withdrawable"], now["equity"]) == ("645.75", "0", "985.75")


async def test_maintenance_is_rounded_up(house: House) -> None:
    tier = RiskTier(10**15, 500_000, 100)
    spec = market("FINE/USDT", margin_mode=MarginMode.CROSS, tiers=(tier,))
    await house.enter(ListInstrument(spec))
    await house.price("20000.01", "FINE/USDT")
    alice = await house.user("alice")

    await trade(alice, "BUY", "0.000003", symbol="FINE/USDT", leverage=1)

    assert (await balance(alice))["crossMaintenanceMargin"] == "0.00030001"


async def test_a_mark_revalues_all_positions_of_the_cross_account(house: House) -> None:
    alice = await house.user("alice")
    await trade(alice, "BUY", "0.01")
    await trade(alice, "SELL", "0.1", symbol=ETH)
    await house.price("20000")
    await alice.order(amount="10")  # isolated: what moves elsewhere is nothing to it
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["positions"])
        await socket.message("positions")
        house.venue.streams.push_valuations()
        await socket.message("positions")
        await house.price("1010", ETH)
        house.venue.streams.push_valuations()
        valued = await socket.message("positions")

    assert valued["type"] == "valuation"
    expected = [await position(alice), await position(alice, ETH, "SHORT")]
    assert valued["data"] == expected
    assert expected[0]["marginRatio"] == (await balance(alice))["marginRatio"]
