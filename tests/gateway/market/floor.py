"""A running venue's BTC-PERP/USDT, where users trade with each other: orders, and a book rebuilt.

Knows the API alone, as its clients do.
"""

import random
from typing import Final

from engine.commands import ListInstrument
from gateway.listings import order_driven_market
from tests.gateway.house import Client, House, Json

PERP: Final = "BTC-PERP/USDT"
PATH: Final = "BTC-PERP-USDT"
Depth = dict[int, int]


async def furnished(house: House, *names: str) -> list[Client]:
    """BTC-PERP/USDT, where users trade with each other, at 20,000; users with money."""
    await house.enter(ListInstrument(order_driven_market("BTC")))
    await house.price("20000", PERP)
    return [await house.user(name, "1000000") for name in names]


async def limit(user: Client, side: str, price: str, quantity: str) -> str:
    """Place a limit order; its id."""
    reply = await user.order(
        symbol=PERP, side=side, orderType="LIMIT", price=price, quantity=quantity
    )
    assert reply.status == 201, reply
    return str(reply.body["orderId"])


async def asked(house: House, path: str) -> Json:
    """The body of a public route, without a token."""
    reply = await Client(house.session, house.url, None).get(path)
    assert reply.status == 200, reply
    return reply.body


async def flow(user: Client, seed: int, orders: int) -> None:
    """Random limit and market orders around 20,000, and now and then a cancel of all."""
    chance = random.Random(seed)
    for _ in range(orders):
        side, quantity = chance.choice(("BUY", "SELL")), f"0.00{chance.randrange(1, 9)}"
        if chance.random() < 0.05:
            reply = await user.ask("DELETE", f"/api/orders?symbol={PATH}")
        elif chance.random() < 0.1:
            reply = await user.order(symbol=PERP, side=side, quantity=quantity)
        else:
            price = f"{20_000 + chance.randrange(-30, 30) / 10:.1f}"
            shown = "0.001" if chance.random() < 0.2 else None
            reply = await user.order(
                symbol=PERP,
                side=side,
                orderType="LIMIT",
                price=price,
                quantity=quantity,
                displayQuantity=shown,
            )
        assert reply.status in (200, 201), reply


class Rebuilt:
    """A client's book: from the snapshot, by the deltas, checked for gaps."""

    def __init__(self) -> None:
        self.sequence = 0
        self.kinds: dict[str, int] = {}
        self.sides: dict[str, dict[str, str]] = {"bids": {}, "asks": {}}

    def take(self, message: Json) -> None:
        """The next message of the channel."""
        kind = message["type"]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "update":
            assert message["prevSequence"] == self.sequence < message["sequence"]
        else:
            assert message["prevSequence"] is None
            self.sides = {"bids": {}, "asks": {}}
        self.sequence = message["sequence"]
        for name, levels in self.sides.items():
            for price, quantity in message["data"][name]:
                if quantity == "0":
                    levels.pop(price, None)
                else:
                    levels[price] = quantity

    def depth(self) -> tuple[Depth, Depth]:
        """In ticks of 0.1 and lots of 0.001."""
        bids, asks = (
            {round(float(p) * 10): round(float(q) * 1_000) for p, q in self.sides[name].items()}
            for name in ("bids", "asks")
        )
        return bids, asks
