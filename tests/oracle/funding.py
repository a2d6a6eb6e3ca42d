"""Funding: what longs pay shorts at a stamp, or shorts longs (FUN-…).

Knows premiums, rates and payments; what a payment makes true is for the next price (FUN-6).
"""

import math
from fractions import Fraction

from tests.oracle import book, ladder
from tests.oracle.booking import move_counterparty
from tests.oracle.cross import cross_positions, standing
from tests.oracle.records import E8, FUND, Fields, Market, Position, sign
from tests.oracle.rules import auto_close_holds, ceil_div, floor_div, is_liquidatable
from tests.oracle.state import Refused, State


def next_stamp_ns(spec: Fields, now_ns: int) -> int:
    """FUN-1: the first multiple of the interval after a time; 0 without funding."""
    interval_ns: int = spec["funding_interval_ns"]
    if interval_ns == 0:
        return 0
    stamp_ns = now_ns - now_ns % interval_ns
    assert stamp_ns <= now_ns
    return stamp_ns + interval_ns


def sample_premium(state: State, command: Fields) -> None:
    """FUN-2."""
    market = state.markets.get(command["instrument_id"])
    if market is None:
        raise Refused("UNKNOWN_SYMBOL")
    if market.status == "HALTED":
        raise Refused("HALTED")
    if market.spec["funding_interval_ns"] == 0:
        raise Refused("BAD_COMBINATION")
    if market.prices is None:
        raise Refused("MARKET_NOT_READY")
    if ladder.stale(state, market):
        raise Refused("STALE_PRICE")
    premium = clamped(premium_e8(state, market), 10 * E8)
    state.hit(f"FUN-2 {'above' if premium > 0 else 'below' if premium < 0 else 'nothing'}")
    market.premium_sum_e8 += premium
    market.premium_count += 1
    state.tell("PremiumSampled", instrument_id=market.instrument_id, premium_e8=premium)


def premium_e8(state: State, market: Market) -> int:
    """How far the impact prices lie beyond the index, as a share of it."""
    assert market.prices is not None
    index = Fraction(market.prices["INDEX"])
    bid, ask = (impact_price(state, market, side) for side in ("BUY", "SELL"))
    premium = Fraction(0)
    if bid is not None:
        premium += max(Fraction(0), bid - index)
    if ask is not None:
        premium -= max(Fraction(0), index - ask)
    return math.floor(premium / index * E8)


def impact_price(state: State, market: Market, side: str) -> Fraction | None:
    """FUN-2: the average price of the impact notional on one side; None if it is too thin."""
    assert market.prices is not None
    if not market.is_order_driven:
        return Fraction(market.prices["BID" if side == "BUY" else "ASK"])
    wanted = max(1, market.spec["impact_notional_atoms"])
    lots = ticks_lots = 0
    for order in book.resting(state, market, side):
        missing = wanted - ticks_lots * market.k
        enough = ceil_div(missing, order.price_ticks * market.k)
        taken = min(enough, order.visible_lots)
        lots += taken
        ticks_lots += taken * order.price_ticks
        if taken == enough:
            return Fraction(ticks_lots, lots)
    state.hit("FUN-2 too thin")
    return None


def clamped(value: int, most: int) -> int:
    """The value, kept within ± most."""
    return max(-most, min(most, value))


def rate_e8(state: State, market: Market) -> int:
    """FUN-3: the rate that the samples since the last stamp come to."""
    spec, premium = market.spec, 0
    if market.premium_count > 0:
        premium = floor_div(market.premium_sum_e8, market.premium_count)
    else:
        state.hit("FUN-3 no samples")
    towards_interest = spec["funding_interest_e8"] - premium
    kept = clamped(towards_interest, spec["funding_clamp_e8"])
    if kept != towards_interest:
        state.hit("FUN-3 clamped")
    rate = clamped(premium + kept, spec["funding_cap_e8"])
    if rate != premium + kept:
        state.hit("FUN-3 capped")
    return rate


def settle_stamp(state: State, instrument_id: int) -> None:
    """FUN-3 and FUN-4: a stamp is due."""
    market = state.markets[instrument_id]
    stamp_ns, rate = market.next_stamp_ns, rate_e8(state, market)
    market.premium_sum_e8 = market.premium_count = 0
    market.next_stamp_ns = stamp_ns + market.spec["funding_interval_ns"]
    if market.next_stamp_ns <= state.now_ns:
        state.hit("FUN-3 missed stamp")
    open_now = market.status != "HALTED" and market.prices is not None
    mark = market.mark if open_now else 0
    state.tell(
        "FundingSettled",
        instrument_id=instrument_id,
        stamp_ns=stamp_ns,
        rate_e8=rate,
        mark_ticks=mark,
    )
    payers = [one for one in state.positions.values() if one.instrument_id == instrument_id]
    if mark == 0 or rate == 0:
        if payers:
            state.hit("FUN-4 halted" if mark == 0 else "FUN-4 rate 0")
        return
    if payers and ladder.stale(state, market):
        state.hit("FUN-4 stale")
    payments = [
        pay(state, market, position, rate)
        for position in sorted(payers, key=lambda one: one.position_id)
    ]
    if market.is_order_driven:
        net = sum(payments)
        assert net >= 0
        if net > 0:
            state.hit("FUN-4 dust")
        move_counterparty(state, market, -net)
        state.move_pool("insurance", market.asset_id, net)


def pay(state: State, market: Market, position: Position, rate: int) -> int:
    """FUN-4: what one position pays, below zero if it receives."""
    notional = position.qty_lots * market.mark * market.k
    amount = ceil_div(sign(position.side) * notional * rate, E8)
    lived = not is_ready(market, position)
    if position.account_id == FUND:
        state.hit("FUN-4 fund")
        moved = amount
        state.move_pool("insurance", market.asset_id, -moved)
    elif state.is_cross(position):
        state.hit("FUN-4 cross")
        moved = amount
        state.move_free(position.account_id, market.asset_id, -moved)
    else:
        moved = pay_alone(state, position, amount)
    move_counterparty(state, market, moved)
    position.realized_atoms -= moved
    state.tell(
        "FundingPaid",
        position_id=position.position_id,
        account_id=position.account_id,
        amount_atoms=amount,
        accrued_atoms=position.accrued_atoms,
        margin_atoms=position.margin_atoms,
    )
    if state.is_cross(position):
        put_off(state, position.account_id, market.asset_id)
    elif lived and is_ready(market, position):
        state.hit("FUN-6 position waits")
    return amount


def pay_alone(state: State, position: Position, amount: int) -> int:
    """FUN-4: an isolated position pays from its margin, and owes the rest.  Returns what moved."""
    if amount > 0:
        cash = min(amount, position.margin_atoms)
        state.hit("FUN-4 isolated" if cash == amount else "FUN-4 accrues")
        position.margin_atoms -= cash
        position.accrued_atoms += amount - cash
        return cash
    paid_back = min(-amount, position.accrued_atoms)
    if paid_back > 0:
        left = position.accrued_atoms > paid_back
        state.hit(f"FUN-4 paid back {'in part' if left else 'in full'}")
    position.accrued_atoms -= paid_back
    position.margin_atoms += -amount - paid_back
    return amount + paid_back


def is_ready(market: Market, position: Position) -> bool:
    """Whether its liquidation or its auto-close is true at the mark, so that a price fires it."""
    if position.account_id == FUND:
        return False
    numbers = position.side, position.qty_lots, position.basis_atoms, position.initial_margin_atoms
    closes = position.auto_close_e8 != 0 and auto_close_holds(
        *numbers, position.auto_close_e8, market.mark, market.k
    )
    return closes or is_liquidatable(position, market.mark, market.k, market.spec)


def put_off(state: State, account_id: int, asset_id: int) -> None:
    """FUN-6: a cross account that funding leaves insolvent is looked at later."""
    key = account_id, asset_id
    state.put_off.pop(key, None)
    if standing(state, *key).health_e8 < 1:
        state.hit("FUN-6 account waits")
        state.put_off[key] = state.changes[key]


def wake(state: State, market: Market) -> None:
    """FUN-6: a price of a market: those with a cross position there are looked at again."""
    for key in list(state.put_off):
        if market.instrument_id in {one.instrument_id for one in cross_positions(state, *key)}:
            state.hit("FUN-6 account meets a price")
            del state.put_off[key]


def is_put_off(state: State, account_id: int, asset_id: int) -> bool:
    """Whether nothing has happened yet to an account that funding left insolvent."""
    key = account_id, asset_id
    if key not in state.put_off:
        return False
    if state.put_off[key] == state.changes[key]:
        return True
    state.hit("FUN-6 account changed")
    del state.put_off[key]
    return False
