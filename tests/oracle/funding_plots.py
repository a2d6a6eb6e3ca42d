"""Plots around funding stamps: margins eaten and paid back, accounts ruined, premiums sampled.

Knows the oracle's state; each step is thought out when its turn comes.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import book_aims
from tests.oracle.cross_plots import RuinPlot
from tests.oracle.cross_scene import Ruin
from tests.oracle.funding_scene import (
    alone,
    at_a_price,
    changing,
    just_enough,
    nudge,
    terms,
    to_stamp,
    trade_on,
)
from tests.oracle.plots import Planned, Step
from tests.oracle.records import FUND, Market, sign
from tests.oracle.stories import price_of


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
