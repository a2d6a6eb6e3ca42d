"""What can be traded, as data.  Knows the settings of a market; knows nothing of its state.

Every switch is a field, journaled with the command that set it; the two profiles are starting
points, not kinds of market.
"""

from enum import IntEnum
from typing import Final, final

from engine.units import E8, NOTIONAL_ATOMS_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX, div_floor

RATE_E8_MAX: Final = E8  # no fee, maintenance or band rate above 100 %
LEVERAGE_MAX: Final = 1_000
ORDERS_MAX: Final = 10_000
FUNDING_INTERVAL_NS_MIN: Final = 60_000_000_000
POSITION_ORDERS_MAX: Final = 16  # a position may grow to this many orders of the largest size


class MarketStructure(IntEnum):
    """Who the counterparty is: the house at the feed's bid and ask, or another user."""

    QUOTE_DRIVEN = 1
    ORDER_DRIVEN = 2


class PositionMode(IntEnum):
    """What a position is keyed by: its opening order; account and symbol; these and the leg."""

    TICKET = 1
    NETTING = 2
    HEDGING = 3


class MarginMode(IntEnum):
    """Whether each position stands alone or the account stands for all."""

    ISOLATED = 1
    CROSS = 2


class FeeBasis(IntEnum):
    """What a fee rate is applied to."""

    MARGIN = 1
    NOTIONAL = 2


class Remainder(IntEnum):
    """Who keeps what is left of the margin at a liquidation."""

    TO_USER = 1
    TO_INSURANCE = 2


class InstrumentStatus(IntEnum):
    """TRADING; CLOSE_ONLY refuses openers; HALTED stores prices and fires nothing."""

    TRADING = 1
    CLOSE_ONLY = 2
    HALTED = 3


TRADING: Final = InstrumentStatus.TRADING
HALTED: Final = InstrumentStatus.HALTED
TICKET: Final = PositionMode.TICKET
TO_INSURANCE: Final = Remainder.TO_INSURANCE


@final
class RiskTier:
    """Up to a notional of `cap_atoms`: the maintenance rate and the highest leverage allowed."""

    __slots__ = ("cap_atoms", "leverage_max", "maintenance_e8")

    def __init__(self, cap_atoms: int, maintenance_e8: int, leverage_max: int) -> None:
        self.cap_atoms: Final = cap_atoms
        self.maintenance_e8: Final = maintenance_e8
        self.leverage_max: Final = leverage_max


@final
class InstrumentSpec:
    """The settings of one market.

    tick_size_e8, lot_size_e8: in 10^-8 of the settlement and of the base asset.
    tiers: ascending in cap, rising in maintenance, falling in leverage; the last cap is the
        largest notional of a position.
    price_band_e8: limit prices at most this share away from the mark; 0 is no band.
    sanity_band_e8: an update further than this share from the last price is not believed at once.
    stale_after_ns: how long a price is good for; 0 is for ever.
    orders_max: open orders of one account in this market.
    conditionals_max: how many of them may wait for a trigger.
    funding_interval_ns: from one funding stamp to the next, stamps being its multiples since the
        epoch; 0 is no funding.  funding_interest_e8, funding_clamp_e8, funding_cap_e8: the rate's
        terms, per interval.  impact_notional_atoms: the size that impact prices are taken at.
    """

    __slots__ = (
        "base",
        "close_fee_reserved",
        "conditionals_max",
        "fee_basis",
        "funding_cap_e8",
        "funding_clamp_e8",
        "funding_interest_e8",
        "funding_interval_ns",
        "impact_notional_atoms",
        "leverage_max",
        "liquidation_fee_e8",
        "lot_size_e8",
        "maker_fee_e8",
        "margin_mode",
        "market",
        "notional_atoms_min",
        "orders_max",
        "position_mode",
        "price_band_e8",
        "qty_lots_max",
        "qty_lots_min",
        "remainder",
        "sanity_band_e8",
        "settlement",
        "stale_after_ns",
        "symbol",
        "taker_fee_e8",
        "tick_size_e8",
        "tiers",
    )

    def __init__(
        self,
        symbol: str,
        base: str,
        settlement: str,
        tick_size_e8: int,
        lot_size_e8: int,
        qty_lots_min: int,
        qty_lots_max: int,
        notional_atoms_min: int,
        leverage_max: int,
        tiers: tuple[RiskTier, ...],
        maker_fee_e8: int,
        taker_fee_e8: int,
        liquidation_fee_e8: int,
        market: MarketStructure,
        position_mode: PositionMode,
        margin_mode: MarginMode,
        fee_basis: FeeBasis,
        close_fee_reserved: bool,
        remainder: Remainder,
        price_band_e8: int,
        sanity_band_e8: int,
        stale_after_ns: int,
        orders_max: int,
        conditionals_max: int = ORDERS_MAX,
        funding_interval_ns: int = 0,
        funding_interest_e8: int = 0,
        funding_clamp_e8: int = 0,
        funding_cap_e8: int = 0,
        impact_notional_atoms: int = 0,
    ) -> None:
        self.symbol: Final = symbol
        self.base: Final = base
        self.settlement: Final = settlement
        self.tick_size_e8: Final = tick_size_e8
        self.lot_size_e8: Final = lot_size_e8
        self.qty_lots_min: Final = qty_lots_min
        self.qty_lots_max: Final = qty_lots_max
        self.notional_atoms_min: Final = notional_atoms_min
        self.leverage_max: Final = leverage_max
        self.tiers: Final = tiers
        self.maker_fee_e8: Final = maker_fee_e8
        self.taker_fee_e8: Final = taker_fee_e8
        self.liquidation_fee_e8: Final = liquidation_fee_e8
        self.market: Final = market
        self.position_mode: Final = position_mode
        self.margin_mode: Final = margin_mode
        self.fee_basis: Final = fee_basis
        self.close_fee_reserved: Final = close_fee_reserved
        self.remainder: Final = remainder
        self.price_band_e8: Final = price_band_e8
        self.sanity_band_e8: Final = sanity_band_e8
        self.stale_after_ns: Final = stale_after_ns
        self.orders_max: Final = orders_max
        self.conditionals_max: Final = conditionals_max
        self.funding_interval_ns: Final = funding_interval_ns
        self.funding_interest_e8: Final = funding_interest_e8
        self.funding_clamp_e8: Final = funding_clamp_e8
        self.funding_cap_e8: Final = funding_cap_e8
        self.impact_notional_atoms: Final = impact_notional_atoms

    def atoms_per_tick_lot(self) -> int:
        """K: what one lot is worth per tick, in atoms.  Exact in a valid instrument."""
        return div_floor(self.tick_size_e8 * self.lot_size_e8, E8)


def simple_instrument(
    symbol: str, base: str, settlement: str, tick_size_e8: int, lot_size_e8: int
) -> InstrumentSpec:
    """The `simple` profile: quote-driven, isolated tickets, fees on margin, no maintenance."""
    return InstrumentSpec(
        symbol=symbol,
        base=base,
        settlement=settlement,
        tick_size_e8=tick_size_e8,
        lot_size_e8=lot_size_e8,
        qty_lots_min=1,
        qty_lots_max=1_000_000_000,
        notional_atoms_min=0,
        leverage_max=100,
        tiers=(RiskTier(NOTIONAL_ATOMS_MAX, 0, 100),),
        maker_fee_e8=40_000,
        taker_fee_e8=40_000,
        liquidation_fee_e8=0,
        market=MarketStructure.QUOTE_DRIVEN,
        position_mode=PositionMode.TICKET,
        margin_mode=MarginMode.ISOLATED,
        fee_basis=FeeBasis.MARGIN,
        close_fee_reserved=False,
        remainder=Remainder.TO_INSURANCE,
        price_band_e8=0,
        sanity_band_e8=50_000_000,
        stale_after_ns=10_000_000_000,
        orders_max=200,
    )


def perpetual_instrument(
    symbol: str, base: str, settlement: str, tick_size_e8: int, lot_size_e8: int
) -> InstrumentSpec:
    """The `perpetual` profile: netting, fees on notional, tiered maintenance, closing fee kept."""
    return InstrumentSpec(
        symbol=symbol,
        base=base,
        settlement=settlement,
        tick_size_e8=tick_size_e8,
        lot_size_e8=lot_size_e8,
        qty_lots_min=1,
        qty_lots_max=1_000_000,
        notional_atoms_min=5 * E8,
        leverage_max=125,
        tiers=PERPETUAL_TIERS,
        maker_fee_e8=20_000,
        taker_fee_e8=50_000,
        liquidation_fee_e8=500_000,
        market=MarketStructure.ORDER_DRIVEN,
        position_mode=PositionMode.NETTING,
        margin_mode=MarginMode.CROSS,
        fee_basis=FeeBasis.NOTIONAL,
        close_fee_reserved=True,
        remainder=Remainder.TO_USER,
        price_band_e8=10_000_000,
        sanity_band_e8=50_000_000,
        stale_after_ns=10_000_000_000,
        orders_max=200,
        conditionals_max=50,
        funding_interval_ns=28_800_000_000_000,
        funding_interest_e8=10_000,
        funding_clamp_e8=50_000,
        funding_cap_e8=2_000_000,
        impact_notional_atoms=10_000 * E8,
    )


# Of the shape that large venues publish: caps in whole units of the settlement asset.
PERPETUAL_TIERS: Final = (
    RiskTier(50_000 * E8, 400_000, 125),
    RiskTier(250_000 * E8, 500_000, 100),
    RiskTier(1_000_000 * E8, 1_000_000, 50),
    RiskTier(10_000_000 * E8, 2_500_000, 20),
    RiskTier(20_000_000 * E8, 5_000_000, 10),
    RiskTier(50_000_000 * E8, 10_000_000, 5),
    RiskTier(100_000_000 * E8, 12_500_000, 4),
    RiskTier(200_000_000 * E8, 15_000_000, 3),
    RiskTier(300_000_000 * E8, 25_000_000, 2),
    RiskTier(500_000_000 * E8, 50_000_000, 1),
)


def is_name(text: str, length_max: int) -> bool:
    """Whether the text is 1 to `length_max` printable ASCII characters without a space."""
    return 0 < len(text) <= length_max and text.isascii() and text.isprintable() and " " not in text


def tiers_fault(spec: InstrumentSpec) -> str:
    """What is wrong with the tier table, or an empty string."""
    if not spec.tiers:
        return "at least one risk tier is needed"
    cap_atoms, maintenance_e8, leverage = 0, -1, LEVERAGE_MAX + 1
    for tier in spec.tiers:
        if not cap_atoms < tier.cap_atoms <= NOTIONAL_ATOMS_MAX:
            return "tier caps must rise, up to the largest notional"
        if not maintenance_e8 < tier.maintenance_e8 < E8:
            return "tier maintenance rates must rise and stay below 1"
        if not 1 <= tier.leverage_max < leverage:
            return "tier leverages must fall and be at least 1"
        cap_atoms, maintenance_e8, leverage = (
            tier.cap_atoms,
            tier.maintenance_e8,
            tier.leverage_max,
        )
    close_fee_e8 = spec.taker_fee_e8 if spec.close_fee_reserved else 0
    if maintenance_e8 + close_fee_e8 >= E8:
        return "maintenance and reserved closing fee must stay below 100 % together"
    if spec.tiers[0].leverage_max < spec.leverage_max:
        return "the first tier must allow the instrument's leverage"
    return ""


def instrument_fault(spec: InstrumentSpec) -> str:
    """What keeps the instrument from being listed, in words, or an empty string."""
    if not (is_name(spec.symbol, 32) and is_name(spec.base, 16) and is_name(spec.settlement, 16)):
        return "symbol, base and settlement must be short printable names"
    if spec.tick_size_e8 < 1 or spec.lot_size_e8 < 1:
        return "tick size and lot size must be positive"
    k = spec.atoms_per_tick_lot()
    if k < 1 or k * E8 != spec.tick_size_e8 * spec.lot_size_e8:
        return "tick size times lot size must be a whole number of atoms"
    if not 1 <= spec.qty_lots_min <= spec.qty_lots_max <= QTY_LOTS_MAX:
        return "quantity limits must satisfy 1 <= min <= max"
    if not 0 <= spec.notional_atoms_min <= NOTIONAL_ATOMS_MAX:
        return "the minimum notional is out of range"
    if not 1 <= spec.leverage_max <= LEVERAGE_MAX or not 1 <= spec.orders_max <= ORDERS_MAX:
        return "maximum leverage or open orders out of range"
    if not 1 <= spec.conditionals_max <= ORDERS_MAX:
        return "maximum of conditional orders out of range"
    fees = (spec.maker_fee_e8, spec.taker_fee_e8, spec.liquidation_fee_e8)
    if not all(-RATE_E8_MAX < fee < RATE_E8_MAX for fee in fees):
        return "fee rates must be below 100 %"
    if spec.taker_fee_e8 < 0 or spec.liquidation_fee_e8 < 0:
        return "only the maker fee may be negative"
    if spec.maker_fee_e8 + spec.taker_fee_e8 < 0:
        return "a rebate must not exceed the taker fee"
    if not 0 <= spec.price_band_e8 < E8 or not 0 <= spec.sanity_band_e8 <= RATE_E8_MAX:
        return "price bands must lie between 0 and 1"
    if spec.stale_after_ns < 0:
        return "the stale time must not be negative"
    if spec.market is MarketStructure.ORDER_DRIVEN and spec.price_band_e8 == 0:
        return "an order-driven market needs a price band, which protects market orders"
    return funding_fault(spec) or tiers_fault(spec)


def funding_fault(spec: InstrumentSpec) -> str:
    """What is wrong with the funding settings, or an empty string."""
    if not (spec.funding_interval_ns == 0 or spec.funding_interval_ns >= FUNDING_INTERVAL_NS_MIN):
        return "a funding interval must be a minute or more, or 0 for none"
    if not 0 <= spec.funding_cap_e8 < RATE_E8_MAX or not 0 <= spec.funding_clamp_e8 < RATE_E8_MAX:
        return "funding cap and clamp must lie between 0 and 1"
    if abs(spec.funding_interest_e8) >= RATE_E8_MAX:
        return "the funding interest must be below 100 %"
    if not 0 <= spec.impact_notional_atoms <= NOTIONAL_ATOMS_MAX:
        return "the impact notional is out of range"
    return ""


def largest_position_lots(spec: InstrumentSpec) -> int:
    """The most lots of a netting position with its orders."""
    return POSITION_ORDERS_MAX * spec.qty_lots_max


def largest_price_ticks(spec: InstrumentSpec) -> int:
    """The highest price a command may carry: the largest position there has a valid notional."""
    lots_value = largest_position_lots(spec) * spec.atoms_per_tick_lot()
    return max(1, min(PRICE_TICKS_MAX, div_floor(NOTIONAL_ATOMS_MAX, lots_value)))
