"""Modes, legs and cross margin with an aim: orders that fit the mode, prices where H crosses 1.

Knows the oracle's state and its figures of an account.
"""

from random import Random
from typing import Final

from tests.oracle.chooser import Chooser
from tests.oracle.cross import cross_positions, spendable, standing
from tests.oracle.price_aims import known_prices, spread
from tests.oracle.records import (
    FUND,
    LEGS,
    SOURCES,
    Fields,
    Market,
    Order,
    Position,
    Prices,
    copied,
)
from tests.oracle.rules import largest_price_ticks
from tests.oracle.state import State
from tests.oracle.stories import price_of

MODES: Final = ("TICKET", "NETTING", "HEDGING")
NEAR: Final = (-1, 0, 0, 1)


def fitted(chance: Random, state: State, fields: Fields) -> Fields:
    """An order with the leg and the leverage that its account's mode asks for, mostly."""
    market = state.markets.get(fields["instrument_id"])
    if market is None or fields.get("leg", "NONE") != "NONE" or chance.random() < 0.02:
        return fields
    mode, side = state.mode_of(fields["account_id"], market), fields["side"]
    closes = fields["reduce_only"] or fields["position_id"] or fields["close_position"]
    if mode == "HEDGING":
        leg = "LONG" if (side == "BUY") != bool(closes) else "SHORT"
        plain = bool(closes and fields["qty_lots"]) and chance.random() < 0.3
        fields = fields | {"leg": leg}
        if plain:
            fields |= {"reduce_only": False, "position_id": 0}
    if mode == "TICKET" and not closes and fields["leverage"] == 0:
        return fields | {"leverage": 5}
    key = fields["account_id"], market.instrument_id, fields.get("leg", "NONE")
    used = state.position_of_key(*key) is not None or state.orders_of_key(*key)
    if mode != "TICKET" and used and fields["leverage"] > 0 and chance.random() < 0.9:
        return fields | {"leverage": 0}
    return fields


def open_modes(chance: Random) -> list[tuple[str, Fields]]:
    """What accounts set before they trade; in some venues nothing."""
    if chance.random() < 0.3:
        return []
    commands: list[tuple[str, Fields]] = []
    for account_id in range(1, 10):
        for instrument_id in range(1, 6):
            where = {"account_id": account_id, "instrument_id": instrument_id}
            legs: tuple[str, ...] = LEGS[:1]
            if chance.random() < 0.3:
                mode = chance.choice((*MODES, "HEDGING", "HEDGING"))
                commands.append(("SetPositionMode", where | {"mode": mode}))
                legs = LEGS[1:] if mode == "HEDGING" else legs
            for leg in legs:
                if chance.random() < 0.35:
                    margin = {"leg": leg, "margin_mode": chance.choice(("CROSS", "ISOLATED"))}
                    commands.append(("SetMarginMode", where | margin))
    return commands


def cross_accounts(state: State, market: Market) -> list[int]:
    """The accounts with cross positions in a market."""
    return sorted(
        {
            position.account_id
            for position in state.positions.values()
            if position.instrument_id == market.instrument_id and state.is_cross(position)
        }
    )


def health_at(state: State, account_id: int, market: Market, mark_ticks: int) -> int:
    """H (× 1e8) if the market's mark were another."""
    assert market.prices is not None
    tried = State(
        free=state.free,
        key_holds=state.key_holds,
        margin_modes=state.margin_modes,
        orders=state.orders,
        positions=state.positions,
        markets={**state.markets, market.instrument_id: copied(market)},
    )
    tried.markets[market.instrument_id].prices = {**market.prices, "MARK": mark_ticks}
    return standing(tried, account_id, market.asset_id).health_e8


def health_edge(state: State, account_id: int, market: Market, falls: bool, times: int = 4) -> int:
    """The first mark, falling or rising, at which the account is insolvent; 0 if there is none.

    times: how many times the present mark is looked at.
    """
    near, way = market.mark, -1 if falls else 1
    if health_at(state, account_id, market, near) < 1:
        return near
    highest = largest_price_ticks(market.spec, market.k)
    most = near - 1 if falls else min(near * times, highest) - near
    if most <= 0 or health_at(state, account_id, market, near + way * most) >= 1:
        return 0
    safe, dead = 0, most
    while dead - safe > 1:
        middle = (safe + dead) // 2
        lives = health_at(state, account_id, market, near + way * middle) >= 1
        safe, dead = (middle, dead) if lives else (safe, middle)
    return near + way * dead


def edge_prices(chance: Random, state: State, market: Market) -> Prices | None:
    """Prices around the mark at which a cross account's H crosses 1."""
    accounts = cross_accounts(state, market)
    old = known_prices(market)
    if not accounts or old is None:
        return None
    account_id = chance.choice(accounts)
    ticks = health_edge(state, account_id, market, chance.random() < 0.5)
    if ticks == 0:
        ticks = health_edge(state, account_id, market, chance.random() < 0.5)
    if ticks == 0:
        return None
    further = chance.choice((0, 0, 0, ticks // 100, ticks // 20))
    ticks = max(1, ticks + chance.choice(NEAR) + (further if ticks > old["MARK"] else -further))
    if chance.random() < 0.5:
        return dict.fromkeys(SOURCES, ticks)
    if chance.random() < 0.5:
        return {**old, "MARK": ticks}
    return {**spread(chance, ticks), "MARK": ticks}


def as_operator(market: Market, prices: Prices) -> Fields:
    """An UpdatePrice of the operator's."""
    ticks = {f"{name.lower()}_ticks": price for name, price in prices.items()}
    return price_of(1, market.instrument_id) | ticks


class KeyAims(Chooser):
    """One method for each command about keys: its fields."""

    def key_fields(self) -> tuple[Fields, Market | None]:
        """An account in a market, mostly one that is not in use there."""
        state, chance = self.venue.state, self.chance
        account_id, instrument_id = self.account_id(), self.instrument_id()
        waiting: list[Order | Position] = [*state.orders.values(), *state.positions.values()]
        busy = {(one.account_id, one.instrument_id) for one in waiting}
        idle = [
            (one, number)
            for one in state.accounts
            for number in state.markets
            if (one, number) not in busy
        ]
        if idle and chance.random() < 0.5:
            account_id, instrument_id = chance.choice(idle)
        where = {"account_id": account_id, "instrument_id": instrument_id}
        return where, state.markets.get(instrument_id)

    def leg_for(self, fields: Fields, market: Market | None) -> str:
        """A leg that fits the account's mode there, mostly."""
        if market is None or self.chance.random() < 0.05:
            return self.chance.choice(LEGS)
        hedges = self.venue.state.mode_of(fields["account_id"], market) == "HEDGING"
        return self.chance.choice(LEGS[1:] if hedges else LEGS[:1])

    def aim_set_position_mode(self, time_ns: int) -> Fields:
        """Any mode."""
        where, _ = self.key_fields()
        return where | {"mode": self.chance.choice((*MODES, "HEDGING"))}

    def aim_set_margin_mode(self, time_ns: int) -> Fields:
        """Either mode."""
        where, market = self.key_fields()
        mode = self.chance.choice(("CROSS", "CROSS", "ISOLATED"))
        return where | {"leg": self.leg_for(where, market), "margin_mode": mode}

    def aim_set_leverage(self, time_ns: int) -> Fields:
        """The leverage of a key, mostly of one in use."""
        where, market = self.key_fields()
        state, chance = self.venue.state, self.chance
        waiting: list[Order | Position] = [*state.orders.values(), *state.positions.values()]
        used = [one for one in waiting if one.account_id != FUND]
        if used and chance.random() < 0.7:
            one = chance.choice(used)
            where = {"account_id": one.account_id, "instrument_id": one.instrument_id}
            market = state.markets[one.instrument_id]
        leverage = chance.choice((0, 1, 2, 3, 5, 7, 10, 20, 33, 50, 75, 100, 125, 126, -1))
        return where | {"leg": self.leg_for(where, market), "leverage": leverage}

    def spendable_amounts(self, account_id: int, asset_id: int) -> tuple[int, ...]:
        """What an account with cross positions may just withdraw, an atom more, and free."""
        state = self.venue.state
        if account_id == FUND or not cross_positions(state, account_id, asset_id):
            return ()
        most = spendable(state, account_id, asset_id, cross=False)
        free = state.free.get((account_id, asset_id), 0)
        return tuple(max(1, atoms) for atoms in (most, most, most + 1, most - 1, free))
