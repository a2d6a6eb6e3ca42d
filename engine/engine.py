"""The engine: one function from a command to its events.  Holds the state and dispatches."""

from hashlib import blake2b
from typing import Final, final

from engine import registry, transfers
from engine.amend_order import amend_order
from engine.cancel_order import cancel_order, cancel_orders, expire_orders
from engine.codec import pack_events
from engine.commands import (
    AdjustMargin,
    AdvanceTime,
    AmendOrder,
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
    SetInstrumentStatus,
    SetLeverage,
    SetPositionExits,
    UpdatePrice,
    Withdraw,
)
from engine.events import Event, Rejected, TimeAdvanced
from engine.exits import set_position_exits
from engine.firing import fire_due
from engine.place_order import place_order
from engine.price_update import update_price
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import NOBODY, AccountId

EVENT_CHAIN_BYTES: Final = 32


@final
class Engine:
    """Commands in, events out: total, deterministic, exact (DOMAIN section 9)."""

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
        if state.expiries and state.expiries[0][0] <= state.time_ns:
            expire_orders(state, events)
        transition(state, command, events)
        if state.firing.heap:
            fire_due(state, events)
        assert events
        state.event_chain = extended_chain(state.event_chain, events)
        return events


def extended_chain(chain: bytes, events: list[Event]) -> bytes:
    """BLAKE2b-256 of the chain so far and the packed rows of one command's events."""
    return blake2b(chain + pack_events(events), digest_size=EVENT_CHAIN_BYTES).digest()


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
    elif isinstance(command, SetInstrumentStatus):
        registry.set_status(state, command, events)
    elif isinstance(command, ChangeInstrument):
        registry.change_instrument(state, command, events)
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
    if isinstance(command, SetLeverage):
        return registry.set_leverage(state, command)
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
        SetPositionExits | AdjustMargin | SetLeverage | Deposit | Withdraw | IssueToken,
    ):
        return command.account_id
    return NOBODY
