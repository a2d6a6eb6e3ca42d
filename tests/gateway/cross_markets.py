"""Markets of the gateway's tests in cross margin, and the shortest ways to trade in them."""

from typing import Any, Final

from engine.commands import ListInstrument
from engine.instrument import InstrumentSpec, MarginMode
from gateway.listings import perpetual_market
from tests.gateway.house import Client, House, Json, Reply

BTC: Final = "BTC-PERP/USDT"
ETH: Final = "ETH-PERP/USDT"


def cross_market(base: str, **changes: object) -> InstrumentSpec:
    """Quote-driven and netting; 0.05 % taker fee, 0.45 % of the notional to be kept at first."""
    spec = perpetual_market(base)
    values = {name: getattr(spec, name) for name in InstrumentSpec.__slots__}
    return InstrumentSpec(
        **(values | {"margin_mode": MarginMode.CROSS, "stale_after_ns": 0} | changes)
    )


async def open_cross(house: House, **changes: object) -> None:
    """BTC at 20,000 and ETH at 1,000, both in cross margin."""
    for base, price in (("BTC", "20000"), ("ETH", "1000")):
        await house.enter(ListInstrument(cross_market(base, **changes)))
        await house.price(price, f"{base}-PERP/USDT")


async def trade(client: Client, side: str, quantity: str, **fields: Any) -> Reply:
    """A market order of BTC with leverage 10 unless said otherwise; None leaves a field out."""
    usual = {"symbol": BTC, "orderType": "MARKET", "leverage": 10}
    body = {**usual, "side": side, "quantity": quantity, **fields}
    return await client.post("/api/orders", {k: v for k, v in body.items() if v is not None})


async def balance(client: Client) -> Json:
    """The account's USDT."""
    return (await client.get("/api/account")).body["balances"][0]


async def position(client: Client, symbol: str = BTC, side: str = "LONG") -> Json:
    """The account's open position in a market on a side."""
    positions = (await client.get("/api/positions")).body["positions"]
    (found,) = [entry for entry in positions if (entry["symbol"], entry["side"]) == (symbol, side)]
    return found
