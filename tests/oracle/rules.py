"""The arithmetic of the rules, said once more and slowly.  Knows numbers; holds no state.

Every division is a Fraction followed by a floor or a ceil, so that no operator hides a rounding.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Final

from tests.oracle.records import (
    E8,
    NOTIONAL_ATOMS_MAX,
    PRICE_TICKS_MAX,
    Fields,
    Position,
    Prices,
    sign,
)

Tiers = tuple[tuple[int, int, int], ...]
POSITION_ORDERS_MAX: Final = 16


@lru_cache(maxsize=100_000)
def floor_div(numerator: int, denominator: int) -> int:
    """The largest integer not above the quotient."""
    return math.floor(Fraction(numerator, denominator))


@lru_cache(maxsize=100_000)
def ceil_div(numerator: int, denominator: int) -> int:
    """The smallest integer not below the quotient."""
    return math.ceil(Fraction(numerator, denominator))


def fee_of(base_atoms: int, rate_e8: int) -> int:
    """A fee is rounded up; a rebate, which is a negative fee, comes out smaller."""
    return ceil_div(base_atoms * rate_e8, E8)


def profit_of(side: str, qty_lots: int, cost_atoms: int, price_ticks: int, k: int) -> int:
    """`s × (Q·p·K − C)`."""
    return sign(side) * (qty_lots * price_ticks * k - cost_atoms)


def maintenance_of(tiers: Tiers, close_fee_e8: int, notional_atoms: int) -> int:
    """Maintenance × 1e8 by slicing: each part of the notional pays the rate of its own tier.

    The deduction form of LIQ-1, `max over tiers (N × mmr_t − D_t)`, comes to the same.
    """
    total, lower = notional_atoms * close_fee_e8, 0
    for cap_atoms, maintenance_e8, _ in tiers[:-1]:
        total += max(0, min(notional_atoms, cap_atoms) - lower) * maintenance_e8
        lower = cap_atoms
    return total + max(0, notional_atoms - lower) * tiers[-1][1]


def close_fee_e8(spec: Fields) -> int:
    """The rate of the closing fee that maintenance reserves."""
    return int(spec["taker_fee_e8"]) if spec["close_fee_reserved"] else 0


def liquidatable(
    side: str,
    qty_lots: int,
    cost_atoms: int,
    margin_atoms: int,
    mark_ticks: int,
    k: int,
    tiers: Tiers,
    reserved_e8: int,
) -> bool:
    """Whether equity ≤ maintenance at this mark, both × 1e8, nothing rounded."""
    equity = margin_atoms + profit_of(side, qty_lots, cost_atoms, mark_ticks, k)
    return equity * E8 <= maintenance_of(tiers, reserved_e8, qty_lots * mark_ticks * k)


def is_liquidatable(position: Position, mark_ticks: int, k: int, spec: Fields) -> bool:
    """`liquidatable` of a position as it stands."""
    return liquidatable(
        position.side,
        position.qty_lots,
        position.basis_atoms,
        position.margin_atoms,
        mark_ticks,
        k,
        spec["tiers"],
        close_fee_e8(spec),
    )


def highest_true(holds: Callable[[int], bool]) -> int:
    """The highest price ≥ 1 where a condition that holds below some price holds; 0 if nowhere."""
    if not holds(1):
        return 0
    low, high = 1, 2
    while holds(high):
        low, high = high, high * 2
        assert high < 2**200, "a condition that always holds has no edge"
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def lowest_true(holds: Callable[[int], bool]) -> int:
    """The lowest price ≥ 1 where a condition that holds above some price holds."""
    return highest_true(lambda price: not holds(price)) + 1


@lru_cache(maxsize=100_000)
def liquidation_edge(
    side: str,
    qty_lots: int,
    cost_atoms: int,
    margin_atoms: int,
    k: int,
    tiers: Tiers,
    reserved_e8: int,
) -> int:
    """The tick where liquidation begins, found by trying prices; 0 if a long never gets there."""

    def holds(mark_ticks: int) -> bool:
        return liquidatable(
            side, qty_lots, cost_atoms, margin_atoms, mark_ticks, k, tiers, reserved_e8
        )

    return highest_true(holds) if side == "BUY" else lowest_true(holds)


def liquidation_tick(position: Position, k: int, spec: Fields) -> int:
    """`liquidation_edge` of a position as it stands; looked for again when a number differs."""
    lots, basis, margin = position.qty_lots, position.basis_atoms, position.margin_atoms
    known_spec, *numbers = position.tick_of
    if known_spec is not spec or numbers != [lots, basis, margin]:
        position.tick_of = spec, lots, basis, margin
        rates = spec["tiers"], close_fee_e8(spec)
        position.tick = liquidation_edge(position.side, lots, basis, margin, k, *rates)
    return position.tick


def bankruptcy_tick(position: Position, k: int) -> int:
    """The first tick on the way back from ruin with equity ≥ 0."""
    return bankruptcy_tick_of(position, position.margin_atoms, k)


def bankruptcy_tick_of(position: Position, margin_atoms: int, k: int) -> int:
    """The same with another margin than its own, as a cross position has a share of equity."""
    owed = position.basis_atoms - sign(position.side) * margin_atoms
    rounded = ceil_div if position.side == "BUY" else floor_div
    return rounded(owed, position.qty_lots * k)


def auto_close_holds(
    side: str,
    qty_lots: int,
    cost_atoms: int,
    initial_margin_atoms: int,
    threshold_e8: int,
    mark_ticks: int,
    k: int,
) -> bool:
    """Whether profit has reached the share T of M0: at least it if T > 0, at most it if T < 0."""
    profit_e8 = profit_of(side, qty_lots, cost_atoms, mark_ticks, k) * E8
    target_e8 = threshold_e8 * initial_margin_atoms
    return profit_e8 >= target_e8 if threshold_e8 > 0 else profit_e8 <= target_e8


@lru_cache(maxsize=100_000)
def auto_close_edge(
    side: str,
    qty_lots: int,
    cost_atoms: int,
    initial_margin_atoms: int,
    threshold_e8: int,
    k: int,
) -> int:
    """The tick where an auto-close fires, found by trying prices; 0 if none is high enough."""

    def holds(mark_ticks: int) -> bool:
        return auto_close_holds(
            side, qty_lots, cost_atoms, initial_margin_atoms, threshold_e8, mark_ticks, k
        )

    return lowest_true(holds) if auto_close_rises(side, threshold_e8) else highest_true(holds)


def auto_close_tick(position: Position, k: int) -> int:
    """`auto_close_edge` of a position as it stands."""
    return auto_close_edge(
        position.side,
        position.qty_lots,
        position.basis_atoms,
        position.initial_margin_atoms,
        position.auto_close_e8,
        k,
    )


def auto_close_rises(side: str, threshold_e8: int) -> bool:
    """Whether it fires at or above its tick: a long's gain, or a short's loss."""
    return (side == "BUY") == (threshold_e8 > 0)


def largest_position_lots(spec: Fields) -> int:
    """The most lots of a netting position and what would still open it further."""
    return int(POSITION_ORDERS_MAX * spec["qty_lots_max"])


def largest_price_ticks(spec: Fields, k: int) -> int:
    """The highest price at which the largest position still has a valid notional."""
    highest = floor_div(NOTIONAL_ATOMS_MAX, largest_position_lots(spec) * k)
    return max(1, min(PRICE_TICKS_MAX, highest))


def cap_atoms(spec: Fields, leverage: int) -> int:
    """The cap of the last tier that allows this leverage; 0 if none does."""
    caps = [cap for cap, _, leverage_max in spec["tiers"] if leverage_max >= leverage]
    return int(caps[-1]) if caps else 0


def within_band(old: Prices, new: Prices, band_e8: int) -> bool:
    """Whether none of the new prices is further away from the old one than the band."""
    return all(abs(new[source] - old[source]) * E8 <= band_e8 * old[source] for source in new)
