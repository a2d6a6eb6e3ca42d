"""What became of an order, read off the facts, to be held against its preview.  Knows no rule."""

from tests.oracle.cross_aims import health_edge
from tests.oracle.records import PRICE_TICKS_MAX, Fact, Fields, Position
from tests.oracle.rules import bankruptcy_tick, liquidation_tick
from tests.oracle.venue import Venue


def reason_of(facts: list[Fact]) -> str:
    """Why the order was refused, or NONE.  What was due, or books, may be told beside it."""
    reasons = [str(fields["reason"]) for name, fields in facts if name == "Rejected"]
    return reasons[0] if reasons else "NONE"


def outcome(facts: list[Fact], venue: Venue) -> Fields:
    """What became of an order that took: its fees, and the prices of the position it opened.

    Of one that goes on to wait with a part of it, only whether it was refused.
    """
    came_to: Fields = {"reason": reason_of(facts)}
    if came_to["reason"] != "NONE":
        return came_to
    accepted = next(fields for name, fields in facts if name == "OrderAccepted")
    order_id, account_id = accepted["order_id"], accepted["account_id"]
    fills = [fields for name, fields in facts if name == "OrderFilled"]
    own = [fields for fields in fills if fields["order_id"] == order_id]
    ended = [fields["cause"] for name, fields in facts if is_end_of(name, fields, order_id)]
    filled = sum(fields["qty_lots"] for fields in own)
    whole = filled == accepted["qty_lots"] or accepted["amount_atoms"] > 0
    waited = any(fields["liquidity"] == "MAKER" for fields in own)
    if not own or waited or not (whole or ended == ["UNFILLED"]):
        return came_to
    came_to["fee_atoms"] = sum(fields["fee_atoms"] for fields in own)
    opened = any(
        name in ("PositionOpened", "PositionIncreased") and fields["account_id"] == account_id
        for name, fields in facts
    )
    position = venue.state.positions.get(own[-1]["position_id"])
    accounts = [fields for fields in fills if fields["account_id"] == account_id]
    if opened and position is not None and accounts == own:
        came_to |= prices_of(venue, position)
    return came_to


def prices_of(venue: Venue, position: Position) -> Fields:
    """Where a position, or the account that stands for it, ends."""
    market = venue.state.markets[position.instrument_id]
    if venue.state.is_cross(position):
        # The account ends there, if no other mark moves.
        falls, far = position.side == "BUY", PRICE_TICKS_MAX
        ticks = health_edge(venue.state, position.account_id, market, falls, far)
        return {"liquidation_ticks": ticks, "bankruptcy_ticks": 0}
    return {
        "liquidation_ticks": liquidation_tick(position, market.k, market.spec),
        "bankruptcy_ticks": max(0, bankruptcy_tick(position, market.k)),
    }


def is_end_of(name: str, fields: Fields, order_id: int) -> bool:
    """Whether an event ends an order without a fill."""
    return name == "OrderCancelled" and bool(fields["order_id"] == order_id)
