"""What clients get of a market: views to the shapes of the API.  Knows shapes; changes nothing."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import field

from engine.commands import Side
from engine.instrument import InstrumentSpec
from engine.market import Market
from engine.units import E8, div_floor
from gateway.decimals import percent_text_from_e8, text_from_e8
from gateway.market.board import MarketView
from gateway.market.candles import Candle
from gateway.market.l2_book import UNSIZED, Level
from gateway.market.trade_tape import TradeRecord

_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000
_SIDE: Final = ("", "BUY", "SELL")

Pair = tuple[str, str | None]  # price, quantity


class Reply(msgspec.Struct, rename="camel", gc=False):
    """Base of all replies."""


class TickerReply(Reply):
    """The prices of a market and its last 24 hours; null before the first price.

    Quantities are null where the house takes any.
    """

    symbol: str
    status: str
    bid: str | None
    bid_quantity: str | None
    ask: str | None
    ask_quantity: str | None
    last: str | None
    mark: str | None
    index: str | None
    time: int
    open_24h: str | None = field(name="open24h")
    high_24h: str | None = field(name="high24h")
    low_24h: str | None = field(name="low24h")
    change_24h: str | None = field(name="change24h")
    change_percent_24h: str | None = field(name="changePercent24h")
    volume_24h: str = field(name="volume24h")
    quote_volume_24h: str = field(name="quoteVolume24h")
    trades_24h: int = field(name="trades24h")


class MarkReply(Reply):
    """The prices that positions are valued by."""

    symbol: str
    mark: str | None
    index: str | None
    last: str | None
    time: int


class BookReply(Reply):
    """Levels as (price, quantity), best first; in an update quantity 0 is a level that is gone.

    Quantities are null where the house takes any.
    """

    symbol: str
    bids: list[Pair]
    asks: list[Pair]


class TradeReply(Reply):
    """One trade.  side: the taker's."""

    trade_id: str
    price: str
    quantity: str
    side: str
    sequence: int
    time: int
    time_ns: str


class CandleReply(Reply):
    """One period from `time` on.  volume in the base asset, quoteVolume in the settlement's."""

    time: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    quote_volume: str
    trades: int


def _price(ticks: int, spec: InstrumentSpec) -> str | None:
    return text_from_e8(ticks * spec.tick_size_e8) if ticks else None


def _quantity(lots: int, spec: InstrumentSpec) -> str | None:
    return None if lots == UNSIZED else text_from_e8(lots * spec.lot_size_e8)


def ticker_reply(market: Market, view: MarketView, now_ns: int) -> TickerReply:
    """A market's ticker, its 24 hours ending at `now_ns`."""
    spec, book = market.spec, view.book
    bid, ask = book.best_bid_ticks, book.best_ask_ticks
    day = view.day.at(now_ns // _NS_PER_S)
    change_e8 = 0 if day is None else (day.close_ticks - day.open_ticks) * spec.tick_size_e8
    share_e8 = 0 if day is None else _change_share_e8(day)
    return TickerReply(
        spec.symbol,
        market.status.name,
        _price(bid, spec),
        _quantity(book.lots(Side.BUY, bid), spec) if bid else None,
        _price(ask, spec),
        _quantity(book.lots(Side.SELL, ask), spec) if ask else None,
        _price(view.last_ticks, spec),
        _price(view.mark_ticks, spec),
        _price(view.index_ticks, spec),
        view.quotes_ns // _NS_PER_MS,
        None if day is None else _price(day.open_ticks, spec),
        None if day is None else _price(day.high_ticks, spec),
        None if day is None else _price(day.low_ticks, spec),
        None if day is None else text_from_e8(change_e8),
        None if day is None else percent_text_from_e8(share_e8),
        "0" if day is None else text_from_e8(day.qty_lots * spec.lot_size_e8),
        "0" if day is None else text_from_e8(day.value * market.k),
        0 if day is None else day.trades,
    )


def _change_share_e8(day: Candle) -> int:
    """The change of a day as a share of its open, floored for display."""
    return div_floor((day.close_ticks - day.open_ticks) * E8, day.open_ticks)


def mark_reply(market: Market, view: MarketView) -> MarkReply:
    """A market's mark, index and last."""
    spec = market.spec
    return MarkReply(
        spec.symbol,
        _price(view.mark_ticks, spec),
        _price(view.index_ticks, spec),
        _price(view.last_ticks, spec),
        view.prices_ns // _NS_PER_MS,
    )


def pairs(levels: Iterable[Level], spec: InstrumentSpec) -> list[Pair]:
    """Levels as prices and quantities."""
    tick_e8 = spec.tick_size_e8
    return [(text_from_e8(ticks * tick_e8), _quantity(lots, spec)) for ticks, lots in levels]


def trade_reply(spec: InstrumentSpec, trade: TradeRecord) -> TradeReply:
    """A trade."""
    return TradeReply(
        str(trade.trade_id),
        text_from_e8(trade.price_ticks * spec.tick_size_e8),
        text_from_e8(trade.qty_lots * spec.lot_size_e8),
        _SIDE[trade.side],
        trade.sequence,
        trade.time_ns // _NS_PER_MS,
        str(trade.time_ns),
    )


def candle_reply(market: Market, candle: Candle) -> CandleReply:
    """A candle."""
    spec = market.spec
    tick_e8 = spec.tick_size_e8
    return CandleReply(
        candle.start_s * 1_000,
        text_from_e8(candle.open_ticks * tick_e8),
        text_from_e8(candle.high_ticks * tick_e8),
        text_from_e8(candle.low_ticks * tick_e8),
        text_from_e8(candle.close_ticks * tick_e8),
        text_from_e8(candle.qty_lots * spec.lot_size_e8),
        text_from_e8(candle.value * market.k),
        candle.trades,
    )
