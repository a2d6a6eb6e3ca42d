"""A book and those who can play in it: what the plots for books are made of.

Knows the oracle's state when a step is thought out, and where orders have to stand to meet.
"""

from collections.abc import Callable
from random import Random

from tests.oracle import book_aims, ladder
from tests.oracle.plots import Planned, Step, transfer_to
from tests.oracle.records import E8, Fields, Market, Order, Position, opposite, sign
from tests.oracle.rules import close_fee_e8
from tests.oracle.state import State
from tests.oracle.stories import order_fields, price_of

Plot = list[Planned]


class Scene:
    """A book, and those who can play in it."""

    def __init__(
        self, chance: Random, state: State, market: Market, fresh: Callable[[str], str]
    ) -> None:
        self.chance = chance
        self.state = state
        self.market = market
        self.fresh = fresh
        self.plot: Plot = []
        self.least = book_aims.least_lots(market)
        self.most = int(market.spec["qty_lots_max"])
        self.side = chance.choice(("BUY", "SELL"))
        self.few = min(self.most, self.least + chance.randint(1, 6))

    @property
    def mark(self) -> int:
        """The market's mark."""
        assert self.market.prices is not None
        return self.market.prices["MARK"]

    @property
    def is_ticket(self) -> bool:
        """Whether every opener makes its own position."""
        return bool(self.market.spec["position_mode"] == "TICKET")

    def cast(self, count: int) -> list[int]:
        """Accounts that can pay, those without anything in this market first."""
        waiting: list[Order | Position] = [*self.state.orders.values()]
        waiting += self.state.positions.values()
        here = self.market.instrument_id
        busy = {each.account_id for each in waiting if each.instrument_id == here}
        accounts = list(self.state.accounts)[:9]
        self.chance.shuffle(accounts)
        accounts.sort(key=lambda account_id: account_id in busy)
        chosen = accounts[:count]
        enough = 3 * self.most * self.mark * self.market.k
        for account_id in chosen:
            if self.state.free.get((account_id, self.market.asset_id), 0) < enough:
                self.money(account_id, 2 * enough)
        self.chance.shuffle(chosen)
        return chosen

    def settle_down(self) -> None:
        """The mark is fresh and between the best bid and the best ask, so that orders can meet."""
        bid, ask = (book_aims.touch_of(self.state, self.market, side) for side in ("SELL", "BUY"))
        between = max(self.mark, bid) if not ask else max(min(self.mark, ask), bid)
        far = abs(between - self.mark) * 100 > self.mark
        if ladder.stale(self.state, self.market) or (far and self.chance.random() < 0.95):
            self.mark_to(lambda: between)

    def money(self, account_id: int, atoms: int) -> None:
        """The account has just so much free then."""
        name = self.fresh("t")
        self.plot.append(lambda: transfer_to(self.state, self.market, account_id, atoms, name))

    def inside(self, side: str) -> int:
        """Where an order of this side would be first and still rest."""
        way = sign(side)
        ours = book_aims.resting(self.state, self.market, side)
        touch = book_aims.touch_of(self.state, self.market, side)
        ticks = self.mark - way
        if ours and way * (ours[0].price_ticks - ticks) >= 0:
            ticks = ours[0].price_ticks + way
        if touch and way * (touch - ticks) <= 0:
            ticks = touch - way
        edge = book_aims.band_edge(self.market, side)
        return max(1, min(ticks, edge) if side == "BUY" else max(ticks, edge))

    def beyond_last(self, side: str) -> int:
        """Where a taker of this side will trade next, and no stop of it is true yet."""
        assert self.market.prices is not None
        ticks, last, way = self.inside(opposite(side)), self.market.prices["LAST"], sign(side)
        return max(1, last + way) if way * (last - ticks) >= 0 else ticks

    def place(self, account_id: int, side: str, qty_lots: int, ticks: int, **more: object) -> None:
        """A LIMIT, or MARKET without a price; a leverage counts where it may."""
        self.plot.append(lambda: self.placed(account_id, side, qty_lots, ticks, **more))

    def placed(
        self, account_id: int, side: str, qty_lots: int, ticks: int, **more: object
    ) -> tuple[str, Fields]:
        """The step of `place`, thought out now."""
        kind = "LIMIT" if ticks else "MARKET"
        order = order_fields(account_id, self.market.instrument_id, side, kind)
        order |= {"qty_lots": qty_lots, "price_ticks": ticks, "leverage": 10, **more}
        order["leverage"] = self.leverage(account_id, int(str(order["leverage"])))
        return "PlaceOrder", order

    def leverage(self, account_id: int, wanted: int) -> int:
        """The wanted one, or that of a key in use."""
        key = account_id, self.market.instrument_id
        in_use = self.state.position_of_key(*key) or self.state.orders_of_key(*key)
        # Where maintenance takes more than the margin, nobody could open at all.
        kept_e8 = self.market.spec["tiers"][0][1] + close_fee_e8(self.market.spec)
        highest = min(self.market.spec["leverage_max"], 9 * E8 // (10 * max(1, kept_e8)))
        return 0 if in_use and not self.is_ticket else min(wanted, int(highest))

    def take(self, account_id: int, side: str, qty_lots: int, **more: object) -> None:
        """An order up to the band's edge, which may not wait."""
        forces = {"time_in_force": "IOC", **more}
        self.plot.append(
            lambda: self.placed(
                account_id, side, qty_lots, book_aims.band_edge(self.market, side), **forces
            )
        )

    def close(self, account_id: int, qty_lots: int, ticks: int, **more: object) -> None:
        """A closing order on the account's position, whatever it is by then (0 lots: all)."""

        def step() -> Step | None:
            position = self.position(account_id)
            if position is None:
                return None
            kind = "LIMIT" if ticks else "MARKET"
            order = order_fields(
                account_id, self.market.instrument_id, opposite(position.side), kind
            )
            size = {"qty_lots": qty_lots, "price_ticks": ticks}
            return "PlaceOrder", order | {"position_id": position.position_id, **size, **more}

        self.plot.append(step)

    def position(self, account_id: int) -> Position | None:
        """The newest position of an account in this market."""
        own = [
            position
            for position in self.state.positions.values()
            if position.instrument_id == self.market.instrument_id
            and position.account_id == account_id
        ]
        return own[-1] if own else None

    def clear(self, side: str, to_ticks: int, times: int = 3) -> None:
        """Whoever rests on a side up to a price, the best first, cancels all."""

        def step() -> Step | None:
            for order in book_aims.resting(self.state, self.market, side):
                if sign(side) * (order.price_ticks - to_ticks) >= 0 and order.account_id:
                    return "CancelOrders", {
                        "account_id": order.account_id,
                        "instrument_id": self.market.instrument_id,
                        "on_disconnect": self.chance.random() < 0.3,
                    }
            return None

        self.plot += [step] * times

    def mark_to(self, ticks: Callable[[], int]) -> None:
        """The operator moves mark and index."""
        self.plot.append(
            lambda: ("UpdatePrice", price_of(max(1, ticks()), self.market.instrument_id))
        )

    def later(self, nanoseconds: int) -> None:
        """Time passes."""
        self.plot.append(lambda: ("AdvanceTime", {}, nanoseconds))
