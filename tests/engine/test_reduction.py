"""What closing some lots comes to, against the row of FIL-5 in fractions."""

from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from engine.closing import reduction_of
from engine.commands import Side
from engine.instrument import FeeBasis
from engine.position import Position
from engine.reduction import Reduction
from engine.units import E8
from tests.engine.venue import K, Venue, order, plain_spec

SIDES = st.sampled_from(list(Side))


def position_of(
    side: Side, lots: int, cost: int, margin: int, initial: int, basis: FeeBasis, lf_e8: int
) -> tuple[Venue, Position]:
    venue = Venue(plain_spec(fee_basis=basis, liquidation_fee_e8=lf_e8))
    venue.apply(order(side=side, qty_lots=1))
    held = venue.position(2)
    held.qty_lots, held.cost_atoms = lots, cost
    held.margin_atoms, held.initial_margin_atoms = margin, initial
    return venue, held


def released(margin: int, share: Fraction, pnl: int) -> int:
    """The share of the margin, and more of it if a part lost more than its share."""
    mr = floor(margin * share)
    if share < 1 and mr + pnl < 0:
        mr += min(-(mr + pnl), margin - mr)
    return mr


def amounts(found: Reduction) -> dict[str, int]:
    """Each amount by the document's name for it."""
    return {
        "cost": found.cost_atoms,
        "profit": found.profit_atoms,
        "initial": found.initial_margin_atoms,
        "released": found.released_atoms,
        "equity": found.equity_atoms,
        "fee": found.fee_atoms,
        "liquidation fee": found.liquidation_fee_atoms,
        "paid": found.paid_atoms,
        "deficit": found.deficit_atoms,
    }


@given(
    side=SIDES,
    lots=st.integers(1, 500),
    part=st.integers(1, 500),
    entry=st.integers(1, 300_000),
    ticks=st.integers(1, 300_000),
    margin=st.integers(0, 10**13),
    initial=st.integers(0, 10**13),
    rate_e8=st.integers(-20_000, 10**6),
    basis=st.sampled_from(list(FeeBasis)),
    is_liquidation=st.booleans(),
    lf_e8=st.sampled_from([0, 500_000]),
    dust=st.integers(0, K - 1),
    accrued=st.sampled_from([0, 0, 1, 10**9 + 7]),
)
def test_a_reduction_is_the_row_of_the_document(
    side: Side,
    lots: int,
    part: int,
    entry: int,
    ticks: int,
    margin: int,
    initial: int,
    rate_e8: int,
    basis: FeeBasis,
    is_liquidation: bool,
    lf_e8: int,
    dust: int,
    accrued: int,
) -> None:
    x, cost = min(part, lots), lots * entry * K + dust
    venue, held = position_of(side, lots, cost, margin, initial, basis, lf_e8)
    held.accrued_atoms = accrued

    s, share, notional = 1 if side is Side.BUY else -1, Fraction(x, lots), x * ticks * K
    cost_removed = ceil(cost * share) if side is Side.BUY else floor(cost * share)
    pnl = s * (notional - cost_removed) - ceil(accrued * share)  # FUN-5
    mr = released(margin, share, pnl)
    eq = mr + pnl
    base = floor(initial * share) if basis is FeeBasis.MARGIN else notional
    fee = min(ceil(Fraction(base * rate_e8, E8)), max(0, eq))
    lf = min(ceil(Fraction(notional * lf_e8, E8)), max(0, eq - fee)) if is_liquidation else 0
    r = eq - fee - lf

    assert amounts(reduction_of(venue.state, held, x, ticks, rate_e8, is_liquidation)) == {
        "cost": cost_removed,
        "profit": pnl,
        "initial": floor(initial * share),
        "released": mr,
        "equity": eq,
        "fee": fee,
        "liquidation fee": lf,
        "paid": max(0, r),
        "deficit": max(0, -r),
    }
