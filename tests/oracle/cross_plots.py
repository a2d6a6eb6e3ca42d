"""Plots that lead a cross account to the price where it cannot go on, and a little further.

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
from tests.oracle.records import Fields, Market, opposite, sign
from tests.oracle.rules import cap_atoms, ceil_div, fee_of
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

    def sized(self, market: Market, side: str, part: int) -> Fields:
        """An opener for a part of what the account may spend."""
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
        lots = max(market.spec["qty_lots_min"], min(lots, market.spec["qty_lots_max"]))
        asked = 0 if used and not ticket else leverage
        return {"qty_lots": lots, "leverage": asked, "leg": key[2]}

    def open(self, market: Market, side: str) -> None:
        """A position, in a book with somebody who is willing."""
        part = self.chance.choice((1, 2, 2, 4, 30))
        if market.is_order_driven:
            self.plot.append(lambda: self.willing(market, side, part))

        def step() -> Step | None:
            order = order_fields(self.account_id, market.instrument_id, side, "MARKET")
            return "PlaceOrder", order | self.sized(market, side, part)

        self.plot.append(step)

    def willing(self, market: Market, side: str, part: int) -> Step | None:
        """Somebody else's order on the other side, at the mark."""
        lots = self.sized(market, side, part)["qty_lots"]
        touch = book_aims.touch_of(self.state, market, opposite(side))
        ticks = max(1, touch + sign(side)) if touch else market.mark
        order = order_fields(self.others[0], market.instrument_id, opposite(side), "LIMIT")
        return "PlaceOrder", order | {"qty_lots": lots, "price_ticks": ticks, "leverage": 5}

    def wait(self, market: Market, side: str) -> None:
        """An opener that rests or waits for a trigger, not far away."""
        chance = self.chance
        kind = chance.choice(("LIMIT", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET"))

        def step() -> Step | None:
            away = max(1, market.mark // chance.choice((20, 50, 100, 300)))
            order = order_fields(self.account_id, market.instrument_id, side, kind)
            way = sign(side) * (1 if kind == "STOP_MARKET" else -1)
            ticks = max(1, market.mark + way * away)
            order["price_ticks" if kind == "LIMIT" else "trigger_ticks"] = ticks
            return "PlaceOrder", order | self.sized(market, side, chance.choice((2, 5, 20)))

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


def ruin(scene: Ruin) -> list[Planned]:
    """The account opens, waits, has nothing left, and meets its price."""
    chance, market = scene.chance, scene.market
    scene.reopen()
    scene.supply()
    places = [market, *chance.choices(scene.neighbours, k=chance.choice((0, 1, 1, 2, 4)))]
    for place in places:
        side = chance.choice(("BUY", "SELL"))
        if chance.random() < 0.8:
            scene.go_cross(place, side)
        scene.open(place, side)
        if chance.random() < 0.4:
            scene.wait(place, chance.choice((side, side, opposite(side))))
    scene.drain()
    if chance.random() < 0.25:
        scene.shut(chance.choice(places))
    scene.to_edge(market)
    if chance.random() < 0.5:
        scene.to_edge(chance.choice(places))
    scene.reopen()
    return scene.plot


def flat_debt(scene: Ruin) -> list[Planned]:
    """A stop far beyond what the account has, and orders that wait meanwhile."""
    chance, market = scene.chance, scene.market
    houses = [one for one in scene.neighbours if not one.is_order_driven]
    if houses and chance.random() < 0.8:
        market = scene.market = chance.choice(houses)
    scene.be_flat()
    side = chance.choice(("BUY", "SELL"))
    scene.reopen()
    scene.supply()
    scene.go_cross(market, side)
    scene.open(market, side)
    for place in chance.choices([market, *scene.neighbours], k=chance.choice((1, 1, 2, 3))):
        # What the gap does not reach.
        scene.wait(place, opposite(side) if place is market else chance.choice(("BUY", "SELL")))
    scene.drain()

    def stop() -> Step | None:
        key = scene.key(market, side)
        position = scene.state.position_of_key(*key)
        if position is None:
            return None
        way = sign(position.side)
        exits = {"stop_loss_ticks": max(1, market.mark - way), "take_profit_ticks": 0}
        named = {"account_id": scene.account_id, "position_id": position.position_id}
        return "SetPositionExits", {
            **named,
            **exits,
            "auto_close_e8": 0,
            "trigger_source": "MARK",
        }

    def gap() -> Step | None:
        far = max(2, market.mark // chance.choice((5, 10, 30, 100)))
        return scene.price(market, max(1, market.mark - sign(side) * far))

    scene.plot += [stop, gap]
    return scene.plot


def exactly(scene: Ruin) -> list[Planned]:
    """An opener with just what it needs of what may be spent, an atom less or more."""
    chance, market = scene.chance, scene.market
    side = chance.choice(("BUY", "SELL"))
    scene.reopen()
    bold = chance.random() < 0.4
    if bold:
        # Nothing else stands behind it.
        scene.be_flat()
        scene.go_cross(market, side)
    elif chance.random() < 0.7:
        # Something cross is open already, in profit or not.
        other = chance.choice(scene.neighbours)
        scene.supply()
        scene.go_cross(other, side)
        scene.open(other, side)
    if chance.random() < 0.5:
        scene.go_cross(market, side)
    wish, name = chance.choice((-1, 0, 0, 1)), scene.fresh("t")
    order: Fields = {}

    def pay() -> Step | None:
        order.update(order_fields(scene.account_id, market.instrument_id, side, "MARKET"))
        order.update(scene.sized(market, side, 3))
        if bold:
            # At the highest leverage maintenance may be more than initial margin (CRS-4).
            order["leverage"] = highest = int(market.spec["leverage_max"])
            most = cap_atoms(market.spec, highest) * 8 // (10 * market.mark * market.k)
            order["qty_lots"] = max(market.spec["qty_lots_min"], min(order["qty_lots"], most))
        if order["leverage"] == 0:
            key = scene.key(market, side)
            leverage = scene.state.leverages.get(key, 1)
        else:
            leverage = int(order["leverage"])
        needed = fill_need(scene, market, side, order["qty_lots"], leverage) + wish
        cross = scene.state.margin_modes.get(scene.key(market, side), market.spec["margin_mode"])
        has = spendable(scene.state, scene.account_id, market.asset_id, cross == "CROSS")
        if has == needed:
            return None
        money = {
            "asset": market.spec["settlement"],
            "amount_atoms": abs(has - needed),
            "transfer_id": name,
        }
        kind = "Withdraw" if has > needed else "Deposit"
        return kind, {"account_id": scene.account_id, **money}

    if market.is_order_driven:
        scene.plot.append(lambda: scene.willing(market, side, 3))
    scene.plot += [pay, lambda: ("PlaceOrder", dict(order)) if order else None]
    return scene.plot


def fill_need(scene: Ruin, market: Market, side: str, lots: int, leverage: int) -> int:
    """What a fill at the touch takes, for a key in cross or in isolated mode."""
    assert market.prices is not None
    touch = market.prices["ASK" if side == "BUY" else "BID"]
    if market.is_order_driven:
        touch = book_aims.touch_of(scene.state, market, side) or market.mark
    notional = lots * touch * market.k
    margin = ceil_div(notional, leverage)
    base = margin if market.spec["fee_basis"] == "MARGIN" else notional
    fee = fee_of(base, market.spec["taker_fee_e8"])
    mode = scene.state.margin_modes.get(scene.key(market, side), market.spec["margin_mode"])
    if mode != "CROSS":
        return margin + fee
    loss = sign(side) * lots * (touch - market.mark) * market.k
    return ceil_div(lots * market.mark * market.k, leverage) + loss + fee


CROSS_PLOTS: Final[tuple[tuple[Callable[[Ruin], list[Planned]], int], ...]] = (
    (ruin, 60),
    (flat_debt, 40),
    (exactly, 60),
)
