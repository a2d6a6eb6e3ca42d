"""What the operator sends of a market's settings: JSON to typed requests to commands.

Knows shapes and grids; what makes a market is judged by the engine, in words.
"""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from engine.commands import ChangeInstrument, ListInstrument
from engine.instrument import (
    FeeBasis,
    InstrumentSpec,
    MarginMode,
    MarketStructure,
    PositionMode,
    Remainder,
    RiskTier,
    instrument_fault,
    perpetual_instrument,
    simple_instrument,
)
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.units import INT64_MAX
from gateway.errors import reason_error
from gateway.fields import Request, Text, Whole, decimal_e8, signed_e8

_NS_PER_MS: Final = 1_000_000


class TierRequest(Request):
    """One line of the table of risk tiers."""

    notional_cap: str
    maintenance_rate: str
    leverage_max: Whole


class InstrumentSettings(Request):
    """What may be set on top of a profile, or changed later; as `GET /api/instruments` shows it."""

    quantity_min: Text = UNSET
    quantity_max: Text = UNSET
    notional_min: Text = UNSET
    leverage_max: Whole | UnsetType = UNSET
    tiers: list[TierRequest] | UnsetType = UNSET
    maker_fee: Text = UNSET
    taker_fee: Text = UNSET
    liquidation_fee: Text = UNSET
    market: Literal["QUOTE_DRIVEN", "ORDER_DRIVEN"] | UnsetType = UNSET
    position_mode: Literal["TICKET", "NETTING", "HEDGING"] | UnsetType = UNSET
    margin_mode: Literal["ISOLATED", "CROSS"] | UnsetType = UNSET
    fee_basis: Literal["MARGIN", "NOTIONAL"] | UnsetType = UNSET
    close_fee_reserved: bool | UnsetType = UNSET
    remainder: Literal["TO_USER", "TO_INSURANCE"] | UnsetType = UNSET
    price_band: Text = UNSET
    sanity_band: Text = UNSET
    stale_after_ms: Whole | UnsetType = UNSET
    orders_max: Whole | UnsetType = UNSET
    conditionals_max: Whole | UnsetType = UNSET
    funding_interval_ms: Whole | UnsetType = UNSET
    funding_interest: Text = UNSET
    funding_clamp: Text = UNSET
    funding_cap: Text = UNSET
    impact_notional: Text = UNSET


class ListInstrumentRequest(InstrumentSettings, kw_only=True):
    """`POST /admin/instruments`: a profile, and what differs from it."""

    symbol: str
    profile: Literal["simple", "perpetual"]
    tick_size: str
    lot_size: str
    base: Text = UNSET
    settlement: Text = UNSET


def list_instrument(request: ListInstrumentRequest) -> ListInstrument:
    """The command of a new market.  Raises ApiError 400, or 422 with what is wrong in words."""
    base, _, settlement = request.symbol.partition("/")
    base = base.removesuffix("-PERP")
    base = base if request.base is UNSET else request.base
    settlement = settlement if request.settlement is UNSET else request.settlement
    make = simple_instrument if request.profile == "simple" else perpetual_instrument
    tick_e8 = bounded(decimal_e8(request.tick_size, "tickSize"), "tickSize")
    lot_e8 = bounded(decimal_e8(request.lot_size, "lotSize"), "lotSize")
    spec = make(request.symbol, base, settlement, tick_e8, lot_e8)
    # Users trade with each other only where the operator says so.
    usual: dict[str, object] = {"market": MarketStructure.QUOTE_DRIVEN}
    return ListInstrument(_checked(spec, usual | _changes(request, lot_e8)))


def change_instrument(market: Market, request: InstrumentSettings) -> ChangeInstrument:
    """The command that changes a market's settings.  Raises ApiError 400 or 422."""
    changes = _changes(request, market.spec.lot_size_e8)
    return ChangeInstrument(market.instrument_id, _checked(market.spec, changes))


def _checked(spec: InstrumentSpec, changes: dict[str, object]) -> InstrumentSpec:
    values: dict[str, Any] = {name: getattr(spec, name) for name in InstrumentSpec.__slots__}
    if spec.lot_size_e8 < 1 or spec.tick_size_e8 < 1:
        raise reason_error(RejectReason.BAD_INSTRUMENT, problem="tick and lot must be positive")
    changed = InstrumentSpec(**(values | changes))
    fault = instrument_fault(changed)
    if fault:
        raise reason_error(RejectReason.BAD_INSTRUMENT, problem=fault)
    return changed


def _changes(request: InstrumentSettings, lot_size_e8: int) -> dict[str, object]:
    """What the request sets, by the name of the setting.  Raises ApiError 400 or 422."""
    changes: dict[str, object] = {}
    for name, read in _SETTINGS.items():
        value = getattr(request, name)
        if value is not UNSET:
            field, setting = read(name, value, lot_size_e8)
            changes[field] = setting
    return changes


def _lots(name: str, value: str, lot_size_e8: int) -> tuple[str, int]:
    lots, rest = divmod(decimal_e8(value, name), max(1, lot_size_e8))
    if rest:
        raise reason_error(RejectReason.BAD_INSTRUMENT, problem=f"{name} is off the lot grid")
    return {"quantity_min": "qty_lots_min", "quantity_max": "qty_lots_max"}[name], bounded(
        lots, name
    )


def _e8(name: str, value: str, _lot: int) -> tuple[str, int]:
    return _ATOMS.get(name, f"{name}_e8"), bounded(signed_e8(value, name), name)


def _plain(name: str, value: object, _lot: int) -> tuple[str, object]:
    return name, value


def _ms(name: str, value: int, _lot: int) -> tuple[str, int]:
    return name.removesuffix("_ms") + "_ns", value * _NS_PER_MS


def _tiers(_name: str, value: list[TierRequest], _lot: int) -> tuple[str, tuple[RiskTier, ...]]:
    return "tiers", tuple(
        RiskTier(
            bounded(decimal_e8(tier.notional_cap, "notionalCap"), "notionalCap"),
            bounded(decimal_e8(tier.maintenance_rate, "maintenanceRate"), "maintenanceRate"),
            tier.leverage_max,
        )
        for tier in value
    )


def _enum(name: str, value: str, _lot: int) -> tuple[str, object]:
    return name, _ENUMS[name][value]


def bounded(value: int, name: str) -> int:
    """A number that fits the journal.  Raises ApiError 422."""
    if abs(value) > INT64_MAX:
        raise reason_error(RejectReason.BAD_INSTRUMENT, problem=f"{name} is out of range")
    return value


_ATOMS: Final = {
    "notional_min": "notional_atoms_min",
    "impact_notional": "impact_notional_atoms",
}
_ENUMS: Final[dict[str, Any]] = {
    "market": MarketStructure.__members__,
    "position_mode": PositionMode.__members__,
    "margin_mode": MarginMode.__members__,
    "fee_basis": FeeBasis.__members__,
    "remainder": Remainder.__members__,
}
_SETTINGS: Final[dict[str, Any]] = {
    "quantity_min": _lots,
    "quantity_max": _lots,
    "notional_min": _e8,
    "leverage_max": _plain,
    "tiers": _tiers,
    "maker_fee": _e8,
    "taker_fee": _e8,
    "liquidation_fee": _e8,
    "market": _enum,
    "position_mode": _enum,
    "margin_mode": _enum,
    "fee_basis": _enum,
    "close_fee_reserved": _plain,
    "remainder": _enum,
    "price_band": _e8,
    "sanity_band": _e8,
    "stale_after_ms": _ms,
    "orders_max": _plain,
    "conditionals_max": _plain,
    "funding_interval_ms": _ms,
    "funding_interest": _e8,
    "funding_clamp": _e8,
    "funding_cap": _e8,
    "impact_notional": _e8,
}
assert set(_SETTINGS) == {field.name for field in msgspec.structs.fields(InstrumentSettings)}
