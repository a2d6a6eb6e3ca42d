"""Holds what was seen of funding, settings and liquidations against the events of a replay.

Counts stamps and payments itself, from events alone: each stamp once and none left out, each open
position once at each.  Takes nothing from the engine's state.
"""

from collections import Counter, defaultdict
from typing import Final, NamedTuple, final

import msgspec

from engine.commands import BUY, Command, Leg, ListInstrument, Side
from engine.events import (
    AccountOpened,
    Event,
    FeeTierAssigned,
    FeeTierChanged,
    FundingPaid,
    FundingSettled,
    InstrumentListed,
    LeverageChanged,
    LiquidationStep,
    MarginModeChanged,
    PositionClosed,
    PositionIncreased,
    PositionOpened,
    PositionReduced,
    TrailingActivated,
)
from engine.instrument import InstrumentSpec
from engine.units import E8, NOBODY, div_ceil
from gateway.decimals import text_from_e8
from tests.crash.bots import finance
from tests.crash.bots.finance import OPERATOR, FinanceSightings, Payment
from tests.crash.sightings import Message

_NS_PER_MS: Final = 1_000_000


class _Open(NamedTuple):
    """A position as events tell of it."""

    account_id: int
    instrument_id: int
    side: Side
    qty_lots: int


@final
class FinanceWitness:
    """Watches a replay, command by command; what is not as it should be is put into `wrong`."""

    def __init__(self, finance_seen: FinanceSightings) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self.wrong: Final[list[str]] = []
        self._finance: Final = finance_seen
        self._time_ns = 0
        self._users: Final[dict[int, str]] = {NOBODY: OPERATOR}
        self._specs: Final[dict[int, InstrumentSpec]] = {}
        self._due_ns: Final[dict[int, int]] = {}
        self._open: Final[dict[int, _Open]] = {}
        self._stamp: FundingSettled | None = None
        self._unpaid: set[int] = set()
        self._payments: Final[defaultdict[str, list[Payment]]] = defaultdict(list)
        self._steps: Final[defaultdict[int, list[finance.LiquidationStep]]] = defaultdict(list)
        self._settings: Final[dict[tuple[str, int], bytes]] = {}

    def observe(self, sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
        """One command, right after it was applied."""
        self._time_ns = max(self._time_ns, time_ns)
        for event in events:
            if self._unpaid and not isinstance(event, FundingPaid):
                self._complain(sequence, f"not paid: {sorted(self._unpaid)}")
                self._unpaid.clear()
            self._take(sequence, command, event)
        if self._unpaid:
            self._complain(sequence, f"not paid: {sorted(self._unpaid)}")
            self._unpaid.clear()
        for instrument_id, due_ns in self._due_ns.items():
            if due_ns <= self._time_ns:
                self._complain(sequence, f"stamp {due_ns} of {instrument_id} was passed over")

    def finish(self) -> None:
        """The journal has ended: everything seen must have come up."""
        heard: Counter[tuple[str, str, int]] = Counter()
        for (user, _), message in self._finance.seen.messages.items():
            self._hear(user, message, heard)
        self.counts["payments heard"] = heard.total()
        for what, times in heard.items():
            if times != 1:
                self.wrong.append(f"payment {what} heard {times} times")
        for (user, until), seen in self._finance.payments.items():
            self.counts["payments asked for"] += len(seen)
            payments = [payment for payment in self._payments[user] if payment.sequence <= until]
            if seen != payments:
                self.wrong.append(f"payments of {user} at {until}: {seen}, are {payments}")
        for (position_id, until), told in self._finance.explained.items():
            self.counts["liquidation steps asked for"] += len(told)
            steps = [step for step in self._steps[position_id] if step.sequence <= until]
            if told != steps:
                self.wrong.append(f"steps of {position_id} at {until}: {told}, are {steps}")
        for key, body in self._finance.settings.items():
            self.counts["settings compared"] += 1
            fact_body = self._settings.get(key)
            if fact_body is None or _fields(body) != _fields(fact_body):
                self.wrong.append(f"setting {key}: {body!r}, is {fact_body!r}")

    def _hear(self, user: str, message: Message, heard: Counter[tuple[str, str, int]]) -> None:
        """A payment that a message tells of is one of the journal's."""
        if (message.channel, message.kind) != ("account", "funding"):
            return
        payment = msgspec.json.decode(message.data, type=Payment)
        heard[user, payment.position_id, payment.funding_time] += 1
        if payment not in self._payments[user]:
            self.wrong.append(f"payment heard by {user}: {payment}")

    def _complain(self, sequence: int, words: str) -> None:
        self.wrong.append(f"command {sequence}: {words}")

    def _take(self, sequence: int, command: Command, event: Event) -> None:
        if isinstance(event, AccountOpened):
            self._users[event.account_id] = event.user_id
        elif isinstance(event, InstrumentListed):
            assert isinstance(command, ListInstrument)
            self._list(event.instrument_id, command.spec)
        elif isinstance(event, FundingSettled):
            self._settle(sequence, event)
        elif isinstance(event, FundingPaid):
            self._pay(sequence, event)
        elif isinstance(event, LiquidationStep):
            self._judge(sequence, event)
        elif isinstance(event, TrailingActivated):
            self._activate(sequence, event)
        elif isinstance(event, PositionOpened):
            self._open[event.position_id] = _Open(
                event.account_id, event.instrument_id, event.side, event.qty_lots
            )
        elif isinstance(event, PositionIncreased | PositionReduced):
            was = self._open[event.position_id]
            self._open[event.position_id] = was._replace(qty_lots=event.qty_lots)
        elif isinstance(event, PositionClosed):
            del self._open[event.position_id]
        else:
            self._note_setting(sequence, event)

    def _activate(self, sequence: int, event: TrailingActivated) -> None:
        """Whoever saw the order then saw where it began to follow."""
        self.counts["trailing stops activated"] += 1
        body = self._finance.seen.orders.get((sequence, str(event.order_id)))
        if body is not None:
            self.counts["activations seen"] += 1
            order = msgspec.json.decode(body, type=finance.Order)
            spec = next(spec for spec in self._specs.values() if spec.symbol == order.symbol)
            fact = text_from_e8(event.extreme_ticks * spec.tick_size_e8)
            if order.trailing.activated_price != fact:
                self._complain(sequence, f"activated at {fact}: {body!r}")

    def _list(self, instrument_id: int, spec: InstrumentSpec) -> None:
        self._specs[instrument_id] = spec
        if spec.funding_interval_ns:
            passed = self._time_ns // spec.funding_interval_ns
            self._due_ns[instrument_id] = (passed + 1) * spec.funding_interval_ns

    def _settle(self, sequence: int, event: FundingSettled) -> None:
        due_ns = self._due_ns[event.instrument_id]
        self.counts["stamps settled"] += 1
        if not event.stamp_ns == due_ns <= self._time_ns:
            self._complain(sequence, f"stamp {event.stamp_ns} settled, {due_ns} was due")
        self._due_ns[event.instrument_id] += self._specs[event.instrument_id].funding_interval_ns
        self._stamp = event
        if event.mark_ticks and event.rate_e8:
            at_market = event.instrument_id
            of_market = {p for p, o in self._open.items() if o.instrument_id == at_market}
            self._unpaid = {p for p in of_market if self._open[p].qty_lots}

    def _pay(self, sequence: int, event: FundingPaid) -> None:
        """Once for each open position, what its lots are worth at the stamp's rate."""
        stamp = self._stamp
        assert stamp is not None
        if event.position_id not in self._unpaid:
            self._complain(sequence, f"{event.position_id} was not to pay")
        self._unpaid.discard(event.position_id)
        position, spec = self._open[event.position_id], self._specs[stamp.instrument_id]
        sign = 1 if position.side is BUY else -1
        notional = position.qty_lots * stamp.mark_ticks * spec.atoms_per_tick_lot()
        if event.amount_atoms != div_ceil(sign * notional * stamp.rate_e8, E8):
            self._complain(sequence, f"{event.position_id} paid {event.amount_atoms}")
        self.counts["payments"] += 1
        self.counts["payments of which not all could be paid"] += event.accrued_atoms > 0
        self._payments[self._users[event.account_id]].append(
            Payment(
                str(event.position_id),
                spec.symbol,
                text_from_e8(-event.amount_atoms),
                text_from_e8(event.accrued_atoms),
                text_from_e8(stamp.rate_e8),
                stamp.stamp_ns // _NS_PER_MS,
                sequence,
            )
        )

    def _judge(self, sequence: int, event: LiquidationStep) -> None:
        self.counts["liquidation steps"] += 1
        spec = self._specs[self._open[event.position_id].instrument_id]
        self._steps[event.position_id].append(
            finance.LiquidationStep(
                text_from_e8(event.mark_ticks * spec.tick_size_e8),
                text_from_e8(event.equity_atoms),
                text_from_e8(event.maintenance_atoms),
                text_from_e8(event.qty_lots * spec.lot_size_e8),
                sequence,
            )
        )

    def _note_setting(self, sequence: int, event: Event) -> None:
        """What the answer to a command that changed a setting should have been."""
        user, body = OPERATOR, dict[str, object]()
        if isinstance(event, LeverageChanged):
            user = self._users[event.account_id]
            body = self._of_key(event.instrument_id, event.leg) | {"leverage": event.leverage}
        elif isinstance(event, MarginModeChanged):
            user = self._users[event.account_id]
            mode = event.margin_mode.name
            body = self._of_key(event.instrument_id, event.leg) | {"marginMode": mode}
        elif isinstance(event, FeeTierAssigned):
            body = {"userId": self._users[event.account_id], "tier": event.tier}
        elif isinstance(event, FeeTierChanged):
            body = {
                "symbol": self._specs[event.instrument_id].symbol,
                "tier": event.tier,
                "makerFee": text_from_e8(event.maker_fee_e8),
                "takerFee": text_from_e8(event.taker_fee_e8),
            }
        if body:
            self.counts[f"settings: {type(event).__name__}"] += 1
            self._settings[user, sequence] = msgspec.json.encode(body | {"sequence": sequence})

    def _of_key(self, instrument_id: int, leg: Leg) -> dict[str, object]:
        symbol = self._specs[instrument_id].symbol
        return {"symbol": symbol, "positionSide": leg.name if leg else None}


def _fields(body: bytes) -> object:
    """Whatever their order."""
    return msgspec.json.decode(body)
