"""Places on the way are exact, whatever the distances (FIR-3, FIR-4)."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.firing_queue import exact_quotient
from engine.market import MARK
from engine.order import Order
from tests.engine.books import market_of
from tests.engine.venue import SECOND_NS, Venue, order, plain_spec, price


@given(
    way=st.tuples(*[st.tuples(st.integers(150, 250), st.integers(150, 250))] * 3),
    stops=st.lists(st.tuples(st.integers(2, 4), st.integers(140, 260)), min_size=1, max_size=8),
)
def test_places_are_shares_of_the_way_on_each_source(
    way: tuple[tuple[int, int], ...], stops: list[tuple[int, int]]
) -> None:
    """Last, mark and index each go a way of their own; the queue sorts as fractions would."""
    old, new = zip(*way, strict=True)
    venue = Venue(plain_spec(stale_after_ns=SECOND_NS), ticks=0)
    venue.apply(price(200, 200, *old))
    kinds = {True: 3, False: 4}  # a stop or a target, whichever is not true yet
    for source, ticks in stops:
        is_stop = ticks > old[source - 2]
        terms = {"order_type": kinds[is_stop], "trigger_source": source, "trigger_ticks": ticks}
        if ticks != old[source - 2]:
            venue.apply(order(qty_lots=1, **terms))
    market = market_of(venue)
    market.prices = [200, 200, *new]
    queue = venue.state.firing
    queue.begin_travel(market)

    found = []
    for place, *_, entry in sorted(queue.heap, key=lambda item: item[:7]):
        assert isinstance(entry, Order)
        found.append((place, entry))
    shares = [share_of(entry, old, new) for _, entry in found]
    assert shares == sorted(shares)
    places = [place for place, _ in found]
    assert [a < b for a, b in pairwise(places)] == [a < b for a, b in pairwise(shares)]
    assert len(found) == sum(is_true(o, new) for o in venue.state.orders.values())


def share_of(entry: Order, old: tuple[int, ...], new: tuple[int, ...]) -> Fraction:
    """`|trigger − old| / |new − old|` on its own source."""
    source = entry.trigger_source - 2
    return Fraction(abs(entry.trigger_ticks - old[source]), abs(new[source] - old[source]))


def is_true(entry: Order, new: tuple[int, ...]) -> bool:
    """Whether a buy's condition holds at the new price: stops rise to it, targets fall to it."""
    ticks = new[entry.trigger_source - 2]
    return ticks >= entry.trigger_ticks if entry.order_type == 3 else ticks <= entry.trigger_ticks


def test_a_quotient_is_exact() -> None:
    assert exact_quotient(7 * 11 * 13, 11) == 91
    assert MARK == 3
