"""The settings of a market go in by the operator and come out to everybody."""

from tests.gateway.house import House
from tests.gateway.perpetual import PERP, open_perpetual


async def test_an_order_driven_market_is_listed_by_the_operator(house: House) -> None:
    await open_perpetual(house)
    perpetual = {
        "symbol": "ETH-PERP/USDT", "profile": "perpetual", "tickSize": "0.01", "lotSize": "0.001",
        "market": "ORDER_DRIVEN", "positionMode": "HEDGING", "conditionalsMax": 7,
    }  # fmt: skip

    listed = await house.admin.post("/admin/instruments", perpetual)
    isolated = await house.admin.post(
        "/admin/instruments", {**perpetual, "symbol": "E-PERP/USDT", "marginMode": "ISOLATED"}
    )

    assert (listed.status, listed.body["market"], listed.body["conditionalsMax"]) == (
        *(201, "ORDER_DRIVEN", 7),
    )
    modes = [(reply.body["positionMode"], reply.body["marginMode"]) for reply in (listed, isolated)]
    assert modes == [("HEDGING", "CROSS"), ("HEDGING", "ISOLATED")]
    instruments = (await house.admin.session.get(house.url + "/api/instruments")).json()
    shown = {entry["symbol"]: entry for entry in (await instruments)["instruments"]}
    assert [shown[name]["market"] for name in ("BTC/USDT", PERP, "ETH-PERP/USDT")] == [
        *("QUOTE_DRIVEN", "ORDER_DRIVEN", "ORDER_DRIVEN"),
    ]
    assert shown["ETH-PERP/USDT"] == listed.body
