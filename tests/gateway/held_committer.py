"""A disk that is busy for as long as a test says."""

from collections.abc import Callable

from gateway.sequencer import Log


class HeldCommitter:
    """A disk that is done when the test says so."""

    def __init__(self) -> None:
        self._waiting: Callable[[], None] | None = None
        self.holds = False

    @property
    def is_pending(self) -> bool:
        return self._waiting is not None

    def commit(self, journal: Log, then: Callable[[], None]) -> None:
        journal.commit()
        if self.holds:
            self._waiting = then
        else:
            then()

    def release(self) -> None:
        waiting, self._waiting, self.holds = self._waiting, None, False
        assert waiting is not None
        waiting()
