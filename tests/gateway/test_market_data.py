"""Public channels: newest only, encoded once, slow readers conflated without a gap and never cut
off."""

import asyncio
from typing import Any

from engine.instrument import InstrumentStatus
from gateway import market_data as module
from gateway.market_data import SLICE, MarketData
from tests.gateway.house import House, market, socket_of, until
from tests.gateway.market.desk import BUY, SELL, Desk, decoded

TICKER, BOOK = "ticker:BTC-USDT", "book:BTC-USDT"


class Listener:
    """An outbox that only remembers."""

    def __init__(self) -> None:
        self.backlog_bytes = 0
        self.frames: list[bytes] = []

    def send(self, framed: bytes) -> None:
        self.frames.append(framed)

    def shown(self, field: str) -> list[Any]:
        return [decoded(framed)["data"][field] for framed in self.frames]


class Hall:
    """The market data of a desk; `settled` is whether all that happened is durable."""

    def __init__(self) -> None:
        self.desk = Desk(market("BTC/USDT"))
        self.settled = True
        self.data = MarketData(
            self.desk.board, self.desk.state, lambda: self.desk.time_ns, lambda: self.settled
        )

    def listen(self, *names: str) -> Listener:
        listener = Listener()
        for name in names:
            self.data.subscribe(self.data.channel(name), listener)  # type: ignore[arg-type]
        return listener

    def leave(self, name: str, listener: Listener) -> None:
        self.data.unsubscribe(self.data.channel(name), listener)  # type: ignore[arg-type]

    async def push(self, *bids: int) -> None:
        """New prices in quick succession, then the time it takes to tell."""
        for bid in bids:
            self.desk.price(bid, bid, bid, bid, bid)
            self.data.moved(self.desk.moved)
        await asyncio.sleep(0.05)


async def test_a_ticker_begins_with_the_price_and_goes_on_with_the_newest() -> None:
    hall = Hall()
    await hall.push(100)
    listener = hall.listen(TICKER)

    await hall.push(101, 102, 103)
    await hall.push(104)
    hall.leave(TICKER, listener)
    await hall.push(105)

    assert listener.shown("bid") == ["1", "1.03", "1.04"]
    assert hall.data.conflated == 2


async def test_a_slow_reader_gets_the_newest_when_it_has_read() -> None:
    hall = Hall()
    await hall.push(100)
    slow, quick = hall.listen(TICKER), hall.listen(TICKER)
    slow.backlog_bytes = 10**9

    await hall.push(101)
    await hall.push(102)
    slow.backlog_bytes = 0
    await asyncio.sleep(0.05)

    assert quick.shown("bid") == ["1", "1.01", "1.02"]
    assert slow.shown("bid") == ["1", "1.02"]


async def test_a_slow_readers_delta_spans_what_it_missed() -> None:
    hall = Hall()
    await hall.push(100)
    slow, quick = hall.listen(BOOK), hall.listen(BOOK)
    slow.backlog_bytes = 10**9

    for bid in (101, 102):
        await hall.push(bid)
    slow.backlog_bytes = 0
    await asyncio.sleep(0.05)

    def spans(listener: Listener) -> list[tuple[str, int | None, int]]:
        messages = [decoded(framed) for framed in listener.frames]
        return [(m["type"], m["prevSequence"], m["sequence"]) for m in messages]

    assert spans(quick) == [("snapshot", None, 2), ("update", 2, 3), ("update", 3, 4)]
    assert spans(slow) == [("snapshot", None, 2), ("update", 2, 4)]
    assert slow.shown("bids")[1] == [["1.02", None], ["1.01", "0"], ["1", "0"]]


async def test_subscribing_again_begins_anew() -> None:
    hall = Hall()
    listener = hall.listen(BOOK, BOOK)

    assert [decoded(framed)["type"] for framed in listener.frames] == ["snapshot", "snapshot"]
    assert hall.data.listeners(BOOK) == 1


async def test_a_reader_with_a_full_line_gets_its_snapshot_when_it_has_read() -> None:
    hall = Hall()
    listener = Listener()
    listener.backlog_bytes = 10**9
    hall.data.subscribe(hall.data.channel(BOOK), listener)  # type: ignore[arg-type]
    await hall.push(101)
    assert listener.frames == []
    listener.backlog_bytes = 0
    await asyncio.sleep(0.05)

    assert [decoded(framed)["type"] for framed in listener.frames] == ["snapshot"]


async def test_many_listeners_are_served_in_slices() -> None:
    hall = Hall()
    await hall.push(100)
    listeners = [hall.listen(TICKER) for _ in range(3 * SLICE + 1)]

    await hall.push(101)

    assert {tuple(listener.shown("bid")) for listener in listeners} == {("1", "1.01")}
    assert len({id(listener.frames[1]) for listener in listeners}) == 1  # encoded once


async def test_all_channels_of_a_connection_leave_together(monkeypatch: Any) -> None:
    """In slices of one connection, each gets all its messages before the next gets any."""
    monkeypatch.setattr(module, "SLICE", 1)
    hall, order = Hall(), list[Listener]()
    await hall.push(100)
    listeners = [hall.listen(TICKER, BOOK, "mark:BTC-USDT") for _ in range(2)]
    for listener in listeners:
        monkeypatch.setattr(listener, "send", lambda _framed, to=listener: order.append(to))

    await hall.push(101)

    assert order == [listeners[0]] * 3 + [listeners[1]] * 3


async def test_nothing_is_told_while_a_batch_is_not_durable() -> None:
    hall = Hall()
    await hall.push(100)
    listener = hall.listen(TICKER)
    hall.settled = False

    await hall.push(101)
    hall.data.released()
    assert listener.shown("bid") == ["1"]
    hall.settled = True
    hall.data.released()
    assert listener.shown("bid") == ["1", "1.01"]


async def test_a_slice_waits_too_when_the_next_batch_is_not_durable(monkeypatch: Any) -> None:
    """Once, what is sent in a later slice would have shown what was applied in between."""
    monkeypatch.setattr(module, "SLICE", 1)
    hall = Hall()
    await hall.push(100)
    first, second = hall.listen(BOOK), hall.listen(BOOK)
    hall.desk.price(101, 101, 101, 101, 101)
    hall.data.moved(hall.desk.moved)
    await until(lambda: len(first.frames) == 2)
    hall.settled = False
    hall.desk.price(102, 102, 102, 102, 102)
    hall.data.moved(hall.desk.moved)
    await asyncio.sleep(0.05)
    assert len(second.frames) <= 2
    hall.settled = True
    hall.data.released()
    await asyncio.sleep(0.05)

    for listener in (first, second):
        messages = [decoded(framed) for framed in listener.frames]
        ends = [message["sequence"] for message in messages]
        assert [message["prevSequence"] for message in messages] == [None, *ends[:-1]]
        assert ends[-1] == hall.desk.board.sequence


async def test_nobody_left_is_nothing_kept() -> None:
    hall = Hall()
    listener = hall.listen(TICKER, BOOK, "trades:BTC-USDT", "mark:BTC-USDT", "candles:BTC-USDT:1m")
    assert len(listener.frames) == 5
    for name in (TICKER, BOOK, "trades:BTC-USDT", "mark:BTC-USDT", "candles:BTC-USDT:1m"):
        hall.leave(name, listener)
    await hall.push(101)

    assert len(listener.frames) == 5
    assert hall.data._audiences == {1: {}}
    assert hall.data._timer is None


async def test_what_did_not_change_is_not_sent_again() -> None:
    hall = Hall()
    await hall.push(100)
    listener = hall.listen(BOOK, "trades:BTC-USDT", "mark:BTC-USDT")

    hall.desk.status(InstrumentStatus.HALTED)
    hall.data.moved(hall.desk.moved)
    await asyncio.sleep(0.05)

    assert len(listener.frames) == 3


async def test_a_book_of_users_is_told_level_by_level() -> None:
    hall = Hall()
    hall.desk = Desk()
    hall.data = MarketData(hall.desk.board, hall.desk.state, lambda: 0, lambda: True)
    hall.desk.level(BUY, 100, 5)
    listener = hall.listen(BOOK)
    hall.desk.level(SELL, 102, 7)
    hall.desk.level(BUY, 100, 4)
    hall.data.moved(hall.desk.moved)
    await asyncio.sleep(0.05)

    assert [decoded(framed)["data"] for framed in listener.frames] == [
        {"symbol": "BTC/USDT", "bids": [["1", "0.000005"]], "asks": [], "complete": True},
        {"symbol": "BTC/USDT", "bids": [["1", "0.000004"]], "asks": [["1.02", "0.000007"]]},
    ]


async def test_a_ticker_over_a_socket_shows_prices_and_halts(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=[TICKER])
        snapshot = await socket.message(TICKER)
        await house.price("20500")
        moved = await socket.message(TICKER)
        await house.admin.post("/admin/instruments/BTC-USDT/status", {"status": "halt"})
        halted = await socket.message(TICKER)

    def shown(message: Any) -> tuple[str, str, str]:
        return message["type"], message["data"]["mark"], message["data"]["status"]

    assert [shown(message) for message in (snapshot, moved, halted)] == [
        ("snapshot", "20000", "TRADING"),
        ("update", "20500", "TRADING"),
        ("update", "20500", "HALTED"),
    ]
    assert snapshot["sequence"] < moved["sequence"] < halted["sequence"]
    await until(lambda: house.venue.market_data.listeners(TICKER) == 0)
