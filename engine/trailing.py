"""Trailing stops: levels that follow the extreme of a price (TRL-…).  Knows extremes and widths.

Those with one extreme form a group, which waits in the ordinary price levels at the best level of
its members.  A new extreme melds all groups it passes into one: each group is melded once in its
life, a meld of two pairing heaps is O(1), so following costs O(1) per order, whatever the price
does; a price that makes no new extreme is compared once.
"""

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, final

from engine.callbacks import Callback, melded, without_all_gone, without_gone
from engine.price_levels import Entry, PriceLevels, WaitingPlace
from engine.units import E8, div_ceil, div_floor

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE_MIN: Final = 64


def level_ticks(falls: bool, extreme_ticks: int, trail_ticks: int, trail_e8: int) -> int:
    """Where a trailing stop fires: a sell `max(h − d, floor(h×(1 − r)))`, a buy the mirror image.

    falls: it fires as the price falls (a sell), so the extreme h is the highest price; else the
    lowest.  A distance d or rate r of 0 is absent.  Below 1: never.
    """
    levels: list[int] = []
    if falls:
        if trail_ticks:
            levels.append(extreme_ticks - trail_ticks)
        if trail_e8:
            levels.append(div_floor(extreme_ticks * (E8 - trail_e8), E8))
        return max(levels)
    if trail_ticks:
        levels.append(extreme_ticks + trail_ticks)
    if trail_e8:
        levels.append(div_ceil(extreme_ticks * (E8 + trail_e8), E8))
    return min(levels)


@final
class Group(Entry):
    """Trailing stops with one extreme; waits at the level that fires first.

    live: how many have not left.  gone: how many have, and may still be in the heaps.
    joined: the group it was melded into.
    """

    __slots__ = ("by_distance", "by_rate", "extreme_ticks", "gone", "joined", "live")

    def __init__(self, extreme_ticks: int) -> None:
        super().__init__()
        self.extreme_ticks = extreme_ticks
        self.by_distance: Callback | None = None
        self.by_rate: Callback | None = None
        self.live = 0
        self.gone = 0
        self.joined: Group | None = None

    def take(self, other: "Group") -> None:
        """Everything of the other is here from now on."""
        self.by_distance = melded(self.by_distance, other.by_distance)
        self.by_rate = melded(self.by_rate, other.by_rate)
        self.live += other.live
        self.gone += other.gone
        other.live = 0
        other.joined = self
        other.by_distance = other.by_rate = None

    def lose_one(self) -> None:
        """A member left; those that did are forgotten before they outnumber the others."""
        self.live -= 1
        self.gone += 1
        if self.gone > GONE_MIN and self.gone > self.live:
            self.by_distance = without_all_gone(self.by_distance)
            self.by_rate = without_all_gone(self.by_rate)
            self.gone = 0

    def best_ticks(self, falls: bool) -> int:
        """The level of the member that fires first; 0 if there is none."""
        self.by_distance = without_gone(self.by_distance)
        self.by_rate = without_gone(self.by_rate)
        distance = 0 if self.by_distance is None else self.by_distance.width
        rate = 0 if self.by_rate is None else self.by_rate.width
        if distance == 0 and rate == 0:
            return 0
        return level_ticks(falls, self.extreme_ticks, distance, rate)

    def passed(self, levels: PriceLevels, price_ticks: int) -> "Iterator[Entry]":
        """The members that fire at this price, each with its own level as its key."""
        for heap in (self.by_distance, self.by_rate):
            is_rate = heap is self.by_rate
            waiting = [] if heap is None else [heap]
            while waiting:
                callback = waiting.pop()
                if callback.following is not None:
                    waiting.append(callback.following)
                distance, rate = (0, callback.width) if is_rate else (callback.width, 0)
                key_ticks = level_ticks(levels.falls, self.extreme_ticks, distance, rate)
                if not levels.is_passed(price_ticks, key_ticks):
                    continue  # nor does any wider one below it
                if callback.child is not None:
                    waiting.append(callback.child)
                trail = callback.trail
                entry = trail.entry
                if entry is not None and not (is_rate and trail.fires_by_distance(price_ticks)):
                    entry.key_ticks = trail.level_ticks()
                    yield entry


@final
class Trail(WaitingPlace):
    """Where one entry waits that trails: a member of a group.

    entry, group: None once it left, so that what is still in a heap keeps nothing alive.
    """

    __slots__ = ("entry", "group", "home", "trail_e8", "trail_ticks")

    def __init__(
        self,
        home: "TrailingStops",
        group: Group,
        entry: Entry,
        trail_ticks: int,
        trail_e8: int,
    ) -> None:
        super().__init__(home.levels.source, home.levels.falls)
        self.home: Final = home
        self.group: Group | None = group
        self.entry: Entry | None = entry
        self.trail_ticks: Final = trail_ticks
        self.trail_e8: Final = trail_e8

    @property
    def is_live(self) -> bool:
        """Whether it still waits."""
        return self.entry is not None

    def present_group(self) -> Group:
        """The group it belongs to by now; the way there is shortened for the next time."""
        group = self.group
        assert group is not None
        while group.joined is not None:
            group = group.joined
        self.group = group
        return group

    def extreme_ticks(self) -> int:
        """The extreme it follows."""
        return self.present_group().extreme_ticks

    def level_ticks(self) -> int:
        """Where it fires; below 1: never."""
        return level_ticks(self.falls, self.extreme_ticks(), self.trail_ticks, self.trail_e8)

    def fires_by_distance(self, price_ticks: int) -> bool:
        """Whether its distance alone makes it fire at this price."""
        if self.trail_ticks == 0:
            return False
        key_ticks = level_ticks(self.falls, self.extreme_ticks(), self.trail_ticks, 0)
        return price_ticks <= key_ticks if self.falls else price_ticks >= key_ticks

    def remove(self, entry: Entry) -> None:
        """It waits no more."""
        assert entry is self.entry
        group = self.present_group()
        super().remove(entry)
        self.entry = self.group = None
        self.home.lose_one(group)


@final
class TrailingStops:
    """All trailing stops of one market that follow one price one way.

    levels: where the groups wait.
    melds: how many groups were ever melded into another; no more than were ever made.
    """

    __slots__ = ("_gone", "_groups", "levels", "melds")

    def __init__(self, levels: PriceLevels) -> None:
        self.levels: Final = levels
        # Invariant: sells: extremes fall from the first to the last, buys: rise; so the last is
        # the nearest to the price, and a new extreme passes the last groups first.
        self._groups: list[Group] = []
        self._gone = 0
        self.melds = 0

    def add(self, entry: Entry, extreme_ticks: int, trail_ticks: int, trail_e8: int) -> None:
        """Let an entry follow from this extreme on."""
        assert entry.levels is None
        group = self._group_of(extreme_ticks)
        trail = Trail(self, group, entry, trail_ticks, trail_e8)
        entry.levels = trail
        entry.arming += 1
        if trail_ticks:
            group.by_distance = melded(group.by_distance, Callback(trail, trail_ticks))
        if trail_e8:
            group.by_rate = melded(group.by_rate, Callback(trail, trail_e8))
        group.live += 1
        entry.key_ticks = trail.level_ticks()
        self._rekey(group)

    def lose_one(self, group: Group) -> None:
        """A member of a group waits no more."""
        group.lose_one()
        self._rekey(group)
        if group.live == 0:
            self._gone += 1
            if self._gone > GONE_MIN and 2 * self._gone > len(self._groups):
                self._groups = [group for group in self._groups if group.live]
                self._gone = 0

    def follow(self, price_ticks: int) -> None:
        """The price is here now: a new extreme melds all groups that it passes."""
        groups = self._groups
        if not groups or not self._is_passed(groups[-1], price_ticks):
            return
        group = groups.pop()
        while groups and (
            self._is_passed(groups[-1], price_ticks) or groups[-1].extreme_ticks == price_ticks
        ):
            group = self._melded(group, groups.pop())
        group.extreme_ticks = price_ticks
        groups.append(group)
        self._rekey(group)

    def groups(self) -> list[Group]:
        """Those with members, farthest extreme first."""
        return [group for group in self._groups if group.live]

    def _is_passed(self, group: Group, price_ticks: int) -> bool:
        if self.levels.falls:
            return group.extreme_ticks < price_ticks
        return group.extreme_ticks > price_ticks

    def _melded(self, one: Group, other: Group) -> Group:
        """One group of two: the smaller joins, so that no member is ever far from its group."""
        if one.live < other.live:
            one, other = other, one
        self.melds += 1
        if other.live == 0:
            self._gone -= 1
        if other.levels is not None:
            other.levels.remove(other)
        one.take(other)
        return one

    def _group_of(self, extreme_ticks: int) -> Group:
        """The group with this extreme, made if there is none; mostly the last, or a new last."""
        groups = self._groups
        while groups and groups[-1].live == 0:
            groups.pop()
            self._gone -= 1
        place = len(groups)
        # An older extreme than the newest: a snapshot is read, or an exit keeps the one it had.
        if groups and self._is_passed(groups[-1], extreme_ticks):
            if self.levels.falls:
                place = bisect_right(groups, -extreme_ticks, key=_falling_extreme)
            else:
                place = bisect_right(groups, extreme_ticks, key=_rising_extreme)
        if place and groups[place - 1].extreme_ticks == extreme_ticks:
            group = groups[place - 1]
            if group.live == 0:
                self._gone -= 1
            return group
        group = Group(extreme_ticks)
        groups.insert(place, group)
        return group

    def _rekey(self, group: Group) -> None:
        """Let the group wait at its best level."""
        key_ticks = group.best_ticks(self.levels.falls) if group.live else 0
        if group.levels is not None:
            if group.key_ticks == key_ticks:
                return
            group.levels.remove(group)
        if key_ticks >= 1:
            self.levels.add(group, key_ticks)


def _falling_extreme(group: Group) -> int:
    """The extreme in ticks, to sort the highest first."""
    return -group.extreme_ticks


def _rising_extreme(group: Group) -> int:
    """The extreme in ticks, to sort the lowest first."""
    return group.extreme_ticks
