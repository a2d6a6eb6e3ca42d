"""Holds what clients saw of the markets against a replay of the journal.

Knows the engine and the public sightings; what is private is `tests.crash.audit`'s.
"""

from collections import Counter
from typing import Final, final

import msgspec

from engine.commands import BUY, SELL, Command, SubmitBatch
from engine.engine import Engine
from engine.events import (
    BatchItem,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    PositionReduced,
    Rejected,
    Traded,
)
from engine.market import Market
from engine.units import NOBODY
from gateway.decimals import text_from_e8
from tests.crash.bots.books import Depth, PublicSightings
from tests.order_flow.clearing import check_clearing
from tests.order_flow.rebuilt_book import RebuiltBook

_SIDE: Final = {BUY: "BUY", SELL: "SELL"}


class _Trade(msgspec.Struct, rename="camel"):
    price: str
    quantity: str
    side: str
    sequence: int


@final
class MarketWitness:
    """Watches a replay, command by command.

    An order-driven market's identities and its book rebuilt from events are asserted; what differs
    from what was seen is put into `wrong`.
    """

    def __init__(self, engine: Engine, public: PublicSightings) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self.wrong: Final[list[str]] = []
        self._engine: Final = engine
        self._public: Final = public
        self._rebuilt: Final[dict[int, RebuiltBook]] = {}
        self._wanted: Final[dict[int, list[str]]] = {}
        for symbol, sequence in public.books:
            self._wanted.setdefault(sequence, []).append(symbol)
        self._cancelled: Final[set[int]] = set()
        self._trades = 0

    def observe(self, sequence: int, _time_ns: int, command: Command, events: list[Event]) -> None:
        """One command, right after it was applied."""
        state = self._engine.state
        self.counts["commands"] += 1
        self.counts["batched items"] += (
            len(command.items) if isinstance(command, SubmitBatch) else 0
        )
        for event in events:
            self._count(sequence, event)
        for market in state.markets:
            if market is not None and market.book is not None:
                self._check(market, events)
        for symbol in self._wanted.get(sequence, ()):
            self._compare(symbol, sequence)

    def finish(self) -> None:
        """The journal has ended: everything seen must have come up."""
        self.counts["trades seen and replayed"] = self._trades
        if self._trades != len(self._public.trades):
            self.wrong.append(f"{len(self._public.trades) - self._trades} trades seen only")
        compared = self.counts["books compared"]
        if compared != len(self._public.books):
            self.wrong.append(f"{len(self._public.books) - compared} books seen only")

    def _check(self, market: Market, events: list[Event]) -> None:
        assert market.book is not None
        rebuilt = self._rebuilt.setdefault(market.instrument_id, RebuiltBook(market.instrument_id))
        rebuilt.observe(events)
        assert market.book.depth_bids == rebuilt.depth[BUY]
        assert market.book.depth_asks == rebuilt.depth[SELL]
        check_clearing(self._engine.state, market)

    def _compare(self, path: str, sequence: int) -> None:
        self.counts["books compared"] += 1
        market = next(m for m in self._markets() if _path(m) == path)
        seen = self._public.books[path, sequence]
        fact = depth_of(market)
        if seen != fact:
            self.wrong.append(f"book of {path} at {sequence}: seen {seen}, is {fact}")

    def _markets(self) -> list[Market]:
        return [market for market in self._engine.state.markets if market is not None]

    def _count(self, sequence: int, event: Event) -> None:
        counts = self.counts
        if isinstance(event, OrderAccepted):
            counts["orders accepted"] += 1
        elif isinstance(event, Rejected):
            counts["commands and items refused"] += 1
        elif isinstance(event, BatchItem):
            counts["batch items"] += 1
        elif isinstance(event, OrderCancelled):
            counts[f"cancelled {event.cause.name}"] += 1
            if event.order_id in self._cancelled:
                self.wrong.append(f"order {event.order_id} cancelled twice")
            self._cancelled.add(event.order_id)
        elif isinstance(event, PositionReduced):
            counts[f"reduced by {event.cause.name}"] += 1
        elif isinstance(event, Traded):
            counts["trades between users"] += 1
            market = self._engine.state.market(event.instrument_id)
            assert market is not None
            self._compare_trade(market, event.trade_id, sequence, event)
        elif isinstance(event, OrderFilled):
            counts["fills"] += 1
            counts["fills of the insurance fund"] += event.account_id == NOBODY
            market = self._engine.state.market(event.instrument_id)
            assert market is not None
            if market.book is None:
                counts["fills by the house"] += 1
                self._trades += (_path(market), str(event.fill_id)) in self._public.trades

    def _compare_trade(self, market: Market, trade_id: int, sequence: int, event: Traded) -> None:
        body = self._public.trades.get((_path(market), str(trade_id)))
        if body is None:
            return
        self._trades += 1
        seen = msgspec.json.decode(body, type=_Trade)
        fact = _Trade(
            text_from_e8(event.price_ticks * market.spec.tick_size_e8),
            text_from_e8(event.qty_lots * market.spec.lot_size_e8),
            _SIDE[event.side],
            sequence,
        )
        if seen != fact:
            self.wrong.append(f"trade {trade_id}: seen {seen}, is {fact}")


def depth_of(market: Market) -> Depth:
    """A market's book as clients are shown it."""
    spec = market.spec
    if market.book is None:
        quotes = ((market.bid_ticks,), (market.ask_ticks,))
        bids, asks = (
            {text_from_e8(t * spec.tick_size_e8): None for t in side if t} for side in quotes
        )
        return Depth(dict(bids), dict(asks))
    sides = (market.book.depth_bids, market.book.depth_asks)
    booked = [
        {
            text_from_e8(ticks * spec.tick_size_e8): text_from_e8(lots * spec.lot_size_e8)
            for ticks, lots in side.items()
        }
        for side in sides
    ]
    return Depth(dict(booked[0]), dict(booked[1]))


def _path(market: Market) -> str:
    return market.spec.symbol.replace("/", "-")
