"""An order as it arrives: what it would do, before anyone decides if it may.  Changes no state."""

from typing import Final, final

from engine.commands import (
    BUY,
    LIMIT,
    MARKET,
    STOP_LIMIT,
    TAKE_PROFIT_LIMIT,
    TRAILING_STOP,
    Side,
)
from engine.cross import spendable_atoms
from engine.holds import opening_lots
from engine.margin import fee_atoms
from engine.matching import CANCEL, LESSEN, Path, find_path
from engine.open_orders import order_need_atoms
from engine.order import Order, execution_rank
from engine.outlook import Outlook
from engine.position import Position
from engine.state import State
from engine.units import QTY_LOTS_MAX


@final
class Arrival:
    """One draft on its way up the ladder.

    replaced: the order that the draft would replace (an amend), else None.
    position: the position it would close, or meet in a netting market, or has opened so far.
    touch_ticks: the best price on the other side; 0 if there is none.
    limit_ticks: the worst price it would trade at.
    at_ticks: the price it is judged at (quote-driven: the touch if it takes; else its own).
    parent_ticks: limit or trigger price, or the touch: what attached exits are measured from.
    takes: it would trade on arrival, not rest.  waits: it waits for a trigger.
    lots: what it would fill or rest with; 0 while a conditional order is sized by amount.

    From `find_fills` on:
    fills: lots and price of each fill.  path: how it comes by them, in an order-driven market.
    rest_lots: what would rest.  asked_lots: its size, as it will be told.
    outlook: the position once it has filled.
    own_queue: the key's resting orders of its side as they will be, once somebody asked.
    rest_opening_lots: of what would rest, the lots that open; -1 until somebody asks.
    """

    __slots__ = (
        "asked_lots",
        "at_ticks",
        "draft",
        "fills",
        "limit_ticks",
        "lots",
        "outlook",
        "own_queue",
        "parent_ticks",
        "path",
        "position",
        "replaced",
        "rest_lots",
        "rest_opening_lots",
        "state",
        "takes",
        "touch_ticks",
        "waits",
    )

    def __init__(self, state: State, draft: Order, replaced: Order | None) -> None:
        self.state: Final = state
        self.draft = draft
        self.replaced: Final = replaced
        self.lots = draft.qty_lots
        self.asked_lots = draft.qty_lots
        self.rest_lots = 0
        self.fills: list[tuple[int, int]] = []
        self.path: Path | None = None
        self.own_queue: list[Order] | None = None
        self.rest_opening_lots = -1
        market = draft.market
        order_type = draft.order_type
        touch_ticks = market.touch_ticks(draft.side)
        self.touch_ticks: Final = touch_ticks
        self.waits: Final = draft.is_conditional()
        self.takes = False
        if order_type is MARKET:
            self.takes = True
            self.limit_ticks = touch_ticks
            self.parent_ticks = touch_ticks
            if market.is_order_driven:
                self.limit_ticks = market.protection_ticks(draft.side)
                self.parent_ticks = touch_ticks or market.mark_ticks
        elif order_type is LIMIT or order_type is STOP_LIMIT or order_type is TAKE_PROFIT_LIMIT:
            self.limit_ticks = draft.price_ticks
            self.parent_ticks = draft.price_ticks
            if order_type is LIMIT and touch_ticks:
                beyond_ticks = self.limit_ticks - touch_ticks
                self.takes = beyond_ticks >= 0 if draft.side is BUY else beyond_ticks <= 0
        else:
            self.limit_ticks = draft.trigger_ticks
            if order_type is TRAILING_STOP and draft.trigger_ticks == 0:
                self.limit_ticks = market.prices[draft.trigger_source]
            self.parent_ticks = self.limit_ticks
        at_touch = self.takes and not market.is_order_driven
        self.at_ticks = touch_ticks if at_touch else self.parent_ticks
        self.position = _met_position(state, draft)
        self.outlook: Outlook | None = None

    def rests(self) -> bool:
        """Whether lots would wait in the book after the fills."""
        return self.rest_lots > 0

    def expected(self) -> Outlook:
        """The position once the order has filled."""
        assert self.outlook is not None
        return self.outlook

    def expected_in_the_end(self, rate_e8: int) -> Outlook:
        """The position once everything has filled, the rest at its own price and this rate."""
        outlook = self.outlook
        if outlook is None:
            outlook = Outlook(self.draft, self.position)
        unfilled_lots = self.rest_lots if self.outlook is not None else self.lots
        if unfilled_lots and not self.draft.amount_atoms:
            outlook.fill(unfilled_lots, self.at_ticks, rate_e8)
        return outlook

    def queue(self, side: Side) -> list[Order]:
        """The key's resting orders of a side as they will be, in execution order."""
        draft = self.draft
        if side is not draft.side:
            resting = draft.key.resting(side)
            if self.path is None or not resting:
                return resting
            return _as_left_by(self.path, resting)
        queue = self.own_queue
        if queue is None:
            queue = self._own_queue()
            self.own_queue = queue
        return queue

    def _own_queue(self) -> list[Order]:
        resting = self.draft.key.resting(self.draft.side)
        if self.rest_lots == 0 and self.replaced is None:
            return resting
        queue = [order for order in resting if order is not self.replaced]
        if self.rest_lots:
            queue.append(self.draft)
            if len(queue) > 1:
                queue.sort(key=_rank_as_last)
        return queue

    def opening_lots(self) -> int:
        """Of what it fills and what would rest, the lots that open."""
        if self.draft.amount_atoms:
            return self.lots
        return self.expected().opened_lots + self.resting_opening_lots()

    def resting_opening_lots(self) -> int:
        """The lots that would rest, less those that could only close (HLD-5)."""
        if self.rest_opening_lots < 0:
            self.rest_opening_lots = self._rest_opening_lots()
        return self.rest_opening_lots

    def _rest_opening_lots(self) -> int:
        draft = self.draft
        if self.rest_lots == 0 or draft.closing:
            return 0
        if not draft.key.pools:
            return self.rest_lots
        against = self.expected().lots_against(draft.side)
        if against == 0:
            return self.rest_lots
        for order, lots in opening_lots(self.queue(draft.side), against):
            if order is draft:
                return lots
        return 0


def _met_position(state: State, draft: Order) -> Position | None:
    """Whose lots the order's fills change first."""
    if draft.position_id:
        named = state.positions.get(draft.position_id)
        return None if named is None or named.key is not draft.key else named
    return draft.key.position


def find_fills(arrival: Arrival) -> None:
    """Work out what the order fills on arrival, what rests, and what becomes of the position."""
    draft = arrival.draft
    market = draft.market
    outlook = Outlook(draft, arrival.position)
    arrival.outlook = outlook
    if market.is_order_driven:
        _walk_the_book(arrival)
    elif arrival.takes:
        arrival.fills.append((arrival.lots, arrival.touch_ticks))
    else:
        arrival.rest_lots = arrival.lots  # as if, even if it is not to wait (ORD-4a)
    if draft.amount_atoms:
        _open_by_amount(arrival, outlook)
        return
    rate_e8 = draft.seat.fees.taker_e8
    for lots, price_ticks in arrival.fills:
        outlook.fill(lots, price_ticks, rate_e8)


def _walk_the_book(arrival: Arrival) -> None:
    """Find the path; the draft is then what it will be after it."""
    draft = arrival.draft
    lots, budget_atoms = arrival.lots, 0
    if draft.amount_atoms:
        lots, budget_atoms = QTY_LOTS_MAX, draft.amount_atoms * draft.leverage
    if arrival.takes:
        path = find_path(draft, arrival.limit_ticks, lots, budget_atoms)
        arrival.fills = path.fills()
    else:
        path = Path(lots, budget_atoms)
    arrival.path = path
    if draft.amount_atoms:
        draft.amount_atoms = 0
        path.left_lots = 0
        arrival.lots = path.traded_lots + path.lessened_lots
        arrival.asked_lots = arrival.lots
    draft.filled_lots += path.traded_lots
    draft.qty_lots = path.left_lots
    if draft.may_rest() and not path.stopped:
        arrival.rest_lots = path.left_lots


def _open_by_amount(arrival: Arrival, outlook: Outlook) -> None:
    """What an order by amount opens, now at the touch or some time at its limit (FIL-2)."""
    draft = arrival.draft
    price_ticks = arrival.at_ticks
    notional = arrival.lots * price_ticks * draft.market.k
    if arrival.takes:
        free, rate_e8 = free_atoms(arrival), draft.seat.fees.taker_e8
    else:
        free, rate_e8 = draft.amount_atoms, draft.seat.fees.maker_e8
    margin = amount_margin_atoms(draft, notional, rate_e8, free)
    outlook.fill_amount(arrival.lots, price_ticks, margin)


def amount_margin_atoms(draft: Order, notional: int, rate_e8: int, free: int) -> int:
    """`amount − fee + u`, where free pays what it can, u, of the fee (FIL-2)."""
    amount = draft.amount_atoms
    fee = fee_atoms(amount if draft.market.fee_on_margin else notional, rate_e8)
    spare = max(0, free - amount)
    if fee <= spare:
        return amount
    return amount - fee + spare


def free_atoms(arrival: Arrival) -> int:
    """What may be spent (CRS-2), with what a ticket market's orders give back before the fills."""
    draft, replaced = arrival.draft, arrival.replaced
    asset_id, key = draft.market.asset_id, draft.key
    free = spendable_atoms(arrival.state, asset_id, draft.account_id, key.is_cross)
    if key.pools:
        return free
    if replaced is not None:
        free += replaced.hold_atoms
    if arrival.path is not None:
        for kind, order, lots in arrival.path.steps:
            if kind == CANCEL:
                free += order.hold_atoms
            elif kind == LESSEN:
                free += order.hold_atoms - order_need_atoms(lessened(order, lots))
    return free


def lessened(order: Order, lots: int) -> Order:
    """A likeness of the order with fewer lots."""
    likeness = order.copy()
    likeness.qty_lots -= lots
    likeness.hold_atoms = order_need_atoms(likeness)
    return likeness


def _as_left_by(path: Path, queue: list[Order]) -> list[Order]:
    """The taker's own orders without what self-trade prevention takes from them."""
    if not path.steps:
        return queue
    lost = {order.order_id: (kind, lots) for kind, order, lots in path.steps if kind != 0}
    if not lost:
        return queue
    left: list[Order] = []
    for order in queue:
        kind, lots = lost.get(order.order_id, (LESSEN, 0))
        if kind == CANCEL or lots == order.qty_lots:
            continue
        left.append(lessened(order, lots) if lots else order)
    return left


def _rank_as_last(order: Order) -> tuple[int, int]:
    """A draft has no priority yet: it comes after all others at its price."""
    price_rank, priority = execution_rank(order)
    return price_rank, priority or QTY_LOTS_MAX
