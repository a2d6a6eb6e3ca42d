"""Fee tiers: what an account pays in a market, by a journaled table (FEE-…)."""

from typing import TYPE_CHECKING

from engine.commands import AssignFeeTier, SetFeeTier
from engine.events import Event, FeeTierAssigned, FeeTierChanged, Rejected
from engine.holds import need_atoms
from engine.instrument import RATE_E8_MAX
from engine.open_orders import settle_key_hold
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.units import FEE_TIERS_MAX, NOBODY

if TYPE_CHECKING:
    from engine.seat import Seat


def set_fee_tier(state: State, command: SetFeeTier, events: list[Event]) -> None:
    """What accounts of a tier pay in a market from now on (FEE-1)."""
    market = state.market(command.instrument_id)
    if market is None:
        events.append(Rejected(NOBODY, RejectReason.UNKNOWN_SYMBOL))
        return
    if not _is_good(command):
        events.append(Rejected(NOBODY, RejectReason.BAD_FEE_TIER))
        return
    tier, maker_fee_e8, taker_fee_e8 = command.tier, command.maker_fee_e8, command.taker_fee_e8
    market.set_tier_fees(tier, maker_fee_e8, taker_fee_e8)
    events.append(FeeTierChanged(market.instrument_id, tier, maker_fee_e8, taker_fee_e8))
    for seat in market.seats:
        if seat is not None and state.fee_tiers.get(seat.account_id, 0) == tier:
            _take_rates(state, seat, events)


def _is_good(command: SetFeeTier) -> bool:
    """Only makers are ever paid, and never more than the takers of their tier pay."""
    maker_fee_e8, taker_fee_e8 = command.maker_fee_e8, command.taker_fee_e8
    return (
        1 <= command.tier <= FEE_TIERS_MAX
        and 0 <= taker_fee_e8 < RATE_E8_MAX
        and -RATE_E8_MAX < maker_fee_e8 < RATE_E8_MAX
        and maker_fee_e8 + taker_fee_e8 >= 0
    )


def assign_fee_tier(state: State, command: AssignFeeTier, events: list[Event]) -> None:
    """An account has another tier from now on (FEE-2)."""
    reason = NONE
    if state.account(command.account_id) is None:
        reason = RejectReason.UNKNOWN_ACCOUNT
    elif not 0 <= command.tier <= FEE_TIERS_MAX:
        reason = RejectReason.BAD_FEE_TIER
    if reason is not NONE:
        events.append(Rejected(command.account_id, reason))
        return
    if command.tier:
        state.fee_tiers[command.account_id] = command.tier
    else:
        state.fee_tiers.pop(command.account_id, None)
    events.append(FeeTierAssigned(command.account_id, command.tier))
    for market in state.markets:
        seat = None if market is None else market.existing_seat(command.account_id)
        if seat is not None:
            _take_rates(state, seat, events)


def _take_rates(state: State, seat: "Seat", events: list[Event]) -> None:
    """The seat's present rates; the maker fee is part of what its keys hold (FEE-4)."""
    seat.fees = seat.market.fees_of(seat.account_id)
    renew_holds(state, seat, events)


def renew_holds(state: State, seat: "Seat", events: list[Event]) -> None:
    """The maker fee may be another: what resting orders need, and what the keys hold, by leg."""
    for key in seat.each_key():
        for order in key.buys + key.sells:
            if not order.closing:
                order.hold_atoms = need_atoms(order, order.qty_lots)
        settle_key_hold(state, key, events)
