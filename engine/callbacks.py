"""Pairing heaps of trailing stops, the narrowest first.  Knows widths, no prices.

Two heaps are melded in O(1); who leaves stays until he comes to the top, or until a heap is made
anew.
"""

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from engine.trailing import Trail


@final
class Callback:
    """A trailing stop's place in a pairing heap of its group, the narrowest first."""

    __slots__ = ("child", "following", "trail", "width")

    def __init__(self, trail: "Trail", width: int) -> None:
        self.trail: Final = trail
        self.width: Final = width
        self.child: Callback | None = None
        self.following: Callback | None = None


def melded(one: Callback | None, other: Callback | None) -> Callback | None:
    """One heap of two."""
    if one is None:
        return other
    if other is None:
        return one
    if other.width < one.width:
        one, other = other, one
    other.following = one.child
    one.child = other
    return one


def without_root(root: Callback) -> Callback | None:
    """The heap without its narrowest: the children melded in pairs, then the pairs."""
    pairs: list[Callback] = []
    child = root.child
    while child is not None:
        second = child.following
        following = None if second is None else second.following
        child.following = None
        if second is not None:
            second.following = None
        pair = melded(child, second)
        assert pair is not None
        pairs.append(pair)
        child = following
    heap: Callback | None = None
    while pairs:
        heap = melded(pairs.pop(), heap)
    return heap


def without_gone(root: Callback | None) -> Callback | None:
    """The heap with a live root: those that left are dropped when they come to the top."""
    while root is not None and not root.trail.is_live:
        root = without_root(root)
    return root


def without_all_gone(root: Callback | None) -> Callback | None:
    """The heap of those that are live, made anew."""
    heap: Callback | None = None
    waiting = [] if root is None else [root]
    while waiting:
        callback = waiting.pop()
        for other in (callback.child, callback.following):
            if other is not None:
                waiting.append(other)
        callback.child = callback.following = None
        if callback.trail.is_live:
            heap = melded(heap, callback)
    return heap
