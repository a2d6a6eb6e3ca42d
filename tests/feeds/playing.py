"""Plays a feed without waiting.  Knows a clock that only sleep moves; knows no real time."""

import asyncio
from contextlib import aclosing
from typing import Final

from engine.instrument import InstrumentSpec, simple_instrument
from gateway.feeds.feed import Feed
from gateway.feeds.pace import Pacer
from gateway.feeds.quote import Quote


class StillClock:
    """A monotonic clock and a sleep: time passes by sleeping, or by `now_s` being set."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.sleeps_s: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.sleeps_s.append(seconds)
        self.now_s += seconds

    def pacer(self) -> Pacer:
        return Pacer(self.monotonic, self.sleep)

    def waits_ms(self) -> list[int]:
        """Sleeps to the millisecond, without those that come to none."""
        waits_ms = (round(seconds * 1_000) for seconds in self.sleeps_s)
        return [wait_ms for wait_ms in waits_ms if wait_ms > 0]


def play(feed: Feed, count: int | None = None) -> list[Quote]:
    """The first `count` quotes of a feed, or all of them."""

    async def collect() -> list[Quote]:
        quotes: list[Quote] = []
        async with aclosing(feed.quotes()) as updates:
            async for quote in updates:
                quotes.append(quote)
                if len(quotes) == count:
                    break
        return quotes

    return asyncio.run(collect())


BTC: Final = simple_instrument("BTC/USDT", "BTC", "USDT", 1_000_000, 100)
ETH: Final = simple_instrument("ETH/USDT", "ETH", "USDT", 1_000_000, 100)
BTC_PERP: Final = simple_instrument("BTC-PERP/USDT", "BTC", "USDT", 10_000_000, 100)
LISTED: Final[list[InstrumentSpec]] = [BTC, ETH, BTC_PERP]
