"""The slow oracle: an obviously right venue, commands in, events out.  Knows which rule is whose.

`apply(time_ns, name, fields)` takes a command as a name and plain values and returns the events in
the same form.  It is written from the rules in `engine/README.md` and shares no line with the
engine: lists are walked, sorted and walked again, every division is a Fraction.
"""

from tests.oracle import admin, book, fee_tiers, funding, keys, leverage, margin, orders, timers
from tests.oracle.amend import amend_order
from tests.oracle.firing import FIRES, fire_all
from tests.oracle.records import Fact, Fields, Market
from tests.oracle.state import Refused, State
from tests.oracle.waiting import entries_of, watch_over

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
    "AmendOrder": amend_order,
    "CancelAfter": timers.cancel_after,
    "SetPositionExits": margin.set_exits,
    "AdjustMargin": margin.adjust_margin,
    "SetLeverage": leverage.set_leverage,
    "SetFeeTier": fee_tiers.set_fee_tier,
    "AssignFeeTier": fee_tiers.assign_fee_tier,
    "SetPositionMode": keys.set_position_mode,
    "SetMarginMode": keys.set_margin_mode,
    "SamplePremium": funding.sample_premium,
}
# What may arm an entry, or trade, without a price of the feed's moving.
ARMING = ("PlaceOrder", "AmendOrder", "SetPositionExits", "AdjustMargin", "SetLeverage")
BATCHED = ("PlaceOrder", "AmendOrder", "CancelOrder")
BATCH_ITEMS_MAX = 50


class Venue:
    """One venue and its whole history's result."""

    def __init__(self) -> None:
        self.state = State()
        self.depths: dict[int, book.Depth] = {}

    def apply(self, time_ns: int, name: str, fields: Fields) -> list[Fact]:
        """One command.  Total: a refusal is an event."""
        state = self.state
        state.facts = []
        state.now_ns = max(state.now_ns, time_ns)
        timers.let_time_pass(state)
        self.attempt(name, fields)
        before, self.depths = self.depths, book.depths(state)
        book.tell_changes(state, before, self.depths)
        return state.facts

    def attempt(self, name: str, fields: Fields) -> None:
        """A command, or an item of a batch: what it does and what it makes true, or why not."""
        state = self.state
        market = self.touched(name, fields)
        if market is not None and market.prices is not None:
            watch_over(state, market, entries_of(state, market), market.prices)
        state.closing_fees = {}
        try:
            self.transition(name, fields)
        except Refused as refused:
            state.watch = None
            account_id = fields.get("account_id", 0)
            state.tell("Rejected", account_id=account_id, reason=refused.reason)
        fire_all(state)

    def transition(self, name: str, fields: Fields) -> None:
        """What the command itself does."""
        if name in TRANSITIONS:
            TRANSITIONS[name](self.state, fields)
        elif name == "SubmitBatch":
            self.submit_batch(fields)
        elif name == "AdvanceTime":
            self.state.tell("TimeAdvanced", time_ns=self.state.now_ns)
        else:
            admin.transfer(self.state, fields, name)

    def submit_batch(self, command: Fields) -> None:
        """CMD-5."""
        account_id, items = command["account_id"], command["items"]
        orders.refuse_if(account_id not in self.state.accounts, "UNKNOWN_ACCOUNT")
        own = all(fields["account_id"] == account_id for _, fields in items)
        sound = own and all(name in BATCHED for name, _ in items)
        orders.refuse_if(not sound or not 1 <= len(items) <= BATCH_ITEMS_MAX, "BAD_COMBINATION")
        for place, (name, fields) in enumerate(items):
            self.state.tell("BatchItem", account_id=account_id, place=place)
            fired = self.state.hits[FIRES]
            self.attempt(name, fields)
            if self.state.hits[FIRES] > fired and place + 1 < len(items):
                self.state.hit("CMD-5 fires between")
            if self.state.facts[-1][0] == "Rejected":
                self.state.hit("CMD-5 refused item")

    def touched(self, name: str, fields: Fields) -> Market | None:
        """The market in which the command may arm something."""
        state = self.state
        if name not in ARMING:
            return None
        if name in ("PlaceOrder", "SetLeverage"):
            return state.markets.get(fields["instrument_id"])
        if name == "AmendOrder":
            try:
                return state.markets[orders.open_order(state, fields).instrument_id]
            except Refused:
                return None
        position = state.positions.get(fields["position_id"])
        return state.markets[position.instrument_id] if position is not None else None
