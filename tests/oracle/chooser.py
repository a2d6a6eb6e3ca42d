"""Whom and what a random command is about.  Knows who is busy and what is open."""

from random import Random
from typing import Final, TypeVar

from tests.oracle.records import Fields, Market, Order, Position
from tests.oracle.venue import Venue

Waiting = TypeVar("Waiting", Order, Position)
ACCOUNTS: Final = 9
# How often each account and each of the first five markets is chosen.
BUSY: Final = (8, 5, 3, 2, 2, 1, 0.5, 0.5, 0.5)
SHARES: Final = (20, 20, 22, 18, 20)


class Chooser:
    """Accounts, markets, orders and positions, mostly those that exist."""

    def __init__(self, chance: Random, venue: Venue) -> None:
        self.chance = chance
        self.venue = venue
        self.at_edge: Market | None = None
        self.serial = 0

    def fresh(self, prefix: str) -> str:
        """A name not used before."""
        self.serial += 1
        return f"{prefix}{self.serial}"

    def account_id(self) -> int:
        """Mostly one that exists."""
        known = len(self.venue.state.accounts)
        if self.chance.random() < 0.99:
            busy = range(1, min(known, ACCOUNTS) + 1)
            return self.chance.choices(busy, BUSY[: len(busy)])[0] if busy else 1
        return int(self.chance.choice((0, -1, known, known + 1)))

    def account_of_key(self, market: Market) -> int:
        """Any account, but in a netting market often one that has a position there."""
        holders = [
            position.account_id
            for position in self.venue.state.positions.values()
            if position.instrument_id == market.instrument_id
        ]
        if holders and market.spec["position_mode"] == "NETTING" and self.chance.random() < 0.4:
            return self.chance.choice(holders)
        return self.account_id()

    def market(self) -> Market | None:
        """The market at whose edge the time is, else one of the first five."""
        if self.at_edge is not None:
            return self.at_edge
        markets = list(self.venue.state.markets.values())
        return self.chance.choices(markets[:5], SHARES[: len(markets)])[0] if markets else None

    def instrument_id(self) -> int:
        """Mostly one that exists."""
        market = self.market()
        if market is None or self.chance.random() < 0.01:
            return int(self.chance.choice((0, -1, 99)))
        return market.instrument_id

    def order(self) -> Order | None:
        """An open order."""
        everybody = self.venue.state.orders.values()
        orders = [o for o in everybody if o.account_id != 0 or self.chance.random() < 0.05]
        shut = [order for order in orders if self.is_shut(order)]
        return self.one_of(shut if self.chance.random() < 0.1 and shut else orders)

    def position(self) -> Position | None:
        """An open position."""
        everybody = self.venue.state.positions.values()
        positions = [p for p in everybody if p.account_id != 0 or self.chance.random() < 0.05]
        shut = [position for position in positions if self.is_shut(position)]
        return self.one_of(shut if self.chance.random() < 0.15 and shut else positions)

    def is_shut(self, waiting: Order | Position) -> bool:
        """Whether it waits in a market that does not trade."""
        return self.venue.state.markets[waiting.instrument_id].status != "TRADING"

    def one_of(self, waiting: list[Waiting]) -> Waiting | None:
        """Any of them, if there are any."""
        return self.chance.choice(waiting) if waiting else None

    def named(self, order: Order) -> Fields:
        """An open order by its id or its client order id, at times with somebody else's account."""
        by_client = order.client_order_id != "" and self.chance.random() < 0.5
        stranger = self.chance.random() < 0.02
        return {
            "account_id": self.account_id() if stranger else order.account_id,
            "order_id": 0 if by_client else order.order_id,
            "client_order_id": order.client_order_id if by_client else "",
        }
