"""Market data while orders flow: a book rebuilt by clients, streams against REST, a restart."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import market_data
from gateway.market import l2_book
from tests.gateway.held_committer import HeldCommitter
from tests.gateway.house import House, Json, Socket, socket_of, until
from tests.gateway.market.floor import (
    PATH,
    PERP,
    Depth,
    Rebuilt,
    asked,
    flow,
    furnished,
    limit,
)

Books = dict[int, tuple[Depth, Depth]]


def recorded(house: House, monkeypatch: pytest.MonkeyPatch) -> Books:
    """What the engine's book shows after each command, and the board's book held against it."""
    books: Books = {}
    board = house.venue.board
    market = house.venue.state.market(house.venue.state.symbols[PERP])
    assert market is not None
    assert market.book is not None
    depth, view = market.book, board.views[market.instrument_id]
    observe = board.observe

    def observing(sequence: int, *rest: object) -> object:
        moved = observe(sequence, *rest)  # type: ignore[arg-type]
        books[sequence] = dict(depth.depth_bids), dict(depth.depth_asks)
        assert (dict(view.book.bids()), dict(view.book.asks())) == books[sequence]
        return moved

    monkeypatch.setattr(board, "observe", observing)
    return books


async def follow(socket: Socket, books: Books, last_bid: str) -> Rebuilt:
    """Rebuild the book message by message, each compared with the engine's at its sequence."""
    rebuilt = Rebuilt()
    while last_bid not in rebuilt.sides["bids"]:
        rebuilt.take(await socket.message(f"book:{PATH}"))
        if rebuilt.sequence in books:
            assert rebuilt.depth() == books[rebuilt.sequence]
    return rebuilt


async def test_a_client_rebuilds_the_book_while_orders_flow(
    house: House, monkeypatch: pytest.MonkeyPatch, count: Callable[[str, int], None]
) -> None:
    users = await furnished(house, *(f"user{number}" for number in range(6)))
    books = recorded(house, monkeypatch)
    monkeypatch.setattr(market_data, "INTERVAL_S", 0.002)

    async def hamper() -> None:
        """Every connection counts as slow for a while, again and again."""
        for hold_s in (0.03, 0.02, 0.1) * 4:
            await asyncio.sleep(0.06)
            monkeypatch.setattr(market_data, "CONFLATE_BYTES", -1)
            await asyncio.sleep(hold_s)
            monkeypatch.setattr(market_data, "CONFLATE_BYTES", 64 * 1024)

    async with socket_of(house, users[0]) as one, socket_of(house, users[1]) as other:
        await one.ask(op="subscribe", channels=[f"book:{PATH}"])
        ends = [asyncio.create_task(follow(one, books, "19990"))]
        hampering = asyncio.create_task(hamper())
        await asyncio.gather(*(flow(user, seed, 60) for seed, user in enumerate(users)))
        monkeypatch.setattr(l2_book, "CHANGES_MAX", 20)
        await other.ask(op="subscribe", channels=[f"book:{PATH}"])
        ends.append(asyncio.create_task(follow(other, books, "19990")))
        await asyncio.gather(*(flow(user, seed, 60) for seed, user in enumerate(users, 100)))
        await hampering
        await limit(users[0], "BUY", "19990", "0.001")
        rebuilt = await asyncio.gather(*ends)

    for book in rebuilt:
        assert book.depth() == books[max(books)]
        assert book.kinds["snapshot"] == 1
        assert book.kinds["update"] > 5
        count("book messages compared with the engine's book", sum(book.kinds.values()))
    count("commands after which the rebuilt book was compared", len(books))


async def test_trades_and_candles_over_a_socket_are_those_of_rest(house: House) -> None:
    users = await furnished(house, "alice", "bob", "carol")
    names = [f"trades:{PATH}", f"candles:{PATH}:1s", f"mark:{PATH}", f"ticker:{PATH}"]
    async with socket_of(house, users[0]) as socket:
        await socket.ask(op="subscribe", channels=names)
        for seed in range(4):
            await asyncio.gather(*(flow(user, 10 * seed + n, 8) for n, user in enumerate(users)))
            house.now_ns += 1_700_000_000
        messages = await socket.drain(0.2)
    trades = [t for m in messages if m["channel"] == names[0] for t in m["data"]]
    told = {c["time"]: c for m in messages if m["channel"] == names[1] for c in m["data"]}
    ticker = [m["data"] for m in messages if m["channel"] == names[3]][-1]
    mark = [m["data"] for m in messages if m["channel"] == names[2]][-1]
    spans = [(m["prevSequence"], m["sequence"]) for m in messages if m["channel"] == names[0]]

    listed = (await asked(house, f"/api/market-trades?symbol={PATH}&limit=1000"))["trades"]
    assert trades == listed[::-1]
    assert len(trades) > 10
    assert [before for before, _ in spans] == [None, *(end for _, end in spans[:-1])]
    candles = (await asked(house, f"/api/candles?symbol={PATH}&interval=1s"))["candles"]
    last = max(told)
    assert [told[time] for time in sorted(told)] == [c for c in candles if c["time"] <= last]
    assert ticker == await asked(house, f"/api/ticker?symbol={PATH}")
    assert (mark["last"], mark["mark"]) == (trades[-1]["price"], "20000")


async def everything(house: House) -> dict[str, Json]:
    """All public answers of both markets."""
    paths = ["/api/ticker"]
    for symbol in (PATH, "BTC-USDT"):
        paths += [f"/api/book?symbol={symbol}&depth=1000"]
        paths += [f"/api/market-trades?symbol={symbol}&limit=1000"]
        for interval in ("1s", "1m", "5m", "15m", "1h", "4h", "1d"):
            paths += [f"/api/candles?symbol={symbol}&interval={interval}"]
    return {path: await asked(house, path) for path in paths}


async def test_every_answer_is_the_same_after_kill_9_and_after_a_snapshot(tmp_path: Path) -> None:
    """What kill -9 leaves is what the disk holds then: a copy of it is served beside the first."""
    folder = tmp_path / "data"
    async with House(folder) as house:
        await house.price("20000")
        users = await furnished(house, "alice", "bob", "carol")
        for seed in range(3):
            await house.price(f"{20_000 + 10 * seed}", PERP)
            await asyncio.gather(*(flow(user, 10 * seed + n, 10) for n, user in enumerate(users)))
            await users[0].order(amount="10")
            await house.price(f"{20_000 + 10 * seed}")
            house.now_ns += 47_000_000_000 * (seed + 1) ** 4
        await limit(users[0], "BUY", "19990", "0.001")
        seen = await everything(house)
        shutil.copytree(folder, tmp_path / "killed")
        now_ns = house.now_ns
    for name in ("killed", "data"):
        async with restarted(tmp_path / name, now_ns) as house:
            assert house.data.replayed == house.venue.state.sequence
            assert await everything(house) == seen
            house.data.write_snapshot()
        async with restarted(tmp_path / name, now_ns) as house:
            assert house.data.replayed == 0
            assert await everything(house) == seen


def restarted(folder: Path, now_ns: int) -> House:
    """The venue of a folder again, its clock where it was."""
    house = House(folder)
    house.now_ns = now_ns
    return house


async def test_no_channel_and_no_read_shows_what_is_not_durable(tmp_path: Path) -> None:
    committer = HeldCommitter()
    async with House(tmp_path / "data", committer=committer) as house:
        alice, bob = await furnished(house, "alice", "bob")
        names = [f"book:{PATH}", f"trades:{PATH}", f"candles:{PATH}:1s", f"ticker:{PATH}"]
        await limit(alice, "SELL", "20001", "0.5")
        async with socket_of(house, bob) as socket:
            await socket.ask(op="subscribe", channels=names)
            await socket.drain(0.1)
            committer.holds = True
            order = asyncio.create_task(limit(bob, "BUY", "20001", "0.2"))
            await until(lambda: committer.is_pending)
            reads = [
                asyncio.create_task(asked(house, f"/api/book?symbol={PATH}")),
                asyncio.create_task(asked(house, f"/api/market-trades?symbol={PATH}")),
            ]
            assert await socket.drain(0.2) == []
            assert not any(task.done() for task in (order, *reads))

            committer.release()
            book, trades = await asyncio.gather(*reads)
            await order
            told = await socket.drain(0.2)

    assert book["asks"] == [["20001", "0.3"]]
    assert [trade["quantity"] for trade in trades["trades"]] == ["0.2"]
    assert {message["channel"] for message in told} == set(names)
