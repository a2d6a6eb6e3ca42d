"""What the history says of legs, margin modes and initial margin is what the engine has."""

import random

import pytest

from engine.commands import (
    Leg,
    OrderType,
    PlaceOrder,
    PriceSource,
    SetMarginMode,
    SetPositionMode,
    Side,
    TimeInForce,
)
from engine.instrument import MarginMode, PositionMode
from engine.state import open_orders, open_positions
from engine.units import AccountId, InstrumentId, PositionId
from gateway.history.modes import Modes
from tests.gateway.history.test_keeper import Desk

ALICE, BTC = AccountId(1), InstrumentId(1)


def opener(rng: random.Random, leg: Leg) -> PlaceOrder:
    """By amount or by quantity, now, at a limit, or when a trigger comes."""
    side = Side.BUY if leg is not Leg.SHORT else Side.SELL
    if leg is Leg.NONE:
        side = rng.choice([Side.BUY, Side.SELL])
    kind = rng.choice([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_MARKET])
    away = rng.randrange(1, 50_000) * (1 if side is Side.BUY else -1)
    limit = 2_000_000 - away if kind is OrderType.LIMIT else 0
    trigger = 2_000_000 + away if kind is OrderType.STOP_MARKET else 0
    amount = rng.choice([0, rng.randrange(10**9, 10**10)])
    lots = 0 if amount else rng.randrange(1, 5_000)
    return PlaceOrder(
        ALICE, BTC, side, kind, TimeInForce.GTC, lots, amount, limit, trigger, PriceSource.MARK,
        10, False, False, PositionId(0), 0, 0, 0, 0, "", b"", leg=leg,
    )  # fmt: skip


@pytest.mark.parametrize("margin", list(MarginMode))
@pytest.mark.parametrize("mode", list(PositionMode))
def test_the_history_agrees_with_the_engine(mode: PositionMode, margin: MarginMode) -> None:
    desk, rng = Desk(), random.Random(f"{mode}{margin}")
    legs = [Leg.LONG, Leg.SHORT] if mode is PositionMode.HEDGING else [Leg.NONE]
    desk.enter(SetPositionMode(ALICE, BTC, mode))
    for leg in legs:
        desk.enter(SetMarginMode(ALICE, BTC, leg, margin))
    for _ in range(200):
        desk.enter(opener(rng, rng.choice(legs)))
        desk.price(2_000_000 + rng.randrange(-60_000, 60_000))

    account, state = desk.history.account(ALICE), desk.engine.state
    positions, orders = open_positions(state, ALICE), open_orders(state, ALICE)
    is_open = [record for record in account.positions.values() if record.closed_ns == 0]
    assert positions
    assert [(r.position_id, r.leg, r.is_cross) for r in is_open] == [
        (p.position_id, p.key.leg, p.key.is_cross) for p in positions
    ]
    if mode is not PositionMode.NETTING:  # there openers reduce, and the history keeps the sum
        assert [record.initial_margin_atoms for record in is_open] == [
            position.initial_margin_atoms for position in positions
        ]
    assert [(r.order_id, r.leg, r.is_cross) for r in account.orders.values() if r.is_open] == [
        (o.order_id, o.key.leg, o.key.is_cross) for o in orders
    ]


def test_legs_keep_their_settings_while_another_mode_is_on() -> None:
    modes = Modes()
    modes.add_market(1, PositionMode.NETTING, MarginMode.CROSS)
    modes.set_margin_mode(1, 1, Leg.LONG, MarginMode.ISOLATED)

    def legs() -> list[int]:
        return [modes.leg_of_position(1, 1, side) for side in Side]

    assert legs() == [Leg.NONE, Leg.NONE]
    modes.set_position_mode(1, 1, PositionMode.HEDGING)
    assert legs() == [Leg.LONG, Leg.SHORT]
    assert [modes.leg_of_closing(1, 1, side) for side in Side] == [Leg.SHORT, Leg.LONG]
    assert [modes.is_cross(1, 1, leg) for leg in Leg] == [True, False, True]
    assert modes.position_mode(2, 1) == PositionMode.NETTING
