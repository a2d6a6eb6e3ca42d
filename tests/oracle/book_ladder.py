"""The rungs of an order-driven market (ODM-…, ADM-6a to 6c).  Changes nothing.

What an order would come to is read off its rehearsal: the copy of the state on which it was tried.
"""

from collections.abc import Callable
from typing import Final

from tests.oracle import ladder
from tests.oracle.book_draft import BookDraft
from tests.oracle.cross import account_dies, spendable_for
from tests.oracle.holds import key_need, need_of, opening_lots, size_of
from tests.oracle.matching import Run
from tests.oracle.records import CONDITIONALS, LIMITS_TO_BE
from tests.oracle.rules import (
    auto_close_holds,
    cap_atoms,
    ceil_div,
    close_fee_e8,
    is_liquidatable,
    largest_position_lots,
    liquidatable,
)
from tests.oracle.state import key_of


def stale_opener(draft: BookDraft) -> bool:
    """ODM-3: only market orders that open need a fresh price."""
    order = draft.order
    opens = order.order_type == "MARKET" and not order.closing
    return opens and ladder.stale(draft.state, draft.market)


def would_trigger(draft: BookDraft) -> bool:
    """A conditional that is true now; ODM-4 for what a fill would arm."""
    order, prices = draft.order, draft.market.prices
    assert prices is not None
    price = prices[order.trigger_source]
    if draft.run is None:
        return ladder.waits_in_vain(order, price)
    if draft.run.opened_lots == 0:
        return False
    long = order.side == "BUY"
    if order.stop_loss_ticks and ladder.reached(price, order.stop_loss_ticks, not long):
        return True
    if order.take_profit_ticks and ladder.reached(price, order.take_profit_ticks, long):
        return True
    after = draft.position_after
    if order.auto_close_e8 == 0 or after is None:
        return False
    numbers = after.qty_lots, after.basis_atoms, after.initial_margin_atoms
    return auto_close_holds(after.side, *numbers, order.auto_close_e8, draft.mark, draft.market.k)


def below_notional(draft: BookDraft) -> bool:
    """ODM-1; the lots that an amended order has filled count (AMD-4)."""
    order, k = draft.order, draft.market.k
    if order.closing:
        return False
    if draft.budget_atoms is not None:
        notional = draft.path.value_atoms
    elif order.amount_atoms > 0 and order.order_type not in LIMITS_TO_BE:
        notional = order.amount_atoms * order.leverage
    else:
        notional = (draft.lots + order.filled_lots) * draft.fill_price * k
    return bool(notional < draft.market.spec["notional_atoms_min"])


def beyond_tier(draft: BookDraft) -> bool:
    """ADM-6c."""
    if not draft.opens:
        return False
    market, path, rest = draft.market, draft.path, draft.rest
    allowed = cap_atoms(market.spec, draft.order.leverage)
    if draft.is_ticket:
        value = path.value_atoms - lost_value(path)
        lots = path.traded_lots
        if rest is not None:
            lots += rest.qty_lots
            value += rest.qty_lots * rest.price_ticks * market.k
        return ladder.tickets_beyond_tier(draft, value, lots)
    side, held = size_of(draft.position_after)
    for each in ("BUY", "SELL"):
        lots = held if side == each else 0
        exposure = lots * draft.mark * market.k
        for order, count in opening_lots(draft.orders_after, each, side, held):
            lots += count
            exposure += count * order.price_ticks * market.k
        if exposure > allowed or lots > largest_position_lots(market.spec):
            return True
    return False


def lost_value(path: Run) -> int:
    """The part of a path's value that went without a trade."""
    traded = [fields for name, fields in path.state.facts if name == "Traded"]
    value: int = sum(fields["qty_lots"] * fields["price_ticks"] for fields in traded)
    return path.value_atoms - value * path.market.k


def too_many(draft: BookDraft) -> bool:
    """ODM-5 and TYP-4."""
    if draft.run is None:
        return ladder.too_many_wait(draft) or ladder.too_many_open(draft)
    return draft.rest is not None and ladder.too_many_open(draft)


def cannot_fill(draft: BookDraft) -> bool:
    """MAT-4 and MAT-3."""
    if draft.run is None:
        return False
    if draft.budget_atoms is not None and draft.order.qty_lots == 0:
        return True
    fill_or_kill = draft.order.time_in_force == "FOK"
    return fill_or_kill and draft.run.traded_lots < draft.order.qty_lots


def short_of_balance(draft: BookDraft) -> bool:
    """ADM-6a: after the path, is what is free enough for what then must be held?"""
    if not draft.opens:
        return False
    copy, order, market = draft.path.state, draft.order, draft.market
    free = spendable_for(copy, order)
    if not draft.is_ticket:
        free += copy.key_holds.get(key_of(order), 0)  # Without a trade it is not given back.
        return free < key_need(copy, market, draft.orders_after, *size_of(draft.position_after))
    need = 0
    for other in draft.orders_after:
        if other.order_id in draft.path.changed:
            free += other.hold_atoms
            need += need_of(copy, market, other, other.qty_lots) if not other.closing else 0
    return free < need


def would_liquidate(draft: BookDraft) -> bool:
    """ADM-6b, or CRS-4 for a cross key: its trades as the account will be, its rest never."""
    if draft.is_cross:
        opens = draft.run is not None and draft.run.opened_lots > 0
        return opens and account_dies(draft.path.state, draft.order)
    return draft.opens and (trades_liquidate(draft) or rest_liquidates(draft))


def trades_liquidate(draft: BookDraft) -> bool:
    """The position after the path, at the mark."""
    after = draft.position_after
    if draft.path.opened_lots == 0 or after is None:
        return False
    return is_liquidatable(after, draft.mark, draft.market.k, draft.market.spec)


def rest_liquidates(draft: BookDraft) -> bool:
    """The rest alone, at its limit."""
    market, order, rest = draft.market, draft.order, draft.rest
    if rest is None or draft.resting_opens == 0:
        return False
    price, spec = rest.price_ticks, market.spec
    cost = rest.qty_lots * price * market.k
    margin = ceil_div(cost, order.leverage)
    numbers = rest.qty_lots, cost, margin, price, market.k
    return liquidatable(order.side, *numbers, spec["tiers"], close_fee_e8(spec))


Rung = Callable[[BookDraft], bool]
BEFORE_THE_PATH: Final[tuple[tuple[str, Rung], ...]] = (
    ("STALE_PRICE", stale_opener),
    ("PRICE_BAND", ladder.beyond_price_band),
)
AFTER_THE_PATH: Final[tuple[tuple[str, Rung], ...]] = (
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


def refusal(draft: BookDraft, unasked: tuple[str, ...] = ()) -> str:
    """The first rung from STALE_PRICE on that refuses; an empty string if none does.

    On the way a closing order is clipped, an amount becomes lots, and the path is rehearsed.
    """
    for reason, refuses in BEFORE_THE_PATH:
        if refuses(draft):
            return reason
    settle_size(draft)
    draft.rehearse()
    for reason, refuses in AFTER_THE_PATH:
        if reason not in unasked and refuses(draft):
            tell_rule(draft, reason)
            return reason
    return ""


def tell_rule(draft: BookDraft, reason: str) -> None:
    """Which of the rules that a reason may stand for it was."""
    state, kind = draft.state, "ticket" if draft.is_ticket else "netting"
    if reason == "INSUFFICIENT_BALANCE":
        state.hit(f"ADM-6a {kind}")
    elif reason == "WOULD_LIQUIDATE":
        if draft.is_cross:
            state.hit("CRS-4")
        else:
            state.hit("ADM-6b trades" if trades_liquidate(draft) else "ADM-6b rest")
    elif reason == "RISK_TIER":
        state.hit("ADM-6c")
    elif reason == "CANNOT_FILL":
        state.hit("MAT-4 FOK short" if draft.order.qty_lots > 0 else "MAT-3 nothing")


def settle_size(draft: BookDraft) -> None:
    """ODM-2 and MAT-3, but for market orders by amount: those are sized by their path."""
    order = draft.order
    if order.order_type in CONDITIONALS:
        if order.closing:
            assert draft.position is not None
            order.position_id = draft.position.position_id
        return
    if order.closing:
        assert draft.position is not None
        held = draft.position.qty_lots
        room = held if draft.takes or order.order_type == "MARKET" else ladder.lots_left(draft)
        order.position_id = draft.position.position_id
        order.qty_lots = min(order.qty_lots or held, room)
    elif order.order_type == "LIMIT" and order.amount_atoms > 0:
        order.qty_lots, order.amount_atoms = draft.lots, 0
