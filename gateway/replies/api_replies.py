"""What clients get: state and history to the shapes of the API.  Knows shapes; changes nothing.

Money, prices and quantities are decimal strings, ids strings, times milliseconds.  Every reply
carries the sequence that it is true at; derived prices are floored to 10^-8 for display only.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from engine.commands import Leg, OrderType, SelfTradePrevention, TimeInForce
from engine.events import Liquidity
from engine.instrument import InstrumentSpec, MarginMode
from engine.market import Market
from engine.state import State
from engine.units import div_floor
from gateway.decimals import text_from_e8
from gateway.errors import ApiError, Detail
from gateway.history.records import FillRecord, OrderRecord

_NS_PER_MS: Final = 1_000_000
_SIDE: Final = ("", "BUY", "SELL")
POSITION_SIDE: Final = ("", "LONG", "SHORT")
MARGIN_MODE: Final = (MarginMode.ISOLATED.name, MarginMode.CROSS.name)
LEG: Final = (None, *(leg.name for leg in Leg if leg))
_ORDER_TYPE: Final = ("", *(kind.name for kind in OrderType))
_TIME_IN_FORCE: Final = ("", *(kind.name for kind in TimeInForce))
_SELF_TRADE_PREVENTION: Final = ("", *(kind.name for kind in SelfTradePrevention))
_LIQUIDITY: Final = ("", *(kind.name for kind in Liquidity))
assert [int(kind) for kind in OrderType] == list(range(1, len(_ORDER_TYPE)))

_encoder: Final = msgspec.json.Encoder()
encode: Final = _encoder.encode


class Reply(msgspec.Struct, rename="camel", gc=False):
    """Base of all replies."""


class TrailingReply(Reply):
    """How a trailing stop follows: a distance, a share of the extreme, or both, whichever is
    nearer; where it stands now is in `GET /api/trailing-stops`.

    activated_price: of one that waited for an activation price: the price that came; else null.
    """

    distance: str | None
    rate: str | None
    activated_price: str | None


class OrderReply(Reply):
    """An order, true at `sequence`, the last command that changed it.

    quantity: with what has filled.  average_price: of its fills, floored to eight decimals.
    position_side: its leg; null unless the account hedges there.
    trigger_price: of a trailing stop what activates it.  trailing: its own, or attached to what it
        opens.
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
    trailing: TrailingReply | None
    created_at: int
    updated_at: int
    filled_at: int | None
    sequence: int


class FillReply(Reply):
    """A fill: one order's half of a trade."""

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


def price_text(ticks: int, spec: InstrumentSpec) -> str | None:
    """A price, null for 0."""
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


def trailing_reply(spec: InstrumentSpec, record: OrderRecord) -> TrailingReply | None:
    """How an order trails, null if it does not."""
    if not (record.trail_ticks or record.trail_e8):
        return None
    return TrailingReply(
        price_text(record.trail_ticks, spec),
        text_from_e8(record.trail_e8) if record.trail_e8 else None,
        price_text(record.activated_ticks, spec),
    )


def average_price_text(value: int, lots: int, spec: InstrumentSpec) -> str | None:
    """`value / lots`, value Σ lots × ticks, floored to eight decimals; None without lots."""
    if lots == 0:
        return None
    return text_from_e8(div_floor(value * spec.tick_size_e8, lots))


def order_reply(state: State, record: OrderRecord) -> OrderReply:
    """An order as it is now."""
    spec = spec_of(state, record.instrument_id)
    lot_e8, filled_lots = spec.lot_size_e8, record.filled_lots
    return OrderReply(
        _id(record.order_id),
        record.client_order_id or None,
        spec.symbol,
        _SIDE[record.side],
        _ORDER_TYPE[record.order_type],
        record.status,
        record.reason or None,
        price_text(record.price_ticks, spec),
        price_text(record.trigger_ticks, spec),
        text_from_e8(record.amount_atoms) if record.amount_atoms else None,
        text_from_e8(record.qty_lots * lot_e8) if record.qty_lots else None,
        text_from_e8(filled_lots * lot_e8),
        average_price_text(record.filled_value, filled_lots, spec),
        record.leverage or None,
        _TIME_IN_FORCE[record.time_in_force],
        record.reduce_only,
        record.post_only,
        _id(record.position_id),
        text_from_e8(record.display_lots * lot_e8) if record.display_lots else None,
        record.close_position,
        _SELF_TRADE_PREVENTION[record.self_trade_prevention],
        record.oco_group or None,
        LEG[record.leg],
        MARGIN_MODE[record.is_cross],
        trailing_reply(spec, record),
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


def markets(state: State) -> Iterable[Market]:
    """All markets, by instrument id."""
    return (market for market in state.markets if market is not None)


def item_error_reply(error: ApiError) -> ItemErrorReply:
    """What stands for a refused item of a batch."""
    return ItemErrorReply(error.words, error.code, error.details)


def error_reply(error: ApiError, request_id: str) -> ErrorReply:
    """A refusal's body."""
    return ErrorReply(error.words, error.code, error.details, request_id)
