"""Plots of keys in use: another leverage at just the balance it takes, other fees under orders.

Knows the oracle's state; each step is thought out when its turn comes.
"""

from functools import partial
from typing import Final

from tests.oracle.cross import spendable
from tests.oracle.cross_plots import RuinPlot
from tests.oracle.cross_scene import Ruin
from tests.oracle.funding_scene import alone
from tests.oracle.holds import key_need, size_of
from tests.oracle.leverage import added_margin, at_leverage, is_cross
from tests.oracle.plots import Planned, Step
from tests.oracle.records import E8, Market, opposite, sign
from tests.oracle.rules import cap_atoms, ceil_div
from tests.oracle.state import Key
from tests.oracle.stories import order_fields, price_of


def rise_of(scene: Ruin, market: Market, key: Key, leverage: int) -> int:
    """What another leverage takes of what may be spent."""
    state, cross = scene.state, is_cross(scene.state, market, key)
    position = state.position_of_key(*key)
    orders = [at_leverage(order, leverage) for order in state.orders_of_key(*key)]
    rise = added_margin(position, leverage, cross) - state.key_holds.get(key, 0)
    rise += key_need(state, market, orders, *size_of(position))
    if cross and position is not None:
        value = position.qty_lots * market.mark * market.k
        rise += ceil_div(value, leverage) - ceil_div(value, position.leverage)
    return rise


def levered(scene: Ruin) -> list[Planned]:
    """A position and orders, and then another leverage: just paid for, not quite, or too bold."""
    chance = scene.chance
    if chance.random() < 0.7:
        scene.be_idle()
    scene.go_netting()
    market, side = scene.market, chance.choice(("BUY", "SELL"))
    scene.reopen()
    scene.supply()
    if chance.random() < 0.2:
        scene.go_cross(market, side)
    else:
        alone(scene, market, side)
    if chance.random() < 0.85:
        scene.open(market, side, few=True)
    for _ in range(chance.choice((0, 1, 2))):
        scene.wait(market, chance.choice(("BUY", "SELL")), few=True)
    wish, name = chance.choice((0, -1, -1, None)), scene.fresh("t")
    wanted = chance.choice((1, 2, 3, 4))
    highest = int(market.spec["leverage_max"])
    bold = min(highest, chance.choice((10, 20, 33, 50, 75, highest)))
    if chance.random() < 0.3:
        wanted = bold

    after = int(market.spec["stale_after_ns"])
    if chance.random() < 0.4:
        # Against it, so that what is left of a smaller margin would be liquidated.
        percent = chance.choice((2, 3, 5, 8))
        wanted = min(highest, 100 // percent + 2)
        moved = 100 + percent * (-1 if side == "BUY" else 1)
        scene.plot.append(lambda: scene.price(market, max(1, market.mark * moved // 100)))
    elif after and chance.random() < 0.6:
        wanted = highest
        scene.plot.append(lambda: ("AdvanceTime", {}, after + 1))
    elif chance.random() < 0.15:
        scene.shut(market)
    if wish is not None:
        scene.plot.append(partial(pay, scene, market, side, wanted, wish, name))
    scene.plot.append(partial(change, scene, market, side, wanted))
    return scene.plot


def change(scene: Ruin, market: Market, side: str, wanted: int) -> Step:
    """Another leverage for the key of a side."""
    account_id, instrument_id, leg = scene.key(market, side)
    where = {"account_id": account_id, "instrument_id": instrument_id}
    return "SetLeverage", where | {"leg": leg, "leverage": wanted}


def pay(scene: Ruin, market: Market, side: str, wanted: int, wish: int, name: str) -> Step | None:
    """The transfer that leaves just what another leverage takes, and a wish of atoms more."""
    key = scene.key(market, side)
    cross = is_cross(scene.state, market, key)
    has = spendable(scene.state, scene.account_id, market.asset_id, cross)
    needed = max(0, rise_of(scene, market, key, wanted) + wish)
    if has == needed:
        return None
    asset, kind = market.spec["settlement"], "Withdraw" if has > needed else "Deposit"
    money = {"asset": asset, "amount_atoms": abs(has - needed), "transfer_id": name}
    return kind, {"account_id": scene.account_id, **money}


def at_the_cap(scene: Ruin) -> list[Planned]:
    """Lots for the cap of a leverage, and then that leverage, and the next."""
    chance = scene.chance
    scene.go_netting()
    market, side = scene.market, chance.choice(("BUY", "SELL"))
    scene.reopen()
    scene.supply()
    caps = [tier for tier in market.spec["tiers"] if tier[2] <= market.spec["leverage_max"]]
    bold = int(chance.choice(caps)[2]) if caps else 1

    def price_out() -> Step | None:
        lots = cap_atoms(market.spec, bold) // (market.mark * market.k) + chance.choice((0, 1))
        lots = max(market.spec["qty_lots_min"], min(lots, market.spec["qty_lots_max"]))
        name, order = scene.order_of(market, side, "LIMIT")
        order |= {"qty_lots": lots, "price_ticks": market.mark}
        return name, order

    def bolder() -> Step | None:
        return change(scene, market, side, max(1, bold + chance.choice((0, 0, 1, -1))))

    scene.plot += [price_out, bolder, bolder]
    return scene.plot


def dearer(scene: Ruin) -> list[Planned]:
    """Orders rest on every atom there is, and then the account's maker fee is another."""
    chance, tier = scene.chance, scene.chance.choice((1, 2, 3))
    scene.go_netting()
    market = scene.market
    scene.reopen()
    scene.supply()
    for _ in range(chance.choice((1, 2))):
        rest(scene, market, chance.choice(("BUY", "SELL")))
    scene.drain()
    makers = (0, 30_000, 900_000, -40_000, 2_000_000, 9_000_000, -20_000_000)
    maker = chance.choice(makers)
    rates = {"maker_fee_e8": maker, "taker_fee_e8": min(E8 - 1, abs(maker))}
    named = {"instrument_id": market.instrument_id, "tier": tier}
    assign = {"account_id": scene.account_id, "tier": tier}
    steps: list[Planned] = [
        lambda: ("SetFeeTier", named | rates),
        lambda: ("AssignFeeTier", assign),
    ]
    if chance.random() < 0.5:
        steps.reverse()
    scene.plot += steps
    if chance.random() < 0.4:
        scene.plot.append(lambda: meet(scene, market))
    return scene.plot


def rest(scene: Ruin, market: Market, side: str) -> None:
    """A limit a little away from the mark, for a part of what there is."""
    part, behind = scene.chance.choice((2, 5, 20)), scene.chance.choice((1, 2, 5))

    def step() -> Step | None:
        order = order_fields(scene.account_id, market.instrument_id, side, "LIMIT")
        ticks = market.mark - sign(side) * behind
        return "PlaceOrder", order | scene.sized(market, side, part) | {"price_ticks": ticks}

    scene.plot.append(step)


def meet(scene: Ruin, market: Market) -> Step | None:
    """Its oldest order fills: by somebody else in a book, by the price where the house fills."""
    orders = scene.state.orders_of_key(scene.account_id, market.instrument_id)
    limits = [order for order in orders if order.order_type == "LIMIT"]
    if not limits:
        return None
    order = limits[0]
    if not market.is_order_driven:
        return "UpdatePrice", price_of(order.price_ticks, market.instrument_id)
    other = order_fields(scene.others[0], market.instrument_id, opposite(order.side), "LIMIT")
    sized = {"qty_lots": order.qty_lots, "price_ticks": order.price_ticks, "leverage": 5}
    return "PlaceOrder", other | sized


KEY_PLOTS: Final[tuple[tuple[RuinPlot, int], ...]] = ((levered, 12), (at_the_cap, 3), (dearer, 5))
