"""Plots in a book: self-trades, icebergs, closers in the way, pairs, cascades, timers.

Knows the oracle's state when a step is thought out, and where orders have to stand to meet.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from tests.oracle import book_aims
from tests.oracle.order_aims import FORCES, PREVENTIONS
from tests.oracle.plots import Planned, Step, transfer_to
from tests.oracle.records import E8, Fields, Market, Order, Position, opposite, sign
from tests.oracle.rules import close_fee_e8
from tests.oracle.state import State
from tests.oracle.stories import SECOND_NS, order_fields, price_of

Plot = list[Planned]
# Margins and fees of prices divided by these are rounded at every trade.
ODD: Final = (3, 7, 9, 11, 13)


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
        self.least = int(market.spec["qty_lots_min"])
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

    def money(self, account_id: int, atoms: int) -> None:
        """The account has just so much free then."""
        name = self.fresh("t")
        self.plot.append(lambda: transfer_to(self.state, self.market, account_id, atoms, name))

    def inside(self, side: str) -> int:
        """Where an order of this side would be first and still rest."""
        way = sign(side)
        ours = book_aims.resting(self.state, self.market, side)
        touch = book_aims.touch_of(self.state, self.market, side)
        ticks = ours[0].price_ticks + way if ours else self.mark - way
        if touch and way * (touch - ticks) <= 0:
            ticks = touch - way
        edge = book_aims.band_edge(self.market, side)
        return max(1, min(ticks, edge) if side == "BUY" else max(ticks, edge))

    def place(self, account_id: int, side: str, qty_lots: int, ticks: int, **more: object) -> None:
        """A LIMIT, or MARKET without a price; a leverage counts where it may."""
        self.plot.append(lambda: self.placed(account_id, side, qty_lots, ticks, **more))

    def placed(
        self, account_id: int, side: str, qty_lots: int, ticks: int, **more: object
    ) -> Step | None:
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


def self_trade(scene: Scene) -> Plot:
    """A taker whose own orders stand first, in the middle or last."""
    chance, side = scene.chance, scene.side
    own, *others = scene.cast(3)
    ticks = scene.inside(side)
    sizes = [scene.least + chance.randint(0, 5) for _ in range(3)]
    rows = [(who, size) for who, size in zip([own, *others], sizes, strict=True)]
    chance.shuffle(rows)
    for place, (who, size) in enumerate(rows):
        behind = chance.choice((0, 0, 1)) if place else 0
        scene.place(who, side, size, max(1, ticks - behind * sign(side)))
    some = chance.choice((sizes[0], sizes[1], sum(sizes), sum(sizes[1:]), sum(sizes[:2])))
    scene.take(
        own,
        opposite(side),
        max(scene.least, some + chance.choice((-1, 0, 0, 1, 4))),
        time_in_force=chance.choice(("GTC", "IOC", "FOK", "FOK")),
        self_trade_prevention=chance.choice(PREVENTIONS),
    )
    return scene.plot


def iceberg(scene: Scene) -> Plot:
    """What shows is used up, and what was hidden stands behind the others; at times unpaid."""
    chance, side = scene.chance, scene.side
    maker, other, taker = scene.cast(3)
    ticks = scene.inside(side)
    display = scene.least + chance.randint(0, 2)
    hidden = display * chance.randint(1, 4) + chance.randint(0, 1)
    leverage = chance.choice((*ODD, 10))
    scene.place(maker, side, display + hidden, ticks, display_lots=display, leverage=leverage)
    scene.place(other, side, scene.few, ticks)
    if chance.random() < 0.6:
        scene.money(maker, 0)
    edges = (display, display + 1, display + scene.few, hidden + display, 2 * display + scene.few)
    for _ in range(chance.randint(1, 3)):
        size = max(scene.least, chance.choice(edges) + chance.choice((-1, 0, 0, 1)))
        scene.take(taker, opposite(side), size, self_trade_prevention=chance.choice(PREVENTIONS))
    if chance.random() < 0.4:
        scene.take(taker, opposite(side), hidden + display + scene.few)
    return scene.plot


def unpaid_rest(scene: Scene) -> Plot:
    """Every atom is held; the rounding of a part makes what is left too dear."""
    chance, side = scene.chance, scene.side
    maker, taker = scene.cast(2)
    ticks = scene.inside(side)
    size = scene.least + chance.randint(2, 8)
    scene.place(maker, side, size, ticks, leverage=chance.choice(ODD))
    if chance.random() < 0.3:
        scene.place(maker, side, scene.few, max(1, ticks - sign(side)))
    scene.money(maker, chance.choice((0, 0, 1)))
    for _ in range(chance.randint(1, 3)):
        scene.take(taker, opposite(side), max(scene.least, chance.randint(1, size)))
    return scene.plot


def closers_in_the_way(scene: Scene) -> Plot:
    """Before its closing orders are reached, the position is closed by what stands before them."""
    chance, side = scene.chance, scene.side
    holder, maker, taker = scene.cast(3)
    lots = max(scene.few, 2)
    scene.place(maker, side, lots, scene.inside(side))
    scene.take(holder, opposite(side), lots)

    def step(part: int, away: int, closing: bool) -> Planned:
        def placed() -> Step | None:
            position = scene.position(holder)
            if position is None:
                return None
            way = opposite(position.side)
            ticks = max(1, scene.inside(way) - away * sign(way))
            held = {"position_id": position.position_id} if closing else {}
            display = scene.least if chance.random() < 0.3 else 0
            sizes = max(1, position.qty_lots - part)
            return scene.placed(holder, way, sizes, ticks, display_lots=display, **held)

        return placed

    opens = not scene.is_ticket and chance.random() < 0.8
    scene.plot.append(step(chance.choice((0, 1, 1, lots // 2)), 0, not opens))
    scene.plot.append(step(chance.choice((0, 0, 1, lots // 2)), chance.choice((0, 1)), True))
    if chance.random() < 0.3:
        scene.plot.append(step(lots - 1, 2, True))
    scene.take(taker, side, chance.choice((2 * lots, lots, lots + 1)))
    return scene.plot


def pair(scene: Scene) -> Plot:
    """Two orders of one group, and then what makes one of them fill, shrink, trigger or go."""
    chance, side = scene.chance, scene.side
    owner, other = scene.cast(2)
    group, lots, way = scene.fresh("o"), scene.few + 1, sign(side)
    limit = scene.inside(side)
    far = max(1, scene.mark + way * 8)
    stop: Fields = {
        "order_type": chance.choice(("STOP_MARKET", "STOP_LIMIT")),
        "trigger_ticks": max(1, scene.mark + way * chance.randint(2, 5)),
        "trigger_source": chance.choice(("MARK", "LAST")),
        "oco_group": group,
    }
    first = lots + chance.choice((-1, 0, 0, 2))
    if chance.random() < 0.7:
        scene.place(owner, side, first, limit, oco_group=group)
    else:
        profit = {"order_type": "TAKE_PROFIT_MARKET", "trigger_ticks": max(1, limit - way)}
        scene.place(owner, side, first, 0, **{**stop, **profit})
    price = far if stop["order_type"] == "STOP_LIMIT" else 0
    scene.place(owner, side, lots, price, **stop)
    if chance.random() < 0.2:
        scene.place(owner, side, lots, limit, oco_group=group)
    ends: list[Callable[[], None]] = [
        lambda: scene.take(other, opposite(side), chance.choice((1, lots - 1, lots, lots + 2))),
        lambda: scene.mark_to(lambda: stop["trigger_ticks"] + chance.choice((0, 0, -way))),
        lambda: cancel_newest(scene, owner),
    ]
    for end in chance.choices(ends, (5, 3, 1), k=chance.randint(1, 2)):
        end()
    return scene.plot


def cancel_newest(scene: Scene, account_id: int) -> None:
    """The account's newest order in this market goes, or gets less."""

    def step() -> Step | None:
        orders = scene.state.orders_of_key(account_id, scene.market.instrument_id)
        if not orders:
            return None
        named = {"account_id": account_id, "client_order_id": ""}
        return "CancelOrder", {**named, "order_id": orders[-1].order_id}

    scene.plot.append(step)


def cascade(scene: Scene) -> Plot:
    """Stops on the last price, each of which trades at the next one's trigger; at times stale."""
    chance, side = scene.chance, scene.side
    first, second, maker, taker = scene.cast(4)
    way = sign(side)
    base = scene.inside(opposite(side))
    lots = scene.least + 1
    for step in range(4):
        scene.place(maker, opposite(side), lots, max(1, base + way * step))
    for step, who in ((1, first), (2, second), (3, first)):
        kind = chance.choice(("STOP_MARKET", "STOP_LIMIT"))
        trigger = max(1, base + way * step)
        more: Fields = {"order_type": kind, "trigger_ticks": trigger, "trigger_source": "LAST"}
        if kind == "STOP_LIMIT":
            more["time_in_force"] = chance.choice((*FORCES[:3], "GTC"))
            more["post_only"] = more["time_in_force"] == "GTC" and chance.random() < 0.3
        price = max(1, trigger + way * chance.choice((0, 1, 2, -1))) if "LIMIT" in kind else 0
        scene.place(who, side, lots, price, **more)
    if chance.random() < 0.3 and scene.market.spec["stale_after_ns"]:
        scene.later(int(scene.market.spec["stale_after_ns"]) + 1)
    scene.take(taker, side, chance.choice((lots + 1, 2 * lots, lots)))
    return scene.plot


def second_position(scene: Scene) -> Plot:
    """A ticket maker's order goes on filling after the position it opened is gone."""
    chance, side = scene.chance, scene.side
    maker, taker, buyer = scene.cast(3)
    lots = scene.few
    exits: Fields = {}
    if chance.random() < 0.4:
        exits["stop_loss_ticks"] = max(1, scene.inside(side) - 5 * sign(side))
    scene.place(maker, side, 2 * lots, scene.inside(side), **exits)
    scene.take(taker, opposite(side), lots)
    scene.place(buyer, side, 2 * lots, max(1, scene.inside(side) - sign(side)))
    scene.close(maker, 0, 0)
    scene.take(taker, opposite(side), lots + chance.choice((-1, 0, 1)))
    return scene.plot


def amended(scene: Scene) -> Plot:
    """Less than has filled, just that, a little more; or a price that crosses."""
    chance, side = scene.chance, scene.side
    maker, taker = scene.cast(2)
    lots = scene.few + 2
    scene.place(maker, side, lots, scene.inside(side), post_only=chance.random() < 0.2)
    scene.take(taker, opposite(side), chance.randint(scene.least, scene.few))

    def amend() -> Step | None:
        orders = scene.state.orders_of_key(maker, scene.market.instrument_id)
        if not orders:
            return None
        order = orders[-1]
        total, ticks = 0, 0
        if chance.random() < 0.7:
            total = order.filled_lots + chance.choice((-1, 0, 0, 1, 2, 9))
        if total <= 0 or chance.random() < 0.3:
            touch = book_aims.touch_of(scene.state, scene.market, order.side)
            ticks = max(1, (touch or scene.mark) + sign(order.side) * chance.choice((0, 1, -1)))
        named = {"account_id": maker, "order_id": order.order_id, "client_order_id": ""}
        sizes = {"qty_lots": max(0, total), "amount_atoms": 0}
        return "AmendOrder", {**named, "price_ticks": ticks, "trigger_ticks": 0, **sizes}

    scene.plot.append(amend)
    if chance.random() < 0.5:
        scene.plot.append(amend)
    return scene.plot


def timer(scene: Scene) -> Plot:
    """An account's timer, at times moved, and time to its edge."""
    chance = scene.chance
    (owner,) = scene.cast(1)
    for _ in range(chance.randint(1, 2)):
        side = chance.choice(("BUY", "SELL"))
        scene.place(owner, side, scene.few, scene.inside(side))
    timeout = chance.choice((1, 1_000, SECOND_NS // 10, SECOND_NS))
    told = {"account_id": owner, "timeout_ns": timeout}
    scene.plot += [lambda: ("CancelAfter", told)] * chance.randint(1, 2)
    if chance.random() < 0.15:
        scene.plot.append(lambda: ("CancelAfter", {"account_id": owner, "timeout_ns": 0}))
    scene.later(max(0, timeout - 1))
    scene.later(1)
    return scene.plot


def many_conditionals(scene: Scene) -> Plot:
    """One that waits more than the account may have."""
    chance, side = scene.chance, scene.side
    (owner,) = scene.cast(1)
    for _ in range(min(5, int(scene.market.spec["conditionals_max"]) + 1)):
        far = max(1, scene.mark + sign(side) * chance.randint(5, 15))
        scene.place(owner, side, scene.few, 0, order_type="STOP_MARKET", trigger_ticks=far)
    return scene.plot


BOOK_PLOTS: Final = (
    (self_trade, 10),
    (iceberg, 9),
    (unpaid_rest, 6),
    (closers_in_the_way, 8),
    (pair, 9),
    (cascade, 5),
    (amended, 8),
    (timer, 3),
    (many_conditionals, 2),
)
