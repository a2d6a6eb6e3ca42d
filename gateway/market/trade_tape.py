"""The latest trades of a market.  Knows what the public may know of a trade; knows no account."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final, final

import msgspec

TAPE_MAX: Final = 5_000


class TradeRecord(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One trade.  side: the taker's."""

    trade_id: int
    price_ticks: int
    qty_lots: int
    side: int
    sequence: int
    time_ns: int


@final
class TradeTape:
    """The last TAPE_MAX trades, by rising id."""

    __slots__ = ("_forgotten_sequence", "_records")

    def __init__(self) -> None:
        self._records: Final[deque[TradeRecord]] = deque()
        self._forgotten_sequence = 0

    @property
    def sequence(self) -> int:
        """Of the command that brought the last trade; 0 before the first."""
        return self._records[-1].sequence if self._records else 0

    @property
    def time_ns(self) -> int:
        """When the last trade was; 0 before the first."""
        return self._records[-1].time_ns if self._records else 0

    def add(self, record: TradeRecord) -> None:
        """A trade; the oldest beyond the limit is forgotten."""
        records = self._records
        records.append(record)
        if len(records) > TAPE_MAX:
            self._forgotten_sequence = records.popleft().sequence

    def records(self) -> Iterator[TradeRecord]:
        """All that are kept, oldest first."""
        return iter(self._records)

    def newest(self, below: int, limit: int) -> tuple[list[TradeRecord], bool]:
        """At most `limit` trades with ids below `below`, newest first, and whether more follow."""
        found: list[TradeRecord] = []
        for record in reversed(self._records):
            if record.trade_id >= below:
                continue
            if len(found) == limit:
                return found, True
            found.append(record)
        return found, False

    def latest(self, limit: int) -> list[TradeRecord]:
        """At most the last `limit`, oldest first."""
        found = list(islice(reversed(self._records), limit))
        found.reverse()
        return found

    def since(self, sequence: int) -> list[TradeRecord] | None:
        """The trades after `sequence`, oldest first; None if not all of them are kept."""
        if sequence < self._forgotten_sequence:
            return None
        found: list[TradeRecord] = []
        for record in reversed(self._records):
            if record.sequence <= sequence:
                break
            found.append(record)
        found.reverse()
        return found
