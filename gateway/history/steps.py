"""Why positions were closed: what the events of a command say of liquidations, exits and gaps.

Kept for each position, so that its owner can be told.  Knows events; knows no state and no words.
"""

from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import Final, NamedTuple, final

import msgspec

from engine.events import (
    AccountLiquidated,
    BatchItem,
    CancelCause,
    CloseCause,
    DebtSettled,
    Event,
    LiquidationStep,
    OrderCancelled,
    OrderFilled,
    PositionClosed,
    PositionReduced,
    Traded,
)
from engine.units import NOBODY


class TakenBy(IntEnum):
    """Who was on the other side of a close."""

    HOUSE = 1
    BOOK = 2
    INSURANCE_FUND = 3
    COUNTERPARTY = 4  # a position on the other side, by auto-deleveraging


class Step(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One thing that happened to a position.  place: of its event within the command."""

    sequence: int
    time_ns: int
    place: int


class AccountJudged(Step, frozen=True, tag=1):
    """A cross account could not keep its positions; orders of it were cancelled first (LIQ-10)."""

    asset_id: int
    equity_atoms: int
    maintenance_atoms: int
    cancelled_orders: int


class PositionJudged(Step, frozen=True, tag=2):
    """Lots of the position were about to be closed by liquidation (LIQ-12).

    cancelled_orders: that were in the way, just before.
    """

    mark_ticks: int
    equity_atoms: int
    maintenance_atoms: int
    qty_lots: int
    bankruptcy_ticks: int
    cancelled_orders: int


class PartClosed(Step, frozen=True, tag=3):
    """Lots were closed by anything but an order of the owner's; left_lots, margin_atoms: after."""

    cause: int
    fill_id: int
    side: int
    qty_lots: int
    price_ticks: int
    fee_atoms: int
    realized_atoms: int
    taken_by: int
    paid_atoms: int
    liquidation_fee_atoms: int
    insurance_paid_atoms: int
    house_paid_atoms: int
    left_lots: int
    margin_atoms: int


class PositionEnded(Step, frozen=True, tag=4):
    """The position was gone with that.  realized_atoms: what it brought in all."""

    status: int
    realized_atoms: int


class DebtTaken(Step, frozen=True, tag=5):
    """The account was left with less than nothing, and brought back to zero (CRS-5)."""

    asset_id: int
    waived_atoms: int
    insurance_paid_atoms: int


AnyStep = AccountJudged | PositionJudged | PartClosed | PositionEnded | DebtTaken


class Told(NamedTuple):
    """A step, and whose."""

    account_id: int
    position_id: int
    step: AnyStep


def is_worth_telling(event: PositionReduced) -> bool:
    """Whether a reduction needs an explanation: it was no order of the owner's that closed."""
    return event.cause is not CloseCause.ORDER


@final
class StepReader:
    """Reads the events of one command in order.

    order_driven: the instruments whose users trade with each other.
    """

    def __init__(
        self, sequence: int, time_ns: int, events: list[Event], order_driven: Collection[int]
    ) -> None:
        self._sequence: Final = sequence
        self._time_ns: Final = time_ns
        self._events: Final = events
        self._order_driven: Final = order_driven
        self._judged: Final[dict[int, AccountLiquidated]] = {}
        self._cancelled: Final[dict[int, int]] = {}
        # Positions told of the judgement of their account: the orders cancelled then.
        self._told_of_account: Final[dict[int, int]] = {}
        self._concerned: Final[dict[int, set[int]]] = {}
        # Positions that lost lots, by account: since its last debt and, of a batch, in this item.
        self._shrunk: Final[dict[int, dict[int, None]]] = {}
        self._fills: Final[dict[int, int]] = {}

    def steps(self) -> Iterator[Told]:
        """What is to be kept, in order."""
        for place, event in enumerate(self._events):
            if isinstance(event, OrderFilled):
                self._fills[event.position_id] = place
            elif isinstance(event, OrderCancelled):
                if event.cause is CancelCause.LIQUIDATION:
                    before = self._cancelled.get(event.account_id, 0)
                    self._cancelled[event.account_id] = before + 1
            elif isinstance(event, AccountLiquidated):
                self._judged[event.account_id] = event
                self._told_of_account.clear()
            elif isinstance(event, LiquidationStep):
                yield from self._judgement(place, event)
            elif isinstance(event, PositionReduced):
                yield from self._reduction(place, event)
            elif isinstance(event, PositionClosed):
                if event.position_id in self._concerned.get(event.account_id, ()):
                    ended = PositionEnded(*self._at(place), event.status, event.realized_atoms)
                    yield Told(event.account_id, event.position_id, ended)
            elif isinstance(event, BatchItem):
                self._shrunk.clear()
            elif isinstance(event, DebtSettled):
                yield from self._debt(place, event)

    def _at(self, place: int) -> tuple[int, int, int]:
        return self._sequence, self._time_ns, place

    def _concern(self, account_id: int, position_id: int) -> None:
        self._concerned.setdefault(account_id, set()).add(position_id)

    def _judgement(self, place: int, event: LiquidationStep) -> Iterator[Told]:
        account_id, position_id = event.account_id, event.position_id
        if account_id == NOBODY:
            return
        self._concern(account_id, position_id)
        cancelled = self._cancelled.pop(account_id, 0)
        judged = self._judged.get(account_id)
        if judged is not None and position_id not in self._told_of_account:
            orders = max([cancelled, *self._told_of_account.values()])
            self._told_of_account[position_id] = orders
            account = judged.asset_id, judged.equity_atoms, judged.maintenance_atoms, orders
            yield Told(account_id, position_id, AccountJudged(*self._at(place), *account))
            cancelled = 0
        figures = event.mark_ticks, event.equity_atoms, event.maintenance_atoms
        step = PositionJudged(
            *self._at(place), *figures, event.qty_lots, event.bankruptcy_ticks, cancelled
        )
        yield Told(account_id, position_id, step)

    def _reduction(self, place: int, event: PositionReduced) -> Iterator[Told]:
        self._shrunk.setdefault(event.account_id, {})[event.position_id] = None
        if event.account_id == NOBODY or not is_worth_telling(event):
            return
        self._concern(event.account_id, event.position_id)
        filled_at = self._fills[event.position_id]
        fill = self._events[filled_at]
        assert isinstance(fill, OrderFilled)
        step = PartClosed(
            *self._at(place),
            event.cause,
            fill.fill_id,
            fill.side,
            fill.qty_lots,
            fill.price_ticks,
            fill.fee_atoms,
            fill.realized_atoms,
            self._taken_by(filled_at, fill, event.cause),
            event.paid_atoms,
            event.liquidation_fee_atoms,
            event.insurance_paid_atoms,
            event.house_paid_atoms,
            event.qty_lots,
            event.margin_atoms,
        )
        yield Told(event.account_id, event.position_id, step)

    def _taken_by(self, place: int, fill: OrderFilled, cause: CloseCause) -> TakenBy:
        """A trade in a book is told just before its fills; else the next fill is the other side."""
        if fill.instrument_id not in self._order_driven:
            return TakenBy.HOUSE
        if cause is CloseCause.AUTO_DELEVERAGE:
            return TakenBy.COUNTERPARTY
        if place and isinstance(self._events[place - 1], Traded):
            return TakenBy.BOOK
        later = self._events[place + 1 :]
        other = next((event for event in later if isinstance(event, OrderFilled)), None)
        if other is not None and other.account_id == NOBODY:
            return TakenBy.INSURANCE_FUND
        return TakenBy.COUNTERPARTY if cause is CloseCause.LIQUIDATION else TakenBy.BOOK

    def _debt(self, place: int, event: DebtSettled) -> Iterator[Told]:
        """Each position that lost lots just before; isolated ones too, which bring no debt."""
        for position_id in self._shrunk.pop(event.account_id, ()):
            taken = event.asset_id, event.waived_atoms, event.insurance_paid_atoms
            yield Told(event.account_id, position_id, DebtTaken(*self._at(place), *taken))
