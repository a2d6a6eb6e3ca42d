"""Habits are data: chances are kept, and what has no weight never happens."""

from collections import Counter
from random import Random

import pytest

from gateway.replay.habits import (
    CANDLE_HABITS,
    HABITS,
    RECKLESS,
    Action,
    Habit,
    chance,
    draw,
    draw_action,
)

ALL = (*HABITS, *CANDLE_HABITS)


@pytest.mark.parametrize("habit", ALL, ids=[habit.name for habit in ALL])
def test_actions_come_as_often_as_they_weigh(habit: Habit) -> None:
    rng = Random(1)
    total = sum(habit.weights)

    drawn = Counter(draw_action(rng, habit) for _ in range(100 * total))

    for action, weight in zip(Action, habit.weights, strict=True):
        assert abs(drawn[action] - 100 * weight) <= 50 + 30 * weight
        assert bool(drawn[action]) == bool(weight)


def test_a_range_begins_with_its_first_and_ends_before_its_second() -> None:
    rng = Random(1)

    assert {draw(rng, (3, 6)) for _ in range(200)} == {3, 4, 5}


@pytest.mark.parametrize("percent", [0, 100])
def test_never_and_always(percent: int) -> None:
    rng = Random(1)

    assert {chance(rng, percent) for _ in range(300)} == {percent == 100}


def test_the_reckless_use_the_most_leverage_that_there_is() -> None:
    assert RECKLESS.leverage[1] - 1 == 100
    assert min(habit.leverage[0] for habit in HABITS) == 1
