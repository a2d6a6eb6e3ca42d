"""Pairing heaps against sorted lists: the narrowest live one is on top, and nobody is lost."""

from hypothesis import given
from hypothesis import strategies as st

from engine.callbacks import Callback, melded, without_all_gone, without_gone, without_root
from engine.price_levels import Entry, PriceLevels
from engine.trailing import Group, Trail, TrailingStops

WIDTHS = st.lists(st.integers(1, 30), max_size=40)


def callback(width: int) -> Callback:
    """One of a trail that stands nowhere."""
    home = TrailingStops(PriceLevels(3, True))
    return Callback(Trail(home, Group(1_000), Entry(), width, 0), width)


def heap_of(widths: list[int]) -> tuple[Callback | None, list[Callback]]:
    """The heap of some widths, added one by one, and its members."""
    members = [callback(width) for width in widths]
    heap: Callback | None = None
    for member in members:
        heap = melded(heap, member)
    return heap, members


def drained(heap: Callback | None) -> list[int]:
    """All widths, taken from the top."""
    widths = []
    while heap is not None:
        widths.append(heap.width)
        heap = without_root(heap)
    return widths


def members_of(heap: Callback | None) -> list[Callback]:
    """Everybody below a root, the root included."""
    found, waiting = [], [heap]
    while waiting:
        member = waiting.pop()
        if member is not None:
            found.append(member)
            waiting += [member.child, member.following]
    return found


@given(one=WIDTHS, other=WIDTHS)
def test_two_heaps_become_one_in_the_order_of_widths(one: list[int], other: list[int]) -> None:
    heap = melded(heap_of(one)[0], heap_of(other)[0])

    assert drained(heap) == sorted(one + other)


@given(widths=WIDTHS, gone=st.sets(st.integers(0, 39)))
def test_who_left_is_dropped_at_the_top_or_all_at_once(widths: list[int], gone: set[int]) -> None:
    heap, members = heap_of(widths)
    for place in gone & set(range(len(members))):
        members[place].trail.entry = None
    live = sorted(m.width for m in members if m.trail.is_live)

    heap = without_gone(heap)
    assert (heap is None) == (live == [])
    assert heap is None or heap.width == live[0]
    heap = without_all_gone(heap)
    assert all(member.trail.is_live for member in members_of(heap))
    assert drained(heap) == live


def test_a_heap_of_twenty_thousand_needs_no_stack() -> None:
    """All below one root, then taken apart: no recursion anywhere."""
    heap, members = heap_of([1, *range(2, 20_000)])
    assert heap is members[0]

    heap = without_root(members[0])
    assert heap is members[1]
    assert len(members_of(without_all_gone(heap))) == 19_998
