"""The public market routes: tickers, books, trades, candles, funding.  Knows the call alone."""

from itertools import islice
from typing import Final, NamedTuple

from aiohttp import web

from engine.market import Market
from gateway import api_replies
from gateway.errors import EdgeCode, edge_error
from gateway.fields import market_of
from gateway.http_calls import Call
from gateway.market import replies
from gateway.market.board import MarketView
from gateway.market.candles import INTERVALS
from gateway.market.funding_replies import funding_reply, settlement_reply

DEPTH_DEFAULT: Final = 100
DEPTH_MAX: Final = 1_000
TIME_MS_MAX: Final = 10**16
_MS_PER_S: Final = 1_000
_NS_PER_S: Final = 1_000_000_000


class Shown(NamedTuple):
    """A market, its settings and status, and what the public sees of it."""

    market: Market
    view: MarketView


def get_ticker(call: Call) -> web.Response:
    """The prices and the last 24 hours of one market, or of all."""
    query = call.query("symbol")
    now_ns = call.venue.clock.now_ns()
    if "symbol" in query:
        return call.reply(replies.ticker_reply(*_shown(call, query), now_ns))
    views = call.venue.board.views
    tickers = [
        replies.ticker_reply(market, views[market.instrument_id], now_ns)
        for market in api_replies.markets(call.venue.state)
    ]
    return call.reply({"tickers": tickers, "sequence": call.venue.state.sequence})


def get_book(call: Call) -> web.Response:
    """The best levels of both sides; the house's bid and ask, of any quantity, if it makes them."""
    query = call.query("symbol", "depth")
    market, view = _shown(call, query)
    depth = _number(query, "depth", DEPTH_DEFAULT, 1, DEPTH_MAX)
    return call.reply(
        {
            "symbol": market.spec.symbol,
            "bids": replies.pairs(islice(view.book.bids(), depth), market.spec),
            "asks": replies.pairs(islice(view.book.asks(), depth), market.spec),
            "time": view.book.time_ns // 1_000_000,
            "sequence": call.venue.state.sequence,
        }
    )


def get_market_trades(call: Call) -> web.Response:
    """The market's latest trades, newest first."""
    query = call.query("symbol", "cursor", "limit")
    page = call.page(query)
    market, view = _shown(call, query)
    trades, more = view.tape.newest(page.below, page.limit)
    return call.reply(
        {
            "symbol": market.spec.symbol,
            "trades": [replies.trade_reply(market.spec, trade) for trade in trades],
            "nextCursor": str(trades[-1].trade_id) if more else None,
            "sequence": call.venue.state.sequence,
        }
    )


def get_candles(call: Call) -> web.Response:
    """Candles that start from `from` to `to`, oldest first: the first ones, or without `from`
    the last ones; `to` is now unless given."""
    query = call.query("symbol", "interval", "from", "to", "limit")
    limit = call.page(query).limit
    market, view = _shown(call, query)
    interval = query.get("interval", "")
    if interval not in INTERVALS:
        raise edge_error(EdgeCode.BAD_QUERY, field="interval", problem=", ".join(INTERVALS))
    now_s = max(call.venue.clock.now_ns() // _NS_PER_S, view.candles.last_start_s)
    to_s = now_s
    if "to" in query:
        to_s = min(now_s, _number(query, "to", 0, 0, TIME_MS_MAX) // _MS_PER_S)
    from_s = None
    if "from" in query:
        from_s = -(-_number(query, "from", 0, 0, TIME_MS_MAX) // _MS_PER_S)
    candles = view.candles.listed(list(INTERVALS).index(interval), from_s, to_s, limit)
    return call.reply(
        {
            "symbol": market.spec.symbol,
            "interval": interval,
            "candles": [replies.candle_reply(market, candle) for candle in candles],
            "sequence": call.venue.state.sequence,
        }
    )


def get_funding_rates(call: Call) -> web.Response:
    """The funding of one market, or of all that have any: the rate to come and the last one."""
    query = call.query("symbol")
    if "symbol" in query:
        return call.reply(funding_reply(*_shown(call, query)))
    views = call.venue.board.views
    rates = [
        funding_reply(market, views[market.instrument_id])
        for market in api_replies.markets(call.venue.state)
        if market.spec.funding_interval_ns
    ]
    return call.reply({"fundingRates": rates, "sequence": call.venue.state.sequence})


def get_funding_history(call: Call) -> web.Response:
    """The stamps of a market that were settled, newest first."""
    query = call.query("symbol", "cursor", "limit")
    page = call.page(query)
    market, view = _shown(call, query)
    stamps, more = view.funding.newest(page.below, page.limit)
    return call.reply(
        {
            "symbol": market.spec.symbol,
            "settlements": [settlement_reply(market, stamp) for stamp in stamps],
            "nextCursor": str(stamps[-1].stamp_ns) if more else None,
            "sequence": call.venue.state.sequence,
        }
    )


def _shown(call: Call, query: dict[str, str]) -> Shown:
    """The market that a query names, with a slash or a dash.  Raises ApiError 400 or 422."""
    text = query.get("symbol")
    if text is None:
        raise edge_error(EdgeCode.BAD_QUERY, field="symbol", problem="is needed")
    board = call.venue.board
    view = board.by_path.get(text)
    market = market_of(call.venue.state, text if view is None else view.symbol)
    return Shown(market, board.views[market.instrument_id])


def _number(query: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number of a query.  Raises ApiError 400."""
    text = query.get(name, str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(high))
    if not is_number or not low <= int(text) <= high:
        raise edge_error(EdgeCode.BAD_QUERY, field=name, problem=f"{low} to {high}")
    return int(text)
