"""Quotes become price commands: on the grid, newest only, resumed where the journal ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from engine.commands import AdvanceTime
from gateway.feeds.feed import FeedFault, ResumePoint
from gateway.feeds.quote import Quote
from gateway.pricing.prices import PRESSED_COMMANDS, TURN_QUOTES_MAX, resume_points
from tests.gateway.house import House, until

E8 = 100_000_000


def quote(sequence: int, price_e8: int, symbol: str = "BTC/USDT") -> Quote:
    return Quote(symbol, "scripted:x", sequence, *(price_e8,) * 5)


class Script:
    """A feed of given quotes that then ends, or breaks."""

    source = "scripted:x"

    def __init__(self, quotes: Sequence[Quote], breaks: bool = False) -> None:
        self._quotes = quotes
        self._breaks = breaks

    def resume(self, points: Sequence[ResumePoint]) -> None:
        """It begins anew each time."""
        assert points is not None

    async def quotes(self) -> AsyncGenerator[Quote, None]:
        for one in self._quotes:
            yield one
            await asyncio.sleep(0)
        if self._breaks:
            raise FeedFault("the line broke")


async def test_a_quote_is_put_on_the_grid_and_entered(house: House) -> None:
    house.prices.offer(Quote("BTC/USDT", "file:x", 5, *(20_100 * E8 + 555_555,) * 5))
    market = house.venue.state.markets[1]
    assert market is not None
    await until(lambda: market.source_sequence == 5)

    assert market.prices == [2_010_000, 2_010_001, 2_010_001, 2_010_001, 2_010_001]
    assert resume_points(house.venue.state) == [
        ResumePoint("BTC/USDT", "file:x", 5, 2_010_001 * 1_000_000)
    ]


async def test_all_quotes_of_a_burst_are_entered_in_one_batch(house: House) -> None:
    before = house.venue.state.sequence
    batches = house.venue.sequencer.counters.batches
    for number in range(1, 11):
        house.prices.offer(quote(number, (20_000 + number) * E8))
    await asyncio.sleep(0.01)

    assert house.venue.state.sequence == before + 10
    assert house.venue.sequencer.counters.batches == batches + 1
    assert house.prices.conflated == 0


async def test_a_burst_of_many_markets_takes_several_turns(house: House) -> None:
    before = house.venue.state.sequence
    for number in range(TURN_QUOTES_MAX + 10):
        house.prices.offer(quote(number, 20_000 * E8, f"XXX-{number}/USDT"))
    house.prices.offer(quote(1, 20_001 * E8))
    await until(lambda: house.venue.state.sequence == before + 1)

    assert house.prices.conflated == 0


async def test_only_the_newest_quote_is_entered_while_commands_queue_up(house: House) -> None:
    before = house.venue.state.sequence
    for _ in range(PRESSED_COMMANDS):
        house.venue.sequencer.enter(AdvanceTime(), lambda *_: None, lambda _: None)
    for number in range(1, 11):
        house.prices.offer(quote(number, (20_000 + number) * E8))
    house.prices.offer(quote(11, E8, "XXX/USDT"))
    await until(lambda: house.venue.state.sequence == before + 1 + PRESSED_COMMANDS)

    assert (await house.admin.get("/api/ticker")).code == "NOT_FOUND"
    market = house.venue.state.markets[1]
    assert market is not None
    assert market.mark_ticks == 2_001_000
    assert house.prices.conflated == 9


async def test_prices_do_not_queue_behind_orders(house: House) -> None:
    before = house.venue.state.sequence
    applied: list[int] = []
    for _ in range(2):
        house.venue.sequencer.enter(
            AdvanceTime(), lambda sequence, *_: applied.append(sequence), lambda _: None
        )
    house.prices.offer(quote(1, 20_001 * E8))
    await asyncio.sleep(0.01)

    assert applied == [before + 2, before + 3]  # the price came first


async def test_a_feed_is_followed_to_its_end_and_a_broken_one_ends_quietly(house: House) -> None:
    for breaks in (False, True):
        await house.prices.follow(Script([quote(3, 20_003 * E8), quote(4, 20_004 * E8)], breaks))
        await asyncio.sleep(0.01)
        market = house.venue.state.markets[1]
        assert market is not None
        assert market.mark_ticks == 2_000_400
    assert house.venue.price_refusals["PRICE_OUT_OF_SEQUENCE"] >= 1
