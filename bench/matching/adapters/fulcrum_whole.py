"""The whole engine: a row becomes a command, the command its events."""

from collections.abc import Callable
from typing import Final, cast

from bench.matching.adapters.base import Base
from bench.matching.streams import Row
from bench.matching.whole_engine import Tally, WholeEngine

COVERS: Final = (
    "matching, self-trade prevention, accounts, margin, holds, positions, fees, clearing, "
    "liquidation and trigger prices, events packed and hashed into the chain"
)


class Adapter(Base):
    """Commands are made within the step, as a user of the engine makes them."""

    covers = COVERS
    notes = "users must not meet orders of their own: it prevents self-trades"

    def setup(self, nsym: int, max_oid: int, verify: bool) -> None:
        """A market and its accounts."""
        super().setup(nsym, max_oid, verify)
        self.whole = WholeEngine()
        self.tally = Tally()

    def step(self) -> Callable[..., object]:
        """A function of eight integers."""
        run = self.whole.run

        def step(*row: int) -> object:
            return run(cast(Row, row))

        def counting(*row: int) -> None:
            self.tally.count(run(cast(Row, row)))

        return counting if self.verify else step

    def results(self) -> dict[str, int]:
        """Everything that is compared."""
        return self.tally.results(self.whole.engine)
