"""The wall clock as the sequencer proposes it.  Knows nanoseconds; knows nothing of commands."""

import time
from collections.abc import Callable
from typing import Final, final


@final
class Clock:
    """Nanoseconds since the epoch that never decrease, whatever the machine's clock does.

    not_before_ns: the newest time the journal holds; a clock set back waits there.
    """

    def __init__(self, not_before_ns: int, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._wall_ns: Final = wall_ns
        self._last_ns = not_before_ns

    def now_ns(self) -> int:
        """The time, not before any time given out earlier."""
        wall_ns = self._wall_ns()
        if wall_ns > self._last_ns:
            self._last_ns = wall_ns
        return self._last_ns
