"""Every figure of a replay of candles, by section and by name.  Counts nothing; draws nothing.

Amounts are decimal texts of the settlement asset, so that a report is exact and can be compared.
"""

from collections.abc import Mapping
from typing import Final

from engine.instrument import MarketStructure
from gateway.listings import SETTLEMENT
from gateway.replay.candle_rows import Row
from gateway.replay.candle_run import CandleOutcome
from gateway.replay.candle_tally import LEVERAGES
from gateway.replay.report import moment_text, money_text

Section = Mapping[str, int | str]
TABLE_ROWS_MAX: Final = 100
DAY_MS: Final = 86_400_000


def figures(outcome: CandleOutcome) -> dict[str, Section]:
    """All but the rows over time."""
    trading = outcome.tally.trading
    return {
        "run": _run(outcome),
        "traders": dict(sorted(outcome.crowd.items())),
        "trading": _trading(outcome),
        "positions opened by leverage": {
            f"{leverage} or more": outcome.tally.leverages[leverage] for leverage in LEVERAGES
        },
        "liquidations": _liquidations(outcome),
        "insurance": _insurance(outcome),
        "funding": _funding(outcome),
        "money": _money(outcome),
        "commands": dict(sorted(trading.commands.items())),
        "positions reduced by": dict(sorted(trading.reductions.items())),
        "refusals": dict(sorted(trading.refusals.items())),
    }


def table_rows(outcome: CandleOutcome) -> list[Row]:
    """The rows of a table for people: by the hour, or by the day if that would be too long."""
    rows = outcome.rows
    if len(rows) <= TABLE_ROWS_MAX:
        return rows
    return [row for row in rows[:-1] if row.ts_ms % DAY_MS == 0] + rows[-1:]


def _run(outcome: CandleOutcome) -> Section:
    plan = outcome.plan
    return {
        "prices": ", ".join(series.source for series in plan.series),
        "market structure": plan.structure.name.lower().replace("_", "-"),
        "from": moment_text(outcome.rows[0].ts_ms),
        "to": moment_text(outcome.rows[-1].ts_ms),
        "candles": sum(len(series.candles) for series in plan.series),
        "price updates": outcome.tally.trading.commands["UpdatePrice"],
        "users": plan.users,
        "seed": plan.seed,
        "longest step of a price, 10^-4": plan.stride_e4,
        "maker's depth a side": _depth(outcome),
        "commands": outcome.state.sequence,
        "events": outcome.tally.trading.events,
    }


def _depth(outcome: CandleOutcome) -> str:
    order_driven = outcome.plan.structure is MarketStructure.ORDER_DRIVEN
    return money_text(outcome.plan.depth_atoms) if order_driven else "none, the house fills"


def _trading(outcome: CandleOutcome) -> Section:
    trading, state = outcome.tally.trading, outcome.state
    return {
        "traders' turns": outcome.turns,
        "orders accepted": trading.orders.total(),
        "orders triggered": trading.triggered,
        "fills, taker": trading.fills["TAKER"],
        "fills, maker": trading.fills["MAKER"],
        "positions opened": trading.opened,
        "positions closed": trading.closed,
        "positions still open": state.positions.count,
        "refusals": trading.refusals.total(),
    }


def _liquidations(outcome: CandleOutcome) -> Section:
    tally = outcome.tally
    liquidated = tally.liquidated
    return {
        "isolated positions": liquidated["isolated long"] + liquidated["isolated short"],
        "  long": liquidated["isolated long"],
        "  short": liquidated["isolated short"],
        "cross accounts": tally.accounts_liquidated,
        "  long positions of theirs": liquidated["cross long"],
        "  short positions of theirs": liquidated["cross short"],
        "closes, slices and steps included": tally.closes,
        "fills taken over by insurance": tally.taken_over,
        "positions auto-deleveraged": tally.deleveraged,
        "cross accounts left in debt": tally.debts,
    }


def _insurance(outcome: CandleOutcome) -> Section:
    tally = outcome.tally
    ledger = outcome.state.asset_ledger(outcome.markets[0])
    known_atoms = tally.liquidation_fees_atoms + tally.fund_gains_atoms
    known_atoms -= tally.fund_losses_atoms + tally.deficits_paid_atoms + tally.debts_paid_atoms
    began_atoms = outcome.plan.insurance_atoms
    amounts = {
        "began with": began_atoms,
        "in: liquidation fees": tally.liquidation_fees_atoms,
        "in: gains of what it took over": tally.fund_gains_atoms,
        "out: losses of what it took over": -tally.fund_losses_atoms,
        "out: deficits of isolated positions": -tally.deficits_paid_atoms,
        "out: debts of cross accounts": -tally.debts_paid_atoms,
        "funding of what it took over, and dust": ledger.insurance_atoms
        - began_atoms
        - known_atoms,
        "ended with": ledger.insurance_atoms,
    }
    return {name: money_text(atoms) for name, atoms in amounts.items()}


def _funding(outcome: CandleOutcome) -> Section:
    tally = outcome.tally
    paid, received = tally.funding_paid_atoms, tally.funding_received_atoms
    owed_atoms = sum(position.accrued_atoms for position in outcome.state.positions.values())
    found: dict[str, int | str] = {"stamps settled": len(tally.stamps)}
    for market in outcome.markets:
        rates = [s.rate_e8 for s in tally.stamps if s.instrument_id == market.instrument_id]
        if rates:
            found[f"{market.spec.base}: lowest rate"] = _percent(min(rates))
            found[f"{market.spec.base}: highest rate"] = _percent(max(rates))
    amounts: dict[str, int] = {}
    for who in ("long", "short", "fund"):
        amounts |= {f"{who}, paid": paid[who], f"{who}, received": received[who]}
    amounts["paid in all"] = paid.total()
    amounts["received in all"] = received.total()
    amounts["accrued and not yet paid"] = owed_atoms
    return found | {name: money_text(atoms) for name, atoms in amounts.items()}


def _percent(rate_e8: int) -> str:
    sign, whole = ("-" if rate_e8 < 0 else ""), abs(rate_e8)
    return f"{sign}{whole // 1_000_000}.{whole % 1_000_000:06d} %"


def _money(outcome: CandleOutcome) -> Section:
    ledger = outcome.state.asset_ledger(outcome.markets[0])
    last = outcome.rows[-1]
    maker_id = outcome.maker_id
    maker_free, maker_hold = ledger.free[maker_id], ledger.hold[maker_id]  # nothing if none
    amounts = {
        "traders paid in, less paid out": last.paid_in_atoms,
        "traders' equity at the marks": last.equity_atoms,
        "traders' result": last.equity_atoms - last.paid_in_atoms,
        "result of the maker or the house": last.counterparty_atoms,
        "fees": ledger.fees_atoms,
        "insurance, less what it began with": ledger.insurance_atoms - outcome.plan.insurance_atoms,
        "what insurance took over, at the marks": last.fund_profit_atoms,
        "ledger: traders, free": sum(ledger.free) - maker_free,
        "ledger: traders, held by orders": sum(ledger.hold) - maker_hold,
        "ledger: traders, margins": ledger.margin_atoms,
        "ledger: maker": maker_free + maker_hold,
        "ledger: fees": ledger.fees_atoms,
        "ledger: insurance": ledger.insurance_atoms,
        "ledger: house": ledger.house_atoms,
        "ledger: clearing": sum(ledger.clearing.values()),
        "ledger: outside": ledger.external_atoms,
    }
    return {"asset": SETTLEMENT} | {name: money_text(atoms) for name, atoms in amounts.items()}
