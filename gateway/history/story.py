"""What is kept of one position, oldest first, and whether that is all that happened to it.

Knows records and in which order they belong; knows no words.
"""

from typing import Final, NamedTuple, final

from engine.events import PositionStatus
from gateway.history.records import AccountHistory, FillRecord, PaymentRecord, PositionRecord
from gateway.history.steps import AnyStep, PartClosed


class Happened(NamedTuple):
    """A record and where it belongs: what a stamp or an order does comes before what it fires."""

    sequence: int
    place: int
    number: int
    record: FillRecord | PaymentRecord | AnyStep


@final
class Story:
    """All that an account's history still knows of one of its positions.

    steps: why lots of it were closed.
    opener_id: of the fill that opened it, 0 if that is forgotten.
    unexplained: fills that closed lots of it, by an order of the owner's or not: not kept.
    """

    def __init__(self, history: AccountHistory, position: PositionRecord) -> None:
        position_id = position.position_id
        kept = history.steps.get(position_id)
        self.steps: Final[list[AnyStep]] = list(kept or ())
        self.position: Final = position
        self._fills: Final = [fill for fill in history.fills if fill.position_id == position_id]
        self._payments: Final = [p for p in history.payments if p.position_id == position_id]
        self._forgets_steps: Final = kept is not None and len(kept) == kept.maxlen
        self._forgets_payments: Final = _forgets_payments(history, position)
        explained = {step.fill_id for step in self.steps if isinstance(step, PartClosed)}
        self._untold: Final = [fill for fill in self._fills if fill.fill_id not in explained]
        self.opener_id: Final = self._opener_id()
        self.unexplained: Final = {f.fill_id for f in self._untold if not self._is_explained(f)}

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is forgotten; never true by mistake."""
        forgets = self._forgets_steps or self._forgets_payments or bool(self.unexplained)
        return self.opener_id != 0 and not forgets

    @property
    def is_end_explained(self) -> bool:
        """Whether it is known what closed lots of it last."""
        return not self._fills or self._fills[-1].fill_id not in self.unexplained

    def happened(self) -> list[Happened]:
        """Everything, in order; a fill that a step tells of is not told twice."""
        told = [Happened(fill.sequence, 0, fill.fill_id, fill) for fill in self._untold]
        told += [Happened(paid.sequence, -1, paid.number, paid) for paid in self._payments]
        told += [Happened(step.sequence, step.place, 1, step) for step in self.steps]
        told.sort(key=lambda happened: happened[:3])
        return told

    def _opener_id(self) -> int:
        """The oldest fill is forgotten first: it is kept if those kept opened all of its lots."""
        opening = [fill for fill in self._fills if fill.side == self.position.side]
        if sum(fill.qty_lots for fill in opening) != self.position.opened_lots:
            return 0
        return opening[0].fill_id

    def _is_explained(self, fill: FillRecord) -> bool:
        """Whether a fill that no step tells of was surely by an order of the owner's."""
        if fill.side == self.position.side:
            return True
        if fill.order_id == 0:
            return False
        if self._forgets_steps:
            return fill.sequence > self.steps[0].sequence
        # A snapshot of before there were steps has none of what it tells as liquidated.
        return bool(self.steps) or self.position.status != PositionStatus.LIQUIDATED


def _forgets_payments(history: AccountHistory, position: PositionRecord) -> bool:
    """Whether the account has forgotten payments of a time when the position was open."""
    payments = history.payments
    if not payments or payments[0].number == 1:
        return False
    return payments[0].time_ns >= position.opened_ns
