"""A new price: whether it is believed, and what it passes on its way (PRC-…, FIR-…)."""

from typing import Final

from engine.commands import UpdatePrice
from engine.events import Event, PriceAccepted, PriceRefused, Rejected
from engine.instrument import HALTED
from engine.market import ASK, BID, LAST, MARK, Market
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
    reason = _shape_reason(market, command, prices)
    if reason is NONE and market.is_order_driven:
        # The book has bid and ask, and trades make the last price (PRC-6).
        prices[BID] = prices[ASK] = 0
        prices[LAST] = market.prices[LAST] or prices[MARK]
    if reason is NONE and not command.by_operator:
        reason = _belief_reason(market, prices)
    if reason is not NONE:
        candidates = market.candidate_count if reason is RejectReason.PRICE_BEYOND_BAND else 0
        events.append(PriceRefused(market.instrument_id, reason, candidates))
        return
    market.candidate_count = 0
    is_first = not market.has_price()
    market.prices = prices
    market.price_time_ns = state.time_ns
    events.append(PriceAccepted(market.instrument_id, *prices))
    if is_first:
        market.processed = prices
    if market.status is HALTED:
        state.firing.leave_bands(market)  # what the account has elsewhere may have to go
    else:
        travel(state, market)


def travel(state: State, market: Market) -> None:
    """Queue what the prices pass from the last processed to the present values (TRL-3: first,
    what trails them follows).
    """
    for stops in market.trailing:
        stops.follow(market.prices[stops.levels.source])
    state.firing.begin_travel(market)
    market.processed = market.prices


def _shape_reason(market: Market, command: UpdatePrice, prices: list[int]) -> RejectReason:
    """BAD_PRICE or PRICE_OUT_OF_SEQUENCE; what passes is remembered as the source's newest."""
    if min(prices) < 1 or max(prices) > market.price_ticks_max or prices[0] > prices[1]:
        return RejectReason.BAD_PRICE
    if command.by_operator:
        return NONE
    if command.source == market.source and command.source_sequence <= market.source_sequence:
        return RejectReason.PRICE_OUT_OF_SEQUENCE
    market.source = command.source
    market.source_sequence = command.source_sequence
    return NONE


def _belief_reason(market: Market, prices: list[int]) -> RejectReason:
    """PRICE_BEYOND_BAND, unless three in a row agree (PRC-3)."""
    band_e8 = market.spec.sanity_band_e8
    believed, candidate = market.prices, prices
    if market.is_order_driven:  # only mark and index come from the feed
        believed = [0, 0, 0, *market.prices[MARK:]]
        candidate = [0, 0, 0, *prices[MARK:]]
    if band_e8 == 0 or not market.has_price() or is_within(believed, candidate, band_e8):
        return NONE
    confirms = market.candidate_count > 0 and is_within(market.candidate, candidate, band_e8)
    market.candidate = candidate
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
