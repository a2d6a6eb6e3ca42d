"""Plots that end in a liquidation: filled by the book, taken over, or shared by the other side.

Knows the oracle's state and its tick of liquidation; each step is thought out when its turn comes.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import book_aims
from tests.oracle.plots import Step
from tests.oracle.records import Position, opposite, sign
from tests.oracle.rules import bankruptcy_tick, cap_atoms, liquidation_tick
from tests.oracle.scene import Plot, Scene
from tests.oracle.takeover import takeover_shortage

HIGH: Final = 100


def end_of(scene: Scene, position: Position, beyond: int) -> int:
    """A mark at the liquidation of a position, or so many ticks further."""
    ticks = liquidation_tick(position, scene.market.k, scene.market.spec)
    if ticks == 0:
        ticks = bankruptcy_tick(position, scene.market.k)
    return max(1, ticks - sign(position.side) * beyond)


def ruin_of(scene: Scene, position: Position) -> int:
    """Where the equity of a position is gone."""
    return max(1, bankruptcy_tick(position, scene.market.k))


def victim(scene: Scene, side: str, lots: int) -> tuple[int, list[int]]:
    """Somebody opens at high leverage; who and who else plays."""
    loser, maker, *others = scene.cast(5)
    scene.place(maker, opposite(side), lots, scene.inside(opposite(side)))
    scene.take(loser, side, lots, leverage=HIGH, time_in_force="IOC")
    return loser, [maker, *others]


def liquidation(scene: Scene) -> Plot:
    """The book takes all of it, a part or nothing; the fund can pay, just so, or not quite."""
    chance = scene.chance
    side = away_from_fund(scene)
    lots = min(scene.most, scene.few + chance.choice((0, 6, scene.most // 2)))
    loser, others = victim(scene, side, lots)
    book = chance.choice(("whole", "partly", "partly", "nothing", "nothing", "as it is"))
    beyond = chance.choice((-1, 0, 0, 1, 2, 3, max(4, scene.mark // 60), max(4, scene.mark // 20)))
    if book != "as it is":
        clear_to_ruin(scene, loser)
    if book in ("whole", "partly"):
        bid_for(scene, loser, others[-1], book)
    provide(scene, loser, beyond)
    move_to_end(scene, loser, beyond)
    if chance.random() < 0.6:
        hit_offer(scene, others[0])
    return scene.plot


def away_from_fund(scene: Scene) -> str:
    """The side opposite to what the fund has, mostly, so that it nets and flips."""
    for position in scene.state.positions.values():
        if (position.account_id, position.instrument_id) == (0, scene.market.instrument_id):
            return opposite(position.side) if scene.chance.random() < 0.8 else position.side
    return scene.side


def clear_to_ruin(scene: Scene, loser: int) -> None:
    """Nobody is left who would take the position over in the book."""

    def step() -> Step | None:
        position = scene.position(loser)
        if position is None:
            return None
        taking = opposite(position.side)
        path = book_aims.met(scene.state, scene.market, taking, ruin_of(scene, position))
        owners = [order.account_id for order in path if order.account_id]
        if not owners:
            return None
        named = {"account_id": owners[0], "instrument_id": scene.market.instrument_id}
        return "CancelOrders", {**named, "on_disconnect": scene.chance.random() < 0.3}

    scene.plot += [step] * 4


def bid_for(scene: Scene, loser: int, bidder: int, book: str) -> None:
    """Somebody waits for the lots at the price of ruin or better."""
    chance = scene.chance

    def step() -> Step | None:
        position = scene.position(loser)
        if position is None:
            return None
        held = position.qty_lots
        part = chance.choice((1, held // 2, held - 1))
        lots = held + chance.choice((0, 0, 1, 5)) if book == "whole" else part
        # At a price that does not cross: liquidations begin before ruin.
        ticks = ruin_of(scene, position) + sign(position.side) * chance.choice((0, 0, 1))
        return scene.placed(bidder, position.side, max(scene.least, lots), ticks)

    scene.plot.append(step)


def provide(scene: Scene, loser: int, beyond: int, wish: str = "") -> None:
    """The fund gets just what it needs, an atom less, plenty, or nothing."""
    wish = wish or scene.chance.choice(("exact", "exact", "less", "plenty", "nothing", "nothing"))
    if wish == "nothing":
        return
    name = scene.fresh("t")

    def step() -> Step | None:
        position = scene.position(loser)
        if position is None:
            return None
        mark = end_of(scene, position, beyond)
        lacks = takeover_shortage(scene.state, position, mark)
        lacks += {"exact": 0, "less": -1, "plenty": 10**7}[wish]
        if lacks <= 0:
            return None
        asset = scene.market.spec["settlement"]
        return "FundInsurance", {"asset": asset, "amount_atoms": lacks, "transfer_id": name}

    scene.plot.append(step)


def move_to_end(scene: Scene, loser: int, beyond: int) -> None:
    """The mark goes where the position ends."""

    def ticks() -> int:
        position = scene.position(loser)
        return scene.mark if position is None else end_of(scene, position, beyond)

    scene.mark_to(ticks)


def hit_offer(scene: Scene, taker: int) -> None:
    """Somebody takes what the fund offers, or a part of it."""
    chance = scene.chance

    def step() -> Step | None:
        for order in scene.state.orders.values():
            mine = order.account_id, order.instrument_id
            if mine == (0, scene.market.instrument_id):
                sizes = (order.qty_lots, order.qty_lots, max(1, order.qty_lots // 2))
                lots = max(scene.least, chance.choice(sizes))
                return scene.placed(taker, opposite(order.side), lots, order.price_ticks)
        return None

    scene.plot.append(step)


def shared(scene: Scene) -> Plot:
    """Several on the other side, alike or not, and a fund that cannot pay: far beyond ruin."""
    chance, side = scene.chance, scene.side
    loser, *others = scene.cast(4)
    each = max(scene.least, min(scene.few, scene.most // 3))
    ticks = scene.inside(side)
    scene.place(loser, side, 3 * each, ticks, leverage=HIGH)
    leverage = chance.choice((5, 10, 20))
    for other in others:
        alike = chance.random() < 0.7
        scene.take(
            other,
            opposite(side),
            each if alike else max(scene.least, each - 1),
            leverage=leverage if alike else 3,
            time_in_force="IOC",
        )
    clear_to_ruin(scene, loser)
    beyond = chance.choice((2, max(3, scene.mark // 20), max(3, scene.mark // 5)))
    move_to_end(scene, loser, beyond)
    return scene.plot


def drained(scene: Scene) -> Plot:
    """A close far beyond ruin, while the mark has not moved: the fund pays, below zero."""
    chance, side = scene.chance, scene.side
    lots = min(scene.most, 3 * scene.few)
    loser, others = victim(scene, side, lots)
    close_at_edge(scene, loser, others[-1], side, lots)
    if chance.random() < 0.5:
        scene.mark_to(lambda: scene.mark)
    return scene.plot


def close_at_edge(scene: Scene, loser: int, bidder: int, side: str, lots: int) -> None:
    """The only one who trades with the loser waits as far away as the band allows."""
    edge = book_aims.band_edge(scene.market, opposite(side))
    scene.clear(side, edge, times=5)
    scene.plot.append(
        lambda: scene.placed(bidder, side, lots, book_aims.band_edge(scene.market, opposite(side)))
    )
    scene.close(loser, 0, 0)


def fund_shares(scene: Scene) -> Plot:
    """The fund takes over; then the only one against it loses far from where the fund offers."""
    chance, side = scene.chance, scene.side
    first, second, third = scene.cast(3)
    lots, beyond = min(scene.most, 3 * scene.few), chance.choice((0, 1, 2))
    scene.place(second, opposite(side), lots, scene.inside(opposite(side)), leverage=5)
    scene.take(first, side, lots, leverage=HIGH)
    clear_to_ruin(scene, first)
    provide(scene, first, beyond, "exact")
    move_to_end(scene, first, beyond)
    scene.clear(side, scene.mark, times=3)
    rising = opposite(side)
    scene.plot.append(
        lambda: scene.placed(
            third, rising, lots, book_aims.band_edge(scene.market, rising), leverage=HIGH
        )
    )
    scene.close(second, 0, 0)
    return scene.plot


def handed_on(scene: Scene, low: int, high: int, leverage: int) -> tuple[int, int]:
    """One is short at the low price, one long at the high one; who was between them has nothing."""
    between, short, long = scene.cast(3)
    allowed = cap_atoms(scene.market.spec, leverage) // (high * scene.market.k)
    lots = max(scene.least, min(scene.most, allowed))
    scene.clear("BUY", low)
    scene.place(short, "SELL", lots, low, leverage=leverage)
    scene.place(between, "BUY", lots, low, leverage=5)
    scene.clear("SELL", high)
    scene.place(long, "BUY", lots, high, leverage=leverage)
    scene.close(between, 0, high)
    return short, long


def losing(scene: Scene) -> Plot:
    """Both sides lose at the mark: one sold low, and one bought high at a leverage too high."""
    chance, mark = scene.chance, scene.mark
    gap = max(2, mark // 40)
    if chance.random() < 0.5:
        _, loser = handed_on(scene, max(1, mark - gap), mark, chance.choice((20, 50, HIGH)))
    else:
        loser, _ = handed_on(scene, mark, mark + gap, chance.choice((20, 50, HIGH)))
    clear_to_ruin(scene, loser)
    move_to_end(scene, loser, chance.choice((0, 1, 2)))
    return scene.plot


def ruined(scene: Scene) -> Plot:
    """While the price is stale nobody is liquidated; then both sides are bankrupt at once."""
    after = int(scene.market.spec["stale_after_ns"])
    if after == 0:
        return losing(scene)
    mark = scene.mark
    scene.later(after + 1)
    low = book_aims.band_edge(scene.market, "SELL")
    high = book_aims.band_edge(scene.market, "BUY")
    short, long = handed_on(scene, low, high, HIGH)
    for loser in (short, long):
        clear_to_ruin(scene, loser)
    scene.mark_to(lambda: mark + scene.chance.choice((0, 1, -1)))
    return scene.plot


def unfilled_exit(scene: Scene) -> Plot:
    """An exit, or an auto-close, that finds nobody to trade with, or somebody for a part."""
    chance, side = scene.chance, scene.side
    lots = scene.few + 2
    owner, maker, bidder = scene.cast(3)
    scene.place(maker, opposite(side), lots, scene.inside(opposite(side)))
    scene.take(owner, side, lots, leverage=5)
    source = chance.choice(("MARK", "MARK", "INDEX"))
    away = chance.randint(1, 3)
    kind = chance.choice(("stop_loss_ticks", "take_profit_ticks", "auto_close_e8"))

    def exits() -> Step | None:
        position = scene.position(owner)
        if position is None:
            return None
        fields = dict.fromkeys(("stop_loss_ticks", "take_profit_ticks", "auto_close_e8"), 0)
        way = sign(position.side) * (-1 if kind == "stop_loss_ticks" else 1)
        fields[kind] = 2_000_000 if kind == "auto_close_e8" else max(1, scene.mark + way * away)
        named = {"account_id": owner, "position_id": position.position_id}
        return "SetPositionExits", {**named, **fields, "trigger_source": source}

    scene.plot.append(exits)
    scene.clear(side, book_aims.band_edge(scene.market, opposite(side)), times=4)
    if chance.random() < 0.5:
        scene.place(bidder, side, max(scene.least, lots // 2), max(1, scene.mark - sign(side)))
    way = sign(side) * (-1 if kind == "stop_loss_ticks" else 1)
    far = max(away, scene.mark // 100) if kind == "auto_close_e8" else away
    scene.mark_to(lambda: scene.mark + way * far)
    return scene.plot


RUIN_PLOTS: Final[tuple[tuple[Callable[[Scene], Plot], int], ...]] = (
    (liquidation, 22),
    (shared, 6),
    (drained, 5),
    (losing, 6),
    (ruined, 11),
    (fund_shares, 40),
    (unfilled_exit, 6),
)
