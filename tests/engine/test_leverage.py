"""Another leverage for a key in use: every reason in its order, and what follows (KEY-4)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands import (
    AdjustMargin,
    AdvanceTime,
    Leg,
    OrderType,
    SetInstrumentStatus,
    SetLeverage,
    Side,
)
from engine.instrument import InstrumentStatus
from engine.units import E8, AccountId, InstrumentId, PositionId
from tests.engine.venue import SECOND_NS, Venue, cross_spec, netting_spec, order, plain_spec, price

ALICE = AccountId(1)
BTC = InstrumentId(1)
MINUTE_NS = 60 * SECOND_NS
TIERS = ((1_000 * E8, 0, 100), (10**17, 1_000_000, 20))


def test_the_first_reason_that_applies_when_it_rises() -> None:
    """Up to WOULD_LIQUIDATE, each command wrong in all the later ways; a rise asks for no funds."""
    venue = Venue(netting_spec(tiers=TIERS))
    venue.apply(order(qty_lots=100, leverage=10))

    def change(leverage: int, leg: Leg = Leg.NONE, instrument: int = 1, account: int = 1) -> str:
        command = SetLeverage(AccountId(account), InstrumentId(instrument), leverage, leg)
        return venue.names(command)[0]

    assert change(0, Leg.LONG, instrument=9, account=9) == "UNKNOWN_ACCOUNT"
    assert change(0, Leg.LONG, instrument=9) == "UNKNOWN_SYMBOL"
    venue.apply(SetInstrumentStatus(BTC, InstrumentStatus.HALTED))
    assert change(0, Leg.LONG) == "HALTED"
    venue.apply(SetInstrumentStatus(BTC, InstrumentStatus.TRADING))
    assert change(0, Leg.LONG) == "BAD_COMBINATION"
    assert change(0) == change(101) == "BAD_LEVERAGE"
    # 110 lost of 200; 9 and more must stay.  At 50x neither tier nor margin would do.
    venue.apply(price(189_000))
    venue.time_ns += 11 * SECOND_NS
    assert change(50) == "STALE_PRICE"
    venue.apply(price(189_000))
    assert change(50) == "RISK_TIER"
    assert change(20) == "WOULD_LIQUIDATE"
    assert change(16) == "LeverageChanged"


def test_the_first_reason_that_applies_when_it_falls() -> None:
    """It may on a stale price; funding made the position liquidatable, and 1x costs 900 more."""
    steep = {"funding_interval_ns": MINUTE_NS, "funding_interest_e8": 20_000_000}
    steep |= {"funding_clamp_e8": 20_000_000, "funding_cap_e8": 90_000_000}
    venue = Venue(netting_spec(**steep), deposits=(990,))
    venue.apply(order(qty_lots=50, leverage=10))
    venue.apply(AdvanceTime(), after_ns=MINUTE_NS)
    assert venue.position(2).accrued_atoms == 100 * E8

    assert venue.names(SetLeverage(ALICE, BTC, 1)) == ["INSUFFICIENT_BALANCE"]
    # 1,000 / 6 − 100 is less than 100 owed
    assert venue.names(SetLeverage(ALICE, BTC, 6)) == ["WOULD_LIQUIDATE"]
    assert venue.names(SetLeverage(ALICE, BTC, 4)) == ["LeverageChanged", "MarginAdjusted"]


def test_a_position_that_outgrew_its_tier_may_lower_its_leverage() -> None:
    """KEY-4: 1,900 of 2,000 allowed; at 2,375 more leverage is refused, less is not."""
    venue = Venue(netting_spec(tiers=((1_000 * E8, 0, 100), (2_000 * E8, 1, 20))))
    venue.apply(order(qty_lots=95, leverage=15))
    venue.apply(price(250_000))

    assert venue.names(SetLeverage(ALICE, BTC, 16)) == ["RISK_TIER"]
    assert venue.names(SetLeverage(ALICE, BTC, 14)) == ["LeverageChanged", "MarginAdjusted"]


def test_margin_stays_above_nothing_whatever_the_profit() -> None:
    """KEY-4: funding took 160 of 200; 100 less would be −60, though the profit is 100."""
    steep = {"funding_interval_ns": MINUTE_NS, "funding_interest_e8": 8_000_000}
    steep |= {"funding_clamp_e8": 8_000_000, "funding_cap_e8": 90_000_000}
    venue = Venue(netting_spec(**steep))
    venue.apply(order(qty_lots=100, leverage=10))
    venue.apply(AdvanceTime(), after_ns=MINUTE_NS)
    venue.apply(price(210_000))
    assert venue.position(2).margin_atoms == 40 * E8

    assert venue.names(SetLeverage(ALICE, BTC, 20)) == ["WOULD_LIQUIDATE"]
    assert venue.names(SetLeverage(ALICE, BTC, 12)) == ["LeverageChanged", "MarginAdjusted"]


def test_a_key_without_use_may_be_set_whatever_the_price() -> None:
    venue = Venue(netting_spec(tiers=TIERS), ticks=0)

    assert venue.names(SetLeverage(ALICE, BTC, 100)) == ["LeverageChanged"]
    venue.apply(SetInstrumentStatus(BTC, InstrumentStatus.HALTED))
    assert venue.names(SetLeverage(ALICE, BTC, 50)) == ["LeverageChanged"]
    assert Venue(plain_spec()).names(SetLeverage(ALICE, BTC, 5)) == ["BAD_COMBINATION"]


@pytest.mark.parametrize(
    ("leverage", "margin", "base", "hold", "free"),
    [
        (10, 210, 200, 190, 600),
        (20, 110, 100, 95, 795),
        (5, 410, 400, 380, 210),
        (4, 510, 500, 475, 15),
        (100, 30, 20, 19, 951),
    ],
)
def test_margin_base_and_hold_in_worked_numbers(
    leverage: int, margin: int, base: int, hold: int, free: int
) -> None:
    """2,000 of cost, 10 of margin added, 1,900 ordered; a stop, and what closes, hold nothing."""
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=100))
    venue.apply(AdjustMargin(ALICE, PositionId(2), 10 * E8))
    venue.apply(order(qty_lots=100, price_ticks=190_000))
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 210_000}
    venue.apply(order(qty_lots=100, **stop))
    venue.apply(order(side=Side.SELL, qty_lots=50, price_ticks=220_000, reduce_only=True))
    said = venue.names(SetLeverage(ALICE, BTC, leverage))

    held = venue.position(2)
    changed = ["LeverageChanged", *["MarginAdjusted"] * (leverage != 10)]
    assert said == changed
    assert (held.margin_atoms, held.initial_margin_atoms) == (margin * E8, base * E8)
    assert (venue.hold(), venue.free()) == (hold * E8, free * E8)
    assert [venue.order(n).leverage for n in (3, 4, 5)] == [leverage, leverage, 0]


@given(steps=st.lists(st.integers(1, 100), min_size=1, max_size=6), lots=st.integers(1, 40))
def test_the_way_to_a_leverage_does_not_matter(steps: list[int], lots: int) -> None:
    """KEY-4: M0 is ceil(C / L') wherever it came from, and no atom is lost on the way."""
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=lots, leverage=7))
    venue.apply(order(qty_lots=2, price_ticks=190_001, leverage=0))
    for leverage in steps:
        assert venue.names(SetLeverage(ALICE, BTC, leverage))[0] == "LeverageChanged"

    cost, value = lots * 200_000 * 10_000, 2 * 190_001 * 10_000
    held = venue.position(2)
    assert held.margin_atoms == held.initial_margin_atoms == -(-cost // steps[-1])
    assert venue.hold() == -(-value // steps[-1])
    assert venue.free() + venue.hold() + held.margin_atoms == 1_000 * E8


CROSS: list[tuple[int, str]] = [
    (1, "INSUFFICIENT_BALANCE"),
    (3, "INSUFFICIENT_BALANCE"),  # 2,000 / 3 + 1,900 / 3
    (4, "LeverageChanged"),  # 975
    (100, "LeverageChanged"),
]


@pytest.mark.parametrize(("leverage", "said"), CROSS)
def test_in_cross_margin_initial_margin_and_hold_must_be_spendable(
    leverage: int, said: str
) -> None:
    venue = Venue(cross_spec())
    venue.apply(order(qty_lots=100))
    venue.apply(order(qty_lots=100, price_ticks=190_000))

    assert venue.names(SetLeverage(ALICE, BTC, leverage)) == [said]
    held = venue.position(2)
    kept = leverage if said == "LeverageChanged" else 10
    assert (held.leverage, held.margin_atoms) == (kept, 0)
    assert held.initial_margin_atoms == -(-2_000 * E8 // kept)
    assert venue.hold() == -(-1_900 * E8 // kept)


def test_auto_close_follows_the_new_base() -> None:
    """−50 % of M0: at 200 it is 100 away, at 100 it is 50 away; true at once, it fires at once."""
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=100, auto_close_e8=-E8 // 2))
    fields: dict[str, Any] = {"auto": venue.position(2).auto_close}
    assert fields["auto"].key_ticks == 190_000
    venue.apply(SetLeverage(ALICE, BTC, 20))
    assert fields["auto"].key_ticks == 195_000

    venue.apply(price(196_000))
    assert "PositionClosed" in venue.names(SetLeverage(ALICE, BTC, 40))
