"""The ladder of refusals for an order, in the order of RejectReason (ORD-4, ODM-…).

The order is a draft: it stands in no table, and has no id unless it amends one.  The ladder fills
in what acceptance settles: leverage, lots from an amount, clipped lots.  A refused draft is gone;
nothing else changes here.
"""

from engine.arrival import Arrival, find_fills
from engine.commands import BUY, FOK, LIMIT, MARKET, SELL, Side
from engine.exits import auto_close_is_true, exit_is_true
from engine.funds import funds_reason
from engine.holds import opening_lots
from engine.margin import quantity_lots
from engine.open_orders import closes_position, left_to_reduce
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
    if reason is NONE and not arrival.draft.closing:
        reason = _limits_reason(arrival)
    if reason is NONE:
        reason = _match_reason(arrival)
    if reason is NONE and not arrival.draft.closing and not arrival.waits:
        reason = funds_reason(arrival)
    return reason


def triggered_reason(arrival: Arrival) -> RejectReason:
    """The rungs that a triggered order climbs as the order it now is (ADM-6)."""
    draft = arrival.draft
    if draft.closing:
        if not _clip_to_position(arrival):
            return RejectReason.NOTHING_TO_REDUCE
    elif draft.amount_atoms and not _size_by_amount(arrival):
        return RejectReason.BAD_QUANTITY
    if _is_too_stale(arrival):
        return RejectReason.STALE_PRICE
    if not _is_within_band(draft):
        return RejectReason.PRICE_BAND
    find_fills(arrival)
    reason = NONE if draft.closing else _limits_reason(arrival)
    if reason is NONE:
        reason = _taking_reason(arrival)
    if reason is NONE and not draft.closing:
        reason = funds_reason(arrival)
    return reason


def _terms_reason(arrival: Arrival) -> RejectReason:
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
    return NONE if _clip_to_position(arrival) else RejectReason.NOTHING_TO_REDUCE


def _prices_are_good(arrival: Arrival) -> bool:
    draft = arrival.draft
    highest_ticks = draft.market.price_ticks_max
    if draft.order_type is not MARKET and not 1 <= arrival.parent_ticks <= highest_ticks:
        return False
    if arrival.waits and not 1 <= draft.trigger_ticks <= highest_ticks:
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
    return _size_by_amount(arrival)


def _size_by_amount(arrival: Arrival) -> bool:
    """Turn the amount into lots at the price the order is judged at; False if out of range.

    Outside of quote-driven ticket markets the draft is sized by quantity from then on, unless it is
    conditional: then it is sized when it triggers (HLD-1, HLD-2); or walks a book (MAT-3).
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
    if arrival.waits or (market.is_order_driven and draft.order_type is MARKET):
        return True
    arrival.lots = lots
    if not market.sizes_by_amount:
        arrival.asked_lots = lots
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


def _clip_to_position(arrival: Arrival) -> bool:
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


def _market_reason(arrival: Arrival) -> RejectReason:
    """MARKET_NOT_READY to EXPIRED_ALREADY: what the prices say."""
    draft = arrival.draft
    if not draft.market.has_price():
        return RejectReason.MARKET_NOT_READY
    if _is_too_stale(arrival):
        return RejectReason.STALE_PRICE
    if not _is_within_band(draft):
        return RejectReason.PRICE_BAND
    if arrival.waits:
        if _condition_is_true(draft):
            return RejectReason.WOULD_TRIGGER
    else:
        find_fills(arrival)
        if (
            draft.stop_loss_ticks or draft.take_profit_ticks or draft.auto_close_e8
        ) and _would_exit_at_once(arrival):
            return RejectReason.WOULD_TRIGGER
    if draft.expire_ns and draft.expire_ns <= arrival.state.time_ns:
        return RejectReason.EXPIRED_ALREADY
    return NONE


def _is_too_stale(arrival: Arrival) -> bool:
    """Quote-driven: nothing takes at a stale price; order-driven: no market order opens (ODM-3)."""
    draft = arrival.draft
    market = draft.market
    if not arrival.takes or not market.is_stale(arrival.state.time_ns):
        return False
    return not market.is_order_driven or (draft.order_type is MARKET and not draft.closing)


def _condition_is_true(draft: Order) -> bool:
    price_ticks = draft.market.prices[draft.trigger_source]
    if draft.fires_falling():
        return price_ticks <= draft.trigger_ticks
    return price_ticks >= draft.trigger_ticks


def _is_within_band(draft: Order) -> bool:
    band_e8 = draft.market.spec.price_band_e8
    if band_e8 == 0 or draft.order_type is not LIMIT:
        return True
    mark_ticks = draft.market.mark_ticks
    if draft.side is BUY:
        return draft.price_ticks <= div_floor(mark_ticks * (E8 + band_e8), E8)
    return draft.price_ticks >= div_ceil(mark_ticks * (E8 - band_e8), E8)


def _would_exit_at_once(arrival: Arrival) -> bool:
    """Whether an attached exit is already true for what the fills on arrival open (EXI-7)."""
    draft = arrival.draft
    outlook = arrival.expected()
    if not arrival.fills or outlook.opened_lots == 0:
        return False
    market, side, source = draft.market, draft.side, draft.trigger_source
    stop_loss, take_profit = draft.stop_loss_ticks, draft.take_profit_ticks
    if stop_loss and exit_is_true(market, side, TriggerKind.STOP_LOSS, source, stop_loss):
        return True
    if take_profit and exit_is_true(market, side, TriggerKind.TAKE_PROFIT, source, take_profit):
        return True
    if not draft.auto_close_e8:
        return False
    return auto_close_is_true(
        market,
        side,
        outlook.qty_lots,
        outlook.cost_atoms,
        outlook.initial_margin_atoms,
        draft.auto_close_e8,
    )


def _limits_reason(arrival: Arrival) -> RejectReason:
    """MIN_NOTIONAL and RISK_TIER of an opener."""
    market = arrival.draft.market
    if _notional_atoms(arrival) < market.spec.notional_atoms_min:
        return RejectReason.MIN_NOTIONAL
    if arrival.waits:
        return NONE
    if arrival.opening_lots() == 0:
        return NONE
    cap = market.notional_caps[arrival.draft.leverage]
    if not market.is_netting:
        return RejectReason.RISK_TIER if _ticket_exposure_atoms(arrival) > cap else NONE
    for side in (BUY, SELL):
        exposure, exposed_lots = _side_exposure(arrival, side)
        if exposure > cap or exposed_lots > market.position_lots_max:
            return RejectReason.RISK_TIER
    return NONE


def _notional_atoms(arrival: Arrival) -> int:
    """What the order is worth; of one that is amended, with what it has filled."""
    draft = arrival.draft
    k = draft.market.k
    if arrival.waits:
        if draft.amount_atoms:
            return draft.amount_atoms * draft.leverage
        return arrival.lots * arrival.at_ticks * k
    path = arrival.path
    if path is not None and path.values_budget:
        return sum(lots * order.price_ticks * k for _, order, lots in path.steps)
    before = 0 if arrival.replaced is None else arrival.replaced.filled_lots
    return (before + arrival.lots) * arrival.at_ticks * k


def _ticket_exposure_atoms(arrival: Arrival) -> int:
    """The value of what the order fills now and may fill later, each at its price."""
    k = arrival.draft.market.k
    filled = sum(lots * price_ticks * k for lots, price_ticks in arrival.fills)
    return filled + arrival.rest_lots * arrival.draft.price_ticks * k


def _side_exposure(arrival: Arrival, side: Side) -> tuple[int, int]:
    """Notional and lots of one side of a key: its position and what its orders would open."""
    outlook, market = arrival.expected(), arrival.draft.market
    total_lots = outlook.qty_lots if outlook.side is side else 0
    exposure = total_lots * market.mark_ticks * market.k
    for order, lots in opening_lots(arrival.queue(side), outlook.lots_against(side)):
        exposure += lots * order.price_ticks * market.k
        total_lots += lots
    return exposure, total_lots


def _match_reason(arrival: Arrival) -> RejectReason:
    """TOO_MANY_ORDERS, WOULD_TAKE and CANNOT_FILL."""
    draft = arrival.draft
    if arrival.replaced is None and (arrival.waits or arrival.rests()):
        spec, seat = draft.market.spec, draft.seat
        if seat.open_orders >= spec.orders_max:
            return RejectReason.TOO_MANY_ORDERS
        if arrival.waits and seat.conditional_orders() >= spec.conditionals_max:
            return RejectReason.TOO_MANY_ORDERS
    return NONE if arrival.waits else _taking_reason(arrival)


def _taking_reason(arrival: Arrival) -> RejectReason:
    """WOULD_TAKE of a post-only order that crosses, CANNOT_FILL of one that must fill whole."""
    draft = arrival.draft
    if arrival.takes and draft.post_only:
        return RejectReason.WOULD_TAKE
    path = arrival.path
    if path is None:
        cannot = draft.time_in_force is FOK and not arrival.takes
    else:
        nothing = path.values_budget and path.traded_lots == 0 and path.lessened_lots == 0
        cannot = nothing or (draft.time_in_force is FOK and path.traded_lots < arrival.lots)
    return RejectReason.CANNOT_FILL if cannot else NONE
