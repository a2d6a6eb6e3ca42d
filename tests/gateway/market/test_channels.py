"""What a channel tells a reader: all of it, what is new, or all of it again."""

import random

import pytest

from gateway.errors import ApiError
from gateway.market import channels as module
from gateway.market import l2_book, trade_tape
from gateway.market.channels import NEW, channel_of
from tests.gateway.house import Json
from tests.gateway.market.desk import BUY, SELL, Desk, decoded


def told(desk: Desk, name: str, since: int) -> Json:
    """The message of a channel to a reader at `since`."""
    channel = channel_of(desk.board, desk.state, lambda: desk.time_ns, name)
    message = decoded(channel.frame(since))
    assert message["channel"] == channel.name == name
    assert message["sequence"] == channel.position()
    return message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("book", "BAD_FIELD"),
        ("ticker", "BAD_FIELD"),
        ("book:", "UNKNOWN_SYMBOL"),
        ("book:XXX", "UNKNOWN_SYMBOL"),
        ("book:BTC/USDT", "UNKNOWN_SYMBOL"),
        ("candles:BTC-USDT", "BAD_FIELD"),
        ("candles:BTC-USDT:2m", "BAD_FIELD"),
        ("candles:XXX:1m", "UNKNOWN_SYMBOL"),
        ("ticker:BTC-USDT:1m", "UNKNOWN_SYMBOL"),
        ("else:BTC-USDT", "BAD_FIELD"),
        ("", "BAD_FIELD"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, code: str) -> None:
    desk = Desk()
    with pytest.raises(ApiError) as refused:
        channel_of(desk.board, desk.state, lambda: 0, name)

    assert refused.value.code == code


@pytest.mark.parametrize("seed", range(4))
def test_a_book_is_rebuilt_by_readers_of_any_pace(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(l2_book, "CHANGES_MAX", 30)
    chance, desk = random.Random(seed), Desk()
    books: list[dict[str, dict[str, str]]] = [{"bids": {}, "asks": {}} for _ in range(3)]
    at = [NEW] * 3
    kinds = set()
    for _ in range(600):
        desk.level(chance.choice((BUY, SELL)), chance.randrange(1, 40), chance.randrange(4))
        for reader, book in enumerate(books):
            if chance.random() > (1.0, 0.2, 0.02)[reader]:
                continue
            message = told(desk, "book:BTC-USDT", at[reader])
            kinds.add(message["type"])
            if message["type"] == "update":
                assert message["prevSequence"] == at[reader]
            else:
                assert (message["prevSequence"], message["data"]["complete"]) == (None, True)
                book.update(bids={}, asks={})
            for side in ("bids", "asks"):
                book[side].update(message["data"][side])
            at[reader] = message["sequence"]
            assert shown(book) == rebuilt_from(desk)
    assert kinds == {"snapshot", "update", "reset"}


def shown(book: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """A reader's book without the levels that are gone."""
    return {
        side: {price: quantity for price, quantity in levels.items() if quantity != "0"}
        for side, levels in book.items()
    }


def rebuilt_from(desk: Desk) -> dict[str, dict[str, str]]:
    """The same of a reader that comes new."""
    data = told(desk, "book:BTC-USDT", NEW)["data"]
    return {side: dict(data[side]) for side in ("bids", "asks")}


def test_a_snapshot_of_a_deep_book_says_that_it_is_not_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BOOK_LEVELS_MAX", 2)
    desk = Desk()
    for price in (97, 98, 99):
        desk.level(BUY, price, 1)
    data = told(desk, "book:BTC-USDT", NEW)["data"]

    assert data["bids"] == [["0.99", "0.000001"], ["0.98", "0.000001"]]
    assert data["complete"] is False


def test_trades_go_on_where_a_reader_was_or_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trade_tape, "TAPE_MAX", 3)
    monkeypatch.setattr(module, "TRADES_MAX", 2)
    desk = Desk()
    assert told(desk, "trades:BTC-USDT", NEW)["data"] == []
    for price in (100, 101, 102, 103):
        desk.trade(price, 1)

    def prices(since: int) -> tuple[str, int | None, list[str]]:
        message = told(desk, "trades:BTC-USDT", since)
        return message["type"], message["prevSequence"], [t["price"] for t in message["data"]]

    assert [prices(since) for since in (NEW, 0, 2, 3, 5)] == [
        ("snapshot", None, ["1.02", "1.03"]),
        ("reset", None, ["1.02", "1.03"]),
        ("update", 2, ["1.01", "1.02", "1.03"]),
        ("update", 3, ["1.02", "1.03"]),
        ("update", 5, []),
    ]


def test_candles_go_on_with_the_one_that_a_reader_saw_growing() -> None:
    desk = Desk()
    desk.time_ns = 1_200 * 10**9
    seen = desk.trade(100, 1)
    desk.wait(30)
    desk.trade(101, 1)
    desk.wait(150)
    last = desk.trade(102, 1)

    def closes(since: int) -> tuple[str, list[tuple[int, str, int]]]:
        message = told(desk, "candles:BTC-USDT:1m", since)
        return message["type"], [
            (candle["time"], candle["close"], candle["trades"]) for candle in message["data"]
        ]

    assert closes(seen) == (
        "update",
        [
            (1_200_000, "1.01", 2),
            (1_260_000, "1.01", 0),
            (1_320_000, "1.01", 0),
            (1_380_000, "1.02", 1),
        ],
    )
    assert closes(last - 1) == ("update", closes(seen)[1][1:])
    desk.wait(60)
    assert closes(NEW) == ("snapshot", [*closes(seen)[1], (1_440_000, "1.02", 0)])


def test_candles_too_many_for_a_reader_begin_anew() -> None:
    desk = Desk()
    seen = desk.trade(100, 1)
    desk.wait(3_600)
    desk.trade(101, 1)
    message = told(desk, "candles:BTC-USDT:1s", seen)

    assert (message["type"], len(message["data"])) == ("reset", 100)
    assert message["data"][-1]["close"] == "1.01"
    assert told(desk, "candles:BTC-USDT:1h", seen)["type"] == "update"


def test_a_mark_is_the_newest_alone() -> None:
    desk = Desk()
    desk.price(0, 0, 100, 101, 102)
    message = told(desk, "mark:BTC-USDT", 1)

    assert (message["type"], message["data"]["mark"], message["time"]) == (
        "update",
        "1.01",
        desk.time_ns // 10**6,
    )
