"""What every price source offers.  Knows the interface; knows none of its implementations."""

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Final, NamedTuple, Protocol

from gateway.feeds.quote import Quote

SOURCE_CHARS_MAX: Final = 64
_UNPRINTABLE: Final = re.compile(r"[^!-~]")


class FeedFault(Exception):
    """A feed cannot be made or cannot go on; the message is meant for the operator."""


class ResumePoint(NamedTuple):
    """The last update of one market that the journal holds.

    index_e8: its last admitted index price, in 10^-8 of the quote asset per unit of base.
    """

    symbol: str
    source: str
    source_sequence: int
    index_e8: int


class Feed(Protocol):
    """A source of quotes at its own pace.

    `resume` is called at most once, before `quotes`, which is iterated once.  A feed that ends
    stops iterating, and its markets go stale; one that breaks raises FeedFault.
    """

    @property
    def source(self) -> str:
        """The name its quotes carry."""
        ...

    def resume(self, points: Sequence[ResumePoint]) -> None:
        """Go on after what the journal holds instead of starting over."""
        ...

    def quotes(self) -> AsyncGenerator[Quote, None]:
        """The updates, each when it is due.  Close it (`contextlib.aclosing`) when done."""
        ...


def source_name(kind: str, file_name: str) -> str:
    """`kind:file_name` as printable ASCII without spaces, short enough to journal."""
    prefix = f"{kind}:"
    return prefix + _UNPRINTABLE.sub("_", file_name)[-(SOURCE_CHARS_MAX - len(prefix)) :]


def last_sequence(points: Sequence[ResumePoint], source: str) -> int:
    """The highest sequence the journal holds of this source; 0 if it holds none.

    The highest, not one for each market: a market that missed an update gets the next one, never
    an old one late.
    """
    return max((point.source_sequence for point in points if point.source == source), default=0)
