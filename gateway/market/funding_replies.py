"""What clients get of a market's funding: the rate to come and the stamps that were settled.

Knows shapes; changes nothing.  Rates are shares of 1 for one interval: longs pay at a positive one.
"""

from typing import Final

from msgspec import UNSET, UnsetType

from engine.funding import rate_e8
from engine.market import Market
from engine.units import div_floor
from gateway.decimals import text_from_e8
from gateway.market.board import MarketView
from gateway.market.funding_tape import FundingRecord
from gateway.market.replies import Reply

_NS_PER_MS: Final = 1_000_000


class FundingReply(Reply):
    """The funding of a market as it stands.

    predicted_rate: what the next stamp would settle with the samples so far; null without funding.
    premium: their average.  samples: how many.
    last_rate, last_funding_time: of the last stamp; null before the first.
    settlements: in messages of the channel `funding` alone: the stamps settled since the message
        before, oldest first.
    """

    symbol: str
    predicted_rate: str | None
    next_funding_time: int | None
    funding_interval_ms: int
    premium: str
    samples: int
    last_rate: str | None
    last_funding_time: int | None
    mark: str | None
    index: str | None
    time: int
    settlements: "list[SettlementReply] | UnsetType" = UNSET


class SettlementReply(Reply):
    """A stamp that was settled.  mark: what positions were valued at; null if nobody paid, for
    want of a price or in a halt."""

    symbol: str
    funding_time: int
    funding_rate: str
    mark: str | None
    sequence: int
    time: int


def funding_reply(market: Market, view: MarketView) -> FundingReply:
    """A market's funding as it stands."""
    spec, last = market.spec, view.funding.last
    total_e8, count = market.premium_sum_e8, market.premium_count
    has_funding = spec.funding_interval_ns > 0
    return FundingReply(
        spec.symbol,
        text_from_e8(rate_e8(spec, total_e8, count)) if has_funding else None,
        market.next_funding_ns // _NS_PER_MS if has_funding else None,
        spec.funding_interval_ns // _NS_PER_MS,
        text_from_e8(div_floor(total_e8, count)) if count else "0",
        count,
        None if last is None else text_from_e8(last.rate_e8),
        None if last is None else last.stamp_ns // _NS_PER_MS,
        _price(market, view.mark_ticks),
        _price(market, view.index_ticks),
        max(view.prices_ns, view.funding.time_ns) // _NS_PER_MS,
    )


def settlement_reply(market: Market, record: FundingRecord) -> SettlementReply:
    """A stamp."""
    return SettlementReply(
        market.spec.symbol,
        record.stamp_ns // _NS_PER_MS,
        text_from_e8(record.rate_e8),
        _price(market, record.mark_ticks),
        record.sequence,
        record.time_ns // _NS_PER_MS,
    )


def _price(market: Market, ticks: int) -> str | None:
    return text_from_e8(ticks * market.spec.tick_size_e8) if ticks else None
