"""A venue in a story: the engine, its clock, and the names that a trader uses for things."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from engine.codec import command_from_row, command_row
from engine.commands import Command
from engine.engine import Engine
from engine.events import Event
from engine.invariants import check
from engine.market import Market
from engine.state import State
from engine.units import AccountId
from tests.scenarios.books import Books

START_NS: Final = 1_000_000_000_000_000_000
NOBODY_KNOWN: Final = AccountId(999)  # whoever a story mentions without a deposit


@dataclass
class World:
    """Applies commands, keeps them for a second run, and checks the state after each."""

    engine: Engine = field(default_factory=lambda: Engine(State()))
    time_ns: int = START_NS
    transfers: int = 0
    books: Books = field(default_factory=Books)
    applied: list[tuple[int, Command]] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What the engine holds."""
        return self.engine.state

    def apply(self, command: Command) -> list[Event]:
        """Applies the next command; the state is sound and the ledger sums to zero after it."""
        self.applied.append((self.time_ns, command))
        events = self.engine.apply(self.state.sequence + 1, self.time_ns, command)
        check(self.state)
        assert self.state.ledger.sum_atoms() == 0
        self.books.follow(events)
        self.books.check(self.state)
        return events

    def chain_of_second_run(self) -> bytes:
        """The event chain of the same commands, read back from their journal rows."""
        engine = Engine(State())
        for time_ns, command in self.applied:
            row = command_row(time_ns, command)
            engine.apply(engine.state.sequence + 1, *command_from_row(row))
        return engine.state.event_chain

    def account_id(self, name: str) -> AccountId:
        """The account of a user; one that does not exist for a name never heard of."""
        return self.state.account_ids.get(name) or NOBODY_KNOWN

    def name(self, account_id: int) -> str:
        """Who it is; the operator has account 0."""
        account = self.state.account(account_id)
        if account is not None:
            return account.user_id
        return "operator" if account_id == 0 else "somebody"

    def market(self, symbol: str = "") -> Market:
        """The market of a symbol, or the first one.  Raises ValueError if it is not listed."""
        market = self.state.market(self.state.symbols.get(symbol, 1 if symbol == "" else 0))
        if market is None:
            raise ValueError(f"no market {symbol}")
        return market

    def next_transfer_id(self) -> str:
        """An id for a transfer whose id the story does not care about."""
        self.transfers += 1
        return f"transfer-{self.transfers}"


def digest_of(text: str) -> bytes:
    """Sixteen bytes that stand for the body of a request."""
    return sha256(text.encode()).digest()[:16]


def token_hash(name: str) -> bytes:
    """What the venue knows of a token."""
    return sha256(name.encode()).digest()


Words = tuple[str, ...]
Reader = Callable[[World, Words], list[Command]]
