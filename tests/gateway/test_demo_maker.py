"""The demo's maker quotes around the mark, follows it, and leaves everything in the journal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.market import Market
from gateway import demo_maker
from gateway.demo_maker import LEVELS, DemoMaker
from tests.gateway.house import House, until
from tests.gateway.perpetual import PERP, open_perpetual


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_maker, "LOOK_EVERY_S", 0.001)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A venue whose order-driven market has its mark at 20,000."""
    async with House(tmp_path / "data") as running:
        await open_perpetual(running)
        yield running


def perp(house: House) -> Market:
    """The order-driven market."""
    market = house.venue.state.market(house.venue.state.symbols[PERP])
    assert market is not None
    return market


@asynccontextmanager
async def making(house: House) -> AsyncIterator[DemoMaker]:
    """A funded maker at work."""
    if "maker" not in house.venue.state.account_ids:
        await house.user("maker", "1000000")
    account_id = house.venue.state.account_ids["maker"]
    maker = DemoMaker(house.venue, perp(house), account_id)
    task = asyncio.create_task(maker.run())
    try:
        yield maker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def still(house: House) -> int:
    """Let the maker look many times; the sequence after that."""
    await asyncio.sleep(0.1)
    return house.venue.state.sequence


def depth(house: House) -> tuple[dict[int, int], dict[int, int]]:
    """Bids and asks of the book."""
    book = perp(house).book
    assert book is not None
    return dict(book.depth_bids), dict(book.depth_asks)


async def test_levels_stand_on_both_sides_of_the_mark_after_one_command(house: House) -> None:
    async with making(house) as maker:
        before = house.venue.state.sequence
        await until(lambda: maker.quoted_ticks == 200_000)
        after = await still(house)

    bids, asks = depth(house)
    assert bids == {200_000 - 20 * away: lots for away, lots in LEVELS}
    assert asks == {200_000 + 20 * away: lots for away, lots in LEVELS}
    assert after == before + 1


async def test_quotes_follow_the_mark_but_not_a_tick_of_it(house: House) -> None:
    async with making(house) as maker:
        await until(lambda: maker.quoted_ticks == 200_000)
        await house.price("20000.5", PERP)
        near = await still(house)
        await house.price("20100", PERP)
        await until(lambda: maker.quoted_ticks == 201_000)
        far = await still(house)

    assert far == near + 2  # the price and one batch
    bids, asks = depth(house)
    assert (max(bids), min(asks)) == (201_000 - 20, 201_000 + 20)
    assert house.venue.state.orders.count == 2 * len(LEVELS)


async def test_a_trade_is_made_good_and_moves_the_middle_against_it(house: House) -> None:
    alice = await house.user("alice", "100000")
    async with making(house) as maker:
        await until(lambda: maker.quoted_ticks == 200_000)
        order = {"symbol": PERP, "orderType": "MARKET", "side": "SELL"}
        sold = await alice.order(**order, quantity="2")
        assert sold.body["status"] == "FILLED"
        await until(lambda: sum(depth(house)[0].values()) == sum(lots for _, lots in LEVELS))
        await still(house)

    bids, asks = depth(house)
    assert (max(bids), min(asks)) == (200_000 - 40 - 20, 200_000 - 40 + 20)


async def test_nothing_is_quoted_without_a_price_or_while_the_market_is_halted(
    tmp_path: Path,
) -> None:
    async with House(tmp_path / "data") as house:
        await open_perpetual(house, stale_after_ns=10**9)
        await house.admin.post("/admin/instruments/BTC-PERP-USDT/status", {"status": "halt"})
        async with making(house):
            halted = await still(house)
            assert house.venue.state.orders.count == 0
            house.now_ns += 2 * 10**9
            await house.admin.post("/admin/instruments/BTC-PERP-USDT/status", {"status": "trading"})
            assert await still(house) == halted + 1
            await house.price("20000", PERP)
            await until(lambda: house.venue.state.orders.count == 2 * len(LEVELS))


async def test_after_a_restart_old_quotes_give_way(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_perpetual(house)
        async with making(house) as maker:
            await until(lambda: maker.quoted_ticks > 0)
    async with House(folder) as house:
        await house.price("21000", PERP)
        async with making(house) as maker:
            await until(lambda: maker.quoted_ticks == 210_000)
        assert house.venue.state.orders.count == 2 * len(LEVELS)
        assert max(depth(house)[0]) == 210_000 - 21


async def test_a_stopped_venue_is_no_fault_of_the_maker(house: House) -> None:
    async with making(house) as maker:
        await until(lambda: maker.quoted_ticks > 0)
        house.venue.sequencer.stop()
        perp(house).prices[3] = 300_000
        await asyncio.sleep(0.02)
        perp(house).prices[3] = 200_000
        assert maker.quoted_ticks == 200_000
