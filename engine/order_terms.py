"""The terms of an order, against what is there: BAD_PRICE to NOTHING_TO_REDUCE (ORD-4).

The first half of the ladder; it settles leverage and size of the draft and changes nothing else.
"""

from engine.arrival import Arrival
from engine.commands import BUY, MARKET, TRAILING_STOP
from engine.margin import quantity_lots
from engine.open_orders import closes_position, left_to_reduce
from engine.order import Order
from engine.reject_reason import NONE, RejectReason
from engine.units import AMOUNT_ATOMS_MAX, AUTO_CLOSE_E8_MAX, E8, QTY_LOTS_MAX


def terms_reason(arrival: Arrival) -> RejectReason:
    """BAD_PRICE to NOTHING_TO_REDUCE: what the order says, against what is there."""
    draft = arrival.draft
    if not _prices_are_good(arrival):
        return RejectReason.BAD_PRICE
    if not _quantity_is_good(arrival):
        return RejectReason.BAD_QUANTITY
    if not draft.closing:
        return NONE if _settle_leverage(arrival) else RejectReason.BAD_LEVERAGE
    if draft.position_id and arrival.position is None:
        return RejectReason.UNKNOWN_POSITION
    return NONE if clip_to_position(arrival) else RejectReason.NOTHING_TO_REDUCE


def _prices_are_good(arrival: Arrival) -> bool:
    draft = arrival.draft
    highest_ticks = draft.market.price_ticks_max
    if draft.trail_ticks > highest_ticks or draft.trail_e8 >= E8:
        return False
    lowest_ticks = 1
    if draft.order_type is TRAILING_STOP:
        lowest_ticks = 0  # it may follow at once, and then from whatever the price is
    elif draft.order_type is not MARKET and not 1 <= arrival.parent_ticks <= highest_ticks:
        return False
    if arrival.waits and not lowest_ticks <= draft.trigger_ticks <= highest_ticks:
        return False
    if draft.stop_loss_ticks or draft.take_profit_ticks or draft.auto_close_e8:
        return _exits_are_good(draft, arrival.parent_ticks)
    return True


def _exits_are_good(draft: Order, parent_ticks: int) -> bool:
    """A stop loss lies on the losing side of the parent's price, a take profit on the winning."""
    stop_loss, take_profit = draft.stop_loss_ticks, draft.take_profit_ticks
    if abs(draft.auto_close_e8) > AUTO_CLOSE_E8_MAX:
        return False
    if max(stop_loss, take_profit) > draft.market.price_ticks_max:
        return False
    if parent_ticks == 0:
        return True
    if draft.side is BUY:
        below, above = stop_loss, take_profit
    else:
        below, above = take_profit, stop_loss
    return (below == 0 or below < parent_ticks) and (above == 0 or above > parent_ticks)


def _quantity_is_good(arrival: Arrival) -> bool:
    draft = arrival.draft
    spec = draft.market.spec
    lots = draft.qty_lots
    if lots < 0:
        return False  # an amend to less than has filled
    if lots > QTY_LOTS_MAX or draft.amount_atoms > AMOUNT_ATOMS_MAX:
        return False
    if draft.display_lots and draft.display_lots < spec.qty_lots_min:
        return False
    if draft.closing:
        if lots == 0 or draft.filled_lots + lots >= spec.qty_lots_min:
            return True
        position = arrival.position
        return position is not None and draft.filled_lots + lots >= position.qty_lots
    if not draft.amount_atoms:
        return spec.qty_lots_min <= draft.filled_lots + lots <= spec.qty_lots_max
    return size_by_amount(arrival)


def size_by_amount(arrival: Arrival) -> bool:
    """Turn the amount into lots at the price the order is judged at; False if out of range.

    Outside of quote-driven ticket markets the draft is sized by quantity from then on, unless it is
    conditional: then it is sized when it triggers (HLD-1, HLD-2); or walks a book (MAT-3).
    """
    draft = arrival.draft
    market = draft.market
    leverage = draft.leverage
    if leverage == 0 and draft.key.pools:
        leverage = draft.key.leverage
    price_ticks = arrival.at_ticks
    is_new = draft.order_id == 0  # else its leverage was judged when it was placed
    if price_ticks == 0 or leverage < 1 or (is_new and leverage > market.spec.leverage_max):
        return True
    lots = quantity_lots(draft.amount_atoms, leverage, price_ticks, market.k)
    if not market.spec.qty_lots_min <= lots <= market.spec.qty_lots_max:
        return False
    if arrival.waits or (market.is_order_driven and draft.order_type is MARKET):
        return True
    arrival.lots = lots
    if not draft.sizes_by_amount():
        arrival.asked_lots = lots
        draft.qty_lots = lots
        draft.amount_atoms = 0
    return True


def _settle_leverage(arrival: Arrival) -> bool:
    draft = arrival.draft
    if arrival.replaced is not None:
        return True
    key = draft.key
    if key.pools and draft.leverage == 0:
        draft.leverage = key.leverage
    if not 1 <= draft.leverage <= draft.market.spec.leverage_max:
        return False
    return draft.leverage == key.leverage or not (key.pools and key.is_in_use())


def clip_to_position(arrival: Arrival) -> bool:
    """Clip a closing order to what is left for it (RED-1); False if nothing is."""
    draft, position = arrival.draft, arrival.position
    if position is None or not closes_position(draft, position):
        return False
    draft.position_id = position.position_id
    if arrival.waits:
        return True
    left = position.qty_lots
    if not arrival.takes:
        left = left_to_reduce(position, draft)
        if left <= 0:
            return False
    draft.qty_lots = min(draft.qty_lots or left, left)
    arrival.lots = draft.qty_lots
    arrival.asked_lots = draft.qty_lots
    return True
