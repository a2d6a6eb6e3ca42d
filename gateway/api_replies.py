"""What clients get: state and history to the shapes of the API.  Knows shapes; changes nothing.

Money, prices and quantities are decimal strings, ids strings, times milliseconds.  Every reply
carries the sequence that it is true at; derived prices are floored to 10^-8 for display only.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from engine.commands import Leg, OrderType, PlaceOrder, SelfTradePrevention, TimeInForce
from engine.cross import CrossAccount, position_margin_atoms, position_profit_atoms
from engine.events import Liquidity, PositionStatus
from engine.instrument import InstrumentSpec, MarginMode
from engine.margin import maintenance_e8, profit_percent_e8
from engine.market import Market
from engine.position import Position
from engine.preview import preview_order
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import E8, div_floor
from gateway.cross_figures import liquidation_ticks, ratio_text
from gateway.decimals import percent_text_from_e8, text_from_e8
from gateway.errors import ApiError, Detail
from gateway.history_records import FillRecord, OrderRecord, PositionRecord

_NS_PER_MS: Final = 1_000_000
_SIDE: Final = ("", "BUY", "SELL")
POSITION_SIDE: Final = ("", "LONG", "SHORT")
_MARGIN_MODE: Final = (MarginMode.ISOLATED.name, MarginMode.CROSS.name)
_LEG: Final = (None, *(leg.name for leg in Leg if leg))
_ORDER_TYPE: Final = ("", *(kind.name for kind in OrderType))
_TIME_IN_FORCE: Final = ("", *(kind.name for kind in TimeInForce))
_SELF_TRADE_PREVENTION: Final = ("", *(kind.name for kind in SelfTradePrevention))
_LIQUIDITY: Final = ("", *(kind.name for kind in Liquidity))
_POSITION_STATUS: Final = ("", *(kind.name for kind in PositionStatus))
assert [int(kind) for kind in OrderType] == list(range(1, len(_ORDER_TYPE)))

_encoder: Final = msgspec.json.Encoder()
encode: Final = _encoder.encode


class Reply(msgspec.Struct, rename="camel", gc=False):
    """Base of all replies."""


class OrderReply(Reply):
    """An order, true at `sequence`, the last command that changed it.

    quantity: with what has filled.  average_price: of its fills, floored to eight decimals.
    position_side: its leg; null unless the account hedges there.
    """

    order_id: str | None
    client_order_id: str | None
    symbol: str
    side: str
    order_type: str
    status: str
    reason: str | None
    price: str | None
    trigger_price: str | None
    amount: str | None
    quantity: str | None
    filled_quantity: str
    average_price: str | None
    leverage: int | None
    time_in_force: str
    reduce_only: bool
    post_only: bool
    position_id: str | None
    display_quantity: str | None
    close_position: bool
    self_trade_prevention: str
    oco_group: str | None
    position_side: str | None
    margin_mode: str
    created_at: int
    updated_at: int
    filled_at: int | None
    sequence: int


class FillReply(Reply):
    """A fill, the seed's trade."""

    fill_id: str
    order_id: str | None
    position_id: str
    symbol: str
    side: str
    price: str
    quantity: str
    fee: str
    liquidity: str
    realized_pnl: str
    sequence: int
    time: int


class PositionReply(Reply):
    """A position: valued at the mark while open, at what it brought once closed.

    position_side: its leg; null unless the account hedges there.
    margin: isolated: its own; cross: its initial margin at the mark, which the account reserves;
        closed: all initial margin it had.
    liquidation_price: isolated: the mark at which it is liquidated.  Cross: the mark at which the
        account is, if all other marks and its money stay: it moves with them.  null: no such mark.
    margin_ratio: maintenance over equity, as a share of 1 floored to eight digits, null without
        equity: its own, or for cross the account's.  It is liquidated at 1.
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


class PreviewReply(Reply):
    """What an order would come to; `reason` says why it would be refused.

    liquidation_price: as a position's.  bankruptcy_price: null in cross margin.
    """

    accepted: bool
    reason: str | None
    takes: bool
    symbol: str
    price: str | None
    quantity: str
    margin: str
    fee: str
    liquidation_price: str | None
    bankruptcy_price: str | None
    sequence: int


class ItemErrorReply(Reply):
    """The refusal of one item of a batch."""

    error: str
    code: str
    details: dict[str, Detail]


class ErrorReply(Reply):
    """A refusal."""

    error: str
    code: str
    details: dict[str, Detail]
    request_id: str


def _id(number: int) -> str | None:
    return str(number) if number else None


def _price(ticks: int, spec: InstrumentSpec) -> str | None:
    return text_from_e8(ticks * spec.tick_size_e8) if ticks else None


def _ms(time_ns: int) -> int:
    return time_ns // _NS_PER_MS


def _ms_or_none(time_ns: int) -> int | None:
    return time_ns // _NS_PER_MS if time_ns else None


def spec_of(state: State, instrument_id: int) -> InstrumentSpec:
    """The settings of an instrument that some record names."""
    market = state.markets[instrument_id]
    assert market is not None
    return market.spec


def order_reply(state: State, record: OrderRecord) -> OrderReply:
    """An order as it is now."""
    spec = spec_of(state, record.instrument_id)
    tick_e8, lot_e8 = spec.tick_size_e8, spec.lot_size_e8
    filled_lots = record.filled_lots
    average = None
    if filled_lots:
        average = text_from_e8(div_floor(record.filled_value * tick_e8, filled_lots))
    return OrderReply(
        _id(record.order_id),
        record.client_order_id or None,
        spec.symbol,
        _SIDE[record.side],
        _ORDER_TYPE[record.order_type],
        record.status,
        record.reason or None,
        text_from_e8(record.price_ticks * tick_e8) if record.price_ticks else None,
        text_from_e8(record.trigger_ticks * tick_e8) if record.trigger_ticks else None,
        text_from_e8(record.amount_atoms) if record.amount_atoms else None,
        text_from_e8(record.qty_lots * lot_e8) if record.qty_lots else None,
        text_from_e8(filled_lots * lot_e8),
        average,
        record.leverage or None,
        _TIME_IN_FORCE[record.time_in_force],
        record.reduce_only,
        record.post_only,
        _id(record.position_id),
        text_from_e8(record.display_lots * lot_e8) if record.display_lots else None,
        record.close_position,
        _SELF_TRADE_PREVENTION[record.self_trade_prevention],
        record.oco_group or None,
        _LEG[record.leg],
        _MARGIN_MODE[record.is_cross],
        record.created_ns // _NS_PER_MS,
        record.updated_ns // _NS_PER_MS,
        _ms_or_none(record.filled_ns),
        record.sequence,
    )


def fill_reply(state: State, fill: FillRecord) -> FillReply:
    """A fill."""
    spec = spec_of(state, fill.instrument_id)
    return FillReply(
        str(fill.fill_id),
        _id(fill.order_id),
        str(fill.position_id),
        spec.symbol,
        _SIDE[fill.side],
        text_from_e8(fill.price_ticks * spec.tick_size_e8),
        text_from_e8(fill.qty_lots * spec.lot_size_e8),
        text_from_e8(fill.fee_atoms),
        _LIQUIDITY[fill.liquidity],
        text_from_e8(fill.realized_atoms),
        fill.sequence,
        _ms(fill.time_ns),
    )


def _entry_price(cost_atoms: int, qty_lots: int, spec: InstrumentSpec) -> str:
    return text_from_e8(div_floor(cost_atoms * E8, qty_lots * spec.lot_size_e8))


def preview_reply(state: State, command: PlaceOrder) -> PreviewReply:
    """What the order would come to now."""
    preview = preview_order(state, command)
    spec = spec_of(state, command.instrument_id)
    accepted = preview.reason is RejectReason.NONE
    return PreviewReply(
        accepted,
        None if accepted else preview.reason.name,
        preview.takes,
        spec.symbol,
        _price(preview.price_ticks, spec),
        text_from_e8(preview.qty_lots * spec.lot_size_e8),
        text_from_e8(preview.margin_atoms),
        text_from_e8(preview.fee_atoms),
        _price(preview.liquidation_ticks, spec),
        _price(preview.bankruptcy_ticks, spec),
        state.sequence,
    )


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
        _LEG[position.key.leg],
        _MARGIN_MODE[position.key.is_cross],
        "OPEN",
        text_from_e8(position.qty_lots * spec.lot_size_e8),
        _entry_price(position.cost_atoms, position.qty_lots, spec),
        text_from_e8(margin_atoms),
        position.leverage,
        _price(liquidation, spec),
        _price(market.mark_ticks, spec),
        text_from_e8(pnl_atoms),
        text_from_e8(percent_e8),
        ratio,
        text_from_e8(position.accrued_atoms),
        _price(position.stop_loss_ticks, spec),
        _price(position.take_profit_ticks, spec),
        percent_text_from_e8(position.auto_close_e8) if position.auto_close_e8 else None,
        _ms(position.opened_ns),
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
        _price(position.market.mark_ticks, spec),
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
        _LEG[record.leg],
        _MARGIN_MODE[record.is_cross],
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
        _ms(record.opened_ns),
        _ms(record.closed_ns),
    )


def position_now(state: State, record: PositionRecord) -> PositionReply:
    """A position of the history as it is now, open or closed."""
    position = state.positions.get(record.position_id)
    if position is None:
        return closed_position_reply(state, record)
    return position_reply(state, position)


def markets(state: State) -> Iterable[Market]:
    """All markets, by instrument id."""
    return (market for market in state.markets if market is not None)


def item_error_reply(error: ApiError) -> ItemErrorReply:
    """What stands for a refused item of a batch."""
    return ItemErrorReply(error.words, error.code, error.details)


def error_reply(error: ApiError, request_id: str) -> ErrorReply:
    """A refusal's body."""
    return ErrorReply(error.words, error.code, error.details, request_id)
