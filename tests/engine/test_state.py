"""Where things are found in a state (CMD-3)."""

from engine.commands import CancelOrders, ListInstrument, Side, TimeInForce
from engine.state import account_seats, open_orders, open_positions
from engine.units import AccountId, InstrumentId
from tests.engine.venue import SECOND_NS, START_NS, Venue, order, plain_spec, price

ALICE = AccountId(1)


def two_markets() -> Venue:
    venue = Venue(deposits=(1_000, 1_000))
    venue.apply(ListInstrument(plain_spec(symbol="ETH/USDT")))
    venue.apply(price(20_000, instrument=2))
    return venue


def test_orders_and_positions_are_found_over_all_markets_by_id() -> None:
    venue = two_markets()
    eth = InstrumentId(2)
    venue.apply(order(qty_lots=1, instrument_id=eth))
    venue.apply(order(qty_lots=1, price_ticks=10_000, instrument_id=eth))
    venue.apply(order(qty_lots=1))
    venue.apply(order(qty_lots=1, price_ticks=100_000))
    venue.apply(order(qty_lots=1, price_ticks=100_000, account_id=AccountId(2)))

    assert [p.position_id for p in open_positions(venue.state, ALICE)] == [2, 5]
    assert [o.order_id for o in open_orders(venue.state, ALICE)] == [3, 6]
    assert [o.order_id for o in open_orders(venue.state, AccountId(2))] == [7]
    assert [s.market.instrument_id for s in account_seats(venue.state, ALICE)] == [1, 2]
    assert account_seats(venue.state, AccountId(99)) == []


def test_what_is_not_there_is_none() -> None:
    state = two_markets().state

    assert [state.market(i) for i in (-1, 0, 3, 10**20)] == [None] * 4
    assert [state.account(i) for i in (-1, 0, 3, 10**20)] == [None] * 4


def test_ids_are_one_counter_for_orders_positions_and_priorities() -> None:
    venue = two_markets()
    assert venue.state.next_id == 1
    venue.apply(order(qty_lots=1))
    venue.apply(order(qty_lots=10**9))
    venue.apply(order(qty_lots=1, price_ticks=100_000, side=Side.SELL))

    assert [e.position_id for e in venue.state.positions.values()] == [2, 4]
    assert (venue.state.next_id, venue.state.next_fill_id) == (5, 3)


def test_the_next_due_time_is_known_and_closed_expiries_are_forgotten() -> None:
    venue = two_markets()
    assert venue.state.next_due_ns() is None
    for number in range(200):
        due_ns = START_NS + (500 - number) * SECOND_NS
        gtd = {"time_in_force": TimeInForce.GTD, "expire_ns": due_ns}
        venue.apply(order(qty_lots=1, price_ticks=100_000, **gtd))
        assert venue.state.next_due_ns() == due_ns

    venue.apply(CancelOrders(ALICE, InstrumentId(1)))
    assert venue.state.orders.count == 0
    assert len(venue.state.expiries) <= 64
