"""What is due at a time (CMD-1): expiries, timers, funding stamps.  Knows no prices."""

from tests.oracle.funding import settle_stamp
from tests.oracle.holds import rebalance
from tests.oracle.orders import cancel_all, refuse_if
from tests.oracle.records import Fields
from tests.oracle.state import State

DAY_NS = 24 * 60 * 60 * 1_000_000_000
EXPIRY, TIMER, STAMP = range(3)


def cancel_after(state: State, command: Fields) -> None:
    """DMS-1: sets, moves or removes the account's timer."""
    account_id, timeout_ns = command["account_id"], command["timeout_ns"]
    refuse_if(account_id not in state.accounts, "UNKNOWN_ACCOUNT")
    refuse_if(not 0 <= timeout_ns <= DAY_NS, "BAD_AMOUNT")
    if state.cancel_after.pop(account_id, None) is not None:
        state.hit("DMS-1 replaced")
    due_ns = 0
    if timeout_ns > 0:
        due_ns = state.cancel_after[account_id] = state.now_ns + timeout_ns
    state.tell("CancelAfterSet", account_id=account_id, due_ns=due_ns)


def next_due(state: State) -> tuple[int, int, int] | None:
    """Time, kind and id of what is due first, if anything is."""
    expiries = [(o.expire_ns, EXPIRY, o.order_id) for o in state.orders.values() if o.expire_ns]
    timers = [(due_ns, TIMER, account_id) for account_id, due_ns in state.cancel_after.items()]
    stamps = [
        (market.next_stamp_ns, STAMP, instrument_id)
        for instrument_id, market in state.markets.items()
        if market.next_stamp_ns > 0
    ]
    due = [each for each in expiries + timers + stamps if each[0] <= state.now_ns]
    return min(due, default=None)


def let_time_pass(state: State) -> None:
    """CMD-1, one after the other: what goes first may take another with it."""
    while (due := next_due(state)) is not None:
        _, kind, number = due
        if kind == EXPIRY:
            expire(state, number)
        elif kind == STAMP:
            settle_stamp(state, number)
        else:
            run_out(state, number)


def expire(state: State, order_id: int) -> None:
    """An order's time is over."""
    order = state.orders[order_id]
    state.drop_order(order)
    state.tell("OrderExpired", order_id=order_id, account_id=order.account_id)
    state.cancel_partner(order, "other")
    rebalance(state, order.account_id, state.markets[order.instrument_id])


def run_out(state: State, account_id: int) -> None:
    """DMS-1: nobody told the venue that the account still wants its orders."""
    del state.cancel_after[account_id]
    state.hit("DMS-1 fired")
    state.tell("CancelAfterFired", account_id=account_id)
    cancel_all(state, account_id, "CANCEL_AFTER")
