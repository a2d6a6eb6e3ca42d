"""Words for what events and facts speak of.  Knows decimals and names; judges nothing."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from engine.commands import Leg
from engine.instrument import InstrumentSpec
from tests.scenarios.decimals import ATOM, from_units, percent
from tests.scenarios.world import World

Teller = Callable[[World, Any], str]


def money(atoms: int) -> str:
    """An amount as a decimal."""
    return from_units(atoms, ATOM)


def price(spec: InstrumentSpec, ticks: int) -> str:
    """A price as a decimal; none is 0."""
    return from_units(ticks, spec.tick_size_e8) if ticks else "none"


def size(spec: InstrumentSpec, lots: int) -> str:
    """A quantity as a decimal."""
    return from_units(lots * spec.lot_size_e8, ATOM)


def word(member: IntEnum) -> str:
    """The member's name as words."""
    return member.name.lower().replace("_", " ")


def trader(world: World, account_id: int) -> str:
    """Who has the order or position; account 0 is the insurance fund there."""
    return world.name(account_id) if account_id else "fund"


def spec_of_order(world: World, order_id: int) -> InstrumentSpec:
    """The settings of an open order's market; the first market's if it is closed by now."""
    order = world.state.orders.get(order_id)
    return world.market().spec if order is None else order.market.spec


def spec_of_position(world: World, position_id: int) -> InstrumentSpec:
    """The settings of an open position's market; the first market's if it is closed by now."""
    position = world.state.positions.get(position_id)
    return world.market().spec if position is None else position.market.spec


def spec_of(world: World, instrument_id: int) -> InstrumentSpec:
    """The settings of a market."""
    market = world.state.market(instrument_id)
    assert market is not None
    return market.spec


def symbol(world: World, instrument_id: int) -> str:
    """The name of a market."""
    return spec_of(world, instrument_id).symbol


def place(world: World, instrument_id: int, leg: Leg) -> str:
    """The name of a market, and of a leg in it."""
    return symbol(world, instrument_id) + ("" if leg is Leg.NONE else f", {word(leg)} leg")


def trail(spec: InstrumentSpec, ticks: int, rate_e8: int) -> str:
    """How far a trailing stop follows: `100.0`, `1%`, or `100.0 1%`; none is none."""
    terms = [price(spec, ticks)] * bool(ticks) + [percent(rate_e8)] * bool(rate_e8)
    return " ".join(terms) or "none"
