"""The public market routes: tickers, books, trades, candles, funding.  Knows the call alone."""

from itertools import islice
from typing import Final, NamedTuple

from aiohttp import web

from engine.market import Market
from gateway.errors import EdgeCode, edge_error
from gateway.fields import market_of
from gateway.http_calls import Call
from gateway.market import replies
from gateway.market.board import MarketView
from gateway.market.candles import INTERVALS
from gateway.market.funding_replies import funding_reply, settlement_reply
from gateway.replies import api_replies

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
    now_ns = call.venue.clock.now_ns()
    if "symbol" in call.query:
        return call.reply(replies.ticker_reply(*_shown(call), now_ns))
    views = call.venue.board.views
    tickers = [
        replies.ticker_reply(market, views[market.instrument_id], now_ns)
        for market in api_replies.markets(call.venue.state)
    ]
    return call.reply({"tickers": tickers, "sequence": call.venue.state.sequence})


def get_book(call: Call) -> web.Response:
    """The best levels of both sides; the house's bid and ask, of any quantity, if it makes them."""
    market, view = _shown(call)
    depth = _number(call.query, "depth", DEPTH_DEFAULT, 1, DEPTH_MAX)
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
    page = call.page()
    market, view = _shown(call)
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
    query = call.query
    limit = call.page().limit
    market, view = _shown(call)
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
    if "symbol" in call.query:
        return call.reply(funding_reply(*_shown(call)))
    views = call.venue.board.views
    rates = [
        funding_reply(market, views[market.instrument_id])
        for market in api_replies.markets(call.venue.state)
        if market.spec.funding_interval_ns
    ]
    return call.reply({"fundingRates": rates, "sequence": call.venue.state.sequence})


def get_funding_history(call: Call) -> web.Response:
    """The stamps of a market that were settled, newest first."""
    page = call.page()
    market, view = _shown(call)
    stamps, more = view.funding.newest(page.below, page.limit)
    return call.reply(
        {
            "symbol": market.spec.symbol,
            "settlements": [settlement_reply(market, stamp) for stamp in stamps],
            "nextCursor": str(stamps[-1].stamp_ns) if more else None,
            "sequence": call.venue.state.sequence,
        }
    )


def _shown(call: Call) -> Shown:
    """The market that a query names, with a slash or a dash.  Raises ApiError 400 or 422."""
    text = call.query.get("symbol")
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
