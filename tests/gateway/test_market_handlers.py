"""The public market routes of a running venue: what they answer, and what they refuse."""

import pytest

from tests.gateway.house import Client, House
from tests.gateway.market.floor import PATH, PERP, asked, furnished, limit


async def traded(house: House) -> int:
    """Bob takes 0.5 at 20,001 and 0.2 at 20,002 a minute after Alice's orders; the sequence."""
    alice, bob = await furnished(house, "alice", "bob")
    await limit(alice, "SELL", "20001", "0.5")
    await limit(alice, "SELL", "20002", "0.5")
    await limit(alice, "BUY", "19999", "0.25")
    house.now_ns += 60_000_000_000
    await limit(bob, "BUY", "20002", "0.7")
    return house.venue.state.sequence


async def test_what_users_do_is_what_the_public_sees(house: House) -> None:
    sequence = await traded(house)

    assert await asked(house, f"/api/book?symbol={PATH}&depth=1") == {
        "symbol": PERP,
        "bids": [["19999", "0.25"]],
        "asks": [["20002", "0.3"]],
        "time": house.now_ns // 10**6,
        "sequence": sequence,
    }
    trades = await asked(house, f"/api/market-trades?symbol={PATH}&limit=1")
    newest = trades["trades"][0]
    assert trades == {
        "symbol": PERP,
        "trades": [
            {
                "tradeId": newest["tradeId"],
                "price": "20002",
                "quantity": "0.2",
                "side": "BUY",
                "sequence": sequence,
                "time": house.now_ns // 10**6,
                "timeNs": str(house.now_ns),
            }
        ],
        "nextCursor": newest["tradeId"],
        "sequence": sequence,
    }
    older = await asked(house, f"/api/market-trades?symbol={PATH}&cursor={trades['nextCursor']}")
    assert [(t["price"], t["quantity"]) for t in older["trades"]] == [("20001", "0.5")]
    assert older["nextCursor"] is None


async def test_candles_and_a_ticker_are_of_the_trades(house: House) -> None:
    first_ns = house.now_ns
    sequence = await traded(house)

    minute_ms = house.now_ns // 60_000_000_000 * 60_000
    assert await asked(house, f"/api/candles?symbol={PATH}&interval=1m&from={minute_ms}") == {
        "symbol": PERP,
        "interval": "1m",
        "candles": [
            {
                "time": minute_ms,
                "open": "20001",
                "high": "20002",
                "low": "20001",
                "close": "20002",
                "volume": "0.7",
                "quoteVolume": "14000.9",
                "trades": 2,
            }
        ],
        "sequence": sequence,
    }
    ticker = await asked(house, f"/api/ticker?symbol={PATH}")
    shown = ("bid", "bidQuantity", "ask", "askQuantity", "last", "mark", "volume24h", "change24h")
    assert [ticker[name] for name in shown] == [
        *("19999", "0.25", "20002", "0.3", "20002", "20000", "0.7", "1"),
    ]
    assert first_ns // 10**6 < ticker["time"]


async def test_the_house_shows_its_bid_and_ask_without_quantities(house: House) -> None:
    alice = await house.user("alice")
    await alice.order(amount="10")
    book = await asked(house, "/api/book?symbol=BTC/USDT")
    trades = await asked(house, "/api/market-trades?symbol=BTC-USDT")
    candles = await asked(house, "/api/candles?symbol=BTC-USDT&interval=1d&limit=1")

    assert (book["bids"], book["asks"]) == ([["20000", None]], [["20000", None]])
    assert [(t["price"], t["quantity"], t["side"]) for t in trades["trades"]] == [
        ("20000", "0.005", "BUY")
    ]
    assert [(c["close"], c["volume"], c["trades"]) for c in candles["candles"]] == [
        ("20000", "0.005", 1)
    ]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/book", 400, "BAD_QUERY"),
        ("/api/book?symbol=XXX", 422, "UNKNOWN_SYMBOL"),
        ("/api/book?symbol=BTC-USDT&depth=0", 400, "BAD_QUERY"),
        ("/api/book?symbol=BTC-USDT&depth=1001", 400, "BAD_QUERY"),
        ("/api/book?symbol=BTC-USDT&depth=%D9%A3", 400, "BAD_QUERY"),
        ("/api/book?symbol=BTC-USDT&depht=5", 400, "UNKNOWN_FIELD"),
        ("/api/market-trades?symbol=BTC-USDT&limit=1001", 400, "BAD_QUERY"),
        ("/api/market-trades?symbol=BTC-USDT&cursor=x", 400, "BAD_QUERY"),
        ("/api/candles?symbol=BTC-USDT", 400, "BAD_QUERY"),
        ("/api/candles?symbol=BTC-USDT&interval=2m", 400, "BAD_QUERY"),
        ("/api/candles?symbol=BTC-USDT&interval=1m&from=-1", 400, "BAD_QUERY"),
        ("/api/candles?symbol=BTC-USDT&interval=1m&to=99999999999999999999", 400, "BAD_QUERY"),
        ("/api/ticker?symbol=XXX", 422, "UNKNOWN_SYMBOL"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(
    house: House, path: str, status: int, code: str
) -> None:
    reply = await Client(house.session, house.url, None).get(path)

    assert (reply.status, reply.code) == (status, code)
