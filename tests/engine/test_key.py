"""What an account's keys share and keep: modes, legs, settings (KEY-1, KEY-2)."""

import pytest

from engine.commands import CancelOrder, Leg, SetLeverage, SetMarginMode, SetPositionMode, Side
from engine.instrument import MarginMode, PositionMode
from engine.key import Key
from engine.seat import Seat
from engine.units import NOBODY, AccountId, InstrumentId, OrderId
from tests.engine.books import market_of
from tests.engine.venue import Venue, cross_spec, netting_spec, order, plain_spec

ALICE = AccountId(1)
BTC = InstrumentId(1)
HEDGING = SetPositionMode(ALICE, BTC, PositionMode.HEDGING)


def seat_of(venue: Venue) -> Seat:
    return market_of(venue).seat(ALICE)


def settings(key: Key) -> tuple[int, bool, bool]:
    return key.leverage, key.is_cross, key.pools


@pytest.mark.parametrize(
    ("mode", "cross"),
    [(mode, cross) for mode in PositionMode for cross in (False, True)],
)
def test_a_new_key_has_leverage_one_and_the_margin_mode_of_the_market(
    mode: PositionMode, cross: bool
) -> None:
    spec = cross_spec if cross else netting_spec
    venue = Venue(spec())
    venue.apply(SetPositionMode(ALICE, BTC, mode))

    keys = seat_of(venue).each_key()
    legs = [Leg.LONG, Leg.SHORT] if mode is PositionMode.HEDGING else []
    assert [key.leg for key in keys] == [Leg.NONE, *legs]
    assert settings(keys[0]) == (1, cross, mode is PositionMode.NETTING)
    assert [settings(key) for key in keys[1:]] == [(1, cross, True)] * len(legs)


def test_the_fund_nets_and_is_never_cross() -> None:
    venue = Venue(plain_spec(margin_mode=MarginMode.CROSS))
    fund = market_of(venue).seat(NOBODY)

    assert (fund.mode, settings(fund.main)) == (PositionMode.NETTING, (1, False, True))
    assert (seat_of(venue).mode, seat_of(venue).main.is_cross) == (PositionMode.TICKET, True)


def test_legs_keep_their_settings_while_another_mode_is_on() -> None:
    venue = Venue(netting_spec())
    venue.apply(HEDGING)
    venue.apply(SetLeverage(ALICE, BTC, 7, Leg.LONG))
    venue.apply(SetMarginMode(ALICE, BTC, Leg.SHORT, MarginMode.CROSS))
    for mode in (PositionMode.NETTING, PositionMode.TICKET, PositionMode.HEDGING):
        venue.apply(SetPositionMode(ALICE, BTC, mode))

    seat = seat_of(venue)
    assert [settings(key) for key in seat.each_key()] == [
        (1, False, False),
        (7, False, True),
        (1, True, True),
    ]
    assert seat.key(Leg.LONG) is seat.long
    assert seat.key(Leg.SHORT) is seat.short
    assert seat.key(Leg.NONE) is seat.main


def test_each_leg_has_its_own_position_queues_and_hold() -> None:
    """Both legs hold: what closes one does not back the other."""
    venue = Venue(netting_spec())
    venue.apply(HEDGING)
    venue.apply(order(qty_lots=10, leg=Leg.LONG))
    venue.apply(order(side=Side.SELL, qty_lots=5, leg=Leg.SHORT))
    venue.apply(order(qty_lots=10, price_ticks=190_000, leg=Leg.LONG))
    venue.apply(order(side=Side.SELL, qty_lots=10, price_ticks=200_000 + 1, leg=Leg.SHORT))

    seat = seat_of(venue)
    long, short = seat.key(Leg.LONG), seat.key(Leg.SHORT)
    assert long.position is venue.position(2)
    assert short.position is venue.position(4)
    assert (long.buys, long.sells, short.buys) == ([venue.order(5)], [], [])
    assert short.sells == [venue.order(6)]
    assert venue.hold() == long.hold_atoms + short.hold_atoms
    assert min(long.hold_atoms, short.hold_atoms) > 0
    assert (seat.main.position, seat.main.hold_atoms) == (None, 0)


def test_a_key_is_in_use_by_an_order_or_a_position() -> None:
    venue = Venue(netting_spec())
    venue.apply(HEDGING)
    seat = seat_of(venue)
    long, short = seat.key(Leg.LONG), seat.key(Leg.SHORT)
    assert not any(thing.is_in_use() for thing in (seat, long, short))

    venue.apply(order(qty_lots=1, price_ticks=190_000, leg=Leg.LONG))
    assert [thing.is_in_use() for thing in (seat, long, short)] == [True, True, False]
    venue.apply(CancelOrder(ALICE, OrderId(1), ""))
    venue.apply(order(side=Side.SELL, qty_lots=1, leg=Leg.SHORT))
    assert [thing.is_in_use() for thing in (seat, long, short)] == [True, False, True]
