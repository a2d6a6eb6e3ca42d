"""The mark of an order-driven market: formula, staleness, and what comes of it in a venue."""

import statistics
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.quote import Quote
from gateway.pricing.mark_price import (
    BasisAverage,
    MarkMaker,
    MarkRules,
    basis_e8,
    mark_price_e8,
    middle_e8,
    with_basis_e8,
)
from gateway.pricing.prices import PriceEntry
from tests.gateway.house import House, until
from tests.gateway.perpetual import PERP, open_perpetual, order

E8 = 10**8
SECOND_NS = 10**9
PRICE = st.integers(1, 10**18)
SHARE = st.integers(-E8 + 1, 10 * E8)
CAP = 20 * E8 // 100
RULES = MarkRules(basis_window_s=10, last_stale_ns=5 * SECOND_NS, cap_e8=CAP)


def test_worked_numbers() -> None:
    assert basis_e8(20_100 * E8, 20_000 * E8) == 500_000
    assert basis_e8(19_999 * E8 + 99_999_999, 20_000 * E8) == -1  # floored: -0.00005 of 10^-8
    assert with_basis_e8(20_000 * E8, 500_000) == 20_100 * E8
    assert with_basis_e8(1, -E8 + 1) == 1  # still a price
    tenth = 10 * E8 // 100
    parts: list[tuple[int | None, int | None]] = [
        *((None, None), (tenth, None), (None, 121), (tenth, 121), (tenth, 104), (-tenth, 900)),
        *((None, 150), (4 * tenth, 150), (-4 * tenth, 50), (-4 * tenth, 1)),
    ]
    marks = [mark_price_e8(100, average, last, CAP) for average, last in parts]
    assert marks == [100, 105, 110, 110, 104, 100, 120, 120, 80, 80]
    assert [middle_e8(bid, ask, 3) for bid, ask in ((0, 5), (5, 0), (5, 6))] == [None, None, 16]


@given(PRICE, SHARE, PRICE)
def test_no_part_moves_the_mark_past_the_other_two(index: int, average: int, last: int) -> None:
    usual = with_basis_e8(index, average)
    middle = statistics.median([index, usual, last])

    assert mark_price_e8(index, average, last, 100 * E8) == middle
    assert min(index, usual) <= mark_price_e8(index, average, None, E8) <= max(index, usual)
    assert min(index, last) <= mark_price_e8(index, None, last, E8) <= max(index, last)


@given(PRICE, SHARE, PRICE, st.integers(0, E8))
def test_a_mark_never_leaves_the_cap(index: int, average: int, last: int, cap: int) -> None:
    mark = mark_price_e8(index, average, last, cap)

    assert abs(mark - index) * E8 <= cap * index
    free = mark_price_e8(index, average, last, 100 * E8)
    assert mark == free or abs(free - index) * E8 > cap * index


@given(PRICE, PRICE)
def test_a_basis_put_back_on_the_index_is_the_price_or_a_little_less(
    price: int, index: int
) -> None:
    back = with_basis_e8(index, basis_e8(price, index))

    assert back <= price
    assert Fraction(price - back) <= Fraction(index, E8) + 1


@given(st.lists(st.tuples(st.integers(0, 4), SHARE), max_size=40))
def test_the_average_is_of_the_last_sample_of_each_second_in_the_window(
    steps: list[tuple[int, int]],
) -> None:
    made, naive, second = BasisAverage(10), dict[int, int](), 1_000
    for waits, sample in steps:
        second += waits
        made.add(second, sample)
        naive[second] = sample
        within = [value for at, value in naive.items() if at > second - 10]
        assert made.average_e8(second) == sum(within) // len(within)
    assert made.average_e8(second + 10) is None


async def marked(house: House) -> PriceEntry:
    """The entry of a venue whose marks are medians."""
    maker = MarkMaker(house.venue.board, house.venue.clock.now_ns, RULES)
    return PriceEntry(house.venue.state, house.venue.sequencer, maker)


async def index(house: House, entry: PriceEntry, price: int, symbol: str = PERP) -> str:
    """An index, and the mark that comes of it."""
    before = house.venue.state.sequence
    entry.offer(Quote(symbol, "feed", before, *(price * E8,) * 5))
    await until(lambda: house.venue.state.sequence > before)
    path = symbol.replace("/", "-")
    async with house.session.get(f"{house.url}/api/ticker?symbol={path}") as reply:
        ticker = await reply.json()
    assert ticker["index"] == str(price)
    return str(ticker["mark"])


async def test_a_book_pulls_the_mark_by_its_usual_basis(house: House) -> None:
    await open_perpetual(house)
    entry = await marked(house)
    alice, bob = await house.user("alice", "10000"), await house.user("bob", "10000")
    marks = [await index(house, entry, 20_000)]
    await order(alice, "BUY", "0.01", price="20090")
    await order(bob, "SELL", "0.01", price="20110")
    marks.append(await index(house, entry, 20_000))  # half way to 20,100: there is no last
    house.now_ns += SECOND_NS
    marks.append(await index(house, entry, 20_200))  # the basis is 0.5 % and then 0 …
    house.now_ns += SECOND_NS
    await order(alice, "BUY", "0.001", price="20110")
    marks.append(await index(house, entry, 20_000))  # … on average 0.1667 %: 20,033.3; last 20,110
    house.now_ns += 6 * SECOND_NS
    marks.append(await index(house, entry, 20_000))  # the trade is too old to count

    assert marks[:2] == ["20000", "20050"]
    # samples: 0.5 %, floor(−100 / 20,200), 0.5 %, and 0.5 % again
    low = -100 * E8 // 20_200
    first, second, third = (500_000 + low) // 2, (1_000_000 + low) // 3, (1_500_000 + low) // 4
    parts = [
        (20_200 * 2 * E8 + 20_200 * first) / (2 * E8),
        20_000 * (E8 + second) / E8,
        (20_000 * 2 * E8 + 20_000 * third) / (2 * E8),
    ]
    for mark, expected in zip(marks[2:], parts, strict=True):
        assert abs(float(mark) - expected) <= 0.05  # to the tick of 0.1


async def test_a_wick_of_the_last_price_moves_no_mark_far(house: House) -> None:
    await open_perpetual(house)
    entry = await marked(house)
    alice, bob = await house.user("alice", "10000"), await house.user("bob", "10000")
    await index(house, entry, 20_000)
    await order(alice, "BUY", "0.01", price="19990")
    await order(bob, "SELL", "0.01", price="20010")
    await index(house, entry, 20_000)
    await order(alice, "BUY", "0.02", price="21500")
    await order(bob, "SELL", "0.01", price="21500")
    await order(bob, "SELL", "0.01", price="20010")

    (trade, *_) = house.venue.board.views[2].tape.latest(1)
    assert (trade.price_ticks, await index(house, entry, 20_000)) == (215_000, "20000")


async def test_a_quote_driven_market_takes_the_feeds_own(house: House) -> None:
    entry = await marked(house)

    assert await index(house, entry, 20_123, "BTC/USDT") == "20123"
