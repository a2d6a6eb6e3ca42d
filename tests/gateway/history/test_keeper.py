"""What the core forgets, kept from commands and events alone."""

import random

import pytest

from engine.commands import (
    Command,
    Deposit,
    ListInstrument,
    OpenAccount,
    OrderType,
    PlaceOrder,
    PriceSource,
    Side,
    TimeInForce,
    UpdatePrice,
)
from engine.engine import Engine
from engine.state import State, open_orders, open_positions
from engine.units import AccountId, InstrumentId, PositionId
from gateway.history.keeper import History
from gateway.history.records import PENDING
from tests.gateway.house import market


class Desk:
    """An engine and its history, fed together."""

    def __init__(self, balance_atoms: int = 10**15) -> None:
        self.engine = Engine(State())
        self.history = History()
        self.now_ns = 1_000
        self.enter(ListInstrument(market("BTC/USDT")))
        self.enter(OpenAccount("alice"))
        self.enter(Deposit(AccountId(1), "USDT", balance_atoms, "d"))
        self.price(2_000_000)

    def enter(self, command: Command) -> None:
        self.now_ns += 1_000
        sequence = self.engine.state.sequence + 1
        events = self.engine.apply(sequence, self.now_ns, command)
        self.history.observe(sequence, self.now_ns, command, events)

    def price(self, ticks: int) -> None:
        prices = (ticks,) * 5
        self.enter(UpdatePrice(InstrumentId(1), "operator", 0, True, *prices))

    def order(
        self, side: Side, price_ticks: int = 0, lots: int = 1_000, client_id: str = ""
    ) -> None:
        kind = OrderType.LIMIT if price_ticks else OrderType.MARKET
        self.enter(
            PlaceOrder(
                AccountId(1), InstrumentId(1), side, kind, TimeInForce.GTC, lots, 0, price_ticks,
                0, PriceSource.MARK, 10, False, False, PositionId(0), 0, 0, 0, 0, client_id,
                bytes(16) if client_id else b"",
            )
        )  # fmt: skip


def random_day(seed: int, steps: int) -> Desk:
    """A desk after some random trading."""
    desk, chance = Desk(), random.Random(seed)
    for number in range(steps):
        if chance.random() < 0.3:
            desk.price(2_000_000 + chance.randrange(-100_000, 100_000))
        else:
            side = chance.choice([Side.BUY, Side.SELL])
            price = chance.choice([0, 2_000_000 + chance.randrange(-80_000, 80_000)])
            client_id = f"c{number % 50}" if chance.random() < 0.5 else ""
            desk.order(side, price, chance.randrange(1, 5_000), client_id)
    return desk


@pytest.mark.parametrize("seed", range(5))
def test_the_history_agrees_with_the_state_on_what_is_open(seed: int) -> None:
    desk = random_day(seed, 400)
    state, account = desk.engine.state, desk.history.account(1)

    pending = [record.order_id for record in account.orders.values() if record.status == PENDING]
    assert pending == [order.order_id for order in open_orders(state, AccountId(1))]
    is_open = [record for record in account.positions.values() if record.closed_ns == 0]
    positions = open_positions(state, AccountId(1))
    assert [
        (r.position_id, r.open_lots, r.open_cost_atoms, r.margin_atoms, r.initial_margin_atoms)
        for r in is_open
    ] == [
        (p.position_id, p.qty_lots, p.cost_atoms, p.margin_atoms, p.initial_margin_atoms)
        for p in positions
    ]
    filled = sum(fill.qty_lots for fill in account.fills if fill.order_id)
    assert filled == sum(record.filled_lots for record in account.orders.values())
