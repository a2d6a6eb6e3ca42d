"""A history as rows of a snapshot and back.  Knows the rows' order; knows nothing of files."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from engine.codec import Row
from gateway.history.keeper import History
from gateway.history.modes import Modes
from gateway.history.records import (
    AccountHistory,
    FillRecord,
    OrderRecord,
    PaymentRecord,
    PositionRecord,
)
from gateway.history.steps import AnyStep

FORMAT: Final = 0
ORDER, POSITION, FILL, REFUSED, CLOSED_ORDERS, CLOSED_POSITIONS, ACCOUNT = range(1, 8)
# Absent from snapshots of before there were such markets and modes; orders and positions of then
# lack their last fields, and the first row names the ticket markets.
ORDER_DRIVEN, MARKET_MODES, POSITION_MODE, MARGIN_MODE = range(8, 12)
# Absent from those of before there were payments and explanations.
PAYMENT, STEP = 12, 13


class HistoryUnknown(Exception):
    """Rows that are no history of this sequence: it has to be observed from the start."""


def history_rows(history: History) -> list[Row]:
    """The whole history; the same history gives the same rows."""
    rows: list[Row] = [(FORMAT, history.sequence, history.time_ns)]
    rows.append((ORDER_DRIVEN, *history.order_driven()))
    modes = history.modes
    rows += [(MARKET_MODES, *market) for market in modes.markets()]
    rows += [(POSITION_MODE, *changed) for changed in modes.position_modes()]
    rows += [(MARGIN_MODE, *changed) for changed in modes.margin_modes()]
    for account_id, account in history.accounts():
        rows.append((ACCOUNT, account_id, account.stream_sequence))
        rows += [(ORDER, _values(order)) for order in account.orders.values()]
        rows += [(REFUSED, _values(account.by_client_id[key])) for key in _refused(account)]
        rows += [(POSITION, _values(position)) for position in account.positions.values()]
        rows += [(FILL, _values(fill)) for fill in account.fills]
        rows += _step_rows(account)
        rows += [(PAYMENT, _values(payment)) for payment in account.payments]
        rows.append((CLOSED_ORDERS, *account.closed_orders))
        rows.append((CLOSED_POSITIONS, *account.closed_positions))
    return rows


def load_history(history: History, rows: Iterable[Row]) -> None:
    """Fill an empty history.  Raises HistoryUnknown if the rows are none of this format."""
    stored = iter(rows)
    head = next(stored, None)
    if head is None or head[0] != FORMAT:
        raise HistoryUnknown("the snapshot holds no history of this format")
    history.begin_at(head[1], head[2])
    history.modes.add_ticket_markets(head[3:])
    account = AccountHistory()
    try:
        for row in stored:
            if row[0] == ACCOUNT:
                account = history.account(row[1])
                account.stream_sequence = row[2]
            elif row[0] == ORDER_DRIVEN:
                history.add_order_driven(row[1:])
            elif row[0] in (MARKET_MODES, POSITION_MODE, MARGIN_MODE):
                _load_mode(history.modes, row)
            else:
                _load(account, row)
    except (msgspec.ValidationError, IndexError, TypeError) as error:
        raise HistoryUnknown(f"a row of the history cannot be read: {error}") from error


def _load_mode(modes: Modes, row: Row) -> None:
    kind, *values = row
    if kind == MARKET_MODES:
        modes.add_market(*values)
    elif kind == POSITION_MODE:
        modes.set_position_mode(*values)
    else:
        modes.set_margin_mode(*values)


def _load(account: AccountHistory, row: Row) -> None:
    kind = row[0]
    if kind == ORDER:
        order = msgspec.convert(row[1], OrderRecord)
        account.orders[order.order_id] = order
        if order.is_open:
            account.open_orders[order.order_id] = order
        if order.client_order_id:
            account.by_client_id[order.client_order_id] = order
    elif kind == REFUSED:
        account.refuse(msgspec.convert(row[1], OrderRecord))
    elif kind == POSITION:
        position = msgspec.convert(row[1], PositionRecord)
        account.positions[position.position_id] = position
        if position.closed_ns == 0:
            account.open_positions[position.position_id] = position
    elif kind == FILL:
        account.fills.append(msgspec.convert(row[1], FillRecord))
    elif kind == STEP:
        account.add_step(row[1], _step_of(row[2]))
    elif kind == PAYMENT:
        account.add_payment(msgspec.convert(row[1], PaymentRecord))
    elif kind == CLOSED_ORDERS:
        account.closed_orders.extend(row[1:])
    elif kind == CLOSED_POSITIONS:
        account.closed_positions.extend(row[1:])
    else:
        raise HistoryUnknown(f"a row of kind {kind!r}")


def _step_rows(account: AccountHistory) -> Iterator[Row]:
    """Of positions in order of id, after the positions themselves."""
    for position_id in sorted(account.steps):
        for step in account.steps[position_id]:
            yield STEP, position_id, tuple(msgspec.to_builtins(step))


def _step_of(values: Row) -> AnyStep:
    step: AnyStep = msgspec.convert(values, AnyStep)
    return step


def _refused(account: AccountHistory) -> list[str]:
    """Client order ids that still stand for a refusal, oldest first."""
    known = account.by_client_id
    return [key for key in account.refused if key in known and known[key].order_id == 0]


def _values(record: msgspec.Struct) -> tuple[Any, ...]:
    """The record's fields in order, records within it as tuples too."""
    return tuple(
        _values(value) if isinstance(value, msgspec.Struct) else value
        for value in msgspec.structs.astuple(record)
    )
