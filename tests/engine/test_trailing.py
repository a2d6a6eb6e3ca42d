"""Trailing stops against a list that is walked at every price, and what following costs (TRL-…)."""

import random
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.callbacks import Callback
from engine.price_levels import NEVER_FALLS, NEVER_RISES, Entry, PriceLevels
from engine.trailing import Group, Trail, TrailingStops, level_ticks
from engine.units import E8

MARK: Final = 3


class Walked:
    """One trailing stop of the list: its widths, its extreme, its level by the formula."""

    def __init__(self, falls: bool, start: int, distance: int, rate_e8: int) -> None:
        self.falls, self.extreme = falls, start
        self.distance, self.rate_e8 = distance, rate_e8

    def follow(self, price: int) -> None:
        """The extreme is the highest or lowest price since."""
        self.extreme = max(self.extreme, price) if self.falls else min(self.extreme, price)

    def level(self) -> int:
        """As the document says it, with fractions of 10^8 written out."""
        h, d, r = self.extreme, self.distance, self.rate_e8
        if self.falls:
            terms = [h - d] * bool(d) + [h * (10**8 - r) // 10**8] * bool(r)
            return max(terms)
        terms = [h + d] * bool(d) + [-(-h * (10**8 + r) // 10**8)] * bool(r)
        return min(terms)

    def fires(self, price: int) -> bool:
        """Whether the price is at or beyond the level; one below 1 is never reached."""
        level = self.level()
        return level >= 1 and (price <= level if self.falls else price >= level)


class Stops:
    """The structure and the list, side by side."""

    def __init__(self, falls: bool) -> None:
        self.falls = falls
        self.levels = PriceLevels(MARK, falls)
        self.stops = TrailingStops(self.levels)
        self.walked: dict[Entry, Walked] = {}
        self.arms = 0

    def arm(self, start: int, distance: int, rate_e8: int) -> Entry:
        """One more in both."""
        entry = Entry()
        self.stops.add(entry, start, distance, rate_e8)
        self.walked[entry] = Walked(self.falls, start, distance, rate_e8)
        self.arms += 1
        return entry

    def disarm(self, entry: Entry) -> None:
        """One less in both."""
        assert entry.levels is not None
        entry.levels.remove(entry)
        del self.walked[entry]

    def passed(self, price: int) -> Iterator[Entry]:
        """What the structure says fires at this price."""
        if self.levels.is_passed(price, self.levels.best_ticks):
            for group in self.levels.passed(price):
                assert isinstance(group, Group)
                yield from group.passed(self.levels, price)

    def move(self, price: int) -> list[Entry]:
        """Both follow the price; what fires is the same, and leaves."""
        self.stops.follow(price)
        for walked in self.walked.values():
            walked.follow(price)
        fired = list(self.passed(price))
        assert len(fired) == len(set(fired))
        assert set(fired) == {entry for entry, w in self.walked.items() if w.fires(price)}
        for entry in fired:
            assert entry.key_ticks == self.walked[entry].level()
            self.disarm(entry)
        return fired

    def check(self) -> None:
        """Every extreme and level, the best level, and the order of the groups."""
        for entry, walked in self.walked.items():
            place = entry.levels
            assert isinstance(place, Trail)
            assert (place.extreme_ticks(), place.level_ticks()) == (walked.extreme, walked.level())
        reachable = [level for w in self.walked.values() if (level := w.level()) >= 1]
        never = NEVER_FALLS if self.falls else NEVER_RISES
        best = max if self.falls else min
        assert self.levels.best_ticks == best(reachable, default=never)
        extremes = [group.extreme_ticks for group in self.stops.groups()]
        assert extremes == sorted(set(extremes), reverse=self.falls)
        assert set(extremes) == {w.extreme for w in self.walked.values()}
        assert self.stops.melds <= self.arms


@pytest.mark.parametrize("falls", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_the_same_fires_at_the_same_price(
    falls: bool, seed: int, count: Callable[[str, int], None]
) -> None:
    """Arms, disarms and prices at random, in a corridor narrow enough for levels to be equal."""
    chance = random.Random(seed)
    both = Stops(falls)
    price, fired = 1_000, 0
    for _ in range(2_500):
        action = chance.random()
        if action < 0.45:
            price = max(1, price + chance.choice([-1, 1, -7, 7, -60, 60, 0]))
            fired += len(both.move(price))
        elif action < 0.9 or not both.walked:
            distance, rate_e8 = chance.randint(1, 150), chance.randint(1, E8 // 6)
            widths = chance.choice([(distance, 0), (0, rate_e8), (distance, rate_e8)])
            start = price if chance.random() < 0.9 else price + chance.randint(-90, 90)
            both.arm(max(1, start), *widths)
        else:
            both.disarm(chance.choice(list(both.walked)))
        both.check()
    assert fired > 500
    assert both.stops.melds > 50
    count("trailing stops against a list: fired", fired)


@given(
    falls=st.booleans(),
    extreme=st.integers(1, 10**12),
    distance=st.integers(0, 10**12),
    rate_e8=st.integers(0, 10**8 - 1),
)
def test_levels_are_those_of_the_formula(
    falls: bool, extreme: int, distance: int, rate_e8: int
) -> None:
    if not distance and not rate_e8:
        distance = 1
    expected = Walked(falls, extreme, distance, rate_e8).level()

    found = level_ticks(falls, extreme, distance, rate_e8)
    assert found == expected
    assert found < extreme if falls else found > extreme


@pytest.mark.parametrize(
    ("falls", "distance", "rate_e8", "level"),
    [
        (True, 100, 0, 200_105),
        (True, 0, E8 // 100, 198_202),  # 198,202.95
        (True, 100, E8 // 100, 200_105),
        (True, 5_000, E8 // 100, 198_202),
        (True, 0, 1, 200_204),
        (False, 100, 0, 200_305),
        (False, 0, E8 // 100, 202_208),  # 202,207.05
        (False, 5_000, E8 // 100, 202_208),
        (True, 200_205, 0, 0),
        (True, 0, E8 - 1, 0),
    ],
)
def test_levels_in_worked_numbers(falls: bool, distance: int, rate_e8: int, level: int) -> None:
    """TRL-1, of an extreme of 200,205."""
    assert level_ticks(falls, 200_205, distance, rate_e8) == level


@pytest.mark.parametrize("falls", [True, False])
def test_a_group_is_melded_once_in_its_life(falls: bool, count: Callable[[str, int], None]) -> None:
    """Ten thousand arms, each at an extreme of its own; then new extremes, one tick at a time.

    However far the price goes on, there are fewer melds than arms: following is O(1) per order.
    """
    both = Stops(falls)
    step = -1 if falls else 1
    for number in range(10_000):
        both.arm(50_000 + step * number, 60_000, 0)
    assert both.stops.melds == 0
    assert len(both.stops.groups()) == 10_000

    for tick in range(20_000):
        both.stops.follow(50_000 + step * (10_000 - tick))
    assert both.stops.melds == 9_999
    [group] = both.stops.groups()
    assert (group.extreme_ticks, group.live) == (50_000 - step * 9_999, 10_000)
    count("melds of 10,000 trailing stops over 20,000 prices", both.stops.melds)


def test_members_are_never_far_from_their_group() -> None:
    """Whoever comes later, at a low, joins those who were there: not the many the one."""
    both = Stops(True)
    first = both.arm(10_000, 9_000, 0)
    for number in range(200):
        both.arm(9_000, 9_500, 0)
        both.stops.follow(10_001 + number)
    assert both.stops.melds == 200

    place = first.levels
    assert isinstance(place, Trail)
    group, steps = place.group, 0
    while group is not None and group.joined is not None:
        group, steps = group.joined, steps + 1
    assert steps == 1  # the first two were equal
    assert place.extreme_ticks() == 10_200


def test_one_that_left_fires_no_more_and_holds_no_level() -> None:
    both = Stops(True)
    narrow, wide = both.arm(1_000, 10, 0), both.arm(1_000, 20, 0)
    both.disarm(narrow)
    assert both.levels.best_ticks == 980

    assert both.move(985) == []
    assert both.move(980) == [wide]
    assert both.levels.best_ticks == NEVER_FALLS
    assert both.stops.groups() == []


def callbacks(root: Callback | None) -> int:
    """How many a heap has, those that left included."""
    found, waiting = 0, [root]
    while waiting:
        callback = waiting.pop()
        if callback is not None:
            found += 1
            waiting += [callback.child, callback.following]
    return found


def test_those_that_left_do_not_pile_up() -> None:
    """A thousand are placed and cancelled at one price while a narrower one stays."""
    both = Stops(True)
    both.arm(1_000, 1, 0)
    for _ in range(1_000):
        both.disarm(both.arm(1_000, 50, 1_000))

    [group] = both.stops.groups()
    assert callbacks(group.by_distance) + callbacks(group.by_rate) < 300
