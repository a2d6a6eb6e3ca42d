"""Where things wait: exits, auto-closes and orders, and when they are armed anew (FIR-2, EXI-4)."""

import pytest

from engine.commands import AdjustMargin, OrderType, PriceSource, Side
from engine.order import Order
from engine.position import TriggerKind
from engine.trigger_index import auto_close_levels, exit_levels
from engine.units import E8, AccountId, PositionId
from tests.engine.venue import K, Venue, order


@pytest.mark.parametrize(
    ("side", "kind", "falls"),
    [
        (Side.BUY, TriggerKind.STOP_LOSS, True),
        (Side.BUY, TriggerKind.TAKE_PROFIT, False),
        (Side.SELL, TriggerKind.STOP_LOSS, False),
        (Side.SELL, TriggerKind.TAKE_PROFIT, True),
    ],
)
def test_exits_wait_on_their_side_of_their_source(
    side: Side, kind: TriggerKind, falls: bool
) -> None:
    market = Venue().state.markets[1]
    assert market is not None

    levels = exit_levels(market, side, kind, PriceSource.INDEX)
    assert (levels.falls, levels.source) == (falls, PriceSource.INDEX)


@pytest.mark.parametrize(
    ("side", "threshold", "falls"),
    [(Side.BUY, 5, False), (Side.BUY, -5, True), (Side.SELL, 5, True), (Side.SELL, -5, False)],
)
def test_an_auto_close_waits_for_the_mark(side: Side, threshold: int, falls: bool) -> None:
    market = Venue().state.markets[1]
    assert market is not None

    levels = auto_close_levels(market, side, threshold)
    assert (levels.falls, levels.source) == (falls, PriceSource.MARK)


def test_the_same_key_again_is_no_arming() -> None:
    """FIR-5: an atom of margin does not move the liquidation by a tick, a thousand do."""
    venue = Venue()
    venue.apply(order(qty_lots=10, auto_close_e8=-(E8 // 2)))
    held = venue.position(2)
    assert held.liquidation is not None
    assert held.auto_close is not None

    def armings_after(atoms: int) -> tuple[int, int]:
        venue.apply(AdjustMargin(AccountId(1), PositionId(2), atoms))
        assert held.liquidation is not None
        assert held.auto_close is not None
        return held.liquidation.arming, held.auto_close.arming

    first = armings_after(1)  # off the tick that it stood on exactly
    assert armings_after(1) == first
    assert armings_after(1_000 * K) == (first[0] + 1, first[1])


def test_orders_wait_where_their_kind_does() -> None:
    def waiting(**fields: object) -> Order:
        venue = Venue()
        venue.apply(order(qty_lots=1, **fields))
        return venue.order(1)

    stop, target = OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET
    cases = [
        ({"price_ticks": 190_000}, True, PriceSource.ASK),
        ({"price_ticks": 210_000, "side": Side.SELL}, False, PriceSource.BID),
        ({"order_type": stop, "trigger_ticks": 210_000}, False, PriceSource.MARK),
        ({"order_type": target, "trigger_ticks": 190_000}, True, PriceSource.MARK),
    ]
    for fields, falls, source in cases:
        levels = waiting(**fields).levels
        assert levels is not None
        assert (levels.falls, levels.source) == (falls, source), fields
