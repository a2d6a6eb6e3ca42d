"""What orders hold, against the walk of the document done naively, lot by lot (HLD-3, HLD-5)."""

from fractions import Fraction
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands import Side
from engine.holds import last_opener, lots_against, need_atoms, opening_lots, present_hold_atoms
from engine.instrument import FeeBasis
from engine.order import Order
from engine.units import E8
from tests.engine.venue import K, Venue, netting_spec, order, price

SELLS = st.lists(
    st.tuples(st.integers(200_001, 200_005), st.integers(1, 9), st.booleans()), max_size=8
)


def needed(waits: Order, lots: int, basis: FeeBasis, maker_e8: int) -> int:
    """HLD-3 in fractions."""
    if lots == 0:
        return 0
    notional = lots * waits.price_ticks * K
    margin = ceil(Fraction(notional, waits.leverage))
    fee = ceil(Fraction((margin if basis is FeeBasis.MARGIN else notional) * maker_e8, E8))
    sign = 1 if waits.side is Side.BUY else -1
    loss = lots * K * max(0, sign * (waits.price_ticks - waits.frozen_mark_ticks))
    return max(0, margin + fee + loss)


@given(
    lots=st.integers(1, 50),
    ticks=st.integers(195_001, 204_999),
    side=st.sampled_from(list(Side)),
    basis=st.sampled_from(list(FeeBasis)),
    maker_e8=st.sampled_from([-20_000, 0, 20_000, 33_333]),
)
def test_a_need_is_margin_fee_and_the_loss_it_starts_with(
    lots: int, ticks: int, side: Side, basis: FeeBasis, maker_e8: int
) -> None:
    spec = netting_spec(maker_fee_e8=maker_e8, taker_fee_e8=40_000, fee_basis=basis)
    venue = Venue(spec, ticks=0, deposits=(1_000_000,))
    venue.apply(price(195_000, 205_000, 200_000, 200_000, 200_000))
    venue.apply(order(side=side, qty_lots=lots, price_ticks=ticks, leverage=7))

    waits = venue.order(1)
    expected = needed(waits, lots, basis, maker_e8)
    assert need_atoms(waits, lots) == expected == venue.hold()
    assert need_atoms(waits, 0) == 0


@settings(max_examples=40)
@given(held=st.integers(0, 20), sells=SELLS, buys=st.integers(0, 9))
def test_a_key_holds_the_larger_side_lot_by_lot(
    held: int, sells: list[tuple[int, int, bool]], buys: int
) -> None:
    venue = Venue(netting_spec(), deposits=(1_000_000,))
    if held:
        venue.apply(order(qty_lots=held))
    if buys:
        venue.apply(order(qty_lots=buys, price_ticks=199_000))
    for ticks, lots, closing in sells:
        venue.apply(
            order(
                side=Side.SELL,
                qty_lots=lots,
                price_ticks=ticks,
                reduce_only=closing,
                leverage=0 if closing else 10,
            )
        )
    market = venue.state.markets[1]
    assert market is not None
    key = market.seat(venue.state.account_ids["user-1"]).main

    closes, total = held, 0
    for waits in sorted(key.sells, key=lambda o: (o.price_ticks, o.priority)):
        opening = 0
        for _ in range(waits.qty_lots):
            if closes:
                closes -= 1
            elif not waits.closing:
                opening += 1
        total += needed(waits, opening, FeeBasis.MARGIN, 0)
    buy_side = sum(needed(o, o.qty_lots, FeeBasis.MARGIN, 0) for o in key.buys)
    assert present_hold_atoms(key) == max(buy_side, total) == venue.hold()
    assert len(key.buys) == (buys > 0)


def test_the_last_opener_is_the_last_that_opens_anything() -> None:
    venue = Venue(netting_spec())
    venue.apply(order(qty_lots=10))
    for ticks, lots in ((200_300, 4), (200_100, 5), (200_200, 5)):
        venue.apply(order(side=Side.SELL, qty_lots=lots, price_ticks=ticks))
    venue.apply(order(side=Side.SELL, qty_lots=2, price_ticks=200_400, reduce_only=True))
    market = venue.state.markets[1]
    assert market is not None
    key = market.seat(venue.order(3).account_id).main

    # The position takes 5 and 5: only the four at 200,300 open; a closing order never does.
    assert [(o.order_id, lots) for o, lots in opening_lots(key.sells, 10)] == [
        (4, 0),
        (5, 0),
        (3, 4),
        (6, 0),
    ]
    assert last_opener(key.sells, 10) is venue.order(3)
    assert last_opener(key.sells, 14) is None
    assert [(o.order_id, lots) for o, lots in opening_lots(key.sells[1:], 0)] == [
        (5, 5),
        (3, 4),
        (6, 0),
    ]
    position = venue.position(2)
    assert [lots_against(position, side) for side in Side] == [0, 10]
    assert lots_against(None, Side.BUY) == 0
