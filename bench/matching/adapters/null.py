"""Nothing at all: what the loop and the call cost."""

from collections.abc import Callable

from bench.matching.adapters.base import Base


class Adapter(Base):
    """Takes every command and does not look at it."""

    native = "-"
    covers = "nothing"
    move = "-"

    def step(self) -> Callable[..., object]:
        """A function of eight integers."""

        def step(*_: int) -> None:
            return None

        return step
