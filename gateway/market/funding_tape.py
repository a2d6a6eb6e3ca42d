"""The latest funding stamps of a market.  Knows rates and marks; knows no account, no payment."""

from collections import deque
from collections.abc import Iterator
from typing import Final, final

import msgspec

KEPT_MAX: Final = 1_000  # nearly a year of three a day


class FundingRecord(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One stamp that was settled.  mark_ticks: 0 if nobody paid.

    sequence, time_ns: of the command that settled it, later than the stamp if the venue was down.
    """

    stamp_ns: int
    rate_e8: int
    mark_ticks: int
    sequence: int
    time_ns: int


@final
class FundingTape:
    """The last KEPT_MAX stamps, by rising time.

    sequence, time_ns: of the command that last took a sample of the premium or settled a stamp.
    """

    __slots__ = ("_forgotten_sequence", "_records", "sequence", "time_ns")

    def __init__(self) -> None:
        self._records: Final[deque[FundingRecord]] = deque()
        self._forgotten_sequence = 0
        self.sequence = 0
        self.time_ns = 0

    def moved(self, sequence: int, time_ns: int) -> None:
        """The rate to come is another one."""
        self.sequence = sequence
        self.time_ns = time_ns

    def add(self, record: FundingRecord) -> None:
        """A stamp was settled; the oldest beyond the limit is forgotten."""
        self.moved(record.sequence, record.time_ns)
        records = self._records
        records.append(record)
        if len(records) > KEPT_MAX:
            self._forgotten_sequence = records.popleft().sequence

    @property
    def last(self) -> FundingRecord | None:
        """The last stamp that was settled."""
        return self._records[-1] if self._records else None

    def records(self) -> Iterator[FundingRecord]:
        """All that are kept, oldest first."""
        return iter(self._records)

    def newest(self, below_ns: int, limit: int) -> tuple[list[FundingRecord], bool]:
        """At most `limit` stamps before a time, newest first, and whether more follow."""
        found: list[FundingRecord] = []
        for record in reversed(self._records):
            if record.stamp_ns >= below_ns:
                continue
            if len(found) == limit:
                return found, True
            found.append(record)
        return found, False

    def since(self, sequence: int) -> list[FundingRecord] | None:
        """The stamps settled after `sequence`, oldest first; None if not all of them are kept."""
        if sequence < self._forgotten_sequence:
            return None
        return [record for record in self._records if record.sequence > sequence]
