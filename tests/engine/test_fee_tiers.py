"""Fee tiers: whose rates count, what changes with them, and every refusal in its order (FEE-…)."""

import random
from typing import Any

import pytest

from engine.commands import (
    AssignFeeTier,
    ChangeInstrument,
    Leg,
    SetFeeTier,
    SetPositionMode,
    Side,
)
from engine.instrument import RATE_E8_MAX, FeeBasis, PositionMode
from engine.market import FeeRates
from engine.units import E8, FEE_TIERS_MAX, AccountId, InstrumentId
from tests.engine.books import ALICE, BOB, ask, bid, book_venue, market_of
from tests.engine.venue import Venue, netting_spec, order, plain_spec

BTC = InstrumentId(1)
RATES: dict[str, Any] = {
    "maker_fee_e8": 20_000,
    "taker_fee_e8": 50_000,
    "fee_basis": FeeBasis.NOTIONAL,
}


def rates(fees: FeeRates) -> tuple[int, int]:
    return fees.maker_e8, fees.taker_e8


def test_a_tier_is_refused_for_the_first_reason() -> None:
    venue = Venue()

    wrong = FEE_TIERS_MAX + 1, RATE_E8_MAX, -1
    assert venue.names(SetFeeTier(InstrumentId(9), *wrong)) == ["UNKNOWN_SYMBOL"]
    assert venue.names(SetFeeTier(BTC, *wrong)) == ["BAD_FEE_TIER"]
    assert venue.names(AssignFeeTier(AccountId(9), -1)) == ["UNKNOWN_ACCOUNT"]
    assert venue.names(AssignFeeTier(AccountId(1), -1)) == ["BAD_FEE_TIER"]


@pytest.mark.parametrize(
    ("tier", "maker", "taker", "good"),
    [
        (1, 0, 0, True),
        (0, 0, 0, False),
        (FEE_TIERS_MAX, 0, 0, True),
        (FEE_TIERS_MAX + 1, 0, 0, False),
        (1, RATE_E8_MAX - 1, RATE_E8_MAX - 1, True),
        (1, 0, RATE_E8_MAX, False),
        (1, RATE_E8_MAX, 0, False),
        (1, 0, -1, False),
        (1, -(RATE_E8_MAX - 1), RATE_E8_MAX - 1, True),
        (1, -RATE_E8_MAX, RATE_E8_MAX, False),
        (1, -50_000, 50_000, True),
        (1, -50_001, 50_000, False),
    ],
)
def test_the_bounds_of_a_tier(tier: int, maker: int, taker: int, good: bool) -> None:
    said = Venue().names(SetFeeTier(BTC, tier, maker, taker))

    assert said == ["FeeTierChanged" if good else "BAD_FEE_TIER"]


def test_whose_rates_count_is_always_the_table() -> None:
    """A table of tiers and one of accounts, changed at random, before and after seats exist."""
    chance = random.Random(5)
    venue = book_venue(**RATES)
    table: dict[int, tuple[int, int]] = {}
    tiers: dict[int, int] = {}
    for step in range(300):
        account, tier = chance.randint(1, 4), chance.randint(0, 3)
        if chance.random() < 0.5 and tier:
            table[tier] = chance.randint(-20, 40) * 1_000, chance.randint(20, 60) * 1_000
            venue.apply(SetFeeTier(BTC, tier, *table[tier]))
        else:
            tiers[account] = tier
            venue.apply(AssignFeeTier(AccountId(account), tier))
        if step > 100 and chance.random() < 0.3:
            venue.apply(bid(account, 1, 190_000 - step))
        for other in range(1, 5):
            expected = table.get(tiers.get(other, 0), (20_000, 50_000))
            seat = market_of(venue).seat(AccountId(other))
            assert rates(seat.fees) == expected
            needs = [
                max(
                    0,
                    -(-o.qty_lots * o.price_ticks * 10_000 // 10) + fee_of(o.price_ticks, expected),
                )
                for o in seat.main.buys
            ]
            assert venue.hold(other) == sum(needs)


def fee_of(price_ticks: int, expected: tuple[int, int]) -> int:
    """The maker fee of one lot, rounded up."""
    return -(-price_ticks * 10_000 * expected[0] // E8)


def test_a_change_of_the_instrument_is_not_one_of_its_tiers() -> None:
    venue = Venue(netting_spec(**RATES), deposits=(1_000, 1_000))
    venue.apply(SetFeeTier(BTC, 1, 10_000, 10_000))
    venue.apply(AssignFeeTier(AccountId(ALICE), 1))
    for account in (ALICE, BOB):
        venue.apply(order(account_id=account, qty_lots=10, price_ticks=190_000))
    venue.apply(ChangeInstrument(BTC, netting_spec(**RATES | {"maker_fee_e8": 30_000})))

    # 190 units: a tenth, and 0.01 % or 0.03 %
    assert venue.hold(ALICE) == 19 * E8 + 190 * E8 // 10_000
    assert venue.hold(BOB) == 19 * E8 + 3 * 190 * E8 // 10_000


def test_both_legs_hold_anew_and_the_shorter_of_funds_loses_its_last_order() -> None:
    """FEE-4: keys settle by leg, LONG first; what is asked for is what the key needs (HLD-7)."""
    venue = Venue(netting_spec(**RATES | {"maker_fee_e8": 0}), deposits=(40,))
    account = AccountId(1)
    venue.apply(SetPositionMode(account, BTC, PositionMode.HEDGING))
    venue.apply(order(qty_lots=10, price_ticks=190_000, leg=Leg.LONG))
    venue.apply(order(qty_lots=10, price_ticks=200_010, leg=Leg.SHORT, side=Side.SELL))
    assert venue.free() == E8 - E8 // 1_000

    venue.apply(SetFeeTier(BTC, 1, 500_000, 500_000))  # 0.5 % of 190 and of 200.01
    said = venue.say(AssignFeeTier(account, 1))
    assert [event["event"] for event in said] == ["FeeTierAssigned", "OrderCancelled"]
    assert venue.hold() == 19 * E8 + 95 * E8 // 100
    assert [o.key.leg for o in venue.state.orders.values()] == [Leg.LONG]


def test_what_a_ticket_order_holds_stays() -> None:
    venue = Venue(plain_spec(**RATES))
    venue.apply(order(qty_lots=10, price_ticks=190_000))
    held = venue.hold()

    venue.apply(SetFeeTier(BTC, 1, 900_000, 900_000))
    assert venue.names(AssignFeeTier(AccountId(1), 1)) == ["FeeTierAssigned"]
    assert venue.hold() == held == 19 * E8 + 2 * 190 * E8 // 10_000


def test_rebates_may_take_more_than_there_is_in_fees() -> None:
    """FEE-5: a maker of one tier is paid 0.05 %, a taker of another pays 0.01 %."""
    venue = book_venue(**RATES)
    venue.apply(SetFeeTier(BTC, 1, -50_000, 50_000))
    venue.apply(SetFeeTier(BTC, 2, 0, 10_000))
    venue.apply(AssignFeeTier(AccountId(ALICE), 1))
    venue.apply(AssignFeeTier(AccountId(BOB), 2))
    venue.apply(ask(ALICE, 100, 200_000))
    venue.apply(order(account_id=BOB, qty_lots=100))

    assert venue.state.ledger.assets[1].fees_atoms == -2_000 * E8 * 4 // 10_000
    assert (venue.free(ALICE), venue.free(BOB)) == (801 * E8, 800 * E8 - 2 * E8 // 10)
