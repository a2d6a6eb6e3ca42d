"""An order as it arrives: what it would do, before anyone decides if it may.  Changes no state."""

from typing import Final, final

from engine.commands import BUY, LIMIT, MARKET
from engine.holds import (
    lots_against,
    opening_lots,
)
from engine.margin import (
    fee_atoms,
    initial_margin_atoms,
)
from engine.market import ASK, BID
from engine.order import Order, execution_rank
from engine.state import State
from engine.units import (
    QTY_LOTS_MAX,
)


@final
class Arrival:
    """One draft on its way up the ladder.

    replaced: the order that the draft would replace (an amend), else None.
    position: the position it would close, or meet in a netting market.
    touch_ticks: ask for a buy, bid for a sell; 0 without a price.
    parent_ticks: limit or trigger price, or the touch: what attached exits are measured from.
    takes: it would fill at once, at the touch.  waits: it waits for a trigger.
    at_ticks: the price it is judged at: the touch if it takes, else its own.
    lots: what it would fill or rest with; 0 while a conditional order is sized by amount.
    opening: of these, the lots that open.  Set by the rung that first needs it.
    """

    __slots__ = (
        "at_ticks",
        "draft",
        "lots",
        "opening",
        "parent_ticks",
        "position",
        "replaced",
        "state",
        "takes",
        "touch_ticks",
        "waits",
    )

    def __init__(self, state: State, draft: Order, replaced: Order | None) -> None:
        self.state: Final = state
        self.draft: Final = draft
        self.replaced: Final = replaced
        self.lots = draft.qty_lots
        self.opening = 0
        self.waits = False
        market = draft.market
        is_buy = draft.side is BUY
        touch_ticks = market.prices[ASK if is_buy else BID]
        own_ticks = touch_ticks
        takes = True
        if draft.order_type is LIMIT:
            own_ticks = draft.price_ticks
            takes = touch_ticks > 0 and (
                own_ticks >= touch_ticks if is_buy else own_ticks <= touch_ticks
            )
        elif draft.order_type is not MARKET:
            own_ticks = draft.trigger_ticks
            takes = False
            self.waits = True
        self.touch_ticks: Final = touch_ticks
        self.parent_ticks: Final = own_ticks
        self.takes = takes
        self.at_ticks = touch_ticks if takes else own_ticks
        self.position = draft.seat.first_position if market.is_netting else None
        if draft.position_id:
            named = state.positions.get(draft.position_id)
            self.position = None if named is None or named.seat is not draft.seat else named


def find_opening_lots(arrival: Arrival) -> None:
    """The lots beyond what only closes: by the position if it takes, else by the walk (HLD-5)."""
    draft = arrival.draft
    arrival.opening = arrival.lots
    if draft.market.is_netting:
        against = lots_against(draft.seat.first_position, draft.side)
        if against and arrival.takes:
            arrival.opening = max(0, arrival.lots - against)
        elif against:
            arrival.opening = _resting_opening_lots(arrival, against)


def _resting_opening_lots(arrival: Arrival, against: int) -> int:
    for order, lots in opening_lots(queue_with_draft(arrival), against):
        if order is arrival.draft:
            return lots
    return 0


def queue_with_draft(arrival: Arrival) -> list[Order]:
    """The resting orders of the draft's side as they would be with it in their midst."""
    draft = arrival.draft
    queue = [order for order in draft.seat.resting(draft.side) if order is not arrival.replaced]
    queue.append(draft)
    queue.sort(key=_rank_as_last)
    return queue


def _rank_as_last(order: Order) -> tuple[int, int]:
    """A draft has no priority yet: it comes after all others at its price."""
    price_rank, priority = execution_rank(order)
    return price_rank, priority or QTY_LOTS_MAX


def position_after(arrival: Arrival) -> tuple[int, int, int, int]:
    """Lots, cost, margin and initial margin once the opening lots have filled."""
    draft = arrival.draft
    market = draft.market
    notional = arrival.opening * arrival.at_ticks * market.k
    margin, initial = opening_margins(arrival, notional)
    held = arrival.position
    if held is None or held.side is not draft.side or not market.is_netting:
        return arrival.opening, notional, margin, initial
    return (
        held.qty_lots + arrival.opening,
        held.cost_atoms + notional,
        held.margin_atoms + margin,
        held.initial_margin_atoms + initial,
    )


def opening_margins(arrival: Arrival, notional: int) -> tuple[int, int]:
    """The margin and M0 that an opening brings; by amount the fee may come out of the margin."""
    draft = arrival.draft
    if not draft.amount_atoms:
        initial = initial_margin_atoms(notional, draft.leverage)
        return initial, initial
    spec = draft.market.spec
    if arrival.takes:
        return amount_margin_atoms(draft, notional, spec.taker_fee_e8, free_atoms(arrival))
    return amount_margin_atoms(draft, notional, spec.maker_fee_e8, draft.amount_atoms)


def amount_margin_atoms(draft: Order, notional: int, rate_e8: int, free: int) -> tuple[int, int]:
    """`amount − fee + u` and the amount, where free pays what it can, u, of the fee (FIL-2)."""
    amount = draft.amount_atoms
    fee = fee_atoms(amount if draft.market.fee_on_margin else notional, rate_e8)
    spare = max(0, free - amount)
    if fee <= spare:
        return amount, amount
    return amount - fee + spare, amount


def free_atoms(arrival: Arrival) -> int:
    """What is free, with a ticket order's own hold given back if it is replaced."""
    draft, replaced = arrival.draft, arrival.replaced
    free = arrival.state.ledger.assets[draft.market.asset_id].free[draft.account_id]
    if replaced is not None and not draft.market.is_netting:
        free += replaced.hold_atoms
    return free
