"""Prices written down in advance, for tests and front ends.  Knows steps; knows no market.

A script is JSON, one step a line, prices as decimal strings, one price or all five:
    {"delayMs": 0, "symbol": "BTC/USDT", "price": "20000"}
    {"delayMs": 500, "symbol": "BTC/USDT", "bid": "14990", "ask": "15010", "last": "15000",
     "mark": "15000", "index": "15000.5"}      (on one line)
Blank lines are skipped.  The source sequence is the number of the step, from 1.  A bid may lie
above its ask: what a venue refuses can be scripted too.
"""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, final

import msgspec

from gateway.feeds.feed import FeedFault, ResumePoint, last_sequence
from gateway.feeds.pace import Pacer
from gateway.feeds.quote import BadPrice, Prices, Quote, price_e8, same_price

_DELAY_MS_MAX: Final = 86_400_000


class ScriptDamaged(FeedFault):
    """A script that cannot be read; names the file and the line."""


class ScriptStep(NamedTuple):
    """A price update `delay_ms` after the one before it."""

    delay_ms: int
    symbol: str
    prices: Prices


class _StepMessage(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    delay_ms: int
    symbol: str
    price: str | None = None
    bid: str | None = None
    ask: str | None = None
    last: str | None = None
    mark: str | None = None
    index: str | None = None


@final
class ScriptedFeed:
    """Plays steps in order and ends.  source: `scripted:` and the script's name."""

    def __init__(self, source: str, steps: Sequence[ScriptStep], pacer: Pacer) -> None:
        self.source: Final = source
        self._steps: Final = tuple(steps)
        self._pacer: Final = pacer
        self._played = 0

    def resume(self, points: Sequence[ResumePoint]) -> None:
        """Go on after the last journaled step of this script."""
        self._played = last_sequence(points, self.source)

    async def quotes(self) -> AsyncGenerator[Quote, None]:
        """Every step not yet played, when it is due."""
        self._pacer.start()
        elapsed_ms = 0
        for number, step in enumerate(self._steps, start=1):
            if number <= self._played:
                continue
            elapsed_ms += step.delay_ms
            await self._pacer.wait_until(elapsed_ms / 1_000)
            yield Quote(step.symbol, self.source, number, *step.prices)


def load_script(path: Path) -> list[ScriptStep]:
    """The steps of a script file.  Raises ScriptDamaged."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ScriptDamaged(f"{path}: cannot be read: {error}") from error
    steps: list[ScriptStep] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            steps.append(_step(msgspec.json.decode(line, type=_StepMessage)))
        except (msgspec.DecodeError, ValueError) as error:
            raise ScriptDamaged(f"{path}, line {number}: {error}") from None
    if not steps:
        raise ScriptDamaged(f"{path}: the script has no steps")
    return steps


def _step(message: _StepMessage) -> ScriptStep:
    if not 0 <= message.delay_ms <= _DELAY_MS_MAX:
        raise ValueError(f"delayMs must be 0 to {_DELAY_MS_MAX}, not {message.delay_ms}")
    five = [message.bid, message.ask, message.last, message.mark, message.index]
    given = [text for text in five if text is not None]
    if message.price is not None and not given:
        return ScriptStep(message.delay_ms, message.symbol, same_price(price_e8(message.price)))
    if message.price is None and len(given) == len(five):
        prices = Prices(*(price_e8(text) for text in given))
        return ScriptStep(message.delay_ms, message.symbol, prices)
    raise BadPrice("give either price, or all of bid, ask, last, mark and index")
