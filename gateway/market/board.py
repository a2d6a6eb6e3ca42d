"""All markets as the public sees them: prices, depth, trades and candles, from commands' events.

Knows commands and events, nothing of the engine's state and nothing of connections, so that
observing the journal again from its start gives the same board, sequence for sequence.
"""

from collections.abc import Callable
from typing import Any, Final, final

from engine.commands import Command, ListInstrument, Side
from engine.events import (
    BookChanged,
    Event,
    FundingSettled,
    InstrumentListed,
    Liquidity,
    OrderFilled,
    PremiumSampled,
    PriceAccepted,
    StatusChanged,
    Traded,
)
from engine.instrument import MarketStructure
from gateway.market.candles import Candles
from gateway.market.funding_tape import FundingRecord, FundingTape
from gateway.market.l2_book import UNSIZED, L2Book
from gateway.market.statistics import DayStatistics
from gateway.market.trade_tape import TradeRecord, TradeTape


def path_symbol(symbol: str) -> str:
    """A symbol as paths and channels write it: BTC/USDT is BTC-USDT."""
    return symbol.replace("/", "-")


@final
class MarketView:
    """One market.

    last_ticks, mark_ticks, index_ticks: 0 before the first.
    ticker_sequence: of the command that changed anything that a ticker shows.
    prices_sequence, prices_ns: of the command that changed last, mark or index.
    quotes_ns: when last, mark, index or the best bid or ask changed.
    """

    __slots__ = (
        "book",
        "candles",
        "day",
        "funding",
        "index_ticks",
        "instrument_id",
        "is_quote_driven",
        "last_ticks",
        "mark_ticks",
        "prices_ns",
        "prices_sequence",
        "quotes_ns",
        "symbol",
        "tape",
        "ticker_sequence",
    )

    def __init__(self, instrument_id: int, symbol: str, is_quote_driven: bool) -> None:
        self.instrument_id: Final = instrument_id
        self.symbol: Final = symbol
        self.is_quote_driven: Final = is_quote_driven
        self.last_ticks = 0
        self.mark_ticks = 0
        self.index_ticks = 0
        self.ticker_sequence = 0
        self.quotes_ns = 0
        self.prices_sequence = 0
        self.prices_ns = 0
        self.book: Final = L2Book()
        self.tape: Final = TradeTape()
        self.funding: Final = FundingTape()
        self.candles: Final = Candles()
        self.day: Final = DayStatistics(self.candles)


_NOTHING: Final[frozenset[int]] = frozenset()


@final
class Board:
    """Every market's view, fed one command at a time, in sequence.

    by_path: the market of a symbol as paths write it; of two that look alike the older one.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0
        self.views: Final[dict[int, MarketView]] = {}
        self.by_path: Final[dict[str, MarketView]] = {}
        self._moved: set[int] = set()
        self._handlers: Final[dict[type, Callable[[Any], None]]] = {
            BookChanged: self._book_changed,
            Traded: self._traded,
            OrderFilled: self._filled,
            PriceAccepted: self._priced,
            StatusChanged: self._status_changed,
            PremiumSampled: self._sampled,
            FundingSettled: self._funded,
        }

    def begin_at(self, sequence: int, time_ns: int) -> None:
        """Go on after `sequence`; what lies before is filled in by the caller."""
        assert self.sequence == 0
        self.sequence = sequence
        self.time_ns = time_ns

    def add(self, instrument_id: int, symbol: str, is_quote_driven: bool) -> MarketView:
        """A new market."""
        view = MarketView(instrument_id, symbol, is_quote_driven)
        self.views[instrument_id] = view
        self.by_path.setdefault(path_symbol(symbol), view)
        return view

    def observe(
        self, sequence: int, time_ns: int, command: Command, events: list[Event]
    ) -> "frozenset[int] | set[int]":
        """Take in one command; returns the instruments that the public sees change."""
        assert sequence == self.sequence + 1
        self.sequence = sequence
        if time_ns > self.time_ns:
            self.time_ns = time_ns
        for event in events:
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)
            elif type(event) is InstrumentListed:
                assert type(command) is ListInstrument
                self._listed(event, command)
        if not self._moved:
            return _NOTHING
        moved, self._moved = self._moved, set()
        return moved

    def _listed(self, event: InstrumentListed, command: ListInstrument) -> None:
        is_quote_driven = command.spec.market is MarketStructure.QUOTE_DRIVEN
        view = self.add(event.instrument_id, event.symbol, is_quote_driven)
        view.ticker_sequence = view.prices_sequence = self.sequence
        view.book.begin_at(self.sequence, self.time_ns)

    def _ticker_moved(self, view: MarketView) -> None:
        view.ticker_sequence = self.sequence
        self._moved.add(view.instrument_id)

    def _status_changed(self, event: StatusChanged) -> None:
        self._ticker_moved(self.views[event.instrument_id])

    def _priced(self, event: PriceAccepted) -> None:
        view = self.views[event.instrument_id]
        view.last_ticks = event.last_ticks
        view.mark_ticks = event.mark_ticks
        view.index_ticks = event.index_ticks
        self._prices_moved(view)
        if view.is_quote_driven:
            self._quote(view, Side.BUY, view.book.best_bid_ticks, event.bid_ticks)
            self._quote(view, Side.SELL, view.book.best_ask_ticks, event.ask_ticks)
            view.candles.price(self.sequence, self.time_ns, event.last_ticks)

    def _quote(self, view: MarketView, side: Side, old_ticks: int, ticks: int) -> None:
        """The house's only level of a side, at which it takes any quantity."""
        if ticks == old_ticks:
            return
        if old_ticks:
            view.book.change(self.sequence, self.time_ns, side, old_ticks, 0)
        view.book.change(self.sequence, self.time_ns, side, ticks, UNSIZED)

    def _prices_moved(self, view: MarketView) -> None:
        view.prices_sequence = self.sequence
        view.prices_ns = view.quotes_ns = self.time_ns
        self._ticker_moved(view)

    def _traded(self, event: Traded) -> None:
        view = self.views[event.instrument_id]
        view.last_ticks = event.price_ticks
        self._prices_moved(view)
        view.candles.trade(self.sequence, self.time_ns, event.price_ticks, event.qty_lots)
        self._print(view, event.trade_id, event.price_ticks, event.qty_lots, event.side)

    def _filled(self, event: OrderFilled) -> None:
        """Where the house is the other side of every trade, a fill is the trade."""
        view = self.views[event.instrument_id]
        if not view.is_quote_driven:
            return
        side = event.side
        if event.liquidity is Liquidity.MAKER:  # the feed came to it: the house took
            side = Side.SELL if side is Side.BUY else Side.BUY
        self._ticker_moved(view)
        view.candles.fill(self.sequence, self.time_ns, event.price_ticks, event.qty_lots)
        self._print(view, event.fill_id, event.price_ticks, event.qty_lots, side)

    def _print(
        self, view: MarketView, trade_id: int, price_ticks: int, qty_lots: int, side: Side
    ) -> None:
        view.tape.add(
            TradeRecord(trade_id, price_ticks, qty_lots, int(side), self.sequence, self.time_ns)
        )

    def _sampled(self, event: PremiumSampled) -> None:
        self.views[event.instrument_id].funding.moved(self.sequence, self.time_ns)
        self._moved.add(event.instrument_id)

    def _funded(self, event: FundingSettled) -> None:
        view = self.views[event.instrument_id]
        terms = event.stamp_ns, event.rate_e8, event.mark_ticks
        view.funding.add(FundingRecord(*terms, self.sequence, self.time_ns))
        self._moved.add(event.instrument_id)

    def _book_changed(self, event: BookChanged) -> None:
        view = self.views[event.instrument_id]
        self._moved.add(event.instrument_id)
        if view.book.change(
            self.sequence, self.time_ns, event.side, event.price_ticks, event.qty_lots
        ):
            view.ticker_sequence = self.sequence
            view.quotes_ns = self.time_ns
