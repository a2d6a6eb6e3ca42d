"""The ladder of refusals for an order, in the order of RejectReason (ORD-4, ODM-…).

The order is a draft: it stands in no table, and has no id unless it amends one.  The ladder fills
in what acceptance settles: leverage, lots from an amount, clipped lots.  A refused draft is gone;
nothing else changes here.
"""

from engine.arrival import Arrival, find_fills
from engine.commands import BUY, FOK, LIMIT, MARKET, SELL, TRAILING_STOP, Side
from engine.exits import auto_close_is_true, exit_is_true
from engine.funds import funds_reason
from engine.holds import exposure_of
from engine.margin import quantity_lots
from engine.market import MARK
from engine.order import Order
from engine.order_terms import clip_to_position, size_by_amount, terms_reason
from engine.position import TriggerKind
from engine.reject_reason import NONE, RejectReason
from engine.units import (
    E8,
    div_ceil,
    div_floor,
)


def admission_reason(arrival: Arrival) -> RejectReason:
    """The first reason that refuses the draft, from BAD_PRICE to WOULD_LIQUIDATE, or NONE."""
    reason = terms_reason(arrival)
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
        if not clip_to_position(arrival):
            return RejectReason.NOTHING_TO_REDUCE
    elif draft.amount_atoms and not size_by_amount(arrival):
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
        if _condition_is_true(arrival):
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


def _condition_is_true(arrival: Arrival) -> bool:
    """Whether what a conditional order waits for is there already; following, it waits anyway."""
    draft, replaced = arrival.draft, arrival.replaced
    if draft.order_type is TRAILING_STOP and (
        draft.trigger_ticks == 0 or (replaced is not None and replaced.follows())
    ):
        return False
    price_ticks = draft.market.prices[draft.trigger_source]
    if draft.fires_falling():
        return price_ticks <= draft.trigger_ticks
    return price_ticks >= draft.trigger_ticks


def _is_within_band(draft: Order) -> bool:
    band_e8 = draft.market.spec.price_band_e8
    if band_e8 == 0 or draft.order_type is not LIMIT:
        return True
    mark_ticks = draft.market.prices[MARK]
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
        outlook.basis_atoms(),
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
    for exposure, exposed_lots in _exposures(arrival):
        if exposure > cap or exposed_lots > market.position_lots_max:
            return RejectReason.RISK_TIER
    return NONE


def _notional_atoms(arrival: Arrival) -> int:
    """What the order is worth; of one that is amended, with what it has filled."""
    draft = arrival.draft
    k = draft.market.k
    if arrival.waits:
        if draft.amount_atoms and draft.carries_limit():
            lots = quantity_lots(draft.amount_atoms, draft.leverage, arrival.at_ticks, k)
            return lots * arrival.at_ticks * k
        if draft.amount_atoms:
            return draft.amount_atoms * draft.leverage
        return arrival.lots * arrival.at_ticks * k
    path = arrival.path
    if path is not None and path.values_budget:
        return sum(lots * order.price_ticks * k for _, order, lots in path.steps)
    before = 0 if arrival.replaced is None else arrival.replaced.filled_lots
    return (before + arrival.lots) * arrival.at_ticks * k


def _exposures(arrival: Arrival) -> list[tuple[int, int]]:
    """Notional and lots of what the cap is for (TIR-1): both sides of the key, or the ticket."""
    key = arrival.draft.key
    if key.pools:
        return [_side_exposure(arrival, BUY), _side_exposure(arrival, SELL)]
    return [_cross_ticket_exposure(arrival) if key.is_cross else _ticket_exposure(arrival)]


def _ticket_exposure(arrival: Arrival) -> tuple[int, int]:
    """What the order fills now and may fill later, each at its price."""
    lots, lot_ticks = arrival.rest_lots, arrival.rest_lots * arrival.draft.price_ticks
    for filled_lots, price_ticks in arrival.fills:
        lots += filled_lots
        lot_ticks += filled_lots * price_ticks
    return lot_ticks * arrival.draft.market.k, lots


def _cross_ticket_exposure(arrival: Arrival) -> tuple[int, int]:
    """The same with all positions of its side at the mark and its openers that rest."""
    draft, market = arrival.draft, arrival.draft.market
    exposure, lots = _ticket_exposure(arrival)
    account = arrival.state.cross_account(market.asset_id, draft.account_id)
    standing = None if account is None else account.standings.get(market.instrument_id)
    if standing is not None:
        held_lots = standing.exposure.side_lots(draft.side)
        lots += held_lots
        exposure += held_lots * market.prices[MARK] * market.k
    for order in draft.seat.orders():
        if order is draft or order is arrival.replaced or order.side is not draft.side:
            continue
        if order.is_limit() and not order.closing:
            lots += order.qty_lots
            exposure += order.qty_lots * order.price_ticks * market.k
    return exposure, lots


def _side_exposure(arrival: Arrival, side: Side) -> tuple[int, int]:
    """Notional and lots of one side of the key as it will be."""
    outlook = arrival.expected()
    opens = outlook.qty_lots if outlook.side is side else 0
    return exposure_of(arrival.draft.market, arrival.queue(side), opens, outlook.qty_lots - opens)


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
