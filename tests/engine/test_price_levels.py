"""Price levels against a list that is searched from end to end."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.price_levels import (
    BLOCK_RANKS,
    NEVER_FALLS,
    NEVER_RISES,
    STALE_LEVELS_MIN,
    Entry,
    PriceLevels,
)

KEYS = st.integers(1, 30)


class NaiveLevels:
    """Every entry with its key, in order of arrival."""

    def __init__(self, falls: bool) -> None:
        self.falls = falls
        self.waiting: list[tuple[int, Entry]] = []

    def passed(self, price: int) -> list[Entry]:
        sign = -1 if self.falls else 1
        passed = [pair for pair in self.waiting if sign * pair[0] <= sign * price]
        return [entry for _, entry in sorted(passed, key=lambda pair: sign * pair[0])]

    def best(self) -> int:
        keys = [key for key, _ in self.waiting]
        if self.falls:
            return max(keys, default=NEVER_FALLS)
        return min(keys, default=NEVER_RISES)


class LevelsMachine(RuleBasedStateMachine):
    """Both directions at once, entry by entry the same."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs = [(PriceLevels(3, falls), NaiveLevels(falls)) for falls in (True, False)]

    @rule(key=KEYS, direction=st.integers(0, 1))
    def add(self, key: int, direction: int) -> None:
        levels, naive = self.pairs[direction]
        entry = Entry()
        levels.add(entry, key)
        naive.waiting.append((key, entry))

    @rule(old=KEYS, price=KEYS)
    def what_a_move_passes_is_what_was_not_passed_before(self, old: int, price: int) -> None:
        for levels, naive in self.pairs:
            before = naive.passed(old)
            new = [entry for entry in naive.passed(price) if entry not in before]
            assert levels.passed_since(old, price) == new

    @precondition(lambda self: any(naive.waiting for _, naive in self.pairs))
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        levels, naive = data.draw(st.sampled_from([p for p in self.pairs if p[1].waiting]))
        place = data.draw(st.integers(0, len(naive.waiting) - 1))
        _, entry = naive.waiting.pop(place)
        levels.remove(entry)
        assert entry.levels is None

    @rule(price=st.integers(0, 31))
    def compare_passed(self, price: int) -> None:
        for levels, naive in self.pairs:
            assert levels.passed(price) == naive.passed(price)

    @invariant()
    def same(self) -> None:
        for levels, naive in self.pairs:
            levels.check()
            assert levels.best_ticks == naive.best()
            assert list(levels.entries()) == naive.passed(1 if naive.falls else 31)


TestLevels = LevelsMachine.TestCase
TestLevels.settings = settings(max_examples=60, stateful_step_count=60)


@pytest.mark.parametrize(("falls", "price"), [(True, 100), (False, 100)])
def test_equality_fires(falls: bool, price: int) -> None:
    levels = PriceLevels(0, falls)
    entry = Entry()
    levels.add(entry, 100)

    assert levels.passed(price) == [entry]
    assert levels.passed(101 if falls else 99) == []
    assert levels.is_passed(100, 100)


def test_empty_levels_are_forgotten_when_they_outnumber_the_live() -> None:
    levels = PriceLevels(0, True)
    entries = [Entry() for _ in range(400)]
    for key, entry in enumerate(entries, 1):
        levels.add(entry, key)
    for entry in entries[1:399]:
        levels.remove(entry)
    levels.check()

    assert levels.passed(1) == [entries[399], entries[0]]
    assert len(levels._heads) <= 2 + STALE_LEVELS_MIN
    assert levels.best_ticks == 400
    levels.remove(entries[399])
    assert levels.best_ticks == 1
    levels.check()


@pytest.mark.parametrize("falls", [True, False])
def test_many_blocks_of_levels_are_walked_like_one_list(falls: bool) -> None:
    random = Random(3)
    levels, waiting = PriceLevels(0, falls), dict[int, Entry]()
    for key in random.sample(range(1, 1_000_000), 6 * BLOCK_RANKS):
        waiting[key] = Entry()
        levels.add(waiting[key], key)
    levels.check()
    assert len(levels._blocks) > 3
    for key in random.sample(sorted(waiting), 2 * BLOCK_RANKS):
        levels.remove(waiting.pop(key))
    levels.check()

    while waiting:
        live = sorted(waiting, reverse=falls)
        walked, key = [], levels.best_ticks
        while key not in (NEVER_FALLS, NEVER_RISES):
            walked.append(key)
            key = levels.next_ticks(key)
        assert walked == live
        middle = live[len(live) // 2]
        assert levels.passed(middle) == [waiting[key] for key in live[: len(live) // 2 + 1]]
        for key in live[:BLOCK_RANKS]:
            assert levels.best_ticks == key
            levels.remove(waiting.pop(key))
        levels.check()

    assert (levels.is_empty(), levels._blocks) == (True, [[]])


@given(KEYS)
def test_an_entry_waits_in_one_place_only(key: int) -> None:
    levels, others = PriceLevels(0, True), PriceLevels(0, False)
    entry = Entry()
    levels.add(entry, key)

    with pytest.raises(AssertionError):
        others.add(entry, key)
    with pytest.raises(AssertionError):
        others.remove(entry)


def test_each_joining_is_a_new_arming() -> None:
    levels = PriceLevels(0, True)
    entry = Entry()
    for arming in (1, 2, 3):
        levels.add(entry, 5)
        assert entry.arming == arming
        levels.remove(entry)


def test_nothing_waits_below_the_first_tick() -> None:
    with pytest.raises(AssertionError):
        PriceLevels(0, True).add(Entry(), 0)
