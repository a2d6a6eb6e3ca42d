"""The ladder of refusals for an order, in the order of RejectReason (ORD-4).  Changes no state.

The order is a draft: it stands in no table, and has no id unless it amends one.  The ladder fills
in what acceptance settles: leverage, lots from an amount, clipped lots.  A refused draft is gone.
"""

from typing import Final, final

from engine.commands import BUY, LIMIT, MARKET, SELL, Side, TimeInForce
from engine.exits import auto_close_is_true, exit_is_true
from engine.holds import (
    hold_after_atoms,
    lots_against,
    opening_cost_atoms,
    opening_lots,
    side_hold_atoms,
)
from engine.margin import (
    fee_atoms,
    initial_margin_atoms,
    is_liquidatable,
    quantity_lots,
)
from engine.market import ASK, BID, MARK
from engine.open_orders import (
    closes_position,
    freeze_need,
    left_to_reduce,
    order_need_atoms,
)
from engine.order import Order, execution_rank
from engine.position import TriggerKind
from engine.reject_reason import NONE, RejectReason
from engine.settlement import Reduction
from engine.state import State
from engine.units import (
    AMOUNT_ATOMS_MAX,
    AUTO_CLOSE_E8_MAX,
    E8,
    QTY_LOTS_MAX,
    div_ceil,
    div_floor,
)


@final
class Admission:
    """One draft on its way up the ladder.

    replaced: the order that the draft would replace (an amend), else None.
    position: the position it would close, or meet in a netting market.
    touch_ticks: ask for a buy, bid for a sell; 0 without a price.
    parent_ticks: limit or trigger price, or the touch: what attached exits are measured from.
    takes: it would fill at once, at the touch.  waits: it waits for a trigger.
    at_ticks: the price it is judged at: the touch if it takes, else its own.
    lots: what it would fill or rest with; 0 while a conditional order is sized by amount.
    opening: of these, the lots that open.  Set by the rung that first needs it.
    """

    __slots__ = (
        "at_ticks",
        "draft",
        "lots",
        "opening",
        "parent_ticks",
        "position",
        "replaced",
        "state",
        "takes",
        "touch_ticks",
        "waits",
    )

    def __init__(self, state: State, draft: Order, replaced: Order | None) -> None:
        self.state: Final = state
        self.draft: Final = draft
        self.replaced: Final = replaced
        self.lots = draft.qty_lots
        self.opening = 0
        self.waits = False
        market = draft.market
        is_buy = draft.side is BUY
        touch_ticks = market.prices[ASK if is_buy else BID]
        own_ticks = touch_ticks
        takes = True
        if draft.order_type is LIMIT:
            own_ticks = draft.price_ticks
            takes = touch_ticks > 0 and (
                own_ticks >= touch_ticks if is_buy else own_ticks <= touch_ticks
            )
        elif draft.order_type is not MARKET:
            own_ticks = draft.trigger_ticks
            takes = False
            self.waits = True
        self.touch_ticks: Final = touch_ticks
        self.parent_ticks: Final = own_ticks
        self.takes = takes
        self.at_ticks = touch_ticks if takes else own_ticks
        self.position = draft.seat.first_position if market.is_netting else None
        if draft.position_id:
            named = state.positions.get(draft.position_id)
            self.position = None if named is None or named.seat is not draft.seat else named


def admission_reason(admission: Admission) -> RejectReason:
    """The first reason that refuses the draft, from BAD_PRICE to WOULD_LIQUIDATE, or NONE."""
    reason = _terms_reason(admission)
    if reason is NONE:
        reason = _market_reason(admission)
    if admission.draft.closing:
        return _match_reason(admission) if reason is NONE else reason
    if reason is NONE:
        reason = limits_reason(admission)
    if reason is NONE:
        reason = _match_reason(admission)
    if reason is NONE and not admission.waits:
        reason = funds_reason(admission)
    return reason


def _terms_reason(admission: Admission) -> RejectReason:
    """BAD_PRICE to NOTHING_TO_REDUCE: what the order says, against what is there."""
    draft = admission.draft
    if draft.order_type is not MARKET and not (
        1 <= admission.parent_ticks <= draft.market.price_ticks_max
    ):
        return RejectReason.BAD_PRICE
    if (
        draft.stop_loss_ticks or draft.take_profit_ticks or draft.auto_close_e8
    ) and not _exits_are_good(draft, admission.parent_ticks):
        return RejectReason.BAD_PRICE
    if not _quantity_is_good(admission):
        return RejectReason.BAD_QUANTITY
    if not draft.closing:
        return NONE if _settle_leverage(admission) else RejectReason.BAD_LEVERAGE
    if draft.position_id and admission.position is None:
        return RejectReason.UNKNOWN_POSITION
    return NONE if clip_to_position(admission) else RejectReason.NOTHING_TO_REDUCE


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


def _quantity_is_good(admission: Admission) -> bool:
    draft = admission.draft
    spec = draft.market.spec
    lots = draft.qty_lots
    if lots > QTY_LOTS_MAX or draft.amount_atoms > AMOUNT_ATOMS_MAX:
        return False
    if draft.closing:
        if lots == 0 or lots >= spec.qty_lots_min:
            return True
        position = admission.position
        return position is not None and lots >= position.qty_lots
    if not draft.amount_atoms:
        return spec.qty_lots_min <= lots <= spec.qty_lots_max
    return size_by_amount(admission)


def size_by_amount(admission: Admission) -> bool:
    """Turn the amount into lots at the price the order is judged at; False if out of range.

    Outside of ticket markets the draft is sized by quantity from then on, unless it is
    conditional: then it is sized when it triggers (HLD-1, HLD-2).
    """
    draft = admission.draft
    market = draft.market
    leverage = draft.leverage or draft.seat.leverage
    price_ticks = admission.at_ticks
    is_new = draft.order_id == 0  # else its leverage was judged when it was placed
    if price_ticks == 0 or leverage < 1 or (is_new and leverage > market.spec.leverage_max):
        return True
    lots = quantity_lots(draft.amount_atoms, leverage, price_ticks, market.k)
    if not market.spec.qty_lots_min <= lots <= market.spec.qty_lots_max:
        return False
    if not admission.waits:
        admission.lots = lots
        if market.is_netting:
            draft.qty_lots = lots
            draft.amount_atoms = 0
    return True


def _settle_leverage(admission: Admission) -> bool:
    draft = admission.draft
    if admission.replaced is not None:
        return True
    seat = draft.seat
    is_netting = draft.market.is_netting
    if is_netting and draft.leverage == 0:
        draft.leverage = seat.leverage
    if not 1 <= draft.leverage <= draft.market.spec.leverage_max:
        return False
    in_use = seat.open_orders > 0 or seat.first_position is not None
    return draft.leverage == seat.leverage or not (is_netting and in_use)


def clip_to_position(admission: Admission) -> bool:
    """Clip a closing order to what is left for it (RED-1); False if nothing is."""
    draft, position = admission.draft, admission.position
    if position is None or not closes_position(draft, position):
        return False
    draft.position_id = position.position_id
    if admission.waits:
        return True
    left = position.qty_lots
    if not admission.takes:
        left = left_to_reduce(position, draft)
        if left <= 0:
            return False
    draft.qty_lots = min(draft.qty_lots or left, left)
    admission.lots = draft.qty_lots
    return True


def _market_reason(admission: Admission) -> RejectReason:
    """MARKET_NOT_READY to EXPIRED_ALREADY: what the prices say."""
    draft = admission.draft
    market = draft.market
    if admission.touch_ticks == 0:
        return RejectReason.MARKET_NOT_READY
    if admission.takes and market.is_stale(admission.state.time_ns):
        return RejectReason.STALE_PRICE
    if market.spec.price_band_e8 and draft.order_type is LIMIT and not _within_band(draft):
        return RejectReason.PRICE_BAND
    if admission.waits:
        if _condition_is_true(draft):
            return RejectReason.WOULD_TRIGGER
    elif admission.takes and (
        draft.stop_loss_ticks or draft.take_profit_ticks or draft.auto_close_e8
    ):
        find_opening_lots(admission)
        if admission.opening and _would_exit_at_once(admission):
            return RejectReason.WOULD_TRIGGER
    if draft.expire_ns and draft.expire_ns <= admission.state.time_ns:
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


def find_opening_lots(admission: Admission) -> None:
    """The lots beyond what only closes: by the position if it takes, else by the walk (HLD-5)."""
    draft = admission.draft
    admission.opening = admission.lots
    if draft.market.is_netting:
        against = lots_against(draft.seat.first_position, draft.side)
        if against and admission.takes:
            admission.opening = max(0, admission.lots - against)
        elif against:
            admission.opening = _resting_opening_lots(admission, against)


def _resting_opening_lots(admission: Admission, against: int) -> int:
    for order, lots in opening_lots(queue_with_draft(admission), against):
        if order is admission.draft:
            return lots
    return 0


def queue_with_draft(admission: Admission) -> list[Order]:
    """The resting orders of the draft's side as they would be with it in their midst."""
    draft = admission.draft
    queue = [order for order in draft.seat.resting(draft.side) if order is not admission.replaced]
    queue.append(draft)
    queue.sort(key=_rank_as_last)
    return queue


def _rank_as_last(order: Order) -> tuple[int, int]:
    """A draft has no priority yet: it comes after all others at its price."""
    price_rank, priority = execution_rank(order)
    return price_rank, priority or QTY_LOTS_MAX


def _would_exit_at_once(admission: Admission) -> bool:
    draft = admission.draft
    market, side, source = draft.market, draft.side, draft.trigger_source
    stop_loss, take_profit = draft.stop_loss_ticks, draft.take_profit_ticks
    if stop_loss and exit_is_true(market, side, TriggerKind.STOP_LOSS, source, stop_loss):
        return True
    if take_profit and exit_is_true(market, side, TriggerKind.TAKE_PROFIT, source, take_profit):
        return True
    if not draft.auto_close_e8:
        return False
    qty_lots, cost, _, initial = position_after(admission)
    return auto_close_is_true(market, side, qty_lots, cost, initial, draft.auto_close_e8)


def position_after(admission: Admission) -> tuple[int, int, int, int]:
    """Lots, cost, margin and initial margin once the opening lots have filled."""
    draft = admission.draft
    market = draft.market
    notional = admission.opening * admission.at_ticks * market.k
    margin, initial = opening_margins(admission, notional)
    held = admission.position
    if held is None or held.side is not draft.side or not market.is_netting:
        return admission.opening, notional, margin, initial
    return (
        held.qty_lots + admission.opening,
        held.cost_atoms + notional,
        held.margin_atoms + margin,
        held.initial_margin_atoms + initial,
    )


def opening_margins(admission: Admission, notional: int) -> tuple[int, int]:
    """The margin and M0 that an opening brings; by amount the fee may come out of the margin."""
    draft = admission.draft
    if not draft.amount_atoms:
        initial = initial_margin_atoms(notional, draft.leverage)
        return initial, initial
    spec = draft.market.spec
    if admission.takes:
        return amount_margin_atoms(draft, notional, spec.taker_fee_e8, _free_atoms(admission))
    return amount_margin_atoms(draft, notional, spec.maker_fee_e8, draft.amount_atoms)


def amount_margin_atoms(draft: Order, notional: int, rate_e8: int, free: int) -> tuple[int, int]:
    """`amount − fee + u` and the amount, where free pays what it can, u, of the fee (FIL-2)."""
    amount = draft.amount_atoms
    fee = fee_atoms(amount if draft.market.fee_on_margin else notional, rate_e8)
    return amount - fee + min(fee, max(0, free - amount)), amount


def limits_reason(admission: Admission) -> RejectReason:
    """MIN_NOTIONAL and RISK_TIER of an opener."""
    draft = admission.draft
    market = draft.market
    lots = admission.lots
    notional = lots * admission.at_ticks * market.k if lots else draft.amount_atoms * draft.leverage
    if notional < market.spec.notional_atoms_min:
        return RejectReason.MIN_NOTIONAL
    if admission.waits:
        return NONE
    find_opening_lots(admission)
    if admission.opening == 0:
        return NONE
    cap = market.notional_caps[draft.leverage]
    if not market.is_netting:
        return RejectReason.RISK_TIER if notional > cap else NONE
    for side in (BUY, SELL):
        exposure, exposed_lots = _side_exposure(admission, side)
        if exposure > cap or exposed_lots > market.position_lots_max:
            return RejectReason.RISK_TIER
    return NONE


def _side_exposure(admission: Admission, side: Side) -> tuple[int, int]:
    """Notional and lots of one side of a key: its position and what its orders would open."""
    draft = admission.draft
    seat, market = draft.seat, draft.market
    signed_lots = _signed_lots_after(admission)
    if side is SELL:
        signed_lots = -signed_lots
    if side is draft.side and not admission.takes:
        queue = queue_with_draft(admission)
    else:
        queue = [order for order in seat.resting(side) if order is not admission.replaced]
    total_lots = max(0, signed_lots)
    exposure = total_lots * market.mark_ticks * market.k
    for order, lots in opening_lots(queue, max(0, -signed_lots)):
        exposure += lots * order.price_ticks * market.k
        total_lots += lots
    return exposure, total_lots


def _signed_lots_after(admission: Admission) -> int:
    draft = admission.draft
    position = draft.seat.first_position
    signed_lots = 0
    if position is not None:
        signed_lots = position.qty_lots if position.side is BUY else -position.qty_lots
    if admission.takes:
        signed_lots += admission.lots if draft.side is BUY else -admission.lots
    return signed_lots


def _match_reason(admission: Admission) -> RejectReason:
    """TOO_MANY_ORDERS, WOULD_TAKE and CANNOT_FILL."""
    draft = admission.draft
    if admission.takes:
        return RejectReason.WOULD_TAKE if draft.post_only else NONE
    if admission.replaced is None and draft.seat.open_orders >= draft.market.spec.orders_max:
        return RejectReason.TOO_MANY_ORDERS
    if draft.time_in_force is TimeInForce.FOK:
        return RejectReason.CANNOT_FILL
    return NONE


def funds_reason(admission: Admission) -> RejectReason:
    """INSUFFICIENT_BALANCE and WOULD_LIQUIDATE of an opener that takes or rests."""
    if not (_can_take(admission) if admission.takes else _can_rest(admission)):
        return RejectReason.INSUFFICIENT_BALANCE
    if admission.opening and liquidatable_at_birth(admission):
        return RejectReason.WOULD_LIQUIDATE
    return NONE


def _free_atoms(admission: Admission) -> int:
    """What is free, with a ticket order's own hold given back if it is replaced."""
    draft, replaced = admission.draft, admission.replaced
    free = admission.state.ledger.assets[draft.market.asset_id].free[draft.account_id]
    if replaced is not None and not draft.market.is_netting:
        free += replaced.hold_atoms
    return free


def _can_take(admission: Admission) -> bool:
    """Whether the funds cover the actual fill (ADM-1, ADM-2)."""
    draft = admission.draft
    free = _free_atoms(admission)
    if draft.amount_atoms:
        return free >= draft.amount_atoms
    if admission.opening == 0:
        return True
    return can_open(
        admission, free, admission.opening, admission.touch_ticks, draft.market.spec.taker_fee_e8
    )


def can_open(admission: Admission, free: int, opening: int, price_ticks: int, rate_e8: int) -> bool:
    """`free + released − hold change ≥ ceil(N/L) + fee` of the opening part (ADM-1, ADM-5)."""
    draft = admission.draft
    market, seat, lots = draft.market, draft.seat, admission.lots
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
        free -= hold_after_atoms(seat, draft.side, lots, admission.replaced)
    return free >= cost


def _flip_cost_atoms(draft: Order, lots: int, opening: int, price_ticks: int, rate_e8: int) -> int:
    """Margin of the opening part, and the total fee less that of the closing part (FIL-1)."""
    lot_atoms = price_ticks * draft.market.k
    margin = initial_margin_atoms(opening * lot_atoms, draft.leverage)
    closing_fee = fee_atoms((lots - opening) * lot_atoms, rate_e8)
    return margin + fee_atoms(lots * lot_atoms, rate_e8) - closing_fee


def _can_rest(admission: Admission) -> bool:
    """Whether free covers the hold, or the rise of the key's hold (ADM-3)."""
    draft = admission.draft
    _freeze(admission)
    if admission.opening == 0:
        return True
    free = _free_atoms(admission)
    if not draft.market.is_netting:
        return free >= draft.hold_atoms
    seat = draft.seat
    hold = 0
    for side in (BUY, SELL):
        if side is draft.side:
            queue = queue_with_draft(admission)
        else:
            queue = seat.resting(side)
        hold = max(hold, side_hold_atoms(queue, lots_against(seat.first_position, side), None))
    return free >= hold - seat.hold_atoms


def _freeze(admission: Admission) -> None:
    """Note what the draft will hold; an amend that keeps its place keeps its mark (AMD-2)."""
    draft = admission.draft
    if draft.priority == 0:
        freeze_need(draft)
    else:
        draft.hold_atoms = order_need_atoms(draft)


def liquidatable_at_birth(admission: Admission) -> bool:
    """Whether the position would be liquidated at once (ADM-4)."""
    draft = admission.draft
    market = draft.market
    if admission.takes:
        mark_ticks = market.prices[MARK]
        qty_lots, cost, margin, _ = position_after(admission)
    else:
        mark_ticks = draft.price_ticks
        qty_lots = admission.lots
        cost = qty_lots * mark_ticks * market.k
        margin, _ = opening_margins(admission, cost)
    if draft.amount_atoms and margin <= 0:
        return True
    return is_liquidatable(
        draft.side,
        qty_lots,
        cost,
        margin,
        mark_ticks,
        market.k,
        market.rates,
        market.close_fee_e8,
    )


def triggered_reason(admission: Admission) -> RejectReason:
    """The rungs that a triggered order climbs as the market order it now is (ADM-6)."""
    draft = admission.draft
    if draft.closing:
        clipped = clip_to_position(admission)
        return NONE if clipped else RejectReason.NOTHING_TO_REDUCE
    if draft.amount_atoms and not size_by_amount(admission):
        return RejectReason.BAD_QUANTITY
    reason = limits_reason(admission)
    return funds_reason(admission) if reason is NONE else reason


def resting_fill_is_covered(admission: Admission) -> bool:
    """Whether the funds still cover a resting limit whose time has come (ADM-5)."""
    draft = admission.draft
    market = draft.market
    free = admission.state.asset_ledger(market).free[draft.account_id]
    rate_e8 = market.spec.maker_fee_e8
    if draft.amount_atoms:
        notional = admission.lots * draft.price_ticks * market.k
        margin, _ = amount_margin_atoms(draft, notional, rate_e8, free)
        return free >= draft.amount_atoms and margin > 0
    find_opening_lots(admission)
    if admission.opening == 0:
        return True
    return can_open(admission, free, admission.opening, draft.price_ticks, rate_e8)
