"""The routes of batches: shapes, lengths, rights and rates."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.gateway.house import FAST, Client, House, Json, socket_of
from tests.gateway.perpetual import open_perpetual
from tests.gateway.test_batches import batch, limit, seen


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue whose order-driven market has its mark at 20,000."""
    async with House(tmp_path / "data") as running:
        await open_perpetual(running)
        yield running


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("POST", {"orders": []}, "BAD_FIELD"),
        ("POST", {"orders": [limit("19000")] * 51}, "BAD_FIELD"),
        ("POST", {"orders": [limit("19000") | {"price": 19000}]}, "BAD_NUMBER"),
        ("POST", {"orders": [limit("19000", owner="bob")]}, "UNKNOWN_FIELD"),
        ("POST", {"orders": [limit("19000")], "userId": "bob"}, "FORBIDDEN_ACCOUNT"),
        ("POST", {"amends": []}, "UNKNOWN_FIELD"),
        ("POST", {}, "MISSING_FIELD"),
        ("DELETE", {}, "BAD_FIELD"),
        ("DELETE", {"orderIds": ["1"] * 30, "clientOrderIds": ["a"] * 30}, "BAD_FIELD"),
    ],
)
async def test_a_batch_of_another_shape_is_refused_whole(
    house: House, method: str, body: Json, code: str
) -> None:
    alice = await house.user("alice", "100000")
    before = house.venue.state.sequence

    reply = await alice.ask(method, "/api/orders/batch", body)

    assert reply.code == code
    assert house.venue.state.sequence == before


async def test_a_doubled_key_inside_an_item_is_found(house: House) -> None:
    alice = await house.user("alice", "100000")
    item = msgspec.json.encode(limit("19000")).replace(
        b'"side":"BUY"', b'"side":"BUY","side":"SELL"'
    )

    reply = await alice.ask("POST", "/api/orders/batch", data=b'{"orders":[' + item + b"]}")

    assert (reply.status, reply.code) == (400, "DUPLICATE_KEY")


async def test_fifty_long_orders_pass_and_single_ones_stay_short(house: House) -> None:
    alice = await house.user("alice", "100000")
    orders = [
        limit(f"19{number:03}", clientOrderId=f"{number:036}", ocoGroup=f"{number:036}")
        | {"userId": "alice", "selfTradePrevention": "CANCEL_MAKER", "displayQuantity": "0.05"}
        | {"timeInForce": "GTC", "postOnly": False, "reduceOnly": False}
        for number in range(50)
    ]

    reply = await batch(alice, "POST", orders=orders)
    padded = msgspec.json.encode(limit("19000")) + b" " * 20_000
    single = await alice.ask("POST", "/api/orders", data=padded)
    longest = await alice.ask(
        "POST", "/api/orders/batch", data=msgspec.json.encode({"orders": orders}) + b" " * 300_000
    )

    assert len(msgspec.json.encode({"orders": orders})) > house.config.server.body_bytes_max
    assert [status for status, _ in seen(reply.body["results"])] == ["PENDING"] * 50
    assert (single.status, longest.status) == (413, 413)


async def test_a_batch_costs_as_much_of_the_rate_as_its_items(tmp_path: Path) -> None:
    slow = msgspec.structs.replace(FAST.limits, requests_per_second=1, burst=5)
    config = msgspec.structs.replace(FAST, limits=slow)
    async with House(tmp_path / "slow", config) as house:
        await open_perpetual(house)
        alice = await house.user("alice", "100000")

        first = await batch(alice, "POST", orders=[limit("19000")] * 4)
        before = house.venue.state.sequence
        second = await batch(alice, "POST", orders=[limit("19000")] * 4)

        assert (first.status, second.status, second.code) == (200, 429, "RATE_LIMITED")
        assert house.venue.state.sequence == before


async def test_a_batch_needs_the_right_to_trade(house: House) -> None:
    await house.user("alice")
    issued = await house.admin.post("/admin/accounts/alice/tokens", {"scopes": ["read"]})
    reader = Client(house.session, house.url, issued.body["token"])

    for method, body in (
        ("POST", {"orders": [limit("19000")]}),
        ("PATCH", {"amends": [{"orderId": "1", "price": "1"}]}),
        ("DELETE", {"orderIds": ["1"]}),
    ):
        reply = await reader.ask(method, "/api/orders/batch", body)
        assert (reply.status, reply.code) == (403, "FORBIDDEN_SCOPE")
    async with socket_of(house, reader) as socket:
        refused = await socket.ask(op="order.batch", orders=[limit("19000")])
    assert refused["error"]["code"] == "FORBIDDEN_SCOPE"
