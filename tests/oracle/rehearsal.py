"""A path tried on a copy of the state, so that it can be judged before anything happens."""

from collections import Counter
from dataclasses import replace

from tests.oracle.matching import Run, finish, walk_the_book
from tests.oracle.memory import Positions
from tests.oracle.records import Market, Order, copied
from tests.oracle.state import State


def trial_copy(state: State, market: Market) -> State:
    """A state to try a path on: what trades move is its own, the rest is shared."""
    number = market.instrument_id
    orders, positions = dict(state.orders), list(state.positions.values())
    for order in state.orders_in(market):
        orders[order.order_id] = copied(order)
    for place, position in enumerate(positions):
        if position.instrument_id == number:
            positions[place] = own = copied(position)
            own.pairs = [copied(pair) for pair in position.pairs]
    return replace(
        state,
        facts=[],
        free=dict(state.free),
        pools=dict(state.pools),
        key_holds=dict(state.key_holds),
        closing_fees={},
        clearing=dict(state.clearing),
        markets={**state.markets, number: copied(market)},
        orders=orders,
        positions=Positions(positions),
        first_results={},
        closed_ids=[],
        hits=Counter(),
        changes=Counter(),
        watch=None,
    )


def rehearse(state: State, order: Order, places_last: bool, budget_atoms: int | None = None) -> Run:
    """The path of an order, tried on a copy; what rests of it rests there."""
    copy = trial_copy(state, state.markets[order.instrument_id])
    market = copy.markets[order.instrument_id]
    if order.order_id == 0:
        order.order_id = order.priority = copy.next_id()
    elif places_last:
        order.priority = copy.next_id()
    present = copy.orders.get(order.order_id)
    if present is not None:
        copy.move_free(order.account_id, market.asset_id, present.hold_atoms)
    order.hold_atoms = order.visible_lots = 0
    copy.orders[order.order_id] = order
    run = Run(copy, market, order, "ORDER", budget_atoms)
    walk_the_book(run)
    finish(run)
    return run
