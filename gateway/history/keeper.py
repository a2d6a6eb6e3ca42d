"""What the core forgets: orders, fills and closed positions of each account, from its events.

Knows commands and events, nothing of HTTP and nothing of the engine's state, so that observing the
journal again from its start gives the same history, sequence for sequence.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, final

import msgspec

from engine.commands import (
    Command,
    ListInstrument,
    PlaceOrder,
    SubmitBatch,
)
from engine.events import (
    AccountLiquidated,
    BatchItem,
    DebtSettled,
    Deposited,
    Event,
    ExitsChanged,
    FeeTierAssigned,
    FundingPaid,
    FundingSettled,
    InstrumentListed,
    LeverageChanged,
    LiquidationStep,
    MarginAdjusted,
    MarginModeChanged,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderTriggered,
    PositionClosed,
    PositionIncreased,
    PositionModeChanged,
    PositionOpened,
    PositionReduced,
    Rejected,
    TrailingActivated,
    Withdrawn,
)
from engine.events import CancelCause as Cause
from engine.instrument import MarketStructure, PositionMode
from engine.margin import initial_margin_atoms
from engine.reject_reason import RejectReason
from gateway.history.modes import Modes
from gateway.history.orders import When, asked_order, own_order, refused_order
from gateway.history.records import (
    CANCELLED,
    EXPIRED,
    FILLED,
    PARTIALLY_FILLED,
    AccountHistory,
    FillRecord,
    Notice,
    OrderRecord,
    PaymentRecord,
    PositionRecord,
    Touched,
)
from gateway.history.steps import DebtTaken, StepReader, is_worth_telling

# Refusals that the engine forgets too: the client order id may be used again.
_FORGOTTEN: Final = frozenset(
    {RejectReason.DUPLICATE_ID, RejectReason.UNKNOWN_ACCOUNT, RejectReason.BAD_COMBINATION}
)


_NOTHING: Final[list[Touched]] = []


@final
class History:
    """All accounts' histories, fed one command at a time, in sequence."""

    def __init__(self) -> None:
        self._accounts: Final[list[AccountHistory | None]] = [None]
        self._touched: dict[int, Touched] = {}
        self._sequence = 0
        self._time_ns = 0
        self._fill_order: OrderRecord | None = None
        # The order that the present command asks for, until its outcome has been told.
        self._asked: PlaceOrder | None = None
        self._stamp: FundingSettled | None = None
        self._is_worth_telling = False
        self.modes: Final = Modes()
        self._order_driven: Final[set[int]] = set()
        self._handlers: Final[dict[type, Callable[[Any], None]]] = {
            OrderAmended: self._amended,
            OrderTriggered: self._triggered,
            TrailingActivated: self._activated,
            OrderCancelled: self._cancelled,
            OrderExpired: self._expired,
            OrderFilled: self._filled,
            PositionOpened: self._opened,
            PositionIncreased: self._increased,
            PositionReduced: self._reduced,
            PositionClosed: self._closed,
            MarginAdjusted: self._adjusted,
            ExitsChanged: self._exits,
            Deposited: self._moved,
            Withdrawn: self._moved,
            LeverageChanged: self._levered,
            FundingPaid: self._paid,
            LiquidationStep: self._judged,
            PositionModeChanged: self._keyed,
            MarginModeChanged: self._backed,
            AccountLiquidated: self._noted,
            DebtSettled: self._settled,
            FeeTierAssigned: self._noted,
        }

    @property
    def sequence(self) -> int:
        """The last command observed."""
        return self._sequence

    @property
    def time_ns(self) -> int:
        """The time of the last command observed."""
        return self._time_ns

    def order_driven(self) -> list[int]:
        """The instruments whose orders may fill in parts, by id."""
        return sorted(self._order_driven)

    def begin_at(self, sequence: int, time_ns: int) -> None:
        """Go on after `sequence`; what lies before is filled in by the caller."""
        assert self._sequence == 0
        self._sequence = sequence
        self._time_ns = time_ns

    def add_order_driven(self, instrument_ids: Iterable[int]) -> None:
        """Their orders may fill in parts."""
        self._order_driven.update(instrument_ids)

    def account(self, account_id: int) -> AccountHistory:
        """The history of an account, made when first asked for."""
        accounts = self._accounts
        while len(accounts) <= account_id:
            accounts.append(None)
        found = accounts[account_id]
        if found is None:
            found = AccountHistory()
            accounts[account_id] = found
        return found

    def known(self, account_id: int) -> AccountHistory | None:
        """The history of an account that has one."""
        return self._accounts[account_id] if account_id < len(self._accounts) else None

    def accounts(self) -> Iterator[tuple[int, AccountHistory]]:
        """Every account with a history, by id."""
        for account_id, found in enumerate(self._accounts):
            if found is not None:
                yield account_id, found

    def observe(
        self, sequence: int, time_ns: int, command: Command, events: list[Event]
    ) -> list[Touched]:
        """Take in one command; returns what it changed, by account in order of first change."""
        assert sequence == self._sequence + 1
        self._sequence = sequence
        if time_ns > self._time_ns:
            self._time_ns = time_ns
        self._asked = command if type(command) is PlaceOrder else None
        for event in events:
            if type(event) is OrderAccepted:
                self._accepted(event)
            elif type(event) is BatchItem:
                assert type(command) is SubmitBatch
                item = command.items[event.place]
                self._asked = item if type(item) is PlaceOrder else None
            elif type(event) is InstrumentListed:
                assert type(command) is ListInstrument
                self._listed(command, event)
            elif type(event) is Rejected:
                self._refused(event)
            elif type(event) is FundingSettled:
                self._stamp = event
            else:
                handler = self._handlers.get(type(event))
                # What happens to account 0, the insurance fund, is no user's history.
                if handler is not None and event.account_id:  # type: ignore[union-attr]
                    handler(event)
        if not self._touched:
            return _NOTHING
        if self._is_worth_telling:
            self._tell(events)
        touched, self._touched = list(self._touched.values()), {}
        for change in touched:
            history = self.account(change.account_id)
            self._finish(history, change)
            change.first_sequence = history.stream_sequence + 1
            history.stream_sequence += change.messages()
        return touched

    def _tell(self, events: list[Event]) -> None:
        """Keep what the events say of positions that were closed by no order of their owners, or
        left a debt."""
        self._is_worth_telling = False
        reader = StepReader(self._sequence, self._time_ns, events, self._order_driven)
        for account_id, position_id, step in reader.steps():
            history = self.account(account_id)
            record = history.positions.get(position_id)
            if record is not None and (record.is_cross or not isinstance(step, DebtTaken)):
                history.add_step(position_id, step)

    def _touch(self, account_id: int) -> Touched:
        touched = self._touched.get(account_id)
        if touched is None:
            touched = Touched(account_id)
            self._touched[account_id] = touched
        return touched

    def _listed(self, command: ListInstrument, event: InstrumentListed) -> None:
        spec, instrument_id = command.spec, event.instrument_id
        if spec.market is MarketStructure.ORDER_DRIVEN:
            self._order_driven.add(instrument_id)
        self.modes.add_market(instrument_id, spec.position_mode, spec.margin_mode)

    def _finish(self, history: AccountHistory, change: Touched) -> None:
        """Orders that cannot wait are done at the end of a command that filled some of them."""
        for record in change.orders.values():
            if record.status == PARTIALLY_FILLED and not record.can_wait:
                self._fill_up(history, record)

    def _fill_up(self, history: AccountHistory, record: OrderRecord) -> None:
        """All that the order could be is filled, however much was asked for."""
        record.status = FILLED
        record.qty_lots = record.filled_lots
        history.close_order(record)

    def _accepted(self, event: OrderAccepted) -> None:
        if event.account_id == 0:  # the insurance fund's offers (LIQ-8) are no user's
            return
        command, self._asked = self._asked, None
        if command is None:
            place = event.account_id, event.instrument_id
            leg = self.modes.leg_of_closing(*place, event.side)
            record = own_order(event, leg, self.modes.is_cross(*place, leg), self._when())
        else:
            is_cross = self._is_cross(command)
            stays = event.amount_atoms > 0 and not is_cross and self._sizes_by_amount(command)
            record = asked_order(command, event, is_cross, stays, self._when())
        self.account(event.account_id).open_order(record)
        touched = self._touch(record.account_id)
        touched.orders[record.order_id] = record
        touched.account = True

    def _is_cross(self, command: PlaceOrder) -> bool:
        return self.modes.is_cross(command.account_id, command.instrument_id, command.leg)

    def _sizes_by_amount(self, command: PlaceOrder) -> bool:
        """Whether an amount stays one until it fills (HLD-1)."""
        mode = self.modes.position_mode(command.account_id, command.instrument_id)
        return mode == PositionMode.TICKET and command.instrument_id not in self._order_driven

    def _refused(self, event: Rejected) -> None:
        """Remember the refusal of an order, if its owner can ask for it again."""
        command, self._asked = self._asked, None
        if command is None or not command.client_order_id or event.reason in _FORGOTTEN:
            return
        record = refused_order(command, event.reason, self._is_cross(command), self._when())
        self.account(command.account_id).refuse(record)

    def _when(self) -> When:
        return When(self._sequence, self._time_ns)

    def _changed(self, account_id: int, order_id: int) -> OrderRecord:
        """The order, about to change in this command."""
        record = self.account(account_id).orders[order_id]
        if record.sequence != self._sequence:
            if record.client_order_id and record.first is None:
                record.first = msgspec.structs.replace(record)
            record.sequence = self._sequence
            record.updated_ns = self._time_ns
        touched = self._touch(account_id)
        touched.orders[order_id] = record
        touched.account = True
        return record

    def _amended(self, event: OrderAmended) -> None:
        record = self._changed(event.account_id, event.order_id)
        record.price_ticks = event.price_ticks
        record.trigger_ticks = event.trigger_ticks
        record.qty_lots = event.qty_lots
        record.amount_atoms = event.amount_atoms or record.amount_atoms
        if record.is_open and 0 < record.filled_lots == record.qty_lots:
            self._fill_up(self.account(event.account_id), record)  # what was left is no more

    def _triggered(self, event: OrderTriggered) -> None:
        self._changed(event.account_id, event.order_id)

    def _activated(self, event: TrailingActivated) -> None:
        self._changed(event.account_id, event.order_id).activated_ticks = event.extreme_ticks

    def _cancelled(self, event: OrderCancelled) -> None:
        record = self._changed(event.account_id, event.order_id)
        record.status = CANCELLED
        record.reason = event.reason.name if event.cause is Cause.REFUSED else event.cause.name
        self.account(event.account_id).close_order(record)

    def _expired(self, event: OrderExpired) -> None:
        record = self._changed(event.account_id, event.order_id)
        record.status = EXPIRED
        self.account(event.account_id).close_order(record)

    def _filled(self, event: OrderFilled) -> None:
        history = self.account(event.account_id)
        fill = FillRecord(
            event.fill_id,
            event.order_id,
            event.position_id,
            event.instrument_id,
            event.side,
            event.price_ticks,
            event.qty_lots,
            event.fee_atoms,
            event.liquidity,
            event.realized_atoms,
            self._sequence,
            self._time_ns,
        )
        history.fills.append(fill)
        touched = self._touch(event.account_id)
        touched.fills.append(fill)
        touched.account = True
        self._fill_order = None
        if event.order_id == 0:
            return
        record = self._changed(event.account_id, event.order_id)
        self._fill_order = record
        record.filled_lots += event.qty_lots
        record.filled_value += event.qty_lots * event.price_ticks
        record.filled_ns = self._time_ns
        record.position_id = event.position_id
        if record.status == FILLED:  # a flip of a whole fill comes in two parts
            record.qty_lots = record.filled_lots
        elif (
            record.filled_lots < record.qty_lots or record.qty_lots == 0
        ) and event.instrument_id in self._order_driven:
            record.status = PARTIALLY_FILLED
        else:
            self._fill_up(history, record)

    def _opening_margin_atoms(self, cost_atoms: int, leverage: int) -> int:
        """What M0 grows by: the amount of an order sized by it, else the cost over the leverage."""
        order = self._fill_order
        if order is not None and order.is_sized_by_amount:
            return order.amount_atoms
        return initial_margin_atoms(cost_atoms, leverage)

    def _opened(self, event: PositionOpened) -> None:
        place = event.account_id, event.instrument_id
        leg = self.modes.leg_of_position(*place, event.side)
        record = PositionRecord(
            event.position_id,
            event.account_id,
            event.instrument_id,
            event.side,
            event.leverage,
            self._time_ns,
            event.qty_lots,
            event.cost_atoms,
            self._opening_margin_atoms(event.cost_atoms, event.leverage),
            event.qty_lots,
            event.cost_atoms,
            event.margin_atoms,
            leg=leg,
            is_cross=self.modes.is_cross(*place, leg),
        )
        self.account(event.account_id).open_position(record)
        self._touch_position(record)

    def _position(self, account_id: int, position_id: int) -> PositionRecord:
        record = self.account(account_id).positions[position_id]
        self._touch_position(record)
        return record

    def _touch_position(self, record: PositionRecord) -> None:
        touched = self._touch(record.account_id)
        touched.positions[record.position_id] = record
        touched.account = True

    def _increased(self, event: PositionIncreased) -> None:
        record = self._position(event.account_id, event.position_id)
        cost_atoms = event.cost_atoms - record.open_cost_atoms
        record.opened_lots += event.qty_lots - record.open_lots
        record.opened_cost_atoms += cost_atoms
        record.initial_margin_atoms += self._opening_margin_atoms(cost_atoms, record.leverage)
        self._set_open(record, event)

    def _judged(self, event: LiquidationStep) -> None:
        self._is_worth_telling = True
        self._position(event.account_id, event.position_id)

    def _reduced(self, event: PositionReduced) -> None:
        if is_worth_telling(event):
            self._is_worth_telling = True
        self._set_open(self._position(event.account_id, event.position_id), event)

    def _set_open(self, record: PositionRecord, event: PositionIncreased | PositionReduced) -> None:
        record.open_lots = event.qty_lots
        record.open_cost_atoms = event.cost_atoms
        record.margin_atoms = event.margin_atoms

    def _closed(self, event: PositionClosed) -> None:
        record = self._position(event.account_id, event.position_id)
        record.status = event.status
        record.realized_atoms = event.realized_atoms
        record.closed_ns = self._time_ns
        self.account(event.account_id).close_position(record)

    def _adjusted(self, event: MarginAdjusted) -> None:
        self._position(event.account_id, event.position_id).margin_atoms = event.margin_atoms

    def _exits(self, event: ExitsChanged) -> None:
        self._position(event.account_id, event.position_id)

    def _moved(self, event: Deposited | Withdrawn) -> None:
        self._touch(event.account_id).account = True

    def _levered(self, event: LeverageChanged) -> None:
        """What the key has, has it too: openers, and a position, whose margin is what it would
        have been from the first (KEY-4)."""
        self._touch(event.account_id).account = True
        history = self.account(event.account_id)
        for order in history.open_orders.values():
            is_of_key = (order.instrument_id, order.leg) == (event.instrument_id, event.leg)
            if is_of_key and order.leverage not in (0, event.leverage):
                self._changed(event.account_id, order.order_id).leverage = event.leverage
        for record in history.open_positions.values():
            if (record.instrument_id, record.leg) == (event.instrument_id, event.leg):
                record.leverage = event.leverage
                cost_atoms = record.opened_cost_atoms
                record.initial_margin_atoms = initial_margin_atoms(cost_atoms, event.leverage)
                self._touch_position(record)

    def _paid(self, event: FundingPaid) -> None:
        stamp = self._stamp
        assert stamp is not None
        record = self._position(event.account_id, event.position_id)
        record.margin_atoms = event.margin_atoms
        record.funding_atoms += event.amount_atoms
        history = self.account(event.account_id)
        payment = PaymentRecord(
            history.next_payment,
            event.position_id,
            record.instrument_id,
            record.side,
            record.open_lots,
            event.amount_atoms,
            event.accrued_atoms,
            stamp.rate_e8,
            stamp.mark_ticks,
            stamp.stamp_ns,
            self._sequence,
            self._time_ns,
        )
        history.add_payment(payment)
        self._touch(event.account_id).payments.append(payment)

    def _keyed(self, event: PositionModeChanged) -> None:
        self.modes.set_position_mode(event.account_id, event.instrument_id, event.mode)
        self._touch(event.account_id).account = True

    def _backed(self, event: MarginModeChanged) -> None:
        self.modes.set_margin_mode(
            event.account_id, event.instrument_id, event.leg, event.margin_mode
        )
        self._touch(event.account_id).account = True

    def _settled(self, event: DebtSettled) -> None:
        self._is_worth_telling = True
        self._noted(event)

    def _noted(self, event: Notice) -> None:
        touched = self._touch(event.account_id)
        touched.notices.append(event)
        touched.account = True
