"""How an order is drafted, judged and set out in either kind of market.  Knows which is which."""

from tests.oracle import book_ladder, house_ladder
from tests.oracle.book_draft import BookDraft
from tests.oracle.draft import Draft
from tests.oracle.holds import order_hold, rebalance
from tests.oracle.matching import arrive
from tests.oracle.records import CONDITIONALS, Market, Order, Position
from tests.oracle.settlement import fill, follow_reduction
from tests.oracle.state import State
from tests.oracle.trailing import arm


def draft_of(
    state: State,
    market: Market,
    order: Order,
    position: Position | None,
    present: Order | None = None,
    last_in_queue: bool = True,
) -> Draft:
    """A draft that knows where its touch comes from: the house or the book."""
    kind = BookDraft if market.is_order_driven else Draft
    return kind(state, market, order, position, present, last_in_queue)


def refusal(draft: Draft, unasked: tuple[str, ...] = ()) -> str:
    """The first rung from STALE_PRICE on that refuses the order; an empty string if none does."""
    if isinstance(draft, BookDraft):
        return book_ladder.refusal(draft, unasked)
    return house_ladder.refusal(draft, unasked)


def set_out(state: State, draft: Draft) -> None:
    """An accepted, amended or triggered order fills, rests, waits, or is gone."""
    order = draft.order
    takes, touch = draft.takes, draft.touch
    state.orders[order.order_id] = order
    if order.order_type == "TRAILING_STOP" and order.trigger_ticks == order.extreme_ticks == 0:
        arm(draft.market, order, order.trigger_source)
    if isinstance(draft, BookDraft):
        if order.order_type not in CONDITIONALS:
            arrive(state, order, budget_atoms=draft.budget_atoms)
    elif takes:
        fill(state, order, touch, "TAKER")
    elif order.order_type == "LIMIT" and order.time_in_force == "IOC":
        state.cancel(order, "UNFILLED")
    else:
        rest(state, draft.market, order)


def rest(state: State, market: Market, order: Order) -> None:
    """The order waits: it locks what its fill will need, and later closing orders shrink."""
    held = order.hold_atoms
    if state.is_ticket(order.account_id, market):
        order.hold_atoms = order_hold(state, market, order)
        state.move_free(order.account_id, market.asset_id, held - order.hold_atoms)
    if order.closing and order.order_type == "LIMIT":
        follow_reduction(state, state.positions[order.position_id])
    rebalance(state, order.account_id, market)
