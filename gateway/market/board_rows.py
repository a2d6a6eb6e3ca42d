"""A board as rows of a snapshot and back.  Knows the rows' order; knows nothing of files."""

from collections.abc import Iterable, Iterator
from typing import Final

from engine.codec import Row
from engine.commands import Side
from gateway.history.rows import HistoryUnknown
from gateway.market.board import Board, MarketView
from gateway.market.candles import Candle
from gateway.market.funding_tape import FundingRecord
from gateway.market.trade_tape import TradeRecord

VERSION: Final = 1
# Rows of the history share the snapshot's section; their kinds are below 100.
# Funding is absent from those of before there was any, and so are the last two values of a view.
BOARD, VIEW, LEVEL, TRADE, CANDLE, FUNDING = range(100, 106)


def is_board_row(row: Row) -> bool:
    """Whether a row is one of these."""
    return isinstance(row[0], int) and row[0] >= BOARD


def board_rows(board: Board) -> list[Row]:
    """The whole board; the same board gives the same rows."""
    rows: list[Row] = [(BOARD, VERSION, board.sequence, board.time_ns)]
    for view in board.views.values():
        rows += _view_rows(view)
    return rows


def _view_rows(view: MarketView) -> Iterator[Row]:
    book = view.book
    yield (
        *(VIEW, view.instrument_id, view.symbol, view.is_quote_driven),
        *(view.last_ticks, view.mark_ticks, view.index_ticks, view.ticker_sequence),
        *(view.quotes_ns, view.prices_sequence, view.prices_ns, book.sequence, book.time_ns),
        *(view.funding.sequence, view.funding.time_ns),
    )
    for stamp in view.funding.records():
        yield (
            *(FUNDING, stamp.stamp_ns, stamp.rate_e8, stamp.mark_ticks),
            *(stamp.sequence, stamp.time_ns),
        )
    for side, price_ticks, lots in book.levels():
        yield LEVEL, int(side), price_ticks, lots
    for trade in view.tape.records():
        yield (
            *(TRADE, trade.trade_id, trade.price_ticks, trade.qty_lots, trade.side),
            *(trade.sequence, trade.time_ns),
        )
    for place, level in enumerate(view.candles.levels):
        for candle in level.closed:
            yield _candle_row(place, candle, is_current=False)
        if level.current is not None:
            yield _candle_row(place, level.current, is_current=True)


def _candle_row(place: int, candle: Candle, is_current: bool) -> Row:
    """Sums may pass 63 bits, so they are written as digits."""
    return (
        *(CANDLE, place, is_current, candle.start_s, candle.open_ticks, candle.high_ticks),
        *(candle.low_ticks, candle.close_ticks, str(candle.qty_lots), str(candle.value)),
        *(candle.trades, candle.sequence),
    )


def load_board(board: Board, rows: Iterable[Row]) -> None:
    """Fill an empty board.  Raises HistoryUnknown if the rows are none of this version."""
    stored = iter(rows)
    head = next(stored, None)
    if head is None or head[:2] != (BOARD, VERSION):
        raise HistoryUnknown("the snapshot holds no board of this version")
    view: MarketView | None = None
    try:
        board.begin_at(head[2], head[3])
        for row in stored:
            if row[0] == VIEW:
                view = _load_view(board, row)
            elif view is None:
                raise HistoryUnknown("a row of the board before its market")
            else:
                _load(view, row)
    except (AssertionError, IndexError, TypeError, ValueError) as error:
        raise HistoryUnknown(f"a row of the board cannot be read: {error}") from error


def _load_view(board: Board, row: Row) -> MarketView:
    _, instrument_id, symbol, is_quote_driven, last, mark, index, *times = row
    view = board.add(instrument_id, symbol, is_quote_driven)
    view.last_ticks, view.mark_ticks, view.index_ticks = last, mark, index
    view.ticker_sequence, view.quotes_ns, view.prices_sequence, view.prices_ns = times[:4]
    view.book.begin_at(times[4], times[5])
    if len(times) > 6:
        view.funding.moved(times[6], times[7])
    return view


def _load(view: MarketView, row: Row) -> None:
    kind = row[0]
    if kind == LEVEL:
        _, side, price_ticks, lots = row
        view.book.load(Side(side), price_ticks, lots)
    elif kind == TRADE:
        view.tape.add(TradeRecord(*row[1:]))
    elif kind == FUNDING:
        sampled = view.funding.sequence, view.funding.time_ns
        view.funding.add(FundingRecord(*row[1:]))
        view.funding.moved(*sampled)
    elif kind == CANDLE:
        _, place, is_current, start_s, first, high, low, last, lots, value, trades, sequence = row
        level = view.candles.levels[place]
        candle = Candle(start_s, first, high, low, last, int(lots), int(value), trades, sequence)
        if is_current:
            level.current = candle
        else:
            level.closed.append(candle)
    else:
        raise HistoryUnknown(f"a row of kind {kind!r}")
