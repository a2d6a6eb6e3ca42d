"""The trader's routes, by real requests, whole replies."""

import pytest

from tests.gateway.house import House

NS_PER_MS = 1_000_000


async def test_a_market_order_at_the_exact_balance_makes_a_position(house: House) -> None:
    alice = await house.user("alice", "1000")

    reply = await alice.order(amount="1000", clientOrderId="first")

    now_ms = house.now_ns // NS_PER_MS
    sequence = house.venue.state.sequence
    assert reply.status == 201
    assert reply.body == {
        "orderId": "1",
        "clientOrderId": "first",
        "symbol": "BTC/USDT",
        "side": "BUY",
        "orderType": "MARKET",
        "status": "FILLED",
        "reason": None,
        "price": None,
        "triggerPrice": None,
        "amount": "1000",
        "quantity": "0.5",
        "filledQuantity": "0.5",
        "averagePrice": "20000",
        "leverage": 10,
        "timeInForce": "GTC",
        "reduceOnly": False,
        "postOnly": False,
        "positionId": "2",
        "displayQuantity": None,
        "closePosition": False,
        "selfTradePrevention": "CANCEL_MAKER",
        "ocoGroup": None,
        "positionSide": None,
        "marginMode": "ISOLATED",
        "trailing": None,
        "createdAt": now_ms,
        "updatedAt": now_ms,
        "filledAt": now_ms,
        "sequence": sequence,
    }


async def test_the_fill_of_an_order(house: House) -> None:
    alice = await house.user("alice", "1000")
    await alice.order(amount="1000")
    now_ms, sequence = house.now_ns // NS_PER_MS, house.venue.state.sequence

    fills = await alice.get("/api/fills")
    assert fills.body == {
        "fills": [
            {
                "fillId": "1",
                "orderId": "1",
                "positionId": "2",
                "symbol": "BTC/USDT",
                "side": "BUY",
                "price": "20000",
                "quantity": "0.5",
                "fee": "0.4",
                "liquidity": "TAKER",
                "realizedPnl": "0",
                "sequence": sequence,
                "time": now_ms,
            }
        ],
        "nextCursor": None,
        "sequence": sequence,
    }


async def test_an_order_is_amended_and_cancelled(house: House) -> None:
    alice = await house.user("alice")
    placed = await alice.order(orderType="LIMIT", price="19000", quantity="0.1", clientOrderId="x")
    path = f"/api/orders/{placed.body['orderId']}"
    house.now_ns += 5 * NS_PER_MS

    amended = await alice.ask("PATCH", path, {"price": "18000", "quantity": "0.2"})
    assert (amended.body["price"], amended.body["quantity"]) == ("18000", "0.2")
    assert amended.body["updatedAt"] == placed.body["updatedAt"] + 5
    by_client_id = await alice.get("/api/orders/client/x")
    assert by_client_id.body == amended.body == (await alice.get(path)).body

    cancelled = await alice.ask("DELETE", path)
    assert (cancelled.status, cancelled.body["status"]) == (200, "CANCELLED")
    assert cancelled.body["reason"] == "USER"
    assert await alice.available() == "1000"
    again = await alice.ask("DELETE", path)
    assert (again.status, again.code) == (404, "UNKNOWN_ORDER")


async def test_an_order_is_cancelled_by_its_client_id(house: House) -> None:
    alice = await house.user("alice")
    await alice.order(orderType="LIMIT", price="19000", quantity="0.1", clientOrderId="mine")

    reply = await alice.ask("DELETE", "/api/orders/client/mine")

    assert (reply.status, reply.body["status"]) == (200, "CANCELLED")
    assert (await alice.ask("DELETE", "/api/orders/client/none")).status == 404


async def test_all_orders_of_a_symbol_are_cancelled(house: House) -> None:
    alice = await house.user("alice")
    for price in ("19000", "18000"):
        await alice.order(orderType="LIMIT", price=price, quantity="0.01")

    reply = await alice.ask("DELETE", "/api/orders?symbol=BTC-USDT")

    assert [order["status"] for order in reply.body["orders"]] == ["CANCELLED", "CANCELLED"]
    nothing = await alice.ask("DELETE", "/api/orders")
    assert (nothing.status, nothing.body["orders"]) == (200, [])
    unknown = await alice.ask("DELETE", "/api/orders?symbol=XXX-USDT")
    assert (unknown.status, unknown.code) == (422, "UNKNOWN_SYMBOL")


async def test_lists_are_newest_first_and_page_by_id(house: House) -> None:
    alice = await house.user("alice")
    ids = []
    for _ in range(5):
        placed = await alice.order(orderType="LIMIT", price="19000", quantity="0.001")
        ids.append(placed.body["orderId"])
    await alice.ask("DELETE", f"/api/orders/{ids[2]}")

    seen: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = (await alice.get(f"/api/orders?limit=2{cursor and '&cursor='}{cursor}")).body
        seen += [order["orderId"] for order in page["orders"]]
        cursor, pages = page["nextCursor"], pages + 1
    assert (seen, pages) == (ids[::-1], 3)
    pending = (await alice.get("/api/orders?status=PENDING&symbol=BTC/USDT")).body["orders"]
    assert [order["orderId"] for order in pending] == [ids[4], ids[3], ids[1], ids[0]]


async def test_queries_are_strict(house: House) -> None:
    alice = await house.user("alice")
    for query, code in (
        ("limit=0", "BAD_QUERY"),
        ("limit=1001", "BAD_QUERY"),
        ("limit=x", "BAD_QUERY"),
        ("limit=" + "9" * 500, "BAD_QUERY"),
        ("cursor=-1", "BAD_QUERY"),
        ("cursor=%D9%A3", "BAD_QUERY"),
        ("status=open", "BAD_QUERY"),
        ("status=PENDING&status=FILLED", "DUPLICATE_KEY"),
        ("owner=bob", "UNKNOWN_FIELD"),
        ("symbol=" + "x" * 2_000, "BAD_QUERY"),
        ("symbol=BTC", "UNKNOWN_SYMBOL"),
    ):
        reply = await alice.get(f"/api/orders?{query}")
        assert reply.code == code, query


@pytest.mark.parametrize("wanted", ["abc", "", "0", "-1", "01", "1.0", "9" * 30])
async def test_an_id_that_is_none_is_no_query(house: House, wanted: str) -> None:
    """It was the id of nothing, and the list was empty."""
    alice = await house.user("alice")
    for path, name in (("fills", "orderId"), ("funding", "positionId")):
        reply = await alice.get(f"/api/{path}?{name}={wanted}")

        assert (reply.status, reply.code) == (400, "BAD_QUERY")
        assert reply.body["details"]["field"] == name
        assert (await alice.get(f"/api/{path}?{name}=999")).status == 200


async def test_a_preview_says_what_an_order_would_come_to_and_does_nothing(house: House) -> None:
    alice = await house.user("alice")
    before = house.venue.state.sequence
    body = {"symbol": "BTC/USDT", "side": "BUY", "orderType": "MARKET", "leverage": 10}

    reply = await alice.post("/api/orders/preview", {**body, "amount": "100"})
    refused = await alice.post("/api/orders/preview", {**body, "amount": "5000"})

    assert reply.body == {
        "accepted": True,
        "reason": None,
        "takes": True,
        "symbol": "BTC/USDT",
        "price": "20000",
        "quantity": "0.05",
        "filledQuantity": "0.05",
        "averagePrice": "20000",
        "margin": "100",
        "fee": "0.04",
        "liquidationPrice": "18000",
        "bankruptcyPrice": "18000",
        "maxQuantity": None,
        "sequence": before,
    }
    assert (refused.body["accepted"], refused.body["reason"]) == (False, "INSUFFICIENT_BALANCE")
    assert house.venue.state.sequence == before


async def test_the_market_routes_need_no_token(house: House) -> None:
    nobody = type(house.admin)(house.session, house.url, None)

    instruments = (await nobody.get("/api/instruments")).body["instruments"]
    ticker = (await nobody.get("/api/ticker?symbol=BTC-USDT")).body
    tickers = (await nobody.get("/api/ticker")).body["tickers"]
    clock = (await nobody.get("/api/time")).body

    assert [instrument["symbol"] for instrument in instruments] == ["BTC/USDT"]
    assert (instruments[0]["tickSize"], instruments[0]["lotSize"]) == ("0.01", "0.000001")
    assert (instruments[0]["takerFee"], instruments[0]["status"]) == ("0.0004", "TRADING")
    assert ticker == {
        "symbol": "BTC/USDT",
        "status": "TRADING",
        "bid": "20000",
        "bidQuantity": None,
        "ask": "20000",
        "askQuantity": None,
        "last": "20000",
        "mark": "20000",
        "index": "20000",
        "time": house.now_ns // NS_PER_MS,
        "open24h": "20000",
        "high24h": "20000",
        "low24h": "20000",
        "change24h": "0",
        "changePercent24h": "0",
        "volume24h": "0",
        "quoteVolume24h": "0",
        "trades24h": 0,
    }
    assert tickers == [ticker]
    assert clock == {"time": house.now_ns // NS_PER_MS, "timeNs": str(house.now_ns)}


async def test_health_shows_the_sequence_and_the_chain(house: House) -> None:
    reply = await type(house.admin)(house.session, house.url, None).get("/healthz")

    state = house.venue.state
    assert reply.body == {
        "status": "ok",
        "sequence": state.sequence,
        "eventChain": state.event_chain.hex(),
        "time": state.time_ns // NS_PER_MS,
        "sync": "always",
        "epoch": 1,
        "demo": False,
        "version": "0.1.0.dev0",
    }
    house.venue.is_ready = False
    ready = await house.admin.get("/readyz")
    assert (ready.status, ready.body) == (503, {"ready": False})


async def test_leverage_is_a_setting_of_netting_markets_only(house: House) -> None:
    alice = await house.user("alice")
    await house.admin.post("/admin/instruments", {
        "symbol": "BTC-PERP/USDT", "profile": "perpetual", "tickSize": "0.1", "lotSize": "0.001",
    })  # fmt: skip

    reply = await alice.ask(
        "PUT", "/api/account/leverage", {"symbol": "BTC-PERP/USDT", "leverage": 20}
    )
    ticket = await alice.ask("PUT", "/api/account/leverage", {"symbol": "BTC/USDT", "leverage": 20})

    assert (reply.status, reply.body["leverage"]) == (200, 20)
    assert (ticket.status, ticket.code) == (422, "BAD_COMBINATION")
