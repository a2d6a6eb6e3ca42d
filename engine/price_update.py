"""A new price: whether it is believed, and what it passes on its way (PRC-…, FIR-…)."""

from typing import Final

from engine.commands import UpdatePrice
from engine.events import Event, PriceAccepted, PriceRefused, Rejected
from engine.instrument import HALTED
from engine.market import Market
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.units import E8, NOBODY

CANDIDATES_TO_BELIEVE: Final = 3


def update_price(state: State, command: UpdatePrice, events: list[Event]) -> None:
    """Admit a price or refuse it; an admitted one travels from the old values to the new."""
    market = state.market(command.instrument_id)
    if market is None:
        events.append(Rejected(NOBODY, RejectReason.UNKNOWN_SYMBOL))
        return
    prices = [
        command.bid_ticks,
        command.ask_ticks,
        command.last_ticks,
        command.mark_ticks,
        command.index_ticks,
    ]
    reason = _admission_reason(market, command, prices)
    if reason is not NONE:
        candidates = market.candidate_count if reason is RejectReason.PRICE_BEYOND_BAND else 0
        events.append(PriceRefused(market.instrument_id, reason, candidates))
        return
    market.candidate_count = 0
    is_first = market.prices[0] == 0
    market.prices = prices
    market.price_time_ns = state.time_ns
    events.append(PriceAccepted(market.instrument_id, *prices))
    if is_first:
        market.processed = prices
    if market.status is not HALTED:
        travel(state, market)


def travel(state: State, market: Market) -> None:
    """Queue what the prices pass from the last processed to the present values."""
    state.firing.begin_travel(market)
    market.processed = market.prices


def _admission_reason(market: Market, command: UpdatePrice, prices: list[int]) -> RejectReason:
    """BAD_PRICE, PRICE_OUT_OF_SEQUENCE or PRICE_BEYOND_BAND, and what is remembered of it."""
    if min(prices) < 1 or max(prices) > market.price_ticks_max or prices[0] > prices[1]:
        return RejectReason.BAD_PRICE
    if command.by_operator:
        return NONE
    if command.source == market.source and command.source_sequence <= market.source_sequence:
        return RejectReason.PRICE_OUT_OF_SEQUENCE
    market.source = command.source
    market.source_sequence = command.source_sequence
    band_e8 = market.spec.sanity_band_e8
    if band_e8 == 0 or market.prices[0] == 0 or is_within(market.prices, prices, band_e8):
        return NONE
    confirms = market.candidate_count > 0 and is_within(market.candidate, prices, band_e8)
    market.candidate = prices
    market.candidate_count = market.candidate_count + 1 if confirms else 1
    if market.candidate_count >= CANDIDATES_TO_BELIEVE:
        return NONE
    return RejectReason.PRICE_BEYOND_BAND


def is_within(old_prices: list[int], new_prices: list[int], band_e8: int) -> bool:
    """Whether each of the five moved by at most the band, a share of its old value."""
    for old_ticks, new_ticks in zip(old_prices, new_prices, strict=True):
        if abs(new_ticks - old_ticks) * E8 > band_e8 * old_ticks:
            return False
    return True
