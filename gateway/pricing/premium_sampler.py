"""Samples of funding premiums: each full minute of the venue's clock, a command for each market.

Stamps need no help from here: the sequencer lets time pass when one is due.  Knows when a sample
makes no sense; decides no rate.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, final

from engine.commands import SamplePremium
from engine.events import Event
from engine.instrument import HALTED
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.units import div_floor
from gateway.errors import ApiError
from gateway.operations import rejection
from gateway.venue import Venue

MINUTE_NS: Final = 60_000_000_000
_NS_PER_S: Final = 1_000_000_000
# A clock that was set is noticed this soon.
_SLEEP_S_MAX: Final = 5.0

Sleep = Callable[[float], Awaitable[None]]  # seconds


@final
class PremiumSampler:
    """Samples every market with funding, once for each minute that begins while it runs.

    A minute that was missed (a machine that slept) is not made up for: nobody knows its prices.
    """

    def __init__(self, venue: Venue, sleep: Sleep = asyncio.sleep) -> None:
        self._venue: Final = venue
        self._sleep: Final = sleep
        self._minute = div_floor(venue.clock.now_ns(), MINUTE_NS)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            into_ns = self._venue.clock.now_ns() - self._minute * MINUTE_NS
            left_s = max(0, MINUTE_NS - into_ns) / _NS_PER_S
            await self._sleep(min(_SLEEP_S_MAX, left_s))
            await self.look()

    async def look(self) -> None:
        """Sample if another minute has begun since the last look."""
        now_ns = self._venue.clock.now_ns()
        minute = div_floor(now_ns, MINUTE_NS)
        if minute == self._minute:
            return
        self._minute = minute
        try:
            await self._venue.sequencer.settled()
            for market in self._venue.state.markets:
                if market is not None and market.spec.funding_interval_ns:
                    self._sample(market, now_ns)
        except ApiError as error:  # the venue is busy or stopping; a minute later will do
            self._note(error)

    def _sample(self, market: Market, now_ns: int) -> None:
        reason = reason_against(market, now_ns)
        if reason is RejectReason.NONE:
            command = SamplePremium(market.instrument_id)
            self._venue.sequencer.enter(command, _refusal, self._note)
        else:
            self._note(reason)

    def _note(self, outcome: object) -> None:
        """Count what kept a sample."""
        if isinstance(outcome, ApiError):
            self._venue.skipped_samples[outcome.code] += 1
        elif isinstance(outcome, RejectReason) and outcome is not RejectReason.NONE:
            self._venue.skipped_samples[outcome.name] += 1


def reason_against(market: Market, now_ns: int) -> RejectReason:
    """Why a sample would be refused now (FUN-2), so that the journal is spared it; else NONE."""
    if market.status is HALTED:
        return RejectReason.HALTED
    if not market.has_price():
        return RejectReason.MARKET_NOT_READY
    if market.is_stale(now_ns):
        return RejectReason.STALE_PRICE
    return RejectReason.NONE


def _refusal(_sequence: int, _time_ns: int, events: list[Event]) -> RejectReason:
    return rejection(events)
