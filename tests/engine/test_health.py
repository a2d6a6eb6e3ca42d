"""Cross health and its safe bands against the document, in exact fractions (CRS-1)."""

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.commands import BUY, SELL, Side
from engine.health import Exposure
from engine.margin import liquidation_ticks, tier_rates
from engine.units import E8, INT64_MAX
from tests.engine.venue import K, plain_spec

MARK = 2_000
TIERS = {
    "none": ((10**17, 0, 100),),
    "one": ((10**17, 2_000_000, 50),),
    "three": (
        (50 * MARK * K, 1_000_000, 100),
        (120 * MARK * K, 2_500_000, 50),
        (10**17, 10_000_000, 5),
    ),
}
LOTS = st.integers(0, 200)
ENTRIES = st.integers(1, 2 * MARK)
FEES = st.sampled_from([0, 50_000])
SCHEDULES = st.sampled_from(sorted(TIERS))


def exposure_of(
    schedule: str, fee_e8: int, lots: tuple[int, int], entries: tuple[int, int], dust: int
) -> Exposure:
    exposure = Exposure(K, tier_rates(plain_spec(tiers=TIERS[schedule])), fee_e8)
    for side, qty, entry in zip((BUY, SELL), lots, entries, strict=True):
        if qty:
            exposure.add(side, qty, qty * entry * K + dust)
    return exposure


def maintenance(schedule: str, fee_e8: int, notional: int) -> Fraction:
    """A value's maintenance bracket by bracket, as income tax is: each part at its own rate."""
    total, floor = Fraction(notional * fee_e8, E8), 0
    for cap, rate_e8, _ in TIERS[schedule]:
        total += Fraction(max(0, min(notional, cap) - floor) * rate_e8, E8)
        floor = cap
    return total


@given(SCHEDULES, FEES, st.tuples(LOTS, LOTS), st.tuples(ENTRIES, ENTRIES), st.integers(0, K - 1))
def test_health_is_profit_less_maintenance_of_each_side(
    schedule: str, fee_e8: int, lots: tuple[int, int], entries: tuple[int, int], dust: int
) -> None:
    exposure = exposure_of(schedule, fee_e8, lots, entries, dust)
    long_value, short_value = (qty * MARK * K for qty in lots)
    long_cost, short_cost = (
        qty * entry * K + dust if qty else 0 for qty, entry in zip(lots, entries, strict=True)
    )
    needed = maintenance(schedule, fee_e8, long_value) + maintenance(schedule, fee_e8, short_value)

    assert exposure.profit_atoms(MARK) == long_value - long_cost - (short_value - short_cost)
    assert Fraction(exposure.maintenance_e8(MARK), E8) == needed
    assert Fraction(exposure.health_e8(MARK), E8) == exposure.profit_atoms(MARK) - needed


@given(
    SCHEDULES,
    FEES,
    st.tuples(LOTS, LOTS),
    st.tuples(ENTRIES, ENTRIES),
    st.integers(0, K - 1),
    st.integers(0, 10**17),
    st.lists(st.integers(0, 4 * MARK), max_size=20),
)
def test_a_band_is_exactly_where_health_is_high_enough(
    schedule: str,
    fee_e8: int,
    lots: tuple[int, int],
    entries: tuple[int, int],
    dust: int,
    budget_e8: int,
    prices: list[int],
) -> None:
    exposure = exposure_of(schedule, fee_e8, lots, entries, dust)
    least_e8 = exposure.health_e8(MARK) - budget_e8
    lowest, highest = exposure.safe_band(MARK, budget_e8)

    assert lowest <= MARK <= highest
    edges = [lowest - 1, lowest, lowest + 1, highest - 1, highest, highest + 1]
    for ticks in prices + [edge for edge in edges if 0 <= edge <= INT64_MAX]:
        assert (lowest <= ticks <= highest) is (exposure.health_e8(ticks) >= least_e8), ticks


@given(
    SCHEDULES,
    FEES,
    st.sampled_from([BUY, SELL]),
    st.integers(1, 200),
    ENTRIES,
    st.integers(0, 10**13),
)
def test_with_one_position_the_band_ends_at_its_liquidation_tick(
    schedule: str, fee_e8: int, side: Side, qty: int, entry: int, wallet: int
) -> None:
    """With all its health as budget: the next price is where an isolated one would go."""
    lots = (qty, 0) if side is BUY else (0, qty)
    exposure = exposure_of(schedule, fee_e8, lots, (entry, entry), 0)
    health_e8 = wallet * E8 + exposure.health_e8(MARK)
    assume(health_e8 >= 1)
    lowest, highest = exposure.safe_band(MARK, health_e8 - 1)
    terms = (side, qty, qty * entry * K, wallet, K, exposure.rates, fee_e8)
    tick = liquidation_ticks(*terms)

    if side is BUY:
        assert (lowest, highest) == (max(0, tick + 1), INT64_MAX)  # a band begins at 0
    else:
        assert (lowest, highest) == (0, tick - 1)


def test_a_copy_is_another_one_with_the_same_numbers() -> None:
    exposure = exposure_of("three", 50_000, (7, 5), (MARK, MARK), 0)
    copied = exposure.copy()
    copied.add(BUY, -7, -7 * MARK * K)

    assert (exposure.long_lots, exposure.long_cost_atoms) == (7, 7 * MARK * K)
    assert (copied.long_lots, copied.long_cost_atoms) == (0, 0)
    assert (copied.short_lots, copied.short_cost_atoms) == (5, 5 * MARK * K)
    assert copied.maintenance_e8(MARK) < exposure.maintenance_e8(MARK)
