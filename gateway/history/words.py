"""What happened to a position, in plain sentences.  Knows steps and decimals; looks nothing up.

Every sentence can be read by itself, by somebody who has never seen the rules.
"""

from typing import Final, NamedTuple, final

from engine.commands import Side
from engine.events import CloseCause, Liquidity, PositionStatus
from engine.instrument import InstrumentSpec
from gateway.decimals import text_from_e8
from gateway.history.records import FillRecord, PaymentRecord, PositionRecord
from gateway.history.steps import (
    AccountJudged,
    AnyStep,
    DebtTaken,
    PartClosed,
    PositionEnded,
    PositionJudged,
    TakenBy,
)

_CAUSES: Final = {
    CloseCause.STOP_LOSS: "The stop loss fired",
    CloseCause.TAKE_PROFIT: "The take profit fired",
    CloseCause.TRAILING_STOP: "The trailing stop fired",
    CloseCause.AUTO_CLOSE: "The profit or loss in percent reached the auto-close threshold",
    CloseCause.LIQUIDATION: "Liquidation closed lots of it",
    CloseCause.GAP: "The price jumped past the margin before the close could fill",
    CloseCause.AUTO_DELEVERAGE: "Its lots were needed for the liquidation of a position on the "
    "other side, which neither the book nor the insurance fund could take (auto-deleveraging)",
}
_TAKERS: Final = {
    TakenBy.HOUSE: "the house",
    TakenBy.BOOK: "an order in the book",
    TakenBy.INSURANCE_FUND: "the insurance fund, at the bankruptcy price",
    TakenBy.COUNTERPARTY: "a position on the other side, by auto-deleveraging",
}


class Terms(NamedTuple):
    """Names and grid of a market."""

    base: str
    asset: str
    tick_e8: int
    lot_e8: int


def terms_of(spec: InstrumentSpec) -> Terms:
    """Those of an instrument."""
    return Terms(spec.base, spec.settlement, spec.tick_size_e8, spec.lot_size_e8)


@final
class Words:
    """Sentences about one position."""

    def __init__(self, record: PositionRecord, terms: Terms) -> None:
        self._record: Final = record
        self._terms: Final = terms

    def opened(self, fill: FillRecord) -> str:
        """The fill that made it."""
        return f"An order opened it with {self._deal(fill)}, {self._fee(fill.fee_atoms)}."

    def increased(self, fill: FillRecord) -> str:
        """A later fill on its side."""
        return f"An order added {self._deal(fill)}, {self._fee(fill.fee_atoms)}."

    def reduced(self, fill: FillRecord) -> str:
        """A fill of an order of the owner's that closed lots of it."""
        gain, fee = self._gain(fill.realized_atoms), self._fee(fill.fee_atoms)
        return f"An order closed {self._deal(fill)}: {gain}, {fee}."

    def unexplained(self, fill: FillRecord) -> str:
        """A fill that closed lots of it, nobody knows any more why."""
        gain, fee = self._gain(fill.realized_atoms), self._fee(fill.fee_atoms)
        return f"It was reduced by {self._deal(fill)}: {gain}, {fee}; why is not known any more."

    def payment(self, payment: PaymentRecord) -> str:
        """Funding at a stamp."""
        amount = self._money(abs(payment.amount_atoms))
        rate = f"at a rate of {text_from_e8(payment.rate_e8)}"
        if payment.amount_atoms < 0:
            return f"It received {amount} of funding, {rate}."
        owed = payment.accrued_atoms
        rest = f", of which its margin could not cover {self._money(owed)}" if owed else ""
        return f"It paid {amount} of funding, {rate}{rest}."

    def step(self, step: AnyStep) -> str:
        """Anything that no order of the owner's did."""
        if isinstance(step, AccountJudged):
            return self._account(step)
        if isinstance(step, PositionJudged):
            return self._judged(step)
        if isinstance(step, PartClosed):
            return self._closed(step)
        if isinstance(step, PositionEnded):
            how = "liquidated" if step.status == PositionStatus.LIQUIDATED else "closed"
            return f"With that it was {how}; in all, {self._gain(step.realized_atoms)}."
        return self._debt(step)

    def _account(self, step: AccountJudged) -> str:
        orders = _cancelled(step.cancelled_orders)
        return (
            f"The cross account had {self._money(step.equity_atoms)} of equity, not more than the "
            f"{self._money(step.maintenance_atoms)} its positions needed to be kept, so it was "
            f"liquidated{orders}."
        )

    def _judged(self, step: PositionJudged) -> str:
        whose = "its account" if self._record.is_cross else "it"
        floor = ""
        if step.bankruptcy_ticks:
            word = "less" if self._record.side == Side.BUY else "more"
            floor = f", for no {word} than its bankruptcy price of "
            floor += self._price(step.bankruptcy_ticks)
        orders = _cancelled(step.cancelled_orders)
        return (
            f"At a mark of {self._price(step.mark_ticks)} {whose} had "
            f"{self._money(step.equity_atoms)} of equity and needed "
            f"{self._money(step.maintenance_atoms)} of maintenance margin: "
            f"{self._lots(step.qty_lots)} had to be closed{floor}{orders}."
        )

    def _closed(self, step: PartClosed) -> str:
        parts = [self._gain(step.realized_atoms), self._fee(step.fee_atoms)]
        if step.liquidation_fee_atoms:
            paid = self._money(step.liquidation_fee_atoms)
            parts.append(f"{paid} went to the insurance fund")
        if step.insurance_paid_atoms:
            paid = self._money(step.insurance_paid_atoms)
            parts.append(f"the insurance fund paid {paid} that the margin could not")
        if step.house_paid_atoms:
            parts.append(f"the house bore {self._money(step.house_paid_atoms)}")
        left = self._lots(step.left_lots) if step.left_lots else "nothing"
        return (
            f"{_CAUSES[CloseCause(step.cause)]}: {self._lots(step.qty_lots)} at "
            f"{self._price(step.price_ticks)}, taken by {_TAKERS[TakenBy(step.taken_by)]}; "
            f"{', '.join(parts)}; {left} was left."
        )

    def _debt(self, step: DebtTaken) -> str:
        waived, paid = self._money(step.waived_atoms), self._money(step.insurance_paid_atoms)
        return (
            f"The account was left with less than nothing and is at zero again: {waived} of fees "
            f"were waived, and the insurance fund paid {paid}."
        )

    def _deal(self, fill: FillRecord) -> str:
        role = "maker" if fill.liquidity == Liquidity.MAKER else "taker"
        return f"{self._lots(fill.qty_lots)} at {self._price(fill.price_ticks)} as {role}"

    def _lots(self, lots: int) -> str:
        return f"{text_from_e8(lots * self._terms.lot_e8)} {self._terms.base}"

    def _price(self, ticks: int) -> str:
        return text_from_e8(ticks * self._terms.tick_e8)

    def _money(self, atoms: int) -> str:
        return f"{text_from_e8(atoms)} {self._terms.asset}"

    def _fee(self, atoms: int) -> str:
        if atoms < 0:
            return f"a rebate of {self._money(-atoms)}"
        return f"a fee of {self._money(atoms)}"

    def _gain(self, atoms: int) -> str:
        return f"{'a loss' if atoms < 0 else 'a profit'} of {self._money(abs(atoms))}"


def _cancelled(orders: int) -> str:
    if not orders:
        return ""
    return f"; {orders} open {'order was' if orders == 1 else 'orders were'} cancelled first"


def summary(record: PositionRecord, steps: list[AnyStep]) -> str:
    """What became of the position and, if no order of its owner's did it, why: the last cause."""
    causes = [CloseCause(step.cause) for step in steps if isinstance(step, PartClosed)]
    last = causes[-1] if causes else None
    if record.status == PositionStatus.LIQUIDATED:
        whose = "its account's equity" if record.is_cross else "its equity"
        return f"It was liquidated: {whose} no longer exceeded the maintenance margin at the mark."
    if record.status == PositionStatus.OPEN:
        if CloseCause.LIQUIDATION in causes:
            return "It is open; part of it was closed by liquidation."
        return "It is open." if last is None else f"It is open.  {_CAUSES[last]}."
    ended = any(isinstance(step, PositionEnded) for step in steps)
    if ended and last is not None:
        return f"It is closed.  {_CAUSES[last]}."
    return "It was closed by an order of the account."


def summary_without_cause(record: PositionRecord) -> str:
    """What became of the position, if what closed lots of it last is not known any more."""
    return {
        PositionStatus.OPEN: "It is open; why lots of it were closed is not known any more.",
        PositionStatus.CLOSED: "It is closed; why is not known any more.",
        PositionStatus.LIQUIDATED: summary(record, []),
    }[PositionStatus(record.status)]
