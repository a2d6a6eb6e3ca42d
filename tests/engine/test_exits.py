"""Exits come alive with a fill, and close what is theirs (EXI-1, EXI-2, EXI-7)."""

from engine.commands import KEEP, PriceSource, SetPositionExits, Side
from engine.exits import auto_close_is_true, exit_is_true, kept, pair_lots
from engine.position import TriggerKind
from engine.units import E8, AccountId, PositionId
from tests.engine.venue import K, Venue, netting_spec, order, price

ALICE = AccountId(1)


def test_keep_keeps_and_zero_removes() -> None:
    assert [kept(asked, 7) for asked in (KEEP, 0, 9, -5)] == [7, 0, 9, -5]


def test_a_pair_closes_its_own_lots_and_never_more_than_there_are() -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10, stop_loss_ticks=190_000))
    venue.apply(order(qty_lots=10, take_profit_ticks=230_000, leverage=0))
    venue.apply(SetPositionExits(ALICE, PositionId(2), 100, KEEP, KEEP, PriceSource.MARK))
    held = venue.position(2)
    assert held.pairs is not None
    assert [pair_lots(held, pair) for pair in held.pairs] == [10, 10, 20]

    venue.apply(order(side=Side.SELL, qty_lots=15, reduce_only=True))
    assert [pair_lots(held, pair) for pair in held.pairs] == [5, 5, 5]
    assert [pair.qty_lots for pair in held.pairs] == [10, 10, 0]


def test_when_one_of_a_pair_fires_the_other_goes() -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=20, leverage=10))
    venue.apply(order(qty_lots=10, stop_loss_ticks=190_000, take_profit_ticks=210_000, leverage=0))
    said = venue.say(price(210_000))

    assert [(e["event"], e.get("qty_lots")) for e in said[1:]] == [
        ("OrderFilled", 10),
        ("PositionReduced", 20),
    ]
    assert said[2]["cause"].name == "TAKE_PROFIT"
    assert venue.position(2).pairs == []
    assert venue.names(price(185_000)) == ["PriceAccepted"]


def test_an_exit_is_true_from_its_own_price_on() -> None:
    market = Venue().state.markets[1]
    assert market is not None

    def true(side: Side, kind: TriggerKind, ticks: int) -> bool:
        return exit_is_true(market, side, kind, PriceSource.MARK, ticks)

    stop, target = TriggerKind.STOP_LOSS, TriggerKind.TAKE_PROFIT
    assert [true(Side.BUY, stop, t) for t in (199_999, 200_000)] == [False, True]
    assert [true(Side.SELL, stop, t) for t in (200_001, 200_000)] == [False, True]
    assert [true(Side.BUY, target, t) for t in (200_001, 200_000)] == [False, True]
    assert [true(Side.SELL, target, t) for t in (199_999, 200_000)] == [False, True]


def test_an_auto_close_below_the_first_tick_is_never_true() -> None:
    market = Venue().state.markets[1]
    assert market is not None
    cost = 10 * 200_000 * K

    def true(side: Side, percent: int) -> bool:
        return auto_close_is_true(market, side, 10, cost, 20 * E8, percent * E8 // 100)

    assert [true(Side.BUY, percent) for percent in (1, -1)] == [False, False]
    assert auto_close_is_true(market, Side.BUY, 10, cost, 10 * cost, -E8) is False
    assert auto_close_is_true(market, Side.SELL, 10, cost, 10 * cost, E8) is False


def test_a_new_attached_auto_close_replaces_the_old_one() -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10, auto_close_e8=-E8 // 2))
    venue.apply(order(qty_lots=10, leverage=0))
    assert venue.position(2).auto_close_e8 == -E8 // 2
    venue.apply(order(qty_lots=10, leverage=0, auto_close_e8=E8))
    assert venue.position(2).auto_close_e8 == E8
