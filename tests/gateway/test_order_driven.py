"""Orders of an order-driven market over HTTP and WebSocket: what goes in, and what owners see."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.commands import FundInsurance
from gateway.decimals import text_from_e8
from gateway.history_rows import history_rows
from tests.gateway.house import PERP, Client, House, Reply, open_perpetual, socket_of

NS_PER_MS = 1_000_000


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue whose order-driven market has its mark at 20,000."""
    async with House(tmp_path / "data") as running:
        await open_perpetual(running)
        yield running


async def order(client: Client, side: str, quantity: str | None, **fields: Any) -> Reply:
    """An order of the perpetual: a limit order if it has a price, else at the market."""
    kind = "LIMIT" if "price" in fields else "MARKET"
    base = {"symbol": PERP, "side": side, "orderType": kind, "quantity": quantity, "leverage": 10}
    body = {**base, **fields}
    return await client.post("/api/orders", {k: v for k, v in body.items() if v is not None})


async def order_now(client: Client, reply: Reply) -> tuple[str, str | None, str, str]:
    """Status, reason, quantity and what is filled of it."""
    body = (await client.get(f"/api/orders/{reply.body['orderId']}")).body
    return body["status"], body["reason"], body["quantity"], body["filledQuantity"]


async def test_a_trade_of_two_users_as_each_of_them_sees_it(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    rests = await order(alice, "SELL", "2", price="20010", clientOrderId="mine")

    taken = await order(bob, "BUY", "0.5")

    now_ms, sequence = house.now_ns // NS_PER_MS, house.venue.state.sequence
    assert (rests.status, rests.body["status"]) == (201, "PENDING")
    common = {
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
        "createdAt": now_ms,
        "updatedAt": now_ms,
        "filledAt": now_ms,
        "sequence": sequence,
    }
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


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        ("CANCEL_MAKER", ("CANCELLED", "SELF_TRADE", "1", "0"), ("FILLED", None, "2", "2")),
        ("CANCEL_TAKER", ("PENDING", None, "1", "0"), ("CANCELLED", "SELF_TRADE", "2", "0")),
        ("CANCEL_BOTH", ("CANCELLED", "SELF_TRADE", "1", "0"),
         ("CANCELLED", "SELF_TRADE", "2", "0")),
        ("DECREMENT", ("CANCELLED", "SELF_TRADE", "1", "0"),
         ("CANCELLED", "SELF_TRADE", "2", "1")),
    ],
)  # fmt: skip
async def test_whoever_meets_himself(
    house: House, mode: str, maker: tuple[str, ...], taker: tuple[str, ...]
) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    own = await order(alice, "SELL", "1", price="20010")
    await order(bob, "SELL", "5", price="20020")

    met = await order(alice, "BUY", "2", price="20020", selfTradePrevention=mode)

    assert met.body["selfTradePrevention"] == mode
    assert await order_now(alice, own) == maker
    assert await order_now(alice, met) == taker


async def test_partners_end_each_other(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    await order(bob, "SELL", "5", price="20005")
    await order(alice, "BUY", "1")
    profit = await order(
        alice, "SELL", "1", price="20100", reduceOnly=True, leverage=None, ocoGroup="exit"
    )
    loss = await order(
        alice, "SELL", "1", orderType="STOP_MARKET", triggerPrice="19000", triggerSource="MARK",
        reduceOnly=True, leverage=None, ocoGroup="exit",
    )  # fmt: skip
    third = await order(
        alice, "SELL", "1", price="20200", reduceOnly=True, leverage=None, ocoGroup="exit"
    )

    await order(bob, "BUY", "1", price="20100")

    assert (profit.body["ocoGroup"], loss.body["ocoGroup"]) == ("exit", "exit")
    assert (third.status, third.code) == (422, "BAD_COMBINATION")
    assert await order_now(alice, profit) == ("FILLED", None, "1", "1")
    assert await order_now(alice, loss) == ("CANCELLED", "OCO", "1", "0")


async def test_a_stop_limit_becomes_a_limit_order_at_its_trigger(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    stop = await order(
        alice, "BUY", "1", orderType="STOP_LIMIT", price="20060", triggerPrice="20050",
        triggerSource="LAST",
    )  # fmt: skip
    profit = await order(
        alice, "BUY", "1", orderType="TAKE_PROFIT_LIMIT", price="19950", triggerPrice="19960",
    )  # fmt: skip
    assert (stop.body["status"], stop.body["orderType"]) == ("PENDING", "STOP_LIMIT")
    await order(bob, "SELL", "0.2", price="20050")
    await order(bob, "BUY", "0.2", price="20050", selfTradePrevention="CANCEL_TAKER")
    assert await order_now(alice, stop) == ("PENDING", None, "1", "0")

    carol = await house.user("carol", "100000")
    await order(carol, "BUY", "0.1", price="20050")
    await house.price("19960", PERP)

    assert await order_now(alice, stop) == ("PARTIALLY_FILLED", None, "1", "0.1")
    body = (await alice.get(f"/api/orders/{stop.body['orderId']}")).body
    assert (body["orderType"], body["price"], body["triggerPrice"]) == (
        *("STOP_LIMIT", "20060", "20050"),
    )
    await order(bob, "SELL", "1.9", price="19950")
    assert await order_now(alice, stop) == ("FILLED", None, "1", "1")
    assert await order_now(alice, profit) == ("FILLED", None, "1", "1")


async def test_a_stop_limit_by_amount_tells_its_quantity_when_it_has_one(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    stop = await order(
        alice, "BUY", None, orderType="STOP_LIMIT", price="20000", triggerPrice="20010",
        amount="1000",
    )  # fmt: skip
    assert (stop.body["quantity"], stop.body["amount"]) == (None, "1000")

    await house.price("20010", PERP)
    await order(bob, "SELL", "0.2", price="20000")

    assert await order_now(alice, stop) == ("PARTIALLY_FILLED", None, "0.5", "0.2")
    await order(bob, "SELL", "0.3", price="20000")
    assert await order_now(alice, stop) == ("FILLED", None, "0.5", "0.5")


async def test_an_order_that_closes_all_there_is(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    await order(bob, "SELL", "2", price="20005")
    await order(alice, "BUY", "1.5")
    await order(bob, "BUY", "5", price="19990")

    both = await order(alice, "SELL", "1", closePosition=True, leverage=None)
    closed = await alice.post(
        "/api/orders",
        {"symbol": PERP, "side": "SELL", "orderType": "MARKET", "closePosition": True},
    )

    assert (both.status, both.code) == (422, "BAD_COMBINATION")
    assert (closed.body["closePosition"], closed.body["status"]) == (True, "FILLED")
    assert closed.body["filledQuantity"] == "1.5"
    assert (await alice.get("/api/positions")).body["positions"] == []


async def test_an_iceberg_shows_a_part_to_everybody_else(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    berg = await order(alice, "SELL", "1", price="20010", displayQuantity="0.1")
    off_grid = await order(alice, "SELL", "1", price="20010", displayQuantity="0.0001")
    as_number = await order(alice, "SELL", "1", price="20010", displayQuantity=1)
    market = await order(alice, "SELL", "1", displayQuantity="0.1")

    assert berg.body["displayQuantity"] == "0.1"
    assert [(r.status, r.code) for r in (off_grid, as_number, market)] == [
        (422, "BAD_QUANTITY"),
        (400, "BAD_NUMBER"),
        (422, "BAD_COMBINATION"),
    ]
    assert off_grid.body["details"] == {"field": "displayQuantity"}
    book = house.venue.state.markets[2]
    assert book is not None
    assert book.book is not None
    assert list(book.book.depth_asks.values()) == [100]
    assert (await order(bob, "BUY", "0.95")).body["status"] == "FILLED"
    assert await order_now(alice, berg) == ("PARTIALLY_FILLED", None, "1", "0.95")


async def test_the_same_client_order_id_covers_the_later_fields(house: House) -> None:
    alice = await house.user("alice", "100000")
    body: dict[str, Any] = {"price": "19000", "clientOrderId": "once"}
    first = await order(alice, "BUY", "1", **body)

    spelled = await order(
        alice, "BUY", "1.0", selfTradePrevention="CANCEL_MAKER", closePosition=False, **body
    )
    others = [
        await order(alice, "BUY", "1", **body, **{name: value})
        for name, value in (
            ("selfTradePrevention", "DECREMENT"),
            ("displayQuantity", "0.1"),
            ("ocoGroup", "pair"),
        )
    ]

    assert (spelled.status, spelled.body) == (200, first.body)
    assert [(other.status, other.code) for other in others] == [(409, "DUPLICATE_ID")] * 3
    bad = await order(alice, "BUY", "1", price="19000", ocoGroup="x" * 37)
    assert (bad.status, bad.code, bad.body["details"]) == (
        *(422, "BAD_COMBINATION", {"field": "ocoGroup"}),
    )


async def test_an_exit_that_fires_is_an_order_of_its_own(house: House) -> None:
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    await order(bob, "SELL", "2", price="20005")
    opened = await order(alice, "BUY", "1", stopLoss="19500")
    await order(bob, "BUY", "5", price="19400")

    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders", "fills"])
        await socket.drain()
        await house.price("19500", PERP)
        told = await socket.message("orders")
        fill = await socket.message("fills")

    (fired, *_) = (await alice.get("/api/orders")).body["orders"]
    assert told["data"] == fired
    shown = ("side", "orderType", "status", "quantity", "filledQuantity", "averagePrice")
    assert [fired[name] for name in shown] == ["SELL", "MARKET", "FILLED", "1", "1", "19400"]
    assert (fired["reduceOnly"], fired["clientOrderId"]) == (True, None)
    assert fired["positionId"] == opened.body["positionId"]
    assert fill["data"]["orderId"] == fired["orderId"]


async def test_a_liquidation_is_an_order_and_the_fund_takes_what_the_book_does_not(
    house: House,
) -> None:
    await house.enter(FundInsurance("USDT", 50_000 * 10**8, "fund"))
    alice, bob = await house.user("alice", "2100"), await house.user("bob", "100000")
    await order(bob, "SELL", "1", price="20000")
    await order(alice, "BUY", "1")
    waiting = await order(alice, "BUY", "0.1", orderType="STOP_MARKET", triggerPrice="30000")
    await order(bob, "BUY", "0.4", price="19000")

    await house.price("18050", PERP)

    liquidated, *_ = (await alice.get("/api/orders")).body["orders"]
    shown = ("side", "orderType", "timeInForce", "status", "filledQuantity", "reduceOnly")
    assert [liquidated[name] for name in shown] == ["SELL", "LIMIT", "IOC", "FILLED", "1", True]
    assert await order_now(alice, waiting) == ("CANCELLED", "LIQUIDATION", "0.1", "0")
    (position,) = (await alice.get("/api/positions?status=ALL")).body["positions"]
    assert position["status"] == "LIQUIDATED"
    ledger = (await house.admin.get("/admin/ledger")).body
    (held,) = ledger["insurancePositions"]
    assert (held["symbol"], held["side"], held["quantity"]) == (PERP, "LONG", "0.6")
    amounts = {entry["account"]: entry["amount"] for entry in ledger["accounts"]}
    assert ledger["sum"] == "0"
    market = house.venue.state.markets[2]
    assert market is not None
    clearing = house.venue.state.asset_ledger(market).clearing[market.instrument_id]
    assert clearing != 0
    assert amounts[f"clearing:{PERP}"] == text_from_e8(clearing)
    assert house.venue.history.known(0) is None


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


async def test_an_order_driven_market_is_listed_by_the_operator(house: House) -> None:
    perpetual = {
        "symbol": "ETH-PERP/USDT", "profile": "perpetual", "tickSize": "0.01", "lotSize": "0.001",
        "market": "ORDER_DRIVEN", "marginMode": "ISOLATED", "conditionalsMax": 7,
    }  # fmt: skip

    listed = await house.admin.post("/admin/instruments", perpetual)
    cross = await house.admin.post(
        "/admin/instruments", {**perpetual, "symbol": "E-PERP/USDT", "marginMode": "CROSS"}
    )

    assert (listed.status, listed.body["market"], listed.body["conditionalsMax"]) == (
        *(201, "ORDER_DRIVEN", 7),
    )
    assert (cross.status, cross.code) == (422, "BAD_INSTRUMENT")
    instruments = (await house.admin.session.get(house.url + "/api/instruments")).json()
    shown = {entry["symbol"]: entry for entry in (await instruments)["instruments"]}
    assert [shown[name]["market"] for name in ("BTC/USDT", PERP, "ETH-PERP/USDT")] == [
        *("QUOTE_DRIVEN", "ORDER_DRIVEN", "ORDER_DRIVEN"),
    ]
    assert shown["ETH-PERP/USDT"] == listed.body


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
