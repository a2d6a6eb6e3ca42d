"""The engine: one function from a command to its events.  Holds the state and dispatches."""

from hashlib import blake2b
from typing import Final, final

from engine import fee_tiers, funding, registry, transfers
from engine.amend_order import amend_order
from engine.cancel_order import cancel_after, cancel_order, cancel_orders, do_what_is_due
from engine.codec import pack_events
from engine.commands import (
    BUY,
    SELL,
    AdjustMargin,
    AdvanceTime,
    AmendOrder,
    AssignFeeTier,
    CancelAfter,
    CancelOrder,
    CancelOrders,
    ChangeInstrument,
    Command,
    Deposit,
    FundInsurance,
    IssueToken,
    ListInstrument,
    OpenAccount,
    PlaceOrder,
    RevokeToken,
    SamplePremium,
    SetFeeTier,
    SetInstrumentStatus,
    SetLeverage,
    SetMarginMode,
    SetPositionExits,
    SetPositionMode,
    Side,
    SubmitBatch,
    UpdatePrice,
    Withdraw,
)
from engine.events import BatchItem, BookChanged, Event, Rejected, TimeAdvanced
from engine.exits import set_position_exits
from engine.firing import fire_due
from engine.leverage import set_leverage
from engine.market import Market
from engine.place_order import place_order
from engine.price_update import update_price
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import NOBODY, AccountId

EVENT_CHAIN_BYTES: Final = 32
BATCH_MAX: Final = 50


@final
class Engine:
    """Commands in, events out: total, deterministic, exact (CMD-…)."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state: Final = state

    def apply(self, sequence: int, time_ns: int, command: Command) -> list[Event]:
        """Apply the next command and return its events, at least one.

        sequence: exactly one more than that of the last command.
        time_ns: the command's time; the engine's own never goes back.
        """
        state = self.state
        assert sequence == state.sequence + 1
        events: list[Event] = []
        state.sequence = sequence
        if time_ns > state.time_ns:
            state.time_ns = time_ns
        if state.expiries or state.timers or state.next_funding_ns:
            due_ns = state.next_due_ns()
            if due_ns is not None and due_ns <= state.time_ns:
                do_what_is_due(state, events)
        transition(state, command, events)
        if state.has_more_to_do():
            fire_due(state, events)
        if state.books:
            tell_books(state, events)
        assert events
        state.event_chain = extended_chain(state.event_chain, events)
        return events


def extended_chain(chain: bytes, events: list[Event]) -> bytes:
    """BLAKE2b-256 of the chain so far and the packed rows of one command's events."""
    return blake2b(chain + pack_events(events), digest_size=EVENT_CHAIN_BYTES).digest()


def tell_books(state: State, events: list[Event]) -> None:
    """What the levels that the command changed show now (BOK-2)."""
    for market in state.books:
        book = market.book
        assert book is not None
        if book.bids_before:
            _tell_side(market, BUY, book.bids_before, book.depth_bids, events)
        if book.asks_before:
            _tell_side(market, SELL, book.asks_before, book.depth_asks, events)


def _tell_side(
    market: Market, side: Side, before: dict[int, int], depth: dict[int, int], events: list[Event]
) -> None:
    prices = [*before] if len(before) == 1 else sorted(before, reverse=side is BUY)
    for price_ticks in prices:
        lots = depth.get(price_ticks, 0)
        if lots != before[price_ticks]:
            events.append(BookChanged(market.instrument_id, side, price_ticks, lots))
    before.clear()


def submit_batch(state: State, command: SubmitBatch, events: list[Event]) -> None:
    """Each item as a command of its own, at one time, under one sequence (CMD-5)."""
    account_id, items = command.account_id, command.items
    if state.account(account_id) is None:
        events.append(Rejected(account_id, RejectReason.UNKNOWN_ACCOUNT))
        return
    if not 1 <= len(items) <= BATCH_MAX or any(i.account_id != account_id for i in items):
        events.append(Rejected(account_id, RejectReason.BAD_COMBINATION))
        return
    for place, item in enumerate(items):
        events.append(BatchItem(account_id, place))
        transition(state, item, events)
        if state.has_more_to_do():
            fire_due(state, events)


def transition(state: State, command: Command, events: list[Event]) -> None:
    """Hand the command to what it does; the commonest first."""
    if isinstance(command, PlaceOrder):
        place_order(state, command, events)
    elif isinstance(command, UpdatePrice):
        update_price(state, command, events)
    elif isinstance(command, CancelOrder):
        cancel_order(state, command, events)
    elif isinstance(command, AmendOrder):
        amend_order(state, command, events)
    elif isinstance(command, CancelOrders):
        cancel_orders(state, command, events)
    elif isinstance(command, SubmitBatch):
        submit_batch(state, command, events)
    elif isinstance(command, SetInstrumentStatus):
        registry.set_status(state, command, events)
    elif isinstance(command, ChangeInstrument):
        registry.change_instrument(state, command, events)
    elif isinstance(command, SetLeverage):
        set_leverage(state, command, events)
    elif isinstance(command, SetFeeTier):
        fee_tiers.set_fee_tier(state, command, events)
    elif isinstance(command, AssignFeeTier):
        fee_tiers.assign_fee_tier(state, command, events)
    else:
        outcome = rare_transition(state, command)
        if isinstance(outcome, RejectReason):
            events.append(Rejected(account_of(command), outcome))
        else:
            events.append(outcome)


def rare_transition(state: State, command: Command) -> Event | RejectReason:
    """The commands whose outcome is one event or one reason."""
    if isinstance(command, SetPositionExits):
        return set_position_exits(state, command)
    if isinstance(command, AdjustMargin):
        return transfers.adjust_margin(state, command)
    if isinstance(command, SamplePremium):
        return funding.sample_premium(state, command)
    if isinstance(command, SetMarginMode):
        return registry.set_margin_mode(state, command)
    if isinstance(command, SetPositionMode):
        return registry.set_position_mode(state, command)
    if isinstance(command, CancelAfter):
        return cancel_after(state, command)
    if isinstance(command, AdvanceTime):
        return TimeAdvanced(state.time_ns)
    if isinstance(command, Deposit):
        return transfers.deposit(state, command)
    if isinstance(command, Withdraw):
        return transfers.withdraw(state, command)
    if isinstance(command, FundInsurance):
        return transfers.fund_insurance(state, command)
    if isinstance(command, OpenAccount):
        return registry.open_account(state, command)
    if isinstance(command, IssueToken):
        return registry.issue_token(state, command)
    if isinstance(command, RevokeToken):
        return registry.revoke_token(state, command)
    assert isinstance(command, ListInstrument)
    return registry.list_instrument(state, command)


def account_of(command: Command) -> AccountId:
    """Whose command it is; NOBODY for the operator's."""
    if isinstance(
        command,
        SetPositionExits
        | AdjustMargin
        | SetLeverage
        | SetPositionMode
        | SetMarginMode
        | CancelAfter
        | Deposit
        | Withdraw
        | IssueToken,
    ):
        return command.account_id
    return NOBODY
