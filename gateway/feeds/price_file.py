"""Recorded price files, read as a stream.  Knows their two layouts; knows no pace and no symbol.

A trade gives one price, so all five are it.  A best bid and offer gives both and their middle,
which is last, mark and index; half of 10^-8 goes down.  Quantities are not read.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final, NamedTuple, TextIO, final

from engine.units import div_floor
from gateway.feeds.feed import FeedFault
from gateway.feeds.quote import BadPrice, Prices, price_e8, same_price

_LINE_CHARS_MAX: Final = 1_000
_TS_MS: Final = re.compile(r"[0-9]{1,15}")


class PriceFileDamaged(FeedFault):
    """A price file that cannot be read on; names the file and the line."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")
        self.path: Final = path
        self.line: Final = line
        self.reason: Final = reason


class PriceRow(NamedTuple):
    """One update of a file: row counts from 1 after the header, ts_ms is the recorded time."""

    row: int
    ts_ms: int
    prices: Prices


def _trade_prices(fields: list[str]) -> Prices:
    if fields[3] not in ("buy", "sell"):
        raise BadPrice(f"side must be buy or sell, not {fields[3][:20]!r}")
    return same_price(price_e8(fields[1]))


def _best_prices(fields: list[str]) -> Prices:
    bid, ask = price_e8(fields[1]), price_e8(fields[3])
    if bid > ask:
        raise BadPrice(f"bid {fields[1]} is above ask {fields[3]}")
    middle = div_floor(bid + ask, 2)
    return Prices(bid, ask, middle, middle, middle)


_LAYOUTS: Final[dict[str, Callable[[list[str]], Prices]]] = {
    "ts_ms,price,qty,side": _trade_prices,
    "ts_ms,bid_price,bid_qty,ask_price,ask_qty": _best_prices,
}


@final
class PriceFile:
    """A `.csv` or `.csv.gz` of trades or best bids and offers, recognised by its header."""

    def __init__(self, path: Path) -> None:
        """Raises PriceFileDamaged if the file cannot be opened or its header is unknown."""
        self.path: Final = path
        header = next(text_lines(path), "")
        if header not in _LAYOUTS:
            known = " or ".join(_LAYOUTS)
            raise self._damaged(1, f"header is {header[:60]!r}; expected {known}")
        self._prices: Final = _LAYOUTS[header]
        self._field_count: Final = header.count(",") + 1

    def rows(self) -> Iterator[PriceRow]:
        """Every row, read as it is asked for.  Raises PriceFileDamaged at the first bad one."""
        for row, line in self.lines():
            yield self.parse(row, line)

    def lines(self) -> Generator[tuple[int, str], None, None]:
        """Row number and text of every row, unparsed: skipping a row is cheap."""
        lines = text_lines(self.path)
        next(lines, None)
        yield from enumerate(lines, start=1)

    def parse(self, row: int, line: str) -> PriceRow:
        """The row's time and prices.  Raises PriceFileDamaged."""
        fields = line.split(",")
        if len(fields) != self._field_count:
            raise self._damaged(row + 1, f"{len(fields)} fields, not {self._field_count}")
        if _TS_MS.fullmatch(fields[0]) is None:
            raise self._damaged(row + 1, f"ts_ms is not a time in ms: {fields[0][:20]!r}")
        try:
            return PriceRow(row, int(fields[0]), self._prices(fields))
        except BadPrice as error:
            raise self._damaged(row + 1, str(error)) from None

    def _damaged(self, line: int, reason: str) -> PriceFileDamaged:
        return PriceFileDamaged(self.path, line, reason)


def text_lines(path: Path) -> Iterator[str]:
    """Every line of a `.csv` or `.csv.gz`, read as it is asked for.  Raises PriceFileDamaged."""
    line_number = 0
    try:
        with _open_text(path) as text:
            while line := text.readline(_LINE_CHARS_MAX + 1):
                line_number += 1
                if len(line) > _LINE_CHARS_MAX:
                    reason = f"longer than {_LINE_CHARS_MAX} characters"
                    raise PriceFileDamaged(path, line_number, reason)
                yield line.rstrip("\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise PriceFileDamaged(path, line_number + 1, f"cannot be read: {error}") from error


def _open_text(path: Path) -> TextIO:
    # A byte that is not ASCII becomes a character that no number has: the row then says so itself.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="ascii", errors="replace", newline="\n")
    return path.open(encoding="ascii", errors="replace", newline="\n")


def rows(path: Path) -> Iterator[PriceRow]:
    """Every row of a recorded price file.  Raises PriceFileDamaged."""
    return PriceFile(path).rows()
