"""What is kept of one account: records of its orders, fills and positions, and what a command
changed of them.  Decides nothing."""

from collections import deque
from collections.abc import Sequence
from typing import Final, final

import msgspec

from engine.commands import OrderType, SelfTradePrevention, TimeInForce
from engine.events import AccountLiquidated, DebtSettled, FeeTierAssigned, PositionStatus
from gateway.history.steps import AnyStep

# What is told of an account as a whole.
Notice = AccountLiquidated | DebtSettled | FeeTierAssigned

CLOSED_PER_ACCOUNT_MAX: Final = 10_000
REFUSED_PER_ACCOUNT_MAX: Final = 1_000
STEPS_PER_POSITION_MAX: Final = 1_000

PENDING: Final = "PENDING"
PARTIALLY_FILLED: Final = "PARTIALLY_FILLED"
FILLED: Final = "FILLED"
CANCELLED: Final = "CANCELLED"
EXPIRED: Final = "EXPIRED"
REJECTED: Final = "REJECTED"
OPEN_STATUSES: Final = (PENDING, PARTIALLY_FILLED)
ORDER_STATUSES: Final = (*OPEN_STATUSES, FILLED, CANCELLED, EXPIRED, REJECTED)
_LIMITS: Final = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)
_WAITING: Final = (TimeInForce.GTC, TimeInForce.GTD)


class OrderRecord(msgspec.Struct, array_like=True, gc=False):
    """An order as its owner sees it.

    sequence: of the command that changed it last.  filled_value: Σ lots × ticks of its fills.
    reason: why it is cancelled or refused, else empty.
    activated_ticks: where a trailing stop began to follow that had waited for it.
    first: what it was after the command that placed it, kept once it differs, for a client that
        asks again with the same client order id.
    """

    order_id: int
    account_id: int
    instrument_id: int
    side: int
    order_type: int
    time_in_force: int
    price_ticks: int
    trigger_ticks: int
    amount_atoms: int
    qty_lots: int
    leverage: int
    reduce_only: bool
    post_only: bool
    position_id: int
    client_order_id: str
    created_ns: int
    sequence: int
    updated_ns: int
    status: str = PENDING
    reason: str = ""
    filled_lots: int = 0
    filled_value: int = 0
    filled_ns: int = 0
    is_sized_by_amount: bool = False
    first: "OrderRecord | None" = None
    display_lots: int = 0
    close_position: bool = False
    self_trade_prevention: int = int(SelfTradePrevention.CANCEL_MAKER)
    oco_group: str = ""
    leg: int = 0
    is_cross: bool = False
    trail_ticks: int = 0
    trail_e8: int = 0
    activated_ticks: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status in OPEN_STATUSES

    @property
    def can_wait(self) -> bool:
        """Whether what does not fill on arrival waits in the book; else it is done then."""
        return self.order_type in _LIMITS and self.time_in_force in _WAITING


class FillRecord(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One fill."""

    fill_id: int
    order_id: int
    position_id: int
    instrument_id: int
    side: int
    price_ticks: int
    qty_lots: int
    fee_atoms: int
    liquidity: int
    realized_atoms: int
    sequence: int
    time_ns: int


class PaymentRecord(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """What a position paid at a funding stamp or, negative, received.

    number: counts the account's payments from 1.  accrued_atoms: what it owed after it.
    """

    number: int
    position_id: int
    instrument_id: int
    side: int
    qty_lots: int
    amount_atoms: int
    accrued_atoms: int
    rate_e8: int
    mark_ticks: int
    stamp_ns: int
    sequence: int
    time_ns: int


class PositionRecord(msgspec.Struct, array_like=True, gc=False):
    """A position from its opening to its end.

    opened_lots, opened_cost_atoms, initial_margin_atoms: sums over all that opened it, the last
        as if all of it had been opened at its present leverage once that was changed.
    open_lots, open_cost_atoms, margin_atoms: what is open now.
    funding_atoms: what it paid at funding stamps so far or, negative, received.
    """

    position_id: int
    account_id: int
    instrument_id: int
    side: int
    leverage: int
    opened_ns: int
    opened_lots: int
    opened_cost_atoms: int
    initial_margin_atoms: int
    open_lots: int
    open_cost_atoms: int
    margin_atoms: int
    status: int = int(PositionStatus.OPEN)
    realized_atoms: int = 0
    closed_ns: int = 0
    leg: int = 0
    is_cross: bool = False
    funding_atoms: int = 0


@final
class AccountHistory:
    """What is kept of one account; dicts are in order of id, deques in order of closing.

    steps: why positions were closed, by position; those closed by orders alone have none.
    paid: payments of funding, None before the first: an empty deque is half a kilobyte.
    stream_sequence: how many private messages the account's events have called for so far.
    """

    __slots__ = (
        "by_client_id",
        "closed_orders",
        "closed_positions",
        "fills",
        "open_orders",
        "open_positions",
        "orders",
        "paid",
        "positions",
        "refused",
        "steps",
        "stream_sequence",
    )

    def __init__(self) -> None:
        self.orders: dict[int, OrderRecord] = {}
        self.open_orders: dict[int, OrderRecord] = {}
        self.closed_orders: deque[int] = deque()
        self.by_client_id: dict[str, OrderRecord] = {}
        self.refused: deque[str] = deque()
        self.positions: dict[int, PositionRecord] = {}
        self.open_positions: dict[int, PositionRecord] = {}
        self.steps: dict[int, deque[AnyStep]] = {}
        self.closed_positions: deque[int] = deque()
        self.paid: deque[PaymentRecord] | None = None
        self.fills: deque[FillRecord] = deque(maxlen=CLOSED_PER_ACCOUNT_MAX)
        self.stream_sequence = 0

    @property
    def payments(self) -> Sequence[PaymentRecord]:
        """Payments of funding, oldest first."""
        return () if self.paid is None else self.paid

    @property
    def next_payment(self) -> int:
        """The number of the next one."""
        return self.paid[-1].number + 1 if self.paid else 1

    def add_payment(self, payment: PaymentRecord) -> None:
        """A payment; the oldest beyond the limit is forgotten."""
        if self.paid is None:
            self.paid = deque(maxlen=CLOSED_PER_ACCOUNT_MAX)
        self.paid.append(payment)

    def open_order(self, record: OrderRecord) -> None:
        """An order that was accepted."""
        self.orders[record.order_id] = record
        self.open_orders[record.order_id] = record
        if record.client_order_id:
            self.by_client_id[record.client_order_id] = record

    def open_position(self, record: PositionRecord) -> None:
        """A position that has lots."""
        self.positions[record.position_id] = record
        self.open_positions[record.position_id] = record

    def close_order(self, record: OrderRecord) -> None:
        """The order is closed; the oldest closed one beyond the limit is forgotten."""
        del self.open_orders[record.order_id]
        self.closed_orders.append(record.order_id)
        if len(self.closed_orders) > CLOSED_PER_ACCOUNT_MAX:
            gone = self.orders.pop(self.closed_orders.popleft())
            if self.by_client_id.get(gone.client_order_id) is gone:
                del self.by_client_id[gone.client_order_id]

    def close_position(self, record: PositionRecord) -> None:
        """The position is closed; the oldest closed one beyond the limit is forgotten."""
        del self.open_positions[record.position_id]
        self.closed_positions.append(record.position_id)
        if len(self.closed_positions) > CLOSED_PER_ACCOUNT_MAX:
            gone_id = self.closed_positions.popleft()
            del self.positions[gone_id]
            self.steps.pop(gone_id, None)

    def add_step(self, position_id: int, step: AnyStep) -> None:
        """Something to tell of a position, if it is still known."""
        if position_id in self.positions:
            usual: deque[AnyStep] = deque(maxlen=STEPS_PER_POSITION_MAX)
            self.steps.setdefault(position_id, usual).append(step)

    def refuse(self, record: OrderRecord) -> None:
        """Remember the refusal of a client order id."""
        self.by_client_id[record.client_order_id] = record
        self.refused.append(record.client_order_id)
        if len(self.refused) > REFUSED_PER_ACCOUNT_MAX:
            gone = self.by_client_id.get(self.refused.popleft())
            if gone is not None and gone.status == REJECTED:
                del self.by_client_id[gone.client_order_id]


@final
class Touched:
    """What one command changed for one account: each order and position once, as it is now.

    payments: of funding.  notices: what the events say of the account as a whole.
    first_sequence: the stream number of its first message; orders, fills, positions, payments,
        notices, then the account if its balances may have moved.
    """

    __slots__ = (
        "account",
        "account_id",
        "fills",
        "first_sequence",
        "notices",
        "orders",
        "payments",
        "positions",
    )

    def __init__(self, account_id: int) -> None:
        self.account_id: Final = account_id
        self.orders: dict[int, OrderRecord] = {}
        self.fills: list[FillRecord] = []
        self.positions: dict[int, PositionRecord] = {}
        self.payments: list[PaymentRecord] = []
        self.notices: list[Notice] = []
        self.account = False
        self.first_sequence = 0

    def messages(self) -> int:
        """How many private messages tell of it."""
        lists = (self.orders, self.fills, self.positions, self.payments, self.notices)
        return sum(map(len, lists)) + self.account
