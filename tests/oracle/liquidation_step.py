"""Why a position is liquidated, told before each close (LIQ-12).  Knows figures; closes nothing."""

from tests.oracle.cross import profit_at_mark, standing, value_at_mark
from tests.oracle.records import E8, Position
from tests.oracle.rules import ceil_div, close_fee_e8, maintenance_of
from tests.oracle.state import State


def tell_step(state: State, position: Position, qty_lots: int, bankruptcy_ticks: int) -> None:
    """LIQ-12; no bankruptcy price where the house closes."""
    market = state.markets[position.instrument_id]
    if state.is_cross(position):
        account = standing(state, position.account_id, market.asset_id)
        equity, needed_e8 = account.equity_atoms, account.maintenance_e8
        state.hit("LIQ-12 cross")
    else:
        equity = position.margin_atoms + profit_at_mark(state, position)
        spec, notional = market.spec, value_at_mark(state, position)
        needed_e8 = maintenance_of(spec["tiers"], close_fee_e8(spec), notional)
        state.hit("LIQ-12 isolated")
    state.tell(
        "LiquidationStep",
        position_id=position.position_id,
        account_id=position.account_id,
        mark_ticks=market.mark,
        equity_atoms=equity,
        maintenance_atoms=ceil_div(needed_e8, E8),
        qty_lots=qty_lots,
        bankruptcy_ticks=bankruptcy_ticks,
    )
