"""When the next update is due.  Knows an injected clock and sleep; knows nothing of prices."""

from collections.abc import Awaitable, Callable
from typing import Final, final

Monotonic = Callable[[], float]  # seconds since anywhere
Sleep = Callable[[float], Awaitable[None]]  # seconds

GIVE_WAY_EVERY: Final = 64
LATE_MAX_S: Final = 1.0


@final
class Pacer:
    """Holds a feed to a schedule counted from its start, so that late wake-ups never add up."""

    def __init__(self, monotonic: Monotonic, sleep: Sleep) -> None:
        self._monotonic: Final = monotonic
        self._sleep: Final = sleep
        self._start_s = 0.0
        self._passed = 0

    def start(self) -> None:
        """The schedule begins now."""
        self._start_s = self._monotonic()

    async def wait_until(self, due_s: float) -> None:
        """Return `due_s` seconds after the start, or at once when that has passed.

        More than LATE_MAX_S behind, the schedule moves: a machine that slept, or a loop that
        cannot keep up, gets the feed at its pace from here on and not what it missed in a burst.
        """
        behind_s = self._monotonic() - self._start_s - due_s
        if behind_s < 0:
            self._passed = 0
            await self._sleep(-behind_s)
            return
        if behind_s > LATE_MAX_S:
            self._start_s += behind_s
        await self.give_way()

    async def give_way(self) -> None:
        """Let the rest of the loop run, on every 64th call without a sleep."""
        self._passed += 1
        if self._passed >= GIVE_WAY_EVERY:
            self._passed = 0
            await self._sleep(0)
