"""Events of positions and of what they cost, as a trader would be told them."""

from typing import Final

from engine import events
from engine.commands import Side
from engine.events import Event, PositionStatus
from tests.scenarios.decimals import percent
from tests.scenarios.words import (
    Teller,
    money,
    place,
    price,
    size,
    spec_of,
    spec_of_position,
    symbol,
    trader,
    trail,
    word,
)
from tests.scenarios.world import World


def opened(world: World, event: events.PositionOpened) -> str:
    """A new position."""
    spec = spec_of(world, event.instrument_id)
    side = "long" if event.side is Side.BUY else "short"
    return (
        f"{trader(world, event.account_id)} position {event.position_id} opens:"
        f" {side} {size(spec, event.qty_lots)}, cost {money(event.cost_atoms)},"
        f" margin {money(event.margin_atoms)}, {event.leverage}x"
    )


def increased(world: World, event: events.PositionIncreased) -> str:
    """A position that grew."""
    spec = spec_of_position(world, event.position_id)
    return (
        f"{trader(world, event.account_id)} position {event.position_id} grows:"
        f" {size(spec, event.qty_lots)}, cost {money(event.cost_atoms)},"
        f" margin {money(event.margin_atoms)}"
    )


def reduced(world: World, event: events.PositionReduced) -> str:
    """A position that shrank: what is left, and who was paid or paid."""
    spec = spec_of_position(world, event.position_id)
    left = f"left {size(spec, event.qty_lots)}"
    if event.qty_lots:
        left += f", cost {money(event.cost_atoms)}, margin {money(event.margin_atoms)}"
    flows = (
        ("paid", event.paid_atoms),
        ("to insurance", event.liquidation_fee_atoms),
        ("insurance pays", event.insurance_paid_atoms),
        ("house pays", event.house_paid_atoms),
    )
    told_flows = "".join(f", {name} {money(atoms)}" for name, atoms in flows if atoms)
    name = trader(world, event.account_id)
    return f"{name} position {event.position_id} reduced by {word(event.cause)}: {left}{told_flows}"


def closed(world: World, event: events.PositionClosed) -> str:
    """The end of a position."""
    how = "liquidated" if event.status is PositionStatus.LIQUIDATED else "closed"
    gain = money(event.realized_atoms)
    return f"{trader(world, event.account_id)} position {event.position_id} {how}: realized {gain}"


def exits(world: World, event: events.ExitsChanged) -> str:
    """A position's exits."""
    spec = spec_of_position(world, event.position_id)
    auto_close = percent(event.auto_close_e8) if event.auto_close_e8 else "none"
    follows = trail(spec, event.trail_ticks, event.trail_e8)
    return (
        f"{world.name(event.account_id)} position {event.position_id} exits:"
        f" stop loss {price(spec, event.stop_loss_ticks)},"
        f" take profit {price(spec, event.take_profit_ticks)}, auto-close {auto_close}"
        + ("" if follows == "none" else f", trail {follows}")
    )


POSITION_TELLERS: Final[dict[type[Event], Teller]] = {
    events.PositionOpened: opened,
    events.PositionIncreased: increased,
    events.PositionReduced: reduced,
    events.PositionClosed: closed,
    events.MarginAdjusted: lambda w, e: (
        f"{w.name(e.account_id)} position {e.position_id} margin {money(e.margin_atoms)}"
    ),
    events.ExitsChanged: exits,
    events.LeverageChanged: lambda w, e: (
        f"{w.name(e.account_id)} leverage {e.leverage}x in {place(w, e.instrument_id, e.leg)}"
    ),
    events.PositionModeChanged: lambda w, e: (
        f"{w.name(e.account_id)} position mode {word(e.mode)} in {symbol(w, e.instrument_id)}"
    ),
    events.MarginModeChanged: lambda w, e: (
        f"{w.name(e.account_id)} margin mode {word(e.margin_mode)}"
        f" in {place(w, e.instrument_id, e.leg)}"
    ),
    events.AccountLiquidated: lambda w, e: (
        f"{w.name(e.account_id)} is liquidated: equity {money(e.equity_atoms)},"
        f" maintenance {money(e.maintenance_atoms)}"
    ),
    events.DebtSettled: lambda w, e: (
        f"{w.name(e.account_id)} owes nothing more: fees waived {money(e.waived_atoms)},"
        f" insurance pays {money(e.insurance_paid_atoms)}"
    ),
}
