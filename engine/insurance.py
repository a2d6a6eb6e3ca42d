"""The insurance fund's own positions: account 0, on its own equity (LIQ-6)."""

from engine.commands import BUY
from engine.margin import maintenance_e8
from engine.market import MARK, Market
from engine.position import Position
from engine.state import State
from engine.units import E8, NOBODY


def fund_can_take(state: State, position: Position, lots: int, price_ticks: int) -> bool:
    """Whether the fund may take these lots of a position over at this price.

    `insurance + Σ uPnL + s·x·(mark − B)·K ≥ Σ maintenance`, scaled by 10^8: its equity and what
    it would have to keep, at the marks, with its positions as they would be.
    """
    market = position.market
    signed_lots = lots if position.side is BUY else -lots
    equity = state.asset_ledger(market).insurance_atoms
    equity += signed_lots * (market.prices[MARK] - price_ticks) * market.k
    needed_e8 = 0
    for other in state.books:
        if other.asset_id != market.asset_id:
            continue
        added_lots = signed_lots if other is market else 0
        held = fund_position(other)
        lot_atoms = other.prices[MARK] * other.k
        if held is not None:
            held_lots = held.qty_lots if held.side is BUY else -held.qty_lots
            held_atoms = held.cost_atoms if held.side is BUY else -held.cost_atoms
            equity += held_lots * lot_atoms - held_atoms  # the fund accrues no funding
            added_lots += held_lots
        if added_lots:
            value = abs(added_lots) * lot_atoms
            needed_e8 += maintenance_e8(value, other.rates, other.close_fee_e8)
    return equity * E8 >= needed_e8


def fund_position(market: Market) -> Position | None:
    """What the fund holds in a market: one position at most, for it nets."""
    seat = market.existing_seat(NOBODY)
    return None if seat is None else seat.first_position
