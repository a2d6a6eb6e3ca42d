"""Funding: what longs pay shorts, or shorts longs, so that the mark stays near the index (FUN-…).

The rate is the published one of the large venues: `premium + clamp(interest − premium, ±clamp)`,
capped; the premium is the average of samples of impact prices against the index.
"""

from typing import Final

from engine.commands import BUY, SELL, SamplePremium, Side
from engine.cross import watch
from engine.events import Event, FundingPaid, FundingSettled, PremiumSampled
from engine.instrument import HALTED, InstrumentSpec
from engine.margin import funding_atoms
from engine.market import INDEX, MARK, Market
from engine.order import Order
from engine.position import Position
from engine.reject_reason import RejectReason
from engine.state import State
from engine.trigger_index import rearm_quietly
from engine.units import E8, NOBODY, div_ceil, div_floor

PREMIUM_E8_MAX: Final = 10 * E8  # of a sample: no sum of them leaves 63 bits


def sample_premium(state: State, command: SamplePremium) -> Event | RejectReason:
    """Take a sample of the premium (FUN-2)."""
    market = state.market(command.instrument_id)
    if market is None:
        return RejectReason.UNKNOWN_SYMBOL
    if market.status is HALTED:
        return RejectReason.HALTED
    if market.spec.funding_interval_ns == 0:
        return RejectReason.BAD_COMBINATION
    if not market.has_price():
        return RejectReason.MARKET_NOT_READY
    if market.is_stale(state.time_ns):
        return RejectReason.STALE_PRICE
    sampled_e8 = max(-PREMIUM_E8_MAX, min(PREMIUM_E8_MAX, premium_e8(market)))
    market.premium_sum_e8 += sampled_e8
    market.premium_count += 1
    return PremiumSampled(market.instrument_id, sampled_e8)


def premium_e8(market: Market) -> int:
    """`(max(0, impact bid − index) − max(0, index − impact ask)) / index`, floored to 10^-8.

    An impact price is the average price at which the impact notional would fill; a side that
    cannot fill it adds nothing.  In a quote-driven market it is the feed's bid or ask.
    """
    index_ticks = market.prices[INDEX]
    value, lots = impact(market, SELL)
    if lots and value > index_ticks * lots:
        return div_floor((value - index_ticks * lots) * E8, index_ticks * lots)
    value, lots = impact(market, BUY)
    if lots and value < index_ticks * lots:
        return div_floor((value - index_ticks * lots) * E8, index_ticks * lots)
    return 0


def impact(market: Market, side: Side) -> tuple[int, int]:
    """Σ lots × ticks and Σ lots of an order of this side for the impact notional; (0, 0): too thin.

    The last level gives the whole lots that complete the notional; at least one lot is taken.
    """
    if market.book is None:
        return market.touch_ticks(side), 1
    levels = market.book.asks if side is BUY else market.book.bids
    wanted = max(1, market.spec.impact_notional_atoms)
    value, lots = 0, 0
    for entry in levels.entries():
        assert isinstance(entry, Order)
        missing = div_ceil(wanted - value * market.k, entry.price_ticks * market.k)
        taken = min(entry.visible_lots, missing)
        value += taken * entry.price_ticks
        lots += taken
        if taken == missing:
            return value, lots
    return 0, 0


def rate_e8(spec: InstrumentSpec, premium_sum_e8: int, premium_count: int) -> int:
    """`clamp(P + clamp(I − P, ±clamp), ±cap)`, P the average premium, floored (FUN-3)."""
    premium = div_floor(premium_sum_e8, premium_count) if premium_count else 0
    interest = spec.funding_interest_e8 - premium
    clamp, cap = spec.funding_clamp_e8, spec.funding_cap_e8
    rate = premium + max(-clamp, min(clamp, interest))
    return max(-cap, min(cap, rate))


def next_stamp_ns(spec: InstrumentSpec, time_ns: int) -> int:
    """The first multiple of the interval after a time; 0 if there is no funding."""
    interval_ns = spec.funding_interval_ns
    if interval_ns == 0:
        return 0
    return (div_floor(time_ns, interval_ns) + 1) * interval_ns


def settle_stamp(state: State, market: Market, events: list[Event]) -> None:
    """The market's next stamp is due: everyone with a position pays or receives (FUN-3)."""
    stamp_ns = market.next_funding_ns
    rate = rate_e8(market.spec, market.premium_sum_e8, market.premium_count)
    market.premium_sum_e8 = 0
    market.premium_count = 0
    market.next_funding_ns = stamp_ns + market.spec.funding_interval_ns
    mark_ticks = 0 if market.status is HALTED else market.prices[MARK]
    events.append(FundingSettled(market.instrument_id, stamp_ns, rate, mark_ticks))
    if mark_ticks == 0 or rate == 0:
        return
    positions = [p for seat in market.seats if seat is not None for p in seat.positions()]
    positions.sort(key=_position_id)
    net = 0
    for position in positions:
        net += _pay(state, position, rate, events)
    if market.is_order_driven:
        state.asset_ledger(market).keep_funding_dust(market, net)


def _pay(state: State, position: Position, rate: int, events: list[Event]) -> int:
    """One position's payment in atoms, negative where it receives; returns it (FUN-4)."""
    market = position.market
    notional = position.qty_lots * market.prices[MARK] * market.k
    amount = funding_atoms(position.side, notional, rate)
    moved = amount
    if not position.key.is_cross and position.account_id != NOBODY:
        if amount > 0:
            moved = min(amount, position.margin_atoms)
            position.accrued_atoms += amount - moved
        else:
            cleared = min(-amount, position.accrued_atoms)
            position.accrued_atoms -= cleared
            moved = amount + cleared
    state.asset_ledger(market).pay_funding(position, moved)
    position.realized_atoms -= moved
    events.append(
        FundingPaid(
            position.position_id,
            position.account_id,
            amount,
            position.accrued_atoms,
            position.margin_atoms,
        )
    )
    if not position.key.is_cross:
        rearm_quietly(position)
    elif amount > 0:  # who received is safe within the bands as they are
        account = state.cross_account(market.asset_id, position.account_id)
        assert account is not None
        watch(account)
    return amount


def _position_id(position: Position) -> int:
    return position.position_id
