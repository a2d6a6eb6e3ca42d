"""Order flow through an engine, with what must be true after every command.

Knows the engine, the flow and a book rebuilt from events; knows no file.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple, final

from engine.commands import BUY, SELL, Command, PlaceOrder
from engine.engine import Engine
from engine.events import (
    MAKER,
    Event,
    OrderCancelled,
    OrderFilled,
    PositionReduced,
    Rejected,
    Traded,
)
from engine.instrument import InstrumentSpec
from engine.invariants import check
from engine.market import Market
from engine.state import State
from engine.units import NOBODY
from tests.order_flow.clearing import check_clearing
from tests.order_flow.flow import MAKERS, Flow, opening_commands
from tests.order_flow.orders import INSTRUMENT
from tests.order_flow.rebuilt_book import RebuiltBook
from tests.order_flow.recording import Depth, Message, Sweep


class Outcome(NamedTuple):
    """What a replay came to.  chain: the event chain at its end."""

    counts: Counter[str]
    chain: str


@final
class Replay:
    """One recording through one engine.

    check_every: commands between two checks of every invariant; 0: check nothing at all.
    """

    def __init__(self, spec: InstrumentSpec, seed: int, check_every: int) -> None:
        self.engine: Final = Engine(State())
        self.counts: Final[Counter[str]] = Counter()
        self._flow: Final = Flow(seed)
        self._book: Final = RebuiltBook(INSTRUMENT)
        self._check_every: Final = check_every
        self._time_ns = 0
        for command in opening_commands(spec):
            self._apply(command)

    def run(self, messages: Iterable[Message], commands_max: int | None = None) -> Outcome:
        """Replay messages whole, until so many commands were applied, or to the end."""
        for message in messages:
            if commands_max is not None and self.counts["commands"] >= commands_max:
                break
            self._time_ns = message.time_ns
            self._take(message)
        if self._check_every:
            check(self.engine.state)
        assert self.engine.state.ledger.sum_atoms() == 0
        return Outcome(self.counts, self.engine.state.event_chain.hex())

    @property
    def market(self) -> Market:
        """The only one."""
        market = self.engine.state.market(INSTRUMENT)
        assert market is not None
        return market

    def _take(self, message: Message) -> None:
        for command in self._flow.commands(message):
            is_recorded = not self._fund_rests()
            events = self._apply(command)
            self._flow.observe(command, events)
            if isinstance(message, Sweep) and _is_takers(command):
                self._count_sweep(message, events, is_recorded=is_recorded)
        if isinstance(message, Depth) and self._check_every:
            self._compare_book()

    def _compare_book(self) -> None:
        """After a depth message the book is the exchange's, unless the fund offers in it too."""
        self.counts["depth messages"] += 1
        if self._fund_rests():
            self.counts["depth messages while the fund offers"] += 1
        else:
            assert self._book.depth == self._flow.recorded

    def _fund_rests(self) -> bool:
        fund = self.market.existing_seat(NOBODY)
        return fund is not None and fund.open_orders > 0

    def _apply(self, command: Command) -> list[Event]:
        events = self.engine.apply(self.engine.state.sequence + 1, self._time_ns, command)
        self.counts["commands"] += 1
        self._count(events)
        if self._check_every:
            self._check(events)
        return events

    def _check(self, events: list[Event]) -> None:
        self._book.observe(events)
        book = self.market.book
        assert book is not None
        assert book.depth_bids == self._book.depth[BUY]
        assert book.depth_asks == self._book.depth[SELL]
        check_clearing(self.engine.state, self.market)
        if self.counts["commands"] % self._check_every == 0:
            check(self.engine.state)
            self.counts["checks of every invariant"] += 1

    def _count(self, events: list[Event]) -> None:
        counts = self.counts
        for event in events:
            name = type(event).__name__
            counts[f"event {name}"] += 1
            if isinstance(event, Rejected):
                counts[f"refused {event.reason.name}"] += 1
            elif isinstance(event, OrderCancelled):
                counts[f"cancelled {event.cause.name}"] += 1
            elif isinstance(event, PositionReduced):
                counts[f"reduced by {event.cause.name}"] += 1
            elif isinstance(event, Traded):
                counts["lots traded"] += event.qty_lots
            elif isinstance(event, OrderFilled) and event.account_id <= MAKERS:
                counts["makers who took"] += event.liquidity is not MAKER

    def _count_sweep(self, sweep: Sweep, events: list[Event], *, is_recorded: bool) -> None:
        """The taker's trades are the recorded ones; what fires afterwards trades later.

        is_recorded: whether the book was."""
        counts = self.counts
        lots = sum(sweep.trades.values())
        counts["sweeps"] += 1
        counts["lots recorded"] += lots
        if isinstance(events[0], Rejected):
            counts["sweeps refused"] += 1
            counts["lots refused"] += lots
            return
        traded: Counter[int] = Counter()
        for event in events:
            if isinstance(event, Traded) and traded.total() < lots:
                traded[event.price_ticks] += event.qty_lots
        assert traded == sweep.trades or not is_recorded
        counts["sweeps that traded as recorded"] += traded == sweep.trades


def _is_takers(command: Command) -> bool:
    return isinstance(command, PlaceOrder) and command.account_id > MAKERS
