"""Views to the shapes of the API: exact decimals, and what is null when."""

import msgspec

from gateway.market.replies import (
    candle_reply,
    mark_reply,
    pairs,
    ticker_reply,
    trade_reply,
)
from tests.gateway.house import Json, market
from tests.gateway.market.desk import BUY, SELL, Desk


def plain(reply: object) -> Json:
    """The reply as clients decode it."""
    return msgspec.json.decode(msgspec.json.encode(reply))


def test_a_ticker_before_the_first_price() -> None:
    desk = Desk()
    ticker = plain(ticker_reply(desk.market, desk.view, desk.time_ns))

    empty = ("bid", "bidQuantity", "ask", "askQuantity", "last", "mark", "index")
    day = ("open24h", "high24h", "low24h", "change24h", "changePercent24h")
    assert ticker == {
        "symbol": "BTC/USDT",
        "status": "TRADING",
        "time": 0,
        **dict.fromkeys((*empty, *day)),
        "volume24h": "0",
        "quoteVolume24h": "0",
        "trades24h": 0,
    }


def test_a_ticker_between_users() -> None:
    desk = Desk()
    desk.price(0, 0, 2_000_000, 2_000_100, 2_000_200)
    desk.trade(2_100_000, 500_000)
    desk.wait(60)
    desk.trade(1_900_001, 250_000, SELL)
    desk.trade(2_000_000, 1, SELL)
    desk.level(BUY, 1_999_999, 3)
    desk.level(SELL, 2_000_001, 1_000_000)

    assert plain(ticker_reply(desk.market, desk.view, desk.time_ns)) == {
        "symbol": "BTC/USDT",
        "status": "TRADING",
        "bid": "19999.99",
        "bidQuantity": "0.000003",
        "ask": "20000.01",
        "askQuantity": "1",
        "last": "20000",
        "mark": "20001",
        "index": "20002",
        "time": 1_060_000,
        "open24h": "21000",
        "high24h": "21000",
        "low24h": "19000.01",
        "change24h": "-1000",
        "changePercent24h": "-4.761905",
        "volume24h": "0.750001",
        "quoteVolume24h": "15250.0225",
        "trades24h": 3,
    }


def test_the_house_has_no_sizes_and_a_day_without_trades_repeats_the_price() -> None:
    desk = Desk(market("BTC/USDT"))
    desk.price(2_000_000, 2_000_002, 2_000_001, 2_000_001, 2_000_001)
    later = plain(ticker_reply(desk.market, desk.view, desk.time_ns + 2 * 86_400 * 10**9))

    assert (later["bid"], later["bidQuantity"], later["askQuantity"]) == ("20000", None, None)
    assert [later[name] for name in ("open24h", "high24h", "low24h", "change24h")] == [
        "20000.01",
        "20000.01",
        "20000.01",
        "0",
    ]


def test_marks_levels_trades_and_candles() -> None:
    desk = Desk()
    desk.price(0, 0, 150, 151, 152)
    desk.time_ns += 1_234_567
    desk.trade(153, 7, SELL)
    trade = desk.view.tape.latest(1)[0]

    assert plain(mark_reply(desk.market, desk.view)) == {
        "symbol": "BTC/USDT",
        "mark": "1.51",
        "index": "1.52",
        "last": "1.53",
        "time": 1_000_001,
    }
    assert pairs([(150, 2), (149, 10**6)], desk.spec) == [("1.5", "0.000002"), ("1.49", "1")]
    assert plain(trade_reply(desk.spec, trade)) == {
        "tradeId": "3",
        "price": "1.53",
        "quantity": "0.000007",
        "side": "SELL",
        "sequence": 3,
        "time": 1_000_001,
        "timeNs": "1000001234567",
    }
    assert plain(candle_reply(desk.market, desk.view.candles.recent(0)[0])) == {
        "time": 1_000_000,
        "open": "1.53",
        "high": "1.53",
        "low": "1.53",
        "close": "1.53",
        "volume": "0.000007",
        "quoteVolume": "0.00001071",
        "trades": 1,
    }
