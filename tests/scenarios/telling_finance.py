"""Events of funding, fee tiers, trailing stops and liquidation steps, as a trader is told them."""

from typing import Final

from engine import events
from engine.events import Event
from tests.scenarios.decimals import percent
from tests.scenarios.words import (
    Teller,
    money,
    price,
    size,
    spec_of,
    spec_of_order,
    spec_of_position,
    symbol,
    trader,
)
from tests.scenarios.world import World


def settled(world: World, event: events.FundingSettled) -> str:
    """A funding stamp: its rate, and the mark it was paid at."""
    spec = spec_of(world, event.instrument_id)
    at = f"at mark {price(spec, event.mark_ticks)}" if event.mark_ticks else "nobody pays"
    return f"funding of {spec.symbol}: {percent(event.rate_e8)}, {at}"


def paid(world: World, event: events.FundingPaid) -> str:
    """A payment; the margin of an isolated position after it, and what that could not pay."""
    verb = "receives" if event.amount_atoms < 0 else "pays"
    margin = f", margin {money(event.margin_atoms)}" if event.margin_atoms else ""
    owed = f", owes {money(event.accrued_atoms)}" if event.accrued_atoms else ""
    name = trader(world, event.account_id)
    amount = money(abs(event.amount_atoms))
    return f"{name} position {event.position_id} {verb} funding {amount}{margin}{owed}"


def step(world: World, event: events.LiquidationStep) -> str:
    """Why lots are about to be closed, and at which price at worst."""
    spec = spec_of_position(world, event.position_id)
    worst = f", at worst {price(spec, event.bankruptcy_ticks)}" if event.bankruptcy_ticks else ""
    return (
        f"{trader(world, event.account_id)} position {event.position_id} must close"
        f" {size(spec, event.qty_lots)} at mark {price(spec, event.mark_ticks)}{worst}:"
        f" equity {money(event.equity_atoms)}, maintenance {money(event.maintenance_atoms)}"
    )


def activated(world: World, event: events.TrailingActivated) -> str:
    """A trailing stop begins to follow."""
    extreme = price(spec_of_order(world, event.order_id), event.extreme_ticks)
    return f"{world.name(event.account_id)} order {event.order_id} follows from {extreme}"


FINANCE_TELLERS: Final[dict[type[Event], Teller]] = {
    events.PremiumSampled: lambda w, e: (
        f"premium of {symbol(w, e.instrument_id)}: {percent(e.premium_e8)}"
    ),
    events.FundingSettled: settled,
    events.FundingPaid: paid,
    events.TrailingActivated: activated,
    events.FeeTierChanged: lambda w, e: (
        f"fee tier {e.tier} in {symbol(w, e.instrument_id)}:"
        f" maker {percent(e.maker_fee_e8)}, taker {percent(e.taker_fee_e8)}"
    ),
    events.FeeTierAssigned: lambda w, e: f"{w.name(e.account_id)} has fee tier {e.tier}",
    events.LiquidationStep: step,
}
