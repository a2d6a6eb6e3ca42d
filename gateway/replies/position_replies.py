"""Positions as clients see them: valued at the mark while open, at what they brought once closed.

Knows shapes; changes nothing.
"""

from typing import Final

from engine.cross import CrossAccount, position_margin_atoms, position_profit_atoms
from engine.events import PositionStatus
from engine.instrument import InstrumentSpec
from engine.margin import maintenance_e8, profit_percent_e8
from engine.position import Position
from engine.state import State
from engine.units import E8, div_floor
from gateway.decimals import percent_text_from_e8, text_from_e8
from gateway.history.records import PositionRecord
from gateway.replies.api_replies import (
    LEG,
    MARGIN_MODE,
    POSITION_SIDE,
    Reply,
    price_text,
    spec_of,
)
from gateway.replies.cross_figures import liquidation_ticks, ratio_text
from gateway.replies.trailing_replies import FollowingReply, position_trailing

_POSITION_STATUS: Final = ("", *(kind.name for kind in PositionStatus))
_NS_PER_MS: Final = 1_000_000


class PositionReply(Reply):
    """A position: valued at the mark while open, at what it brought once closed.

    position_side: its leg; null unless the account hedges there.
    margin: isolated: its own; cross: its initial margin at the mark, which the account reserves;
        closed: all initial margin it had.
    liquidation_price: isolated: the mark at which it is liquidated.  Cross: the mark at which the
        account is, if all other marks and its money stay: it moves with them.  null: no such mark.
    margin_ratio: maintenance over equity, as a share of 1 floored to eight digits, null without
        equity: its own, or for cross the account's.  It is liquidated at 1.
    stop_loss, take_profit, auto_close_pct, trailing: its own; those attached to orders that opened
        lots of a netting position are not among them.
    accrued_funding: what it owes of past funding for want of margin; in pnl already.
    """

    position_id: str
    symbol: str
    side: str
    position_side: str | None
    margin_mode: str
    status: str
    quantity: str
    entry_price: str
    margin: str
    leverage: int
    liquidation_price: str | None
    mark_price: str | None
    pnl: str
    pnl_percent: str
    margin_ratio: str | None
    accrued_funding: str
    stop_loss: str | None
    take_profit: str | None
    auto_close_pct: str | None
    trailing: FollowingReply | None
    created_at: int
    closed_at: int | None


class FundPositionReply(Reply):
    """A position that the insurance fund took over: it has no margin and no liquidation."""

    position_id: str
    symbol: str
    side: str
    quantity: str
    entry_price: str
    mark_price: str | None
    pnl: str


def _entry_price(cost_atoms: int, qty_lots: int, spec: InstrumentSpec) -> str:
    return text_from_e8(div_floor(cost_atoms * E8, qty_lots * spec.lot_size_e8))


def unrealized_atoms(position: Position) -> int:
    """The profit of an open position at the mark."""
    return position_profit_atoms(position)


def _margin_ratio(position: Position, pnl_atoms: int) -> str | None:
    """Of an isolated position."""
    market = position.market
    notional_atoms = position.qty_lots * market.mark_ticks * market.k
    needed_e8 = maintenance_e8(notional_atoms, market.rates, market.close_fee_e8)
    return ratio_text(needed_e8, position.margin_atoms + pnl_atoms)


def _cross_account(state: State, position: Position) -> CrossAccount:
    account = state.cross_account(position.market.asset_id, position.account_id)
    assert account is not None
    return account


def position_reply(state: State, position: Position) -> PositionReply:
    """An open position, valued at the mark."""
    market = position.market
    spec = market.spec
    pnl_atoms = unrealized_atoms(position)
    percent_e8 = profit_percent_e8(pnl_atoms, position.initial_margin_atoms)
    if position.key.is_cross:
        account = _cross_account(state, position)
        margin_atoms = position_margin_atoms(position)
        liquidation = liquidation_ticks(account, position)
        ratio = ratio_text(account.maintenance_e8(), account.equity_atoms())
    else:
        margin_atoms, liquidation = position.margin_atoms, position.liquidation_ticks
        ratio = _margin_ratio(position, pnl_atoms)
    return PositionReply(
        str(position.position_id),
        spec.symbol,
        POSITION_SIDE[position.side],
        LEG[position.key.leg],
        MARGIN_MODE[position.key.is_cross],
        "OPEN",
        text_from_e8(position.qty_lots * spec.lot_size_e8),
        _entry_price(position.cost_atoms, position.qty_lots, spec),
        text_from_e8(margin_atoms),
        position.leverage,
        price_text(liquidation, spec),
        price_text(market.mark_ticks, spec),
        text_from_e8(pnl_atoms),
        text_from_e8(percent_e8),
        ratio,
        text_from_e8(position.accrued_atoms),
        price_text(position.stop_loss_ticks, spec),
        price_text(position.take_profit_ticks, spec),
        percent_text_from_e8(position.auto_close_e8) if position.auto_close_e8 else None,
        position_trailing(position),
        position.opened_ns // _NS_PER_MS,
        None,
    )


def fund_position_reply(position: Position) -> FundPositionReply:
    """An open position of the insurance fund, valued at the mark."""
    spec = position.market.spec
    return FundPositionReply(
        str(position.position_id),
        spec.symbol,
        POSITION_SIDE[position.side],
        text_from_e8(position.qty_lots * spec.lot_size_e8),
        _entry_price(position.cost_atoms, position.qty_lots, spec),
        price_text(position.market.mark_ticks, spec),
        text_from_e8(unrealized_atoms(position)),
    )


def closed_position_reply(state: State, record: PositionRecord) -> PositionReply:
    """A closed position: all that was opened, and what it brought, fees included."""
    spec = spec_of(state, record.instrument_id)
    percent_e8 = profit_percent_e8(record.realized_atoms, record.initial_margin_atoms)
    return PositionReply(
        str(record.position_id),
        spec.symbol,
        POSITION_SIDE[record.side],
        LEG[record.leg],
        MARGIN_MODE[record.is_cross],
        _POSITION_STATUS[record.status],
        text_from_e8(record.opened_lots * spec.lot_size_e8),
        _entry_price(record.opened_cost_atoms, record.opened_lots, spec),
        text_from_e8(record.initial_margin_atoms),
        record.leverage,
        None,
        None,
        text_from_e8(record.realized_atoms),
        text_from_e8(percent_e8),
        None,
        "0",
        None,
        None,
        None,
        None,
        record.opened_ns // _NS_PER_MS,
        record.closed_ns // _NS_PER_MS,
    )


def position_now(state: State, record: PositionRecord) -> PositionReply:
    """A position of the history as it is now, open or closed."""
    position = state.positions.get(record.position_id)
    if position is None:
        return closed_position_reply(state, record)
    return position_reply(state, position)
