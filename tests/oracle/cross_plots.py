"""Plots that lead a cross account to the price where it cannot go on, and a little further.

Knows the oracle's figures of an account; each step is thought out when its turn comes.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import book_aims
from tests.oracle.cross import spendable
from tests.oracle.cross_scene import Ruin
from tests.oracle.plots import Planned, Step
from tests.oracle.records import Fields, Market, opposite, sign
from tests.oracle.rules import cap_atoms, ceil_div, fee_of
from tests.oracle.stories import order_fields


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
    bold = chance.random() < 0.65
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
        order.update(needy(scene, market, side, bold))
        return balance(scene, market, order, wish, name)

    if market.is_order_driven:
        scene.plot.append(lambda: scene.willing(market, side, 3))
    scene.plot += [pay, lambda: ("PlaceOrder", dict(order)) if order else None]
    return scene.plot


def needy(scene: Ruin, market: Market, side: str, bold: bool) -> Fields:
    """An opener; a bold one where maintenance may be more than initial margin (CRS-4)."""
    order = order_fields(scene.account_id, market.instrument_id, side, "MARKET")
    order |= scene.sized(market, side, 3)
    if bold:
        order["leverage"] = highest = int(market.spec["leverage_max"])
        most = cap_atoms(market.spec, highest) * 8 // (10 * market.mark * market.k)
        order["qty_lots"] = max(market.spec["qty_lots_min"], min(order["qty_lots"], most))
    return order


def balance(scene: Ruin, market: Market, order: Fields, wish: int, name: str) -> Step | None:
    """The transfer that leaves just what an order needs, and a wish of atoms more."""
    key = scene.key(market, order["side"])
    leverage = int(order["leverage"]) or scene.state.leverages.get(key, 1)
    needed = fill_need(scene, market, order["side"], order["qty_lots"], leverage) + wish
    cross = scene.state.margin_modes.get(key, market.spec["margin_mode"]) == "CROSS"
    has = spendable(scene.state, scene.account_id, market.asset_id, cross)
    if has == needed:
        return None
    asset = market.spec["settlement"]
    money = {"asset": asset, "amount_atoms": abs(has - needed), "transfer_id": name}
    kind = "Withdraw" if has > needed else "Deposit"
    return kind, {"account_id": scene.account_id, **money}


def fill_need(scene: Ruin, market: Market, side: str, lots: int, leverage: int) -> int:
    """What a fill at the touch takes, for a key in cross or in isolated mode."""
    assert market.prices is not None
    touch = market.prices["ASK" if side == "BUY" else "BID"]
    if market.is_order_driven:
        touch = book_aims.touch_of(scene.state, market, side) or market.mark
    notional = lots * touch * market.k
    margin = ceil_div(notional, leverage)
    base = margin if market.spec["fee_basis"] == "MARGIN" else notional
    fee = fee_of(base, scene.state.fee_rate(scene.account_id, market, "TAKER"))
    mode = scene.state.margin_modes.get(scene.key(market, side), market.spec["margin_mode"])
    if mode != "CROSS":
        return margin + fee
    loss = sign(side) * lots * (touch - market.mark) * market.k
    return ceil_div(lots * market.mark * market.k, leverage) + loss + fee


RuinPlot = Callable[[Ruin], list[Planned]]
CROSS_PLOTS: Final[tuple[tuple[RuinPlot, int], ...]] = (
    (ruin, 60),
    (flat_debt, 40),
    (exactly, 110),
)
