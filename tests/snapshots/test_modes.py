"""Legs, tickets and cross accounts come back from a snapshot and go on as if nothing was."""

import pytest

from engine.commands import Leg, SetInstrumentStatus, SetMarginMode, SetPositionMode, Side
from engine.engine import Engine
from engine.instrument import HALTED, TRADING, MarginMode, PositionMode
from engine.invariants import check
from engine.units import AccountId, InstrumentId
from snapshots.snapshot import load_sections, sections, state_hash
from tests.engine.venue import Venue, cross_spec, netting_spec, order, price

ALICE, BOB, CAROL = AccountId(1), AccountId(2), AccountId(3)
BTC = InstrumentId(1)
ONE_PERCENT = ((10**17, 1_000_000, 100),)


def mixed_venue() -> Venue:
    """Alice hedges with one leg cross, Bob has cross tickets, Carol is cross and deep in it."""
    venue = Venue(netting_spec(tiers=ONE_PERCENT), deposits=(1_000,) * 3, insurance=1_000)
    venue.apply(SetPositionMode(ALICE, BTC, PositionMode.HEDGING))
    venue.apply(SetMarginMode(ALICE, BTC, Leg.SHORT, MarginMode.CROSS))
    venue.apply(order(qty_lots=100, leg=Leg.LONG))
    venue.apply(order(side=Side.SELL, qty_lots=50, leg=Leg.SHORT, leverage=7))
    venue.apply(order(qty_lots=10, price_ticks=190_000, leg=Leg.LONG))
    venue.apply(order(side=Side.SELL, qty_lots=10, price_ticks=201_000, leg=Leg.SHORT, leverage=0))
    venue.apply(SetPositionMode(BOB, BTC, PositionMode.TICKET))
    venue.apply(SetMarginMode(BOB, BTC, Leg.NONE, MarginMode.CROSS))
    venue.apply(order(account_id=BOB, qty_lots=20))
    venue.apply(order(account_id=BOB, qty_lots=10, price_ticks=190_000))
    venue.apply(SetMarginMode(CAROL, BTC, Leg.NONE, MarginMode.CROSS))
    venue.apply(order(account_id=CAROL, qty_lots=450, leverage=20))
    return venue


def reloaded(venue: Venue) -> Engine:
    state = load_sections(list(sections(venue.state)))
    check(state)
    assert list(sections(state)) == list(sections(venue.state))
    assert state_hash(state) == state_hash(venue.state)
    return Engine(state)


@pytest.mark.parametrize("ticks", [199_000, 190_000, 180_000, 201_000, 260_000])
def test_a_loaded_venue_goes_on_exactly_as_the_live_one(ticks: int) -> None:
    venue = mixed_venue()
    copy = reloaded(venue)
    for command in (price(ticks), order(qty_lots=3, leg=Leg.LONG, leverage=0), price(200_000)):
        venue.apply(command)
        copy.apply(copy.state.sequence + 1, venue.time_ns, command)
        check(copy.state)

    assert copy.state.event_chain == venue.state.event_chain
    assert state_hash(copy.state) == state_hash(venue.state)


def test_an_account_that_nothing_could_be_done_about_is_remembered() -> None:
    """Carol is bankrupt while the market is halted; after a restart she still is."""
    venue = mixed_venue()
    venue.apply(SetInstrumentStatus(BTC, HALTED))
    venue.apply(price(170_000))
    copy = reloaded(venue)
    for command in (price(169_990), SetInstrumentStatus(BTC, TRADING)):
        names = venue.names(command)
        copy.apply(copy.state.sequence + 1, venue.time_ns, command)

    assert "AccountLiquidated" in names
    assert copy.state.event_chain == venue.state.event_chain


def test_settings_of_legs_come_back_though_another_mode_is_on() -> None:
    venue = Venue(cross_spec())
    venue.apply(SetPositionMode(ALICE, BTC, PositionMode.HEDGING))
    venue.apply(SetMarginMode(ALICE, BTC, Leg.LONG, MarginMode.ISOLATED))
    venue.apply(SetPositionMode(ALICE, BTC, PositionMode.NETTING))
    market = reloaded(venue).state.markets[1]
    assert market is not None

    keys = market.seat(ALICE).each_key()
    assert [(key.leg, key.is_cross) for key in keys] == [
        (Leg.NONE, True),
        (Leg.LONG, False),
        (Leg.SHORT, True),
    ]
