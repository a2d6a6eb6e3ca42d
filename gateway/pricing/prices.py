"""From a feed's quotes to price commands: on the tick grid, in order, never late.

While the sequencer is behind one quote waits for each market, and a newer one takes its place.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final, final

import msgspec
import structlog

from engine.commands import Command, UpdatePrice
from engine.market import Market
from engine.state import State
from gateway.feeds.conflation import Conflation
from gateway.feeds.feed import Feed, FeedFault, ResumePoint
from gateway.feeds.quote import Quote, to_ticks
from gateway.pricing.mark_price import MarkMaker
from gateway.sequencer import Sequencer
from wal.record import BATCH_RECORDS_MAX

TURN_QUOTES_MAX: Final = 256  # half of what one batch of the journal takes
PRESSED_COMMANDS: Final = BATCH_RECORDS_MAX  # a whole batch waits: the venue is behind

log: Final = structlog.get_logger("feed")


def resume_points(state: State) -> list[ResumePoint]:
    """Where the journal left each market that has had a price."""
    return [
        ResumePoint(
            market.spec.symbol,
            market.source,
            market.source_sequence,
            market.index_ticks * market.spec.tick_size_e8,
        )
        for market in state.markets
        if market is not None and market.index_ticks
    ]


def price_command(market: Market, quote: Quote) -> UpdatePrice:
    """The command of a quote, on the market's grid."""
    bid, ask, last, mark, index = to_ticks(quote, market.spec.tick_size_e8)
    return UpdatePrice(
        market.instrument_id,
        quote.source,
        quote.source_sequence,
        False,
        bid,
        ask,
        last,
        mark,
        index,
    )


@final
class PriceEntry:
    """Takes quotes as they come, and gives them to the sequencer at the start of each turn.

    marks: makes the marks of order-driven markets; without it the feed's own stand.
    """

    def __init__(self, state: State, sequencer: Sequencer, marks: MarkMaker | None = None) -> None:
        self._state: Final = state
        self._marks: Final = marks
        self._sequencer: Final = sequencer
        self._waiting: Final = Conflation()
        sequencer.early = self.take

    @property
    def conflated(self) -> int:
        """How many quotes were dropped for a newer one before their turn."""
        return self._waiting.conflated_count

    def offer(self, quote: Quote) -> None:
        """A new quote for the next turn; while commands queue up, instead of an older one."""
        self._waiting.offer(quote, pressed=self._sequencer.queue_length >= PRESSED_COMMANDS)
        self._sequencer.wake()

    def take(self) -> Sequence[Command]:
        """What waits, as commands; a symbol that is not listed is dropped."""
        if not len(self._waiting):
            return ()
        commands = []
        for quote in self._waiting.take(TURN_QUOTES_MAX):
            market = self._state.market(self._state.symbols.get(quote.symbol, 0))
            if market is not None:
                if self._marks is not None and market.is_order_driven:
                    mark_e8 = self._marks.mark_e8(market, quote.index_e8)
                    quote = msgspec.structs.replace(quote, mark_e8=mark_e8)
                commands.append(price_command(market, quote))
        if len(self._waiting):
            self._sequencer.wake()
        return commands

    async def follow(self, feed: Feed) -> None:
        """Play a feed to its end; afterwards its markets go stale."""
        log.info("feed starts", source=feed.source)
        try:
            async with aclosing(feed.quotes()) as quotes:
                async for quote in quotes:
                    self.offer(quote)
        except FeedFault as fault:
            log.error("feed broke", source=feed.source, error=str(fault))
        except asyncio.CancelledError:
            raise
        else:
            log.info("feed ended", source=feed.source)
