"""After every command of a random day the history and the engine agree on what is open."""

import random

import pytest

from engine.commands import (
    AmendOrder,
    CancelOrders,
    Command,
    Deposit,
    FundInsurance,
    ListInstrument,
    OpenAccount,
    OrderType,
    PlaceOrder,
    PriceSource,
    SelfTradePrevention,
    Side,
    SubmitBatch,
    TimeInForce,
    UpdatePrice,
)
from engine.engine import Engine
from engine.state import State, open_orders, open_positions
from engine.units import AccountId, InstrumentId, OrderId, PositionId
from gateway.history.keeper import History
from tests.gateway.perpetual import perpetual

ACCOUNTS = 4
PERP = InstrumentId(1)
KINDS = [*OrderType, OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT]


class Floor:
    """An engine and its history, and some accounts that trade at random."""

    def __init__(self, seed: int) -> None:
        self.engine = Engine(State())
        self.history = History()
        self.chance = random.Random(seed)
        self.mark = 200_000
        self.ended: set[str] = set()
        self.enter(ListInstrument(perpetual(notional_atoms_min=0)))
        self.enter(FundInsurance("USDT", 10**12, "fund"))
        for number in range(1, ACCOUNTS + 1):
            self.enter(OpenAccount(f"user{number}"))
            self.enter(Deposit(AccountId(number), "USDT", 10**12 * number, f"d{number}"))
        self.price(0)

    def enter(self, command: Command) -> None:
        sequence = self.engine.state.sequence + 1
        events = self.engine.apply(sequence, sequence * 1_000, command)
        self.history.observe(sequence, sequence * 1_000, command, events)

    def price(self, widest: int) -> None:
        self.mark += self.chance.randint(-widest, widest)
        self.mark = min(max(self.mark, 150_000), 250_000)
        self.enter(UpdatePrice(PERP, "operator", 0, True, *(self.mark,) * 5))

    def order(self) -> PlaceOrder:
        """Mostly a sensible one."""
        chance = self.chance
        kind = chance.choice(KINDS)
        is_limit = "LIMIT" in kind.name
        conditional = kind not in (OrderType.LIMIT, OrderType.MARKET)
        in_force = TimeInForce.GTC
        if is_limit and chance.random() < 0.4:
            in_force = chance.choice([TimeInForce.IOC, TimeInForce.FOK])
        by_amount = chance.random() < 0.3
        closing = not by_amount and chance.random() < 0.25
        lots = chance.randint(1, 300)
        return PlaceOrder(
            *(AccountId(chance.randint(1, ACCOUNTS)), PERP, chance.choice(list(Side)), kind),
            *(in_force, 0 if by_amount else lots, lots * 10**9 if by_amount else 0),
            self.mark + chance.randint(-400, 400) if is_limit else 0,
            self.mark + chance.randint(-400, 400) if conditional else 0,
            chance.choice([PriceSource.LAST, PriceSource.MARK]),
            20,
            reduce_only=closing,
            post_only=False,
            position_id=PositionId(0),
            stop_loss_ticks=0,
            take_profit_ticks=0,
            auto_close_e8=0,
            expire_ns=0,
            client_order_id="",
            digest=b"",
            display_lots=min(lots, 5) if is_limit and chance.random() < 0.1 else 0,
            self_trade_prevention=chance.choice(list(SelfTradePrevention)),
            oco_group=chance.choice(["", "", "a", "b"]),
        )

    def step(self) -> None:
        """One command."""
        chance = self.chance
        what = chance.random()
        account_id = AccountId(chance.randint(1, ACCOUNTS))
        if what < 0.1:
            self.price(300)
        elif what < 0.13:
            self.price(8_000)
        elif what < 0.15:
            self.enter(CancelOrders(account_id, PERP))
        elif what < 0.25:
            resting = open_orders(self.engine.state, account_id)
            if resting:
                order = chance.choice(resting)
                lots = chance.randint(1, 300)
                self.enter(AmendOrder(account_id, OrderId(order.order_id), "", 0, 0, lots, 0))
        elif what < 0.3:
            orders = [self.order() for _ in range(5)]
            same = [order for order in orders if order.account_id == orders[0].account_id]
            self.enter(SubmitBatch(orders[0].account_id, tuple(same)))
        else:
            self.enter(self.order())

    def compare(self) -> None:
        """Open orders with their totals, what filled of them, and open positions."""
        state = self.engine.state
        for number in range(1, ACCOUNTS + 1):
            account = self.history.account(number)
            ours = {
                record.order_id: (record.qty_lots, record.filled_lots)
                for record in account.orders.values()
                if record.is_open
            }
            theirs = {
                order.order_id: (order.filled_lots + order.qty_lots, order.filled_lots)
                for order in open_orders(state, AccountId(number))
            }
            assert ours == theirs
            assert {
                record.position_id: (record.open_lots, record.open_cost_atoms, record.margin_atoms)
                for record in account.positions.values()
                if record.closed_ns == 0
            } == {
                position.position_id: (
                    *(position.qty_lots, position.cost_atoms, position.margin_atoms),
                )
                for position in open_positions(state, AccountId(number))
            }
            filled = sum(fill.qty_lots for fill in account.fills if fill.order_id)
            assert filled == sum(record.filled_lots for record in account.orders.values())
            for record in account.orders.values():
                if record.status == "FILLED":
                    assert record.qty_lots == record.filled_lots > 0
                elif record.status == "PARTIALLY_FILLED":
                    assert 0 < record.filled_lots < record.qty_lots
                self.ended.add(record.reason or record.status)


@pytest.mark.parametrize("seed", range(4))
def test_the_history_agrees_with_the_engine_after_every_command(seed: int) -> None:
    floor = Floor(seed)
    for _ in range(500):
        floor.step()
        floor.compare()

    assert {"FILLED", "PENDING", "UNFILLED", "SELF_TRADE", "OCO", "USER"} <= floor.ended
    assert floor.history.known(0) is None
