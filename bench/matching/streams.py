"""Streams of orders drawn from a seed, and how they are kept in a file.  Knows no engine.

One command is a row of eight integers, in the shape that the peers' bench gave it:

    LIMIT   id  user  side  price  lots  0  0
    MARKET  id  user  side  0      lots  0  0   always finds enough
    CANCEL  id  user  side  price  lots  0  0   price, lots: where and how it rests
    MOVE    id  user  side  price  lots  0  old price   loses its place; lots: what still rests

Every cancel and move names an order that rests, so a correct book accepts everything and ends in
exactly one state.  The draws are those of the peers' own generator: same seed, same rows.
Standard library only.
"""

import sys
from array import array
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from bench.matching.plain_book import BUY, SELL, PlainBook, Totals

LIMIT, MARKET, CANCEL, MOVE = 0, 1, 2, 3
MID: Final = 100_000
USERS: Final = 1_000
SEED: Final = 20_240_607
ROW_INTEGERS: Final = 8

Row = tuple[int, int, int, int, int, int, int, int]


class Workload(NamedTuple):
    """resting: orders in the book.  span: how far from the middle they lie, in ticks."""

    name: str
    resting: int
    span: int
    mostly_moves: bool


# simple: half limits, 40 % cancels, 10 % market orders.  xcore: after the published mix of
# exchange-core: 83 % moves, 9 % limits, 6 % cancels, 3 % market orders.  deep: simple with
# 100,000 resting orders on as many levels.
WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("simple", 1_000, 500, False),
        Workload("xcore", 1_000, 5_000, True),
        Workload("deep", 100_000, 50_000, False),
    )
}


class Stream(NamedTuple):
    """Rows that fill the book, rows to be timed, and the largest order id in either."""

    prefill: list[Row]
    rows: list[Row]
    largest_id: int


class _Resting:
    """Ids of resting orders: any of them, in constant time."""

    def __init__(self) -> None:
        self.ids: Final[list[int]] = []
        self._places: Final[dict[int, int]] = {}

    def add(self, order_id: int) -> None:
        self._places[order_id] = len(self.ids)
        self.ids.append(order_id)

    def remove(self, order_id: int) -> None:
        place = self._places.pop(order_id)
        last_id = self.ids.pop()
        if last_id != order_id:
            self.ids[place] = last_id
            self._places[last_id] = place


class _Crowd:
    """Draws commands that name what rests in a book of its own."""

    def __init__(self, workload: Workload, seed: int) -> None:
        self._workload: Final = workload
        self._random: Final = Random(f"{workload.name}:{seed}")
        self._book: Final = PlainBook(MID)
        self._resting: Final = _Resting()
        self._users: Final[dict[int, int]] = {}
        self.rows: list[Row] = []
        self.next_id = 1

    def is_full(self) -> bool:
        """Whether the book holds what the workload wants of it, on both sides."""
        resting = self._workload.resting
        return len(self._resting.ids) >= resting and min(self._book.counts) >= resting // 3

    def draw(self, filling: bool) -> None:
        """Append the next command, if there is one."""
        if self._workload.mostly_moves:
            self._draw_xcore(filling)
        else:
            self._draw_simple(filling)
        self.next_id += 1

    def _draw_simple(self, filling: bool) -> None:
        random, resting = self._random, self._resting.ids
        target, span = self._workload.resting, self._workload.span
        lean = max(-0.25, min(0.25, (target - len(resting)) / target * 0.5))
        kind = random.random()
        side = BUY if random.random() < 0.5 else SELL
        user = 1 + random.randrange(USERS)
        lots = 1 + random.randrange(100)
        enough = self._book.counts[1 - side] > max(8, target // 8)
        if not filling and kind < 0.10 and enough:
            self._market(user, side, lots)
        elif not filling and kind < 0.50 - lean and resting:
            self._cancel(resting[random.randrange(len(resting))])
        else:
            away = 1 + random.randrange(span)
            self._limit(user, side, MID - away if side == BUY else MID + away, lots)

    def _draw_xcore(self, filling: bool) -> None:
        random, resting = self._random, self._resting.ids
        half, span = self._workload.resting // 2, self._workload.span
        side = BUY if random.random() < 0.5 else SELL
        lack = half - self._book.counts[side]
        fast = filling or lack > half * 3 // 4
        choices = (2 if fast else 10) if lack > 0 else 40
        kind = 0 if filling else random.randrange(choices)
        last = min(MID + span, max(MID - span, self._book.last))
        if kind < 2:
            user = 1 + random.randrange(USERS)
            lots = 1 + random.randrange(6) * random.randrange(6) * random.randrange(6)
            if lack > 0 or filling:
                width = 1 + int(random.random() ** 2 * span)
                away = abs(sum(random.randrange(width) for _ in range(4)) // 4 * 2 - width)
                self._limit(user, side, last - away if side == BUY else last + away, lots)
            else:
                self._market(user, side, lots)
        elif resting:
            order_id = resting[random.randrange(len(resting))]
            if kind == 2:
                self._cancel(order_id)
            else:
                self._move(order_id, last)

    def _limit(self, user: int, side: int, price: int, lots: int) -> None:
        self.rows.append((LIMIT, self.next_id, user, side, price, lots, 0, 0))
        self._users[self.next_id] = user
        met = self._book.limit(self.next_id, side, price, lots)
        if self.next_id in self._book.orders:
            self._resting.add(self.next_id)
        self._forget(met)

    def _market(self, user: int, side: int, lots: int) -> None:
        self.rows.append((MARKET, self.next_id, user, side, 0, lots, 0, 0))
        self._forget(self._book.market(side, lots))

    def _cancel(self, order_id: int) -> None:
        side, price, lots = self._book.orders[order_id]
        user = self._users[order_id]
        self.rows.append((CANCEL, order_id, user, side, price, lots, 0, 0))
        self._book.cancel(order_id)
        self._resting.remove(order_id)

    def _move(self, order_id: int, last: int) -> None:
        side, price, lots = self._book.orders[order_id]
        step = max(1, abs(last - price) // 100)
        if price == last:
            step = self._random.choice((-1, 1))
        elif price > last:
            step = -step
        user = self._users[order_id]
        self.rows.append((MOVE, order_id, user, side, price + step, lots, 0, price))
        self._book.cancel(order_id)
        met = self._book.limit(order_id, side, price + step, lots)
        if order_id not in self._book.orders:
            self._resting.remove(order_id)
        self._forget(met)

    def _forget(self, met: list[int]) -> None:
        for order_id in met:
            if order_id not in self._book.orders:
                self._resting.remove(order_id)


def generate(workload: Workload, count: int, seed: int = SEED) -> Stream:
    """Fill a book, then draw `count` times; a draw that finds nothing to do makes no row."""
    crowd = _Crowd(workload, seed)
    while not crowd.is_full():
        crowd.draw(filling=True)
    prefill, crowd.rows = crowd.rows, []
    for _ in range(count):
        crowd.draw(filling=False)
    return Stream(prefill, crowd.rows, crowd.next_id)


def run_plain(book: PlainBook, row: Row) -> list[int]:
    """One row on the plain book; the ids of the orders met."""
    kind, order_id, _, side, price, lots, _, _ = row
    if kind == LIMIT:
        return book.limit(order_id, side, price, lots)
    if kind == MARKET:
        return book.market(side, lots)
    book.cancel(order_id)
    return book.limit(order_id, side, price, lots) if kind == MOVE else []


def totals_of(rows: Iterable[Row]) -> Totals:
    """What the rows come to from an empty book."""
    book = PlainBook(MID)
    for row in rows:
        run_plain(book, row)
    return book.totals()


def without_self_trades(stream: Stream) -> Stream:
    """The same orders by other users, where one would have met an order of his own.

    An engine that prevents self-trades then does what a book without users does.
    """
    users: dict[int, int] = {}
    met: dict[int, set[int]] = {}
    book = PlainBook(MID)
    conflicts: list[int] = []
    for row in [*stream.prefill, *stream.rows]:
        order_id = row[1]
        users.setdefault(order_id, row[2])
        for maker_id in run_plain(book, row):
            met.setdefault(order_id, set()).add(maker_id)
            met.setdefault(maker_id, set()).add(order_id)
            if users[maker_id] == users[order_id]:
                conflicts.append(order_id)
    for order_id in conflicts:
        taken = {users[other_id] for other_id in met[order_id]}
        while users[order_id] in taken:
            users[order_id] = users[order_id] % USERS + 1
    prefill, rows = (
        [(row[0], row[1], users[row[1]], *row[3:]) for row in part]
        for part in (stream.prefill, stream.rows)
    )
    return Stream(prefill, rows, stream.largest_id)


def write_stream(path: Path, stream: Stream) -> None:
    """Keep a stream, little-endian, for the processes that run it."""
    flat = array("q", (len(stream.prefill), stream.largest_id))
    for part in (stream.prefill, stream.rows):
        for row in part:
            flat.extend(row)
    if sys.byteorder == "big":
        flat.byteswap()
    path.write_bytes(flat.tobytes())


def read_stream(path: Path) -> Stream:
    """What `write_stream` kept."""
    flat = array("q")
    flat.frombytes(path.read_bytes())
    if sys.byteorder == "big":
        flat.byteswap()
    prefill_rows, largest_id = flat[0], flat[1]
    integers = iter(flat[2:])
    rows: list[Row] = list(zip(*([integers] * ROW_INTEGERS), strict=True))
    return Stream(rows[:prefill_rows], rows[prefill_rows:], largest_id)
