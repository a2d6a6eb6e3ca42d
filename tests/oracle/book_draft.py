"""An order of an order-driven market as it would be, and its path.  Refuses nothing."""

from dataclasses import dataclass, replace

from tests.oracle import book
from tests.oracle.draft import Draft
from tests.oracle.holds import opening_lots, size_of
from tests.oracle.matching import Run
from tests.oracle.records import CONDITIONALS, LIMITS_TO_BE, Order, Position
from tests.oracle.rehearsal import rehearse
from tests.oracle.state import key_of


@dataclass
class BookDraft(Draft):
    """An order of an order-driven market as it would be, and what its path would be."""

    run: Run | None = None
    budget_atoms: int | None = None

    @property
    def touch(self) -> int:
        """BOK-1."""
        return book.touch(self.state, self.market, self.order.side)

    @property
    def takes(self) -> bool:
        """MAT-1: it crosses."""
        return book.crosses(self.state, self.market, self.order)

    @property
    def parent_price(self) -> int:
        """ODM-1: the limit, the trigger, or the touch, without one the mark; 0 while unknown."""
        order = self.order
        if order.order_type == "LIMIT" or order.order_type in LIMITS_TO_BE:
            return order.price_ticks
        if order.order_type in CONDITIONALS:
            return order.trigger_ticks or self.source_price
        if self.market.prices is None:
            return 0
        return self.touch or self.mark

    @property
    def fill_price(self) -> int:
        """The price that its size and worth are judged at."""
        return self.parent_price

    @property
    def path(self) -> Run:
        """Its rehearsal, which has taken place."""
        assert self.run is not None
        return self.run

    def rehearse(self) -> None:
        """Tries the order.  A market order by amount has the lots of its path from here on."""
        order = self.order
        if order.order_type in CONDITIONALS:
            return
        if order.amount_atoms > 0:
            self.budget_atoms = order.amount_atoms * order.leverage
        tried = replace(order, amount_atoms=0)
        self.run = rehearse(self.state, tried, self.last_in_queue, self.budget_atoms)
        if order.amount_atoms > 0:
            order.qty_lots = self.run.traded_lots + self.run.decremented_lots
            order.amount_atoms = 0

    @property
    def rest(self) -> Order | None:
        """What of it would rest after the path."""
        if self.run is None or not self.run.taker.rests:
            return None
        return self.run.state.orders.get(self.run.taker.order_id)

    @property
    def position_after(self) -> Position | None:
        """The position that its trades would have opened or left."""
        state, taker = self.path.state, self.path.taker
        if self.is_ticket:
            return state.positions.get(taker.opened_position_id)
        return state.position_of_key(*key_of(taker))

    @property
    def orders_after(self) -> list[Order]:
        """The key's open orders after the path, the rest included (ticket: the account's)."""
        return self.path.state.orders_of_key(*key_of(self.order))

    @property
    def resting_opens(self) -> int:
        """The lots of the rest that would open."""
        rest = self.rest
        if rest is None or rest.closing:
            return 0
        if self.is_ticket:
            return rest.qty_lots
        walked = opening_lots(self.orders_after, rest.side, *size_of(self.position_after))
        return next(lots for order, lots in walked if order is rest)

    @property
    def opens(self) -> bool:
        """Whether any of its lots would open, in a trade or in the rest."""
        if self.run is None or self.order.closing:
            return False
        return self.run.opened_lots > 0 or self.resting_opens > 0
