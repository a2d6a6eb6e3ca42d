"""Each invariant goes red on a state that breaks it, and only then."""

from collections.abc import Callable
from typing import Final

import pytest

from engine.client_orders import ClientOrder
from engine.commands import OrderType, Side
from engine.invariants import check
from engine.key import Key
from engine.market import Market
from engine.price_levels import Entry, PriceLevels
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import AccountId, OrderId
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price

Sabotage = Callable[[State], object]


def ticket_state() -> State:
    """A ticket 2 with all its exits, a closing order 3, resting orders 4 and 5, a refused id."""
    venue = Venue(plain_spec(), deposits=(1_000, 1_000))
    exits = {"stop_loss_ticks": 190_000, "take_profit_ticks": 230_000, "auto_close_e8": -(10**7)}
    exits["trail_ticks"] = 15_000
    venue.apply(order(qty_lots=10, **exits))
    venue.apply(order(side=Side.SELL, qty_lots=5, price_ticks=210_000, position_id=2))
    resting = {"client_order_id": "abc", "digest": b"d" * 16}
    venue.apply(order(qty_lots=10, price_ticks=190_000, **resting))
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 210_000}
    venue.apply(order(qty_lots=10, **stop))
    return venue.state


def netting_state() -> State:
    """A netting position 2, and resting orders 3 and 4 beyond it."""
    venue = Venue(netting_spec(), deposits=(1_000,))
    venue.apply(order(qty_lots=10, stop_loss_ticks=190_000))
    venue.apply(order(side=Side.SELL, qty_lots=20, price_ticks=210_000))
    venue.apply(order(side=Side.SELL, qty_lots=5, price_ticks=220_000))
    return venue.state


def market_of(state: State) -> Market:
    market = state.markets[1]
    assert market is not None
    return market


def stray_entry(state: State) -> None:
    market_of(state).falling[2].add(Entry(), 5)


def forget_in_levels(state: State) -> None:
    waits = state.orders.get(4)
    assert waits is not None
    assert waits.levels is not None
    waits.levels.remove(waits)


def move(state: State, order_id: int) -> None:
    waits = state.orders.get(order_id)
    assert waits is not None
    assert waits.levels is not None
    levels = waits.levels
    assert isinstance(levels, PriceLevels)
    levels.remove(waits)
    levels.add(waits, 7)


def add_free(state: State, atoms: int) -> None:
    state.ledger.assets[1].free[1] += atoms


def shift(state: State, atoms: int) -> None:
    """Money that moves without a reason: the sum stays zero."""
    state.ledger.assets[1].free[1] -= atoms
    state.ledger.assets[1].hold[1] += atoms


def overdraw(state: State) -> None:
    ledger = state.ledger.assets[1]
    ledger.fees_atoms += ledger.free[1] + 1
    ledger.free[1] = -1


def set_position(**fields: int) -> Sabotage:
    def sabotage(state: State) -> None:
        held = state.positions.get(2)
        assert held is not None
        for name, value in fields.items():
            setattr(held, name, value)

    return sabotage


def set_order(order_id: int, **fields: object) -> Sabotage:
    def sabotage(state: State) -> None:
        waits = state.orders.get(order_id)
        assert waits is not None
        for name, value in fields.items():
            setattr(waits, name, value)

    return sabotage


def drop_exit(name: str) -> Sabotage:
    """An exit that its pair has, and that waits nowhere."""

    def sabotage(state: State) -> None:
        held = state.positions.get(2)
        assert held is not None
        assert held.pairs is not None
        trigger = getattr(held.pairs[0], name)
        trigger.levels.remove(trigger)

    return sabotage


def drop_trigger(name: str) -> Sabotage:
    def sabotage(state: State) -> None:
        held = state.positions.get(2)
        trigger = getattr(held, name)
        trigger.levels.remove(trigger)

    return sabotage


def unremembered_id(state: State) -> None:
    state.client_orders.close(AccountId(1), "abc")


def id_of_no_order(state: State) -> None:
    entry = ClientOrder(AccountId(1), "ghost", b"d" * 16, OrderId(77), RejectReason.NONE, True)
    state.client_orders.add(entry)


def main_key(state: State) -> Key:
    return market_of(state).seat(AccountId(1)).main


def queue_of_one(state: State) -> None:
    main_key(state).sells.reverse()


def hold_less(state: State) -> None:
    shift(state, -5)
    main_key(state).hold_atoms -= 5


def lose_order(state: State) -> None:
    waits = state.orders.get(4)
    assert waits is not None
    state.orders.remove(4)


TICKET_SABOTAGE: Final[dict[str, Sabotage]] = {
    "money from nowhere": lambda state: add_free(state, 1),
    "money lost": lambda state: add_free(state, -1),
    "a hold without an order": lambda state: shift(state, 5),
    "free below zero": overdraw,
    "margin that its position does not have": set_position(margin_atoms=1),
    "a position without lots": set_position(qty_lots=0),
    "a position that cost nothing": set_position(cost_atoms=0),
    "a liquidation at another price": set_position(cost_atoms=10**9),
    "an auto-close at another price": set_position(initial_margin_atoms=10**9),
    "an auto-close that is not armed": drop_trigger("auto_close"),
    "a liquidation that is not armed": drop_trigger("liquidation"),
    "a stop loss that waits nowhere": drop_exit("stop_loss"),
    "a take profit that waits nowhere": drop_exit("take_profit"),
    "less than nothing owed": set_position(accrued_atoms=-1),
    "funding owed that changes the liquidation price": set_position(accrued_atoms=10**9),
    "closing orders miscounted": set_position(closing_orders=0),
    "an order that waits nowhere": forget_in_levels,
    "an order that waits elsewhere": lambda state: move(state, 5),
    "an order on the wrong side of its position": set_order(3, side=Side.BUY),
    "a closing order of no position": set_order(3, position_id=77),
    "a closing order that holds": set_order(3, hold_atoms=1),
    "an order of two sizes": set_order(4, amount_atoms=5),
    "an entry of nobody": stray_entry,
    "an open id that is closed": unremembered_id,
    "an open id of no order": id_of_no_order,
    "an order in no table": lose_order,
    "positions miscounted": lambda state: setattr(market_of(state), "open_positions", 0),
    "a queue that was not emptied": lambda state: state.firing.heap.append(
        (0, 0, 0, 0, 0, 0, 0, Entry())
    ),
    "seats miscounted": lambda state: setattr(
        market_of(state).seat(AccountId(1)), "open_orders", 9
    ),
}
NETTING_SABOTAGE: Final[dict[str, Sabotage]] = {
    "a key that holds less": hold_less,
    "a need at another mark": set_order(3, frozen_mark_ticks=220_000),
    "a queue out of order": queue_of_one,
    "a queue that forgot an order": lambda state: main_key(state).sells.pop(),
}


@pytest.mark.parametrize("make", [ticket_state, netting_state])
def test_a_sound_state_passes(make: Callable[[], State]) -> None:
    check(make())


@pytest.mark.parametrize("sabotage", TICKET_SABOTAGE)
def test_a_broken_ticket_state_is_found(sabotage: str) -> None:
    state = ticket_state()
    TICKET_SABOTAGE[sabotage](state)

    with pytest.raises(AssertionError):
        check(state)


@pytest.mark.parametrize("sabotage", NETTING_SABOTAGE)
def test_a_broken_netting_state_is_found(sabotage: str) -> None:
    state = netting_state()
    NETTING_SABOTAGE[sabotage](state)

    with pytest.raises(AssertionError):
        check(state)


def test_an_empty_state_and_a_priceless_market_are_sound() -> None:
    check(State())
    venue = Venue(ticks=0)
    check(venue.state)
    venue.apply(price(1))
    check(venue.state)
