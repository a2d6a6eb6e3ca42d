"""The rungs of a quote-driven market, where an order fills whole and at once (ADM-…).

Changes nothing.  What a cross order comes to is read off a copy of the state on which it filled.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import ladder
from tests.oracle.amounts import (
    opening_by_amount,
    opening_by_quantity,
)
from tests.oracle.cross import account_dies, spendable_for
from tests.oracle.draft import Draft
from tests.oracle.holds import key_need, opening_lots, order_hold, size_of
from tests.oracle.house_outlook import (
    opens_nothing,
    orders_after,
    position_as_it_will_be,
    released,
    size_after,
    tried,
    would_open,
)
from tests.oracle.records import CONDITIONALS, LIMITS_TO_BE
from tests.oracle.rules import (
    auto_close_holds,
    cap_atoms,
    ceil_div,
    close_fee_e8,
    largest_position_lots,
    liquidatable,
)
from tests.oracle.state import key_of


def would_trigger(draft: Draft) -> bool:
    """Something in the order is already true."""
    order, prices = draft.order, draft.market.prices
    assert prices is not None
    price = prices[order.trigger_source]
    if order.order_type in CONDITIONALS:
        return ladder.waits_in_vain(order, price)
    if order.closing or not draft.takes or draft.parts()[1] == 0:
        return False
    long = order.side == "BUY"
    if order.stop_loss_ticks and ladder.reached(price, order.stop_loss_ticks, not long):
        return True
    if order.take_profit_ticks and ladder.reached(price, order.take_profit_ticks, long):
        return True
    if order.auto_close_e8 == 0:
        return False
    lots, cost, _, initial = position_as_it_will_be(draft)
    k = draft.market.k
    return auto_close_holds(order.side, lots, cost, initial, order.auto_close_e8, prices["MARK"], k)


def below_notional(draft: Draft) -> bool:
    """An opener worth less than the instrument's minimum."""
    order, market = draft.order, draft.market
    if order.closing:
        return False
    to_be_market = order.order_type in CONDITIONALS and order.order_type not in LIMITS_TO_BE
    if to_be_market and order.amount_atoms > 0:
        notional = order.amount_atoms * order.leverage
    else:
        notional = draft.lots * draft.fill_price * market.k
    return bool(notional < market.spec["notional_atoms_min"])


def beyond_tier(draft: Draft) -> bool:
    """TIR-1."""
    order, market = draft.order, draft.market
    if order.closing or order.order_type in CONDITIONALS or opens_nothing(draft):
        return False
    allowed = cap_atoms(market.spec, order.leverage)
    if draft.is_ticket:
        value = draft.lots * draft.fill_price * market.k
        return ladder.tickets_beyond_tier(draft, value, draft.lots)
    side, held = size_after(draft)
    for each in ("BUY", "SELL"):
        lots = held if side == each else 0
        exposure = lots * draft.mark * market.k
        for other, count in opening_lots(orders_after(draft), each, side, held):
            lots += count
            exposure += count * other.price_ticks * market.k
        if exposure > allowed or lots > largest_position_lots(market.spec):
            return True
    return False


def too_many(draft: Draft) -> bool:
    """The account's open orders in this market, or those that wait, are as many as may be."""
    waits = draft.order.order_type in CONDITIONALS
    return not draft.takes and (
        ladder.too_many_open(draft) or (waits and ladder.too_many_wait(draft))
    )


def cannot_fill(draft: Draft) -> bool:
    """All at once, or not at all."""
    arrives = draft.order.order_type not in CONDITIONALS
    return arrives and draft.order.time_in_force == "FOK" and not draft.takes


def short_of_balance(draft: Draft) -> bool:
    """ADM-1 to ADM-3."""
    order = draft.order
    if order.closing or order.order_type in CONDITIONALS:
        return False
    if draft.is_ticket:
        if not draft.takes:
            return draft.free < order_hold(draft.state, draft.market, order)
        if draft.is_cross:
            return spendable_for(tried(draft, draft.touch, "TAKER"), order) < 0
        if order.amount_atoms > 0:
            return draft.free < order.amount_atoms
        return draft.free < would_open(draft).paid_atoms
    if opens_nothing(draft):
        return False
    held = draft.state.key_holds.get(key_of(order), 0)
    rise = key_need(draft.state, draft.market, orders_after(draft), *size_after(draft)) - held
    if not draft.takes:
        return draft.free < rise
    if draft.is_cross:
        return spendable_for(tried(draft, draft.touch, "TAKER"), order) < rise
    paid_out = released(draft, draft.touch, "TAKER")
    return draft.free + paid_out - rise < would_open(draft).paid_atoms


def would_liquidate(draft: Draft) -> bool:
    """ADM-4."""
    order, market = draft.order, draft.market
    if order.closing or order.order_type in CONDITIONALS or opens_nothing(draft):
        return False
    if draft.is_cross:
        dies = draft.takes and account_dies(tried(draft, draft.touch, "TAKER"), order)
        if dies:
            draft.state.hit("CRS-4")
        return dies
    if draft.takes:
        lots, cost, margin, _ = position_as_it_will_be(draft)
        mark = draft.mark
    else:
        lots, mark = draft.lots, order.price_ticks
        cost = lots * mark * market.k
        margin = ceil_div(cost, order.leverage)
        if order.amount_atoms > 0:
            margin = order.amount_atoms - max(0, would_open(draft).fee_atoms)
    if order.amount_atoms > 0 and margin <= 0:
        return True
    spec = market.spec
    return liquidatable(
        order.side, lots, cost, margin, mark, market.k, spec["tiers"], close_fee_e8(spec)
    )


def refused_at_its_limit(draft: Draft) -> bool:
    """ADM-5: a resting LIMIT whose time has come, and who cannot pay for it any more."""
    order, market = draft.order, draft.market
    closing, opening = draft.parts()
    if order.closing or opening == 0:
        return False
    rate, price = draft.fee_rate("MAKER"), order.price_ticks
    if order.amount_atoms > 0:
        amount = order.amount_atoms
        opened = opening_by_amount(market, amount, order.leverage, price, rate, draft.free)
        return draft.free < amount or opened.margin_atoms <= 0
    if draft.is_cross and draft.is_ticket:
        return spendable_for(tried(draft, price, "MAKER"), order) < 0
    opened = opening_by_quantity(market, opening, order.leverage, price, rate, closing)
    if draft.is_ticket:
        return draft.free < opened.paid_atoms
    side, lots = size_of(draft.position)
    kept = lots if side == order.side else 0
    others = [other for other in draft.key_others if not (closing > 0 and other.closing)]
    held = draft.state.key_holds.get(key_of(order), 0)
    rise = key_need(draft.state, market, others, order.side, kept + opening) - held
    if draft.is_cross:
        return spendable_for(tried(draft, price, "MAKER"), order) < rise
    return draft.free + released(draft, price, "MAKER") - rise < opened.paid_atoms


def stale_taker(draft: Draft) -> bool:
    """Nothing takes at a touch that may be long gone."""
    return draft.takes and ladder.stale(draft.state, draft.market)


def settle_size(draft: Draft) -> None:
    """RED-1 and HLD-2: clips what closes, turns a netting amount into lots."""
    order = draft.order
    if order.closing:
        assert draft.position is not None
        order.position_id = draft.position.position_id
        if order.order_type not in CONDITIONALS:
            held = draft.position.qty_lots
            room = held if draft.takes else ladder.lots_left(draft)
            order.qty_lots = min(order.qty_lots or held, room)
    elif draft.stays_by_amount or order.order_type in CONDITIONALS:
        return
    elif order.amount_atoms > 0:
        order.qty_lots, order.amount_atoms = draft.lots, 0


Rung = Callable[[Draft], bool]
BEFORE_THE_SIZE: Final[tuple[tuple[str, Rung], ...]] = (
    ("STALE_PRICE", stale_taker),
    ("PRICE_BAND", ladder.beyond_price_band),
)
AFTER_THE_SIZE: Final[tuple[tuple[str, Rung], ...]] = (
    ("WOULD_TRIGGER", would_trigger),
    ("EXPIRED_ALREADY", ladder.expired),
    ("MIN_NOTIONAL", below_notional),
    ("RISK_TIER", beyond_tier),
    ("TOO_MANY_ORDERS", too_many),
    ("WOULD_TAKE", ladder.would_take),
    ("CANNOT_FILL", cannot_fill),
    ("INSUFFICIENT_BALANCE", short_of_balance),
    ("WOULD_LIQUIDATE", would_liquidate),
)


def refusal(draft: Draft, unasked: tuple[str, ...] = ()) -> str:
    """The first rung from STALE_PRICE on that refuses; an empty string if none does.

    On the way a closing order is clipped, and a netting amount becomes lots.
    """
    for reason, refuses in BEFORE_THE_SIZE:
        if refuses(draft):
            return reason
    settle_size(draft)
    for reason, refuses in AFTER_THE_SIZE:
        if reason not in unasked and refuses(draft):
            return reason
    return ""
