"""Makers whose orders add up to given price levels.  Knows their orders; knows no recording."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, final

from engine.commands import GTC, AmendOrder, CancelOrder, Command, PlaceOrder, Side
from engine.events import Event, OrderAccepted, OrderAmended, OrderCancelled, OrderFilled
from engine.units import AccountId, OrderId
from tests.order_flow.orders import limit_order

Level = tuple[Side, int]
AMENDED_EVERY: Final = 3  # of so many rises of a level one is an amend of its newest order


@final
class MakerOrder:
    """An open order.  open_lots + filled_lots is its size as amends name it."""

    def __init__(self, order_id: OrderId, account_id: AccountId, level: Level, lots: int) -> None:
        self.order_id: Final = order_id
        self.account_id: Final = account_id
        self.level: Final = level
        self.open_lots = lots
        self.filled_lots = 0


@final
class Makers:
    """Open orders by level, oldest first; what becomes of them is read from events.

    moved: the levels that something else than a maker's own command changed.
    """

    def __init__(self, accounts: Sequence[AccountId], seed: int) -> None:
        self.moved: Final[set[Level]] = set()
        self._accounts: Final = accounts
        self._members: Final = frozenset(accounts)
        self._by_id: Final[dict[OrderId, MakerOrder]] = {}
        self._levels: Final[dict[Level, list[MakerOrder]]] = {}
        self._rises = seed

    def open_lots(self, level: Level) -> int:
        """What the makers' orders at a level add up to."""
        return sum(order.open_lots for order in self._levels.get(level, ()))

    def orders(self) -> int:
        """How many are open."""
        return len(self._by_id)

    def lower(self, level: Level, lots: int) -> Iterator[Command]:
        """Take away what is more than `lots`, from the newest order on."""
        excess = self.open_lots(level) - lots
        for order in reversed(self._levels.get(level, ())[:]):
            if excess <= 0:
                return
            if order.open_lots <= excess:
                excess -= order.open_lots
                yield CancelOrder(order.account_id, order.order_id, "")
            else:
                kept = order.open_lots + order.filled_lots - excess
                excess = 0
                yield _resized(order, kept)

    def lift(self, level: Level, lots: int) -> Iterator[Command]:
        """Add what is missing to `lots`: a new order, or more of the newest one."""
        missing = lots - self.open_lots(level)
        if missing <= 0:
            return
        self._rises += 1
        queue = self._levels.get(level)
        if queue and self._rises % AMENDED_EVERY == 0:
            newest = queue[-1]
            yield _resized(newest, newest.open_lots + newest.filled_lots + missing)
            return
        side, ticks = level
        account_id = self._accounts[(self._rises * 7 + ticks) % len(self._accounts)]
        yield limit_order(account_id, side, missing, ticks, GTC)

    def observe(self, command: Command, events: Iterable[Event]) -> None:
        """What became of a command, the makers' own or another."""
        placer = command.account_id if isinstance(command, PlaceOrder) else None
        for event in events:
            if isinstance(event, OrderAccepted):
                if event.account_id == placer and placer in self._members:
                    self._add(event)
            elif isinstance(event, OrderFilled | OrderCancelled | OrderAmended):
                order = self._by_id.get(event.order_id)
                if order is not None:
                    self._change(order, event)

    def _add(self, event: OrderAccepted) -> None:
        level = (event.side, event.price_ticks)
        order = MakerOrder(event.order_id, event.account_id, level, event.qty_lots)
        self._by_id[order.order_id] = order
        self._levels.setdefault(level, []).append(order)

    def _change(
        self, order: MakerOrder, event: OrderFilled | OrderCancelled | OrderAmended
    ) -> None:
        if isinstance(event, OrderFilled):
            # Only the newest order of a level is ever raised, so the queue stays that of arrival.
            assert self._levels[order.level][0] is order, "an older order at its price was passed"
            order.open_lots -= event.qty_lots
            order.filled_lots += event.qty_lots
            self.moved.add(order.level)
        elif isinstance(event, OrderAmended):
            assert event.price_ticks == order.level[1]
            order.open_lots = event.qty_lots - order.filled_lots
        else:
            order.open_lots = 0
        assert order.open_lots >= 0
        if order.open_lots == 0:
            del self._by_id[order.order_id]
            queue = self._levels[order.level]
            queue.remove(order)
            if not queue:
                del self._levels[order.level]


def _resized(order: MakerOrder, total_lots: int) -> AmendOrder:
    return AmendOrder(order.account_id, order.order_id, "", 0, 0, total_lots, 0)
