"""Recorded candles and funding rates, read whole for a window of time.

Knows their layouts; knows no market, and not in which order a candle's prices came.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from engine.instrument import RATE_E8_MAX
from gateway.feeds.price_file import PriceFileDamaged, text_lines
from gateway.feeds.quote import BadPrice, e8_from_decimal, price_e8

# With volume: of trades.  Without: of the mark price.
CANDLE_HEADERS: Final = ("ts_ms,open,high,low,close,volume", "ts_ms,open,high,low,close")
FUNDING_HEADERS: Final = ("ts_ms,rate",)
# The year 2255.  In nanoseconds, and hours later, a time must still fit into 63 bits.
TIME_MS_MAX: Final = 9 * 10**12
_TS_MS: Final = re.compile(r"[0-9]{1,15}")
_JITTER_MS_MAX: Final = 60_000  # venues stamp a settlement a few milliseconds after its time


class Window(NamedTuple):
    """From a time on, and before another; both in ms since the epoch."""

    from_ms: int
    to_ms: int


class Candle(NamedTuple):
    """What the price did from ts_ms on, for as long as the file's candles last."""

    ts_ms: int
    open_e8: int
    high_e8: int
    low_e8: int
    close_e8: int


def read_candles(path: Path, window: Window) -> list[Candle]:
    """The candles that begin in the window, by time.  Raises PriceFileDamaged."""
    candles: list[Candle] = []
    for line, ts_ms, fields in _rows(path, window, CANDLE_HEADERS):
        if candles and ts_ms <= candles[-1].ts_ms:
            raise PriceFileDamaged(path, line, "the times do not rise")
        try:
            candle = Candle(ts_ms, *(price_e8(field) for field in fields[:4]))
        except BadPrice as error:
            raise PriceFileDamaged(path, line, str(error)) from None
        body = (candle.open_e8, candle.close_e8)
        if not candle.low_e8 <= min(body) <= max(body) <= candle.high_e8:
            raise PriceFileDamaged(path, line, "open and close do not lie between low and high")
        candles.append(candle)
    return candles


def read_funding_rates(path: Path, window: Window, interval_ms: int) -> dict[int, int]:
    """Published rates in 10^-8 by their stamp, a multiple of the interval, in ms.

    Raises PriceFileDamaged.
    """
    rates_e8: dict[int, int] = {}
    for line, ts_ms, fields in _rows(path, window, FUNDING_HEADERS):
        jitter_ms = ts_ms % interval_ms
        if jitter_ms > _JITTER_MS_MAX:
            raise PriceFileDamaged(path, line, f"no funding stamp is at {ts_ms}")
        digits = fields[0].removeprefix("-")
        try:
            rate_e8 = e8_from_decimal(digits)
        except BadPrice as error:
            raise PriceFileDamaged(path, line, str(error)) from None
        if rate_e8 >= RATE_E8_MAX:
            raise PriceFileDamaged(path, line, f"a funding rate is below 1, not {fields[0][:20]}")
        rates_e8[ts_ms - jitter_ms] = rate_e8 if digits == fields[0] else -rate_e8
    return rates_e8


def _rows(
    path: Path, window: Window, headers: tuple[str, ...]
) -> Iterator[tuple[int, int, list[str]]]:
    """Line number, time and the other fields of each row in the window."""
    lines = text_lines(path)
    header = next(lines, "")
    if header not in headers:
        raise PriceFileDamaged(
            path, 1, f"header is {header[:60]!r}; expected {' or '.join(headers)}"
        )
    field_count = header.count(",") + 1
    for line, text in enumerate(lines, start=2):
        fields = text.split(",")
        if len(fields) != field_count:
            raise PriceFileDamaged(path, line, f"{len(fields)} fields, not {field_count}")
        if _TS_MS.fullmatch(fields[0]) is None:
            raise PriceFileDamaged(path, line, f"ts_ms is not a time in ms: {fields[0][:20]!r}")
        ts_ms = int(fields[0])
        if window.from_ms <= ts_ms < window.to_ms:
            if ts_ms > TIME_MS_MAX:
                raise PriceFileDamaged(path, line, time_fault(ts_ms))
            yield line, ts_ms, fields[1:]


def time_fault(ts_ms: int) -> str:
    """Of a time after TIME_MS_MAX."""
    return f"ts_ms is not a time in ms before the year 2255: {ts_ms}"
