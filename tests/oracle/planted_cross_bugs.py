"""Bugs of cross margin, legs and slices, to be planted in the engine.  Plants nothing itself."""

from collections.abc import Callable
from typing import Any, Final

Wrong = Callable[..., Any]


def nothing(*_: Any) -> None:
    """What should have happened does not."""


def with_profit(right: Wrong) -> Wrong:
    """Profit on paper counts for everything."""
    return lambda state, asset_id, account_id, _: right(state, asset_id, account_id, True)


def twice_as_safe(right: Wrong) -> Wrong:
    """Bands twice as wide as health allows."""
    return lambda account, health_e8: right(account, 2 * health_e8)


def a_lot_more(right: Wrong) -> Wrong:
    """One lot more than is needed."""
    return lambda account, position: min(position.qty_lots, right(account, position) + 1)


# What is wrong, where, and what stands there instead; given the right one.
CROSS_BUGS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "profit on paper leaves": ("engine.transfers.spendable_atoms", with_profit),
    "bands too wide": ("engine.account_check.recentre", twice_as_safe),
    "fees of closings are not waived": ("engine.cross.note_closing_fee", lambda _: nothing),
    "an account loses a lot too many": ("engine.cross_liquidation.lots_to_close", a_lot_more),
    "the orders of a ruined account stay": (
        "engine.cross_liquidation._cancel_orders",
        lambda _: nothing,
    ),
    "an opener fires unchecked": ("engine.firing.check_account", lambda _: nothing),
    "a price of a halted market harms nobody": (
        "engine.firing_queue.FiringQueue.leave_bands",
        lambda _: nothing,
    ),
    "a slice is all of it": (
        "engine.liquidation.slice_lots",
        lambda _: lambda position: position.qty_lots,
    ),
    "both sides of a leg open": (
        "engine.order_shape.opens_leg",
        lambda _: lambda _command: True,
    ),
}
