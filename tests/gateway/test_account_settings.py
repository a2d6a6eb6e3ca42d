"""Position mode, margin mode and leverage, set over HTTP and WebSocket, and what they change."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from engine.commands import ListInstrument
from engine.instrument import PositionMode
from gateway.history.rows import history_rows
from tests.gateway.cross_markets import BTC, balance, open_cross, position, trade
from tests.gateway.house import FAST, Client, House, Json, Reply, Socket, socket_of
from tests.gateway.perpetual import order, perpetual

LEGS = "ETH-LEGS/USDT"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue with two markets in cross margin."""
    async with House(tmp_path / "data") as running:
        await open_cross(running)
        yield running


def setting(mode: str, side: str | None, margin: str, leverage: int, symbol: str = BTC) -> Json:
    return {
        "symbol": symbol,
        "positionMode": mode,
        "positionSide": side,
        "marginMode": margin,
        "leverage": leverage,
        "feeTier": 0,
        "makerFee": "0.0002",
        "takerFee": "0.0005",
    }


async def put(client: Client, what: str, **fields: Any) -> Reply:
    return await client.ask("PUT", f"/api/account/{what}", {"symbol": BTC} | fields)


async def settings(client: Client, symbol: str = "BTC-PERP-USDT") -> list[Json]:
    reply = await client.get(f"/api/account/settings?symbol={symbol}")
    found: list[Json] = reply.body["settings"]
    return found


async def test_every_setting_over_http(house: House) -> None:
    alice = await house.user("alice")

    replies = [
        await put(alice, "position-mode", positionMode="HEDGING"),
        await put(alice, "leverage", leverage=7, positionSide="LONG"),
        await put(alice, "margin-mode", marginMode="ISOLATED", positionSide="SHORT"),
    ]

    sequence = house.venue.state.sequence
    assert [reply.body for reply in replies] == [
        {"symbol": BTC, "positionSide": None, "positionMode": "HEDGING", "sequence": sequence - 2},
        {"symbol": BTC, "positionSide": "LONG", "leverage": 7, "sequence": sequence - 1},
        {"symbol": BTC, "positionSide": "SHORT", "marginMode": "ISOLATED", "sequence": sequence},
    ]
    assert await settings(alice) == [
        setting("HEDGING", "LONG", "CROSS", 7),
        setting("HEDGING", "SHORT", "ISOLATED", 1),
    ]
    await put(alice, "position-mode", positionMode="NETTING")
    assert await settings(alice) == [setting("NETTING", None, "CROSS", 1)]


async def test_every_setting_over_a_socket_is_the_same(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        mode = await socket.ask(op="account.setPositionMode", symbol=BTC, positionMode="HEDGING")
        leverage = await socket.ask(
            op="account.setLeverage", symbol=BTC, leverage=7, positionSide="LONG"
        )
        margin = await socket.ask(
            op="account.setMarginMode", symbol=BTC, marginMode="ISOLATED", positionSide="SHORT"
        )
        refused = await socket.ask(op="account.setLeverage", symbol=BTC, leverage=7)
        bad = await socket.ask(op="account.setMarginMode", symbol=BTC, marginMode="BOTH")

    sequence = house.venue.state.sequence
    assert [reply["result"] for reply in (mode, leverage, margin)] == [
        {"symbol": BTC, "positionSide": None, "positionMode": "HEDGING", "sequence": sequence - 3},
        {"symbol": BTC, "positionSide": "LONG", "leverage": 7, "sequence": sequence - 2},
        {
            "symbol": BTC,
            "positionSide": "SHORT",
            "marginMode": "ISOLATED",
            "sequence": sequence - 1,
        },
    ]
    assert [reply["error"]["code"] for reply in (refused, bad)] == ["BAD_COMBINATION", "BAD_FIELD"]
    assert await settings(alice) == [
        setting("HEDGING", "LONG", "CROSS", 7),
        setting("HEDGING", "SHORT", "ISOLATED", 1),
    ]


async def test_what_is_in_use_cannot_change(house: House) -> None:
    alice = await house.user("alice")
    placed = await trade(alice, "BUY", "0.01", orderType="LIMIT", price="19000")

    used = [
        await put(alice, "position-mode", positionMode="HEDGING"),
        await put(alice, "margin-mode", marginMode="ISOLATED"),
        await trade(alice, "BUY", "0.01", leverage=20),
    ]
    await alice.ask("DELETE", f"/api/orders/{placed.body['orderId']}")
    free = [
        await put(alice, "position-mode", positionMode="HEDGING"),
        await put(alice, "margin-mode", marginMode="ISOLATED"),
        await put(alice, "leverage", leverage=20, positionSide="LONG", userId="bob"),
    ]

    assert [(reply.status, reply.code) for reply in used] == [
        *((422, "MODE_IN_USE"), (422, "MODE_IN_USE"), (422, "BAD_LEVERAGE")),
    ]
    assert [(reply.status, reply.code) for reply in free] == [
        *((200, ""), (422, "BAD_COMBINATION"), (403, "FORBIDDEN_ACCOUNT")),
    ]


async def test_both_legs_of_a_market_are_open_at_once(house: House) -> None:
    alice = await house.user("alice")
    await put(alice, "position-mode", positionMode="HEDGING")

    long = await trade(alice, "BUY", "0.02", positionSide="LONG")
    short = await trade(alice, "SELL", "0.01", positionSide="SHORT", leverage=20)
    none = await trade(alice, "BUY", "0.01")
    rests = await trade(
        alice, "SELL", "0.02", positionSide="LONG", orderType="LIMIT", price="21000", leverage=None
    )

    sides = [reply.body["positionSide"] for reply in (long, short, rests)]
    assert (sides, none.code) == (["LONG", "SHORT", "LONG"], "BAD_COMBINATION")
    shown = [await position(alice, side=side) for side in ("LONG", "SHORT")]
    assert [(entry["positionSide"], entry["leverage"], entry["quantity"]) for entry in shown] == [
        *(("LONG", 10, "0.02"), ("SHORT", 20, "0.01")),
    ]
    assert [entry["marginMode"] for entry in shown] == ["CROSS", "CROSS"]
    assert shown[1]["liquidationPrice"] is None  # more long than short: it falls, or never
    closed = await alice.post(f"/api/positions/{shown[1]['positionId']}/close", {})
    listed = (await alice.get("/api/positions?status=CLOSED")).body["positions"]
    assert (closed.status, closed.body["side"], closed.body["positionSide"]) == (
        *(201, "BUY", "SHORT"),
    )
    assert [(entry["positionSide"], entry["marginMode"]) for entry in listed] == [
        ("SHORT", "CROSS"),
    ]


async def test_closing_a_leg_again_by_the_same_request_repeats_the_answer(house: House) -> None:
    alice = await house.user("alice")
    await put(alice, "position-mode", positionMode="HEDGING")
    await trade(alice, "BUY", "0.02", positionSide="LONG")
    path = f"/api/positions/{(await position(alice))['positionId']}/close"

    first = await alice.post(path, {"clientOrderId": "end"})
    again = await alice.post(path, {"clientOrderId": "end"})

    assert (first.status, again.status, again.body) == (201, 200, first.body)


async def test_the_leg_is_part_of_what_a_client_order_id_stands_for(house: House) -> None:
    alice = await house.user("alice")
    await put(alice, "position-mode", positionMode="HEDGING")
    rests = {"orderType": "LIMIT", "price": "19000", "clientOrderId": "one"}
    first = await trade(alice, "BUY", "0.01", positionSide="LONG", **rests)
    again = await trade(alice, "BUY", "0.01", positionSide="LONG", **rests)
    other = await trade(alice, "BUY", "0.01", positionSide="SHORT", **rests)

    assert (again.status, again.body) == (200, first.body)
    assert (other.status, other.code) == (409, "DUPLICATE_ID")


async def test_a_preview_knows_legs_and_where_the_account_ends(house: House) -> None:
    alice = await house.user("alice", "100")
    await put(alice, "position-mode", positionMode="HEDGING")
    body = {
        "symbol": BTC,
        "side": "BUY",
        "orderType": "MARKET",
        "quantity": "0.01",
        "leverage": 10,
    }

    fits = await alice.post("/api/orders/preview", {**body, "positionSide": "LONG"})
    lacks = await alice.post("/api/orders/preview", body)

    assert (fits.body["accepted"], fits.body["margin"], fits.body["fee"]) == (True, "20", "0.1")
    assert (lacks.body["accepted"], lacks.body["reason"]) == (False, "BAD_COMBINATION")
    await trade(alice, "BUY", "0.01", positionSide="LONG")
    ends_at = (await position(alice))["liquidationPrice"]
    told = (fits.body["liquidationPrice"], fits.body["bankruptcyPrice"])
    assert told == (ends_at, None) == ("10055.2", None)


async def test_isolated_legs_stand_alone(house: House) -> None:
    alice = await house.user("alice")
    await put(alice, "position-mode", positionMode="HEDGING")
    await put(alice, "margin-mode", marginMode="ISOLATED", positionSide="SHORT")
    await trade(alice, "BUY", "0.02", positionSide="LONG")
    placed = await trade(alice, "SELL", "0.02", positionSide="SHORT")

    long, short = await position(alice), await position(alice, side="SHORT")

    assert (long["marginMode"], short["marginMode"]) == ("CROSS", "ISOLATED")
    assert placed.body["marginMode"] == "ISOLATED"
    now = await balance(alice)
    assert (now["margin"], now["crossInitialMargin"]) == ("40", "40")
    assert short["liquidationPrice"] == "21901.5"  # 40 of margin for 0.02: 22000 / 1.0045


async def test_an_order_of_the_venues_own_names_its_leg(house: House) -> None:
    """A stop loss fires as a market order of the leg; all of it is there after a restart."""
    await house.enter(ListInstrument(perpetual(position_mode=PositionMode.HEDGING, symbol=LEGS)))
    await house.price("20000", LEGS)
    alice, bob = await house.user("alice", "100000"), await house.user("bob", "100000")
    await order(bob, "SELL", "1", price="20000", symbol=LEGS, positionSide="SHORT")
    await order(alice, "BUY", "1", symbol=LEGS, positionSide="LONG", stopLoss="19000")
    await order(bob, "BUY", "1", price="19000", symbol=LEGS, positionSide="LONG")
    await house.price("18990", LEGS)

    newest = (await alice.get("/api/orders?limit=1")).body["orders"][0]
    assert (newest["orderType"], newest["side"], newest["status"]) == ("MARKET", "SELL", "FILLED")
    assert (newest["positionSide"], newest["marginMode"]) == ("LONG", "ISOLATED")


async def test_a_restart_remembers_legs_and_modes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_cross(house)
        alice = await house.user("alice")
        await put(alice, "position-mode", positionMode="HEDGING")
        await put(alice, "margin-mode", marginMode="ISOLATED", positionSide="SHORT")
        await trade(alice, "BUY", "0.02", positionSide="LONG")
        await trade(alice, "SELL", "0.02", positionSide="SHORT")
        rows = history_rows(house.venue.history)
        shown = (await alice.get("/api/positions")).body["positions"]
        account = await balance(alice)
    for writes_snapshot in (True, False):
        async with House(folder) as house:
            again = Client(house.session, house.url, alice.token)
            assert history_rows(house.venue.history) == rows
            assert (await again.get("/api/positions")).body["positions"] == shown
            assert await balance(again) == account
            assert await settings(again) == [
                setting("HEDGING", "LONG", "CROSS", 10),
                setting("HEDGING", "SHORT", "ISOLATED", 10),
            ]
            if writes_snapshot:
                house.data.write_snapshot()
            else:  # what the snapshot had, not the journal
                more = await trade(again, "SELL", "0.01", positionSide="SHORT")
                assert (more.body["positionSide"], more.body["marginMode"]) == ("SHORT", "ISOLATED")


async def told(socket: Socket) -> list[Json]:
    """What came of settings, and what came with them on the channel `account`, by number."""
    return [
        (message["sequence"], message["type"], message["data"].get("settings"))
        for message in await socket.drain()
    ]


async def test_another_client_of_the_account_is_told_of_every_setting(house: House) -> None:
    """Nothing but an update with the same balances came of a changed setting."""
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket, socket_of(house, alice) as other:
        last = (await socket.ask(op="subscribe", channels=["account"]))["result"]["sequence"]
        await socket.drain()
        await put(alice, "position-mode", positionMode="HEDGING")
        await put(alice, "leverage", leverage=7, positionSide="LONG")
        await other.ask(
            op="account.setMarginMode", symbol=BTC, marginMode="ISOLATED", positionSide="SHORT"
        )
        messages = await socket.drain()

    now = (await alice.get("/api/account/settings?symbol=BTC-PERP-USDT")).body
    assert [(message["sequence"], message["type"]) for message in messages] == [
        *((last, "settings"), (last + 1, "update")),
        *((last + 1, "settings"), (last + 2, "update")),
        *((last + 2, "settings"), (last + 3, "update")),
    ]
    assert [message["data"] for message in messages[::2]] == [
        {
            "settings": [
                setting("HEDGING", "LONG", "CROSS", 1),
                setting("HEDGING", "SHORT", "CROSS", 1),
            ],
            "sequence": now["sequence"] - 2,
        },
        {
            "settings": [
                setting("HEDGING", "LONG", "CROSS", 7),
                setting("HEDGING", "SHORT", "CROSS", 1),
            ],
            "sequence": now["sequence"] - 1,
        },
        now,
    ]


async def test_the_leverage_an_order_brings_is_told_before_the_order(house: House) -> None:
    alice, bob = await house.user("alice"), await house.user("bob")
    async with socket_of(house, alice) as socket, socket_of(house, bob) as stranger:
        last = (await socket.ask(op="subscribe", channels=["orders", "account"]))["result"][
            "sequence"
        ]
        await stranger.ask(op="subscribe", channels=["account"])
        await socket.drain()
        await stranger.drain()
        await trade(alice, "BUY", "0.01", orderType="LIMIT", price="19000", leverage=20)
        first, *_ = messages = await socket.drain()
        assert await stranger.drain() == []

    assert [(message["sequence"], message["channel"], message["type"]) for message in messages] == [
        (last, "account", "settings"),
        (last + 1, "orders", "update"),
        (last + 2, "account", "update"),
    ]
    assert first["data"]["settings"] == [setting("NETTING", None, "CROSS", 20)]


async def test_who_comes_back_is_told_of_the_settings_that_were_missed(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        last = (await socket.ask(op="subscribe", channels=["account"]))["result"]["sequence"]
    await put(alice, "leverage", leverage=7)
    await put(alice, "leverage", leverage=8)
    back: list[list[Json]] = []
    for seen in (last, last + 1, last + 2):
        async with socket_of(house, alice) as socket:
            await socket.ask(op="subscribe", channels=["account"], fromSequence=seen + 1)
            back.append(await told(socket))

    seven = (last, "settings", [setting("NETTING", None, "CROSS", 7)])
    eight = (last + 1, "settings", [setting("NETTING", None, "CROSS", 8)])
    updates = [(last + 1, "update", None), (last + 2, "update", None)]
    assert back == [[seven, updates[0], eight, updates[1]], [eight, updates[1]], []]


async def test_settings_that_are_forgotten_make_a_reset(tmp_path: Path) -> None:
    """A message without a number of its own is let go like any other, and not unnoticed."""
    limits = structs.replace(FAST.websocket, replay_messages_max=3)
    async with House(tmp_path / "data", structs.replace(FAST, websocket=limits)) as house:
        await open_cross(house)
        alice = await house.user("alice")
        async with socket_of(house, alice) as socket:
            last = (await socket.ask(op="subscribe", channels=["account"]))["result"]["sequence"]
            await put(alice, "leverage", leverage=7)
            await put(alice, "leverage", leverage=8)
            await socket.drain()
            back = []
            for seen in (last, last + 1):
                await socket.ask(op="subscribe", channels=["account"], fromSequence=seen + 1)
                back.append([(number, kind) for number, kind, _ in await told(socket)])

    assert back == [
        [(last + 2, "reset")],
        [(last + 1, "settings"), (last + 2, "update")],
    ]
