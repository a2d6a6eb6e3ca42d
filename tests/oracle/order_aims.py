"""Orders, amends and exits with an aim: at the touch, at limits of size, at what is open."""

from random import Random
from typing import Final

from tests.oracle import book_aims, trailing_aims
from tests.oracle.book_aims import is_order_driven
from tests.oracle.holds import opening_need
from tests.oracle.records import (
    AMOUNT_ATOMS_MAX,
    AUTO_CLOSE_E8_MAX,
    E8,
    KEEP,
    PRICE_TICKS_MAX,
    QTY_LOTS_MAX,
    Fields,
    Market,
    Order,
    Position,
    opposite,
    sign,
)
from tests.oracle.rules import cap_atoms, ceil_div, fee_of, largest_price_ticks, liquidation_tick
from tests.oracle.state import State
from tests.oracle.stories import SECOND_NS, order_fields

LEVERAGES = (1, 2, 3, 5, 10, 20, 25, 50, 75, 100, 125)
TYPES: Final = (
    *("MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET"),
    *("STOP_LIMIT", "TAKE_PROFIT_LIMIT", "TRAILING_STOP"),
)
WAITING: Final = TYPES[2:]
LIMITS: Final = ("LIMIT", "STOP_LIMIT", "TAKE_PROFIT_LIMIT")
FORCES: Final = ("GTC", "IOC", "FOK", "GTD")
PREVENTIONS: Final = ("CANCEL_MAKER", "CANCEL_TAKER", "CANCEL_BOTH", "DECREMENT")
THRESHOLDS_E8 = (1, 1_000_000, 5_000_000, 20_000_000, 50_000_000, 100_000_000, 300_000_000)


WRONG_SIZES: Final[tuple[Fields, ...]] = (
    {"qty_lots": -1},
    {"qty_lots": QTY_LOTS_MAX + 1, "amount_atoms": 0},
    {"amount_atoms": AMOUNT_ATOMS_MAX + 1, "qty_lots": 0},
    {"amount_atoms": 5, "qty_lots": 5},
    {"amount_atoms": 0, "qty_lots": 0},
)


def blank(account_id: int, instrument_id: int) -> Fields:
    """An order for a market that may not be there."""
    return order_fields(account_id, instrument_id, "BUY", "MARKET") | {
        "qty_lots": 1,
        "leverage": 1,
    }


def next_order(
    chance: Random, state: State, market: Market, account_id: int, time_ns: int, own: bool = False
) -> Fields:
    """An opener or a closer; `own`: of this account alone."""
    positions = [
        position
        for position in state.positions.values()
        if position.instrument_id == market.instrument_id
        and (position.account_id == account_id if own else position.account_id != 0)
    ]
    if positions and chance.random() < (0.35 if len(positions) < 8 else 0.6):
        position = chance.choice(positions)
        fields = closer(chance, state, market, position, time_ns)
    else:
        fields = opener(chance, state, market, account_id, time_ns)
    if chance.random() < 0.12:
        fields["oco_group"] = group(chance, state, market, fields["account_id"])
    if is_order_driven(market):
        fields["self_trade_prevention"] = chance.choice(PREVENTIONS)
    return fields


def group(chance: Random, state: State, market: Market, account_id: int) -> str:
    """The group of an open order, so that they are partners, or one that may be new."""
    orders = state.orders_of_key(account_id, market.instrument_id)
    known = [order.oco_group for order in orders if order.oco_group]
    return chance.choice([*known, *known, f"g{chance.randrange(50)}"])


def reference(chance: Random, market: Market) -> int:
    """A price to aim around."""
    if market.prices is None:
        return 1_000
    if is_order_driven(market):
        return market.prices[chance.choice(("LAST", "MARK"))]
    return market.prices[chance.choice(("BID", "ASK", "MARK"))]


def near(chance: Random, ticks: int) -> int:
    """At it, beside it, or a little away."""
    far = max(2, ticks // 25)
    steps = (0, 1, -1, 2, -2, chance.randint(-far, far), chance.randint(-far // 8, far // 8))
    return max(1, ticks + chance.choice(steps))


def limit_price(chance: Random, state: State, market: Market, side: str) -> int:
    """Mostly one that rests, at times at the edge of the band."""
    if is_order_driven(market) and market.prices is not None:
        return book_aims.limit_price(chance, state, market, side)
    ticks = reference(chance, market)
    band = int(market.spec["price_band_e8"])
    if band and market.prices is not None and chance.random() < 0.15:
        edge = market.prices["MARK"] * (E8 + sign(side) * band) // E8
        return max(1, edge + chance.choice((-1, 0, 1)))
    if chance.random() < 0.35:
        return near(chance, ticks)
    return max(1, ticks - sign(side) * chance.randint(0, max(2, ticks // 30)))


def trigger_price(chance: Random, market: Market, fields: Fields) -> int:
    """Mostly one that is not true yet."""
    if market.prices is None:
        return 1_000
    ticks = market.prices[fields["trigger_source"]]
    if chance.random() < 0.2:
        return near(chance, ticks)
    rises = fields["order_type"].startswith("STOP") == (fields["side"] == "BUY")
    far = 6 if fields["trigger_source"] == "LAST" and chance.random() < 0.8 else ticks // 30
    away = chance.randint(1, max(2, far))
    return max(1, ticks + (away if rises else -away))


def pick_type(chance: Random, state: State, market: Market, fields: Fields, time_ns: int) -> None:
    """Type, time in force, prices."""
    in_book = is_order_driven(market)
    weights = (22, 50, 8, 6, 8, 6, 6) if in_book else (38, 33, 11, 8, 6, 4, 10)
    kind = fields["order_type"] = chance.choices(TYPES, weights)[0]
    sources = (40, 45, 15) if in_book else (60, 25, 15)
    fields["trigger_source"] = chance.choices(("MARK", "LAST", "INDEX"), sources)[0]
    if kind == "TRAILING_STOP":
        fields |= trailing_aims.stop(chance, market, fields)
    elif kind in WAITING:
        fields["trigger_ticks"] = trigger_price(chance, market, fields)
    if kind == "LIMIT":
        fields["price_ticks"] = limit_price(chance, state, market, fields["side"])
    elif kind in LIMITS:
        fields["price_ticks"] = max(1, fields["trigger_ticks"] + chance.randint(-3, 3))
    if kind in LIMITS:
        fields["time_in_force"] = chance.choices(FORCES, (58, 12, 14, 16))[0]
        if fields["time_in_force"] in ("GTC", "GTD"):
            fields["post_only"] = chance.random() < 0.2
            if in_book and chance.random() < 0.2:
                least = market.spec["qty_lots_min"]
                fields["display_lots"] = chance.choice((least, least, least + 1, 3, 5, least - 1))
    elif kind == "MARKET":
        fields["time_in_force"] = chance.choices(("GTC", "IOC", "FOK"), (70, 15, 15))[0]
    else:
        fields["time_in_force"] = chance.choices(("GTC", "GTD"), (80, 20))[0]
    if fields["time_in_force"] == "GTD":
        later = chance.choice((0, 1, SECOND_NS // 2, 2 * SECOND_NS, 20 * SECOND_NS, 90 * SECOND_NS))
        fields["expire_ns"] = time_ns + later


def opener(chance: Random, state: State, market: Market, account_id: int, time_ns: int) -> Fields:
    """Something that opens, or in a netting market maybe only reduces."""
    spec = market.spec
    fields = order_fields(account_id, market.instrument_id, chance.choice(("BUY", "SELL")), "")
    pick_type(chance, state, market, fields, time_ns)
    leverage = chance.choice([each for each in LEVERAGES if each <= spec["leverage_max"]] or [1])
    fields["leverage"] = leverage
    key = account_id, market.instrument_id
    if spec["position_mode"] == "NETTING":
        setting = state.leverages.get((*key, "NONE"), 1)
        fields["leverage"] = chance.choices((0, setting, leverage), (50, 25, 25))[0]
        leverage = fields["leverage"] or setting
        position = state.position_of_key(*key)
        often = 0.1 if is_order_driven(market) else 0.4
        if position is not None and chance.random() < often:
            return fields | increase(chance, state, market, position)
    if chance.random() < 0.35:
        fields["amount_atoms"] = amount(chance, state, market, fields, leverage)
    else:
        fields["qty_lots"] = lots(chance, state, market, fields, leverage)
    if chance.random() < 0.35:
        attach(chance, market, fields)
    return fields


def increase(chance: Random, state: State, market: Market, position: Position) -> Fields:
    """A few more lots of a netting position at once, so that what hangs on it must follow."""
    affords = state.free_of(position) * position.leverage
    affords //= reference(chance, market) * market.k
    least = int(market.spec["qty_lots_min"])
    few = max(least, min(affords // 3, position.qty_lots))
    return order_fields(position.account_id, market.instrument_id, position.side, "MARKET") | {
        "qty_lots": chance.choice((least, few, few))
    }


def amount(chance: Random, state: State, market: Market, fields: Fields, leverage: int) -> int:
    """What some lots cost, an atom more or less, all that is free, one more, or a part of it."""
    if is_order_driven(market) and market.prices is not None:
        return book_aims.amount(chance, state, market, fields, leverage)
    if chance.random() < 0.7:
        price = fields["price_ticks"] or fields["trigger_ticks"] or reference(chance, market)
        wanted = lots(chance, state, market, fields, leverage)
        exact = ceil_div(wanted * price * market.k, max(1, leverage))
        return max(1, exact + chance.choice((0, 0, -1, 1)))
    free = state.free.get((fields["account_id"], market.asset_id), 0)
    return max(1, chance.choice((free, free + 1, free // 2, free // 10, free // 100, 1)))


def lots(chance: Random, state: State, market: Market, fields: Fields, leverage: int) -> int:
    """The smallest, the largest, around the position, or what the balance affords."""
    spec = market.spec
    least, most = int(spec["qty_lots_min"]), int(spec["qty_lots_max"])
    if is_order_driven(market) and market.prices is not None:
        free = state.free.get((fields["account_id"], market.asset_id), 0)
        return book_aims.lots(chance, state, market, fields, free)
    held = 0
    if spec["position_mode"] == "NETTING":
        position = state.position_of_key(fields["account_id"], market.instrument_id)
        held = position.qty_lots if position is not None else 0
    free = state.free.get((fields["account_id"], market.asset_id), 0)
    price = fields["price_ticks"] or fields["trigger_ticks"] or reference(chance, market)
    affords = free * leverage // (price * market.k)
    sizes = [least, least, 1, least - 1, most, most + 1, affords, affords + 1]
    sizes += [affords // 2, affords // 5, affords // 5, affords // 20, affords // 20, least + 1]
    tier = cap_atoms(spec, leverage) // (price * market.k)
    sizes += [tier, tier + 1, tier + 1] if affords > tier else []
    sizes += [held, held + 1, held - 1, 2 * held, held // 2] if held else []
    size = max(1, chance.choice(sizes))
    return size if chance.random() < 0.1 else max(least, min(size, most))


def attach(chance: Random, market: Market, fields: Fields) -> None:
    """Stop loss, take profit, auto-close; at times on the wrong side or true already."""
    touch = reference(chance, market)
    price = fields["price_ticks"] or fields["trigger_ticks"] or touch
    side = sign(fields["side"])
    away = max(1, price // 30)
    if chance.random() < 0.6:
        steps = (1, 1, 2, chance.randint(1, away), chance.randint(1, away), 0)
        fields["stop_loss_ticks"] = max(0, price - side * chance.choice(steps))
    if chance.random() < 0.6:
        steps = (1, 1, 2, chance.randint(1, away), chance.randint(1, away), 0)
        fields["take_profit_ticks"] = max(0, price + side * chance.choice(steps))
    if chance.random() < 0.4:
        fields["auto_close_e8"] = threshold(chance)
    if chance.random() < 0.45 and fields["order_type"] != "TRAILING_STOP":
        fields |= trailing_aims.widths(chance, price)


def threshold(chance: Random) -> int:
    """A share of the initial margin, won or lost."""
    return chance.choice((-1, 1)) * chance.choice(THRESHOLDS_E8)


def closer(
    chance: Random, state: State, market: Market, position: Position, time_ns: int
) -> Fields:
    """A closing order on a position, by its id or, netting, reduce-only."""
    side = opposite(position.side) if chance.random() < 0.97 else position.side
    fields = order_fields(position.account_id, market.instrument_id, side, "")
    pick_type(chance, state, market, fields, time_ns)
    held = position.qty_lots
    sizes = [0, held, held, held - 1, held + 1, 1, held // 2, held // 3, held // 3]
    if is_order_driven(market) and market.prices is not None:
        sizes += book_aims.marks(state, market, fields)
    fields["qty_lots"] = max(0, chance.choice(sizes))
    by_key = market.spec["position_mode"] == "NETTING" and chance.random() < 0.5
    fields["reduce_only"] = by_key or chance.random() < 0.2
    fields["position_id"] = 0 if by_key else position.position_id
    if chance.random() < 0.12:
        fields |= {"close_position": True, "qty_lots": 0}
    elif by_key:
        fields["qty_lots"] = max(1, fields["qty_lots"])
    if chance.random() < 0.1:
        fields["leverage"] = chance.choice((-1, 1, 10, 1_000))
    return fields


def exact_need(state: State, market: Market, fields: Fields) -> int:
    """What an order by quantity needs, about: exact where no position or order is in the way."""
    if is_order_driven(market):
        return max(1, book_aims.path_need(state, market, fields))
    leverage = max(1, fields["leverage"])
    assert market.prices is not None
    touch = market.prices["ASK" if fields["side"] == "BUY" else "BID"]
    if fields["order_type"] == "LIMIT":
        mark = market.prices["MARK"]
        numbers = fields["price_ticks"], mark, leverage, fields["qty_lots"]
        maker_e8 = state.fee_rate(fields["account_id"], market, "MAKER")
        return opening_need(market, fields["side"], *numbers, maker_e8)
    notional = fields["qty_lots"] * touch * market.k
    margin = ceil_div(notional, leverage)
    base = margin if market.spec["fee_basis"] == "MARGIN" else notional
    return margin + fee_of(base, state.fee_rate(fields["account_id"], market, "TAKER"))


def corrupted(chance: Random, fields: Fields, time_ns: int) -> Fields:
    """The order with one thing wrong, for every reason that looks at the order alone."""
    kind = fields["order_type"]
    wrongs: tuple[Fields, ...] = (
        *WRONG_SIZES,
        {"price_ticks": fields["price_ticks"] + 1 if kind in LIMITS else 5},
        {"price_ticks": 0},
        {"price_ticks": PRICE_TICKS_MAX + 1},
        {"trigger_ticks": 7 if kind not in WAITING else PRICE_TICKS_MAX + 1},
        {"trigger_source": chance.choice(("BID", "ASK"))},
        {"leverage": chance.choice((-1, 0, 126, 1_000))},
        {"leverage": chance.choice(LEVERAGES)},
        {"post_only": True},
        {"reduce_only": True},
        {"time_in_force": "GTD", "expire_ns": max(1, time_ns - chance.choice((0, 1, SECOND_NS)))},
        {"time_in_force": "GTD", "expire_ns": 0},
        {"time_in_force": chance.choice(("IOC", "FOK"))},
        {"expire_ns": time_ns + SECOND_NS},
        {"position_id": chance.choice((1, 2, 10**6, -1))},
        {"stop_loss_ticks": PRICE_TICKS_MAX + 1},
        {"take_profit_ticks": -1},
        {"auto_close_e8": AUTO_CLOSE_E8_MAX + 1},
        {"auto_close_e8": -AUTO_CLOSE_E8_MAX - 1},
        {"client_order_id": "x" * 37, "digest": b"d" * 16},
        {"client_order_id": "not so", "digest": b"d" * 16},
        {"client_order_id": "short-digest", "digest": b"d" * 15},
        {"account_id": 99},
        {"account_id": 0},
        {"instrument_id": 99},
        {"display_lots": -1},
        {"display_lots": 1},
        {"display_lots": 1, "time_in_force": "IOC", "post_only": False, "expire_ns": 0},
        {"close_position": True},
        {"oco_group": "x" * 37},
        {"oco_group": "not so"},
        *trailing_aims.wrongs(kind),
    )
    return fields | chance.choice(wrongs)


def amendment(chance: Random, state: State, market: Market, order: Order) -> Fields:
    """New price, trigger, size, or what may not be changed."""
    fields = dict.fromkeys(("price_ticks", "trigger_ticks", "qty_lots", "amount_atoms"), 0)
    limit = order.order_type in LIMITS
    waits = order.order_type in WAITING
    if chance.random() < 0.6:
        name = "price_ticks" if limit and not (waits and chance.random() < 0.5) else "trigger_ticks"
        present = getattr(order, name)
        aims = [present, near(chance, present), near(chance, reference(chance, market))]
        aims += [limit_price(chance, state, market, order.side)] * (3 if not waits else 1)
        fields[name] = chance.choice(aims)
    if chance.random() < 0.6:
        by_amount = order.amount_atoms > 0
        filled = order.filled_lots
        present = order.amount_atoms if by_amount else order.qty_lots + filled
        free = state.free_of(order) if by_amount else market.spec["qty_lots_max"]
        sizes = [present, present + 1, present - 1, present // 2, present * 2, present + free]
        if filled:
            sizes += [filled, filled, filled - 1, filled + 1, filled // 2]
        fields["amount_atoms" if by_amount else "qty_lots"] = max(0, chance.choice(sizes))
    if chance.random() < 0.06:
        highest = largest_price_ticks(market.spec, market.k)
        wrongs: tuple[Fields, ...] = (
            {"trigger_ticks" if limit else "price_ticks": 5},
            {"qty_lots": -1},
            {"qty_lots": 3, "amount_atoms": 3},
            {"price_ticks" if limit else "trigger_ticks": highest + 1},
        )
        fields |= chance.choice(wrongs)
    return fields


def exits_of(chance: Random, market: Market, position: Position) -> Fields:
    """Exits for SetPositionExits: around the source's price, kept, removed or wrong."""
    at_the_end = chance.random() < 0.3
    source = chance.choices(("MARK", "LAST", "INDEX", "BID"), (60, 20, 17, 3))[0]
    source = "MARK" if at_the_end else source
    assert market.prices is not None
    ticks, side = market.prices[source], sign(position.side)
    away = chance.choice((1, 1, 2, max(1, ticks // 50), max(1, ticks // 20)))
    loss, gain = max(1, ticks - side * away), max(1, ticks + side * away)
    wrong = chance.choice((-1, PRICE_TICKS_MAX + 1, ticks))
    weights = (50, 30, 15, 3)
    if at_the_end:
        # The stop loss and the liquidation are passed at one place, or a tick apart.
        end = liquidation_tick(position, market.k, market.spec)
        loss = max(1, end + chance.choice((0, 0, side)))
    edge = chance.choice((threshold(chance), close_to_now(chance, market, position)))
    return {
        "stop_loss_ticks": chance.choices((loss, KEEP, 0, wrong), weights)[0],
        "take_profit_ticks": chance.choices((gain, KEEP, 0, wrong), weights)[0],
        "auto_close_e8": chance.choices((edge, KEEP, 0, AUTO_CLOSE_E8_MAX + 1), (45, 38, 15, 1))[0],
        "trigger_source": source,
        **trailing_aims.exits(chance, ticks),
    }


def close_to_now(chance: Random, market: Market, position: Position) -> int:
    """A threshold that the present mark just meets, or just misses."""
    assert market.prices is not None
    value = position.qty_lots * market.prices["MARK"] * market.k
    profit = sign(position.side) * (value - position.basis_atoms)
    share = profit * E8 // max(1, position.initial_margin_atoms) + chance.choice(
        (-1, 0, 1, 1_000_000)
    )
    bounded = max(-AUTO_CLOSE_E8_MAX, min(AUTO_CLOSE_E8_MAX, share))
    return bounded or 1
