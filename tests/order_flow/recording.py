"""Recorded market data of one perpetual, in the order of the exchange's own clock.

Knows the recorder's lines and the exchange's words; knows nothing of our commands.
"""

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.commands import BUY, SELL, Side
from engine.units import E8

_NS_PER_MS: Final = 1_000_000
SIDES: Final = (BUY, SELL)


class Grid(NamedTuple):
    """What a price step and a quantity step are, in 10^-8."""

    tick_size_e8: int
    lot_size_e8: int


class Depth(NamedTuple):
    """Price levels and what they hold from now on; 0 lots: the level is gone.

    is_whole: nothing else is known of the book.
    """

    time_ns: int
    is_whole: bool
    levels: list[tuple[Side, int, int]]


class Quote(NamedTuple):
    """The best bid and ask: nothing is better than they are."""

    time_ns: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


class Sweep(NamedTuple):
    """Trades of one millisecond, one side and prices that never turn: one taker's doing.

    side: the taker's.  trades: price and lots of each price, in the order of the trades.
    """

    time_ns: int
    trade_id: int
    side: Side
    trades: dict[int, int]


Message = Depth | Quote | Sweep


class _Data(msgspec.Struct, rename={"last_update_id": "lastUpdateId"}):
    """A message of any channel, in the exchange's letters; which are set depends on it."""

    T: int
    e: str = ""
    u: int = 0
    pu: int = 0
    b: list[tuple[str, str]] | str = ""
    a: list[tuple[str, str]] | str = ""
    B: str = ""
    A: str = ""
    t: int = 0
    p: str = ""
    q: str = ""
    X: str = ""
    m: bool = False
    last_update_id: int = 0
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []


class _Stream(msgspec.Struct):
    data: _Data


class _Line(msgspec.Struct):
    channel: str
    msg: msgspec.Raw


_lines: Final = msgspec.json.Decoder(_Line)
_streams: Final = msgspec.json.Decoder(_Stream)
_snapshots: Final = msgspec.json.Decoder(_Data)


def steps(text: str, step_e8: int) -> int:
    """A decimal as a number of steps.  Raises ValueError off the grid."""
    whole, _, fraction = text.partition(".")
    number, rest = divmod(int(whole) * E8 + int(fraction.ljust(8, "0")), step_e8)
    if rest:
        raise ValueError(f"{text} is off the grid")
    return number


def messages(file: Path, grid: Grid, lines_max: int | None = None) -> Iterator[Message]:
    """From the depth snapshot on, by the exchange's time; trades that made one sweep together.

    At one time trades come first, then quotes and depth in the order of the book's updates.
    lines_max: read no more of the file than that.  Raises ValueError if the chain of depth
    updates has a gap.
    """
    said = list(_read(file, lines_max))
    whole = next(data for data in said if data.last_update_id)
    yield _snapshot(whole, grid)
    said = [data for data in said if _comes_after(data, whole)]
    said.sort(key=_order)
    _check_chain([data for data in said if data.e == "depthUpdate"], whole.last_update_id)
    sweep: Sweep | None = None
    for data in said:
        if sweep is not None and not (data.e == "trade" and _joins(sweep, data, grid)):
            yield sweep
            sweep = None
        if data.e == "trade":
            sweep = _trade(data, grid) if sweep is None else sweep
            ticks = steps(data.p, grid.tick_size_e8)
            lots = steps(data.q, grid.lot_size_e8)
            sweep.trades[ticks] = sweep.trades.get(ticks, 0) + lots
        else:
            yield _quote(data, grid) if data.e == "bookTicker" else _depth(data, grid)
    if sweep is not None:
        yield sweep


def _read(file: Path, lines_max: int | None) -> Iterator[_Data]:
    with gzip.open(file) as lines:
        for text in islice(lines, lines_max):
            line = _lines.decode(text)
            if line.channel.startswith("REST:"):
                yield _snapshots.decode(line.msg)
            elif line.channel.endswith(("@trade", "@bookTicker", "@depth@0ms")):
                yield _streams.decode(line.msg).data


def _comes_after(data: _Data, whole: _Data) -> bool:
    """Trades of the insurance fund are no market trades, and the snapshot is told already."""
    if data.e == "trade":
        return data.X == "MARKET" and whole.T < data.T
    return data.e != "" and whole.last_update_id < data.u


def _order(data: _Data) -> tuple[int, bool, int, bool]:
    return data.T, data.e != "trade", data.t or data.u, data.e == "depthUpdate"


def _check_chain(updates: list[_Data], first: int) -> None:
    for place, update in enumerate(updates):
        follows = update.pu == updates[place - 1].u if place else update.pu <= first
        if not follows:
            raise ValueError(f"depth updates have a gap before {update.u}")


def _snapshot(data: _Data, grid: Grid) -> Depth:
    return Depth(data.T * _NS_PER_MS, True, _levels((data.bids, data.asks), grid))


def _depth(data: _Data, grid: Grid) -> Depth:
    assert not isinstance(data.b, str)
    assert not isinstance(data.a, str)
    return Depth(data.T * _NS_PER_MS, False, _levels((data.b, data.a), grid))


def _levels(
    sides: tuple[list[tuple[str, str]], list[tuple[str, str]]], grid: Grid
) -> list[tuple[Side, int, int]]:
    return [
        (side, steps(price, grid.tick_size_e8), steps(quantity, grid.lot_size_e8))
        for side, levels in zip(SIDES, sides, strict=True)
        for price, quantity in levels
    ]


def _quote(data: _Data, grid: Grid) -> Quote:
    assert isinstance(data.b, str)
    assert isinstance(data.a, str)
    tick, lot = grid
    bid, ask = steps(data.b, tick), steps(data.a, tick)
    return Quote(data.T * _NS_PER_MS, bid, steps(data.B, lot), ask, steps(data.A, lot))


def _trade(data: _Data, grid: Grid) -> Sweep:
    """A sweep without its trades yet."""
    return Sweep(data.T * _NS_PER_MS, data.t, SELL if data.m else BUY, {})


def _joins(sweep: Sweep, data: _Data, grid: Grid) -> bool:
    """Whether the trade goes on where the sweep was."""
    side = SELL if data.m else BUY
    if sweep.time_ns != data.T * _NS_PER_MS or side is not sweep.side:
        return False
    worst = next(reversed(sweep.trades))
    ticks = steps(data.p, grid.tick_size_e8)
    return ticks >= worst if side is BUY else ticks <= worst
