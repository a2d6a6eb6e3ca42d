"""A history as rows of a snapshot and back."""

import pytest

from gateway.history.keeper import History
from gateway.history.rows import HistoryUnknown, history_rows, load_history
from snapshots.store import pack_snapshot, unpack_snapshot
from tests.gateway.history.test_keeper import random_day


@pytest.mark.parametrize("seed", range(3))
def test_rows_bring_back_the_same_history(seed: int) -> None:
    desk = random_day(seed, 300)
    rows = history_rows(desk.history)
    content = pack_snapshot(desk.engine.state, b"\1" * 16, rows)
    _, extra = unpack_snapshot(content, b"\1" * 16)

    again = History()
    load_history(again, extra)

    assert history_rows(again) == rows
    desk.price(2_000_000)
    before = again.account(1).by_client_id.keys()
    assert before == desk.history.account(1).by_client_id.keys()


def test_rows_of_something_else_are_no_history() -> None:
    for rows in ([], [(9, 1, 1)], [(0, 5, 5), (99, 1)], [(0, 5, 5), (1, 1, 0), (1, "x")]):
        with pytest.raises((HistoryUnknown, IndexError)):
            load_history(History(), rows)
