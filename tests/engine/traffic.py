"""Random commands that hit the engine everywhere, from a seed.

Run as a program it prints the event chain after the commands of a seed:
`python -m tests.engine.traffic SEED COMMANDS`.
"""

import random
import sys
from typing import Any, Final

from engine.commands import (
    ALL_INSTRUMENTS,
    KEEP,
    AdjustMargin,
    AdvanceTime,
    AmendOrder,
    AssignFeeTier,
    CancelAfter,
    CancelOrder,
    CancelOrders,
    Command,
    Deposit,
    Leg,
    OrderType,
    PlaceOrder,
    PriceSource,
    SamplePremium,
    SelfTradePrevention,
    SetFeeTier,
    SetInstrumentStatus,
    SetLeverage,
    SetMarginMode,
    SetPositionExits,
    SetPositionMode,
    Side,
    SubmitBatch,
    TimeInForce,
    Withdraw,
)
from engine.engine import Engine
from engine.instrument import InstrumentStatus, MarginMode, PositionMode
from engine.state import State, open_positions
from engine.units import E8, AccountId, InstrumentId, OrderId, PositionId
from tests.engine.traffic_venue import ACCOUNTS, MARKETS, opening_commands
from tests.engine.venue import SECOND_NS, START_NS, order, price

LIMIT_TYPES: Final = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class Traffic:
    """A stream of commands about what is there, sometimes about what is not."""

    def __init__(self, seed: int, state: State) -> None:
        self.chance: Final = random.Random(seed)
        self.state: Final = state
        self.ticks = [0, *[200_000] * MARKETS]
        self.transfers = 0

    def next_command(self) -> Command:
        """One more command."""
        chance = self.chance
        kinds = (
            (self.place, 45),
            (self.reprice, 25),
            (self.close, 10),
            (self.cancel, 6),
            (self.amend, 5),
            (self.exits, 3),
            (self.margin, 3),
            (self.batch, 3),
            (self.rare, 3),
            (self.modes, 2),
            (self.finance, 4),
        )
        makers = [maker for maker, _ in kinds]
        return chance.choices(makers, [weight for _, weight in kinds])[0]()

    def account(self) -> AccountId:
        """Somebody; now and then nobody."""
        return AccountId(self.chance.randint(0 if self.chance.random() < 0.02 else 1, ACCOUNTS))

    def mode(self, account_id: AccountId, market: int) -> PositionMode:
        """What the account's positions there are keyed by."""
        found = self.state.market(market)
        assert found is not None
        seat = found.existing_seat(account_id)
        return found.spec.position_mode if seat is None else seat.mode

    def leg(self, mode: PositionMode) -> Leg:
        """A leg where there are any."""
        return self.chance.choice(list(Leg)[1:]) if mode is PositionMode.HEDGING else Leg.NONE

    def near(self, market: int, away: float = 0.03) -> int:
        """A price not far away."""
        return max(1, int(self.ticks[market] * (1 + self.chance.uniform(-away, away))))

    def place(self) -> PlaceOrder:
        """An order of any kind."""
        chance = self.chance
        account, market = self.account(), chance.randint(1, MARKETS)
        mode = self.mode(account, market)
        kind = chance.choice(list(OrderType))
        by_amount = chance.random() < 0.4
        fields: dict[str, Any] = {
            "account_id": account,
            "instrument_id": InstrumentId(market),
            "side": chance.choice(list(Side)),
            "order_type": kind,
            "qty_lots": 0 if by_amount else chance.randint(1, 900 if market > 4 else 60),
            "amount_atoms": chance.randint(1, 150 * E8) if by_amount else 0,
            "price_ticks": self.near(market) if kind in LIMIT_TYPES else 0,
            "leverage": 50 if mode is PositionMode.TICKET else chance.choice([0, 0, 0, 10, 50]),
            "leg": self.leg(mode),
            "trigger_source": chance.choice(list(PriceSource)[2:]),
            "self_trade_prevention": chance.choice(list(SelfTradePrevention)),
        }
        if kind not in (OrderType.MARKET, OrderType.LIMIT):
            fields["trigger_ticks"] = self.near(market)
        if kind is OrderType.TRAILING_STOP:
            fields.update(self.trail(), trigger_ticks=chance.choice([0, self.near(market)]))
        elif chance.random() < 0.15:
            fields.update(self.trail())
        if kind in LIMIT_TYPES:
            fields["time_in_force"] = chance.choice(list(TimeInForce))
            if fields["time_in_force"] is TimeInForce.GTD:
                fields["expire_ns"] = self.state.time_ns + chance.randint(-5, 90) * SECOND_NS
        fields.update(self.attached(market))
        if mode is PositionMode.NETTING and chance.random() < 0.15:
            fields.update(reduce_only=True, amount_atoms=0, qty_lots=chance.randint(1, 60))
        if market in (3, 4, 6) and kind in LIMIT_TYPES and chance.random() < 0.2:
            fields["display_lots"] = chance.randint(1, 20)
        if chance.random() < 0.1:
            fields["oco_group"] = chance.choice("ab")
        if chance.random() < 0.2:
            fields.update(client_order_id=f"c{chance.randint(0, 400)}", digest=b"d" * 16)
        return order(**fields)

    def attached(self, market: int) -> dict[str, int]:
        """Exits of what an order opens; mostly none."""
        chance, exits = self.chance, {}
        for name in ("stop_loss_ticks", "take_profit_ticks"):
            if chance.random() < 0.2:
                exits[name] = self.near(market, 0.1)
        if chance.random() < 0.1:
            exits["auto_close_e8"] = chance.randint(-E8, E8)
        return exits

    def trail(self) -> dict[str, int]:
        """A distance, a rate or both."""
        ticks, rate_e8 = self.chance.randint(100, 6_000), self.chance.randint(1, E8 // 30)
        one = self.chance.choice([(ticks, 0), (0, rate_e8), (ticks, rate_e8)])
        return {"trail_ticks": one[0], "trail_e8": one[1]}

    def reprice(self) -> Command:
        """A price, mostly a small step, sometimes a gap."""
        chance = self.chance
        market = chance.randint(1, MARKETS)
        self.ticks[market] = self.near(market, 0.2 if chance.random() < 0.12 else 0.01)
        last, mark = self.ticks[market], self.near(market, 0.001)
        spread = chance.randint(0, 20)
        return price(last - spread, last + spread, last, mark, last, instrument=market)

    def close(self) -> Command:
        """An order that closes a position, if there is one."""
        chance = self.chance
        account = self.account()
        positions = open_positions(self.state, account) if account else []
        if not positions:
            return self.reprice()
        held = chance.choice(positions)
        limit = self.near(held.market.instrument_id) if chance.random() < 0.6 else 0
        return order(
            account_id=account,
            instrument_id=held.market.instrument_id,
            side=Side.SELL if held.side is Side.BUY else Side.BUY,
            position_id=held.position_id,
            leg=held.key.leg,
            price_ticks=limit,
            qty_lots=chance.randint(0, held.qty_lots),
        )

    def some_order(self) -> tuple[AccountId, OrderId]:
        """An open order, or any number."""
        waiting = list(self.state.orders.values())
        if not waiting or self.chance.random() < 0.1:
            return self.account(), OrderId(self.chance.randint(-1, 10**6))
        found = self.chance.choice(waiting)
        return found.account_id, found.order_id

    def cancel(self) -> Command:
        """One order, or all of an account."""
        account, order_id = self.some_order()
        if self.chance.random() < 0.1:
            return CancelOrders(account, ALL_INSTRUMENTS, self.chance.random() < 0.5)
        return CancelOrder(account, order_id, "")

    def batch(self) -> Command:
        """Some orders of one account, and an amend."""
        first = self.place()
        items: list[PlaceOrder | AmendOrder] = [first, self.amend()]
        items += [p for p in (self.place() for _ in range(8)) if p.account_id == first.account_id]
        own = tuple(item for item in items if item.account_id == first.account_id)
        return SubmitBatch(first.account_id, own)

    def amend(self) -> AmendOrder:
        """Some terms of an order."""
        chance = self.chance
        account, order_id = self.some_order()
        terms = [self.near(1), self.near(1), chance.randint(1, 60), chance.randint(1, 150 * E8)]
        asked = [term if chance.random() < 0.35 else 0 for term in terms]
        return AmendOrder(account, order_id, "", *asked)

    def some_position(self) -> tuple[AccountId, PositionId]:
        """An open position, or any number."""
        held = list(self.state.positions.values())
        if not held or self.chance.random() < 0.1:
            return self.account(), PositionId(self.chance.randint(-1, 10**6))
        found = self.chance.choice(held)
        return found.account_id, found.position_id

    def exits(self) -> Command:
        """Exits of a position."""
        chance = self.chance
        ticks = [chance.choice([KEEP, 0, self.near(1, 0.1), self.near(2, 0.1)]) for _ in range(2)]
        auto_close = chance.choice([KEEP, 0, chance.randint(-E8, E8)])
        source = chance.choice(list(PriceSource))
        account, position_id = self.some_position()
        new = self.trail()
        trail = chance.choice([(KEEP, KEEP), (0, 0), (new["trail_ticks"], new["trail_e8"])])
        exits = ticks[0], ticks[1], auto_close
        return SetPositionExits(account, position_id, *exits, source, *trail)

    def margin(self) -> Command:
        """Margin of a position."""
        return AdjustMargin(*self.some_position(), self.chance.randint(-50 * E8, 50 * E8))

    def modes(self) -> Command:
        """A setting of a key or seat; most are in use."""
        chance = self.chance
        account, market = self.account(), InstrumentId(chance.randint(1, MARKETS))
        leg = self.leg(self.mode(account, market))
        commands: list[Command] = [
            SetLeverage(account, market, chance.choice([1, 10, 50]), leg),
            SetMarginMode(account, market, leg, chance.choice(list(MarginMode))),
            SetPositionMode(account, market, chance.choice(list(PositionMode))),
        ]
        return chance.choice(commands)

    def finance(self) -> Command:
        """Premium samples and fee tiers."""
        chance = self.chance
        market, tier = InstrumentId(chance.randint(1, MARKETS)), chance.randint(0, 3)
        commands: list[Command] = [
            *[SamplePremium(market)] * 4,
            SetFeeTier(market, tier, chance.randint(-20_000, 40_000), chance.randint(0, 90_000)),
            AssignFeeTier(self.account(), tier),
        ]
        return chance.choice(commands)

    def rare(self) -> Command:
        """What happens now and then."""
        chance = self.chance
        market = InstrumentId(chance.randint(1, MARKETS))
        self.transfers += 1
        commands: list[Command] = [
            SetInstrumentStatus(market, InstrumentStatus.HALTED),
            SetInstrumentStatus(market, InstrumentStatus.CLOSE_ONLY),
            *[SetInstrumentStatus(market, InstrumentStatus.TRADING)] * 6,
            Deposit(self.account(), "USDT", 500 * E8, f"more-{self.transfers}"),
            Withdraw(self.account(), "USDT", chance.randint(1, 300 * E8), f"w-{self.transfers}"),
            CancelAfter(self.account(), chance.choice([0, 5, 20]) * SECOND_NS),
            AdvanceTime(),
        ]
        return chance.choice(commands)


def run_traffic(seed: int, commands: int) -> Engine:
    """The engine after the commands of a seed."""
    engine = Engine(State())
    time_ns = START_NS
    for command in opening_commands():
        engine.apply(engine.state.sequence + 1, time_ns, command)
    traffic = Traffic(seed, engine.state)
    for _ in range(commands):
        time_ns += traffic.chance.randint(0, SECOND_NS)
        engine.apply(engine.state.sequence + 1, time_ns, traffic.next_command())
    return engine


if __name__ == "__main__":
    print(run_traffic(int(sys.argv[1]), int(sys.argv[2])).state.event_chain.hex())
