"""The WebSocket protocol, read by another library than the one that serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway import operations
from tests.gateway.house import FAST, Client, House, socket_of


@asynccontextmanager
async def line(house: House) -> AsyncIterator[ClientConnection]:
    """A bare connection of another library."""
    async with connect(house.url.replace("http", "ws") + "/ws", max_size=None) as connection:
        yield connection


async def ask(connection: ClientConnection, request: Any) -> Any:
    """One frame out, one in."""
    await connection.send(msgspec.json.encode(request).decode())
    return msgspec.json.decode(await connection.recv())


def an_order(number: int, **fields: Any) -> dict[str, Any]:
    """A market order of 1 USDT."""
    base = {"symbol": "BTC/USDT", "side": "BUY", "orderType": "MARKET", "leverage": 10}
    return {"id": number, "op": "order.place", **base, "amount": "1", **fields}


async def test_auth_then_an_order(house: House) -> None:
    alice = await house.user("alice")
    async with line(house) as connection:
        greeted = await ask(connection, {"id": "a", "op": "auth", "token": alice.token})
        placed = await ask(connection, an_order(2, clientOrderId="x"))
        pong = await ask(connection, {"op": "ping"})

    assert greeted == {"id": "a", "result": {"userId": "alice", "sequence": 1}}
    assert placed["id"] == 2
    assert placed["result"] == (await alice.get("/api/orders/client/x")).body
    assert pong["id"] is None
    assert pong["result"]["sequence"] == house.venue.state.sequence


async def test_an_array_of_requests_is_answered_in_order_in_one_write(house: House) -> None:
    alice = await house.user("alice")
    async with line(house) as connection:
        await ask(connection, {"op": "auth", "token": alice.token})
        orders = [an_order(number) for number in range(100)]
        await connection.send(msgspec.json.encode(orders).decode())
        replies = [msgspec.json.decode(await connection.recv()) for _ in orders]

    assert [reply["id"] for reply in replies] == list(range(100))
    assert {reply["result"]["status"] for reply in replies} == {"FILLED"}
    assert house.writer.syncs < house.venue.state.sequence - 90


async def test_a_long_frame_arrives_whole(house: House) -> None:
    alice = await house.user("alice", "100000")
    async with line(house) as connection:
        await ask(connection, {"op": "auth", "token": alice.token})
        many = [an_order(0, orderType="LIMIT", price=f"{n + 1}", amount="1") for n in range(200)]
        await connection.send(msgspec.json.encode(many).decode())
        for _ in many:
            assert "result" in msgspec.json.decode(await connection.recv())
        await connection.send('{"op":"subscribe","channels":["orders"]}')
        await connection.recv()
        snapshot = msgspec.json.decode(await connection.recv())

    assert (snapshot["type"], len(snapshot["data"])) == ("snapshot", 200)
    assert len(msgspec.json.encode(snapshot)) > 65_536


async def test_orders_are_amended_and_cancelled_by_either_id(house: House) -> None:
    alice = await house.user("alice")
    async with line(house) as connection:
        await ask(connection, {"op": "auth", "token": alice.token})
        order = an_order(1, orderType="LIMIT", price="19000", clientOrderId="both")
        order_id = (await ask(connection, order))["result"]["orderId"]
        amended = await ask(
            connection, {"id": 2, "op": "order.amend", "clientOrderId": "both", "price": "18000"}
        )
        neither = await ask(connection, {"id": 3, "op": "order.cancel"})
        both = {"id": 4, "op": "order.cancel", "orderId": order_id, "clientOrderId": "both"}
        refused = await ask(connection, both)
        cancelled = await ask(connection, {"id": 5, "op": "order.cancel", "orderId": order_id})
        again = await ask(connection, {"id": 6, "op": "order.cancel", "orderId": order_id})

    assert amended["result"]["price"] == "18000"
    assert neither["error"]["code"] == refused["error"]["code"] == "BAD_FIELD"
    assert cancelled["result"]["status"] == "CANCELLED"
    assert (again["id"], again["error"]["code"]) == (6, "UNKNOWN_ORDER")


@pytest.mark.parametrize(
    ("frame", "request_id", "code"),
    [
        ("", None, "BAD_JSON"),
        ("{", None, "BAD_JSON"),
        ("[", None, "BAD_JSON"),
        ("[1]", None, "BAD_FIELD"),
        ("[[]]", None, "BAD_FIELD"),
        ("null", None, "BAD_FIELD"),
        ('{"id":5}', 5, "MISSING_FIELD"),
        ('{"id":5,"op":"trade"}', 5, "BAD_FIELD"),
        ('{"id":5,"op":5}', 5, "BAD_FIELD"),
        ('{"id":1.5,"op":"ping"}', None, "BAD_FIELD"),
        ('{"id":{},"op":"ping"}', None, "BAD_FIELD"),
        ('{"id":"%s","op":"ping"}' % ("x" * 65), None, "BAD_FIELD"),
        ('{"id":5,"op":"ping","op":"ping"}', 5, "DUPLICATE_KEY"),
        ('{"id":5,"id":6,"op":"ping"}', 6, "DUPLICATE_KEY"),
        ('{"id":5,"op":"ping","x":1}', 5, "UNKNOWN_FIELD"),
        ('{"id":5,"op":"order.cancel","orderId":"1"}', 5, "UNAUTHORIZED"),
        ('{"id":5,"op":"subscribe","channels":["ticker:BTC-USDT"]}', 5, "UNAUTHORIZED"),
        ('{"id":5,"op":"auth","token":"wrong"}', 5, "UNAUTHORIZED"),
        ('{"id":5,"op":"auth","token":5}', 5, "BAD_FIELD"),
    ],
)
async def test_a_bad_request_gets_its_id_and_a_code(
    house: House, frame: str, request_id: object, code: str
) -> None:
    async with line(house) as connection:
        await connection.send(frame)
        reply = msgspec.json.decode(await connection.recv())

    assert (reply["id"], reply["error"]["code"]) == (request_id, code)


async def closed_with(connection: ClientConnection) -> int | None:
    """The code that a connection is closed with."""
    try:
        while True:
            await connection.recv()
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code


async def test_who_does_not_say_who_he_is_is_let_go(tmp_path: Path) -> None:
    sockets = msgspec.structs.replace(FAST.websocket, login_timeout_s=1)
    async with (
        House(tmp_path / "data", msgspec.structs.replace(FAST, websocket=sockets)) as house,
        line(house) as connection,
    ):
        assert await closed_with(connection) == 4001


async def test_what_is_too_long_or_not_text_ends_the_connection(house: House) -> None:
    alice = await house.user("alice")
    async with line(house) as connection:
        await connection.send('{"op":"ping","x":"' + "a" * 5_000 + '"}')
        assert await closed_with(connection) == 1009
    async with line(house) as connection:
        await connection.send(b"\x80")
        assert await closed_with(connection) == 1003
    async with line(house) as connection:
        await ask(connection, {"op": "auth", "token": alice.token})
        longer = await ask(connection, {"op": "ping", "x": "a" * 5_000})
        assert longer["error"]["code"] == "UNKNOWN_FIELD"
        await connection.send("[" + " " * 70_000 + "]")
        assert await closed_with(connection) == 1009


async def test_a_bug_ends_one_connection_and_is_logged(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = await house.user("alice")

    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("secret detail")

    async with line(house) as connection, socket_of(house, alice) as other:
        await ask(connection, {"op": "auth", "token": alice.token})
        with monkeypatch.context() as patch:
            patch.setattr(operations, "place", broken)
            await connection.send(msgspec.json.encode(an_order(1)).decode())
            assert await closed_with(connection) == 1011
        assert "result" in await other.ask(op="ping")
    captured = capsys.readouterr()
    assert "secret detail" in captured.out + captured.err


async def test_scopes_hold_on_a_socket_too(house: House) -> None:
    await house.user("alice")
    issued = await house.admin.post("/admin/accounts/alice/tokens", {"scopes": ["read"]})
    reader = Client(house.session, house.url, issued.body["token"])
    async with socket_of(house, reader) as socket:
        refused = await socket.ask(**{k: v for k, v in an_order(0).items() if k != "id"})
        assert refused["error"]["code"] == "FORBIDDEN_SCOPE"
        assert "result" in await socket.ask(op="subscribe", channels=["account"])
        await house.admin.ask("DELETE", f"/admin/tokens/{issued.body['tokenHash']}")
        gone = await socket.ask(op="subscribe", channels=["orders"])
        assert gone["error"]["code"] == "UNAUTHORIZED"


async def test_channels_are_bounded_and_known(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        for channels, code in (
            (["trades"], "BAD_FIELD"),
            (["ticker:XXX-USDT"], "UNKNOWN_SYMBOL"),
            (["ticker:"], "UNKNOWN_SYMBOL"),
        ):
            reply = await socket.ask(op="subscribe", channels=channels)
            assert reply["error"]["code"] == code


async def test_a_rate_holds_on_a_socket(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await alice.get("/api/account")
        rate = house.venue.rate_limit
        rate.bucket(list(rate._buckets)[-1]).level = -5_000_000.0

        reply = await socket.ask(op="ping")

    assert reply["error"]["code"] == "RATE_LIMITED"
