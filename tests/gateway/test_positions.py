"""Positions by real requests: shown, closed, given exits and margin."""

from tests.gateway.house import House

NS_PER_MS = 1_000_000


async def test_the_position_of_an_order(house: House) -> None:
    alice = await house.user("alice", "1000")
    await alice.order(amount="1000")
    now_ms, sequence = house.now_ns // NS_PER_MS, house.venue.state.sequence

    positions = await alice.get("/api/positions")
    assert positions.body == {
        "positions": [
            {
                "positionId": "2",
                "symbol": "BTC/USDT",
                "side": "LONG",
                "positionSide": None,
                "marginMode": "ISOLATED",
                "status": "OPEN",
                "quantity": "0.5",
                "entryPrice": "20000",
                "margin": "999.6",
                "leverage": 10,
                "liquidationPrice": "18000.8",
                "markPrice": "20000",
                "pnl": "0",
                "pnlPercent": "0",
                "marginRatio": "0",
                "accruedFunding": "0",
                "stopLoss": None,
                "takeProfit": None,
                "autoClosePct": None,
                "trailing": None,
                "createdAt": now_ms,
                "closedAt": None,
            }
        ],
        "nextCursor": None,
        "sequence": sequence,
    }


async def test_a_position_is_valued_at_the_mark_and_remembered_when_closed(house: House) -> None:
    alice = await house.user("alice", "2000")
    await alice.order(amount="1000")
    await house.price("21000")

    (position,) = (await alice.get("/api/positions")).body["positions"]
    assert (position["pnl"], position["pnlPercent"]) == ("500", "50")
    position_id = position["positionId"]
    closed = await alice.post(f"/api/positions/{position_id}/close", {})

    assert (closed.status, closed.body["status"], closed.body["side"]) == (201, "FILLED", "SELL")
    assert (await alice.get("/api/positions")).body["positions"] == []
    (gone,) = (await alice.get("/api/positions?status=CLOSED")).body["positions"]
    # 500 won, 0.4 paid at either end.
    assert (gone["status"], gone["pnl"], gone["pnlPercent"]) == ("CLOSED", "499.2", "49.92")
    assert (gone["quantity"], gone["entryPrice"], gone["margin"]) == ("0.5", "20000", "1000")
    assert gone["closedAt"] == house.now_ns // NS_PER_MS
    assert (await alice.get(f"/api/positions/{position_id}")).body == gone
    assert await alice.available() == "2499.2"


async def test_closing_needs_no_body_and_may_be_partial(house: House) -> None:
    alice = await house.user("alice", "2000")
    position_id = (await alice.order(amount="1000")).body["positionId"]

    part = await alice.post(f"/api/positions/{position_id}/close", {"quantity": "0.2"})
    rest = await alice.ask("POST", f"/api/positions/{position_id}/close")

    assert (part.body["filledQuantity"], rest.body["filledQuantity"]) == ("0.2", "0.3")
    again = await alice.ask("POST", f"/api/positions/{position_id}/close")
    assert (again.status, again.code) == (404, "UNKNOWN_POSITION")


async def test_a_close_asked_twice_with_one_id_is_done_once(house: House) -> None:
    alice = await house.user("alice", "2000")
    position_id = (await alice.order(amount="1000")).body["positionId"]
    path, body = f"/api/positions/{position_id}/close", {"clientOrderId": "close-it"}

    first, second = await alice.post(path, body), await alice.post(path, body)

    assert (first.status, second.status) == (201, 200)
    assert first.body == second.body
    assert second.headers["Idempotent-Replayed"] == "true"


async def test_exits_are_set_kept_and_removed(house: House) -> None:
    alice = await house.user("alice", "2000")
    path = "/api/positions/" + (await alice.order(amount="1000")).body["positionId"]

    set_all = await alice.ask(
        "PATCH", path, {"stopLoss": "19000", "takeProfit": "22000", "autoClosePct": "-40"}
    )
    kept = await alice.ask("PATCH", path, {"stopLoss": "19500"})
    removed = await alice.ask("PATCH", path, {"takeProfit": None, "autoClosePct": None})

    names = ("stopLoss", "takeProfit", "autoClosePct")
    assert [set_all.body[name] for name in names] == ["19000", "22000", "-40"]
    assert [kept.body[name] for name in names] == ["19500", "22000", "-40"]
    assert [removed.body[name] for name in names] == ["19500", None, None]
    refused = await alice.ask("PATCH", path, {"stopLoss": "20001"})
    assert (refused.status, refused.code) == (422, "WOULD_TRIGGER")


async def test_margin_is_added_and_removed(house: House) -> None:
    alice = await house.user("alice", "2000")
    path = "/api/positions/" + (await alice.order(quantity="0.5")).body["positionId"] + "/margin"

    added = await alice.post(path, {"amount": "100"})
    removed = await alice.post(path, {"amount": "-99"})
    too_much = await alice.post(path, {"amount": "-1"})  # the closing fee of 0.4 must stay
    none = await alice.post(path, {"amount": "0"})
    assert added.status == 200, added

    assert [added.body["margin"], removed.body["margin"]] == ["1100", "1001"]
    assert added.body["liquidationPrice"] == "17800"
    assert (too_much.status, too_much.code) == (422, "MARGIN_TOO_LOW")
    assert (none.status, none.code) == (422, "BAD_AMOUNT")
