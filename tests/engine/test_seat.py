"""A seat's chains and queues against lists (HLD-5)."""

from hypothesis import given
from hypothesis import strategies as st

from engine.commands import CancelOrder, Side
from engine.order import execution_rank
from engine.seat import Seat
from engine.units import AccountId, OrderId
from tests.engine.venue import Venue, netting_spec, order, plain_spec

ALICE = AccountId(1)
STEPS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 4), st.integers(0, 5)), max_size=30
)


def seat(venue: Venue) -> Seat:
    market = venue.state.markets[1]
    assert market is not None
    return market.seat(ALICE)


@given(STEPS)
def test_orders_are_in_order_of_id_and_queues_in_order_of_execution(
    steps: list[tuple[Side, int, int]],
) -> None:
    venue = Venue(netting_spec(), deposits=(1_000_000,))
    alive: list[int] = []
    for side, away, cancel in steps:
        ticks = 200_000 - away if side is Side.BUY else 200_000 + away
        events = venue.say(order(side=side, qty_lots=1, price_ticks=ticks))
        [accepted] = [event for event in events if event["event"] == "OrderAccepted"]
        alive.append(accepted["order_id"])
        if cancel < len(alive) and cancel % 2:
            venue.apply(CancelOrder(ALICE, OrderId(alive.pop(cancel)), ""))

    mine = seat(venue)
    assert [o.order_id for o in mine.orders()] == sorted(alive)
    assert mine.open_orders == len(alive)
    for side in Side:
        resting = [o for o in mine.orders() if o.side is side]
        assert mine.main.resting(side) == sorted(resting, key=execution_rank)


def test_positions_are_chained_and_unchained_from_anywhere() -> None:
    venue = Venue(plain_spec())
    for _ in range(4):
        venue.apply(order(qty_lots=1))
    assert [p.position_id for p in seat(venue).positions()] == [2, 4, 6, 8]
    for closed, left in ((4, [2, 6, 8]), (2, [6, 8]), (8, [6]), (6, [])):
        venue.apply(order(side=Side.SELL, qty_lots=1, position_id=closed))
        assert [p.position_id for p in seat(venue).positions()] == left


def test_a_ticket_seat_keeps_no_queues() -> None:
    venue = Venue(plain_spec())
    venue.apply(order(qty_lots=1, price_ticks=190_000))

    key = seat(venue).main
    assert (key.buys, key.sells, key.hold_atoms, key.open_orders) == ([], [], 0, 1)
