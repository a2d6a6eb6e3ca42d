"""Plots of trailing stops: a new extreme, and then the level, a tick before or beyond it.

Knows the oracle's levels; each step is thought out when its turn comes.
"""

from typing import Final

from tests.oracle import trailing_aims
from tests.oracle.cross_plots import RuinPlot
from tests.oracle.cross_scene import Ruin
from tests.oracle.funding_scene import newest
from tests.oracle.plots import Planned, Step
from tests.oracle.records import KEEP, Fields, Market, Order, Position, opposite, sign
from tests.oracle.scene import Plot, Scene
from tests.oracle.stories import order_fields, price_of
from tests.oracle.waiting import Entry, entries_of

NEAR: Final = (-1, 0, 0, 0, 1)


def levels(scene: Ruin, market: Market) -> list[Entry]:
    """The account's trailing stops in a market that follow by now."""
    state, found = scene.state, []
    for entry in entries_of(state, market).values():
        owners: dict[int, Order] | dict[int, Position] = state.positions
        if entry.what == "ORDER":
            owners = state.orders
        owner = owners.get(entry.owner_id)
        if entry.moves and owner is not None and owner.account_id == scene.account_id:
            found.append(entry)
    return found


def to_level(scene: Ruin, market: Market) -> None:
    """A price at a level, or a tick beside it: all five, or its source alone."""
    chance = scene.chance

    def step() -> Step | None:
        found = levels(scene, market)
        if not found:
            return None
        entry = chance.choice(found)
        ticks = max(1, entry.key_ticks + chance.choice(NEAR))
        if chance.random() < 0.3 and entry.source in ("MARK", "INDEX"):
            alone = {f"{entry.source.lower()}_ticks": ticks}
            return "UpdatePrice", price_of(market.mark, market.instrument_id, **alone)
        return "UpdatePrice", price_of(ticks, market.instrument_id)

    scene.plot.append(step)


def further(scene: Ruin, market: Market, way: int) -> None:
    """A new extreme, a little or far; at times it is none."""
    steps = scene.chance.choice((1, 1, 2, 5, max(1, market.mark // 30), -1, 0))
    scene.plot.append(lambda: scene.price(market, max(1, market.mark + way * steps)))


def as_an_order(scene: Ruin, market: Market, side: str) -> None:
    """A trailing stop by itself: it opens, or it closes what is there; at times amended."""
    chance = scene.chance
    closes = chance.random() < 0.4
    source = chance.choices(("MARK", "INDEX", "LAST"), (6, 3, 1))[0]

    def place() -> Step | None:
        position = newest(scene, market)
        way = opposite(position.side) if closes and position is not None else side
        order = order_fields(scene.account_id, market.instrument_id, way, "TRAILING_STOP")
        order["trigger_source"] = source
        order |= trailing_aims.stop(chance, market, order)
        if closes and position is not None:
            lots = chance.choice((0, position.qty_lots, max(1, position.qty_lots // 2)))
            named = {"position_id": position.position_id, "leg": position.leg}
            return "PlaceOrder", order | named | {"qty_lots": lots}
        order |= scene.sized(market, way, chance.choice((3, 10, 30)))
        if chance.random() < 0.3:
            order["stop_loss_ticks"] = max(1, market.mark - sign(way) * (market.mark // 10))
        return "PlaceOrder", order

    scene.plot.append(place)
    if chance.random() < 0.5:
        scene.plot.append(lambda: amend(scene, market))


def amend(scene: Ruin, market: Market) -> Step | None:
    """More, less, or another activation of a trailing stop."""
    chance = scene.chance
    orders = scene.state.orders_of_key(scene.account_id, market.instrument_id)
    own = [order for order in orders if order.order_type == "TRAILING_STOP"]
    if not own:
        return None
    order = chance.choice(own)
    fields = dict.fromkeys(("price_ticks", "trigger_ticks", "qty_lots", "amount_atoms"), 0)
    if chance.random() < 0.5:
        way = 1 if order.side == "SELL" else -1
        fields["trigger_ticks"] = max(1, market.mark + way * chance.choice((-1, 1, 2, 9)))
    else:
        fields["qty_lots"] = max(1, order.qty_lots + chance.choice((-1, 1, 0)))
    named = {"account_id": scene.account_id, "order_id": order.order_id, "client_order_id": ""}
    return "AmendOrder", named | fields


def attached(scene: Ruin, market: Market, side: str) -> None:
    """A trailing stop that comes with an opener, at times with a stop loss beside it."""
    chance = scene.chance
    if market.is_order_driven:
        scene.plot.append(lambda: scene.willing(market, side, 4))
    more = chance.random()

    def place() -> Step | None:
        order = order_fields(scene.account_id, market.instrument_id, side, "MARKET")
        order |= scene.sized(market, side, chance.choice((3, 10)))
        order |= trailing_aims.widths(chance, market.mark)
        order["trigger_source"] = chance.choices(("MARK", "INDEX", "LAST"), (6, 3, 2))[0]
        if more < 0.4:
            order["stop_loss_ticks"] = max(1, market.mark - sign(side) * chance.choice((3, 20)))
        if more > 0.7:
            order["take_profit_ticks"] = max(1, market.mark + sign(side) * chance.choice((3, 20)))
        return "PlaceOrder", order

    scene.plot.append(place)


def exits(scene: Ruin, market: Market) -> None:
    """The position's own: set, kept with its extreme, or begun anew."""
    chance = scene.chance

    def step() -> Step | None:
        position = newest(scene, market)
        if position is None:
            return None
        named = {"account_id": scene.account_id, "position_id": position.position_id}
        others = {"stop_loss_ticks": KEEP, "take_profit_ticks": KEEP, "auto_close_e8": KEEP}
        widths: Fields = {"trail_ticks": KEEP, "trail_e8": KEEP}
        source = position.exit_source
        if chance.random() < 0.35:
            widths = trailing_aims.exits(chance, market.mark)
        if chance.random() < 0.25:
            source = chance.choice(("MARK", "INDEX", "LAST"))
        return "SetPositionExits", named | others | widths | {"trigger_source": source}

    scene.plot.append(step)


def followed(scene: Ruin) -> list[Planned]:
    """Trailing stops of every kind on one side, followed for a while, then met."""
    chance, market = scene.chance, scene.market
    side = chance.choice(("BUY", "SELL"))
    scene.reopen()
    scene.supply()
    if chance.random() < 0.7:
        attached(scene, market, side)
        if chance.random() < 0.6:
            exits(scene, market)
    for _ in range(chance.choice((1, 1, 2))):
        as_an_order(scene, market, chance.choice(("BUY", "SELL")))
    way = chance.choice((1, -1))
    for _ in range(chance.choice((1, 2, 3))):
        further(scene, market, way)
        if chance.random() < 0.3:
            exits(scene, market)
    halted = chance.random() < 0.1
    if halted:
        scene.shut(market)
        further(scene, market, way)
    for _ in range(chance.choice((1, 2, 2))):
        to_level(scene, market)
    scene.reopen()
    return scene.plot


def by_trades(scene: Scene) -> Plot:
    """The last price rises from trade to trade and comes back to a level."""
    chance, side = scene.chance, scene.side
    waiting, maker, taker = scene.cast(3)
    base, way, lots = scene.beyond_last(side), sign(side), scene.few
    for step in range(3):
        scene.place(maker, opposite(side), lots, max(1, base + way * step))
    width = {"trail_ticks": chance.choice((1, 2, 3)), "trigger_source": "LAST"}
    more: Fields = {**width, "trail_e8": chance.choice((0, 0, 1_000_000))}
    if chance.random() < 0.4:
        more["trigger_ticks"] = max(1, base + way * chance.choice((0, 1)))
    kind = {"order_type": "TRAILING_STOP", **more}
    if chance.random() < 0.5:
        scene.place(waiting, opposite(side), lots, 0, **kind)
    else:
        attaches = {name: more[name] for name in ("trail_ticks", "trail_e8", "trigger_source")}
        scene.place(waiting, side, lots, max(1, base), time_in_force="IOC", **attaches)
    for _ in range(chance.choice((1, 2, 3))):
        scene.take(taker, side, lots)
    for step in range(4):
        # Each bid a tick lower: the last price comes down through the level.
        behind = step + 1
        scene.plot.append(lambda behind=behind: lower(scene, maker, behind))  # type: ignore[misc]
        scene.take(taker, opposite(side), lots)
    return scene.plot


def lower(scene: Scene, maker: int, behind: int) -> Step:
    """An order on the side that is sold to, some ticks behind the last price."""
    assert scene.market.prices is not None
    ticks = scene.market.prices["LAST"] - sign(scene.side) * behind
    return scene.placed(maker, scene.side, scene.few, max(1, ticks))


TRAILING_PLOTS: Final[tuple[tuple[RuinPlot, int], ...]] = ((followed, 1),)
