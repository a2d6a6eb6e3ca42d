"""What an order waits for and where it stands (FIR-2, HLD-5)."""

import pytest

from engine.commands import OrderType, PriceSource, Side
from engine.order import Order, execution_rank
from tests.engine.venue import Venue, order, price

STOP, TARGET = OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET


def waiting(**fields: object) -> Order:
    venue = Venue()
    venue.apply(price(199_990, 200_010, 200_000, 200_000, 200_000))
    venue.apply(order(qty_lots=1, **fields))
    return venue.order(1)


@pytest.mark.parametrize(
    ("fields", "falls", "source", "ticks"),
    [
        ({"price_ticks": 5}, True, PriceSource.ASK, 5),
        ({"price_ticks": 300_000, "side": Side.SELL}, False, PriceSource.BID, 300_000),
        ({"order_type": STOP, "trigger_ticks": 300_000}, False, PriceSource.MARK, 300_000),
        (
            {"order_type": STOP, "trigger_ticks": 5, "side": Side.SELL, "trigger_source": 4},
            True,
            PriceSource.INDEX,
            5,
        ),
        ({"order_type": TARGET, "trigger_ticks": 5}, True, PriceSource.MARK, 5),
        (
            {"order_type": TARGET, "trigger_ticks": 300_000, "side": Side.SELL},
            False,
            PriceSource.MARK,
            300_000,
        ),
    ],
)
def test_what_an_order_waits_for(
    fields: dict[str, object], falls: bool, source: PriceSource, ticks: int
) -> None:
    if "trigger_source" in fields:
        fields = {**fields, "trigger_source": PriceSource.INDEX}
    waits = waiting(**fields)

    assert waits.fires_falling() is falls
    assert waits.watched_source() is source
    assert waits.watched_ticks() == ticks
    assert waits.is_conditional() is (waits.order_type in (STOP, TARGET))
    assert waits.is_limit() is (waits.order_type is OrderType.LIMIT)


def test_better_prices_execute_first_then_priorities() -> None:
    venue = Venue()
    for side, ticks in (
        (Side.BUY, 190_000),
        (Side.BUY, 191_000),
        (Side.BUY, 190_000),
        (Side.SELL, 210_000),
        (Side.SELL, 209_000),
        (Side.SELL, 210_000),
    ):
        venue.apply(order(side=side, qty_lots=1, price_ticks=ticks))
    waits = list(venue.state.orders.values())

    def ranked(side: Side) -> list[int]:
        of_side = [o for o in waits if o.side is side]
        return [o.order_id for o in sorted(of_side, key=execution_rank)]

    assert (ranked(Side.BUY), ranked(Side.SELL)) == ([2, 1, 3], [5, 4, 6])
