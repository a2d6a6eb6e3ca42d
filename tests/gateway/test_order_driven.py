"""Orders of an order-driven market over HTTP and WebSocket: what owners see of parts and ends."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.history.rows import history_rows
from tests.gateway.house import Client, House, socket_of
from tests.gateway.perpetual import PERP, open_perpetual, order, order_now

NS_PER_MS = 1_000_000
# What both sides of the first story see alike.
TRADED = {
    "symbol": PERP,
    "reason": None,
    "triggerPrice": None,
    "amount": None,
    "filledQuantity": "0.5",
    "averagePrice": "20010",
    "leverage": 10,
    "timeInForce": "GTC",
    "reduceOnly": False,
    "postOnly": False,
    "displayQuantity": None,
    "closePosition": False,
    "selfTradePrevention": "CANCEL_MAKER",
    "ocoGroup": None,
    "positionSide": None,
    "marginMode": "ISOLATED",
    "trailing": None,
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue whose order-driven market has its mark at 20,000."""
    async with House(tmp_path / "data") as running:
        await open_perpetual(running)
        yield running


async def test_a_trade_of_two_users_as_each_of_them_sees_it(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    rests = await order(alice, "SELL", "2", price="20010", clientOrderId="mine")

    taken = await order(bob, "BUY", "0.5")

    now_ms, sequence = house.now_ns // NS_PER_MS, house.venue.state.sequence
    assert (rests.status, rests.body["status"]) == (201, "PENDING")
    times = dict.fromkeys(("createdAt", "updatedAt", "filledAt"), now_ms)
    common = TRADED | times | {"sequence": sequence}
    assert taken.body == common | {
        "orderId": taken.body["orderId"],
        "clientOrderId": None,
        "side": "BUY",
        "orderType": "MARKET",
        "status": "FILLED",
        "price": None,
        "quantity": "0.5",
        "positionId": taken.body["positionId"],
    }
    assert (await alice.get("/api/orders/client/mine")).body == common | {
        "orderId": rests.body["orderId"],
        "clientOrderId": "mine",
        "side": "SELL",
        "orderType": "LIMIT",
        "status": "PARTIALLY_FILLED",
        "price": "20010",
        "quantity": "2",
        "positionId": (await alice.get("/api/positions")).body["positions"][0]["positionId"],
    }


async def test_the_fills_of_a_trade(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    await order(alice, "SELL", "2", price="20010")
    await order(bob, "BUY", "0.5")

    ours, theirs = [(await user.get("/api/fills")).body["fills"][0] for user in (alice, bob)]

    shown = ("side", "price", "quantity", "fee", "liquidity", "realizedPnl")
    assert [ours[name] for name in shown] == ["SELL", "20010", "0.5", "2.001", "MAKER", "0"]
    assert [theirs[name] for name in shown] == ["BUY", "20010", "0.5", "5.0025", "TAKER", "0"]


async def test_an_average_over_levels_is_exact_and_floored(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    for price in ("20010", "20010.1", "20010.3"):
        await order(alice, "SELL", "0.1", price=price)

    swept = await order(bob, "BUY", "0.3", price="20020", timeInForce="IOC")

    # (20010 + 20010.1 + 20010.3) / 3
    assert (swept.body["status"], swept.body["averagePrice"]) == ("FILLED", "20010.13333333")
    assert len((await bob.get("/api/fills")).body["fills"]) == 3


async def test_what_is_open_is_listed_as_open_until_it_ends(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    first = await order(alice, "SELL", "1", price="20010")
    second = await order(alice, "SELL", "1", price="20020")
    await order(bob, "BUY", "0.4")

    async def ids(status: str) -> list[str]:
        listed = (await alice.get(f"/api/orders?status={status}")).body["orders"]
        return [entry["orderId"] for entry in listed]

    assert await ids("OPEN") == [second.body["orderId"], first.body["orderId"]]
    assert await ids("PARTIALLY_FILLED") == [first.body["orderId"]]
    assert await ids("PENDING") == [second.body["orderId"]]
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders"])
        snapshot = await socket.message("orders")
        statuses = [entry["status"] for entry in snapshot["data"]]
        assert statuses == ["PARTIALLY_FILLED", "PENDING"]
        await order(bob, "BUY", "0.6")
        update = await socket.message("orders")
    assert (update["data"]["status"], update["data"]["filledQuantity"]) == ("FILLED", "1")
    cancelled = await alice.ask("DELETE", f"/api/orders/{second.body['orderId']}")
    assert cancelled.body["status"] == "CANCELLED"
    assert await ids("OPEN") == []


async def test_what_ends_after_a_part_keeps_the_part(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    rests = await order(alice, "SELL", "1", price="20010")
    taken = await order(bob, "BUY", "3", price="20010", timeInForce="IOC")
    assert await order_now(bob, taken) == ("CANCELLED", "UNFILLED", "3", "1")
    assert await order_now(alice, rests) == ("FILLED", None, "1", "1")

    nothing = await order(bob, "BUY", "1")
    assert await order_now(bob, nothing) == ("CANCELLED", "UNFILLED", "1", "0")
    assert nothing.status == 201


async def test_the_quantity_of_an_amend_is_the_total(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    rests = await order(alice, "SELL", "2", price="20010")
    path = f"/api/orders/{rests.body['orderId']}"
    await order(bob, "BUY", "0.5")

    less = await alice.ask("PATCH", path, {"quantity": "1"})
    below = await alice.ask("PATCH", path, {"quantity": "0.4"})
    left = await order(bob, "BUY", "0.1")
    reached = await alice.ask("PATCH", path, {"quantity": "0.6"})

    assert (less.body["quantity"], less.body["filledQuantity"]) == ("1", "0.5")
    assert (below.status, below.code) == (422, "BAD_QUANTITY")
    assert left.body["status"] == "FILLED"
    assert await order_now(alice, rests) == ("CANCELLED", "USER", "1", "0.6")
    assert (reached.status, reached.body["status"]) == (200, "CANCELLED")


async def test_a_restart_remembers_parts_with_and_without_a_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_perpetual(house)
        alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
        rests = await order(alice, "SELL", "1", price="20010", displayQuantity="0.1", ocoGroup="g")
        await order(bob, "BUY", "0.3", stopLoss="19500")
        rows = history_rows(house.venue.history)
        chain = house.venue.state.event_chain
    for writes_snapshot in (True, False):
        async with House(folder) as house:
            assert history_rows(house.venue.history) == rows
            assert house.venue.state.event_chain == chain
            again = Client(house.session, house.url, alice.token)
            assert await order_now(again, rests) == ("PARTIALLY_FILLED", None, "1", "0.3")
            if writes_snapshot:
                house.data.write_snapshot()


async def test_what_was_due_before_a_command_does_not_hide_its_outcome(house: House) -> None:
    """An order that expires first changes the book, which is told last, after the outcome."""
    alice = await house.user("alice", "100000")
    path = "/admin/accounts/alice/deposits"
    hour_ns = 3_600 * 10**9
    bodies: list[tuple[str, Any, int, str]] = [
        (path, {"asset": "USDT", "amount": "1", "transferId": "t"}, 201, ""),
        (path, {"asset": "USDT", "amount": "1", "transferId": "t"}, 200, ""),
        (path, {"asset": "EUR", "amount": "1", "transferId": "u"}, 422, "UNKNOWN_ASSET"),
        ("/admin/accounts", {"userId": "alice"}, 409, "DUPLICATE_ACCOUNT"),
        ("/admin/instruments", {"symbol": "A/USDT", "profile": "simple", "tickSize": "0.01",
                                "lotSize": "0.01"}, 201, ""),
        ("/admin/instruments", {"symbol": "A/USDT", "profile": "simple", "tickSize": "0.01",
                                "lotSize": "0.01"}, 409, "DUPLICATE_SYMBOL"),
        ("/api/cancel-after", {"timeoutMs": 86_400_001}, 422, "BAD_AMOUNT"),
    ]  # fmt: skip
    for place, body, status, code in bodies:
        due_ms = (house.now_ns + hour_ns) // NS_PER_MS
        rests = await order(alice, "BUY", "1", price="19000", timeInForce="GTD", expiresAt=due_ms)
        house.now_ns += 2 * hour_ns

        reply = await (alice if "/api" in place else house.admin).post(place, body)

        assert (reply.status, reply.code) == (status, code), place
        assert (await order_now(alice, rests))[0] == "EXPIRED"


async def test_cancelling_all_tells_of_partners_too(house: House) -> None:
    alice = await house.user("alice", "100000")
    await order(alice, "BUY", "1", price="19000", ocoGroup="g")
    await order(alice, "BUY", "1", orderType="STOP_MARKET", triggerPrice="21000", ocoGroup="g")

    reply = await alice.ask("DELETE", "/api/orders")

    told = [(entry["status"], entry["reason"]) for entry in reply.body["orders"]]
    assert told == [("CANCELLED", "USER"), ("CANCELLED", "OCO")]
