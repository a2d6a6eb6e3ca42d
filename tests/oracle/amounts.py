"""What lots that open or close come to (FIL-1 to FIL-5).  Knows numbers; books nothing."""

from dataclasses import dataclass

from tests.oracle.records import Market, Position
from tests.oracle.rules import ceil_div, fee_of, floor_div, profit_of


@dataclass
class Opening:
    """The numbers of lots that open."""

    qty_lots: int
    notional_atoms: int
    fee_atoms: int
    margin_atoms: int
    initial_margin_atoms: int
    paid_atoms: int


@dataclass
class Closing:
    """The numbers of lots that close, before anything is booked."""

    qty_lots: int
    cost_atoms: int
    accrued_atoms: int
    profit_atoms: int
    margin_atoms: int
    initial_margin_atoms: int
    equity_atoms: int
    fee_atoms: int
    liquidation_fee_atoms: int
    remainder_atoms: int
    deficit_atoms: int


def opening_by_amount(
    market: Market, amount_atoms: int, leverage: int, price_ticks: int, rate_e8: int, free: int
) -> Opening:
    """FIL-2: the amount is what leaves the balance; the fee comes on top as far as free goes."""
    lots = floor_div(amount_atoms * leverage, price_ticks * market.k)
    notional = lots * price_ticks * market.k
    base = amount_atoms if market.spec["fee_basis"] == "MARGIN" else notional
    fee = fee_of(base, rate_e8)
    on_top = min(fee, free - amount_atoms)
    margin = amount_atoms - fee + on_top
    return Opening(lots, notional, fee, margin, amount_atoms, amount_atoms + on_top)


def opening_by_quantity(
    market: Market,
    qty_lots: int,
    leverage: int,
    price_ticks: int,
    rate_e8: int,
    closing_lots: int = 0,
    cross: bool = False,
) -> Opening:
    """FIL-3, or CRS-3 without a margin of its own.

    On notional basis the fee is what the whole fill costs beyond its closing part.
    """
    notional = qty_lots * price_ticks * market.k
    margin = ceil_div(notional, leverage)
    if market.spec["fee_basis"] == "MARGIN":
        fee = fee_of(margin, rate_e8)
    else:
        closed_notional = closing_lots * price_ticks * market.k
        fee = fee_of(notional + closed_notional, rate_e8) - fee_of(closed_notional, rate_e8)
    own = 0 if cross else margin
    return Opening(qty_lots, notional, fee, own, margin, own + fee)


def removed(position: Position, qty_lots: int) -> tuple[int, int]:
    """Cost and accrued funding of the lots that leave, rounded against the account."""
    held = position.qty_lots
    if qty_lots == held:
        return position.cost_atoms, position.accrued_atoms
    rounded = ceil_div if position.side == "BUY" else floor_div
    cost = rounded(position.cost_atoms * qty_lots, held)
    return cost, ceil_div(position.accrued_atoms * qty_lots, held)


def closing_of(
    market: Market,
    position: Position,
    qty_lots: int,
    price_ticks: int,
    rate_e8: int,
    liquidates: bool = False,
) -> Closing:
    """FIL-5: one row for every way to close."""
    held, whole = position.qty_lots, qty_lots == position.qty_lots
    cost, accrued = removed(position, qty_lots)
    profit = profit_of(position.side, qty_lots, cost, price_ticks, market.k) - accrued
    margin, initial = position.margin_atoms, position.initial_margin_atoms
    if not whole:
        margin = floor_div(margin * qty_lots, held)
        initial = floor_div(initial * qty_lots, held)
        if margin + profit < 0:
            margin += min(-(margin + profit), position.margin_atoms - margin)
    equity = margin + profit
    notional = qty_lots * price_ticks * market.k
    fee = fee_of(initial if market.spec["fee_basis"] == "MARGIN" else notional, rate_e8)
    fee_paid = min(fee, max(0, equity))
    penalty = fee_of(notional, market.spec["liquidation_fee_e8"]) if liquidates else 0
    penalty = min(penalty, max(0, equity - fee_paid))
    rest = equity - fee_paid - penalty
    return Closing(
        qty_lots,
        cost,
        accrued,
        profit,
        margin,
        initial,
        equity,
        fee_paid,
        penalty,
        max(0, rest),
        max(0, -rest),
    )
