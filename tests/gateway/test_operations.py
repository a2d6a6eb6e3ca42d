"""Idempotency, and whose object it is."""

import msgspec

from tests.gateway.house import Client, House, socket_of


async def test_the_same_request_again_gets_the_first_result(house: House) -> None:
    alice = await house.user("alice")
    order = {"orderType": "LIMIT", "price": "19000", "quantity": "0.1", "clientOrderId": "once"}

    first = await alice.order(**order)
    await alice.ask("PATCH", f"/api/orders/{first.body['orderId']}", {"price": "18000"})
    await alice.ask("DELETE", f"/api/orders/{first.body['orderId']}")
    again = await alice.order(**{**order, "price": "19000.00"})

    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert (await alice.get("/api/orders/client/once")).body["status"] == "CANCELLED"


async def test_the_same_id_with_another_body_is_409(house: House) -> None:
    alice = await house.user("alice")
    await alice.order(amount="10", clientOrderId="once")

    reply = await alice.order(amount="11", clientOrderId="once")

    assert (reply.status, reply.code) == (409, "DUPLICATE_ID")
    assert len((await alice.get("/api/orders")).body["orders"]) == 1


async def test_a_refusal_is_remembered_too(house: House) -> None:
    alice = await house.user("alice", "5")
    order = {"amount": "10", "clientOrderId": "too-much"}
    first = await alice.order(**order)
    await house.admin.post("/admin/accounts/alice/deposits", {
        "asset": "USDT", "amount": "100", "transferId": "more",
    })  # fmt: skip

    again = await alice.order(**order)
    settled = await alice.get("/api/orders/client/too-much")

    assert (first.status, first.code) == (again.status, again.code) == (422, "INSUFFICIENT_BALANCE")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (settled.status, settled.body["status"]) == (200, "REJECTED")
    assert settled.body["reason"] == "INSUFFICIENT_BALANCE"


async def test_the_same_request_over_http_and_socket_is_one(house: House) -> None:
    alice = await house.user("alice")
    first = await alice.order(amount="10", clientOrderId="once")
    async with socket_of(house, alice) as socket:
        again = await socket.ask(
            op="order.place",
            symbol="BTC/USDT",
            side="BUY",
            orderType="MARKET",
            leverage=10,
            amount="10.0",
            clientOrderId="once",
        )

    assert again["result"] == first.body


async def test_other_peoples_objects_do_not_exist(house: House) -> None:
    alice, mallory = await house.user("alice"), await house.user("mallory")
    order = (await alice.order(orderType="LIMIT", price="19000", quantity="0.1")).body["orderId"]
    position = (await alice.order(amount="10")).body["positionId"]
    for method, path, body in (
        ("GET", "/api/orders/{}", None),
        ("PATCH", "/api/orders/{}", {"price": "18000"}),
        ("DELETE", "/api/orders/{}", None),
        ("GET", "/api/positions/{}", None),
        ("PATCH", "/api/positions/{}", {"stopLoss": "18000"}),
        ("POST", "/api/positions/{}/close", {}),
        ("POST", "/api/positions/{}/margin", {"amount": "1"}),
    ):
        own = order if "orders" in path else position
        foreign = await mallory.ask(method, path.format(own), body)
        absent = await mallory.ask(method, path.format("999999"), body)
        strange = await mallory.ask(method, path.format("x1"), body)

        assert foreign.status == 404, (method, path)
        assert without_id(foreign.body) == without_id(absent.body) == without_id(strange.body)
    assert (await mallory.get("/api/orders")).body["orders"] == []
    assert (await mallory.get("/api/fills")).body["fills"] == []
    closing = await mallory.order(side="SELL", positionId=position, reduceOnly=True, leverage=None)
    assert (closing.status, closing.code) == (422, "UNKNOWN_POSITION")


def without_id(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name != "requestId"}


async def test_another_users_name_in_a_body_is_403(house: House) -> None:
    alice = await house.user("alice")

    own = await alice.order(amount="1", userId="alice")
    other = await alice.order(amount="1", userId="bob")

    assert own.status == 201
    assert (other.status, other.code) == (403, "FORBIDDEN_ACCOUNT")


async def test_a_pending_order_a_tick_then_filled_with_its_position(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders", "positions", "fills"])
        placed = await alice.order(orderType="LIMIT", price="19500", quantity="0.1")
        assert placed.body["status"] == "PENDING"
        for channel in ("orders", "positions", "fills"):
            assert (await socket.message(channel))["type"] == "snapshot"
        pending = await socket.message("orders")
        await house.price("19000")

        filled = await socket.message("orders")
        fill = await socket.message("fills")
        position = await socket.message("positions")

    assert pending["data"]["status"] == "PENDING"
    assert (filled["data"]["status"], filled["data"]["averagePrice"]) == ("FILLED", "19500")
    assert (fill["data"]["liquidity"], fill["data"]["price"]) == ("MAKER", "19500")
    assert position["data"]["positionId"] == filled["data"]["positionId"]
    assert (position["data"]["pnl"], position["data"]["side"]) == ("-50", "LONG")
    numbers = [message["sequence"] for message in (filled, fill, position)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


async def test_replies_carry_what_is_left_of_the_rate_and_429_says_when(house: House) -> None:
    alice = await house.user("alice")
    rate = house.venue.rate_limit
    reply = await alice.get("/api/account")
    assert reply.headers["RateLimit-Limit"] == str(rate.burst)
    assert int(reply.headers["RateLimit-Remaining"]) == rate.burst - 1
    caller = list(rate._buckets)[-1]
    rate.bucket(caller).level = -5_000_000.0

    refused = [await client.get("/api/account") for client in (alice, alice)]

    assert [(r.status, r.code) for r in refused] == [(429, "RATE_LIMITED")] * 2
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert refused[0].headers["RateLimit-Remaining"] == "0"
    other = await house.user("bob")
    assert (await other.get("/api/account")).status == 200


async def test_the_body_of_a_refusal(house: House) -> None:
    alice = await house.user("alice", "1")

    reply = await alice.order(amount="10")

    body = dict(reply.body)
    assert msgspec.convert(body.pop("requestId"), str)
    assert body == {
        "error": "Insufficient balance",
        "code": "INSUFFICIENT_BALANCE",
        "details": {},
    }
    assert isinstance(alice, Client)
