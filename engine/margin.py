"""Every formula of margin and profit.  Takes integers, returns integers; holds no state.

Money in atoms, prices in ticks, sizes in lots, rates in 10^-8; `k` is atoms per tick and lot.  Each
division says for whom it rounds: what an account owes is rounded up, what it receives down.
"""

from typing import Final, final

from engine.commands import BUY, Side
from engine.instrument import InstrumentSpec
from engine.units import E8, div_ceil, div_floor


@final
class TierRate:
    """One line of the maintenance function: `notional × rate − deduction`.

    maintenance_e8: the rate.  deduction_e8: in atoms × 10^8, so that the lines meet exactly.
    """

    __slots__ = ("deduction_e8", "maintenance_e8")

    def __init__(self, maintenance_e8: int, deduction_e8: int) -> None:
        self.maintenance_e8: Final = maintenance_e8
        self.deduction_e8: Final = deduction_e8


def tier_rates(spec: InstrumentSpec) -> list[TierRate]:
    """The maintenance lines of the risk tiers.

    `D_0 = 0`, `D_t = D_{t−1} + floor_t × (mmr_t − mmr_{t−1})`: the deduction form of slicing the
    notional, as the large futures venues publish it ("maintenance amount").
    """
    rates: list[TierRate] = []
    deduction_e8, previous_e8, floor_atoms = 0, 0, 0
    for tier in spec.tiers:
        if rates:
            deduction_e8 += floor_atoms * (tier.maintenance_e8 - previous_e8)
        rates.append(TierRate(tier.maintenance_e8, deduction_e8))
        previous_e8, floor_atoms = tier.maintenance_e8, tier.cap_atoms
    return rates


def notional_cap_atoms(spec: InstrumentSpec, leverage: int) -> int:
    """The largest notional allowed at this leverage: the cap of the last tier that allows it."""
    cap_atoms = 0
    for tier in spec.tiers:
        if tier.leverage_max >= leverage:
            cap_atoms = tier.cap_atoms
    return cap_atoms


def tier_floor_atoms(spec: InstrumentSpec, notional_atoms: int) -> int:
    """Where the tier of this notional begins: the cap of the tier below; 0 in the lowest."""
    floor_atoms = 0
    for tier in spec.tiers:
        if notional_atoms <= tier.cap_atoms:
            return floor_atoms
        floor_atoms = tier.cap_atoms
    return 0 if len(spec.tiers) == 1 else spec.tiers[-2].cap_atoms  # beyond the last cap


def tier_rate_e8(spec: InstrumentSpec, notional_atoms: int) -> int:
    """The maintenance rate of the tier of this notional; beyond the last cap, the last tier's."""
    for tier in spec.tiers:
        if notional_atoms <= tier.cap_atoms:
            return tier.maintenance_e8
    return spec.tiers[-1].maintenance_e8


def initial_margin_atoms(notional_atoms: int, leverage: int) -> int:
    """`N / L`, rounded up: the account owes it."""
    return div_ceil(notional_atoms, leverage)


def fee_atoms(base_atoms: int, rate_e8: int) -> int:
    """`base × rate`, rounded up; a rebate (negative rate) is thereby rounded down."""
    return div_ceil(base_atoms * rate_e8, E8)


def quantity_lots(amount_atoms: int, leverage: int, price_ticks: int, k: int) -> int:
    """The lots that an amount buys: `floor(amount × L / (p·K))`."""
    return div_floor(amount_atoms * leverage, price_ticks * k)


def profit_atoms(side: Side, qty_lots: int, cost_atoms: int, price_ticks: int, k: int) -> int:
    """Profit of a position at a price, in atoms, exact: `s × (Q·p·K − C)`."""
    value_atoms = qty_lots * price_ticks * k
    return value_atoms - cost_atoms if side is BUY else cost_atoms - value_atoms


def profit_percent_e8(profit: int, initial_margin: int) -> int:
    """`profit / M0 × 100`, in 10^-8 percent, floored; 0 without a margin; for display."""
    return div_floor(profit * 100 * E8, initial_margin) if initial_margin > 0 else 0


def cost_removed_atoms(side: Side, cost_atoms: int, closing_lots: int, qty_lots: int) -> int:
    """The cost of the lots that leave: `C·x/Q`, rounded against the account (long up)."""
    if closing_lots == qty_lots:
        return cost_atoms
    if side is BUY:
        return div_ceil(cost_atoms * closing_lots, qty_lots)
    return div_floor(cost_atoms * closing_lots, qty_lots)


def accrued_removed_atoms(accrued_atoms: int, closing_lots: int, qty_lots: int) -> int:
    """The accrued funding of the lots that leave: `A·x/Q`, rounded up; all of it if all leave."""
    if closing_lots == qty_lots:
        return accrued_atoms
    return div_ceil(accrued_atoms * closing_lots, qty_lots)


def funding_atoms(side: Side, notional_atoms: int, rate_e8: int) -> int:
    """What a position pays at a funding stamp: `s × N_mark × rate`, rounded up.

    Negative: it receives, rounded down; longs pay when the rate is positive.
    """
    signed_atoms = notional_atoms if side is BUY else -notional_atoms
    return div_ceil(signed_atoms * rate_e8, E8)


def share_released_atoms(total_atoms: int, closing_lots: int, qty_lots: int) -> int:
    """`total × x / Q` of a margin, rounded down; all of it if all lots leave."""
    if closing_lots == qty_lots:
        return total_atoms
    return div_floor(total_atoms * closing_lots, qty_lots)


def maintenance_e8(notional_atoms: int, rates: list[TierRate], close_fee_e8: int) -> int:
    """Maintenance margin in atoms × 10^8: `max over tiers (N×(mmr_t + cf) − D_t)`, exact."""
    most_e8 = 0
    for rate in rates:
        line_e8 = notional_atoms * (rate.maintenance_e8 + close_fee_e8) - rate.deduction_e8
        if line_e8 < most_e8:
            break  # The lines meet at the tier caps, ever steeper: none further is higher.
        most_e8 = line_e8
    return most_e8


def is_liquidatable(
    side: Side,
    qty_lots: int,
    cost_atoms: int,
    margin_atoms: int,
    mark_ticks: int,
    k: int,
    rates: list[TierRate],
    close_fee_e8: int,
) -> bool:
    """Whether `equity ≤ maintenance` at this mark, compared scaled by 10^8, never rounded."""
    equity = margin_atoms + profit_atoms(side, qty_lots, cost_atoms, mark_ticks, k)
    needed_e8 = maintenance_e8(qty_lots * mark_ticks * k, rates, close_fee_e8)
    return equity * E8 <= needed_e8


def liquidation_ticks(
    side: Side,
    qty_lots: int,
    cost_atoms: int,
    margin_atoms: int,
    k: int,
    rates: list[TierRate],
    close_fee_e8: int,
) -> int:
    """The mark at which equity meets maintenance, exact at every integer price.

    long:  max_t floor(((C − m)·1e8 − D_t) / (Q·K·(1e8 − mmr_t − cf))), liquidate at or below
    short: min_t ceil (((C + m)·1e8 + D_t) / (Q·K·(1e8 + mmr_t + cf))), at or above
    With one tier of rate 0, cf = 0 and m = C/L: `entry ∓ entry/L`.
    A result below 1 never fires.
    """
    lot_value = qty_lots * k
    if side is BUY:
        owed_e8 = (cost_atoms - margin_atoms) * E8
        best = div_floor(owed_e8, lot_value * (E8 - rates[0].maintenance_e8 - close_fee_e8))
        for place in range(1, len(rates)):
            rate = rates[place]
            kept_e8 = lot_value * (E8 - rate.maintenance_e8 - close_fee_e8)
            ticks = div_floor(owed_e8 - rate.deduction_e8, kept_e8)
            if ticks < best:
                break  # As in `maintenance_e8`: past the line that binds, none binds again.
            best = ticks
        return best
    owned_e8 = (cost_atoms + margin_atoms) * E8
    best = div_ceil(owned_e8, lot_value * (E8 + rates[0].maintenance_e8 + close_fee_e8))
    for place in range(1, len(rates)):
        rate = rates[place]
        kept_e8 = lot_value * (E8 + rate.maintenance_e8 + close_fee_e8)
        ticks = div_ceil(owned_e8 + rate.deduction_e8, kept_e8)
        if ticks > best:
            break
        best = ticks
    return best


def bankruptcy_ticks(side: Side, qty_lots: int, cost_atoms: int, margin_atoms: int, k: int) -> int:
    """The last price at which equity is not negative: long `ceil((C−m)/QK)`, short floor."""
    if side is BUY:
        return div_ceil(cost_atoms - margin_atoms, qty_lots * k)
    return div_floor(cost_atoms + margin_atoms, qty_lots * k)


def auto_close_ticks(
    side: Side,
    qty_lots: int,
    cost_atoms: int,
    initial_margin: int,
    auto_close_e8: int,
    k: int,
) -> int:
    """The mark at which pnlPercent reaches the threshold T (in 10^-8 of M0).

    `s × (Q·p·K − C) = T·M0`, rounded so that the threshold is truly reached: T > 0 long up and
    short down, T < 0 long down and short up.
    """
    target_e8 = auto_close_e8 * initial_margin
    cost_e8 = cost_atoms * E8
    lot_value_e8 = qty_lots * k * E8
    sought_e8 = cost_e8 + target_e8 if side is BUY else cost_e8 - target_e8
    if (side is BUY) == (auto_close_e8 > 0):
        return div_ceil(sought_e8, lot_value_e8)
    return div_floor(sought_e8, lot_value_e8)
