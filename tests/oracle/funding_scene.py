"""What the plots around funding stamps are made of: rates, stamps, and trades of who pays.

Knows the oracle's state; each step is thought out when its turn comes.
"""

from typing import Final

from tests.oracle import book_aims
from tests.oracle.cross_scene import Ruin
from tests.oracle.ladder import stale
from tests.oracle.plots import Step
from tests.oracle.records import E8, Fields, Market, Position, opposite, sign
from tests.oracle.stories import SECOND_NS, order_fields

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
