"""An admitted order fills, and what is left of it rests or ends (MAT-5 to MAT-8).

Nothing here refuses.  In a quote-driven market the fills are at the touch, with the house; in an
order-driven one they are the trades of the path, with the orders that rest there.
"""

from engine.arrival import Arrival
from engine.commands import BY_LAST, LIMIT
from engine.events import (
    BY_ORDER,
    MAKER,
    TAKER,
    CancelCause,
    CloseCause,
    Event,
    OrderCancelled,
    Traded,
)
from engine.fills import take_fill_id
from engine.market import LAST
from engine.matching import CANCEL, LESSEN, TRADE, Path
from engine.open_orders import (
    amended,
    cancel_open_order,
    end_partner,
    lessen_partner,
    order_need_atoms,
    register_order,
    release_ticket_hold,
    resize_order,
    rest_order,
    retire_order,
    unrest_order,
)
from engine.order import Order
from engine.reject_reason import NONE
from engine.settlement import fill_order
from engine.settling import note_key, settle_touched, touch_key
from engine.state import State


def carry_out(state: State, arrival: Arrival, cause: CloseCause, events: list[Event]) -> None:
    """Fill the order, let the rest wait or end it, and settle with everyone touched."""
    if arrival.path is not None:
        follow_path(state, arrival.draft, arrival.path, cause, events)
    elif arrival.fills:
        _fill_at_touch(state, arrival, cause, events)
    rest_or_end(state, arrival, events)
    settle_touched(state, events)


def _fill_at_touch(state: State, arrival: Arrival, cause: CloseCause, events: list[Event]) -> None:
    """Quote-driven: the house is the other side of every fill."""
    order = arrival.draft
    touch_key(state, order.key)
    for lots, price_ticks in arrival.fills:
        fill_order(state, order, lots, price_ticks, TAKER, cause, events)


def follow_path(
    state: State, order: Order, path: Path, cause: CloseCause, events: list[Event]
) -> None:
    """Every trade of the order, which is as the path leaves it, in order."""
    if not path.steps:
        note_key(state, order.key)
        return
    touch_key(state, order.key)
    left_lots = path.traded_lots
    ends_filled = order.qty_lots == 0 and path.lessened_lots == 0
    for kind, maker, lots in path.steps:
        if kind == TRADE:
            left_lots -= lots
            is_last = left_lots == 0 and ends_filled
            _trade(state, order, maker, lots, is_last, cause, events)
        else:
            _pass_own(state, kind, maker, lots, events)


def _trade(
    state: State,
    taker: Order,
    maker: Order,
    lots: int,
    is_last: bool,
    cause: CloseCause,
    events: list[Event],
) -> None:
    """One trade at the resting order's price: two fills (MAT-5).

    is_last: the taker has nothing left after it.
    """
    market = taker.market
    price_ticks = maker.price_ticks
    trade_id = take_fill_id(state)
    events.append(Traded(market.instrument_id, trade_id, price_ticks, lots, taker.side))
    last_ticks = market.prices[LAST]
    if last_ticks != price_ticks:
        market.prices[LAST] = price_ticks
        market.processed[LAST] = price_ticks
        market.follow(LAST)
        state.firing.push_passed(market, BY_LAST, last_ticks)
    fill_order(state, taker, lots, price_ticks, TAKER, cause, events)
    if taker.oco_partner is not None:
        if is_last:
            end_partner(state, taker, events)
        else:
            lessen_partner(state, taker, lots, events)
    _fill_maker(state, maker, lots, events)


def _fill_maker(state: State, maker: Order, lots: int, events: list[Event]) -> None:
    """The resting side of a trade; then it stays, shows its next part, or is done."""
    book = maker.market.book
    assert book is not None
    touch_key(state, maker.key)
    if not maker.key.pools:
        release_ticket_hold(state, maker)
        state.touched.orders[maker] = None
    book.take(maker, lots)
    maker.filled_lots += lots
    if maker.qty_lots == 0:
        unrest_order(maker)
        retire_order(state, maker)
    fill_order(state, maker, lots, maker.price_ticks, MAKER, BY_ORDER, events)
    if maker.qty_lots == 0:
        end_partner(state, maker, events)
        return
    if maker.visible_lots == 0:
        unrest_order(maker)
        maker.priority = state.take_id()
        rest_order(state, maker)
    if maker.key.pools:
        maker.hold_atoms = order_need_atoms(maker)
    lessen_partner(state, maker, lots, events)


def _pass_own(state: State, kind: int, own: Order, lots: int, events: list[Event]) -> None:
    """Self-trade prevention takes an own order off the path, or lots off it (STP-1)."""
    if kind == CANCEL or lots == own.qty_lots:
        cancel_open_order(state, own, CancelCause.SELF_TRADE, events)
        return
    assert kind == LESSEN
    release_ticket_hold(state, own)
    resize_order(own, own.qty_lots - lots)
    if not own.key.pools:
        state.touched.orders[own] = None
    events.append(amended(own))


def rest_or_end(state: State, arrival: Arrival, events: list[Event]) -> None:
    """What is left rests if it may; else the order is open no more (MAT-7, STP-2)."""
    order, path = arrival.draft, arrival.path
    is_open = state.orders.get(order.order_id) is order
    lessened = path is not None and path.lessened_lots > 0
    if lessened and order.qty_lots:
        events.append(amended(order))
    if arrival.rests() and order.may_rest():
        if not is_open:
            register_order(state, order)
        _rest(state, order)
        return
    if is_open:
        retire_order(state, order)
    if path is None:
        unfilled = not arrival.fills
    else:
        unfilled = order.qty_lots > 0 or lessened
    if unfilled:
        self_trade = path is not None and (path.stopped or (lessened and order.qty_lots == 0))
        end = CancelCause.SELF_TRADE if self_trade else CancelCause.UNFILLED
        events.append(OrderCancelled(order.order_id, order.account_id, end, NONE))
    end_partner(state, order, events)


def _rest(state: State, order: Order) -> None:
    """A registered limit order begins to wait: its hold is taken when all is settled."""
    assert order.order_type is LIMIT
    rest_order(state, order)
    note_key(state, order.key)
    if order.closing:
        position = state.positions.get(order.position_id)
        assert position is not None
        state.touched.closable[position] = None
    elif not order.key.pools:
        order.hold_atoms = 0
        state.touched.orders[order] = None
