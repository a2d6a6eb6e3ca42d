"""CLR-1, from scratch: an order-driven market's lots and costs add up.  Knows state alone."""

from engine.commands import BUY
from engine.market import Market
from engine.state import State


def check_clearing(state: State, market: Market) -> None:
    """Σ signed lots is 0, clearing Σ (−s×C − A), the ledger's sum 0.  Raises AssertionError."""
    lots, cost_atoms, positions = 0, 0, 0
    for seat in market.seats:
        for position in seat.positions() if seat is not None else ():
            sign = 1 if position.side is BUY else -1
            lots += sign * position.qty_lots
            cost_atoms -= sign * position.cost_atoms + position.accrued_atoms
            positions += 1
    assert positions == market.open_positions
    assert lots == 0
    ledger = state.asset_ledger(market)
    assert ledger.clearing.get(market.instrument_id, 0) == cost_atoms
    assert ledger.sum_atoms() == 0
