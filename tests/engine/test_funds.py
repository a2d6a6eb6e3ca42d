"""Whether the funds suffice, to the last atom (ADM-1, ADM-2, ADM-3, ADM-4, ADM-5)."""

from typing import Any

import pytest

from engine.commands import Side
from engine.instrument import FeeBasis
from engine.units import E8
from tests.engine.venue import Venue, netting_spec, order, plain_spec

NOTIONAL = {"fee_basis": FeeBasis.NOTIONAL, "taker_fee_e8": 100_000, "maker_fee_e8": 50_000}
MARGIN = {"fee_basis": FeeBasis.MARGIN, "taker_fee_e8": 100_000, "maker_fee_e8": 50_000}


@pytest.mark.parametrize("make", [plain_spec, netting_spec])
@pytest.mark.parametrize(
    ("settings", "fields", "needed"),
    [
        # 100 lots at 20000.0 cost 2000; 10x: margin 200
        (NOTIONAL, {"qty_lots": 100}, 202 * E8),
        (MARGIN, {"qty_lots": 100}, 200 * E8 + E8 // 5),
        # resting at 19000.0: 190 and the maker fee of 1900 or of 190
        (NOTIONAL, {"qty_lots": 100, "price_ticks": 190_000}, 190 * E8 + 95 * E8 // 100),
        (MARGIN, {"qty_lots": 100, "price_ticks": 190_000}, 190 * E8 + 95 * E8 // 1_000),
        # an odd leverage: ceil(2000 / 7), and its fee rounded up
        (MARGIN, {"qty_lots": 100, "leverage": 7}, 28_571_428_572 + 28_571_429),
    ],
)
def test_the_last_atom_counts(
    make: Any, settings: dict[str, Any], fields: dict[str, Any], needed: int
) -> None:
    for short in (1, 0):
        venue = Venue(make(**settings), deposits=(1,))
        venue.state.ledger.assets[1].external_atoms -= needed - short - E8
        venue.state.ledger.assets[1].free[1] = needed - short
        names = venue.names(order(**fields))
        assert ("OrderAccepted" in names) is (short == 0), names
        if short == 0:
            assert venue.free() == 0


def test_a_purely_closing_order_needs_no_funds() -> None:
    """A strictly reducing order is never refused for margin, even one that loses all."""
    venue = Venue(netting_spec(**NOTIONAL), deposits=(202,))
    venue.apply(order(qty_lots=100))
    assert venue.free() == 0

    assert venue.names(order(side=Side.SELL, qty_lots=100))[0] == "OrderAccepted"


def test_a_resting_opener_that_only_closes_needs_no_funds() -> None:
    venue = Venue(netting_spec(**NOTIONAL), deposits=(202,))
    venue.apply(order(qty_lots=100))

    sell = {"side": Side.SELL, "price_ticks": 210_000}
    assert venue.names(order(qty_lots=100, **sell)) == ["OrderAccepted"]
    assert venue.names(order(qty_lots=1, **sell)) == ["INSUFFICIENT_BALANCE"]
    assert venue.hold() == 0


@pytest.mark.parametrize(("leverage", "accepted"), [(100, False), (50, False), (49, True)])
def test_what_would_be_liquidated_at_birth_is_refused(leverage: int, accepted: bool) -> None:
    """Maintenance 2 %: at 50x the margin equals it, and equality liquidates."""
    venue = Venue(plain_spec(tiers=((10**17, 2_000_000, 100),)))
    names = venue.names(order(qty_lots=10, leverage=leverage))
    resting = venue.names(order(qty_lots=10, leverage=leverage, price_ticks=190_000))

    assert ("OrderAccepted" in names, "OrderAccepted" in resting) == (accepted, accepted)


def test_the_merged_position_is_judged_not_the_order_alone() -> None:
    """An increase that the margin of the old part carries is accepted (ADM-4)."""
    spec = netting_spec(tiers=((10**17, 2_000_000, 100),))
    alone, merged = Venue(spec), Venue(spec)
    merged.apply(order(qty_lots=100, leverage=10))
    thin = {"qty_lots": 1, "leverage": 50}

    assert alone.names(order(**thin)) == ["WOULD_LIQUIDATE"]
    assert merged.names(order(**{**thin, "leverage": 0}))[0] == "OrderAccepted"
