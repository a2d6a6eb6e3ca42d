"""From events to what the public sees, for markets of users and of the house."""

from engine.commands import ListInstrument, Side
from engine.events import BookChanged, InstrumentListed, Liquidity, OrderFilled, Traded
from engine.instrument import InstrumentStatus
from engine.units import AccountId, InstrumentId, OrderId, PositionId
from gateway.market.board import path_symbol
from gateway.market.candles import Candle
from gateway.market.l2_book import UNSIZED
from gateway.market.trade_tape import TradeRecord
from tests.gateway.house import market
from tests.gateway.market.desk import BTC, BUY, SELL, Desk, order_driven

MAKER, TAKER = Liquidity.MAKER, Liquidity.TAKER


def fill(fill_id: int, side: Side, lots: int, price: int) -> OrderFilled:
    """One account's half of a trade."""
    ids = (OrderId(1), AccountId(1), BTC, PositionId(1))
    return OrderFilled(fill_id, *ids, side, lots, price, 0, 0, TAKER)


def test_one_command_of_trades_and_levels_between_users() -> None:
    desk = Desk()
    desk.level(SELL, 100, 5)
    desk.level(SELL, 101, 5)
    sequence = desk.command(
        Traded(BTC, 1, 100, 5, BUY),
        fill(2, BUY, 5, 100),
        fill(3, SELL, 5, 100),
        Traded(BTC, 4, 101, 2, BUY),
        fill(5, BUY, 2, 101),
        fill(6, SELL, 2, 101),
        BookChanged(BTC, SELL, 100, 0),
        BookChanged(BTC, SELL, 101, 3),
    )
    view, time_ns = desk.view, desk.time_ns

    assert list(view.book.levels()) == [(SELL, 101, 3)]
    assert list(view.tape.records()) == [
        TradeRecord(1, 100, 5, 1, sequence, time_ns),
        TradeRecord(4, 101, 2, 1, sequence, time_ns),
    ]
    assert view.candles.recent(0) == [Candle(1_000, 100, 101, 100, 101, 7, 702, 2, sequence)]
    assert (view.last_ticks, view.mark_ticks, view.index_ticks) == (101, 0, 0)
    assert view.ticker_sequence == view.prices_sequence == view.book.sequence == sequence
    assert desk.moved == {BTC}


def test_a_feed_moves_mark_and_index_between_users_and_makes_no_candle() -> None:
    desk = Desk()
    sequence = desk.price(0, 0, 100, 101, 102)

    view = desk.view
    assert (view.last_ticks, view.mark_ticks, view.index_ticks) == (100, 101, 102)
    assert view.candles.recent(0) == []
    assert view.book.level_count == 0
    assert (view.prices_sequence, view.book.sequence) == (sequence, 1)


def test_the_house_shows_one_level_a_side_and_the_feed_makes_the_candles() -> None:
    desk = Desk(market("BTC/USDT"))
    desk.price(99, 101, 100, 100, 100)
    first = desk.view.book.sequence
    desk.price(99, 102, 101, 100, 100)
    bid_stays = desk.view.book.changed_since(first)
    desk.fill(102, 4, BUY, TAKER)
    desk.fill(99, 3, BUY, MAKER)
    last = desk.fill(98, 2, SELL, MAKER)

    view = desk.view
    assert bid_stays == ([], [(101, 0), (102, UNSIZED)])
    assert list(view.book.levels()) == [(BUY, 99, UNSIZED), (SELL, 102, UNSIZED)]
    assert [(t.trade_id, t.price_ticks, t.qty_lots, t.side) for t in view.tape.records()] == [
        (1, 102, 4, BUY),
        (2, 99, 3, SELL),
        (3, 98, 2, BUY),
    ]
    value = 4 * 102 + 3 * 99 + 2 * 98
    assert view.candles.recent(0) == [Candle(1_000, 100, 101, 100, 101, 9, value, 3, last)]
    assert (view.last_ticks, view.ticker_sequence, view.prices_sequence) == (101, last, 3)


def test_a_takeover_outside_the_book_is_no_public_trade() -> None:
    desk = Desk()
    desk.command(fill(1, BUY, 5, 100))

    assert (list(desk.view.tape.records()), desk.moved) == ([], frozenset())


def test_the_ticker_does_not_move_with_what_lies_deep() -> None:
    desk = Desk()
    best = desk.level(BUY, 100, 5)
    deep = desk.level(BUY, 90, 5)

    assert (desk.view.ticker_sequence, desk.view.book.sequence) == (best, deep)
    assert desk.view.ticker_sequence < desk.status(InstrumentStatus.HALTED)
    assert desk.view.ticker_sequence == desk.board.sequence


def test_each_command_tells_what_it_moved_alone() -> None:
    desk = Desk()
    desk.level(BUY, 100, 5)
    assert desk.moved == {BTC}
    desk.command()
    assert desk.moved == frozenset()


def test_markets_are_kept_apart_and_the_older_of_two_alike_has_the_path() -> None:
    desk = Desk(order_driven("A-B/C"))
    other = order_driven("A/B-C")
    desk.board.observe(
        2, desk.time_ns, ListInstrument(other), [InstrumentListed(InstrumentId(2), other.symbol)]
    )
    desk.command(Traded(InstrumentId(2), 1, 7, 7, SELL))

    assert path_symbol("A-B/C") == path_symbol("A/B-C") == "A-B-C"
    assert desk.board.by_path == {"A-B-C": desk.view}
    assert (desk.view.last_ticks, desk.board.views[2].last_ticks) == (0, 7)


def test_a_clock_that_stands_still_or_goes_back_is_the_last_time() -> None:
    desk = Desk()
    desk.trade(100, 1)
    desk.time_ns -= 5_000_000_000
    desk.trade(101, 1)

    assert [trade.time_ns for trade in desk.view.tape.records()] == [desk.board.time_ns] * 2
