"""Orders that end with their owner's connection, or when he has not been heard of for a while."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway import operations
from tests.gateway.house import FAST, Client, House, socket_of, until
from tests.gateway.perpetual import PERP, open_perpetual


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue with a market of each structure."""
    async with House(tmp_path / "data") as running:
        await running.price("20000")
        await open_perpetual(running)
        yield running


async def rest(client: Client) -> list[str]:
    """An order in each market; their ids."""
    placed = [
        await client.order(orderType="LIMIT", price="19000", quantity="0.1"),
        await client.order(symbol=PERP, orderType="LIMIT", price="19000", quantity="0.1"),
    ]
    return [reply.body["orderId"] for reply in placed]


async def fates(client: Client, ids: list[str]) -> set[tuple[str, str | None]]:
    """Status and reason of each order."""
    bodies = [(await client.get(f"/api/orders/{order_id}")).body for order_id in ids]
    return {(body["status"], body["reason"]) for body in bodies}


async def open_count(client: Client) -> int:
    """How many orders are open."""
    return len((await client.get("/api/orders?status=OPEN")).body["orders"])


async def test_a_timer_that_runs_out_cancels_everywhere(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    ids, others = await rest(alice), await rest(bob)

    reply = await alice.post("/api/cancel-after", {"timeoutMs": 50})

    assert reply.status == 200
    assert reply.body == {
        "dueAt": (house.now_ns + 50_000_000) // 1_000_000,
        "sequence": house.venue.state.sequence,
    }
    house.now_ns += 60_000_000
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders"])
        await until(lambda: house.venue.state.sequence > reply.body["sequence"])
    assert await fates(alice, ids) == {("CANCELLED", "CANCEL_AFTER")}
    assert await fates(bob, others) == {("PENDING", None)}


async def test_a_timer_is_moved_and_taken_off(house: House) -> None:
    alice = await house.user("alice", "100000")
    ids = await rest(alice)
    async with socket_of(house, alice) as socket:
        await socket.ask(op="account.cancelAfter", timeoutMs=20)
        later = await socket.ask(op="account.cancelAfter", timeoutMs=3_600_000)
        house.now_ns += 30_000_000
        await asyncio.sleep(0.05)
        assert await fates(alice, ids) == {("PENDING", None)}
        gone = await socket.ask(op="account.cancelAfter", timeoutMs=0)

    assert later["result"]["dueAt"] == (house.now_ns - 30_000_000) // 1_000_000 + 3_600_000
    assert gone["result"]["dueAt"] is None
    assert house.venue.state.cancel_after == {}


async def test_a_timer_of_a_day_is_the_longest(house: House) -> None:
    alice = await house.user("alice")
    for timeout_ms, status, code in (
        (86_400_000, 200, ""),
        (86_400_001, 422, "BAD_AMOUNT"),
        (-1, 400, "BAD_FIELD"),
        ("5", 400, "BAD_FIELD"),
    ):
        reply = await alice.post("/api/cancel-after", {"timeoutMs": timeout_ms})
        assert (reply.status, reply.code) == (status, code)
    foreign = await alice.post("/api/cancel-after", {"timeoutMs": 1, "userId": "bob"})
    assert foreign.code == "FORBIDDEN_ACCOUNT"


async def test_a_timer_outlives_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_perpetual(house)
        alice = await house.user("alice", "100000")
        placed = await alice.order(symbol=PERP, orderType="LIMIT", price="19000", quantity="0.1")
        await alice.post("/api/cancel-after", {"timeoutMs": 3_600_000})
    later = House(folder)
    later.now_ns += 3_600_000_000_000
    async with later as house:
        again = Client(house.session, house.url, alice.token)
        await until(lambda: house.venue.sequencer.counters.commands > 0)
        assert await fates(again, [placed.body["orderId"]]) == {("CANCELLED", "CANCEL_AFTER")}


@pytest.mark.parametrize("how", ["auth", "op"])
async def test_orders_end_with_the_connection_that_said_so(house: House, how: str) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    ids, others = await rest(alice), await rest(bob)
    async with house.session.ws_connect(house.url + "/ws") as connection:
        auth = {"op": "auth", "token": alice.token}
        await connection.send_json({**auth, "cancelOnDisconnect": True} if how == "auth" else auth)
        await connection.receive()
        if how == "op":
            await connection.send_json({"op": "session.cancelOnDisconnect", "enabled": True})
            assert (await connection.receive_json())["result"] == {"enabled": True}

    await until(lambda: len(house.sessions) == 0)
    await until(lambda: house.venue.state.orders.count == 2)
    assert await fates(alice, ids) == {("CANCELLED", "DISCONNECTED")}
    assert await fates(bob, others) == {("PENDING", None)}


async def test_a_connection_that_breaks_ends_them_too(house: House) -> None:
    alice = await house.user("alice", "100000")
    ids = await rest(alice)
    connection = await house.session.ws_connect(house.url + "/ws")
    await connection.send_json({"op": "auth", "token": alice.token, "cancelOnDisconnect": True})
    await connection.receive()
    line = connection._conn
    assert line is not None
    assert line.transport is not None

    line.transport.abort()

    await until(lambda: house.venue.state.orders.count == 0)
    assert await fates(alice, ids) == {("CANCELLED", "DISCONNECTED")}


async def test_a_fault_of_ours_ends_them_too(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = await house.user("alice", "100000")
    ids = await rest(alice)

    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    async with socket_of(house, alice) as socket:
        await socket.ask(op="session.cancelOnDisconnect", enabled=True)
        with monkeypatch.context() as patch:
            patch.setattr(operations, "place", broken)
            order = {"symbol": PERP, "side": "BUY", "orderType": "MARKET", "quantity": "1"}
            await socket.connection.send_json({"op": "order.place", **order})
            await until(lambda: house.venue.state.orders.count == 0)
    capsys.readouterr()
    assert await fates(alice, ids) == {("CANCELLED", "DISCONNECTED")}


async def test_a_reader_who_is_cut_off_loses_his_orders(tmp_path: Path) -> None:
    limits = msgspec.structs.replace(FAST.websocket, queue_bytes_max=4_096)
    async with House(tmp_path / "data", msgspec.structs.replace(FAST, websocket=limits)) as house:
        await house.price("20000")
        await open_perpetual(house)
        alice = await house.user("alice", "100000")
        async with socket_of(house, alice) as socket:
            await socket.ask(op="session.cancelOnDisconnect", enabled=True)
            await socket.ask(op="subscribe", channels=["orders"])
            batch = [
                {"symbol": PERP, "side": "BUY", "orderType": "LIMIT", "price": "19000",
                 "quantity": "0.001"}
            ] * 40  # fmt: skip
            assert (await alice.ask("POST", "/api/orders/batch", {"orders": batch})).status == 200
            await until(lambda: house.venue.refusals["SLOW_READER"] == 1)
            await until(lambda: house.venue.state.orders.count == 0)
        (last, *_) = (await alice.get("/api/orders")).body["orders"]
    assert (last["status"], last["reason"]) == ("CANCELLED", "DISCONNECTED")


async def test_what_the_connection_still_asked_for_is_cancelled_as_well(house: House) -> None:
    alice = await house.user("alice", "100000")
    async with house.session.ws_connect(house.url + "/ws") as connection:
        await connection.send_json({"op": "auth", "token": alice.token, "cancelOnDisconnect": True})
        await connection.receive()
        order = {"symbol": PERP, "side": "BUY", "orderType": "LIMIT", "price": "19000"}
        for _ in range(20):
            await connection.send_json({"op": "order.place", **order, "quantity": "0.1"})

    await until(lambda: len(house.sessions) == 0)
    await until(lambda: house.venue.sequencer.queue_length == 0)
    orders = (await alice.get("/api/orders")).body["orders"]
    assert len(orders) == 20
    assert {order["reason"] for order in orders} == {"DISCONNECTED"}


async def test_others_and_those_who_took_it_back_keep_theirs(house: House) -> None:
    alice = await house.user("alice", "100000")
    ids = await rest(alice)
    before = house.venue.state.sequence
    async with socket_of(house, alice) as plain:
        await plain.ask(op="ping")
    async with socket_of(house, alice) as changed:
        await changed.ask(op="session.cancelOnDisconnect", enabled=True)
        await changed.ask(op="session.cancelOnDisconnect", enabled=False)
    await until(lambda: len(house.sessions) == 0)

    assert await fates(alice, ids) == {("PENDING", None)}
    assert house.venue.state.sequence == before


async def test_the_end_of_any_such_connection_cancels(house: House) -> None:
    alice = await house.user("alice", "100000")
    async with socket_of(house, alice) as stays:
        await stays.ask(op="session.cancelOnDisconnect", enabled=True)
        async with socket_of(house, alice) as goes:
            await goes.ask(op="session.cancelOnDisconnect", enabled=True)
            ids = await rest(alice)
        await until(lambda: house.venue.state.orders.count == 0)
        assert await fates(alice, ids) == {("CANCELLED", "DISCONNECTED")}
        await rest(alice)
    await until(lambda: house.venue.state.orders.count == 0)


async def test_orders_outlive_a_stop_of_the_venue(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_perpetual(house)
        alice = await house.user("alice", "100000")
        placed = await alice.order(symbol=PERP, orderType="LIMIT", price="19000", quantity="0.1")
        connection = await house.session.ws_connect(house.url + "/ws")
        await connection.send_json({"op": "auth", "token": alice.token, "cancelOnDisconnect": True})
        await connection.receive()
        house.sessions.close_all()
        await until(lambda: len(house.sessions) == 0)
        assert connection.close_code is None
    async with House(folder) as house:
        again = Client(house.session, house.url, alice.token)
        assert await fates(again, [placed.body["orderId"]]) == {("PENDING", None)}


async def test_a_full_queue_does_not_save_the_orders(tmp_path: Path) -> None:
    small = msgspec.structs.replace(FAST.limits, queue_max=1)
    async with House(tmp_path / "data", msgspec.structs.replace(FAST, limits=small)) as house:
        await open_perpetual(house)
        alice = await house.user("alice", "100000")
        await alice.order(symbol=PERP, orderType="LIMIT", price="19000", quantity="0.1")
        async with socket_of(house, alice) as socket:
            await socket.ask(op="session.cancelOnDisconnect", enabled=True)
            (session,) = house.sessions._open
            ping = {"symbol": PERP, "side": "BUY", "orderType": "MARKET", "quantity": "0.001"}
            session.take(msgspec.json.encode({"op": "order.place", **ping}))
            assert house.venue.sequencer.queue_length == house.venue.sequencer.queue_max
            session._leave()
        await until(lambda: house.venue.state.orders.count == 0)


async def test_only_a_trader_can_ask_for_it(house: House) -> None:
    alice = await house.user("alice", "100000")
    issued = await house.admin.post("/admin/accounts/alice/tokens", {"scopes": ["read"]})
    ids = await rest(alice)
    async with house.session.ws_connect(house.url + "/ws") as connection:
        auth = {"op": "auth", "token": issued.body["token"], "cancelOnDisconnect": True}
        await connection.send_json(auth)
        refused = await connection.receive_json()
        await connection.send_json({"op": "auth", "token": issued.body["token"]})
        assert "result" in await connection.receive_json()
        await connection.send_json({"op": "session.cancelOnDisconnect", "enabled": True})
        again = await connection.receive_json()

    assert refused["error"]["code"] == again["error"]["code"] == "FORBIDDEN_SCOPE"
    await until(lambda: len(house.sessions) == 0)
    assert await fates(alice, ids) == {("PENDING", None)}
