"""What waits for prices: a group of trailing stops out of place is found (TRL-1, TRL-3)."""

from collections.abc import Callable
from typing import Final

import pytest

from engine.invariants import check
from engine.price_levels import PriceLevels
from engine.state import State
from engine.trailing import Group, Trail
from tests.engine.test_invariants import drop_exit, market_of, ticket_state


def group_of(state: State) -> Group:
    """The one group of trailing stops."""
    [stops] = market_of(state).trailing
    [group] = stops.groups()
    return group


def move_group(state: State, key_ticks: int) -> None:
    """At a level that none of its members has."""
    group = group_of(state)
    levels = group.levels
    assert isinstance(levels, PriceLevels)
    levels.remove(group)
    levels.add(group, key_ticks)


def widen(state: State) -> None:
    """The pair says another distance than what follows."""
    held = state.positions.get(2)
    assert held is not None
    assert held.pairs is not None
    held.pairs[0].trail_ticks += 1


def leave_alone(state: State) -> None:
    """Gone by its own word, and still counted."""
    held = state.positions.get(2)
    assert held is not None
    assert held.pairs is not None
    trailing = held.pairs[0].trailing
    assert trailing is not None
    assert isinstance(trailing.levels, Trail)
    trailing.levels.entry = None


SABOTAGE: Final[dict[str, Callable[[State], object]]] = {
    "a trailing stop that waits nowhere": drop_exit("trailing"),
    "a trailing stop behind its price": lambda state: setattr(group_of(state), "extreme_ticks", 1),
    "a group that counts who left": lambda state: setattr(group_of(state), "live", 2),
    "a group that waits elsewhere": lambda state: move_group(state, 5),
    "a pair of another distance": widen,
    "one that says it left": leave_alone,
}


@pytest.mark.parametrize("sabotage", SABOTAGE)
def test_a_trailing_stop_out_of_place_is_found(sabotage: str) -> None:
    state = ticket_state()
    check(state)
    SABOTAGE[sabotage](state)

    with pytest.raises(AssertionError):
        check(state)
