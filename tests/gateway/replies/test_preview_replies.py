"""How large an order a budget pays for: asked for with the preview, and true when placed."""

from typing import Any

import pytest

from tests.gateway.cross_markets import BTC, open_cross
from tests.gateway.house import Client, House, Json
from tests.gateway.perpetual import PERP, open_perpetual, order


async def previewed(client: Client, **fields: Any) -> Json:
    """The preview of a market buy of BTC-PERP/USDT with leverage 10."""
    usual = {"symbol": PERP, "side": "BUY", "orderType": "MARKET", "leverage": 10}
    body = {**usual, **fields}
    reply = await client.post("/api/orders/preview", {k: v for k, v in body.items() if v})
    assert reply.status == 200, reply
    return reply.body


async def test_a_budget_walks_the_book(house: House) -> None:
    await open_perpetual(house)
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    await order(bob, "SELL", "0.1", price="20000")
    await order(bob, "SELL", "1", price="20100")

    told = await previewed(alice, budget="1000")

    # 0.1 cost 200 + 1 and the rest 2010 + 10.05 each: floor(799 / 2020.05) is 0.395
    assert (told["maxQuantity"], told["quantity"], told["accepted"]) == ("0.495", "0.495", True)
    assert float(told["margin"]) + float(told["fee"]) <= 1_000
    more = await previewed(alice, quantity="0.496", budget="1000")
    assert (more["maxQuantity"], more["quantity"]) == ("0.495", "0.496")
    assert float(more["margin"]) + float(more["fee"]) > 1_000
    assert (await previewed(alice, quantity="0.1"))["maxQuantity"] is None
    placed = await order(alice, "BUY", told["maxQuantity"])
    spent = (await alice.get("/api/account")).body["balances"][0]
    assert (placed.body["status"], spent["margin"]) == ("FILLED", told["margin"])
    assert (told["filledQuantity"], told["averagePrice"]) == ("0.495", "20079.79797979")
    assert placed.body["averagePrice"] == told["averagePrice"]


async def test_more_than_the_book_or_the_account_has_is_not_promised(house: House) -> None:
    await open_perpetual(house)
    alice, bob = await house.user("alice", "100"), await house.user("bob", "100000")
    await order(bob, "SELL", "0.02", price="20000")

    by_book = await previewed(alice, budget="1000000")
    rests = {"orderType": "LIMIT", "price": "20000", "side": "SELL"}
    by_account = await previewed(alice, budget="1000000", **rests)
    nothing = await previewed(alice, budget="0")

    # 100 pay for 0.04 of margin 80 and fee 0.16, and no more than 0.0499…
    assert [told["maxQuantity"] for told in (by_book, by_account, nothing)] == [
        *("0.02", "0.049", "0"),
    ]
    assert nothing["quantity"] == "0.001"
    resting = await previewed(alice, quantity="0.001", **rests)
    assert (resting["filledQuantity"], resting["averagePrice"]) == ("0", None)


async def test_cross_margin_and_quoted_prices(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "1000")

    told = await previewed(alice, symbol=BTC, budget="500", side="SELL")

    assert (told["maxQuantity"], told["margin"], told["fee"]) == ("0.248", "496", "2.48")
    assert (told["price"], told["accepted"], told["bankruptcyPrice"]) == ("20000", True, None)


async def test_tickets_by_amount_have_a_largest_too(house: House) -> None:
    alice = await house.user("alice")

    told = await previewed(alice, symbol="BTC/USDT", amount="10", budget="100")

    # margin 99.96 and a fee of 0.04 % of it
    assert (told["quantity"], told["maxQuantity"], told["margin"]) == ("0.005", "0.04998", "10")


@pytest.mark.parametrize(
    ("budget", "status", "code"),
    [
        ("-1", 400, "BAD_NUMBER"),
        ("x", 400, "BAD_NUMBER"),
        (5, 400, "BAD_NUMBER"),
        ("999999999999", 422, "BAD_AMOUNT"),
    ],
)
async def test_what_is_no_budget_is_refused(
    house: House, budget: object, status: int, code: str
) -> None:
    alice = await house.user("alice")
    body = {"symbol": "BTC/USDT", "side": "BUY", "orderType": "MARKET", "leverage": 10}

    refused = await alice.post("/api/orders/preview", {**body, "budget": budget})

    assert (refused.status, refused.code) == (status, code)


async def test_an_order_has_no_budget(house: House) -> None:
    alice = await house.user("alice")

    refused = await alice.order(amount="1", budget="5")

    assert (refused.status, refused.code) == (400, "UNKNOWN_FIELD")
