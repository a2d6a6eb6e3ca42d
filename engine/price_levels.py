"""Price levels: a sorted price → arrival-ordered queue, best first.  Knows prices and queues only.

Everything that waits for a price stands in one of these: resting limits, stops, take profits,
auto-close rules, liquidation prices.  A level is an intrusive ring of entries, so that joining and
leaving cost no search; empty levels stay behind until they are the best or outnumber the live.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Final, final

from engine.units import INT64_MAX

NEVER_FALLS: Final = 0  # best price of an empty book that fires as the price falls
NEVER_RISES: Final = INT64_MAX  # best price of an empty book that fires as the price rises
STALE_LEVELS_MIN: Final = 64
BLOCK_RANKS: Final = 1_000  # a block of twice as many is split


class Entry:
    """Something that waits at a price; in at most one set of levels at a time."""

    __slots__ = ("after", "arming", "before", "key_ticks", "levels", "queued_arming")

    def __init__(self) -> None:
        # Invariant: levels, before and after are all set, or all None.
        self.levels: WaitingPlace | None = None
        self.before: Entry | None = None
        self.after: Entry | None = None
        self.key_ticks = 0
        # Raised at each arming: a queued firing of an earlier arming is recognised by it.
        self.arming = 0
        # The arming that the firing queue holds; 0 if it holds none.
        self.queued_arming = 0


class WaitingPlace:
    """What an entry waits in.

    source: which price it watches, as the integer of a PriceSource.
    falls: entries fire when the price is at or below their key; else at or above.
    """

    __slots__ = ("falls", "source")

    def __init__(self, source: int, falls: bool) -> None:
        self.source: Final = source
        self.falls: Final = falls

    def remove(self, entry: Entry) -> None:
        """The entry waits no more."""
        entry.levels = None


@final
class PriceLevels(WaitingPlace):
    """Entries that fire as one price falls to their key, or as it rises to it.

    best_ticks: the first key to fire; NEVER_FALLS or NEVER_RISES if there is none.
    """

    __slots__ = ("_blocks", "_empty", "_heads", "_starts", "best_ticks")

    def __init__(self, source: int, falls: bool) -> None:
        super().__init__(source, falls)
        self.best_ticks = NEVER_FALLS if falls else NEVER_RISES
        # A key's rank is higher the sooner it fires: the key itself, negative if `falls` is not.
        # Invariant: the _blocks in their order hold exactly the ranks of the keys of _heads,
        # rising, so that the best is the last; a head of None is an empty level.
        self._heads: dict[int, Entry | None] = {}
        # Blocks, because making room in one list of a million takes a millisecond.
        self._blocks: list[list[int]] = [[]]
        # Invariant: no rank of block i + 1 is below _starts[i], all of block i are.
        self._starts: list[int] = []
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
            self._add_rank(key_ticks if self.falls else -key_ticks)
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
        heads, blocks = self._heads, self._blocks
        rank = key_ticks if self.falls else -key_ticks
        block_place = bisect_right(self._starts, rank)
        place = bisect_left(blocks[block_place], rank)
        while True:
            block = blocks[block_place]
            while place > 0:
                place -= 1
                following = block[place] if self.falls else -block[place]
                if heads[following] is not None:
                    return following
            if block_place == 0:
                return NEVER_FALLS if self.falls else NEVER_RISES
            block_place -= 1
            place = len(blocks[block_place])

    def is_passed(self, price_ticks: int, key_ticks: int) -> bool:
        """Whether an entry at `key_ticks` fires at this price; equality fires."""
        return price_ticks <= key_ticks if self.falls else price_ticks >= key_ticks

    def passed(self, price_ticks: int) -> list[Entry]:
        """All entries that fire at this price, best level first, in order of arrival."""
        entries: list[Entry] = []
        if not self.is_passed(price_ticks, self.best_ticks):
            return entries
        for key_ticks in self._keys_passed(price_ticks):
            self._collect(key_ticks, entries)
        return entries

    def passed_since(self, old_ticks: int, price_ticks: int) -> list[Entry]:
        """The entries that fire at this price and did not at the old one; without a look at the
        others.
        """
        entries: list[Entry] = []
        key_ticks = self.next_ticks(old_ticks)
        while self.is_passed(price_ticks, key_ticks):
            self._collect(key_ticks, entries)
            key_ticks = self.next_ticks(key_ticks)
        return entries

    def _collect(self, key_ticks: int, entries: list[Entry]) -> None:
        """Add the queue at a key, in order of arrival."""
        head = self._heads[key_ticks]
        if head is None:
            return
        entry = head
        while True:
            entries.append(entry)
            following = entry.after
            assert following is not None
            entry = following
            if entry is head:
                break

    def entries(self) -> Iterator[Entry]:
        """Every entry, best level first, in order of arrival."""
        worst = INT64_MAX if not self.falls else 1
        return iter(self.passed(worst))

    def check(self) -> None:
        """Assert every invariant of the structure."""
        ranks = [rank for block in self._blocks for rank in block]
        assert ranks == sorted(key if self.falls else -key for key in self._heads)
        assert len(self._starts) == len(self._blocks) - 1
        for start, block, following in zip(
            self._starts, self._blocks[:-1], self._blocks[1:], strict=True
        ):
            assert block[-1] < start <= following[0]
        assert self._empty == sum(1 for head in self._heads.values() if head is None)
        entries = list(self.entries())
        for entry in entries:
            assert entry.levels is self
            assert entry.after is not None
            assert entry.after.before is entry
            assert entry.after.key_ticks == entry.key_ticks
        none_ticks = NEVER_FALLS if self.falls else NEVER_RISES
        assert self.best_ticks == (entries[0].key_ticks if entries else none_ticks)

    def _add_rank(self, rank: int) -> None:
        """A key that was not there."""
        starts = self._starts
        place = bisect_right(starts, rank) if starts and rank < starts[-1] else len(starts)
        block = self._blocks[place]
        insort(block, rank)
        if len(block) > 2 * BLOCK_RANKS:
            self._blocks.insert(place + 1, block[BLOCK_RANKS:])
            starts.insert(place, block[BLOCK_RANKS])
            del block[BLOCK_RANKS:]

    def _keys_passed(self, price_ticks: int) -> list[int]:
        """The keys that a price passes, empty levels too, best first."""
        falls = self.falls
        worst = price_ticks if falls else -price_ticks
        keys: list[int] = []
        for block in reversed(self._blocks):
            place = bisect_left(block, worst)
            passed = block[place:] if place else block
            keys += reversed(passed) if falls else [-rank for rank in reversed(passed)]
            if place:
                break
        return keys

    def _drop_empty_best(self) -> None:
        """Take empty levels off the best end, so that the best is a live one."""
        heads, blocks, falls = self._heads, self._blocks, self.falls
        while True:
            block = blocks[-1]
            while block:
                best_ticks = block[-1] if falls else -block[-1]
                if heads[best_ticks] is not None:
                    self.best_ticks = best_ticks
                    return
                block.pop()
                del heads[best_ticks]
                self._empty -= 1
            if len(blocks) == 1:
                break
            blocks.pop()
            self._starts.pop()
        self.best_ticks = NEVER_FALLS if falls else NEVER_RISES

    def _compact(self) -> None:
        """Forget all empty levels; paid for by the removals that left them."""
        self._heads = {key: head for key, head in self._heads.items() if head is not None}
        ranks = sorted(self._heads) if self.falls else sorted(-key for key in self._heads)
        places = range(0, max(1, len(ranks)), BLOCK_RANKS)
        self._blocks = [ranks[place : place + BLOCK_RANKS] for place in places]
        self._starts = [block[0] for block in self._blocks[1:]]
        self._empty = 0
