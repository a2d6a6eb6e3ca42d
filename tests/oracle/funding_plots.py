"""Plots around funding stamps: margins eaten and paid back, accounts ruined, premiums sampled.

Knows the oracle's state; each step is thought out when its turn comes.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import book_aims
from tests.oracle.cross_plots import RuinPlot
from tests.oracle.cross_scene import Ruin
from tests.oracle.ladder import stale
from tests.oracle.plots import Planned, Step
from tests.oracle.records import E8, FUND, Fields, Market, Position, opposite, sign
from tests.oracle.stories import SECOND_NS, order_fields, price_of

INTERVALS: Final = (60, 60, 90, 120)


def terms(scene: Ruin, market: Market, towards: int) -> None:
    """Rates that hurt whoever is on one side (1: longs pay), or that clamp and cap decide."""
    chance = scene.chance
    rate = chance.choice((10_000, 400_000, 2_000_000, 2_000_000, 9_000_000))
    changes: Fields = {
        "funding_interest_e8": towards * rate,
        "funding_clamp_e8": chance.choice((99_000_000, 99_000_000, 50_000, 0)),
        "funding_cap_e8": chance.choice((rate, 2 * rate, 99_000_000, 75_000)),
    }
    if market.spec["funding_interval_ns"] == 0 or chance.random() < 0.1:
        changes["funding_interval_ns"] = chance.choice(INTERVALS) * SECOND_NS
    scene.plot.append(lambda: changing(market, changes))


def just_enough(scene: Ruin, market: Market, towards: int, whose: Position | None = None) -> None:
    """A rate at which a position pays its margin and a little, or gets back what it owes."""
    chance = scene.chance

    def step() -> Step | None:
        position = whose or newest(scene, market)
        if position is None or position.qty_lots == 0:
            return None
        value = position.qty_lots * market.mark * market.k
        owed = position.accrued_atoms or position.margin_atoms
        rate = owed * E8 // value * chance.choice((100, 101, 110, 150, 50, 30)) // 100 + 1
        rate = min(rate, 99_000_000)
        spread = {"funding_clamp_e8": 99_000_000, "funding_cap_e8": 99_000_000}
        return changing(market, {"funding_interest_e8": towards * rate, **spread})

    scene.plot.append(step)


def changing(market: Market, changes: Fields) -> Step:
    """Other settings of a market."""
    spec = market.spec | changes
    return "ChangeInstrument", {"instrument_id": market.instrument_id, "spec": spec}


def to_stamp(scene: Ruin, market: Market, times: int = 1, fresh: bool = True) -> None:
    """Fresh prices just before the stamp, and then its time; at times further stamps at once.

    Not fresh: nothing fires before it, so that who should be liquidated is paid all the same.
    """
    chance = scene.chance

    def before() -> Step | None:
        ahead = market.next_stamp_ns - scene.state.now_ns
        return ("AdvanceTime", {}, ahead - 1) if ahead > 1 else None

    def refresh() -> Step | None:
        assert market.prices is not None
        return scene.price(market, market.mark) if stale(scene.state, market) else None

    def stamp() -> Step | None:
        ahead = market.next_stamp_ns - scene.state.now_ns
        ahead += chance.choice((0, 0, 0, 1, market.spec["funding_interval_ns"]))
        return ("AdvanceTime", {}, ahead) if ahead > 0 else None

    prices = [before, refresh] if fresh and chance.random() < 0.8 else []
    scene.plot += [*prices, stamp] * times


def newest(scene: Ruin, market: Market) -> Position | None:
    """The newest position of the scene's account in a market."""
    own = [
        position
        for position in scene.state.positions.values()
        if (position.account_id, position.instrument_id) == (scene.account_id, market.instrument_id)
    ]
    return own[-1] if own else None


def trade_on(scene: Ruin, market: Market, what: str) -> None:
    """Part, all or more of the position closes, or it grows; in a book with somebody's help."""
    chance = scene.chance

    def order() -> Fields | None:
        position = newest(scene, market)
        if position is None:
            return None
        held, least = position.qty_lots, market.spec["qty_lots_min"]
        lots = {
            "part": chance.choice((max(1, held // 3), max(1, held - 1), max(1, held // 2))),
            "all": held,
            "flip": min(held + least, market.spec["qty_lots_max"]),
            "more": least,
        }[what]
        side = position.side if what == "more" else opposite(position.side)
        fields = order_fields(scene.account_id, market.instrument_id, side, "MARKET")
        if what in ("part", "all"):
            fields["position_id"] = position.position_id
        ticket = scene.state.is_ticket(scene.account_id, market)
        return fields | {"qty_lots": lots, "leverage": 10 * ticket, "leg": position.leg}

    def help_out() -> Step | None:
        fields = order()
        if fields is None or not market.is_order_driven:
            return None
        side = opposite(fields["side"])
        touch = book_aims.touch_of(scene.state, market, side)
        ticks = max(1, touch - sign(side)) if touch else market.mark
        helper = order_fields(scene.others[0], market.instrument_id, side, "LIMIT")
        sized = {"qty_lots": fields["qty_lots"], "price_ticks": ticks, "leverage": 5}
        return "PlaceOrder", helper | sized

    def send() -> Step | None:
        fields = order()
        return ("PlaceOrder", fields) if fields is not None else None

    scene.plot += [help_out, send]


def nudge(scene: Ruin, market: Market) -> None:
    """A little margin, or an auto-close: the position is keyed anew, or not quite."""
    chance = scene.chance

    def step() -> Step | None:
        position = newest(scene, market)
        if position is None:
            return None
        named = {"account_id": scene.account_id, "position_id": position.position_id}
        if chance.random() < 0.7:
            most = max(1, position.accrued_atoms)
            return "AdjustMargin", named | {"amount_atoms": chance.choice((1, most, 2 * most))}
        exits = {"stop_loss_ticks": 0, "take_profit_ticks": 0, "auto_close_e8": -90_000_000}
        trailing = {"trail_ticks": 0, "trail_e8": 0}
        return "SetPositionExits", named | exits | trailing | {"trigger_source": "MARK"}

    scene.plot.append(step)


def at_a_price(scene: Ruin, market: Market, percent: int) -> None:
    """The mark goes some way."""
    scene.plot.append(lambda: scene.price(market, max(1, market.mark * (100 + percent) // 100)))


def alone(scene: Ruin, market: Market, side: str) -> None:
    """The key's position stands for itself, if nothing is open there."""

    def step() -> Step | None:
        account_id, instrument_id, leg = scene.key(market, side)
        where = {"account_id": account_id, "instrument_id": instrument_id}
        return "SetMarginMode", where | {"leg": leg, "margin_mode": "ISOLATED"}

    scene.plot.append(step)


def eaten(scene: Ruin) -> list[Planned]:
    """A position in profit pays more than its margin, and then something is done with it."""
    chance = scene.chance
    scene.be_idle()
    scene.go_netting()
    market, side = scene.market, chance.choice(("BUY", "SELL"))
    way = sign(side)
    scene.reopen()
    scene.supply()
    alone(scene, market, side)
    scene.open(market, side, few=True)
    at_a_price(scene, market, way * chance.choice((0, 5, 10, 30)))
    if chance.random() < 0.6:
        just_enough(scene, market, way)
    else:
        terms(scene, market, way)
    to_stamp(scene, market, chance.choice((1, 1, 2)))
    if chance.random() < 0.35:
        # Before anything fires it gets back some, all, or more than it owes.
        just_enough(scene, market, -way)
        to_stamp(scene, market, fresh=False)
    if chance.random() < 0.7:
        scene.reopen()  # Prices are fresh again.
    for what in chance.choices(("part", "all", "flip", "more", "nudge"), (5, 1, 5, 5, 4), k=2):
        if what == "nudge":
            nudge(scene, market)
        else:
            trade_on(scene, market, what)
    if chance.random() < 0.5:
        at_a_price(scene, market, chance.choice((0, 0, -2 * way, 3 * way)))
    return scene.plot


def ruined(scene: Ruin) -> list[Planned]:
    """A cross account cannot pay; it waits for a price, a change, or an opener of its own."""
    chance, market = scene.chance, scene.market
    side = chance.choice(("BUY", "SELL"))
    places = [market, *chance.choices(scene.neighbours, k=chance.choice((0, 1)))]
    scene.reopen()
    scene.supply()
    for place in places:
        scene.go_cross(place, side)
        scene.open(place, side, few=True)
    if chance.random() < 0.3:
        scene.wait(market, side)
    scene.drain()
    terms(scene, market, sign(side))
    if chance.random() < 0.6:
        far = {"funding_interest_e8": sign(side) * 40_000_000}
        far |= {"funding_clamp_e8": 99_000_000, "funding_cap_e8": 99_000_000}
        scene.plot.append(lambda: changing(market, far))
    if chance.random() < 0.15:
        scene.shut(chance.choice(scene.neighbours))
    to_stamp(scene, market)
    ends: tuple[Callable[[], None], ...] = (
        lambda: at_a_price(scene, chance.choice(places), chance.choice((0, 0, 1, -1))),
        lambda: pocket_money(scene),
        lambda: trade_on(scene, market, "part"),
        lambda: scene.wait(market, side),
    )
    for end in chance.choices(ends, (4, 4, 4, 2), k=2):
        end()
    scene.reopen()
    return scene.plot


def pocket_money(scene: Ruin) -> None:
    """An atom, or plenty."""
    asset, atoms = scene.market.spec["settlement"], scene.chance.choice((1, 1, 10**9))
    money = {"asset": asset, "amount_atoms": atoms, "transfer_id": scene.fresh("t")}
    scene.plot.append(lambda: ("Deposit", {"account_id": scene.account_id, **money}))


def premium(scene: Ruin) -> list[Planned]:
    """Samples of a premium that the index, or the depth of the book, decides; then the stamp."""
    chance, market = scene.chance, scene.market
    scene.reopen()
    terms(scene, market, chance.choice((-1, 1)))
    for _ in range(chance.choice((1, 1, 2, 3))):
        if market.is_order_driven and chance.random() < 0.5:
            scene.plot.append(lambda: depth_to(scene, market))
        if chance.random() < 0.7:
            scene.plot.append(lambda: index_to(scene, market))
        scene.plot.append(lambda: ("SamplePremium", {"instrument_id": market.instrument_id}))
    to_stamp(scene, market)
    return scene.plot


def depth_to(scene: Ruin, market: Market) -> Step:
    """The impact notional is just what one side of the book shows up to some order."""
    chance = scene.chance
    orders = book_aims.resting(scene.state, market, chance.choice(("BUY", "SELL")))
    part = orders[: chance.randint(1, 3)]
    atoms = sum(one.visible_lots * one.price_ticks for one in part) * market.k
    wanted = max(0, atoms + chance.choice((-1, 0, 0, 1)))
    return changing(market, {"impact_notional_atoms": wanted})


def index_to(scene: Ruin, market: Market) -> Step:
    """The index leaves the mark, a little or far."""
    away = scene.chance.choice((1, 2, max(1, market.mark // 50), max(1, market.mark // 9)))
    ticks = max(1, market.mark + scene.chance.choice((-1, 1)) * away)
    return "UpdatePrice", price_of(market.mark, market.instrument_id, index_ticks=ticks)


def owing(scene: Ruin) -> list[Planned]:
    """Somebody who owes funding already gets some back, or trades on."""
    chance, state = scene.chance, scene.state
    owes = [one for one in state.positions.values() if one.accrued_atoms > 0]
    if not owes:
        return eaten(scene)
    position = chance.choice(owes)
    market = scene.market = state.markets[position.instrument_id]
    scene.account_id = position.account_id
    scene.others = [one for one in scene.state.accounts if one != position.account_id]
    if chance.random() < 0.6:
        just_enough(scene, market, -sign(position.side), position)
        to_stamp(scene, market, fresh=False)
    else:
        scene.supply()
        if chance.random() < 0.6:
            scene.reopen()
        trade_on(scene, market, chance.choice(("part", "flip", "flip", "flip", "more")))
    return scene.plot


def of_the_fund(scene: Ruin) -> list[Planned]:
    """Where the insurance fund has a position, it pays or is paid like everybody."""
    chance, state = scene.chance, scene.state
    markets = [
        state.markets[one.instrument_id]
        for one in state.positions.values()
        if one.account_id == FUND
    ]
    if not markets:
        return ruined(scene)
    market = chance.choice(markets)
    terms(scene, market, chance.choice((-1, 1)))
    to_stamp(scene, market)
    at_a_price(scene, market, 0)
    return scene.plot


FUNDING_PLOTS: Final[tuple[tuple[RuinPlot, int], ...]] = (
    (eaten, 35),
    (owing, 50),
    (ruined, 30),
    (premium, 12),
    (of_the_fund, 8),
)
