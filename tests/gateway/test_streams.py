"""Private streams: gap-free, resumable, and a function of the journal."""

import asyncio
import socket as sockets
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.codec import command_from_row
from engine.engine import Engine
from engine.state import State
from gateway.outbox import frame
from gateway.replies.account_replies import account_message
from tests.gateway.house import FAST, Client, House, socket_of, until
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover

ALL = ["orders", "fills", "positions", "account"]


def numbers(messages: list[Any]) -> list[int]:
    """The stream sequences of messages."""
    return [message["sequence"] for message in messages]


async def busy_day(house: House, alice: Client) -> None:
    """Some of everything: 9 commands."""
    await alice.order(amount="100")
    placed = await alice.order(orderType="LIMIT", price="19000", quantity="0.01")
    await alice.ask("PATCH", f"/api/orders/{placed.body['orderId']}", {"price": "18900"})
    await house.price("18800")
    await alice.order(orderType="LIMIT", price="10000", quantity="0.01", clientOrderId="c")
    await alice.ask("DELETE", "/api/orders/client/c")
    await house.price("25000")
    position = (await alice.get("/api/positions")).body["positions"][0]["positionId"]
    await alice.post(f"/api/positions/{position}/close", {})


async def test_a_subscription_begins_with_what_is(house: House) -> None:
    alice = await house.user("alice")
    await alice.order(orderType="LIMIT", price="19000", quantity="0.01")
    await alice.order(amount="100")
    async with socket_of(house, alice) as socket:
        reply = await socket.ask(op="subscribe", channels=ALL)
        messages = await socket.drain()

    assert [(m["channel"], m["type"]) for m in messages] == [(c, "snapshot") for c in ALL]
    assert set(numbers(messages)) == {reply["result"]["sequence"]}
    orders, fills, positions, account = (message["data"] for message in messages)
    assert [order["status"] for order in orders] == ["PENDING"]
    assert fills == []
    assert positions == (await alice.get("/api/positions")).body["positions"]
    assert account == (await alice.get("/api/account")).body


async def test_updates_are_gap_free_and_show_the_state_at_their_command(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        first = (await socket.ask(op="subscribe", channels=ALL))["result"]["sequence"]
        await socket.drain()
        await busy_day(house, alice)
        messages = [m for m in await socket.drain() if m["type"] == "update"]

    assert numbers(messages) == list(range(first + 1, first + len(messages) + 1))
    statuses = [m["data"]["status"] for m in messages if m["channel"] == "orders"]
    assert statuses == ["FILLED", "PENDING", "PENDING", "FILLED", "PENDING", "CANCELLED", "FILLED"]
    balances = [m["data"]["sequence"] for m in messages if m["channel"] == "account"]
    assert balances == sorted(balances)


async def test_every_account_message_equals_a_replay_to_its_sequence(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["account"])
        tasks = [alice.order(amount="1") for _ in range(20)] + [busy_day(house, alice)]
        await asyncio.gather(*tasks)
        accounts = [m["data"] for m in await socket.drain() if m["type"] == "update"]
    sequences = [account["sequence"] for account in accounts]
    assert len(sequences) > 20
    assert sequences == sorted(set(sequences))  # each command has its own, batched or not

    files = Files()
    log = recover(files, house.folder)
    engine, replayed = Engine(State()), {}
    for sequence, row in LogReader(files, log).records():
        time_ns, command = command_from_row(row)
        engine.apply(sequence, time_ns, command)
        if engine.state.accounts[1:]:
            replayed[sequence] = msgspec.json.decode(account_message(engine, 1))

    assert accounts == [replayed[account["sequence"]] for account in accounts]


async def test_coming_back_brings_what_was_missed_and_only_that(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=ALL)
        await alice.order(amount="100")
        seen = [m for m in await socket.drain() if m["type"] == "update"]
    await busy_day(house, alice)

    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=ALL, fromSequence=seen[-1]["sequence"] + 1)
        missed = await socket.drain()
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=ALL, fromSequence=missed[-1]["sequence"] + 1)
        assert [m for m in await socket.drain() if m["type"] != "valuation"] == []

    last = house.venue.history.account(1).stream_sequence
    assert numbers(missed) == list(range(seen[-1]["sequence"] + 1, last + 1))
    assert {message["type"] for message in missed} == {"update"}


@pytest.mark.parametrize("wanted", [0, 1, 10_000])
async def test_coming_back_too_late_or_from_the_future_is_a_reset(
    tmp_path: Path, wanted: int
) -> None:
    limits = msgspec.structs.replace(FAST.websocket, replay_messages_max=5)
    async with House(tmp_path / "data", msgspec.structs.replace(FAST, websocket=limits)) as house:
        await house.price("20000")
        alice = await house.user("alice")
        async with socket_of(house, alice) as socket:
            await socket.ask(op="subscribe", channels=ALL)
            await busy_day(house, alice)
            reply = await socket.ask(op="subscribe", channels=ALL, fromSequence=wanted)
            messages = [m for m in await socket.drain() if m["type"] == "reset"]

    assert [message["channel"] for message in messages] == ALL
    assert set(numbers(messages)) == {reply["result"]["sequence"]}


async def test_the_stream_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with House(tmp_path / "data") as house:
        await house.price("20000")
        alice = await house.user("alice")
        await busy_day(house, alice)
        last = house.venue.history.account(1).stream_sequence
    async with House(tmp_path / "data") as house:
        again = Client(house.session, house.url, alice.token)
        async with socket_of(house, again) as socket:
            await socket.ask(op="subscribe", channels=ALL, fromSequence=last + 1)
            await again.order(amount="1")
            messages = await socket.drain()

    assert numbers(messages) == [last + 1, last + 2, last + 3, last + 4]


async def test_others_hear_nothing(house: House) -> None:
    alice, bob = await house.user("alice"), await house.user("bob")
    async with socket_of(house, bob) as socket:
        await socket.ask(op="subscribe", channels=ALL)
        await socket.drain()
        await busy_day(house, alice)
        assert await socket.drain() == []
        await socket.ask(op="unsubscribe", channels=["orders", "fills"])
        await bob.order(amount="1")
        assert [m["channel"] for m in await socket.drain()] == ["positions", "account"]


async def test_open_positions_are_valued_when_their_market_moves(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["positions"])
        await alice.order(amount="100")
        await socket.drain()
        last = house.venue.history.account(1).stream_sequence
        for price in ("20100", "20200"):
            await house.price(price)
        house.venue.streams.push_valuations()
        house.venue.streams.push_valuations()
        (message,) = await socket.drain()

    assert (message["channel"], message["type"]) == ("positions", "valuation")
    assert message["sequence"] == last
    assert [position["pnl"] for position in message["data"]] == ["10"]


async def test_a_reader_who_does_not_read_is_cut_off_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    limits = msgspec.structs.replace(FAST.websocket, queue_bytes_max=16_384)
    async with House(tmp_path / "data", msgspec.structs.replace(FAST, websocket=limits)) as house:
        await house.price("20000")
        alice = await house.user("alice", "1000000")
        idle = sockets.socket()
        idle.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
        idle.connect(("127.0.0.1", house.addresses.port))
        idle.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(idle, HANDSHAKE)
        await until(lambda: len(house.sessions) == 1)
        await loop.sock_sendall(idle, masked({"op": "auth", "token": alice.token}))
        await loop.sock_sendall(idle, masked({"op": "subscribe", "channels": ALL}))
        await until(lambda: house.venue.streams.subscriber_count == 1)
        async with socket_of(house, alice) as reading:
            await reading.ask(op="subscribe", channels=["fills"])
            await reading.drain()
            orders = 0
            while house.venue.refusals["SLOW_READER"] == 0:
                await alice.order(amount="1")
                orders += 1
                assert orders < 10_000, "never cut off"
            await until(lambda: house.venue.streams.subscriber_count == 1)
            assert len([m for m in await reading.drain() if m["channel"] == "fills"]) == orders
        idle.close()


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def masked(request: Any) -> bytes:
    """A client's frame with a mask of zeros."""
    plain = frame(msgspec.json.encode(request))
    assert plain[1] < 126
    return plain[:1] + bytes((plain[1] | 0x80,)) + b"\0\0\0\0" + plain[2:]
