"""The whole engine on commands made beforehand: `Engine.apply` and nothing else."""

from collections.abc import Callable

from bench.matching.adapters.base import Base
from bench.matching.adapters.fulcrum_whole import COVERS
from bench.matching.streams import Row
from bench.matching.whole_engine import Tally, WholeEngine
from engine.commands import Command


class Adapter(Base):
    """A first engine makes the commands of all rows; a second one is timed."""

    covers = COVERS
    notes = "commands made beforehand"

    def setup(self, nsym: int, max_oid: int, verify: bool) -> None:
        """A market and its accounts."""
        super().setup(nsym, max_oid, verify)
        self.whole = WholeEngine()
        self.tally = Tally()
        self.commands: list[Command] = []

    def prepare(self, prefill: list[Row], rows: list[Row]) -> None:
        """Make the commands of all rows that will be stepped through, in their order."""
        first = WholeEngine()
        for row in (*prefill, *rows):
            command = first.command(row)
            first.enter(row, command)
            self.commands.append(command)

    def step(self) -> Callable[..., object]:
        """A function of eight integers, which it does not look at."""
        apply, commands = self.whole.apply, iter(self.commands)

        def step(*_: int) -> object:
            return apply(next(commands))

        def counting(*_: int) -> None:
            self.tally.count(apply(next(commands)))

        return counting if self.verify else step

    def results(self) -> dict[str, int]:
        """Everything that is compared."""
        return self.tally.results(self.whole.engine)
