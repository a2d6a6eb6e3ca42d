"""Trailing stops over the API: placed, attached, set on positions, followed, fired, remembered."""

from pathlib import Path
from typing import Any

import pytest

from tests.gateway.cross_markets import BTC, open_cross, position, trade
from tests.gateway.house import Client, House, Json, Reply, socket_of


async def trail(client: Client, side: str = "SELL", **fields: Any) -> Reply:
    """A trailing stop of 0.1 BTC."""
    return await trade(client, side, "0.1", orderType="TRAILING_STOP", **fields)


async def stops(client: Client) -> list[Json]:
    found: list[Json] = (await client.get("/api/trailing-stops")).body["trailingStops"]
    return found


def follows(distance: str | None, rate: str | None, extreme: str, level: str) -> Json:
    return {"distance": distance, "rate": rate, "extreme": extreme, "level": level}


async def test_a_trailing_stop_follows_and_fires(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")
    await trade(alice, "BUY", "0.1")
    held = (await position(alice))["positionId"]
    placed = await trail(
        alice, trailing={"distance": "500", "rate": "0.01"}, reduceOnly=True, leverage=None
    )
    order_id = placed.body["orderId"]

    seen = [(await stops(alice))[0]["trailing"]]
    for price in ("21000", "20900", "60000"):
        await house.price(price, BTC)
        seen += [stop["trailing"] for stop in await stops(alice)]
    await house.price("59400", BTC)

    assert placed.body["trailing"] == {"distance": "500", "rate": "0.01", "activatedPrice": None}
    assert (placed.body["orderType"], placed.body["triggerPrice"]) == ("TRAILING_STOP", None)
    assert seen == [
        follows("500", "0.01", "20000", "19800"),
        follows("500", "0.01", "21000", "20790"),
        follows("500", "0.01", "21000", "20790"),
        follows("500", "0.01", "60000", "59500"),
    ]
    order = (await alice.get(f"/api/orders/{order_id}")).body
    assert (order["status"], order["averagePrice"]) == ("FILLED", "59400")
    assert await stops(alice) == []
    told = (await alice.get(f"/api/positions/{held}")).body
    assert (told["status"], told["pnl"]) == ("CLOSED", "3936.03")  # less 1 and 2.97 of fees


async def test_one_with_an_activation_price_waits_for_it_and_says_so(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders"])
        await socket.drain()
        placed = await trail(alice, "BUY", trailing={"rate": "0.05"}, triggerPrice="19000")
        before = await stops(alice)
        await house.price("18900", BTC)
        after = await stops(alice)
        await house.price("18000", BTC)
        await house.price("18900", BTC)
        told = [m["data"] for m in await socket.drain()]
    order_id = placed.body["orderId"]

    assert before == []
    assert after == [
        {
            "orderId": order_id,
            "positionId": None,
            "symbol": BTC,
            "side": "BUY",
            "quantity": "0.1",
            "source": "MARK",
            "trailing": follows(None, "0.05", "18900", "19845"),
        }
    ]
    assert [(one["status"], one["trailing"]["activatedPrice"]) for one in told] == [
        *(("PENDING", None), ("PENDING", "18900"), ("FILLED", "18900")),
    ]
    assert [one["triggerPrice"] for one in told] == ["19000"] * 3
    assert told[2]["averagePrice"] == "18900"


async def test_one_attached_to_an_opener_guards_what_it_opened(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")
    placed = await trade(alice, "BUY", "0.1", trailing={"distance": "100"}, takeProfit="30000")
    await trade(alice, "BUY", "0.2", trailing={"rate": "0.1"})
    held = await position(alice)

    shown = await stops(alice)
    await house.price("19900", BTC)
    left = await position(alice)

    assert placed.body["trailing"]["distance"] == "100"
    assert held["trailing"] is None  # they are the orders', not the position's own
    assert [(stop["orderId"], stop["positionId"], stop["quantity"]) for stop in shown] == [
        (placed.body["orderId"], held["positionId"], "0.1"),
        (shown[1]["orderId"], held["positionId"], "0.2"),
    ]
    assert [stop["trailing"]["level"] for stop in shown] == ["19900", "18000"]
    assert left["quantity"] == "0.2"
    story = (await alice.get(f"/api/positions/{held['positionId']}/explain")).body
    (fired,) = [step for step in story["steps"] if step.get("cause")]
    assert (fired["cause"], fired["quantity"], fired["price"]) == ("TRAILING_STOP", "0.1", "19900")
    assert fired["text"].startswith("The trailing stop fired: 0.1 BTC at 19900")


async def test_a_positions_own_is_set_kept_changed_and_removed(house: House) -> None:
    alice = await house.user("alice", "1000")
    await alice.order(amount="100")
    (held,) = (await alice.get("/api/positions")).body["positions"]
    path = f"/api/positions/{held['positionId']}"

    seen = []
    for body in (
        {"trailing": {"distance": "300"}},
        {"stopLoss": "19000"},
        {"trailing": {"rate": "0.02"}},
        {"trailing": None},
    ):
        reply = await alice.ask("PATCH", path, body)
        seen.append((reply.body["trailing"], reply.body["stopLoss"]))
        await house.price("20100")

    assert seen == [
        (follows("300", None, "20000", "19700"), None),
        (follows("300", None, "20100", "19800"), "19000"),
        (follows(None, "0.02", "20100", "19698"), "19000"),
        (None, "19000"),
    ]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 422, "BAD_COMBINATION"),
        ({"trailing": {}}, 400, "BAD_FIELD"),
        ({"trailing": {"distance": 5}}, 400, "BAD_NUMBER"),
        ({"trailing": {"rate": 0.01}}, 400, "BAD_NUMBER"),
        ({"trailing": {"rate": "1"}}, 422, "BAD_PRICE"),
        ({"trailing": {"rate": "0"}}, 422, "BAD_PRICE"),
        ({"trailing": {"distance": "0"}}, 422, "BAD_PRICE"),
        ({"trailing": {"distance": "0.05"}}, 422, "BAD_PRICE"),
        ({"trailing": {"level": "1"}}, 400, "UNKNOWN_FIELD"),
        ({"trailing": {"rate": "0.01"}, "price": "19000"}, 422, "BAD_COMBINATION"),
        ({"trailing": {"rate": "0.01"}, "triggerPrice": "19000"}, 422, "WOULD_TRIGGER"),
        ({"trailing": {"rate": "0.01"}, "timeInForce": "IOC"}, 422, "BAD_COMBINATION"),
    ],
)
async def test_what_is_no_trailing_stop_is_refused(
    house: House, fields: Json, status: int, code: str
) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")

    refused = await trail(alice, **fields)

    assert (refused.status, refused.code) == (status, code)


async def test_a_key_given_twice_within_is_found(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")
    body = (
        b'{"symbol":"BTC-PERP/USDT","side":"SELL","orderType":"TRAILING_STOP","quantity":"0.1",'
        b'"leverage":10,"trailing":{"rate":"0.01","rate":"0.02"}}'
    )

    refused = await alice.ask("POST", "/api/orders", data=body)

    assert (refused.status, refused.code) == (400, "DUPLICATE_KEY")


async def test_what_trails_is_part_of_what_a_client_order_id_stands_for(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")
    first = await trail(alice, trailing={"rate": "0.010"}, clientOrderId="one")
    await house.price("20100", BTC)
    again = await trail(alice, trailing={"rate": "0.01"}, clientOrderId="one")
    other = await trail(alice, trailing={"rate": "0.02"}, clientOrderId="one")

    assert (again.status, again.body) == (200, first.body)
    assert (other.status, other.code) == (409, "DUPLICATE_ID")


async def test_the_activation_price_can_be_amended_until_it_came(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "10000")
    placed = await trail(alice, trailing={"rate": "0.1"}, triggerPrice="21000")
    path = f"/api/orders/{placed.body['orderId']}"

    amended = await alice.ask("PATCH", path, {"triggerPrice": "20500"})
    await house.price("20500", BTC)
    late = await alice.ask("PATCH", path, {"triggerPrice": "22000"})

    assert (amended.status, amended.body["triggerPrice"]) == (200, "20500")
    assert (late.status, late.code) == (422, "BAD_COMBINATION")
    assert (await alice.get(path)).body["trailing"]["activatedPrice"] == "20500"


async def test_a_restart_follows_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_cross(house)
        alice = await house.user("alice", "10000")
        await trail(alice, trailing={"rate": "0.1"})
        await trail(alice, trailing={"distance": "10"}, triggerPrice="21000")
        await trade(alice, "BUY", "0.1", trailing={"distance": "3000"})
        await house.price("21500", BTC)
        shown = await stops(alice), (await alice.get("/api/orders")).body["orders"]
        assert len(shown[0]) == 3
    for writes_snapshot in (True, False):
        async with House(folder) as house:
            again = Client(house.session, house.url, alice.token)
            assert (await stops(again), (await again.get("/api/orders")).body["orders"]) == shown
            if writes_snapshot:
                house.data.write_snapshot()
