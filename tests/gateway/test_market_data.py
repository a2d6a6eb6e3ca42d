"""The public ticker: newest only, encoded once, slow readers conflated and never cut off."""

import asyncio
from typing import Any

import msgspec

from engine.engine import Engine
from engine.market import Market
from engine.state import State
from engine.units import AssetId, InstrumentId
from gateway.market_data import SLICE, Tickers
from tests.gateway.house import House, market, socket_of, until


class Listener:
    """An outbox that only remembers."""

    def __init__(self) -> None:
        self.backlog_bytes = 0
        self.frames: list[bytes] = []

    def send(self, framed: bytes) -> None:
        self.frames.append(framed)

    def bids(self) -> list[str]:
        return [msgspec.json.decode(framed[framed.index(b"{") :])["data"]["bid"] for framed in
                self.frames]  # fmt: skip


def a_market(state: State) -> Market:
    made = Market(InstrumentId(1), AssetId(1), market("BTC/USDT"))
    made.prices = [100, 100, 100, 100, 100]
    state.markets.append(made)
    return made


async def push(tickers: Tickers, made: Market, *bids: int) -> None:
    """New prices in quick succession, then the time it takes to tell."""
    for bid in bids:
        made.prices[0] = bid
        tickers.market_moved(made.instrument_id)
    await asyncio.sleep(0.05)


async def test_a_ticker_begins_with_the_price_and_goes_on_with_the_newest() -> None:
    state = Engine(State()).state
    made, tickers, listener = a_market(state), Tickers(state, lambda: True), Listener()
    tickers.subscribe(made, listener)  # type: ignore[arg-type]

    await push(tickers, made, 101, 102, 103)
    await push(tickers, made, 104)
    tickers.unsubscribe(1, listener)  # type: ignore[arg-type]
    await push(tickers, made, 105)

    assert listener.bids() == ["1", "1.03", "1.04"]
    assert tickers.conflated == 2


async def test_a_slow_reader_gets_the_newest_when_it_has_read() -> None:
    state = Engine(State()).state
    made, tickers = a_market(state), Tickers(state, lambda: True)
    slow, quick = Listener(), Listener()
    tickers.subscribe(made, slow)  # type: ignore[arg-type]
    tickers.subscribe(made, quick)  # type: ignore[arg-type]
    slow.backlog_bytes = 10**9

    await push(tickers, made, 101)
    await push(tickers, made, 102)
    slow.backlog_bytes = 0
    await asyncio.sleep(0.05)

    assert quick.bids() == ["1", "1.01", "1.02"]
    assert slow.bids() == ["1", "1.02"]


async def test_many_listeners_are_served_in_slices() -> None:
    state = Engine(State()).state
    made, tickers = a_market(state), Tickers(state, lambda: True)
    listeners = [Listener() for _ in range(3 * SLICE + 1)]
    for listener in listeners:
        tickers.subscribe(made, listener)  # type: ignore[arg-type]

    await push(tickers, made, 101)

    assert {tuple(listener.bids()) for listener in listeners} == {("1", "1.01")}
    assert len({id(listener.frames[1]) for listener in listeners}) == 1  # encoded once


async def test_nothing_is_told_while_a_batch_is_not_durable() -> None:
    state = Engine(State()).state
    settled = [False]
    made, tickers, listener = a_market(state), Tickers(state, lambda: settled[0]), Listener()
    tickers.subscribe(made, listener)  # type: ignore[arg-type]

    await push(tickers, made, 101)
    assert listener.bids() == ["1"]
    settled[0] = True
    await asyncio.sleep(0.05)
    assert listener.bids() == ["1", "1.01"]


async def test_a_ticker_over_a_socket_shows_prices_and_halts(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["ticker:BTC-USDT"])
        snapshot = await socket.message("ticker:BTC-USDT")
        await house.price("20500")
        moved = await socket.message("ticker:BTC-USDT")
        await house.admin.post("/admin/instruments/BTC-USDT/status", {"status": "halt"})
        halted = await socket.message("ticker:BTC-USDT")

    def shown(message: Any) -> tuple[str, str, str]:
        return message["type"], message["data"]["mark"], message["data"]["status"]

    assert [shown(message) for message in (snapshot, moved, halted)] == [
        ("snapshot", "20000", "TRADING"),
        ("update", "20500", "TRADING"),
        ("update", "20500", "HALTED"),
    ]
    assert snapshot["sequence"] < moved["sequence"] < halted["sequence"]
    await until(lambda: not house.venue.tickers._listeners[1])
