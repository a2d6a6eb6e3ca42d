"""What a close does to the position: shares, causes and the end of it (FIL-5 to FIL-8, FUN-5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.closing import reduction_of
from engine.commands import Side
from engine.events import CloseCause
from engine.instrument import Remainder
from engine.position import Position
from engine.units import E8
from tests.engine.venue import K, Venue, netting_spec, order, plain_spec, price


def owing(side: Side, lots: int, accrued: int, margin: int) -> tuple[Venue, Position]:
    """A position that could not pay its funding, with any margin."""
    venue = Venue(netting_spec())
    venue.apply(order(side=side, qty_lots=lots, leverage=1))
    held = venue.position(2)
    held.accrued_atoms, held.margin_atoms = accrued, margin
    return venue, held


@given(
    side=st.sampled_from(list(Side)),
    accrued=st.integers(0, 10**9),
    parts=st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_what_is_owed_leaves_with_the_lots_and_never_too_little(
    side: Side, accrued: int, parts: list[int]
) -> None:
    """Each part takes its share rounded up, the last all that is left: the sum is exact."""
    venue, held = owing(side, sum(parts), accrued, 0)
    taken = 0
    for lots in parts:
        reduction = reduction_of(venue.state, held, lots, 200_000, 0, False)
        assert reduction.accrued_atoms * held.qty_lots >= held.accrued_atoms * lots
        assert reduction.profit_atoms == -reduction.accrued_atoms
        taken += reduction.accrued_atoms
        held.qty_lots -= lots
        held.cost_atoms -= lots * 200_000 * K
        held.accrued_atoms -= reduction.accrued_atoms
    assert (taken, held.accrued_atoms) == (accrued, 0)


EXITS: list[tuple[dict[str, int], CloseCause]] = [
    ({"stop_loss_ticks": 199_000}, CloseCause.STOP_LOSS),
    ({"trail_ticks": 1_000}, CloseCause.TRAILING_STOP),
    ({"auto_close_e8": -E8 // 20}, CloseCause.AUTO_CLOSE),
]


@pytest.mark.parametrize("ticks", [199_000, 179_000])
@pytest.mark.parametrize(("fields", "cause"), EXITS)
def test_a_close_beyond_the_margin_is_a_gap_whatever_fired(
    fields: dict[str, int], cause: CloseCause, ticks: int
) -> None:
    """FIL-7: 10 % of margin; 0.5 % below and 10.5 % below."""
    venue = Venue(plain_spec(), insurance=10)
    venue.apply(order(qty_lots=100, leverage=10, **fields))
    said = venue.say(price(ticks))

    [reduced] = [event for event in said if event["event"] == "PositionReduced"]
    expected = cause if ticks == 199_000 else CloseCause.GAP
    assert reduced["cause"] is expected
    assert reduced["insurance_paid_atoms"] == (0 if ticks == 199_000 else 10 * E8)


@pytest.mark.parametrize("remainder", list(Remainder))
def test_what_is_left_at_a_liquidation_goes_where_the_switch_says(remainder: Remainder) -> None:
    """FIL-5: 200 − 185, less 0.5 % of 1,815."""
    tiers = ((10**17, 1_000_000, 100),)
    terms = {"tiers": tiers, "remainder": remainder, "liquidation_fee_e8": 500_000}
    venue = Venue(netting_spec(**terms))
    venue.apply(order(qty_lots=100, leverage=10))
    venue.apply(price(181_500))

    fee, left = 1_815 * E8 * 5 // 1_000, 15 * E8 - 1_815 * E8 * 5 // 1_000
    kept = left if remainder is Remainder.TO_USER else 0
    assert venue.free() == 800 * E8 + kept
    assert venue.state.ledger.assets[1].insurance_atoms == fee + left - kept
