"""The rungs that are the same in every market (ORD-4).  Changes nothing.

Each says the one reason it stands for, or nothing, of a draft.
"""

from typing import Final

from tests.oracle.draft import Draft
from tests.oracle.holds import resting_limits
from tests.oracle.records import (
    AMOUNT_ATOMS_MAX,
    AUTO_CLOSE_E8_MAX,
    CONDITIONALS,
    CONDITIONALS_MAX,
    E8,
    LIMITS_TO_BE,
    QTY_LOTS_MAX,
    Market,
    Order,
    sign,
)
from tests.oracle.rules import (
    cap_atoms,
    ceil_div,
    floor_div,
    largest_position_lots,
    largest_price_ticks,
)
from tests.oracle.state import State

# What an amended and a triggered order are not asked (AMD-1, ADM-6).
NOT_OF_AMENDED: Final = ("EXPIRED_ALREADY", "TOO_MANY_ORDERS", "CANNOT_FILL")
NOT_OF_TRIGGERED: Final = ("WOULD_TRIGGER", "EXPIRED_ALREADY", "TOO_MANY_ORDERS")


def bad_price(draft: Draft) -> bool:
    """A price no order may carry, or an exit on the wrong side of it."""
    order = draft.order
    highest = largest_price_ticks(draft.market.spec, draft.market.k)
    has_limit = order.order_type == "LIMIT" or order.order_type in LIMITS_TO_BE
    if has_limit and not 1 <= order.price_ticks <= highest:
        return True
    lowest = 0 if order.order_type == "TRAILING_STOP" else 1
    if order.order_type in CONDITIONALS and not lowest <= order.trigger_ticks <= highest:
        return True
    if not (0 <= order.trail_ticks <= highest and 0 <= order.trail_e8 < E8):
        return True
    if max(order.stop_loss_ticks, order.take_profit_ticks) > highest:
        return True
    if abs(order.auto_close_e8) > AUTO_CLOSE_E8_MAX:
        return True
    price = draft.parent_price
    if price == 0:
        return False
    loses = sign(order.side) * (price - order.stop_loss_ticks) > 0
    wins = sign(order.side) * (order.take_profit_ticks - price) > 0
    return (order.stop_loss_ticks != 0 and not loses) or (order.take_profit_ticks != 0 and not wins)


def leverage_is_valid(draft: Draft) -> bool:
    """Whether the order's leverage, or its key's setting, lies within the instrument's."""
    return bool(1 <= draft.order.leverage <= draft.market.spec["leverage_max"])


def bad_quantity(draft: Draft) -> bool:
    """A size no order may have."""
    order, spec = draft.order, draft.market.spec
    if order.qty_lots > QTY_LOTS_MAX or order.amount_atoms > AMOUNT_ATOMS_MAX:
        return True
    if order.qty_lots < 0:
        draft.state.hit("AMD-4 below filled")
        return True
    if 0 < order.display_lots < spec["qty_lots_min"]:
        return True
    total = order.filled_lots + order.qty_lots
    if order.closing:
        whole = draft.position is not None and total >= draft.position.qty_lots
        return total != 0 and bool(total < spec["qty_lots_min"]) and not whole
    is_new = draft.present is None
    if (
        order.amount_atoms > 0
        and is_new
        and (draft.fill_price == 0 or not leverage_is_valid(draft))
    ):
        return False
    return not spec["qty_lots_min"] <= order.filled_lots + draft.lots <= spec["qty_lots_max"]


def lots_left(draft: Draft) -> int:
    """RED-1: what closing LIMIT orders that execute earlier leave of the position."""
    assert draft.position is not None
    order, left = draft.queued(), draft.position.qty_lots
    closers = [
        other
        for other in draft.others
        if other.closing and other.position_id == draft.position.position_id
    ]
    for other in resting_limits([*closers, order], order.side):
        if other is order:
            break
        left -= other.qty_lots
    return left


def nothing_to_reduce(draft: Draft) -> bool:
    """A closing order without anything to close."""
    if not draft.order.closing:
        return False
    if draft.position is None or draft.position.side == draft.order.side:
        return True
    return draft.order.order_type == "LIMIT" and not draft.takes and lots_left(draft) <= 0


def tickets_beyond_tier(draft: Draft, value: int, lots: int) -> bool:
    """TIR-1 of a ticket: the order alone, in cross margin with all that its side has and rests.

    value, lots: of the order, by what it fills and what rests.
    """
    order, market = draft.order, draft.market
    if draft.is_cross:
        for position in draft.state.positions.of(order.account_id):
            if (position.instrument_id, position.side) == (order.instrument_id, order.side):
                lots += position.qty_lots
                value += position.qty_lots * market.mark * market.k
        for other in draft.others:
            if other.order_id != order.order_id and rests_to_open(other, order.side):
                lots += other.qty_lots
                value += other.qty_lots * other.price_ticks * market.k
    allowed = cap_atoms(market.spec, order.leverage)
    return value > allowed or lots > largest_position_lots(market.spec)


def rests_to_open(order: Order, side: str) -> bool:
    """A limit order of a side that waits in the book or for its price, and may open."""
    return order.order_type == "LIMIT" and not order.closing and order.side == side


def stale(state: State, market: Market) -> bool:
    """PRC-5."""
    after = market.spec["stale_after_ns"]
    return bool(after > 0 and state.now_ns - market.price_time_ns > after)


def beyond_price_band(draft: Draft) -> bool:
    """A limit too far on the generous side of the mark."""
    band, order = draft.market.spec["price_band_e8"], draft.order
    if band == 0 or order.order_type != "LIMIT":
        return False
    if order.side == "BUY":
        return order.price_ticks > floor_div(draft.mark * (E8 + band), E8)
    return order.price_ticks < ceil_div(draft.mark * (E8 - band), E8)


def rises_to(order: Order) -> bool:
    """Whether a conditional fires at or above its trigger."""
    return order.order_type.startswith("STOP") == (order.side == "BUY")


def waits_in_vain(order: Order, price_ticks: int) -> bool:
    """WOULD_TRIGGER of a conditional order: it is true now; a trailing stop never is (TRL-2)."""
    if order.trigger_ticks == 0 or order.extreme_ticks > 0:
        return False
    return reached(price_ticks, order.trigger_ticks, rises_to(order))


def reached(price_ticks: int, key_ticks: int, rises: bool) -> bool:
    """Equality fires."""
    return price_ticks >= key_ticks if rises else price_ticks <= key_ticks


def expired(draft: Draft) -> bool:
    """Good till a time that has come."""
    return draft.order.time_in_force == "GTD" and draft.order.expire_ns <= draft.state.now_ns


def too_many_open(draft: Draft) -> bool:
    """No further order may be open."""
    return bool(len(draft.others) >= draft.market.spec["orders_max"])


def too_many_wait(draft: Draft) -> bool:
    """TYP-4: no further order may wait for a trigger."""
    waiting = [other for other in draft.others if other.order_type in CONDITIONALS]
    return bool(len(waiting) >= draft.market.spec.get("conditionals_max", CONDITIONALS_MAX))


def would_take(draft: Draft) -> bool:
    """A post-only order that would."""
    return draft.order.post_only and draft.takes
