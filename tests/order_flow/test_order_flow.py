"""Recorded depth and trades, made into orders: the book follows the exchange's, everything adds up.

A slice of each recording; `python -m tests.order_flow --file FILE` replays all of one.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.commands import BUY
from engine.events import BookChanged
from tests.order_flow.files import FILES, FOLDER, replayed_twice
from tests.order_flow.orders import INSTRUMENT
from tests.order_flow.rebuilt_book import RebuiltBook

LINES: dict[str, int] = dict(zip(FILES, (900, 900), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_recorded_order_flow_trades_as_it_was_recorded(
    shared: Path, name: str, count: Callable[[str, int], None]
) -> None:
    counts = replayed_twice(shared / FOLDER / name, lines_max=LINES[name], check_every=250).counts

    assert counts["depth messages"] > 0 == counts["depth messages while the fund offers"]
    assert counts["sweeps that traded as recorded"] + counts["sweeps refused"] == counts["sweeps"]
    assert counts["lots traded"] >= counts["lots recorded"] - counts["lots refused"] > 0
    assert counts["makers who took"] == 0
    count("order flow: commands", counts["commands"])
    count("order flow: trades", counts["event Traded"])
    count("order flow: depth messages whose book is the engine's", counts["depth messages"])


def test_a_change_that_changes_nothing_is_noticed() -> None:
    book = RebuiltBook(INSTRUMENT)
    book.observe([BookChanged(INSTRUMENT, BUY, 100, 5)])

    with pytest.raises(AssertionError, match="changes nothing"):
        book.observe([BookChanged(INSTRUMENT, BUY, 100, 5)])


def test_changes_out_of_order_are_noticed() -> None:
    with pytest.raises(AssertionError):
        RebuiltBook(INSTRUMENT).observe(
            [BookChanged(INSTRUMENT, BUY, 100, 5), BookChanged(INSTRUMENT, BUY, 101, 5)]
        )
