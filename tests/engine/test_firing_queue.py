"""Places on the way against fractions: the queue is in their exact order (FIR-3, FIR-4)."""

from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.commands import OrderType, PriceSource, Side
from engine.firing_queue import Firing, FiringQueue, exact_quotient
from engine.price_levels import Entry, PriceLevels
from tests.engine.books import ALICE, BOB, CAROL, ask, book_venue
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price

TICKS = st.integers(150_000, 250_000)
SOURCES: Final = (PriceSource.LAST, PriceSource.MARK, PriceSource.INDEX)
STOPS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.sampled_from(SOURCES), TICKS), min_size=1, max_size=12
)


def five(bid: int, ask: int, *others: int) -> tuple[int, ...]:
    return min(bid, ask), max(bid, ask), *others


def place(old: int, new: int, trigger: int, falls: bool) -> Fraction:
    """`|trigger − old| / |new − old|`; 0 if it was true at the old value or nothing moved."""
    was_true = old <= trigger if falls else old >= trigger
    if was_true or new == old:
        return Fraction(0)
    return Fraction(abs(trigger - old), abs(new - old))


@given(
    old=st.tuples(TICKS, TICKS, TICKS, TICKS, TICKS),
    new=st.tuples(TICKS, TICKS, TICKS, TICKS, TICKS),
    stops=STOPS,
)
def test_the_queue_is_in_the_order_of_exact_fractions(
    old: tuple[int, ...], new: tuple[int, ...], stops: list[tuple[Side, PriceSource, int]]
) -> None:
    old, new = five(*old), five(*new)
    venue = Venue(plain_spec(orders_max=100), ticks=0, deposits=(1_000_000,))
    venue.apply(price(*old))
    stop = OrderType.STOP_MARKET
    for side, source, ticks in stops:
        terms = order(
            side=side, order_type=stop, qty_lots=1, trigger_ticks=ticks, trigger_source=source
        )
        venue.apply(terms)
    waiting = list(venue.state.orders.values())
    expected = []
    for waits in waiting:
        falls = waits.side is Side.SELL
        at = new[waits.trigger_source]
        if at <= waits.trigger_ticks if falls else at >= waits.trigger_ticks:
            way = place(old[waits.trigger_source], at, waits.trigger_ticks, falls)
            expected.append((way, waits.priority))

    fired = [e["order_id"] for e in venue.say(price(*new)) if e["event"] == "OrderTriggered"]
    assert fired == [priority for _, priority in sorted(expected)]


def test_a_place_on_the_way_is_never_before_what_armed_it() -> None:
    """A limit half way arms a stop loss that lies before it on another, slower source."""
    venue = Venue(netting_spec())
    venue.apply(
        order(
            qty_lots=10,
            price_ticks=190_000,
            stop_loss_ticks=189_000,
            trigger_source=PriceSource.LAST,
        )
    )
    stop = {"order_type": OrderType.STOP_MARKET, "side": Side.SELL, "qty_lots": 1}
    venue.apply(order(trigger_ticks=186_000, **stop))
    # The ask falls 200,000 → 180,000: the limit at 0.5.  The last falls to 188,000: 189,000 is at
    # 11/12.  The mark falls to 172,000: 186,000 is at 0.5, but sells come by priority after it.
    names = venue.names(price(180_000, 180_000, 188_000, 172_000, 180_000))
    assert names == [
        "PriceAccepted",
        "OrderFilled",
        "PositionOpened",
        "OrderTriggered",
        "OrderFilled",
        "PositionReduced",
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
    ]


def test_scales_bring_all_sources_to_one_denominator() -> None:
    venue = Venue()
    queue, market = FiringQueue(), venue.state.markets[1]
    assert market is not None
    stop = order(order_type=OrderType.STOP_MARKET, qty_lots=1, trigger_ticks=200_010)
    venue.apply(stop)
    market.prices = [200_002, 200_003, 200_000, 200_010, 200_007]
    queue.begin_travel(market)

    # moves 2, 3, 0, 10, 7: the product of those that moved over each
    assert queue.scales == [210, 140, 0, 42, 60]
    [firing] = queue.heap
    assert firing[0] == 10 * 42
    queue.end()
    assert (queue.heap, queue.place_now, queue.scales) == ([], 0, [0] * 5)


def test_nothing_is_computed_for_a_price_that_passes_nothing() -> None:
    venue = Venue()
    queue, market = FiringQueue(), venue.state.markets[1]
    assert market is not None
    market.prices = [199_999] * 5
    queue.begin_travel(market)

    assert (queue.heap, queue.scales) == ([], [0] * 5)


def test_a_quotient_must_be_exact() -> None:
    assert exact_quotient(210, 7) == 30
    with pytest.raises(AssertionError):
        exact_quotient(211, 7)


@pytest.mark.skipif(engine.COMPILED, reason="a compiled engine cannot be patched")
def test_a_sweep_queues_each_stop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """FIR-7: every trade makes another last price; what came true before is not looked at again."""
    queued: list[int] = []
    item = FiringQueue.item

    def counted(queue: FiringQueue, levels: PriceLevels, entry: Entry) -> Firing:
        queued.append(levels.source)
        return item(queue, levels, entry)

    monkeypatch.setattr(FiringQueue, "item", counted)
    venue = book_venue()
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_source": PriceSource.LAST}
    for number in range(20):
        venue.apply(ask(BOB, 1, 200_010 + number))
        venue.apply(order(account_id=CAROL, qty_lots=1, trigger_ticks=200_005, **stop))
    trail = {"order_type": OrderType.TRAILING_STOP, "trail_ticks": 15, "side": Side.BUY}
    venue.apply(order(account_id=CAROL, qty_lots=1, trigger_source=PriceSource.LAST, **trail))
    venue.apply(order(account_id=ALICE, qty_lots=20))

    assert queued == [PriceSource.LAST] * 21
