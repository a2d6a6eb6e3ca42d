"""Depth against two dicts, and changes against all that were ever made."""

import random

import pytest

from engine.commands import Side
from gateway.market import l2_book as module
from gateway.market.l2_book import L2Book

BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize("seed", range(5))
def test_a_book_is_its_levels_sorted(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANGES_MAX", 50)
    chance, book = random.Random(seed), L2Book()
    sides: dict[Side, dict[int, int]] = {BUY: {}, SELL: {}}
    touched: list[tuple[int, Side, int]] = []
    for step in range(1, 600):
        side = chance.choice((BUY, SELL))
        price, lots = chance.randrange(1, 30), chance.choice((0, 0, 1, 2, 3))
        best = _best(sides, side)
        old = sides[side].get(best, 0)
        sides[side][price] = lots
        sides[side] = {key: value for key, value in sides[side].items() if value}
        touched.append((step // 2, side, price))

        told = book.change(step // 2, step, side, price, lots)

        changed = (best, old) != (_best(sides, side), sides[side].get(_best(sides, side), 0))
        assert told or not changed
        assert (book.best_bid_ticks, book.best_ask_ticks) == (_best(sides, BUY), _best(sides, SELL))
        assert list(book.bids()) == sorted(sides[BUY].items(), reverse=True)
        assert list(book.asks()) == sorted(sides[SELL].items())
        assert book.level_count == len(sides[BUY]) + len(sides[SELL])
        since = chance.randrange(step // 2 + 1)
        _check_changes(book, sides, touched, since)


def _best(sides: dict[Side, dict[int, int]], side: Side) -> int:
    return (max if side is BUY else min)(sides[side], default=0)


def _check_changes(
    book: L2Book,
    sides: dict[Side, dict[int, int]],
    touched: list[tuple[int, Side, int]],
    since: int,
) -> None:
    """What changed is told with the newest lots; or nothing, if some of it is forgotten."""
    forgotten = touched[:-50]
    changed = book.changed_since(since)
    if forgotten and since < forgotten[-1][0]:
        assert changed is None
        return
    bids = {price for at, side, price in touched if at > since and side is BUY}
    asks = {price for at, side, price in touched if at > since and side is SELL}
    assert changed == (
        [(price, sides[BUY].get(price, 0)) for price in sorted(bids, reverse=True)],
        [(price, sides[SELL].get(price, 0)) for price in sorted(asks)],
    )


def test_a_change_deep_in_the_book_is_not_one_of_its_best() -> None:
    book = L2Book()

    assert [
        book.change(1, 1, BUY, 100, 5),
        book.change(2, 2, BUY, 99, 5),
        book.change(3, 3, BUY, 99, 0),
        book.change(4, 4, BUY, 100, 4),
        book.change(5, 5, BUY, 101, 1),
        book.change(6, 6, BUY, 101, 0),
    ] == [True, False, False, True, True, True]
