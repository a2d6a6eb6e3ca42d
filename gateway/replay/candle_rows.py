"""How a replay of candles stands at a moment, for its tables and its plot.  Decides nothing."""

from typing import NamedTuple

from engine.commands import Side
from engine.cross import position_profit_atoms
from engine.units import NOBODY
from gateway.replay.candle_maker import DEPOSIT_ATOMS
from gateway.replay.candle_stage import CandleStage
from gateway.replay.candle_tally import CandleTally


class Row(NamedTuple):
    """Sums since the start, and what is there now; money in atoms.

    marks_e8: of each market.  equity: what the traders would have at the marks; paid_in: what they
    brought, less what they took out.  long, short: their open interest at the marks.
    positions, accounts: liquidated; isolated positions and cross accounts.
    counterparty: the result of the house or of the maker, with open positions at the marks.
    fund_profit: of what the insurance fund took over and still has, at the marks.
    longs_funding, shorts_funding: received less paid.
    """

    ts_ms: int
    marks_e8: tuple[int, ...]
    equity_atoms: int
    paid_in_atoms: int
    long_atoms: int
    short_atoms: int
    positions: int
    accounts: int
    taken_over: int
    deleveraged: int
    insurance_atoms: int
    counterparty_atoms: int
    fund_profit_atoms: int
    longs_funding_atoms: int
    shorts_funding_atoms: int


def row(stage: CandleStage, tally: CandleTally, ts_ms: int) -> Row:
    """Read the ledger and the open positions; work is linear in both."""
    ledger = stage.state.asset_ledger(stage.markets[0])
    maker_id = stage.maker_id
    open_atoms = {Side.BUY: 0, Side.SELL: 0}
    profits_atoms = {NOBODY: 0, maker_id: 0}  # of those who are no traders
    profit_atoms = 0
    for position in stage.state.positions.values():
        if position.account_id in profits_atoms:
            profits_atoms[position.account_id] += position_profit_atoms(position)
            continue
        profit_atoms += position_profit_atoms(position)
        market = position.market
        open_atoms[position.side] += position.qty_lots * market.mark_ticks * market.k
    maker_atoms = ledger.free[maker_id] + ledger.hold[maker_id]  # nothing if there is none
    wallets_atoms = sum(ledger.free) + sum(ledger.hold) - maker_atoms
    counterparty_atoms = ledger.house_atoms - profit_atoms
    if maker_id != NOBODY:
        counterparty_atoms = maker_atoms + profits_atoms[maker_id] - DEPOSIT_ATOMS
    liquidated = tally.liquidated
    received, paid = tally.funding_received_atoms, tally.funding_paid_atoms
    return Row(
        ts_ms,
        tuple(market.mark_ticks * market.spec.tick_size_e8 for market in stage.markets),
        wallets_atoms + ledger.margin_atoms + profit_atoms,
        -ledger.external_atoms - stage.brought_atoms,
        open_atoms[Side.BUY],
        open_atoms[Side.SELL],
        liquidated["isolated long"] + liquidated["isolated short"],
        tally.accounts_liquidated,
        tally.taken_over,
        tally.deleveraged,
        ledger.insurance_atoms,
        counterparty_atoms,
        profits_atoms[NOBODY],
        received["long"] - paid["long"],
        received["short"] - paid["short"],
    )
