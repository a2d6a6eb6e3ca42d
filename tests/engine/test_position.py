"""What a position shows of itself (EXI-1, EXI-2, LIQ-2)."""

from engine.commands import KEEP, AdjustMargin, PriceSource, SetPositionExits, Side
from engine.position import closing_side
from engine.units import E8, AccountId, PositionId
from tests.engine.venue import Venue, netting_spec, order

ALICE, FIRST = AccountId(1), PositionId(2)


def test_a_position_closes_on_the_other_side() -> None:
    assert [closing_side(side) for side in Side] == [Side.SELL, Side.BUY]


def test_a_netting_position_has_an_own_pair_only_once_it_is_set() -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10, stop_loss_ticks=190_000, take_profit_ticks=230_000))
    held = venue.position(2)
    assert (held.own_pair(), held.stop_loss_ticks, held.take_profit_ticks) == (None, 0, 0)

    venue.apply(SetPositionExits(ALICE, FIRST, 191_000, KEEP, KEEP, PriceSource.LAST))
    own = held.own_pair()
    assert own is not None
    assert (own.parent_order_id, own.source, held.stop_loss_ticks) == (0, PriceSource.LAST, 191_000)
    venue.apply(SetPositionExits(ALICE, FIRST, 0, KEEP, KEEP, PriceSource.LAST))
    assert held.own_pair() is None
    assert [pair.parent_order_id for pair in held.pairs or []] == [1]


def test_a_position_that_cannot_be_liquidated_shows_no_price() -> None:
    venue = Venue(deposits=(3_000,))
    venue.apply(order(qty_lots=100, leverage=2))
    held = venue.position(2)
    assert held.liquidation_ticks == 100_000

    venue.apply(AdjustMargin(ALICE, FIRST, 1_000 * E8))
    assert held.liquidation_ticks == 0
    venue.apply(AdjustMargin(ALICE, FIRST, -500 * E8))
    assert held.liquidation_ticks == 50_000


def test_a_closed_position_is_kept_alive_by_nothing() -> None:
    venue = Venue()
    venue.apply(order(qty_lots=1, stop_loss_ticks=1_000, auto_close_e8=-(E8 // 2)))
    held = venue.position(2)
    venue.apply(order(side=Side.SELL, qty_lots=1, position_id=2))

    assert (held.liquidation, held.auto_close, held.pairs) == (None, None, None)
    assert (held.seat_before, held.seat_after) == (None, None)
