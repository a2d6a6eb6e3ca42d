"""Orders of every kind, at random, around the prices of an arena.  Knows bodies; sends nothing."""

import random
from typing import Final, final

from tests.crash.bots.markets import (
    ARENAS,
    LEGS,
    TICKETS,
    Arena,
    distance,
    priced,
    quantity,
)
from tests.crash.clocks import VenueClock
from tests.crash.lines import Body, Prices

NEAR: Final = (0.0001, 0.003)
STP_MODES: Final = ("CANCEL_MAKER", "CANCEL_TAKER", "CANCEL_BOTH", "DECREMENT")
IMMEDIATE: Final = ("IOC", "FOK")
CONDITIONALS: Final = ("STOP_MARKET", "STOP_LIMIT", "TAKE_PROFIT_MARKET", "TAKE_PROFIT_LIMIT")
SOURCES: Final = ("MARK", "LAST", "INDEX")
LEVERAGES: Final = (3, 5, 10, 20)
LEVERAGES_THIN: Final = (50, 75, 100)


def on_leg(modes: dict[str, str], order: Body, *, opens: bool) -> Body:
    """The order, naming its leg where its account hedges.  modes: by symbol."""
    if modes[str(order["symbol"])] == "HEDGING":
        is_long = (order["side"] == "BUY") == opens
        order["positionSide"] = "LONG" if is_long else "SHORT"
    return order


@final
class Orders:
    """What one bot may think of.

    modes: what its positions are keyed by, by symbol.
    is_thin: it has little money and much leverage.
    """

    def __init__(
        self,
        chance: random.Random,
        prices: Prices,
        clock: VenueClock,
        modes: dict[str, str],
        *,
        is_thin: bool,
    ) -> None:
        self._random: Final = chance
        self._prices: Final = prices
        self._clock: Final = clock
        self._modes: Final = modes
        self._is_thin: Final = is_thin

    def are_possible(self) -> bool:
        """Whether the prices of all arenas are known."""
        return all(arena.quoted in self._prices.last for arena in ARENAS)

    def side(self) -> str:
        """Either."""
        return self._random.choice(("BUY", "SELL"))

    def units(self) -> int:
        """A size that its account can bear."""
        return self._random.randint(1, 5 if self._is_thin else 25)

    def leverage(self) -> int:
        """One that suits its account."""
        return self._random.choice(LEVERAGES_THIN if self._is_thin else LEVERAGES)

    def symbol(self) -> str:
        """A market where positions are not tickets, mostly one with a book."""
        return self._random.choice((TICKETS.booked, TICKETS.booked, LEGS.booked, LEGS.quoted))

    def away(self) -> float:
        """A small share of the price."""
        return self._random.uniform(*NEAR)

    def price(self, symbol: str, side: str, below: float) -> str:
        """A price so far below the arena's for a buyer, above for a seller."""
        return priced(symbol, self._prices.last[_arena(symbol).quoted], side, below)

    def opener(self, symbol: str, side: str, kind: str) -> Body:
        """An order that opens, at the leverage its key has, or now and then at another."""
        order: Body = {
            "symbol": symbol,
            "side": side,
            "orderType": kind,
            "quantity": quantity(symbol, self.units()),
        }
        if self._random.random() < 0.1:
            order["leverage"] = self.leverage()
        return on_leg(self._modes, order, opens=True)

    def limit(self, symbol: str, side: str, below: float) -> Body:
        """A limit order that opens."""
        return self.opener(symbol, side, "LIMIT") | {"price": self.price(symbol, side, below)}

    def market(self) -> Body:
        """At the market; some by amount, some with exits, of which some trail."""
        rng, side, symbol = self._random, self.side(), self.symbol()
        order = self.opener(symbol, side, "MARKET")
        if rng.random() < 0.2:
            del order["quantity"]
            order["amount"] = str(rng.randint(3, 10))
        if rng.random() < 0.2:
            order["stopLoss"] = self.price(symbol, side, rng.uniform(0.001, 0.004))
            order["takeProfit"] = self.price(symbol, side, -rng.uniform(0.001, 0.004))
        if rng.random() < 0.2:
            order["trailing"] = self._trail(symbol)
        return order

    def waiting(self) -> Body:
        """Passive, or crossing; some must not wait, some must not take, some expire."""
        rng, side, symbol = self._random, self.side(), self.symbol()
        order = self.limit(symbol, side, rng.choice((self.away(), self.away(), -0.001)))
        chance = rng.random()
        if chance < 0.2:
            order["timeInForce"] = rng.choice(IMMEDIATE)
        elif chance < 0.35:
            order["postOnly"] = True
        elif chance < 0.5:
            order["timeInForce"] = "GTD"
            order["expiresAt"] = self._clock.now_ms() + rng.randint(200, 20_000)
        if rng.random() < 0.3:
            order["selfTradePrevention"] = rng.choice(STP_MODES)
        if rng.random() < 0.1:
            order["trailing"] = self._trail(symbol)
        return order

    def conditional(self) -> Body:
        """Opens when a price comes."""
        rng, side, symbol = self._random, self.side(), self.symbol()
        kind = rng.choice(CONDITIONALS)
        order = self.opener(symbol, side, kind)
        below = self.away() if kind.startswith("TAKE") else -self.away()
        order["triggerPrice"] = self.price(symbol, side, below)
        order["triggerSource"] = rng.choice(SOURCES)
        if kind.endswith("LIMIT"):
            order["price"] = self.price(symbol, side, below - rng.uniform(-0.0005, 0.001))
        return order

    def trailing(self) -> Body:
        """Follows the price, some from a price on only; opens, or closes what there is."""
        rng, side, symbol = self._random, self.side(), self.symbol()
        make = rng.choice((self.opener, self._closer))
        order = make(symbol, side, "TRAILING_STOP") | {"trailing": self._trail(symbol)}
        order["triggerSource"] = rng.choice(SOURCES)
        if rng.random() < 0.5:
            order["triggerPrice"] = self.price(symbol, side, self.away())
        return order

    def reducing(self) -> Body:
        """Closes what there is, or a part of it."""
        rng, side, symbol = self._random, self.side(), self.symbol()
        kind = rng.choice(("MARKET", "LIMIT", "STOP_MARKET"))
        order = self._closer(symbol, side, kind)
        if kind == "LIMIT":
            order["price"] = self.price(symbol, side, rng.choice((self.away(), -0.001)))
        elif kind == "STOP_MARKET":
            order["triggerPrice"] = self.price(symbol, side, -self.away())
        elif rng.random() < 0.3:
            del order["quantity"], order["reduceOnly"]
            order["closePosition"] = True
        return order

    def iceberg(self) -> Body:
        """Shows a part of itself."""
        symbol = self._random.choice(ARENAS).booked
        order = self.limit(symbol, self.side(), self.away())
        order["quantity"] = quantity(symbol, self._random.randint(8, 40))
        order["displayQuantity"] = quantity(symbol, self._random.randint(1, 7))
        return order

    def pair(self, group: str) -> list[Body]:
        """One cancels the other: take the profit above, or stop the loss below."""
        side, symbol = self.side(), self.symbol()
        limit = self.limit(symbol, side, self.away())
        stop = self.opener(symbol, side, "STOP_MARKET")
        stop["triggerPrice"] = self.price(symbol, side, -self.away())
        return [order | {"ocoGroup": group} for order in (limit, stop)]

    def ticket(self) -> Body:
        """A position of its own, at the house."""
        rng, side, symbol = self._random, self.side(), TICKETS.quoted
        kind = rng.choices(("MARKET", "LIMIT", "STOP_MARKET"), (6, 3, 2))[0]
        order: Body = {
            "symbol": symbol,
            "side": side,
            "orderType": kind,
            "amount": str(rng.randint(2, 20)),
            "leverage": rng.choice((5, 25, 100)),
        }
        if kind != "MARKET":
            below = self.away() if kind == "LIMIT" else -self.away()
            field = "price" if kind == "LIMIT" else "triggerPrice"
            order[field] = self.price(symbol, side, below)
        return order

    def change(self, order_id: str, order: Body) -> Body | None:
        """Another price, another price to wait for or, where it has one, another quantity."""
        symbol, side = str(order["symbol"]), str(order["side"])
        names_order: Body = {"orderId": order_id}
        if "price" in order and self._random.random() < 0.6:
            return names_order | {"price": self.price(symbol, side, self.away())}
        if "triggerPrice" in order and self._random.random() < 0.4:
            is_stop = str(order["orderType"]).startswith("STOP")
            below = -self.away() if is_stop else self.away()
            return names_order | {"triggerPrice": self.price(symbol, side, below)}
        if "quantity" in order:
            return names_order | {"quantity": quantity(symbol, self.units())}
        return None

    def _trail(self, symbol: str) -> Body:
        """A distance, a share, or both."""
        share = self._random.uniform(0.0003, 0.003)
        middle = self._prices.last[_arena(symbol).quoted]
        both: Body = {"distance": distance(symbol, middle, share), "rate": f"{share:.4f}"}
        given = self._random.choice((("distance",), ("rate",), ("distance", "rate")))
        return {name: both[name] for name in given}

    def _closer(self, symbol: str, side: str, kind: str) -> Body:
        order: Body = {
            "symbol": symbol,
            "side": side,
            "orderType": kind,
            "quantity": quantity(symbol, self.units()),
            "reduceOnly": True,
        }
        return on_leg(self._modes, order, opens=False)


def _arena(symbol: str) -> Arena:
    return next(arena for arena in ARENAS if symbol in (arena.quoted, arena.booked))
