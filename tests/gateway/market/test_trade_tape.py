"""The tape: newest first in pages, oldest first since a sequence, and not without end."""

import pytest

from gateway.market import trade_tape as module
from gateway.market.trade_tape import TradeRecord, TradeTape


def tape(count: int) -> TradeTape:
    """Trades 3, 6, 9 …, two to a command."""
    made = TradeTape()
    for number in range(count):
        made.add(TradeRecord(3 * number + 3, 100, 1, 1, number // 2 + 1, number))
    return made


def ids(trades: list[TradeRecord] | None) -> list[int] | None:
    return None if trades is None else [trade.trade_id for trade in trades]


def test_pages_go_back_from_the_newest() -> None:
    made = tape(5)

    assert [(ids(page), more) for page, more in (made.newest(10**9, 2), made.newest(12, 2))] == [
        ([15, 12], True),
        ([9, 6], True),
    ]
    assert made.newest(6, 2) == ([TradeRecord(3, 100, 1, 1, 1, 0)], False)
    assert ids(made.latest(3)) == [9, 12, 15]


def test_a_reader_gets_what_it_missed_or_learns_that_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TAPE_MAX", 4)
    made = tape(7)  # 3 and 6 were of command 1, 9 of command 2

    assert (made.sequence, made.time_ns) == (4, 6)
    assert [ids(made.since(since)) for since in range(5)] == [
        None,
        None,
        [15, 18, 21],
        [21],
        [],
    ]
