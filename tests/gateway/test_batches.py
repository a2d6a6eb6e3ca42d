"""Several orders as one command: one entry in the journal, one result for each item."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.codec import command_from_row
from engine.commands import SubmitBatch
from engine.events import BatchItem, BookChanged, OrderExpired, Rejected
from engine.reject_reason import RejectReason
from engine.units import AccountId, InstrumentId, OrderId
from gateway.batches import split
from tests.gateway.house import Client, House, Json, Reply, socket_of
from tests.gateway.perpetual import PERP, open_perpetual
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover

ALICE = AccountId(1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue whose order-driven market has its mark at 20,000."""
    async with House(tmp_path / "data") as running:
        await open_perpetual(running)
        yield running


def limit(price: str, **fields: Json) -> dict[str, Json]:
    """A limit buy of 0.1."""
    base = {"symbol": PERP, "side": "BUY", "orderType": "LIMIT", "quantity": "0.1", "leverage": 10}
    return {**base, "price": price, **fields}


async def batch(client: Client, method: str, **body: Json) -> Reply:
    """A batch over HTTP."""
    return await client.ask(method, "/api/orders/batch", body)


def seen(results: list[Json]) -> list[tuple[Any, ...]]:
    """Each result: the status and price of an order, or the code and details of a refusal."""
    return [
        (result["code"], result["details"])
        if "code" in result
        else (result["status"], result["price"])
        for result in results
    ]


def test_what_came_of_each_item_is_told_apart() -> None:
    due = OrderExpired(OrderId(1), ALICE)
    refused = Rejected(ALICE, RejectReason.HALTED)
    moved = BookChanged(InstrumentId(1), 1, 5, 0)  # type: ignore[arg-type]

    told = split([due, BatchItem(ALICE, 0), BatchItem(ALICE, 1), refused, moved])

    assert told == [[], [refused, moved]]
    assert split([due, refused]) == []


async def test_orders_are_placed_as_one_command_and_reported_one_by_one(house: House) -> None:
    alice = await house.user("alice", "100000")
    before = house.venue.state.sequence

    reply = await batch(
        alice,
        "POST",
        orders=[
            limit("19000", clientOrderId="a"),
            limit("19000.05"),
            limit("19000", quantity="5000"),
            limit("25000"),
            limit("19000.1", symbol="X/Y"),
            limit("19000", clientOrderId="a"),
            limit("19000", clientOrderId="a", quantity="0.2"),
            limit("19500", userId="bob"),
            limit("19500", side="SELL", postOnly=True),
            limit("19400", side="SELL", orderType="MARKET"),
        ],
    )

    state = house.venue.state
    assert reply.status == 200
    assert state.sequence == reply.body["sequence"] == before + 1
    assert seen(reply.body["results"]) == [
        ("PENDING", "19000"),
        ("BAD_PRICE", {"field": "price"}),
        ("BAD_QUANTITY", {}),
        ("PRICE_BAND", {}),
        ("UNKNOWN_SYMBOL", {"field": "symbol"}),
        ("PENDING", "19000"),
        ("DUPLICATE_ID", {}),
        ("FORBIDDEN_ACCOUNT", {"field": "userId"}),
        ("PENDING", "19500"),
        ("BAD_COMBINATION", {}),
    ]
    first, again = reply.body["results"][0], reply.body["results"][5]
    assert first == again == (await alice.get("/api/orders/client/a")).body
    assert len((await alice.get("/api/orders?status=OPEN")).body["orders"]) == 2
    assert house.venue.refusals["PRICE_BAND"] == house.venue.refusals["FORBIDDEN_ACCOUNT"] == 1


async def test_a_batch_is_one_record_of_the_journal(house: House) -> None:
    alice = await house.user("alice", "100000")
    await batch(alice, "POST", orders=[limit("19000"), limit("19001")])

    files = Files()
    *_, (_, row) = LogReader(files, recover(files, house.folder)).records()
    _, command = command_from_row(row)

    assert isinstance(command, SubmitBatch)
    assert [type(item).__name__ for item in command.items] == ["PlaceOrder", "PlaceOrder"]


async def test_amends_and_cancels_name_their_orders_by_either_id(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    placed = await batch(
        alice, "POST", orders=[limit("19000", clientOrderId=name) for name in ("a", "b", "c")]
    )
    ids = [result["orderId"] for result in placed.body["results"]]
    foreign = (await batch(bob, "POST", orders=[limit("18000")])).body["results"][0]["orderId"]

    amended = await batch(
        alice,
        "PATCH",
        amends=[
            {"orderId": ids[0], "price": "19010"},
            {"clientOrderId": "b", "quantity": "0.3"},
            {"orderId": foreign, "price": "17000"},
            {"price": "17000"},
            {"orderId": ids[2], "clientOrderId": "c", "price": "17000"},
            {"orderId": ids[2]},
        ],
    )
    cancelled = await batch(alice, "DELETE", orderIds=[ids[0], foreign], clientOrderIds=["b", "x"])

    problem = {"field": "orderId", "problem": "give orderId or clientOrderId"}
    assert seen(amended.body["results"]) == [
        ("PENDING", "19010"),
        ("PENDING", "19000"),
        ("UNKNOWN_ORDER", {}),
        ("BAD_FIELD", problem),
        ("BAD_FIELD", problem),
        ("BAD_COMBINATION", {}),
    ]
    assert amended.body["results"][1]["quantity"] == "0.3"
    assert seen(cancelled.body["results"]) == [
        ("CANCELLED", "19010"),
        ("UNKNOWN_ORDER", {}),
        ("CANCELLED", "19000"),
        ("UNKNOWN_ORDER", {}),
    ]
    assert (await bob.get(f"/api/orders/{foreign}")).body["status"] == "PENDING"


async def test_a_batch_without_anything_to_enter_enters_nothing(house: House) -> None:
    alice = await house.user("alice", "100000")
    before = house.venue.state.sequence

    reply = await batch(alice, "DELETE", orderIds=["1", "2"])

    assert seen(reply.body["results"]) == [("UNKNOWN_ORDER", {})] * 2
    assert reply.body["sequence"] is None
    assert house.venue.state.sequence == before


async def test_over_a_socket_cancels_amends_and_orders_are_one_command(house: House) -> None:
    alice = await house.user("alice", "100000")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders"])
        first = await socket.ask(
            op="order.batch", orders=[limit("19000", clientOrderId=name) for name in ("a", "b")]
        )
        ids = [result["orderId"] for result in first["result"]["results"]]
        before = house.venue.state.sequence
        reply = await socket.ask(
            op="order.batch",
            orders=[limit("19100")],
            amends=[{"clientOrderId": "b", "price": "19050"}, {"clientOrderId": "x"}],
            orderIds=[ids[0]],
        )
        unknown = await socket.ask(op="order.batch", clientOrderIds=["x"])
        nothing = await socket.ask(op="order.batch")
        messages = await socket.drain()

    assert seen(reply["result"]["results"]) == [
        ("CANCELLED", "19000"),
        ("PENDING", "19050"),
        ("UNKNOWN_ORDER", {}),
        ("PENDING", "19100"),
    ]
    assert house.venue.state.sequence == before + 1
    assert seen(unknown["result"]["results"]) == [("UNKNOWN_ORDER", {})]
    assert nothing["error"]["code"] == "BAD_FIELD"
    told = [m["data"]["status"] for m in messages if m["type"] == "update"]
    assert told == ["PENDING", "PENDING", "CANCELLED", "PENDING", "PENDING"]
