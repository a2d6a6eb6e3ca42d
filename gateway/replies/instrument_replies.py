"""The settings of a market as clients see them.  Knows shapes; changes nothing."""

from typing import Final

from engine.market import Market
from gateway.decimals import text_from_e8
from gateway.replies.api_replies import Reply

_NS_PER_MS: Final = 1_000_000


class TierReply(Reply):
    """Up to this notional: the maintenance rate and the highest leverage."""

    notional_cap: str
    maintenance_rate: str
    leverage_max: int


class InstrumentReply(Reply):
    """The settings of a market; rates as shares of 1.  funding_interval_ms: 0 without funding."""

    symbol: str
    base: str
    settlement: str
    status: str
    tick_size: str
    lot_size: str
    quantity_min: str
    quantity_max: str
    notional_min: str
    leverage_max: int
    tiers: list[TierReply]
    maker_fee: str
    taker_fee: str
    liquidation_fee: str
    market: str
    position_mode: str
    margin_mode: str
    fee_basis: str
    close_fee_reserved: bool
    remainder: str
    price_band: str
    sanity_band: str
    stale_after_ms: int
    orders_max: int
    conditionals_max: int
    funding_interval_ms: int
    funding_interest: str
    funding_clamp: str
    funding_cap: str
    impact_notional: str


def instrument_reply(market: Market) -> InstrumentReply:
    """A market's settings."""
    spec = market.spec
    return InstrumentReply(
        spec.symbol,
        spec.base,
        spec.settlement,
        market.status.name,
        text_from_e8(spec.tick_size_e8),
        text_from_e8(spec.lot_size_e8),
        text_from_e8(spec.qty_lots_min * spec.lot_size_e8),
        text_from_e8(spec.qty_lots_max * spec.lot_size_e8),
        text_from_e8(spec.notional_atoms_min),
        spec.leverage_max,
        [
            TierReply(
                text_from_e8(tier.cap_atoms), text_from_e8(tier.maintenance_e8), tier.leverage_max
            )
            for tier in spec.tiers
        ],
        text_from_e8(spec.maker_fee_e8),
        text_from_e8(spec.taker_fee_e8),
        text_from_e8(spec.liquidation_fee_e8),
        spec.market.name,
        spec.position_mode.name,
        spec.margin_mode.name,
        spec.fee_basis.name,
        spec.close_fee_reserved,
        spec.remainder.name,
        text_from_e8(spec.price_band_e8),
        text_from_e8(spec.sanity_band_e8),
        spec.stale_after_ns // _NS_PER_MS,
        spec.orders_max,
        spec.conditionals_max,
        spec.funding_interval_ns // _NS_PER_MS,
        text_from_e8(spec.funding_interest_e8),
        text_from_e8(spec.funding_clamp_e8),
        text_from_e8(spec.funding_cap_e8),
        text_from_e8(spec.impact_notional_atoms),
    )
