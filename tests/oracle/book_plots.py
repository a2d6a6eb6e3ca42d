"""Plots in a book: self-trades, icebergs, closers in the way, pairs, cascades, timers.

Knows what the oracle's rules need to bite; each step is thought out when its turn comes.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import book_aims
from tests.oracle.order_aims import FORCES, PREVENTIONS
from tests.oracle.plots import Planned, Step, transfer_to
from tests.oracle.records import Fields, opposite, sign
from tests.oracle.rules import ceil_div
from tests.oracle.scene import Plot, Scene
from tests.oracle.stories import SECOND_NS

# Margins and fees of prices divided by these are rounded at every trade.
ODD: Final = (3, 7, 9, 11, 13)


def self_trade(scene: Scene) -> Plot:
    """A taker whose own orders stand first, in the middle or last."""
    chance, side = scene.chance, scene.side
    own, *others = scene.cast(3)
    ticks = scene.inside(side)
    sizes = [scene.least + chance.randint(0, 5) for _ in range(3)]
    rows = [(who, size) for who, size in zip([own, *others], sizes, strict=True)]
    chance.shuffle(rows)
    if chance.random() < 0.4:
        rows.sort(key=lambda row: row[0] != own)
    for place, (who, size) in enumerate(rows):
        behind = chance.choice((0, 0, 1)) if place else 0
        scene.place(who, side, size, max(1, ticks - behind * sign(side)))
    mode, force = chance.choice((*PREVENTIONS, "DECREMENT")), chance.choice(("GTC", "IOC", "FOK"))
    mine = next(size for who, size in rows if who == own)
    theirs = sum(sizes) - mine
    some = chance.choice((mine, theirs, sum(sizes), rows[0][1] + rows[1][1]))
    if force == "FOK" and chance.random() < 0.7:
        some = max(1, theirs - chance.randint(0, 3))
    some = max(scene.least, some + chance.choice((-1, 0, 0, 1, 4)))
    # Not beyond its own level: what else rests there would fill it.
    limit = max(1, ticks - sign(side))
    how = {"time_in_force": force, "self_trade_prevention": mode}
    scene.place(own, opposite(side), some, limit, **how)
    return scene.plot


def own_first(scene: Scene) -> Plot:
    """The own order is met first: lots go on both sides, or all is to be filled by the others."""
    chance, side = scene.chance, scene.side
    own, other = scene.cast(2)
    ticks, way = scene.inside(side), sign(side)
    mine = scene.least + chance.randint(1, 4)
    theirs = scene.least + chance.randint(2, 5)
    scene.place(own, side, mine, ticks)
    scene.place(other, side, theirs, max(1, ticks - chance.choice((0, way))))
    what = chance.choice(("maker left", "taker left", "fill or kill"))
    mode, force = "DECREMENT", chance.choice(("GTC", "IOC"))
    if what == "maker left":
        some = chance.randint(scene.least, mine)
    elif what == "taker left":
        some = mine + theirs + chance.randint(0, 3)
    else:
        force, some = "FOK", theirs + chance.choice((0, 0, 0, 1))
        mode = chance.choice((*PREVENTIONS, "CANCEL_MAKER", "CANCEL_MAKER"))
    limit = max(1, ticks - way)
    how = {"time_in_force": force, "self_trade_prevention": mode}
    scene.place(own, opposite(side), some, limit, **how)
    return scene.plot


def iceberg(scene: Scene) -> Plot:
    """What shows is used up, and what was hidden stands behind the others; at times unpaid."""
    chance, side = scene.chance, scene.side
    maker, other, taker = scene.cast(3)
    ticks = scene.inside(side)
    display = int(scene.market.spec["qty_lots_min"]) + chance.randint(0, 2)
    hidden = max(scene.least, display * chance.randint(1, 4)) + chance.randint(0, 1)
    leverage = chance.choice((*ODD, 10))
    scene.place(maker, side, display + hidden, ticks, display_lots=display, leverage=leverage)
    scene.place(other, side, scene.few, ticks)
    if chance.random() < 0.6:
        # Its lots trade in parts, each rounded up: that is more than is held for the whole.
        scene.money(maker, 0)
        if chance.random() < 0.7:
            scene.take(taker, opposite(side), min(scene.most, hidden + display + scene.few))
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

    ticks = scene.inside(side)

    def step(part: int, behind: int, closing: bool) -> Planned:
        def placed() -> Step | None:
            position = scene.position(holder)
            if position is None:
                return None
            way = opposite(position.side)
            held = {"position_id": position.position_id} if closing else {}
            display = scene.least if chance.random() < 0.3 else 0
            sizes = max(1, position.qty_lots - part)
            price = max(1, ticks - behind * sign(way))
            return scene.placed(holder, way, sizes, price, display_lots=display, **held)

        return placed

    opens = not scene.is_ticket and chance.random() < 0.8
    scene.plot.append(step(chance.choice((0, 1, 1, 1, 1)), 0, not opens))
    scene.plot.append(step(chance.choice((0, 0, 1, lots // 2)), chance.choice((0, 1)), True))
    if chance.random() < 0.3:
        scene.plot.append(step(lots - 1, 2, True))
    scene.take(taker, opposite(side), chance.choice((2 * lots, lots, lots + 1)))
    return scene.plot


def pair(scene: Scene) -> Plot:
    """Two orders of one group, and then what makes one of them fill, shrink, trigger or go."""
    chance, side = scene.chance, scene.side
    owner, other = scene.cast(2)
    group, lots, way = scene.fresh("o"), scene.least + scene.few, sign(side)
    limit = scene.inside(side)
    far = max(1, scene.mark + way * 8)
    assert scene.market.prices is not None
    source = chance.choice(("MARK", "LAST"))
    stop: Fields = {
        "order_type": chance.choice(("STOP_MARKET", "STOP_LIMIT")),
        "trigger_ticks": max(1, scene.market.prices[source] + way * chance.randint(2, 5)),
        "trigger_source": source,
        "oco_group": group,
    }
    first = lots + chance.choice((-1, 0, 0, 2, lots))
    if chance.random() < 0.7:
        scene.place(owner, side, first, limit, oco_group=group)
    else:
        profit = {"order_type": "TAKE_PROFIT_MARKET", "trigger_ticks": max(1, limit - 3 * way)}
        scene.place(owner, side, first, 0, **{**stop, **profit})
    price = far if stop["order_type"] == "STOP_LIMIT" else 0
    scene.place(owner, side, chance.choice((lots, lots, scene.least)), price, **stop)
    if chance.random() < 0.2:
        scene.place(owner, side, lots, limit, oco_group=group)
    ends: list[Callable[[], None]] = [
        lambda: scene.take(
            other, opposite(side), chance.choice((scene.least, lots - 1, lots, lots + 2))
        ),
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
    base = scene.beyond_last(side)
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
    scene.close(maker, 0, scene.inside(opposite(side)))
    scene.take(buyer, side, 2 * lots)
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
            total = order.filled_lots + chance.choice((-1, -1, 0, 0, 1, 2, 9))
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


def batch(scene: Scene) -> Plot:
    """What the first item makes true fires before the next; some items are refused."""
    chance, side = scene.chance, scene.side
    waiting, maker, owner = scene.cast(3)
    ticks, lots, way = scene.beyond_last(side), scene.few, sign(side)
    scene.place(maker, opposite(side), lots, ticks)
    scene.place(maker, opposite(side), lots, max(1, ticks + way))
    stop: Fields = {"order_type": "STOP_MARKET", "trigger_ticks": ticks, "trigger_source": "LAST"}
    scene.place(waiting, side, lots, 0, **stop)

    def submit() -> Step | None:
        first = scene.placed(owner, side, lots, max(1, ticks + way), time_in_force="IOC")
        behind = max(1, scene.mark - 3 * way)
        items = [
            scene.placed(owner, side, chance.choice((lots, 0)), behind),
            scene.placed(owner, opposite(side), lots, max(1, ticks + 2 * way)),
            ("CancelOrder", {"account_id": owner, "order_id": 10**6, "client_order_id": ""}),
        ]
        chance.shuffle(items)
        return "SubmitBatch", {"account_id": owner, "items": (first, *items)}

    scene.plot.append(submit)
    return scene.plot


def by_amount(scene: Scene) -> Plot:
    """A budget that ends in the middle of a level, at a lot, or just short of it."""
    chance, side = scene.chance, scene.side
    maker, other, taker = scene.cast(3)
    ticks = scene.inside(opposite(side))
    rows = [(maker, 0), (other, 0), (maker, 1)]
    sizes = [scene.least + chance.randint(0, 3) for _ in rows]
    if chance.random() < 0.35:
        # Nobody is there to trade with.
        scene.clear(opposite(side), book_aims.band_edge(scene.market, side), times=5)
        rows = []
    for (who, behind), size in zip(rows, sizes, strict=False):
        scene.place(who, opposite(side), size, max(1, ticks + behind * sign(side)))

    def take() -> Step | None:
        wanted = chance.randint(scene.least, sum(sizes))
        edge = book_aims.band_edge(scene.market, side)
        path = book_aims.met(scene.state, scene.market, side, edge, taker)
        cost = book_aims.walk_cost(scene.market, path, wanted) + chance.choice((-1, 0, 0, 1))
        leverage = scene.leverage(taker, 7)
        key = taker, scene.market.instrument_id
        margin = ceil_div(max(1, cost), leverage or scene.state.leverages.get((*key, "NONE"), 1))
        sized = {"amount_atoms": margin, "qty_lots": 0, "leverage": leverage}
        name, order = scene.placed(taker, side, 0, 0)
        return name, order | sized

    scene.plot += [take] * chance.randint(1, 2)
    return scene.plot


def too_bold(scene: Scene) -> Plot:
    """A leverage at which maintenance may be more than the margin, or lots beyond the tiers."""
    chance, side = scene.chance, scene.side
    bold, maker = scene.cast(2)
    highest = int(scene.market.spec["leverage_max"])
    if chance.random() < 0.4:
        scene.place(maker, opposite(side), scene.few, scene.inside(opposite(side)))

    lots = chance.choice((scene.few, scene.most))

    def step() -> Step | None:
        name, order = scene.placed(bold, side, lots, scene.inside(side))
        return name, order | {"leverage": highest if order["leverage"] else 0}

    scene.plot += [step] * chance.choice((1, 1, 3))
    return scene.plot


def barely_paid(scene: Scene) -> Plot:
    """Just what the trades and the rest of an order need, or an atom less."""
    chance, side = scene.chance, scene.side
    owner, maker = scene.cast(2)
    if chance.random() < 0.6:
        scene.place(maker, opposite(side), scene.few, scene.inside(opposite(side)))
    ticks = max(1, scene.inside(opposite(side)) + sign(side))
    lots, leverage = scene.few + chance.choice((0, 3)), chance.choice(ODD)
    name = scene.fresh("t")

    def pay() -> Step | None:
        _, order = scene.placed(owner, side, lots, ticks, leverage=leverage)
        need = book_aims.path_need(scene.state, scene.market, order)
        wanted = max(0, need - chance.choice((0, 1)))
        return transfer_to(scene.state, scene.market, owner, wanted, name)

    scene.plot.append(pay)
    scene.place(owner, side, lots, ticks, leverage=leverage)
    return scene.plot


def stale_stop(scene: Scene) -> Plot:
    """While the price is stale, what watches the last price fires all the same."""
    chance, side = scene.chance, scene.side
    after = int(scene.market.spec["stale_after_ns"])
    if after == 0:
        return cascade(scene)
    waiting, maker, taker = scene.cast(3)
    base, way, lots = scene.beyond_last(side), sign(side), scene.few
    closing = chance.random() < 0.5
    if closing:
        scene.place(maker, side, lots, max(1, base - 3 * way))
        scene.take(waiting, opposite(side), lots)
    scene.place(maker, opposite(side), lots, base)
    kind = {"order_type": chance.choice(("STOP_LIMIT", "STOP_MARKET"))}
    stop: Fields = {**kind, "trigger_ticks": base, "trigger_source": "LAST"}
    price = max(1, base + way) if kind["order_type"] == "STOP_LIMIT" else 0
    if closing:
        scene.close(waiting, lots, price, **stop)
    else:
        scene.place(waiting, side, lots, price, **stop)
    scene.later(after + 1)
    scene.take(taker, side, lots)
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
    (self_trade, 20),
    (own_first, 22),
    (iceberg, 13),
    (unpaid_rest, 36),
    (closers_in_the_way, 19),
    (pair, 25),
    (cascade, 4),
    (amended, 12),
    (batch, 5),
    (by_amount, 9),
    (too_bold, 9),
    (stale_stop, 4),
    (barely_paid, 7),
    (timer, 5),
    (many_conditionals, 2),
)
