"""Another leverage for what is open already (KEY-4): margins move, or a reason says why not."""

from pathlib import Path

from engine.commands import SetInstrumentStatus
from engine.instrument import InstrumentStatus
from tests.gateway.cross_markets import BTC, balance, open_cross, position, trade
from tests.gateway.funded_market import open_funded, quote
from tests.gateway.house import Client, House, Reply, socket_of


async def set_leverage(client: Client, leverage: int, symbol: str = BTC) -> Reply:
    body = {"symbol": symbol, "leverage": leverage}
    return await client.ask("PUT", "/api/account/leverage", body)


async def test_an_isolated_position_takes_and_gives_margin(house: House) -> None:
    await open_funded(house)
    alice = await house.user("alice", "1000")
    await quote(house, "20000", "20000", "20000")
    await trade(alice, "BUY", "0.1")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["positions"])
        await socket.drain()
        shown = []
        for leverage in (5, 20, 20):
            assert (await set_leverage(alice, leverage)).status == 200
            now = await position(alice)
            money = await balance(alice)
            shown.append((now["leverage"], now["margin"], money["margin"], money["available"]))
        told = [m["data"]["margin"] for m in await socket.drain() if m["type"] == "update"]

    assert shown == [(5, "400", "400", "599"), (20, "100", "100", "899"), (20, "100", "100", "899")]
    assert told == ["400", "100", "100"]
    # 0.1 at 20,000 with 100 of margin: (2000 − 100) / (0.1 × (1 − 0.0045)), rounded to a tick
    assert (await position(alice))["liquidationPrice"] == "19085.8"
    await house.price("21000", BTC)
    await alice.post(f"/api/positions/{now['positionId']}/close", {})
    (gone,) = (await alice.get("/api/positions?status=CLOSED")).body["positions"]
    # 100 less fees of 1 and 1.05, of the 100 that were put up in the end
    assert (gone["leverage"], gone["pnl"], gone["pnlPercent"]) == (20, "97.95", "97.95")


async def test_a_cross_position_reserves_more_or_less(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.1")

    before = await balance(alice)
    assert (await set_leverage(alice, 20)).status == 200
    after = await balance(alice)

    assert [now["crossInitialMargin"] for now in (before, after)] == ["200", "100"]
    assert (after["available"], (await position(alice))["margin"]) == ("899", "100")


async def test_each_refusal_says_why(house: House) -> None:
    stale_after_ns = 60_000_000_000
    await open_funded(house, stale_after_ns=stale_after_ns)
    alice = await house.user("alice", "300")
    await quote(house, "20000", "20000", "20000")
    await trade(alice, "BUY", "0.1")
    sequence = house.venue.state.sequence

    refused = [await set_leverage(alice, leverage) for leverage in (0, 126, 4)]
    refused.append(await set_leverage(alice, 20, "BTC/USDT"))
    await quote(house, "19500", "19500", "19500")
    refused.append(await set_leverage(alice, 50))  # 40 of margin would not bear a loss of 50
    house.now_ns += 2 * stale_after_ns
    refused.append(await set_leverage(alice, 20))
    (market,) = (m for m in house.venue.state.markets if m is not None and m.spec.symbol == BTC)
    await house.enter(SetInstrumentStatus(market.instrument_id, InstrumentStatus.HALTED))
    refused.append(await set_leverage(alice, 8))

    assert [(reply.status, reply.code, reply.body["error"]) for reply in refused] == [
        (422, "BAD_LEVERAGE", "The leverage is not allowed here"),
        (422, "BAD_LEVERAGE", "The leverage is not allowed here"),
        (422, "INSUFFICIENT_BALANCE", "Insufficient balance"),
        (422, "BAD_COMBINATION", "These fields do not go together"),
        (422, "WOULD_LIQUIDATE", "The position would be liquidated at once"),
        (422, "STALE_PRICE", "The market's price is stale"),
        (422, "HALTED", "The market is halted"),
    ]
    assert (await position(alice))["leverage"] == 10
    assert house.venue.state.sequence == sequence + 9


async def test_openers_that_rest_have_it_too(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "1000")
    rests = {"orderType": "LIMIT", "price": "19000"}
    ids = [
        (await trade(alice, "BUY", "0.1", **rests)).body["orderId"],
        (await trade(alice, "BUY", "0.1", orderType="STOP_MARKET", triggerPrice="21000")).body[
            "orderId"
        ],
        (await trade(alice, "BUY", "0.1", symbol="ETH-PERP/USDT", orderType="LIMIT", price="900"))
        .body["orderId"],
    ]  # fmt: skip
    held = [(await balance(alice))["held"]]
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["orders"])
        await socket.drain()
        await set_leverage(alice, 20)
        told = [(m["data"]["orderId"], m["data"]["leverage"]) for m in await socket.drain()]
    held.append((await balance(alice))["held"])

    assert told == [(ids[0], 20), (ids[1], 20)]
    shown = [(await alice.get(f"/api/orders/{order_id}")).body["leverage"] for order_id in ids]
    assert shown == [20, 20, 10]
    assert held == ["199.398", "104.398"]


async def test_a_size_beyond_the_tier_is_refused(house: House) -> None:
    await open_cross(house)
    alice = await house.user("alice", "100000")
    await trade(alice, "BUY", "3")  # 60,000: up to 50,000 allow 125, up to 250,000 allow 100

    refused, taken = await set_leverage(alice, 125), await set_leverage(alice, 100)

    assert (refused.code, refused.body["error"]) == (
        "RISK_TIER",
        "The position would be too large for this leverage",
    )
    assert taken.status == 200


async def test_a_restart_knows_the_leverage(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_cross(house)
        alice = await house.user("alice", "1000")
        await trade(alice, "BUY", "0.1")
        await set_leverage(alice, 20)
        shown = await position(alice)
        house.data.write_snapshot()
    async with House(folder) as house:
        again = Client(house.session, house.url, alice.token)
        assert await position(again) == shown
        await check_of_a_close(again)


async def check_of_a_close(alice: Client) -> None:
    """All margin of what was opened is that of the leverage it had in the end."""
    held = await position(alice)
    await alice.post(f"/api/positions/{held['positionId']}/close", {})
    (gone,) = (await alice.get("/api/positions?status=CLOSED")).body["positions"]
    assert (gone["margin"], gone["leverage"]) == ("100", 20)
