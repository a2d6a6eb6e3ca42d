"""Whether the funds suffice, and whether the position would live (ADM-…).  Changes no state."""

from engine.arrival import Arrival, amount_margin_atoms, free_atoms
from engine.commands import BUY, SELL
from engine.cross import spendable_atoms
from engine.health import Exposure
from engine.holds import side_hold_atoms
from engine.margin import initial_margin_atoms, maintenance_e8
from engine.open_orders import freeze_need, order_need_atoms
from engine.outlook import Outlook
from engine.reject_reason import NONE, RejectReason
from engine.units import E8


def funds_reason(arrival: Arrival) -> RejectReason:
    """INSUFFICIENT_BALANCE and WOULD_LIQUIDATE of an opener that takes or rests."""
    if arrival.rests():
        _freeze(arrival)
    if not _funds_suffice(arrival):
        return RejectReason.INSUFFICIENT_BALANCE
    if _is_liquidatable_at_birth(arrival):
        return RejectReason.WOULD_LIQUIDATE
    return NONE


def _freeze(arrival: Arrival) -> None:
    """Note what the draft will hold; an amend that keeps its place keeps its mark (AMD-2)."""
    draft = arrival.draft
    if draft.priority == 0 or arrival.replaced is None:
        freeze_need(draft)
    else:
        draft.hold_atoms = order_need_atoms(draft)


def _funds_suffice(arrival: Arrival) -> bool:
    """Whether free covers the fills and what will be held after them (ADM-1 to ADM-3, ADM-6a)."""
    draft = arrival.draft
    free = free_atoms(arrival)
    if draft.amount_atoms:
        return free >= draft.amount_atoms
    if arrival.opening_lots() == 0:
        return True
    outlook = arrival.expected()
    free += outlook.gained_atoms
    if draft.key.is_cross:
        free += outlook.backing_change_atoms()
    if not draft.key.pools:
        return free >= (draft.hold_atoms if arrival.rests() else 0)
    return free + draft.key.hold_atoms >= hold_after_atoms(arrival, outlook)


def hold_after_atoms(arrival: Arrival, outlook: Outlook) -> int:
    """What the netting key will hold, with the position and the orders as they will be."""
    key = arrival.draft.key
    if not arrival.rests() and not key.buys and not key.sells:
        return 0
    return max(
        side_hold_atoms(arrival.queue(BUY), outlook.lots_against(BUY)),
        side_hold_atoms(arrival.queue(SELL), outlook.lots_against(SELL)),
    )


def _is_liquidatable_at_birth(arrival: Arrival) -> bool:
    """Whether the position would be liquidated at once (ADM-4, ADM-6b)."""
    outlook = arrival.expected()
    if arrival.draft.key.is_cross:
        return bool(arrival.fills) and outlook.opened_lots > 0 and _account_dies(arrival, outlook)
    if arrival.fills and outlook.opened_lots:
        if arrival.draft.amount_atoms and outlook.margin_atoms <= 0:
            return True
        if outlook.is_liquidatable():
            return True
    return arrival.resting_opening_lots() > 0 and _rest_is_liquidatable(arrival, outlook)


def _account_dies(arrival: Arrival, outlook: Outlook) -> bool:
    """Cross: whether the account would be liquidated with the fills."""
    return account_after(arrival, outlook)[1] < 1


def account_after(arrival: Arrival, outlook: Outlook) -> tuple[Exposure, int]:
    """Cross: exposure in the market, and H of the account, once the order has filled (CRS-4)."""
    draft = arrival.draft
    market = draft.market
    mark_ticks = market.mark_ticks
    account = arrival.state.cross_account(market.asset_id, draft.account_id)
    present: Exposure | None = None
    if account is None:
        ledger = arrival.state.asset_ledger(market)
        health_e8 = (ledger.free[draft.account_id] + ledger.hold[draft.account_id]) * E8
    else:
        health_e8 = account.health_e8()
        standing = account.standings.get(market.instrument_id)
        if standing is not None:
            present = standing.exposure
            health_e8 -= present.health_e8(mark_ticks)
    exposure = outlook.exposure_after(present)
    health_e8 += outlook.gained_atoms * E8 + exposure.health_e8(mark_ticks)
    return exposure, health_e8


def _rest_is_liquidatable(arrival: Arrival, outlook: Outlook) -> bool:
    """At its own limit price a position has no profit: its equity is its margin."""
    draft = arrival.draft
    market = draft.market
    notional = arrival.rest_lots * draft.price_ticks * market.k
    if draft.amount_atoms:
        margin = outlook.margin_atoms
    else:
        margin = initial_margin_atoms(notional, draft.leverage)
    if not market.has_maintenance:
        return margin <= 0
    return margin * E8 <= maintenance_e8(notional, market.rates, market.close_fee_e8)


def resting_fill_is_covered(arrival: Arrival) -> bool:
    """Whether the funds still cover a resting limit whose time has come (ADM-5)."""
    draft = arrival.draft
    market = draft.market
    key = draft.key
    free = spendable_atoms(arrival.state, market.asset_id, draft.account_id, key.is_cross)
    rate_e8 = draft.seat.fees.maker_e8
    if draft.amount_atoms:
        notional = arrival.lots * draft.price_ticks * market.k
        margin = amount_margin_atoms(draft, notional, rate_e8, free)
        return free >= draft.amount_atoms and margin > 0
    outlook = Outlook(draft, arrival.position)
    outlook.fill(arrival.lots, draft.price_ticks, rate_e8)
    if outlook.opened_lots == 0:
        return True
    free += outlook.gained_atoms
    if key.is_cross:
        free += outlook.backing_change_atoms()
    if not key.pools:
        return free >= 0
    return free + draft.key.hold_atoms >= hold_after_atoms(arrival, outlook)
