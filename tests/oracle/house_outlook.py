"""What an order of a quote-driven market would come to (ADM-…).  Changes nothing.

What a cross order comes to is read off a copy of the state on which it filled.
"""

from dataclasses import replace

from tests.oracle.amounts import (
    Opening,
    closing_of,
    opening_by_amount,
    opening_by_quantity,
)
from tests.oracle.draft import Draft
from tests.oracle.holds import opening_lots, size_of
from tests.oracle.records import Order
from tests.oracle.rehearsal import trial_copy
from tests.oracle.settlement import fill_part
from tests.oracle.state import State


def would_open(draft: Draft) -> Opening:
    """The opening part of a fill now, at the fill price."""
    order, market = draft.order, draft.market
    rate = draft.fee_rate("TAKER" if draft.takes else "MAKER")
    closing, opening = draft.parts()
    if draft.stays_by_amount and order.amount_atoms > 0:
        amount, price = order.amount_atoms, draft.fill_price
        # While the order rests nobody knows what will be free: the fee comes out of the amount.
        free = draft.free if draft.takes else amount
        return opening_by_amount(market, amount, order.leverage, price, rate, free)
    return opening_by_quantity(
        market, opening, order.leverage, draft.fill_price, rate, closing, draft.is_cross
    )


def tried(draft: Draft, price_ticks: int, liquidity: str) -> State:
    """A copy of the state on which the whole order has filled (CRS-2, CRS-4)."""
    copy, order = trial_copy(draft.state, draft.market), replace(draft.order)
    present = copy.orders.get(order.order_id)
    if present is not None:
        copy.drop_order(present)
    fill_part(copy, order, draft.lots, price_ticks, liquidity)
    return copy


def position_as_it_will_be(draft: Draft) -> tuple[int, int, int, int]:
    """Lots, `C + s·A`, margin and M0 of the position that a fill now would open or increase."""
    opened = would_open(draft)
    numbers = (
        opened.qty_lots,
        opened.notional_atoms,
        opened.margin_atoms,
        opened.initial_margin_atoms,
    )
    position = draft.position
    if draft.is_ticket or position is None or position.side != draft.order.side:
        return numbers
    return (
        position.qty_lots + numbers[0],
        position.basis_atoms + numbers[1],
        position.margin_atoms + numbers[2],
        position.initial_margin_atoms + numbers[3],
    )


def size_after(draft: Draft) -> tuple[str, int]:
    """Side and lots of the key's position once the order, if it takes, has filled."""
    side, lots = size_of(draft.position)
    if not draft.takes:
        return side, lots
    closing, opening = draft.parts()
    if opening == 0:
        return side, lots - closing
    return draft.order.side, opening + (lots if side == draft.order.side else 0)


def orders_after(draft: Draft) -> list[Order]:
    """The key's open orders once the order rests, or has filled and what hung on a flip is gone."""
    others = draft.key_others
    if not draft.takes:
        return [*others, draft.queued()]
    flips = draft.parts()[0] > 0 and draft.parts()[1] > 0
    return [other for other in others if not (flips and other.closing)]


def opens_nothing(draft: Draft) -> bool:
    """Whether all its lots only close: those of a fill now, or by the walk if it rests."""
    if draft.is_ticket:
        return False
    if draft.takes:
        return draft.parts()[1] == 0
    walked = opening_lots(orders_after(draft), draft.order.side, *size_after(draft))
    return next(count for other, count in walked if other is draft.order) == 0


def released(draft: Draft, price_ticks: int, liquidity: str) -> int:
    """What the closing part of a fill at this price pays out."""
    lots = draft.parts()[0]
    if lots == 0:
        return 0
    assert draft.position is not None
    rate = draft.fee_rate(liquidity)
    return closing_of(draft.market, draft.position, lots, price_ticks, rate).remainder_atoms
