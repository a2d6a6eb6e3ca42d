"""The order-driven market of the gateway's tests, and the shortest ways to trade in it."""

from typing import Any, Final

from engine.commands import ListInstrument
from engine.instrument import InstrumentSpec
from gateway.listings import order_driven_market
from tests.gateway.house import Client, House, Reply

PERP: Final = "BTC-PERP/USDT"


def perpetual(**changes: object) -> InstrumentSpec:
    """An order-driven market, tick 0.1 and lot 0.001, whose price never goes stale."""
    spec = order_driven_market("BTC")
    values = {name: getattr(spec, name) for name in InstrumentSpec.__slots__}
    return InstrumentSpec(**(values | {"stale_after_ns": 0} | changes))


async def open_perpetual(house: House, price: str = "20000", **changes: object) -> None:
    """List the order-driven market and give it a mark."""
    await house.enter(ListInstrument(perpetual(**changes)))
    await house.price(price, PERP)


async def order(client: Client, side: str, quantity: str | None, **fields: Any) -> Reply:
    """An order of the perpetual: a limit order if it has a price, else at the market."""
    kind = "LIMIT" if "price" in fields else "MARKET"
    base = {"symbol": PERP, "side": side, "orderType": kind, "quantity": quantity, "leverage": 10}
    body = {**base, **fields}
    return await client.post("/api/orders", {k: v for k, v in body.items() if v is not None})


async def order_now(client: Client, reply: Reply) -> tuple[str, str | None, str, str]:
    """Status, reason, quantity and what is filled of it."""
    body = (await client.get(f"/api/orders/{reply.body['orderId']}")).body
    return body["status"], body["reason"], body["quantity"], body["filledQuantity"]
