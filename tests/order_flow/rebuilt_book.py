"""A book as a reader of events would rebuild it.  Knows price levels and nothing of orders."""

from collections.abc import Iterable
from typing import Final, final

from engine.commands import BUY, SELL, Side
from engine.events import BookChanged, Event


@final
class RebuiltBook:
    """The depth of one market, from its `BookChanged` events alone.

    Every event must change something, name a level once per command, and come in the order of
    BOK-2; a book is never crossed.
    """

    def __init__(self, instrument_id: int) -> None:
        self.instrument_id: Final = instrument_id
        self.depth: Final[dict[Side, dict[int, int]]] = {BUY: {}, SELL: {}}
        self.changes = 0

    def observe(self, events: Iterable[Event]) -> None:
        """The events of one command."""
        order: list[tuple[Side, int]] = []
        for event in events:
            if isinstance(event, BookChanged) and event.instrument_id == self.instrument_id:
                self._change(event)
                sign = -1 if event.side is BUY else 1
                order.append((event.side, sign * event.price_ticks))
        assert order == sorted(set(order)), order
        self.changes += len(order)

    def _change(self, event: BookChanged) -> None:
        levels = self.depth[event.side]
        assert levels.get(event.price_ticks, 0) != event.qty_lots, "an event that changes nothing"
        assert event.qty_lots >= 0
        if event.qty_lots:
            levels[event.price_ticks] = event.qty_lots
        else:
            del levels[event.price_ticks]
