"""Liquidation in a book: which orders go, at what price, who takes the rest (LIQ-5 to LIQ-8)."""

import pytest

from engine.commands import OrderType, Side
from engine.events import CancelCause
from engine.liquidation import bankruptcy_price_ticks
from engine.units import E8, NOBODY, AccountId, PositionId
from tests.engine.books import ALICE, BOB, CAROL, DAVE, ask, bid, book_venue, market_of, trades
from tests.engine.venue import K, Venue, order, price

TIERS = ((10**17, 1_000_000, 100),)  # 1 %


def insured(venue: Venue, amount: int) -> None:
    """The fund has so much, from outside."""
    ledger = venue.state.ledger.assets[1]
    ledger.insurance_atoms += amount * E8
    ledger.external_atoms -= amount * E8


def long_against_bob(mode: int = 2) -> Venue:
    """Alice is long a hundred lots at 200,000 and ten times, bankrupt at 180,000; Bob is short."""
    venue = book_venue(position_mode=mode, tiers=TIERS)
    venue.apply(ask(BOB, 100, 200_000))
    venue.apply(order(account_id=AccountId(ALICE), qty_lots=100))
    return venue


def test_in_netting_all_orders_of_the_key_go() -> None:
    venue = long_against_bob()
    insured(venue, 1_000)
    venue.apply(bid(ALICE, 1, 170_000))
    venue.apply(ask(ALICE, 1, 210_000, reduce_only=True))
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 220_000}
    venue.apply(order(qty_lots=1, **stop))
    said = venue.say(price(181_500))

    gone = [(e["order_id"], e["cause"]) for e in said if e["event"] == "OrderCancelled"]
    assert gone == [(number, CancelCause.LIQUIDATION) for number in (5, 6, 7)]
    assert venue.hold(ALICE) == 0


def test_in_tickets_only_those_that_would_close_the_position_go() -> None:
    venue = long_against_bob(mode=1)
    insured(venue, 1_000)
    held = PositionId(3)
    venue.apply(bid(ALICE, 1, 170_000))
    venue.apply(ask(ALICE, 1, 210_000, position_id=held))
    said = venue.say(price(181_500))

    assert [e["order_id"] for e in said if e["event"] == "OrderCancelled"] == [6]
    assert venue.order(5).price_ticks == 170_000


@pytest.mark.parametrize(
    ("margin", "ticks"), [(200, 180_000), (1_999, 100), (2_001, 1), (-1, 200_100)]
)
def test_the_price_of_bankruptcy_stays_among_prices(margin: int, ticks: int) -> None:
    held = long_against_bob().position(3)
    held.margin_atoms = margin * E8

    assert bankruptcy_price_ticks(held) == ticks


def test_a_short_of_any_margin_is_bankrupt_at_the_largest_price_at_most() -> None:
    venue = long_against_bob()
    held = venue.position(4)
    held.margin_atoms = 10**18

    assert bankruptcy_price_ticks(held) == market_of(venue).price_ticks_max


def test_the_book_gives_no_more_than_bankruptcy_the_fund_takes_the_rest() -> None:
    venue = long_against_bob()
    insured(venue, 1_000)
    for lots, ticks in ((30, 181_000), (20, 180_000), (10, 179_999)):
        venue.apply(bid(DAVE, lots, ticks))
    said = venue.say(price(181_500))

    assert trades(said) == [(30, 181_000), (20, 180_000)]
    [taken] = [p for p in venue.state.positions.values() if p.account_id == NOBODY]
    [offer] = [o for o in venue.state.orders.values() if o.account_id == NOBODY]
    assert (taken.side, taken.qty_lots, taken.cost_atoms) == (Side.BUY, 50, 900 * E8)
    assert (offer.side, offer.qty_lots, offer.price_ticks) == (Side.SELL, 50, 180_000)
    assert offer.closing
    assert market_of(venue).prices[2] == 180_000


def test_takers_of_the_offer_leave_the_fund_as_it_was() -> None:
    venue = long_against_bob()
    insured(venue, 1_000)
    venue.apply(price(181_500))
    for account, lots in ((CAROL, 30), (DAVE, 30), (CAROL, 60)):
        assert trades(venue.say(bid(account, lots, 180_000)))

    assert not [p for p in venue.state.positions.values() if p.account_id == NOBODY]
    assert venue.state.ledger.assets[1].insurance_atoms == 1_000 * E8
    assert [o.account_id for o in venue.state.orders.values()] == [CAROL]


def test_without_a_fund_the_other_side_closes_at_bankruptcy() -> None:
    venue = long_against_bob()
    said = venue.say(price(181_500))

    assert trades(said) == []
    assert venue.state.positions.count == 0
    assert (venue.free(ALICE), venue.free(BOB)) == (800 * E8, 1_200 * E8)
    assert venue.state.ledger.assets[1].insurance_atoms == 0


def test_a_takeover_larger_than_what_the_fund_holds_flips_it() -> None:
    """Long forty, it takes a short of a hundred over: sixty remain, and only these are offered."""
    venue = book_venue(tiers=TIERS)
    insured(venue, 1_000)
    venue.apply(ask(BOB, 40, 200_000))
    venue.apply(order(account_id=AccountId(ALICE), qty_lots=40))
    venue.apply(price(181_500))
    venue.apply(price(174_000))
    venue.apply(bid(CAROL, 100, 174_000))
    venue.apply(order(account_id=AccountId(DAVE), side=Side.SELL, qty_lots=100, leverage=50))
    said = venue.say(price(176_000))  # he is bankrupt at 177,480

    [held] = [p for p in venue.state.positions.values() if p.account_id == NOBODY]
    assert (held.side, held.qty_lots) == (Side.SELL, 60)
    offers = [e["qty_lots"] for e in said if e["event"] == "OrderAccepted" and not e["account_id"]]
    assert offers == [60]
    waiting = [(o.side, o.qty_lots, o.price_ticks) for o in venue.state.orders.values()]
    assert waiting == [(Side.BUY, 60, 177_480)]
    # 40 lots gained 177,480 − 180,000
    assert venue.state.ledger.assets[1].insurance_atoms == 1_000 * E8 - 40 * 2_520 * K
