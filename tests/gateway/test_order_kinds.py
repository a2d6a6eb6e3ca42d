"""Each kind of order and pair of an order-driven market, and the orders that nobody sent."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.commands import FundInsurance
from gateway.decimals import text_from_e8
from tests.gateway.house import House, socket_of
from tests.gateway.perpetual import PERP, open_perpetual, order, order_now


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue whose order-driven market has its mark at 20,000."""
    async with House(tmp_path / "data") as running:
        await open_perpetual(running)
        yield running


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
