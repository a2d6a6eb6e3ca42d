"""The tape of stamps: newest first in pages, oldest first since a sequence, and not without end."""

import pytest

from gateway.market import funding_tape as module
from gateway.market.funding_tape import FundingRecord, FundingTape


def tape(count: int) -> FundingTape:
    """A stamp a minute, settled a second later by every second command."""
    made = FundingTape()
    for number in range(1, count + 1):
        made.add(FundingRecord(number * 60, number, 100, 2 * number, number * 60 + 1))
    return made


def stamps(records: list[FundingRecord] | None) -> list[int] | None:
    return None if records is None else [record.stamp_ns // 60 for record in records]


def test_pages_go_back_from_the_newest() -> None:
    made = tape(5)

    pages = [made.newest(10**9, 2), made.newest(4 * 60, 2), made.newest(2 * 60, 2)]
    assert [(stamps(page), more) for page, more in pages] == [
        *(([5, 4], True), ([3, 2], True), ([1], False)),
    ]
    assert (made.last, FundingTape().last) == (FundingRecord(300, 5, 100, 10, 301), None)


def test_a_sample_moves_the_tape_and_adds_nothing() -> None:
    made = tape(1)
    made.moved(7, 99)

    assert (made.sequence, made.time_ns, list(made.records())) == (
        *(7, 99, [FundingRecord(60, 1, 100, 2, 61)]),
    )


def test_a_reader_gets_what_it_missed_or_learns_that_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "KEPT_MAX", 3)
    made = tape(5)  # the stamps of commands 2 and 4 are gone

    told = [stamps(made.since(since)) for since in (3, 4, 5, 6, 10)]
    assert told == [None, [3, 4, 5], [3, 4, 5], [4, 5], []]
