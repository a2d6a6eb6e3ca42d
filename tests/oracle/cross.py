"""What stands behind an account's cross positions in one asset, summed anew each time (CRS-…).

Knows sums over positions at the marks; moves nothing.
"""

from dataclasses import dataclass

from tests.oracle.amounts import Closing, closing_of
from tests.oracle.records import E8, Market, Order, Position, sign
from tests.oracle.rules import ceil_div, close_fee_e8, fee_of, maintenance_of, profit_of
from tests.oracle.state import State


@dataclass
class Standing:
    """CRS-1: W, Σ uPnL and MM (× 1e8) of an account in an asset."""

    wallet_atoms: int
    profit_atoms: int
    maintenance_e8: int

    @property
    def equity_atoms(self) -> int:
        """E."""
        return self.wallet_atoms + self.profit_atoms

    @property
    def health_e8(self) -> int:
        """H: solvent from 1 on."""
        return self.equity_atoms * E8 - self.maintenance_e8


def cross_positions(state: State, account_id: int, asset_id: int) -> list[Position]:
    """The account's cross positions that settle in an asset, by id."""
    return [
        position
        for position in state.positions.of(account_id)
        if position.cross and state.markets[position.instrument_id].asset_id == asset_id
    ]


def profit_at_mark(state: State, position: Position) -> int:
    """Unrealised profit."""
    market = state.markets[position.instrument_id]
    return profit_of(position.side, position.qty_lots, position.basis_atoms, market.mark, market.k)


def value_at_mark(state: State, position: Position) -> int:
    """N_mark."""
    market = state.markets[position.instrument_id]
    return position.qty_lots * market.mark * market.k


def side_of(positions: list[Position], position: Position) -> list[Position]:
    """Those of the positions that count together with one: its market's, on its side."""
    where = position.instrument_id, position.side
    return [other for other in positions if (other.instrument_id, other.side) == where]


def side_maintenance_e8(state: State, side: list[Position]) -> int:
    """LIQ-1 of the lots of a side together, × 1e8."""
    market = state.markets[side[0].instrument_id]
    notional = sum(value_at_mark(state, position) for position in side)
    return maintenance_of(market.spec["tiers"], close_fee_e8(market.spec), notional)


def standing(state: State, account_id: int, asset_id: int) -> Standing:
    """CRS-1, everything walked out of the lists."""
    positions = cross_positions(state, account_id, asset_id)
    free = state.free.get((account_id, asset_id), 0)
    profit = maintenance = 0
    sides: dict[tuple[int, str], int] = {}
    for one in positions:
        value, side = value_at_mark(state, one), (one.instrument_id, one.side)
        profit += sign(one.side) * (value - one.basis_atoms)
        sides[side] = sides.get(side, 0) + value
    for (instrument_id, _), value in sides.items():
        spec = state.markets[instrument_id].spec
        maintenance += maintenance_of(spec["tiers"], close_fee_e8(spec), value)
    return Standing(free + state.held(account_id, asset_id), profit, maintenance)


def reserved_at_mark(state: State, positions: list[Position]) -> int:
    """IM."""
    return sum(ceil_div(value_at_mark(state, one), one.leverage) for one in positions)


def spendable(state: State, account_id: int, asset_id: int, cross: bool) -> int:
    """CRS-2: what a cross key, or without `cross` anything else, may spend; maybe below zero."""
    free = state.free.get((account_id, asset_id), 0)
    positions = cross_positions(state, account_id, asset_id)
    if not positions:
        return free
    profit = sum(profit_at_mark(state, one) for one in positions)
    margin = reserved_at_mark(state, positions)
    return free + (profit if cross else min(0, profit)) - margin


def spendable_for(state: State, owner: Order | Position) -> int:
    """What the key of an order or a position may spend."""
    asset_id = state.markets[owner.instrument_id].asset_id
    return spendable(state, owner.account_id, asset_id, state.is_cross(owner))


def account_dies(state: State, order: Order) -> bool:
    """CRS-4: whether the account of an order that has been tried is left insolvent."""
    asset_id = state.markets[order.instrument_id].asset_id
    return standing(state, order.account_id, asset_id).health_e8 < 1


def cross_closing(
    state: State,
    market: Market,
    position: Position,
    qty_lots: int,
    price_ticks: int,
    rate_e8: int,
    liquidates: bool,
) -> Closing:
    """CRS-3: profit less fees goes to free; nothing is waived, nobody else pays."""
    # Of a position without margin FIL-5 knows the cost, the profit and the M0 of what closes.
    row = closing_of(market, position, qty_lots, price_ticks, rate_e8)
    notional = qty_lots * price_ticks * market.k
    on_margin = market.spec["fee_basis"] == "MARGIN"
    row.fee_atoms = fee_of(row.initial_margin_atoms if on_margin else notional, rate_e8)
    row.liquidation_fee_atoms = 0
    if liquidates:
        equity = standing(state, position.account_id, market.asset_id).equity_atoms
        moved = sign(position.side) * qty_lots * (price_ticks - market.mark) * market.k
        most = max(0, equity + moved - row.fee_atoms)
        row.liquidation_fee_atoms = min(fee_of(notional, market.spec["liquidation_fee_e8"]), most)
    row.remainder_atoms = row.profit_atoms - row.fee_atoms - row.liquidation_fee_atoms
    row.deficit_atoms = row.equity_atoms = 0
    return row
