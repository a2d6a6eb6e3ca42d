"""Rows: the one place that fixes field order on disk.  Knows shapes; knows nothing of meaning.

A command is written as the msgpack array `[kind, time_ns, field, …]`, an event as
`[kind, field, …]`, in the order of the tables below.  Kinds and positions are part of the journal
format: append, never reorder.  Enums are written as their integers.
"""

from collections.abc import Iterable
from enum import IntEnum
from operator import attrgetter
from typing import Any, Final, final

import msgspec

from engine import commands, events
from engine.commands import (
    BatchedCommand,
    Command,
    Leg,
    OrderType,
    PriceSource,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from engine.events import CancelCause, CloseCause, Event, Liquidity, PositionStatus
from engine.instrument import (
    FeeBasis,
    InstrumentSpec,
    InstrumentStatus,
    MarginMode,
    MarketStructure,
    PositionMode,
    Remainder,
    RiskTier,
)
from engine.reject_reason import RejectReason

Row = tuple[Any, ...]

# Which enum a field of this name holds, wherever it appears.
ENUM_FIELDS: Final[dict[str, type[IntEnum]]] = {
    "side": Side,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "trigger_source": PriceSource,
    "self_trade_prevention": SelfTradePrevention,
    "leg": Leg,
    "mode": PositionMode,
    "status": InstrumentStatus,
    "reason": RejectReason,
    "liquidity": Liquidity,
    "market": MarketStructure,
    "position_mode": PositionMode,
    "margin_mode": MarginMode,
    "fee_basis": FeeBasis,
    "remainder": Remainder,
}


@final
class Shape:
    """One class and its row: the kind, the fields in order, and which of them are enums.

    added: how many of the last fields came later; rows from before lack them, and the class has
        the values that then apply.
    """

    __slots__ = ("added", "enums", "fields", "kind", "read", "record_class")

    def __init__(
        self,
        kind: int,
        record_class: Any,
        fields: str,
        added: int = 0,
        **enums: type[IntEnum],
    ) -> None:
        self.added: Final = added
        self.kind: Final = kind
        self.record_class: Final = record_class
        self.fields: Final[tuple[str, ...]] = tuple(fields.split())
        self.enums: Final = [
            (place, members(enum))
            for place, name in enumerate(self.fields)
            if (enum := enums.get(name) or ENUM_FIELDS.get(name)) is not None
        ]
        self.read: Final = _reader(self.fields)

    def build(self, values: list[Any]) -> Any:
        """The object of a row's values.  Raises ValueError if they do not fit."""
        if not len(self.fields) - self.added <= len(values) <= len(self.fields):
            raise ValueError(f"{self.record_class.__name__} has {len(self.fields)} fields")
        for place, by_value in self.enums:
            if place >= len(values):
                break
            member = by_value.get(values[place])
            if member is None:
                raise ValueError(f"{self.fields[place]} cannot be {values[place]!r}")
            values[place] = member
        return self.record_class(*values)


def members(enum: type[IntEnum]) -> dict[int, IntEnum]:
    """Each value's member; a table look-up costs a third of calling the enum."""
    return {int(member): member for member in enum}


def _reader(fields: tuple[str, ...]) -> Any:
    """A function from an object to the tuple of the fields."""
    if len(fields) == 0:
        return lambda _record: ()
    if len(fields) == 1:
        read_one = attrgetter(fields[0])
        return lambda record: (read_one(record),)
    return attrgetter(*fields)


INSTRUMENT_SHAPE: Final = Shape(
    0,
    InstrumentSpec,
    "symbol base settlement tick_size_e8 lot_size_e8 qty_lots_min qty_lots_max notional_atoms_min"
    " leverage_max tiers maker_fee_e8 taker_fee_e8 liquidation_fee_e8 market position_mode"
    " margin_mode fee_basis close_fee_reserved remainder price_band_e8 sanity_band_e8"
    " stale_after_ns orders_max conditionals_max funding_interval_ns funding_interest_e8"
    " funding_clamp_e8 funding_cap_e8 impact_notional_atoms",
    6,
)
INSTRUMENT_FIELDS: Final = INSTRUMENT_SHAPE.fields
TIERS_PLACE: Final = INSTRUMENT_FIELDS.index("tiers")

COMMAND_SHAPES: Final = (
    Shape(1, commands.OpenAccount, "user_id"),
    Shape(2, commands.IssueToken, "account_id token_hash scopes"),
    Shape(3, commands.RevokeToken, "token_hash"),
    Shape(4, commands.Deposit, "account_id asset amount_atoms transfer_id"),
    Shape(5, commands.Withdraw, "account_id asset amount_atoms transfer_id"),
    Shape(6, commands.FundInsurance, "asset amount_atoms transfer_id"),
    Shape(7, commands.ListInstrument, "spec"),
    Shape(8, commands.ChangeInstrument, "instrument_id spec"),
    Shape(9, commands.SetInstrumentStatus, "instrument_id status"),
    Shape(
        10,
        commands.UpdatePrice,
        "instrument_id source source_sequence by_operator bid_ticks ask_ticks last_ticks"
        " mark_ticks index_ticks",
    ),
    Shape(
        11,
        commands.PlaceOrder,
        "account_id instrument_id side order_type time_in_force qty_lots amount_atoms price_ticks"
        " trigger_ticks trigger_source leverage reduce_only post_only position_id stop_loss_ticks"
        " take_profit_ticks auto_close_e8 expire_ns client_order_id digest display_lots"
        " close_position self_trade_prevention oco_group leg trail_ticks trail_e8",
        7,
    ),
    Shape(12, commands.CancelOrder, "account_id order_id client_order_id"),
    Shape(13, commands.CancelOrders, "account_id instrument_id on_disconnect", 1),
    Shape(
        14,
        commands.AmendOrder,
        "account_id order_id client_order_id price_ticks trigger_ticks qty_lots amount_atoms",
    ),
    Shape(
        15,
        commands.SetPositionExits,
        "account_id position_id stop_loss_ticks take_profit_ticks auto_close_e8 trigger_source"
        " trail_ticks trail_e8",
        2,
    ),
    Shape(16, commands.AdjustMargin, "account_id position_id amount_atoms"),
    Shape(17, commands.SetLeverage, "account_id instrument_id leverage leg", 1),
    Shape(18, commands.AdvanceTime, ""),
    Shape(19, commands.SubmitBatch, "account_id items"),
    Shape(20, commands.CancelAfter, "account_id timeout_ns"),
    Shape(21, commands.SetPositionMode, "account_id instrument_id mode"),
    Shape(22, commands.SetMarginMode, "account_id instrument_id leg margin_mode"),
    Shape(23, commands.SamplePremium, "instrument_id"),
    Shape(24, commands.SetFeeTier, "instrument_id tier maker_fee_e8 taker_fee_e8"),
    Shape(25, commands.AssignFeeTier, "account_id tier"),
)

EVENT_SHAPES: Final = (
    Shape(1, events.Rejected, "account_id reason"),
    Shape(2, events.RequestRepeated, "account_id order_id reason"),
    Shape(3, events.AccountOpened, "account_id user_id"),
    Shape(4, events.TokenIssued, "account_id token_hash scopes"),
    Shape(5, events.TokenRevoked, "account_id token_hash"),
    Shape(6, events.Deposited, "account_id asset_id amount_atoms"),
    Shape(7, events.Withdrawn, "account_id asset_id amount_atoms"),
    Shape(8, events.TransferRepeated, "account_id transfer_id"),
    Shape(9, events.InsuranceFunded, "asset_id amount_atoms"),
    Shape(10, events.InstrumentListed, "instrument_id symbol"),
    Shape(11, events.InstrumentChanged, "instrument_id"),
    Shape(12, events.StatusChanged, "instrument_id status"),
    Shape(
        13,
        events.PriceAccepted,
        "instrument_id bid_ticks ask_ticks last_ticks mark_ticks index_ticks",
    ),
    Shape(14, events.PriceRefused, "instrument_id reason candidates"),
    Shape(15, events.TimeAdvanced, "time_ns"),
    Shape(
        16,
        events.OrderAccepted,
        "order_id account_id instrument_id side order_type price_ticks trigger_ticks qty_lots"
        " amount_atoms leverage",
    ),
    Shape(17, events.OrderTriggered, "order_id account_id"),
    Shape(
        18,
        events.OrderAmended,
        "order_id account_id price_ticks trigger_ticks qty_lots amount_atoms",
    ),
    Shape(19, events.OrderCancelled, "order_id account_id cause reason", cause=CancelCause),
    Shape(20, events.OrderExpired, "order_id account_id"),
    Shape(
        21,
        events.OrderFilled,
        "fill_id order_id account_id instrument_id position_id side qty_lots price_ticks"
        " fee_atoms realized_atoms liquidity",
    ),
    Shape(
        22,
        events.PositionOpened,
        "position_id account_id instrument_id side qty_lots cost_atoms margin_atoms leverage",
    ),
    Shape(
        23,
        events.PositionIncreased,
        "position_id account_id qty_lots cost_atoms margin_atoms",
    ),
    Shape(
        24,
        events.PositionReduced,
        "position_id account_id qty_lots cost_atoms margin_atoms paid_atoms"
        " liquidation_fee_atoms insurance_paid_atoms house_paid_atoms cause",
        cause=CloseCause,
    ),
    Shape(
        25,
        events.PositionClosed,
        "position_id account_id status realized_atoms",
        status=PositionStatus,
    ),
    Shape(26, events.MarginAdjusted, "position_id account_id margin_atoms"),
    Shape(
        27,
        events.ExitsChanged,
        "position_id account_id stop_loss_ticks take_profit_ticks auto_close_e8 trail_ticks"
        " trail_e8",
    ),
    Shape(28, events.LeverageChanged, "account_id instrument_id leverage leg"),
    Shape(29, events.Traded, "instrument_id trade_id price_ticks qty_lots side"),
    Shape(30, events.BookChanged, "instrument_id side price_ticks qty_lots"),
    Shape(31, events.BatchItem, "account_id place"),
    Shape(32, events.CancelAfterSet, "account_id due_ns"),
    Shape(33, events.CancelAfterFired, "account_id"),
    Shape(34, events.PositionModeChanged, "account_id instrument_id mode"),
    Shape(35, events.MarginModeChanged, "account_id instrument_id leg margin_mode"),
    Shape(36, events.AccountLiquidated, "account_id asset_id equity_atoms maintenance_atoms"),
    Shape(37, events.DebtSettled, "account_id asset_id waived_atoms insurance_paid_atoms"),
    Shape(38, events.PremiumSampled, "instrument_id premium_e8"),
    Shape(39, events.FundingSettled, "instrument_id stamp_ns rate_e8 mark_ticks"),
    Shape(40, events.FundingPaid, "position_id account_id amount_atoms accrued_atoms margin_atoms"),
    Shape(41, events.TrailingActivated, "order_id account_id extreme_ticks"),
    Shape(42, events.FeeTierChanged, "instrument_id tier maker_fee_e8 taker_fee_e8"),
    Shape(43, events.FeeTierAssigned, "account_id tier"),
    Shape(
        44,
        events.LiquidationStep,
        "position_id account_id mark_ticks equity_atoms maintenance_atoms qty_lots"
        " bankruptcy_ticks",
    ),
)

COMMAND_OF_KIND: Final = {shape.kind: shape for shape in COMMAND_SHAPES}
EVENT_OF_KIND: Final = {shape.kind: shape for shape in EVENT_SHAPES}
SHAPE_OF_COMMAND: Final = {shape.record_class: shape for shape in COMMAND_SHAPES}
SHAPE_OF_EVENT: Final = {shape.record_class: shape for shape in EVENT_SHAPES}
# The hot path: the kind and the reader of an event, in one look-up.
_EVENT_READERS: Final = {shape.record_class: ((shape.kind,), shape.read) for shape in EVENT_SHAPES}
_SPEC_PLACES: Final = {7: 0, 8: 1}  # where ListInstrument and ChangeInstrument carry a spec
_BATCH_KIND: Final = 19
_BATCHED_KINDS: Final = (11, 12, 14)

_encoder: Final = msgspec.msgpack.Encoder()


def instrument_row(spec: InstrumentSpec) -> Row:
    """The settings as a flat tuple; tiers as a tuple of (cap, maintenance, leverage)."""
    row = list(INSTRUMENT_SHAPE.read(spec))
    row[TIERS_PLACE] = tuple(
        (tier.cap_atoms, tier.maintenance_e8, tier.leverage_max) for tier in spec.tiers
    )
    return tuple(row)


def instrument_from_row(row: Iterable[Any]) -> InstrumentSpec:
    """The settings of a row.  Raises ValueError if it does not fit."""
    values = list(row)
    if len(values) > TIERS_PLACE:
        values[TIERS_PLACE] = tuple(RiskTier(*tier) for tier in values[TIERS_PLACE])
    spec = INSTRUMENT_SHAPE.build(values)
    assert isinstance(spec, InstrumentSpec)
    return spec


def command_row(time_ns: int, command: Command) -> Row:
    """The command with its time as one flat tuple."""
    shape = SHAPE_OF_COMMAND[type(command)]
    values: Row = shape.read(command)
    spec_place = _SPEC_PLACES.get(shape.kind)
    if spec_place is not None:
        values = (*values[:spec_place], instrument_row(values[spec_place]))
    elif shape.kind == _BATCH_KIND:
        values = (values[0], tuple(_batched_row(item) for item in values[1]))
    return (shape.kind, time_ns, *values)


def _batched_row(item: BatchedCommand) -> Row:
    shape = SHAPE_OF_COMMAND[type(item)]
    row: Row = (shape.kind, *shape.read(item))
    return row


def _batched_from_row(row: Row) -> BatchedCommand:
    if row[0] not in _BATCHED_KINDS:
        raise ValueError(f"no part of a batch has the shape of {row!r:.80}")
    item: BatchedCommand = COMMAND_OF_KIND[row[0]].build(list(row[1:]))
    return item


def pack_command(time_ns: int, command: Command) -> bytes:
    """The journal record of a command: one msgpack array."""
    return _encoder.encode(command_row(time_ns, command))


def command_from_row(row: Row) -> tuple[int, Command]:
    """The time and the command of a journal record.  Raises ValueError if it is none."""
    if len(row) < 2 or row[0] not in COMMAND_OF_KIND:
        raise ValueError(f"no command has the shape of {row!r:.80}")
    shape = COMMAND_OF_KIND[row[0]]
    values = list(row[2:])
    spec_place = _SPEC_PLACES.get(shape.kind)
    if spec_place is not None and len(values) > spec_place:
        values[spec_place] = instrument_from_row(values[spec_place])
    elif shape.kind == _BATCH_KIND and len(values) == len(shape.fields):
        values[1] = tuple(_batched_from_row(item) for item in values[1])
    command: Command = shape.build(values)
    return row[1], command


def event_row(event: Event) -> Row:
    """The event as one flat tuple."""
    kind, read = _EVENT_READERS[type(event)]
    row: Row = kind + read(event)
    return row


def event_from_row(row: Row) -> Event:
    """The event of a row.  Raises ValueError if it is none."""
    if len(row) < 1 or row[0] not in EVENT_OF_KIND:
        raise ValueError(f"no event has the shape of {row!r:.80}")
    event: Event = EVENT_OF_KIND[row[0]].build(list(row[1:]))
    return event


def pack_events(command_events: list[Event]) -> bytes:
    """What extends the event chain: the rows of one command's events, in order."""
    readers = _EVENT_READERS
    rows = []
    for event in command_events:
        kind, read = readers[type(event)]
        rows.append(kind + read(event))
    return _encoder.encode(rows)


def pack_rows(rows: list[Row]) -> bytes:
    """Rows of a snapshot section as one msgpack array."""
    return _encoder.encode(rows)


def event_fields(event: Event) -> dict[str, Any]:
    """The event's name and its fields by name, for logs and tests."""
    shape = SHAPE_OF_EVENT[type(event)]
    return {
        "event": type(event).__name__,
        **dict(zip(shape.fields, shape.read(event), strict=True)),
    }


def command_fields(command: Command) -> dict[str, Any]:
    """The command's name and its fields by name, for logs and tests."""
    shape = SHAPE_OF_COMMAND[type(command)]
    return {
        "command": type(command).__name__,
        **dict(zip(shape.fields, shape.read(command), strict=True)),
    }
