"""Plays a recorded price file.  Knows its pace, place and repetition; knows no file layout."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import closing
from typing import Final, final

from gateway.feeds.feed import ResumePoint, last_sequence, source_name
from gateway.feeds.pace import Pacer
from gateway.feeds.price_file import PriceFile, PriceFileDamaged, PriceRow
from gateway.feeds.quote import Quote

# Recorded time between the last row and the first of the next pass.
LOOP_GAP_MS: Final = 1_000


@final
class FileFeed:
    """A recorded file as a feed; the source sequence is the row number, on and on over the passes.

    symbols: the markets it drives; every row gives each of them the same prices.
    speed: recorded seconds per second; None is as fast as the reader takes them.
    loop: begin again at the end, the sequence growing on, instead of falling silent.
    """

    def __init__(
        self, file: PriceFile, symbols: Sequence[str], pacer: Pacer, speed: int | None, loop: bool
    ) -> None:
        self.source: Final = source_name("file", file.path.name)
        self._file: Final = file
        self._symbols: Final = tuple(symbols)
        self._pacer: Final = pacer
        self._speed: Final = speed
        self._loop: Final = loop
        self._after_sequence = 0
        self._elapsed_ms = 0  # recorded time since the first row played
        self._last_ts_ms: int | None = None

    def resume(self, points: Sequence[ResumePoint]) -> None:
        """Go on after the last journaled row of this file."""
        self._after_sequence = last_sequence(points, self.source)

    async def quotes(self) -> AsyncGenerator[Quote, None]:
        """Every row not yet played, when it is due.  Raises PriceFileDamaged."""
        self._pacer.start()
        pass_start = 0
        while True:
            row = 0
            with closing(self._file.lines()) as lines:
                for row, line in lines:
                    if pass_start + row <= self._after_sequence:
                        await self._pacer.give_way()
                        continue
                    played = self._file.parse(row, line)
                    await self._keep_pace(played)
                    for symbol in self._symbols:
                        yield Quote(symbol, self.source, pass_start + row, *played.prices)
            if row == 0:
                raise PriceFileDamaged(self._file.path, 2, "the file has no rows")
            if not self._loop:
                return
            pass_start = max(pass_start + row, self._after_sequence // row * row)
            self._begin_again()

    async def _keep_pace(self, played: PriceRow) -> None:
        if self._speed is None:
            await self._pacer.give_way()
            return
        if self._last_ts_ms is not None:
            self._elapsed_ms += played.ts_ms - self._last_ts_ms
        self._last_ts_ms = played.ts_ms
        await self._pacer.wait_until(self._elapsed_ms / (1_000 * self._speed))

    def _begin_again(self) -> None:
        if self._last_ts_ms is not None:
            self._elapsed_ms += LOOP_GAP_MS
            self._last_ts_ms = None
