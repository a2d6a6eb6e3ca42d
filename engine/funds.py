"""Whether the funds suffice, and whether the position would live (ADM-…).  Changes no state."""

from engine.arrival import (
    Arrival,
    amount_margin_atoms,
    find_opening_lots,
    free_atoms,
    opening_margins,
    position_after,
    queue_with_draft,
)
from engine.commands import BUY, SELL
from engine.holds import (
    hold_after_atoms,
    lots_against,
    opening_cost_atoms,
    side_hold_atoms,
)
from engine.margin import (
    fee_atoms,
    initial_margin_atoms,
    is_liquidatable,
    maintenance_e8,
)
from engine.market import MARK
from engine.open_orders import (
    freeze_need,
    order_need_atoms,
)
from engine.order import Order
from engine.reject_reason import NONE, RejectReason
from engine.settlement import Reduction
from engine.units import E8


def funds_reason(arrival: Arrival) -> RejectReason:
    """INSUFFICIENT_BALANCE and WOULD_LIQUIDATE of an opener that takes or rests."""
    if not (_can_take(arrival) if arrival.takes else _can_rest(arrival)):
        return RejectReason.INSUFFICIENT_BALANCE
    if arrival.opening and liquidatable_at_birth(arrival):
        return RejectReason.WOULD_LIQUIDATE
    return NONE


def _can_take(arrival: Arrival) -> bool:
    """Whether the funds cover the actual fill (ADM-1, ADM-2)."""
    draft = arrival.draft
    free = free_atoms(arrival)
    if draft.amount_atoms:
        return free >= draft.amount_atoms
    if arrival.opening == 0:
        return True
    return can_open(
        arrival, free, arrival.opening, arrival.touch_ticks, draft.market.spec.taker_fee_e8
    )


def can_open(arrival: Arrival, free: int, opening: int, price_ticks: int, rate_e8: int) -> bool:
    """`free + released − hold change ≥ ceil(N/L) + fee` of the opening part (ADM-1, ADM-5)."""
    draft = arrival.draft
    market, seat, lots = draft.market, draft.seat, arrival.lots
    cost = opening_cost_atoms(draft, opening, price_ticks, rate_e8)
    if not market.is_netting:
        return free >= cost
    if opening < lots:
        position = seat.first_position
        assert position is not None
        if not market.fee_on_margin:
            cost = _flip_cost_atoms(draft, lots, opening, price_ticks, rate_e8)
        free += Reduction(position, lots - opening, price_ticks, rate_e8, False).paid_atoms
    if seat.hold_atoms or seat.buys or seat.sells:
        free += seat.hold_atoms
        free -= hold_after_atoms(seat, draft.side, lots, arrival.replaced)
    return free >= cost


def _flip_cost_atoms(draft: Order, lots: int, opening: int, price_ticks: int, rate_e8: int) -> int:
    """Margin of the opening part, and the total fee less that of the closing part (FIL-1)."""
    lot_atoms = price_ticks * draft.market.k
    margin = initial_margin_atoms(opening * lot_atoms, draft.leverage)
    closing_fee = fee_atoms((lots - opening) * lot_atoms, rate_e8)
    return margin + fee_atoms(lots * lot_atoms, rate_e8) - closing_fee


def _can_rest(arrival: Arrival) -> bool:
    """Whether free covers the hold, or the rise of the key's hold (ADM-3)."""
    draft = arrival.draft
    _freeze(arrival)
    if arrival.opening == 0:
        return True
    free = free_atoms(arrival)
    if not draft.market.is_netting:
        return free >= draft.hold_atoms
    seat = draft.seat
    hold = 0
    for side in (BUY, SELL):
        if side is draft.side:
            queue = queue_with_draft(arrival)
        else:
            queue = seat.resting(side)
        hold = max(hold, side_hold_atoms(queue, lots_against(seat.first_position, side), None))
    return free >= hold - seat.hold_atoms


def _freeze(arrival: Arrival) -> None:
    """Note what the draft will hold; an amend that keeps its place keeps its mark (AMD-2)."""
    draft = arrival.draft
    if draft.priority == 0:
        freeze_need(draft)
    else:
        draft.hold_atoms = order_need_atoms(draft)


def liquidatable_at_birth(arrival: Arrival) -> bool:
    """Whether the position would be liquidated at once (ADM-4)."""
    draft = arrival.draft
    market = draft.market
    rates, close_fee_e8 = market.rates, market.close_fee_e8
    if not arrival.takes:
        # At its own limit price a position has no profit: its equity is its margin.
        notional = arrival.lots * draft.price_ticks * market.k
        margin, _ = opening_margins(arrival, notional)
        if not market.has_maintenance:
            return margin <= 0
        return margin * E8 <= maintenance_e8(notional, rates, close_fee_e8)
    qty_lots, cost, margin, _ = position_after(arrival)
    if draft.amount_atoms and margin <= 0:
        return True
    mark_ticks = market.prices[MARK]
    return is_liquidatable(
        draft.side, qty_lots, cost, margin, mark_ticks, market.k, rates, close_fee_e8
    )


def resting_fill_is_covered(arrival: Arrival) -> bool:
    """Whether the funds still cover a resting limit whose time has come (ADM-5)."""
    draft = arrival.draft
    market = draft.market
    free = arrival.state.asset_ledger(market).free[draft.account_id]
    rate_e8 = market.spec.maker_fee_e8
    if draft.amount_atoms:
        notional = arrival.lots * draft.price_ticks * market.k
        margin, _ = amount_margin_atoms(draft, notional, rate_e8, free)
        return free >= draft.amount_atoms and margin > 0
    find_opening_lots(arrival)
    if arrival.opening == 0:
        return True
    return can_open(arrival, free, arrival.opening, draft.price_ticks, rate_e8)
