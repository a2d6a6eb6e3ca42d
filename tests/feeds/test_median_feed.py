"""Several feeds as one: medians, silence, lies, ends and breaks."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from itertools import repeat

import pytest

from gateway.feeds.feed import FeedFault, ResumePoint
from gateway.feeds.median_feed import Agreement, MedianFeed
from gateway.feeds.quote import Quote, same_price
from tests.feeds.playing import StillClock, play

E8 = 10**8
RULES = Agreement(5 * E8 // 100, 2, 5.0)
BTC = "BTC/USDT"


def quote(price: int, symbol: str = BTC) -> Quote:
    return Quote(symbol, "a", 1, *same_price(price))


class Given:
    """A feed of given prices, in step with the loop; it may break at its end."""

    def __init__(self, source: str, prices: Iterable[int], fault: Exception | None = None) -> None:
        self.source = source
        self.points: Sequence[ResumePoint] = ()
        self.is_closed = False
        self._prices = prices
        self._fault = fault

    def resume(self, points: Sequence[ResumePoint]) -> None:
        self.points = points

    async def quotes(self) -> AsyncGenerator[Quote, None]:
        try:
            for price in self._prices:
                yield quote(price)
                await asyncio.sleep(0)
            if self._fault is not None:
                raise self._fault
        finally:
            self.is_closed = True


def feed(count: int, clock: StillClock | None = None, rules: Agreement = RULES) -> MedianFeed:
    """Of so many feeds that say nothing by themselves."""
    feeds = [Given(f"kind{place}:x", []) for place in range(count)]
    return MedianFeed(feeds, rules, (clock or StillClock()).monotonic)


def heard(made: MedianFeed, *said: tuple[int, int]) -> list[int | None]:
    """The index after each (feed, price)."""
    quotes = [made.hear(place, quote(price)) for place, price in said]
    return [None if told is None else told.index_e8 for told in quotes]


def test_an_update_is_the_median_of_the_newest_of_each() -> None:
    made = feed(3)

    said = heard(made, (0, 1_000), (1, 1_004), (2, 1_010), (0, 1_020), (1, 1_030))

    assert said == [None, 1_002, 1_004, 1_010, 1_020]
    assert made.dropped == Counter({"BELOW_QUORUM": 1, "STALE": 0, "OUTLIER": 0})


def test_markets_do_not_mix() -> None:
    made = feed(2)

    assert made.hear(0, quote(1_000, BTC)) is None
    assert made.hear(1, quote(9_000, "ETH/USDT")) is None
    told = made.hear(1, quote(1_010, BTC))
    assert told == Quote(BTC, "median:kind0+kind1", 1, *same_price(1_005))


def test_a_lie_is_left_out_until_too_few_are_left() -> None:
    made = feed(3)
    heard(made, (0, 1_000), (1, 1_000), (2, 1_000))

    assert heard(made, (2, 3_000), (1, 1_010), (1, 2_000)) == [1_000, 1_005, None]
    assert (made.dropped["OUTLIER"], made.dropped["BELOW_QUORUM"]) == (4, 2)


def test_a_silent_feed_counts_no_more_and_below_the_quorum_nothing_is_said() -> None:
    clock = StillClock()
    made = feed(3, clock)
    heard(made, (0, 1_000), (1, 1_000), (2, 1_040))
    clock.now_s += 3
    heard(made, (1, 1_010))
    clock.now_s += 3

    assert heard(made, (2, 1_020)) == [1_015]
    clock.now_s += 4
    assert heard(made, (2, 1_030)) == [None]
    assert made.dropped["STALE"] == 1 + 2


def test_updates_of_all_are_played_until_all_have_ended() -> None:
    feeds = [Given("a:1", [1_000, 1_002, 1_004]), Given("b", [1_010]), Given("c", [5_000])]
    made = MedianFeed(feeds, RULES, StillClock().monotonic)

    told = play(made)

    assert [(one.source, one.source_sequence) for one in told] == [
        ("median:a+b+c", number) for number in range(1, len(told) + 1)
    ]
    assert told[-1].index_e8 == 1_007


def test_a_feed_that_breaks_is_missed_and_the_others_go_on() -> None:
    feeds = [Given("a", [1_000] * 3), Given("b", [1_000], FeedFault("gone")), Given("c", [1_000])]

    told = play(MedianFeed(feeds, RULES, StillClock().monotonic))

    assert [one.index_e8 for one in told] == [1_000] * 4


def test_a_bug_in_a_feed_is_no_silence() -> None:
    feeds = [Given("a", [1_000]), Given("b", [], ZeroDivisionError())]

    with pytest.raises(ZeroDivisionError):
        play(MedianFeed(feeds, RULES, StillClock().monotonic))


def test_a_bug_in_a_feed_is_told_though_the_others_never_end() -> None:
    feeds = [Given("a", repeat(1_000)), Given("b", [1_000], ZeroDivisionError())]

    with pytest.raises(ZeroDivisionError):
        play(MedianFeed(feeds, RULES, StillClock().monotonic), 10_000)
    assert [one.is_closed for one in feeds] == [True, True]


def test_feeds_that_wait_for_a_listener_stop_with_it() -> None:
    """Each said its end into a queue that nobody emptied any more: the venue never stopped."""
    feeds = [Given("a", repeat(1_000)), Given("b", repeat(1_000))]
    made = MedianFeed(feeds, RULES, StillClock().monotonic)

    async def listen_and_stop() -> None:
        async with aclosing(made.quotes()) as quotes:
            await anext(quotes)
            for _ in range(100):  # busy elsewhere until both feeds wait for room
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(listen_and_stop(), 2))
    assert [one.is_closed for one in feeds] == [True, True]


def test_what_fast_feeds_said_before_they_ended_is_heard() -> None:
    feeds = [Given("a", [1_000] * 200), Given("b", [1_000] * 200)]
    made = MedianFeed(feeds, RULES, StillClock().monotonic)

    async def listen_slowly() -> int:
        count = 0
        async with aclosing(made.quotes()) as quotes:
            async for _ in quotes:
                count += 1
                for _ in range(5):
                    await asyncio.sleep(0)
        return count

    assert asyncio.run(asyncio.wait_for(listen_slowly(), 5)) == 399


def test_who_stops_listening_stops_the_feeds() -> None:
    feeds = [Given("a", [1_000] * 50), Given("b", [1_000] * 50)]

    assert len(play(MedianFeed(feeds, RULES, StillClock().monotonic), 3)) == 3
    assert [one.is_closed for one in feeds] == [True, True]


def test_it_goes_on_counting_where_the_journal_ends() -> None:
    feeds = [Given("a", [1_000]), Given("b", [1_000])]
    made = MedianFeed(feeds, RULES, StillClock().monotonic)
    point = ResumePoint(BTC, "median:a+b", 41, 1_000)

    made.resume([point])

    assert [one.source_sequence for one in play(made)] == [42]
    assert [list(one.points) for one in feeds] == [[point], [point]]


def test_its_name_can_be_journaled() -> None:
    feeds = [Given("x" * 60, []), Given("y", [])]

    assert len(MedianFeed(feeds, RULES, StillClock().monotonic).source) == 64
