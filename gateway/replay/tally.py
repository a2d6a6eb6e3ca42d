"""Counts what a replay brought about, from its commands and events.  Knows no table."""

from collections import Counter
from typing import Final, final

from engine.commands import Command
from engine.events import (
    Event,
    Liquidity,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderTriggered,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    PositionStatus,
    PriceAccepted,
    PriceRefused,
    Rejected,
)


@final
class Tally:
    """Sums over one run; counters are by the names of the enums.

    insurance_paid, house_paid, liquidation_fees: in atoms.
    """

    def __init__(self) -> None:
        self.commands: Final[Counter[str]] = Counter()
        self.orders: Final[Counter[str]] = Counter()
        self.fills: Final[Counter[str]] = Counter()
        self.cancels: Final[Counter[str]] = Counter()
        self.reductions: Final[Counter[str]] = Counter()
        self.refusals: Final[Counter[str]] = Counter()
        self.events = 0
        self.opened = 0
        self.closed = 0
        self.liquidated = 0
        self.triggered = 0
        self.expired = 0
        self.prices = 0
        self.insurance_paid_atoms = 0
        self.house_paid_atoms = 0
        self.liquidation_fees_atoms = 0

    def watch(self, command: Command, events: list[Event]) -> None:
        """Take in one command and what came of it."""
        self.commands[type(command).__name__] += 1
        self.events += len(events)
        for event in events:
            if isinstance(event, PriceAccepted):
                self.prices += 1
            elif isinstance(event, OrderAccepted):
                self.orders[event.order_type.name] += 1
            elif isinstance(event, OrderFilled):
                self.fills[Liquidity(event.liquidity).name] += 1
            elif isinstance(event, Rejected | PriceRefused):
                self.refusals[event.reason.name] += 1
            else:
                self._count_ending(event)

    def _count_ending(self, event: Event) -> None:
        if isinstance(event, PositionReduced):
            self.reductions[event.cause.name] += 1
            self.insurance_paid_atoms += event.insurance_paid_atoms
            self.house_paid_atoms += event.house_paid_atoms
            self.liquidation_fees_atoms += event.liquidation_fee_atoms
        elif isinstance(event, PositionOpened):
            self.opened += 1
        elif isinstance(event, PositionClosed):
            self.closed += 1
            self.liquidated += event.status is PositionStatus.LIQUIDATED
        elif isinstance(event, OrderCancelled):
            self.cancels[event.cause.name] += 1
        elif isinstance(event, OrderTriggered):
            self.triggered += 1
        elif isinstance(event, OrderExpired):
            self.expired += 1
