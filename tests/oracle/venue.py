"""The slow oracle: an obviously right venue, commands in, events out.  Knows which rule is whose.

`apply(time_ns, name, fields)` takes a command as a name and plain values and returns the events in
the same form.  It is written from DOMAIN.md and the engine's README and shares no line with the
engine: lists are walked, sorted and walked again, every division is a Fraction.
"""

from tests.oracle import admin, margin, orders
from tests.oracle.firing import Entry, Ident, entries_of, travel
from tests.oracle.holds import rebalance
from tests.oracle.records import Fact, Fields, Market
from tests.oracle.state import Refused, State

TRANSITIONS = {
    "OpenAccount": admin.open_account,
    "IssueToken": admin.issue_token,
    "RevokeToken": admin.revoke_token,
    "ListInstrument": admin.list_instrument,
    "ChangeInstrument": admin.change_instrument,
    "SetInstrumentStatus": admin.set_status,
    "UpdatePrice": admin.update_price,
    "PlaceOrder": orders.place_order,
    "CancelOrder": orders.cancel_order,
    "CancelOrders": orders.cancel_orders,
    "AmendOrder": orders.amend_order,
    "SetPositionExits": margin.set_exits,
    "AdjustMargin": margin.adjust_margin,
    "SetLeverage": margin.set_leverage,
}
# What may arm an entry without a price moving.
ARMING = ("PlaceOrder", "AmendOrder", "SetPositionExits", "AdjustMargin")


class Venue:
    """One venue and its whole history's result."""

    def __init__(self) -> None:
        self.state = State()

    def apply(self, time_ns: int, name: str, fields: Fields) -> list[Fact]:
        """One command.  Total: a refusal is an event."""
        state = self.state
        state.facts = []
        state.now_ns = max(state.now_ns, time_ns)
        expire(state)
        market = self.touched(name, fields)
        known = entries_of(state, market) if market is not None else {}
        try:
            self.transition(name, fields)
        except Refused as refused:
            account_id = fields.get("account_id", 0)
            state.tell("Rejected", account_id=account_id, reason=refused.reason)
            return state.facts
        if market is not None:
            fire_armed(state, market, known)
        return state.facts

    def transition(self, name: str, fields: Fields) -> None:
        """What the command itself does."""
        if name in TRANSITIONS:
            TRANSITIONS[name](self.state, fields)
        elif name == "AdvanceTime":
            self.state.tell("TimeAdvanced", time_ns=self.state.now_ns)
        else:
            admin.transfer(self.state, fields, name)

    def touched(self, name: str, fields: Fields) -> Market | None:
        """The market in which the command may arm something."""
        state = self.state
        if name not in ARMING:
            return None
        if name == "PlaceOrder":
            return state.markets.get(fields["instrument_id"])
        if name == "AmendOrder":
            try:
                return state.markets[orders.open_order(state, fields).instrument_id]
            except Refused:
                return None
        position = state.positions.get(fields["position_id"])
        return state.markets[position.instrument_id] if position is not None else None


def fire_armed(state: State, market: Market, known: dict[Ident, Entry]) -> None:
    """CMD-4; no price moved, so every place is 0."""
    travel(state, market, known, market.prices)


def expire(state: State) -> None:
    """CMD-1: what is due, by expiry and id."""
    due = [
        order
        for order in state.orders.values()
        if order.expire_ns and order.expire_ns <= state.now_ns
    ]
    for order in sorted(due, key=lambda order: (order.expire_ns, order.order_id)):
        state.drop_order(order)
        state.tell("OrderExpired", order_id=order.order_id, account_id=order.account_id)
        rebalance(state, order.account_id, state.markets[order.instrument_id])
