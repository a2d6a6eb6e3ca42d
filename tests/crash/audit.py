"""Holds what clients saw against a replay of the journal, made here and from its start.

Knows the journal, the engine and the gateway's own words for things; knows no process.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar, final

from engine.commands import Command, Deposit, PlaceOrder, SubmitBatch, Withdraw
from engine.engine import Engine
from engine.events import (
    BatchItem,
    Deposited,
    Event,
    OrderAccepted,
    Rejected,
    RequestRepeated,
    Withdrawn,
)
from engine.invariants import check
from engine.state import State
from gateway.history.keeper import History
from gateway.history.records import Touched
from gateway.replies import api_replies as replies
from gateway.replies.account_replies import account_message, notice_reply, payment_reply
from gateway.replies.position_replies import position_now
from snapshots.restore import Observer, replay, restore
from snapshots.snapshot import state_hash
from tests.crash.sightings import ClientOrderId, Message, Sightings, Transfer
from wal.directory import lock_directory
from wal.files import Files
from wal.reader import LogReader
from wal.recovery import recover

Watch = Callable[[Engine], Observer]
K = TypeVar("K")
V = TypeVar("V")


@final
class Facts:
    """What a journal says of everything that was seen.  Fields mirror those of `Sightings`.

    accepted: the first answer to each acceptance of a client order id, so one each.
    refused: the reasons of its refusals, repeated answers left out.
    transfers: what each transfer id moved, so one each.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.chains: Final[dict[int, str]] = {}
        self.orders: Final[dict[tuple[int, str], bytes]] = {}
        self.accounts: Final[dict[tuple[str, int], bytes]] = {}
        self.messages: Final[dict[tuple[str, int], Message]] = {}
        self.accepted: Final[defaultdict[ClientOrderId, list[bytes]]] = defaultdict(list)
        self.refused: Final[defaultdict[ClientOrderId, list[str]]] = defaultdict(list)
        self.transfers: Final[defaultdict[str, list[Transfer]]] = defaultdict(list)


@final
class Witness:
    """Watches a replay and writes down the facts that somebody saw."""

    def __init__(self, seen: Sightings) -> None:
        self.facts: Final = Facts()
        self.engine: Final = Engine(State())
        self._seen: Final = seen
        self._history: Final = History()
        self._accounts_seen: Final[defaultdict[int, list[str]]] = defaultdict(list)
        for user, sequence in seen.accounts:
            self._accounts_seen[sequence].append(user)

    def observe(self, sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
        """One command, right after it was applied."""
        facts, state = self.facts, self.engine.state
        facts.sequence = sequence
        if sequence in self._seen.chains:
            facts.chains[sequence] = state.event_chain.hex()
        touched = self._history.observe(sequence, time_ns, command, events)
        for change in touched:
            self._note_orders(sequence, change)
            self._note_messages(change)
        for user in self._accounts_seen.get(sequence, ()):
            account_id = state.account_ids[user]
            facts.accounts[user, sequence] = account_message(self.engine, account_id)
        if isinstance(command, PlaceOrder) and command.client_order_id:
            self._note_result(command, events)
        elif isinstance(command, SubmitBatch):
            self._note_batch(command, events)
        elif isinstance(command, Deposit | Withdraw):
            self._note_transfer(command, events)

    def _user(self, account_id: int) -> str:
        account = self.engine.state.accounts[account_id]
        assert account is not None
        return account.user_id

    def _note_orders(self, sequence: int, change: Touched) -> None:
        for order_id, record in change.orders.items():
            key = (sequence, str(order_id))
            if key in self._seen.orders:
                reply = replies.order_reply(self.engine.state, record)
                self.facts.orders[key] = replies.encode(reply)

    def _note_messages(self, change: Touched) -> None:
        """The account's messages in the order of their stream: see `Touched`."""
        state, user = self.engine.state, self._user(change.account_id)
        numbers = range(change.first_sequence, change.first_sequence + change.messages())
        if not any((user, number) in self._seen.messages for number in numbers):
            return
        update = "update"
        said: list[tuple[str, str, object]] = []
        said += [("orders", update, replies.order_reply(state, o)) for o in change.orders.values()]
        said += [("fills", update, replies.fill_reply(state, fill)) for fill in change.fills]
        positions = change.positions.values()
        said += [("positions", update, position_now(state, p)) for p in positions]
        said += [("account", "funding", payment_reply(state, p)) for p in change.payments]
        said += [("account", *notice_reply(state, event)) for event in change.notices]
        told = [Message(channel, kind, replies.encode(data)) for channel, kind, data in said]
        if change.account:
            balances = account_message(self.engine, change.account_id)
            told.append(Message("account", update, balances))
        for number, message in zip(numbers, told, strict=True):
            if (user, number) in self._seen.messages:
                self.facts.messages[user, number] = message

    def _note_batch(self, command: SubmitBatch, events: list[Event]) -> None:
        """What follows a `BatchItem` came of that item."""
        starts = [place for place, event in enumerate(events) if isinstance(event, BatchItem)]
        for item, start, end in zip(command.items, starts, [*starts[1:], None], strict=True):
            if isinstance(item, PlaceOrder) and item.client_order_id:
                self._note_result(item, events[start:end])

    def _note_result(self, command: PlaceOrder, events: list[Event]) -> None:
        """The first answer to an order is its own; what fires afterwards has orders too."""
        name = ClientOrderId(self._user(command.account_id), command.client_order_id)
        for event in events:
            if isinstance(event, RequestRepeated):
                return
            if isinstance(event, OrderAccepted):
                record = self._history.account(event.account_id).orders[event.order_id]
                reply = replies.order_reply(self.engine.state, record)
                self.facts.accepted[name].append(replies.encode(reply))
                return
            if isinstance(event, Rejected):
                self.facts.refused[name].append(event.reason.name)
                return

    def _note_transfer(self, command: Deposit | Withdraw, events: list[Event]) -> None:
        user = self._user(command.account_id)
        for event in events:
            if isinstance(event, Deposited):
                moved = Transfer(user, event.amount_atoms, command.asset)
                self.facts.transfers[command.transfer_id].append(moved)
            elif isinstance(event, Withdrawn):
                moved = Transfer(user, -event.amount_atoms, command.asset)
                self.facts.transfers[command.transfer_id].append(moved)


def replayed_facts(directory: Path, seen: Sightings, watch: Watch | None = None) -> Facts:
    """Replay a journal from its start; the state at its end is checked, the usual way of
    restoring must lead to the same one.  Raises AssertionError if it does not.

    watch: makes one who looks at each command, too."""
    files = Files()
    log = recover(files, directory)
    witness = Witness(seen)
    state = witness.engine.state
    watcher = None if watch is None else watch(witness.engine)

    def observe(sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
        witness.observe(sequence, time_ns, command, events)
        if watcher is not None:
            watcher(sequence, time_ns, command, events)

    replay(witness.engine, LogReader(files, log), log.last_sequence, observe)
    assert state.sequence == log.last_sequence
    check(state)
    assert state.ledger.sum_atoms() == 0
    restored = _restored_state(files, directory)
    assert restored.event_chain == state.event_chain
    assert state_hash(restored) == state_hash(state)
    return witness.facts


def _restored_state(files: Files, directory: Path) -> State:
    """The newest snapshot and the journal after it, as the venue itself would begin."""
    lock = lock_directory(files, directory)
    try:
        return restore(files, directory).engine.state
    finally:
        lock.release()


def mismatches(seen: Sightings, facts: Facts) -> list[str]:
    """Everything that was seen and is not so; empty if nobody was told anything untrue."""
    found = list(seen.contradictions)
    for number, restart in enumerate(seen.restarts, start=1):
        if restart.recovered_sequence < restart.seen_sequence:
            found.append(
                f"restart {number}: sequence {restart.seen_sequence} was seen,"
                f" {restart.recovered_sequence} recovered"
            )
    if facts.sequence < seen.sequence:
        found.append(f"sequence {seen.sequence} was seen, the journal ends at {facts.sequence}")
    found += _differences("event chain", seen.chains, facts.chains)
    found += _differences("order", seen.orders, facts.orders)
    found += _differences("account", seen.accounts, facts.accounts)
    found += _differences("message", seen.messages, facts.messages)
    found += _result_mismatches(seen, facts)
    found += _transfer_mismatches(seen, facts)
    return found


def _transfer_mismatches(seen: Sightings, facts: Facts) -> list[str]:
    found = []
    for transfer_id, transfer in seen.transfers.items():
        moved = facts.transfers.get(transfer_id, [])
        if moved != [transfer]:
            found.append(f"transfer {transfer_id}: acknowledged {transfer}, journal has {moved}")
    for transfer_id, moved in facts.transfers.items():
        if transfer_id not in seen.transfers and len(moved) != 1:
            found.append(f"transfer {transfer_id}: never answered, in the journal {len(moved)} x")
    return found


def _result_mismatches(seen: Sightings, facts: Facts) -> list[str]:
    found = []
    for name, result in seen.results.items():
        accepted = facts.accepted.get(name, [])
        refused = facts.refused.get(name, [])
        first = accepted if isinstance(result, bytes) else refused
        if len(accepted) + len(refused) != 1:
            found.append(f"{name}: acknowledged, in the journal {len(accepted)}+{len(refused)} x")
        elif first != [result]:
            found.append(f"{name}: answered {result!r}, the journal says {accepted or refused}")
    for name, bodies in facts.accepted.items():
        if name in seen.not_done and name not in seen.results:
            found.append(f"{name}: said to be not done, in the journal {len(bodies)} x")
        elif name not in seen.results and len(bodies) != 1:
            found.append(f"{name}: never answered, in the journal {len(bodies)} x")
    return found


def _differences(what: str, seen: Mapping[K, V], facts: Mapping[K, V]) -> list[str]:
    """What was seen and is not, or is otherwise."""
    found = []
    for key, value in seen.items():
        fact = facts.get(key)
        if fact != value:
            found.append(f"{what} {key}: seen {value!r}, the journal says {fact!r}")
    return found
