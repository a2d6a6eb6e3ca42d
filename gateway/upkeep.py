"""What runs beside the listeners: live valuations, and a word on what is worth one.

Knows the venue; decides nothing of it.
"""

import asyncio
from typing import Final

import structlog

from gateway.decimals import text_from_e8
from gateway.logs import RefusalLog
from gateway.venue import Venue, insurance_atoms

REFUSALS_EVERY_S: Final = 10.0

log: Final = structlog.get_logger("venue")


async def push_valuations(venue: Venue) -> None:
    """Live profit, a few times a second."""
    interval_s = venue.config.websocket.pnl_interval_ms / 1_000
    while True:
        await asyncio.sleep(interval_s)
        if venue.sequencer.is_settled:
            venue.streams.push_valuations()


async def log_refusals(venue: Venue) -> None:
    """How often each class of refusal came, when any did; and a fund that is below zero."""
    said, prices = RefusalLog(), RefusalLog()
    insurance: dict[str, int] = {}
    while True:
        await asyncio.sleep(REFUSALS_EVERY_S)
        if venue.sequencer.is_settled:
            warn_of_insurance(venue, insurance)
        if news := said.news(venue.refusals):
            log.info("refusals", **news)
        if news := prices.news(venue.price_refusals):
            log.warning("prices refused", **news)


def warn_of_insurance(venue: Venue, known: dict[str, int]) -> None:
    """Say that a fund is below zero, each time that it has changed.

    known: what each asset's fund was when this was last asked.
    """
    for asset, atoms in insurance_atoms(venue.state):
        if atoms < 0 and known.get(asset) != atoms:
            log.error("insurance negative", asset=asset, amount=text_from_e8(atoms))
        known[asset] = atoms
