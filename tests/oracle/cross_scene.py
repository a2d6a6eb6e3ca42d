"""A cross account and the markets in which it loses: what the plots for it are made of.

Knows the oracle's figures of an account; each step is thought out when its turn comes.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from tests.oracle import book_aims
from tests.oracle.cross import spendable
from tests.oracle.cross_aims import cross_accounts, health_edge
from tests.oracle.ladder import stale
from tests.oracle.plots import Planned, Step
from tests.oracle.records import Fields, Market, Order, Position, opposite, sign
from tests.oracle.rules import cap_atoms
from tests.oracle.state import State
from tests.oracle.stories import order_fields, price_of

LEVERAGES: Final = (5, 10, 20, 50, 100)


class Ruin:
    """One account, one asset, and the markets in which it loses."""

    def __init__(
        self, chance: Random, state: State, market: Market, fresh: Callable[[str], str]
    ) -> None:
        self.chance = chance
        self.state = state
        self.market = market
        self.fresh = fresh
        self.plot: list[Planned] = []
        accounts = list(state.accounts)[:9]
        held = cross_accounts(state, market)
        self.account_id = chance.choice(held if held and chance.random() < 0.5 else accounts)
        self.others = [one for one in accounts if one != self.account_id]
        chance.shuffle(self.others)
        self.neighbours = [
            other
            for other in list(state.markets.values())[:5]
            if other.asset_id == market.asset_id and other.prices is not None
        ]

    def be_flat(self) -> None:
        """It is about somebody without a position in the asset, if there is one."""
        holders = {
            position.account_id
            for position in self.state.positions.values()
            if self.state.markets[position.instrument_id].asset_id == self.market.asset_id
        }
        flat = [one for one in (self.account_id, *self.others) if one not in holders]
        if flat:
            self.account_id = flat[0]
            self.others = [one for one in self.state.accounts if one <= 9 and one != flat[0]]
            self.chance.shuffle(self.others)

    def go_netting(self) -> None:
        """It is about a market where the account has one position a side, if there is one."""
        netting = [one for one in self.neighbours if not self.state.is_ticket(self.account_id, one)]
        if netting and self.state.is_ticket(self.account_id, self.market):
            self.market = self.chance.choice(netting)

    def key(self, market: Market, side: str) -> tuple[int, int, str]:
        """The key that an opener of this side has."""
        hedges = self.state.mode_of(self.account_id, market) == "HEDGING"
        leg = ("LONG" if side == "BUY" else "SHORT") if hedges else "NONE"
        return self.account_id, market.instrument_id, leg

    def go_cross(self, market: Market, side: str) -> None:
        """The key's money is the account's, if nothing is open there."""

        def step() -> Step | None:
            _, instrument_id, leg = self.key(market, side)
            mode = {"leg": leg, "margin_mode": "CROSS"}
            where = {"account_id": self.account_id, "instrument_id": instrument_id}
            return "SetMarginMode", where | mode

        self.plot.append(step)

    def sized(self, market: Market, side: str, part: int, few: bool = False) -> Fields:
        """An opener for a part of what the account may spend.

        few: what it opens can still be turned, or have the highest leverage.
        """
        chance, state = self.chance, self.state
        key = self.key(market, side)
        used = state.position_of_key(*key) is not None or state.orders_of_key(*key)
        ticket = state.is_ticket(self.account_id, market)
        highest = int(market.spec["leverage_max"])
        leverage = min(highest, chance.choice(LEVERAGES))
        if used and not ticket:
            leverage = state.leverages.get(key, 1)
        money = max(0, spendable(state, self.account_id, market.asset_id, cross=True))
        lots = money * leverage // (part * market.mark * market.k)
        most = int(market.spec["qty_lots_max"])
        if few:
            allowed = cap_atoms(market.spec, highest) * 4 // 10
            most = min(most // 4, allowed // (market.mark * market.k))
        lots = max(market.spec["qty_lots_min"], min(lots, most))
        asked = 0 if used and not ticket else leverage
        return {"qty_lots": lots, "leverage": asked, "leg": key[2]}

    def be_idle(self) -> None:
        """It is about somebody with nothing open in the market, if there is anybody."""
        here = self.market.instrument_id
        waiting: list[Order | Position] = [*self.state.orders.values()]
        waiting += self.state.positions.values()
        busy = {one.account_id for one in waiting if one.instrument_id == here}
        idle = [one for one in (self.account_id, *self.others) if one not in busy]
        if idle:
            self.account_id = idle[0]
            self.others = [one for one in self.state.accounts if one <= 9 and one != idle[0]]
            self.chance.shuffle(self.others)

    def open(self, market: Market, side: str, few: bool = False) -> None:
        """A position, in a book with somebody who is willing."""
        part = self.chance.choice((1, 2, 2, 4, 30))
        if market.is_order_driven:
            self.plot.append(lambda: self.willing(market, side, part))

        def step() -> Step | None:
            order = order_fields(self.account_id, market.instrument_id, side, "MARKET")
            return "PlaceOrder", order | self.sized(market, side, part, few)

        self.plot.append(step)

    def order_of(self, market: Market, side: str, kind: str) -> tuple[str, Fields]:
        """An order of the account's at the key's own leverage, still without a size."""
        order = order_fields(self.account_id, market.instrument_id, side, kind)
        ticket = self.state.is_ticket(self.account_id, market)
        return "PlaceOrder", order | {"leverage": 5 * ticket, "leg": self.key(market, side)[2]}

    def willing(self, market: Market, side: str, part: int) -> Step | None:
        """Somebody else's order on the other side, at the mark."""
        lots = self.sized(market, side, part)["qty_lots"]
        touch = book_aims.touch_of(self.state, market, opposite(side))
        ticks = max(1, touch + sign(side)) if touch else market.mark
        order = order_fields(self.others[0], market.instrument_id, opposite(side), "LIMIT")
        return "PlaceOrder", order | {"qty_lots": lots, "price_ticks": ticks, "leverage": 5}

    def wait(self, market: Market, side: str, few: bool = False) -> None:
        """An opener that rests or waits for a trigger, not far away."""
        chance = self.chance
        kind = chance.choice(("LIMIT", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET"))

        def step() -> Step | None:
            away = max(1, market.mark // chance.choice((20, 50, 100, 300)))
            order = order_fields(self.account_id, market.instrument_id, side, kind)
            way = sign(side) * (1 if kind == "STOP_MARKET" else -1)
            ticks = max(1, market.mark + way * away)
            order["price_ticks" if kind == "LIMIT" else "trigger_ticks"] = ticks
            return "PlaceOrder", order | self.sized(market, side, chance.choice((2, 5, 20)), few)

        self.plot.append(step)

    def drain(self) -> None:
        """All that may leave leaves, or nearly so."""
        name, left = self.fresh("t"), self.chance.choice((0, 0, 0, 1, 50))

        def step() -> Step | None:
            asset_id = self.market.asset_id
            atoms = spendable(self.state, self.account_id, asset_id, cross=False)
            atoms -= atoms * left // 100
            if atoms <= 0:
                return None
            asset = self.market.spec["settlement"]
            money = {"asset": asset, "amount_atoms": atoms, "transfer_id": name}
            return "Withdraw", {"account_id": self.account_id, **money}

        self.plot.append(step)

    def supply(self) -> None:
        """Who has nothing gets something to lose."""
        chance, asset_id = self.chance, self.market.asset_id
        for account_id in (self.account_id, self.others[0]):
            if spendable(self.state, account_id, asset_id, cross=False) < 10**7:
                atoms = chance.choice((10**7, 10**8, 10**9, 10**10))
                money = {"asset": self.market.spec["settlement"], "amount_atoms": atoms}
                told = {"account_id": account_id, **money, "transfer_id": self.fresh("t")}
                self.plot.append(lambda told=told: ("Deposit", told))  # type: ignore[misc]

    def shut(self, market: Market) -> None:
        """The market halts, or its price goes stale."""
        after = int(market.spec["stale_after_ns"])
        if after and self.chance.random() < 0.5:
            self.plot.append(lambda: ("AdvanceTime", {}, after + 1))
            if market is not self.market:
                self.plot.append(lambda: self.price(self.market, self.market.mark))
        else:
            halt = {"instrument_id": market.instrument_id, "status": "HALTED"}
            self.plot.append(lambda: ("SetInstrumentStatus", halt))

    def reopen(self) -> None:
        """Every market trades again at a fresh price."""
        for market in self.neighbours:
            number = market.instrument_id

            def trade(market: Market = market, number: int = number) -> Step | None:
                if market.status != "HALTED":
                    return None
                return "SetInstrumentStatus", {"instrument_id": number, "status": "TRADING"}

            def fresh(market: Market = market) -> Step | None:
                return self.price(market, market.mark) if stale(self.state, market) else None

            self.plot += [trade, fresh]

    def price(self, market: Market, ticks: int) -> Step:
        """The operator's price: the mark, and a touch that may be worse."""
        worse = self.chance.choice((0, 0, 1, 3, max(1, ticks // 100)))
        sides = {"bid_ticks": max(1, ticks - worse), "ask_ticks": ticks + worse}
        return "UpdatePrice", price_of(max(1, ticks), market.instrument_id, **sides)

    def to_edge(self, market: Market, beyond: int | None = None) -> None:
        """The mark goes where H crosses 1, to a tick."""
        chance = self.chance
        steps = (-1, 0, 0, 0, 1, 2, 10, 40, 150) if beyond is None else (beyond,)

        def step() -> Step | None:
            for falls in chance.sample((True, False), 2):
                ticks = health_edge(self.state, self.account_id, market, falls)
                if ticks:
                    further = chance.choice(steps)
                    if further > 2:
                        further = ticks * further // 1_000
                    return self.price(market, max(1, ticks + (-further if falls else further)))
            return None

        self.plot.append(step)
