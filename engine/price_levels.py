"""Price levels: a sorted price → arrival-ordered queue, best first.  Knows prices and queues only.

Everything that waits for a price stands in one of these: resting limits, stops, take profits,
auto-close rules, liquidation prices.  A level is an intrusive ring of entries, so that joining and
leaving cost no search; empty levels stay behind until they are the best or outnumber the live.
"""

from collections.abc import Iterator
from typing import Final, final

from sortedcontainers import SortedList

from engine.units import INT64_MAX

NEVER_FALLS: Final = 0  # best price of an empty book that fires as the price falls
NEVER_RISES: Final = INT64_MAX  # best price of an empty book that fires as the price rises
STALE_LEVELS_MIN: Final = 64


class Entry:
    """Something that waits at a price; in at most one set of levels at a time."""

    __slots__ = ("after", "arming", "before", "key_ticks", "levels")

    def __init__(self) -> None:
        # Invariant: levels, before and after are all set, or all None.
        self.levels: PriceLevels | None = None
        self.before: Entry | None = None
        self.after: Entry | None = None
        self.key_ticks = 0
        # Raised at each arming: a queued firing of an earlier arming is recognised by it.
        self.arming = 0


@final
class PriceLevels:
    """Entries that fire as one price falls to their key, or as it rises to it.

    source: which price, as the integer of a PriceSource.
    falls: entries fire when the price is at or below their key; else at or above.
    best_ticks: the first key to fire; NEVER_FALLS or NEVER_RISES if there is none.
    """

    __slots__ = ("_empty", "_heads", "_keys", "best_ticks", "falls", "source")

    def __init__(self, source: int, falls: bool) -> None:
        self.source: Final = source
        self.falls: Final = falls
        self.best_ticks = NEVER_FALLS if falls else NEVER_RISES
        # Invariant: _keys holds exactly the keys of _heads; a head of None is an empty level.
        self._heads: dict[int, Entry | None] = {}
        self._keys: SortedList[int] = SortedList()
        self._empty = 0

    def add(self, entry: Entry, key_ticks: int) -> None:
        """Join the end of the queue at this price."""
        assert entry.levels is None
        assert key_ticks >= 1
        entry.levels = self
        entry.key_ticks = key_ticks
        entry.arming += 1
        heads = self._heads
        head = heads.get(key_ticks)
        if head is not None:
            last = head.before
            assert last is not None
            entry.before = last
            entry.after = head
            last.after = entry
            head.before = entry
            return
        if key_ticks in heads:
            self._empty -= 1
        else:
            self._keys.add(key_ticks)
        heads[key_ticks] = entry
        entry.before = entry
        entry.after = entry
        if (key_ticks > self.best_ticks) if self.falls else (key_ticks < self.best_ticks):
            self.best_ticks = key_ticks

    def remove(self, entry: Entry) -> None:
        """Leave the queue."""
        assert entry.levels is self
        before, after = entry.before, entry.after
        assert before is not None
        assert after is not None
        key_ticks = entry.key_ticks
        if after is entry:
            self._heads[key_ticks] = None
            self._empty += 1
            if key_ticks == self.best_ticks:
                self._drop_empty_best()
            elif self._empty > STALE_LEVELS_MIN and 2 * self._empty > len(self._heads):
                self._compact()
        else:
            before.after = after
            after.before = before
            if self._heads[key_ticks] is entry:
                self._heads[key_ticks] = after
        entry.levels = None
        entry.before = None
        entry.after = None

    def is_empty(self) -> bool:
        """Whether nothing waits here."""
        return self.best_ticks == (NEVER_FALLS if self.falls else NEVER_RISES)

    def head(self, key_ticks: int) -> Entry | None:
        """The first in the queue at this price, if there is one."""
        return self._heads.get(key_ticks)

    def next_ticks(self, key_ticks: int) -> int:
        """The best price beyond this one at which something waits; as `best_ticks` if none."""
        keys, heads = self._keys, self._heads
        if self.falls:
            place = keys.bisect_left(key_ticks) - 1
            while place >= 0:
                if heads[keys[place]] is not None:
                    return int(keys[place])
                place -= 1
            return NEVER_FALLS
        place = keys.bisect_right(key_ticks)
        while place < len(keys):
            if heads[keys[place]] is not None:
                return int(keys[place])
            place += 1
        return NEVER_RISES

    def is_passed(self, price_ticks: int, key_ticks: int) -> bool:
        """Whether an entry at `key_ticks` fires at this price; equality fires."""
        return price_ticks <= key_ticks if self.falls else price_ticks >= key_ticks

    def passed(self, price_ticks: int) -> list[Entry]:
        """All entries that fire at this price, best level first, in order of arrival."""
        entries: list[Entry] = []
        if not self.is_passed(price_ticks, self.best_ticks):
            return entries
        keys = (
            self._keys.irange(price_ticks, None, reverse=True)
            if self.falls
            else self._keys.irange(None, price_ticks)
        )
        for key_ticks in keys:
            head = self._heads[key_ticks]
            if head is None:
                continue
            entry = head
            while True:
                entries.append(entry)
                following = entry.after
                assert following is not None
                entry = following
                if entry is head:
                    break
        return entries

    def entries(self) -> Iterator[Entry]:
        """Every entry, best level first, in order of arrival."""
        worst = INT64_MAX if not self.falls else 1
        return iter(self.passed(worst))

    def check(self) -> None:
        """Assert every invariant of the structure."""
        assert len(self._keys) == len(self._heads)
        assert self._empty == sum(1 for head in self._heads.values() if head is None)
        entries = list(self.entries())
        for entry in entries:
            assert entry.levels is self
            assert entry.after is not None
            assert entry.after.before is entry
            assert entry.after.key_ticks == entry.key_ticks
        none_ticks = NEVER_FALLS if self.falls else NEVER_RISES
        assert self.best_ticks == (entries[0].key_ticks if entries else none_ticks)

    def _drop_empty_best(self) -> None:
        """Take empty levels off the best end, so that the best is a live one."""
        keys, heads = self._keys, self._heads
        end = -1 if self.falls else 0
        while keys:
            best_ticks = keys[end]
            if heads[best_ticks] is not None:
                self.best_ticks = best_ticks
                return
            keys.pop(end)
            del heads[best_ticks]
            self._empty -= 1
        self.best_ticks = NEVER_FALLS if self.falls else NEVER_RISES

    def _compact(self) -> None:
        """Forget all empty levels; paid for by the removals that left them."""
        self._heads = {key: head for key, head in self._heads.items() if head is not None}
        self._keys = SortedList(self._heads)
        self._empty = 0
