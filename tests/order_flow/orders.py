"""Commands with everything that order flow leaves at its default.  Knows no recording."""

from typing import Final

from engine.codec import INSTRUMENT_FIELDS
from engine.commands import LIMIT, OrderType, PlaceOrder, PriceSource, Side, TimeInForce
from engine.instrument import (
    InstrumentSpec,
    MarginMode,
    RiskTier,
    perpetual_instrument,
)
from engine.units import E8, AccountId, InstrumentId, PositionId
from tests.order_flow.recording import Grid

INSTRUMENT: Final = InstrumentId(1)
LEVERAGE_MAX: Final = 250
# Thin margins: a quarter of a percent against a position ends it.
TIERS: Final = (
    RiskTier(20_000_000 * E8, 200_000, LEVERAGE_MAX),
    RiskTier(10_000_000_000 * E8, 1_000_000, 20),
)


def market_spec(symbol: str, grid: Grid) -> InstrumentSpec:
    """An order-driven perpetual with the recorded market's steps, fees on notional, a rebate."""
    spec = perpetual_instrument(f"{symbol}-PERP/USDT", symbol, "USDT", *grid)
    fields = {name: getattr(spec, name) for name in INSTRUMENT_FIELDS}
    fields.update(
        margin_mode=MarginMode.ISOLATED,
        leverage_max=LEVERAGE_MAX,
        tiers=TIERS,
        maker_fee_e8=-5_000,
        qty_lots_max=5_000_000,
        notional_atoms_min=0,
        orders_max=2_000,
    )
    return InstrumentSpec(**fields)


def limit_order(
    account_id: AccountId,
    side: Side,
    qty_lots: int,
    price_ticks: int,
    time_in_force: TimeInForce,
    *,
    post_only: bool = False,
    stop_loss_ticks: int = 0,
) -> PlaceOrder:
    """A LIMIT order; an attached stop loss watches the last trade."""
    order_type: OrderType = LIMIT
    return PlaceOrder(
        account_id,
        INSTRUMENT,
        side,
        order_type,
        time_in_force,
        qty_lots,
        0,
        price_ticks,
        0,
        PriceSource.LAST,
        0,
        False,
        post_only,
        PositionId(0),
        stop_loss_ticks,
        0,
        0,
        0,
        "",
        b"",
    )
