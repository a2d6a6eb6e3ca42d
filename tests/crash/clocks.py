"""A venue whose clock is ahead, so that a minute begins when a story wants it to.

Funding stamps are whole minutes: nobody has to wait for one.  Knows where the gateway reads its
clock; knows nothing of stamps.
"""

import sys
import time
from typing import Final, final

MINUTE_NS: Final = 60_000_000_000
_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
# `fulcrum` on a clock that is so many nanoseconds ahead; its first argument says how many.
AHEAD: Final = """
import functools, sys, time
from gateway import app, cli, clock

ahead_ns = int(sys.argv.pop(1))
app.Clock = functools.partial(clock.Clock, wall_ns=lambda: time.time_ns() + ahead_ns)
cli.main()
"""


@final
class VenueClock:
    """What time it is at a venue, over all its processes.  It never goes back."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns() + self.ahead_ns

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self.now_ns() // _NS_PER_MS

    def begin_minute_in(self, seconds: float) -> None:
        """Go ahead until the next minute is just so far away.  Minutes may be passed over."""
        left_ns = MINUTE_NS - (self.now_ns() + round(seconds * _NS_PER_S)) % MINUTE_NS
        self.ahead_ns += left_ns

    def to_minute_s(self) -> float:
        """Seconds until the next minute."""
        return (MINUTE_NS - self.now_ns() % MINUTE_NS) / _NS_PER_S

    def command(self) -> tuple[str, ...]:
        """What to run for `fulcrum`, so that its clock shows the same."""
        return (sys.executable, "-c", AHEAD, str(self.ahead_ns))
