"""Where in a book an order aims, and with how many lots.  Knows what rests; matches nothing."""

from random import Random

from tests.oracle.holds import resting_limits
from tests.oracle.records import E8, Fields, Market, Order, opposite, sign
from tests.oracle.rules import ceil_div, fee_of, floor_div
from tests.oracle.state import State


def is_order_driven(market: Market) -> bool:
    """Whether users trade with each other in this market."""
    return bool(market.spec["market"] == "ORDER_DRIVEN")


def resting(state: State, market: Market, side: str) -> list[Order]:
    """One side of the book, the first to trade first."""
    orders = [o for o in state.orders.values() if o.instrument_id == market.instrument_id]
    return resting_limits(orders, side)


def touch_of(state: State, market: Market, side: str) -> int:
    """The best price of the other side; 0 if there is none."""
    book = resting(state, market, opposite(side))
    return book[0].price_ticks if book else 0


def band_edge(market: Market, side: str) -> int:
    """The last limit that the price band allows: BUY the highest, SELL the lowest."""
    assert market.prices is not None
    mark, band = market.prices["MARK"], market.spec["price_band_e8"]
    if side == "BUY":
        return floor_div(mark * (E8 + band), E8)
    return max(1, ceil_div(mark * (E8 - band), E8))


def least_lots(market: Market) -> int:
    """The fewest lots that an opener may have, wherever in the band its price lies."""
    lot_atoms = band_edge(market, "SELL") * market.k
    worth = ceil_div(market.spec["notional_atoms_min"], lot_atoms)
    return int(min(max(worth, market.spec["qty_lots_min"]), market.spec["qty_lots_max"]))


def limit_price(chance: Random, state: State, market: Market, side: str) -> int:
    """At, beside and through the touch, at the own side's levels, at the band, or near the mark."""
    assert market.prices is not None
    mark, way, dice = market.prices["MARK"], sign(side), chance.random()
    theirs = [order.price_ticks for order in resting(state, market, opposite(side))]
    ours = [order.price_ticks for order in resting(state, market, side)]
    if theirs and dice < 0.3:
        ticks = chance.choice(theirs[:5]) + way * chance.choice((0, 0, 0, -1, 1))
    elif ours and dice < 0.5:
        ticks = chance.choice(ours[:4]) + way * chance.choice((0, 0, 0, 1, -1))
    elif dice < 0.56:
        return max(1, band_edge(market, side) + chance.choice((-1, 0, 0, 1)))
    elif dice < 0.62:
        ticks = chance.choice(last_triggers(state, market) or [mark])
    else:
        ticks = mark - way * chance.randint(-2, 6)
    if chance.random() < 0.03:
        return max(1, ticks)
    # Mostly within the band: what lies beyond it is only refused.
    edge = band_edge(market, side)
    return max(1, min(ticks, edge) if side == "BUY" else max(ticks, edge))


def last_triggers(state: State, market: Market) -> list[int]:
    """Prices that would fire something if they were traded at."""
    orders = [
        order.trigger_ticks
        for order in state.orders.values()
        if order.instrument_id == market.instrument_id and order.trigger_source == "LAST"
    ]
    exits = [
        ticks
        for position in state.positions.values()
        if position.instrument_id == market.instrument_id and position.exit_source == "LAST"
        for ticks in (position.stop_loss_ticks, position.take_profit_ticks)
    ]
    return [ticks for ticks in orders + exits if ticks]


def met(state: State, market: Market, side: str, limit_ticks: int, not_of: int = 0) -> list[Order]:
    """What an order of this side meets up to its limit, but for one account's (0: nobody's)."""
    way = sign(side)
    return [
        order
        for order in resting(state, market, opposite(side))
        if way * (limit_ticks - order.price_ticks) >= 0 and order.account_id != not_of
    ]


def marks(state: State, market: Market, fields: Fields) -> list[int]:
    """The numbers of lots at which something ends: an order, what it shows, a level, the path."""
    side = fields["side"]
    limit = fields["price_ticks"] or band_edge(market, side)
    path = met(state, market, side, limit)
    if not path:
        return []
    others = met(state, market, side, limit, fields["account_id"])
    level = [order for order in path if order.price_ticks == path[0].price_ticks]
    sums = [path[0].qty_lots, path[0].visible_lots]
    sums += [sum(order.qty_lots for order in part) for part in (level, path, others, path[:2])]
    sums += [sum(order.visible_lots for order in part) for part in (level, path)]
    return [lots for lots in sums if lots > 0]


def lots(chance: Random, state: State, market: Market, fields: Fields, free: int) -> int:
    """Few, or at a mark of the book or of the own position, one less, one more."""
    least, most = market.spec["qty_lots_min"], market.spec["qty_lots_max"]
    enough = least if chance.random() < 0.1 else least_lots(market)
    few = min(most, enough + chance.randint(0, 10))
    sizes = [few, few, few, few, chance.choice((least, most))]
    sizes += [each + chance.choice((-1, 0, 0, 1)) for each in marks(state, market, fields)]
    if market.spec["position_mode"] == "NETTING":
        position = state.position_of_key(fields["account_id"], market.instrument_id)
        if position is not None:
            held = position.qty_lots
            sizes += [held, held + 1, held + few, max(1, held - 1)]
    size = chance.choice(sizes)
    assert market.prices is not None
    leverage = fields["leverage"] or state.leverages.get(
        (fields["account_id"], market.instrument_id, "NONE"), 1
    )
    affords = max(0, free) * max(1, leverage) // (market.prices["MARK"] * market.k)
    if chance.random() < 0.05:
        return max(1, chance.choice((least - 1, most + 1, affords, affords + 1)))
    return int(max(enough, min(size, most, max(enough, affords))))


def walk_cost(market: Market, path: list[Order], wanted_lots: int) -> int:
    """What some lots of a path are worth, in atoms; the last price goes on behind it."""
    left, cost, ticks = wanted_lots, 0, 0
    for order in path:
        taken, ticks = min(left, order.qty_lots), order.price_ticks
        cost += taken * ticks * market.k
        left -= taken
    assert market.prices is not None
    return cost + left * (ticks or market.prices["MARK"]) * market.k


def path_need(state: State, market: Market, fields: Fields) -> int:
    """What an opener by quantity needs at most, if no position is in the way."""
    leverage = max(1, fields["leverage"])
    edge = band_edge(market, fields["side"])
    limit = fields["price_ticks"] if "LIMIT" in fields["order_type"] else edge
    left, need = fields["qty_lots"], 0
    rates = [state.fee_rate(fields["account_id"], market, each) for each in ("MAKER", "TAKER")]
    for order in met(state, market, fields["side"], limit, fields["account_id"]):
        taken = min(left, order.qty_lots)
        need += part_need(market, taken, order.price_ticks, leverage, rates[1])
        left -= taken
    if left > 0 and fields["order_type"] == "LIMIT":
        assert market.prices is not None
        worse = max(0, sign(fields["side"]) * (limit - market.prices["MARK"])) * left * market.k
        need += max(0, part_need(market, left, limit, leverage, rates[0]) + worse)
    return need


def part_need(market: Market, qty_lots: int, ticks: int, leverage: int, rate_e8: int) -> int:
    """Initial margin and fee of some lots at one price."""
    notional = qty_lots * ticks * market.k
    margin = ceil_div(notional, leverage)
    base = margin if market.spec["fee_basis"] == "MARGIN" else notional
    return margin + fee_of(base, rate_e8)


def amount(chance: Random, state: State, market: Market, fields: Fields, leverage: int) -> int:
    """What the path costs up to some lot, an atom more or less; or a part of what is free."""
    side = fields["side"]
    limit = fields["price_ticks"] or band_edge(market, side)
    path = met(state, market, side, limit, fields["account_id"])
    most = int(market.spec["qty_lots_max"])
    free = state.free.get((fields["account_id"], market.asset_id), 0)
    if chance.random() < 0.1:
        return max(1, chance.choice((free, free + 1, free // 3, free // 10, 1)))
    wanted = chance.choice([chance.randint(1, 8), *marks(state, market, fields)])
    wanted = min(most, max(1, wanted))
    if fields["order_type"] == "MARKET":
        cost = walk_cost(market, path, wanted)
    else:
        assert market.prices is not None
        ticks = fields["price_ticks"] or fields["trigger_ticks"] or market.prices["MARK"]
        cost = wanted * ticks * market.k
    return max(1, ceil_div(cost, max(1, leverage)) + chance.choice((0, 0, 0, -1, 1)))
