"""What every fill has: an id of its own, the rate of its liquidity, and what follows from it."""

from engine.commands import AssignFeeTier, SetFeeTier, Side
from engine.events import MAKER, TAKER
from engine.fills import fee_rate_e8, take_fill_id
from engine.units import AccountId, InstrumentId
from tests.engine.books import ALICE, BOB, ask, bid, book_venue, market_of
from tests.engine.venue import Venue, netting_spec, order, price


def test_trades_and_their_fills_count_on() -> None:
    """CMD-3, MAT-5: one trade, its taker's fill and its maker's, in the order of the events."""
    venue = book_venue()
    venue.apply(ask(BOB, 3, 200_000))
    venue.apply(ask(BOB, 3, 200_010))
    said = venue.say(bid(ALICE, 6, 200_010))

    ids = [event.get("trade_id") or event.get("fill_id") for event in said]
    assert [number for number in ids if number] == [1, 2, 3, 4, 5, 6]
    assert take_fill_id(venue.state) == 7
    assert venue.state.next_fill_id == 8


def test_who_waited_pays_the_maker_fee_of_its_tier() -> None:
    """FEE-3: by account, in this market."""
    venue = book_venue(maker_fee_e8=20_000, taker_fee_e8=50_000)
    venue.apply(SetFeeTier(InstrumentId(1), 4, -1_000, 30_000))
    venue.apply(AssignFeeTier(AccountId(ALICE), 4))
    seats = [market_of(venue).seat(AccountId(account)) for account in (ALICE, BOB)]

    assert [fee_rate_e8(seat, MAKER) for seat in seats] == [-1_000, 20_000]
    assert [fee_rate_e8(seat, TAKER) for seat in seats] == [30_000, 50_000]


def test_a_fill_moves_the_liquidation_price_with_the_position() -> None:
    """LIQ-1, FIR-5: a tenth below 20,000, then below the mean of 20,000 and 21,000."""
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10, leverage=10))
    assert venue.position(2).liquidation_ticks == 180_000

    venue.apply(price(210_000))
    venue.apply(order(qty_lots=10))
    assert venue.position(2).liquidation_ticks == 184_500
    venue.apply(order(qty_lots=20, side=Side.SELL, reduce_only=True))
    assert venue.state.positions.count == 0
