"""The ladder of refusals for an order, in the order of RejectReason (ORD-4).  Changes no state.

The order is a draft: it stands in no table, and has no id unless it amends one.  The ladder fills
in what acceptance settles: leverage, lots from an amount, clipped lots.  A refused draft is gone.
"""

from engine.arrival import Arrival, find_opening_lots, position_after, queue_with_draft
from engine.commands import BUY, LIMIT, MARKET, SELL, Side, TimeInForce
from engine.exits import auto_close_is_true, exit_is_true
from engine.funds import funds_reason
from engine.holds import (
    opening_lots,
)
from engine.margin import (
    quantity_lots,
)
from engine.open_orders import (
    closes_position,
    left_to_reduce,
)
from engine.order import Order
from engine.position import TriggerKind
from engine.reject_reason import NONE, RejectReason
from engine.units import (
    AMOUNT_ATOMS_MAX,
    AUTO_CLOSE_E8_MAX,
    E8,
    QTY_LOTS_MAX,
    div_ceil,
    div_floor,
)


def admission_reason(arrival: Arrival) -> RejectReason:
    """The first reason that refuses the draft, from BAD_PRICE to WOULD_LIQUIDATE, or NONE."""
    reason = _terms_reason(arrival)
    if reason is NONE:
        reason = _market_reason(arrival)
    if arrival.draft.closing:
        return _match_reason(arrival) if reason is NONE else reason
    if reason is NONE:
        reason = limits_reason(arrival)
    if reason is NONE:
        reason = _match_reason(arrival)
    if reason is NONE and not arrival.waits:
        reason = funds_reason(arrival)
    return reason


def _terms_reason(arrival: Arrival) -> RejectReason:
    """BAD_PRICE to NOTHING_TO_REDUCE: what the order says, against what is there."""
    draft = arrival.draft
    if draft.order_type is not MARKET and not (
        1 <= arrival.parent_ticks <= draft.market.price_ticks_max
    ):
        return RejectReason.BAD_PRICE
    if (
        draft.stop_loss_ticks or draft.take_profit_ticks or draft.auto_close_e8
    ) and not _exits_are_good(draft, arrival.parent_ticks):
        return RejectReason.BAD_PRICE
    if not _quantity_is_good(arrival):
        return RejectReason.BAD_QUANTITY
    if not draft.closing:
        return NONE if _settle_leverage(arrival) else RejectReason.BAD_LEVERAGE
    if draft.position_id and arrival.position is None:
        return RejectReason.UNKNOWN_POSITION
    return NONE if clip_to_position(arrival) else RejectReason.NOTHING_TO_REDUCE


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
    if lots > QTY_LOTS_MAX or draft.amount_atoms > AMOUNT_ATOMS_MAX:
        return False
    if draft.closing:
        if lots == 0 or lots >= spec.qty_lots_min:
            return True
        position = arrival.position
        return position is not None and lots >= position.qty_lots
    if not draft.amount_atoms:
        return spec.qty_lots_min <= lots <= spec.qty_lots_max
    return size_by_amount(arrival)


def size_by_amount(arrival: Arrival) -> bool:
    """Turn the amount into lots at the price the order is judged at; False if out of range.

    Outside of ticket markets the draft is sized by quantity from then on, unless it is
    conditional: then it is sized when it triggers (HLD-1, HLD-2).
    """
    draft = arrival.draft
    market = draft.market
    leverage = draft.leverage
    if leverage == 0 and market.is_netting:
        leverage = draft.seat.leverage
    price_ticks = arrival.at_ticks
    is_new = draft.order_id == 0  # else its leverage was judged when it was placed
    if price_ticks == 0 or leverage < 1 or (is_new and leverage > market.spec.leverage_max):
        return True
    lots = quantity_lots(draft.amount_atoms, leverage, price_ticks, market.k)
    if not market.spec.qty_lots_min <= lots <= market.spec.qty_lots_max:
        return False
    if not arrival.waits:
        arrival.lots = lots
        if market.is_netting:
            draft.qty_lots = lots
            draft.amount_atoms = 0
    return True


def _settle_leverage(arrival: Arrival) -> bool:
    draft = arrival.draft
    if arrival.replaced is not None:
        return True
    seat = draft.seat
    is_netting = draft.market.is_netting
    if is_netting and draft.leverage == 0:
        draft.leverage = seat.leverage
    if not 1 <= draft.leverage <= draft.market.spec.leverage_max:
        return False
    in_use = seat.open_orders > 0 or seat.first_position is not None
    return draft.leverage == seat.leverage or not (is_netting and in_use)


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
    return True


def _market_reason(arrival: Arrival) -> RejectReason:
    """MARKET_NOT_READY to EXPIRED_ALREADY: what the prices say."""
    draft = arrival.draft
    market = draft.market
    if arrival.touch_ticks == 0:
        return RejectReason.MARKET_NOT_READY
    if arrival.takes and market.is_stale(arrival.state.time_ns):
        return RejectReason.STALE_PRICE
    if market.spec.price_band_e8 and draft.order_type is LIMIT and not _within_band(draft):
        return RejectReason.PRICE_BAND
    if arrival.waits:
        if _condition_is_true(draft):
            return RejectReason.WOULD_TRIGGER
    elif arrival.takes and (
        draft.stop_loss_ticks or draft.take_profit_ticks or draft.auto_close_e8
    ):
        find_opening_lots(arrival)
        if arrival.opening and _would_exit_at_once(arrival):
            return RejectReason.WOULD_TRIGGER
    if draft.expire_ns and draft.expire_ns <= arrival.state.time_ns:
        return RejectReason.EXPIRED_ALREADY
    return NONE


def _condition_is_true(draft: Order) -> bool:
    price_ticks = draft.market.prices[draft.trigger_source]
    if draft.fires_falling():
        return price_ticks <= draft.trigger_ticks
    return price_ticks >= draft.trigger_ticks


def _within_band(draft: Order) -> bool:
    mark_ticks, band_e8 = draft.market.mark_ticks, draft.market.spec.price_band_e8
    if draft.side is BUY:
        return draft.price_ticks <= div_floor(mark_ticks * (E8 + band_e8), E8)
    return draft.price_ticks >= div_ceil(mark_ticks * (E8 - band_e8), E8)


def _would_exit_at_once(arrival: Arrival) -> bool:
    draft = arrival.draft
    market, side, source = draft.market, draft.side, draft.trigger_source
    stop_loss, take_profit = draft.stop_loss_ticks, draft.take_profit_ticks
    if stop_loss and exit_is_true(market, side, TriggerKind.STOP_LOSS, source, stop_loss):
        return True
    if take_profit and exit_is_true(market, side, TriggerKind.TAKE_PROFIT, source, take_profit):
        return True
    if not draft.auto_close_e8:
        return False
    qty_lots, cost, _, initial = position_after(arrival)
    return auto_close_is_true(market, side, qty_lots, cost, initial, draft.auto_close_e8)


def limits_reason(arrival: Arrival) -> RejectReason:
    """MIN_NOTIONAL and RISK_TIER of an opener."""
    draft = arrival.draft
    market = draft.market
    lots = arrival.lots
    notional = lots * arrival.at_ticks * market.k if lots else draft.amount_atoms * draft.leverage
    if notional < market.spec.notional_atoms_min:
        return RejectReason.MIN_NOTIONAL
    if arrival.waits:
        return NONE
    find_opening_lots(arrival)
    if arrival.opening == 0:
        return NONE
    cap = market.notional_caps[draft.leverage]
    if not market.is_netting:
        return RejectReason.RISK_TIER if notional > cap else NONE
    for side in (BUY, SELL):
        exposure, exposed_lots = _side_exposure(arrival, side)
        if exposure > cap or exposed_lots > market.position_lots_max:
            return RejectReason.RISK_TIER
    return NONE


def _side_exposure(arrival: Arrival, side: Side) -> tuple[int, int]:
    """Notional and lots of one side of a key: its position and what its orders would open."""
    draft = arrival.draft
    seat, market = draft.seat, draft.market
    signed_lots = _signed_lots_after(arrival)
    if side is SELL:
        signed_lots = -signed_lots
    if side is draft.side and not arrival.takes:
        queue = queue_with_draft(arrival)
    else:
        queue = [order for order in seat.resting(side) if order is not arrival.replaced]
    total_lots = max(0, signed_lots)
    exposure = total_lots * market.mark_ticks * market.k
    for order, lots in opening_lots(queue, max(0, -signed_lots)):
        exposure += lots * order.price_ticks * market.k
        total_lots += lots
    return exposure, total_lots


def _signed_lots_after(arrival: Arrival) -> int:
    draft = arrival.draft
    position = draft.seat.first_position
    signed_lots = 0
    if position is not None:
        signed_lots = position.qty_lots if position.side is BUY else -position.qty_lots
    if arrival.takes:
        signed_lots += arrival.lots if draft.side is BUY else -arrival.lots
    return signed_lots


def _match_reason(arrival: Arrival) -> RejectReason:
    """TOO_MANY_ORDERS, WOULD_TAKE and CANNOT_FILL."""
    draft = arrival.draft
    if arrival.takes:
        return RejectReason.WOULD_TAKE if draft.post_only else NONE
    if arrival.replaced is None and draft.seat.open_orders >= draft.market.spec.orders_max:
        return RejectReason.TOO_MANY_ORDERS
    if draft.time_in_force is TimeInForce.FOK:
        return RejectReason.CANNOT_FILL
    return NONE


def triggered_reason(arrival: Arrival) -> RejectReason:
    """The rungs that a triggered order climbs as the market order it now is (ADM-6)."""
    draft = arrival.draft
    if draft.closing:
        clipped = clip_to_position(arrival)
        return NONE if clipped else RejectReason.NOTHING_TO_REDUCE
    if draft.amount_atoms and not size_by_amount(arrival):
        return RejectReason.BAD_QUANTITY
    reason = limits_reason(arrival)
    return funds_reason(arrival) if reason is NONE else reason
