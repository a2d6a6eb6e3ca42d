"""Opening orders are well formed: refused for money or price moves, never for their shape."""

from collections import Counter
from random import Random

import pytest

from engine.commands import OrderType, Side, TimeInForce
from engine.events import OrderAccepted, Rejected
from gateway.feeds.price_file import PriceRow
from gateway.feeds.quote import same_price
from gateway.replay.habits import HABITS, Habit
from gateway.replay.openers import moved, opening_order
from gateway.replay.stage import Stage
from gateway.replay.tally import Tally

NOW_MS = 1_700_000_000_000
ORDERS = 400


@pytest.mark.parametrize(
    ("side", "basis_points", "ticks"),
    [
        (Side.BUY, 10, 99_900),
        (Side.BUY, -10, 100_100),
        (Side.SELL, 10, 100_100),
        (Side.SELL, -10, 99_900),
    ],
)
def test_better_is_lower_for_a_buyer(side: Side, basis_points: int, ticks: int) -> None:
    assert moved(100_000, side, basis_points) == ticks


def test_a_price_never_falls_below_a_tick() -> None:
    assert moved(1, Side.BUY, 5_000) == 1


@pytest.mark.parametrize("habit", HABITS, ids=[habit.name for habit in HABITS])
def test_orders_are_well_formed(habit: Habit) -> None:
    stage = Stage(Tally().watch, None)
    stage.source = "test"
    stage.open_markets("BTC", NOW_MS * 1_000_000)
    rng = Random(5)
    stage.move_prices(PriceRow(1, NOW_MS, same_price(60_000 * 10**8)))
    refused: Counter[str] = Counter()
    kinds: set[tuple[OrderType, TimeInForce]] = set()
    for number, trader in enumerate(stage.seat_traders(ORDERS, rng, NOW_MS * 1_000_000)):
        market = stage.markets[number % 2]
        side = Side.BUY if number % 4 < 2 else Side.SELL
        free_atoms = stage.state.ledger.assets[1].free[trader.account_id]
        order = opening_order(
            rng, habit, market, trader.account_id, side, free_atoms, 0, NOW_MS, number
        )
        kinds.add((order.order_type, order.time_in_force))
        (answer, *_) = stage.apply(NOW_MS * 1_000_000, order)
        if isinstance(answer, Rejected):
            refused[answer.reason.name] += 1
        elif isinstance(answer, OrderAccepted):
            assert 1 <= answer.leverage <= 100

    assert refused.keys() <= {
        *("CANNOT_FILL", "INSUFFICIENT_BALANCE", "RISK_TIER", "WOULD_TAKE", "MIN_NOTIONAL")
    }
    limits = {(OrderType.LIMIT, time_in_force) for time_in_force in TimeInForce}
    others = {
        (OrderType.MARKET, TimeInForce.GTC),
        (OrderType.STOP_MARKET, TimeInForce.GTC),
        (OrderType.TAKE_PROFIT_MARKET, TimeInForce.GTC),
    }
    assert kinds == limits | others
