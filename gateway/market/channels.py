"""The public channels: for each, how far it is and what takes a reader there from where it was.

A channel's position is the sequence of the last command that changed it.  A reader that knows
nothing yet is at NEW and gets a `snapshot`; one too far behind gets a `reset` of the same shape.
Knows views and messages; knows no connection.
"""

from collections.abc import Callable
from itertools import islice
from typing import Final, Protocol, final

import msgspec

from engine.market import Market
from engine.reject_reason import RejectReason
from engine.state import State
from gateway.decimals import SHOWN_CHARS
from gateway.errors import EdgeCode, edge_error, reason_error
from gateway.market import replies
from gateway.market.board import Board, MarketView, path_symbol
from gateway.market.candles import INTERVALS
from gateway.market.funding_replies import funding_reply, settlement_reply
from gateway.market.l2_book import L2Book, Level
from gateway.outbox import frame
from gateway.replies import api_replies
from gateway.streams import message_frame

KINDS: Final = ("ticker", "mark", "book", "trades", "candles", "funding")
NEW: Final = -1
BOOK_LEVELS_MAX: Final = 2_000  # of a side, in a snapshot
TRADES_MAX: Final = 100
CANDLES_MAX: Final = 100
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000

NowNs = Callable[[], int]


class SequencedMessage(msgspec.Struct, rename="camel", gc=False):
    """A message that goes on where the one of `prev_sequence` ended; null begins anew."""

    channel: str
    type: str
    sequence: int
    prev_sequence: int | None
    time: int
    data: object


class Channel(Protocol):
    """One channel of one market."""

    @property
    def name(self) -> str:
        """What clients call it."""
        ...

    @property
    def instrument_id(self) -> int:
        """The market."""
        ...

    def position(self) -> int:
        """The sequence of the last command that changed it."""
        ...

    def frame(self, since: int) -> bytes:
        """The message that takes a reader from `since` to the position.  Call when settled."""
        ...


def _kind(since: int) -> str:
    return "snapshot" if since == NEW else "update"


@final
class Ticker:
    """`ticker:SYMBOL`: the newest ticker, whole."""

    def __init__(self, market: Market, view: MarketView, now_ns: NowNs) -> None:
        self.name: Final = f"ticker:{path_symbol(view.symbol)}"
        self.instrument_id: Final = view.instrument_id
        self._market: Final = market
        self._view: Final = view
        self._now_ns: Final = now_ns

    def position(self) -> int:
        """Where prices, status, best levels or statistics last changed."""
        return self._view.ticker_sequence

    def frame(self, since: int) -> bytes:
        """The ticker as it is."""
        ticker = replies.ticker_reply(self._market, self._view, self._now_ns())
        return message_frame(self.name, _kind(since), self.position(), ticker.time, ticker)


@final
class Mark:
    """`mark:SYMBOL`: the newest mark, index and last."""

    def __init__(self, market: Market, view: MarketView) -> None:
        self.name: Final = f"mark:{path_symbol(view.symbol)}"
        self.instrument_id: Final = view.instrument_id
        self._market: Final = market
        self._view: Final = view

    def position(self) -> int:
        """Where one of the prices last changed."""
        return self._view.prices_sequence

    def frame(self, since: int) -> bytes:
        """The prices as they are."""
        mark = replies.mark_reply(self._market, self._view)
        return message_frame(self.name, _kind(since), self.position(), mark.time, mark)


class BookSnapshot(replies.BookReply):
    """Levels of a whole book.  complete: whether each side's levels are all there."""

    complete: bool


@final
class Book:
    """`book:SYMBOL`: all levels, then those that changed, without a gap."""

    def __init__(self, market: Market, view: MarketView) -> None:
        self.name: Final = f"book:{path_symbol(view.symbol)}"
        self.instrument_id: Final = view.instrument_id
        self._market: Final = market
        self._book: Final = view.book

    def position(self) -> int:
        """Where a level last changed."""
        return self._book.sequence

    def frame(self, since: int) -> bytes:
        """The levels that changed after `since`, with what they show now."""
        changed = None if since == NEW else self._book.changed_since(since)
        spec = self._market.spec
        if changed is None:
            bids, asks, complete = _best(self._book)
            kind, before = "snapshot" if since == NEW else "reset", None
            data: replies.BookReply = BookSnapshot(
                spec.symbol, replies.pairs(bids, spec), replies.pairs(asks, spec), complete
            )
        else:
            kind, before = "update", since
            bids_asks = (replies.pairs(levels, spec) for levels in changed)
            data = replies.BookReply(spec.symbol, *bids_asks)
        time_ms = self._book.time_ns // _NS_PER_MS
        return _sequenced(self.name, kind, self.position(), before, time_ms, data)


def _best(book: L2Book) -> tuple[list[Level], list[Level], bool]:
    """The best levels of both sides, and whether they are all."""
    bids = list(islice(book.bids(), BOOK_LEVELS_MAX))
    asks = list(islice(book.asks(), BOOK_LEVELS_MAX))
    return bids, asks, len(bids) + len(asks) == book.level_count


@final
class Trades:
    """`trades:SYMBOL`: the latest trades, then the new ones, oldest first, without a gap."""

    def __init__(self, market: Market, view: MarketView) -> None:
        self.name: Final = f"trades:{path_symbol(view.symbol)}"
        self.instrument_id: Final = view.instrument_id
        self._market: Final = market
        self._tape: Final = view.tape

    def position(self) -> int:
        """Where the last trade happened."""
        return self._tape.sequence

    def frame(self, since: int) -> bytes:
        """The trades after `since`."""
        trades = None if since == NEW else self._tape.since(since)
        kind, before = "update", since if trades is not None else None
        if trades is None:
            kind = "snapshot" if since == NEW else "reset"
            trades = self._tape.latest(TRADES_MAX)
        spec = self._market.spec
        data = [replies.trade_reply(spec, trade) for trade in trades]
        time_ms = self._tape.time_ns // _NS_PER_MS
        return _sequenced(self.name, kind, self.position(), before, time_ms, data)


@final
class CandleSeries:
    """`candles:SYMBOL:INTERVAL`: the last periods, then those that changed, oldest first."""

    def __init__(self, market: Market, view: MarketView, interval: str, now_ns: NowNs) -> None:
        self.name: Final = f"candles:{path_symbol(view.symbol)}:{interval}"
        self.instrument_id: Final = view.instrument_id
        self._market: Final = market
        self._candles: Final = view.candles
        self._place: Final = list(INTERVALS).index(interval)
        self._interval_s: Final = INTERVALS[interval]
        self._now_ns: Final = now_ns

    def position(self) -> int:
        """Where a candle last changed."""
        return self._candles.sequence

    def frame(self, since: int) -> bytes:
        """The periods from the first that changed after `since`."""
        candles, place = self._candles, self._place
        to_s = candles.last_start_s
        from_s = None if since == NEW else candles.changed_since(place, since, CANDLES_MAX)
        kind = "update"
        if from_s is None or to_s - from_s >= CANDLES_MAX * self._interval_s:
            kind, from_s = "snapshot" if since == NEW else "reset", None
            to_s = max(to_s, self._now_ns() // _NS_PER_S)
        listed = candles.listed(place, from_s, to_s, CANDLES_MAX)
        data = [replies.candle_reply(self._market, candle) for candle in listed]
        time_ms = candles.last_start_s * 1_000
        return message_frame(self.name, kind, self.position(), time_ms, data)


@final
class Funding:
    """`funding:SYMBOL`: the rate to come after each sample, and every stamp without a gap."""

    def __init__(self, market: Market, view: MarketView) -> None:
        self.name: Final = f"funding:{path_symbol(view.symbol)}"
        self.instrument_id: Final = view.instrument_id
        self._market: Final = market
        self._view: Final = view

    def position(self) -> int:
        """Where the last sample was taken or stamp settled."""
        return self._view.funding.sequence

    def frame(self, since: int) -> bytes:
        """The funding as it is, with the stamps settled after `since`."""
        tape = self._view.funding
        settled = [] if since == NEW else tape.since(since)
        kind, before = "update", None if settled is None or since == NEW else since
        if before is None:
            kind = "snapshot" if since == NEW else "reset"
        data = funding_reply(self._market, self._view)
        data.settlements = [settlement_reply(self._market, stamp) for stamp in settled or []]
        return _sequenced(self.name, kind, self.position(), before, data.time, data)


def _sequenced(
    name: str, kind: str, sequence: int, before: int | None, time_ms: int, data: object
) -> bytes:
    message = SequencedMessage(name, kind, sequence, before, time_ms, data)
    return frame(api_replies.encode(message))


def channel_of(board: Board, state: State, now_ns: NowNs, name: str) -> Channel:
    """The channel of a name.  Raises ApiError 400, or 422 if there is no such market."""
    kind, colon, rest = name.partition(":")
    interval = ""
    if kind == "candles":
        rest, _, interval = rest.rpartition(":")
    if kind not in KINDS or not colon or (kind == "candles") != (interval in INTERVALS):
        raise edge_error(EdgeCode.BAD_FIELD, field="channels", problem=name[:SHOWN_CHARS])
    view = board.by_path.get(rest)
    market = None if view is None else state.market(view.instrument_id)
    if view is None or market is None:
        raise reason_error(RejectReason.UNKNOWN_SYMBOL, field="channels")
    if kind == "ticker":
        return Ticker(market, view, now_ns)
    if kind == "mark":
        return Mark(market, view)
    if kind == "book":
        return Book(market, view)
    if kind == "trades":
        return Trades(market, view)
    if kind == "funding":
        return Funding(market, view)
    return CandleSeries(market, view, interval, now_ns)
