"""One taker on its way through a book: what it lost, whom it met.  Fills nothing."""

from dataclasses import dataclass, field

from tests.oracle.records import Market, Order, Position
from tests.oracle.rules import floor_div
from tests.oracle.state import State


@dataclass
class Run:
    """One taker on its way through the book.  `budget_atoms` is of a market order by amount.

    reduced: the positions that lost lots; changed: the orders whose own hold is to be settled.
    value_atoms: Σ x·p·K of what the taker lost, by trades or by self-trade prevention.
    stopped: self-trade prevention ended the path; spent: the budget buys no lot more (MAT-3).
    """

    state: State
    market: Market
    taker: Order
    cause: str = "ORDER"
    budget_atoms: int | None = None
    accounts: set[int] = field(default_factory=set)
    reduced: dict[int, Position] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    opened_lots: int = 0
    traded_lots: int = 0
    decremented_lots: int = 0
    value_atoms: int = 0
    stopped: bool = False
    spent: bool = False
    refilled: set[int] = field(default_factory=set)

    def wants(self, price_ticks: int) -> int:
        """The lots it would take at a price."""
        if self.budget_atoms is None:
            return self.taker.qty_lots
        return floor_div(self.budget_atoms, price_ticks * self.market.k)

    def spend(self, lots: int, price_ticks: int) -> None:
        """Lots leave the taker, by a trade or without one."""
        value = lots * price_ticks * self.market.k
        self.value_atoms += value
        self.taker.qty_lots -= lots
        if self.budget_atoms is not None:
            self.budget_atoms -= value
            self.spent = self.wants(price_ticks) == 0
            if self.spent:
                self.state.hit("MAT-3 budget ends")
