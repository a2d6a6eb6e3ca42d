"""Two settlement assets: each has its own balances, collateral, liquidations and insurance."""

from pathlib import Path

from gateway.fields import signed_e8
from tests.gateway.cross_markets import position, trade
from tests.gateway.house import Client, House, Json, Reply, socket_of
from tests.gateway.test_metrics import figures

IN_USDT, IN_USDC = "BTC-PERP/USDT", "ETH-PERP/USDC"


async def transfer(house: House, what: str, asset: str, amount: str, name: str) -> Reply:
    body = {"asset": asset, "amount": amount, "transferId": f"{what}-{asset}-{name}"}
    return await house.admin.post(f"/admin/accounts/{name}/{what}s", body)


async def open_both(house: House) -> Client:
    """BTC settled in USDT at 20,000, ETH in USDC at 1,000; Alice has 1,000 and 500 of them."""
    perpetual = {"profile": "perpetual", "tickSize": "0.01", "lotSize": "0.001", "staleAfterMs": 0}
    listed = await house.admin.post("/admin/instruments", {**perpetual, "symbol": IN_USDC})
    assert (listed.body["settlement"], listed.body["marginMode"]) == ("USDC", "CROSS")
    usdt = {"symbol": IN_USDT, "lotSize": "0.001", "tickSize": "0.1"}
    assert (await house.admin.post("/admin/instruments", {**perpetual, **usdt})).status == 201
    await house.price("20000", IN_USDT)
    await house.price("1000", IN_USDC)
    alice = await house.user("alice", "1000")
    assert (await transfer(house, "deposit", "USDC", "500", "alice")).status == 201
    return alice


async def balances(client: Client) -> dict[str, Json]:
    found = (await client.get("/api/account")).body["balances"]
    return {entry["asset"]: entry for entry in found}


def brief(entry: Json) -> tuple[str, ...]:
    names = ("available", "withdrawable", "crossInitialMargin", "crossEquity", "equity")
    return tuple(entry[name] for name in names)


async def test_each_asset_has_its_own_figures(house: House) -> None:
    alice = await open_both(house)
    await trade(alice, "BUY", "0.1", symbol=IN_USDT)
    await trade(alice, "SELL", "2", symbol=IN_USDC)
    await house.price("21000", IN_USDT)
    await house.price("1050", IN_USDC)

    now = await balances(alice)

    # USDT: a fee of 1, a gain of 100, margin of 210; USDC: a fee of 1, a loss of 100, margin of 210
    assert {asset: brief(entry) for asset, entry in now.items()} == {
        "USDT": ("889", "789", "210", "1099", "1099"),
        "USDC": ("189", "189", "210", "399", "399"),
    }
    assert (now["USDT"]["marginRatio"], now["USDC"]["marginRatio"]) == ("0.00859872", "0.02368421")


async def test_neither_pays_for_the_other(house: House) -> None:
    alice = await open_both(house)

    refused = [
        await trade(alice, "BUY", "6", symbol=IN_USDC),  # 600 of margin, and there are 500
        await transfer(house, "withdrawal", "USDC", "500.00000001", "alice"),
        await transfer(house, "withdrawal", "USDT", "1000.00000001", "alice"),
        await transfer(house, "withdrawal", "EURC", "1", "alice"),
    ]
    left = await transfer(house, "withdrawal", "USDC", "500", "alice")
    larger = await trade(alice, "BUY", "0.3", symbol=IN_USDT)

    assert [(reply.status, reply.code) for reply in refused] == [
        *[(422, "INSUFFICIENT_BALANCE")] * 3,
        (422, "UNKNOWN_ASSET"),
    ]
    assert (left.status, larger.status) == (201, 201)
    now = await balances(alice)
    assert (now["USDC"]["equity"], now["USDT"]["equity"]) == ("0", "997")


async def test_a_ruin_in_one_asset_leaves_the_other_alone(house: House) -> None:
    alice = await open_both(house)
    for asset in ("USDT", "USDC"):
        body = {"asset": asset, "amount": "1000", "transferId": f"fund-{asset}"}
        await house.admin.post("/admin/insurance", body)
    await trade(alice, "BUY", "0.1", symbol=IN_USDT)
    await trade(alice, "SELL", "4", symbol=IN_USDC)
    rests = {"orderType": "LIMIT", "price": "19000", "symbol": IN_USDT}
    order_id = (await trade(alice, "BUY", "0.01", **rests)).body["orderId"]
    before = (await balances(alice))["USDT"]
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["account"])
        await socket.drain()
        await house.price("1200", IN_USDC)
        told = [m for m in await socket.drain() if m["type"] != "update"]

    after = await balances(alice)
    assert [(m["type"], m["data"]["asset"]) for m in told] == [
        *(("liquidated", "USDC"), ("debtSettled", "USDC")),
    ]
    assert after["USDT"] == before
    assert brief(after["USDC"]) == ("0", "0", "0", "0", "0")
    assert (await alice.get(f"/api/orders/{order_id}")).body["status"] == "PENDING"
    assert (await position(alice, IN_USDT))["quantity"] == "0.1"
    shown = await figures(house)
    assert shown["fulcrum_account_liquidations_total[USDC]"] == 1
    assert "fulcrum_account_liquidations_total[USDT]" not in shown
    assert (shown["fulcrum_insurance[USDT]"], shown["fulcrum_insurance[USDC]"] < 1_000) == (
        *(1_000, True),
    )
    ledger = (await house.admin.get("/admin/ledger")).body
    assert ledger["sum"] == "0"
    for asset in ("USDT", "USDC"):
        amounts = [entry["amount"] for entry in ledger["accounts"] if entry["asset"] == asset]
        assert sum(signed_e8(amount, "amount") for amount in amounts) == 0, asset


async def test_a_restart_keeps_them_apart(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        alice = await open_both(house)
        await trade(alice, "BUY", "0.1", symbol=IN_USDT)
        await trade(alice, "SELL", "2", symbol=IN_USDC)
        shown = await balances(alice)
        house.data.write_snapshot()
    async with House(folder) as house:
        assert await balances(Client(house.session, house.url, alice.token)) == shown
