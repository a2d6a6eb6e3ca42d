"""A board through the bytes of a snapshot and back."""

import random
from typing import Any

import pytest

from engine.engine import Engine
from engine.events import Liquidity
from engine.state import State
from gateway.history.keeper import History
from gateway.history.rows import HistoryUnknown, history_rows
from gateway.market.board import Board
from gateway.market.board_rows import board_rows, is_board_row, load_board
from snapshots.store import pack_snapshot, unpack_snapshot
from tests.gateway.house import market
from tests.gateway.market.desk import BUY, SELL, Desk

LEDGER = b"\1" * 16


def busy_day(seed: int, is_house: bool) -> Desk:
    """A few hundred commands over two days."""
    chance = random.Random(seed)
    desk = Desk(market("BTC/USDT") if is_house else None)
    desk.price(99 * is_house, 101 * is_house, 100, 100, 100)
    for _ in range(400):
        step(desk, chance, is_house)
    return desk


def step(desk: Desk, chance: random.Random, is_house: bool) -> None:
    """One command, after a while."""
    desk.wait(chance.choice((0, 0, 1, 20, 60, 900)))
    price, lots = chance.randrange(90, 110), chance.randrange(1, 9)
    side = chance.choice((BUY, SELL))
    if is_house and chance.random() < 0.5:
        desk.price(price, price + 2, price + 1, price, price)
    elif is_house:
        desk.fill(price, lots, side, chance.choice(list(Liquidity)))
    elif chance.random() < 0.5:
        desk.level(side, price - 20 * (side is BUY), chance.choice((0, lots)))
    else:
        desk.trade(price, lots, side)


@pytest.mark.parametrize("is_house", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_rows_bring_back_the_same_board_and_it_goes_on_alike(seed: int, is_house: bool) -> None:
    desk = busy_day(seed, is_house)
    rows = board_rows(desk.board)
    content = pack_snapshot(Engine(State()).state, LEDGER, history_rows(History()) + rows)
    _, extra = unpack_snapshot(content, LEDGER)
    again = Board()
    load_board(again, [row for row in extra if is_board_row(row)])

    assert board_rows(again) == rows
    now_s = desk.time_ns // 10**9
    assert again.views[1].day.at(now_s) == desk.view.day.at(now_s)
    other = Desk(desk.spec)
    other.board, other.time_ns, other.fill_id = again, desk.time_ns, desk.fill_id
    for one, chance in ((desk, random.Random(9)), (other, random.Random(9))):
        for _ in range(50):
            step(one, chance, is_house)
    assert board_rows(again) == board_rows(desk.board)


def test_sums_beyond_63_bits_are_stored() -> None:
    desk = Desk()
    for _ in range(3):
        desk.trade(10**12, 10**15)
    again = Board()
    content = pack_snapshot(State(), LEDGER, board_rows(desk.board))
    load_board(again, unpack_snapshot(content, LEDGER)[1])

    assert again.views[1].candles.recent(0)[0].value == 3 * 10**27


def test_what_changed_before_the_snapshot_is_told_as_a_reset() -> None:
    desk = Desk()
    before = desk.level(BUY, 100, 5)
    at = desk.level(BUY, 101, 5)
    again = Board()
    load_board(again, board_rows(desk.board))

    book = again.views[1].book
    assert (book.changed_since(before), book.changed_since(at)) == (None, ([], []))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(100, 99, 1, 1)],
        [(100, 1, 5)],
        [(100, 1, 5, 5), (102, 1, 100, 1)],
        [(100, 1, 5, 5), (101, 1)],
        [(100, 1, 5, 5), (101, 1, "A/B", True, *range(9)), (199, 1)],
        [(100, 1, 5, 5), (101, 1, "A/B", True, *range(9)), (104, 77, *range(10))],
        [(100, 1, 5, 5), (101, 1, "A/B", True, *range(9)), (103, 1, 2)],
    ],
)
def test_rows_of_something_else_are_no_board(rows: list[Any]) -> None:
    with pytest.raises(HistoryUnknown):
        load_board(Board(), rows)


def test_rows_of_the_history_are_told_apart() -> None:
    history, board = history_rows(History()), board_rows(Desk().board)

    assert not any(is_board_row(row) for row in history)
    assert all(is_board_row(row) for row in board)
