"""Why a position is as it is: `GET /api/positions/{id}/explain`, all of it in one reply.

Puts opening, funding, liquidation and closing in the order they happened.  Knows shapes; the
sentences are made elsewhere.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple, TypedDict

from engine.commands import Side
from engine.events import CloseCause, Liquidity, PositionStatus
from engine.state import State
from gateway.api_replies import Reply, spec_of
from gateway.decimals import text_from_e8
from gateway.history.records import (
    CLOSED_PER_ACCOUNT_MAX,
    AccountHistory,
    FillRecord,
    PaymentRecord,
    PositionRecord,
)
from gateway.history.steps import (
    AccountJudged,
    AnyStep,
    DebtTaken,
    PartClosed,
    PositionEnded,
    PositionJudged,
    TakenBy,
)
from gateway.history.words import Terms, Words, summary, terms_of
from gateway.position_replies import PositionReply, position_now

STEPS_MAX: Final = 1_000
_NS_PER_MS: Final = 1_000_000


class ExplanationStepReply(Reply, omit_defaults=True, kw_only=True):
    """One step, with the figures it has; others are left out.

    kind: OPENED, INCREASED, REDUCED (by orders of the account's own), FUNDING, ACCOUNT_LIQUIDATED,
        LIQUIDATION_STEP (judged: why, how much, at which price at most), CLOSED_PART (carried
        out), CLOSED, DEBT_SETTLED.
    cause: of a CLOSED_PART: LIQUIDATION, GAP, AUTO_DELEVERAGE, STOP_LOSS, TAKE_PROFIT,
        TRAILING_STOP or AUTO_CLOSE; of CLOSED: the status.
    equity, maintenanceMargin: of the position or, in cross margin, its account, at the mark.
    takenBy: HOUSE, BOOK, INSURANCE_FUND or COUNTERPARTY (of auto-deleveraging).
    amount: of funding: received or, negative, paid.
    """

    kind: str
    text: str
    sequence: int
    time: int
    cause: str | None = None
    mark: str | None = None
    equity: str | None = None
    maintenance_margin: str | None = None
    quantity: str | None = None
    price: str | None = None
    bankruptcy_price: str | None = None
    side: str | None = None
    liquidity: str | None = None
    taken_by: str | None = None
    fee: str | None = None
    realized_pnl: str | None = None
    paid: str | None = None
    liquidation_fee: str | None = None
    insurance_paid: str | None = None
    house_paid: str | None = None
    fees_waived: str | None = None
    remaining_quantity: str | None = None
    remaining_margin: str | None = None
    cancelled_orders: int | None = None
    amount: str | None = None
    funding_rate: str | None = None
    funding_time: int | None = None


class ExplanationReply(Reply):
    """A position, what became of it in a sentence, and all that led there, oldest first.

    funding: what it received at funding stamps in all or, negative, paid.
    complete: false if the oldest steps are not kept any more.
    """

    position: PositionReply
    summary: str
    funding: str
    steps: list[ExplanationStepReply]
    complete: bool
    sequence: int


class _At(TypedDict):
    """What every step has."""

    text: str
    sequence: int
    time: int


class _Placed(NamedTuple):
    """A step and where it belongs: what a stamp or an order does comes before what it fires."""

    sequence: int
    place: int
    number: int
    reply: ExplanationStepReply


def explanation_reply(
    state: State, history: AccountHistory, record: PositionRecord
) -> ExplanationReply:
    """All that is known of a position of the account."""
    steps = list(history.steps.get(record.position_id, ()))
    placed = sorted(_placed(state, history, record, steps), key=lambda step: step[:3])
    shown = placed[-STEPS_MAX:]
    oldest_kept = history.fills[0].time_ns if history.fills else record.opened_ns
    forgets = len(history.fills) == CLOSED_PER_ACCOUNT_MAX and oldest_kept >= record.opened_ns
    return ExplanationReply(
        position_now(state, record),
        summary(record, steps),
        text_from_e8(-record.funding_atoms),
        [step.reply for step in shown],
        len(shown) == len(placed) and not forgets,
        state.sequence,
    )


def _placed(
    state: State, history: AccountHistory, record: PositionRecord, steps: list[AnyStep]
) -> Iterator[_Placed]:
    terms = terms_of(spec_of(state, record.instrument_id))
    words = Words(record, terms)
    told = {step.fill_id for step in steps if isinstance(step, PartClosed)}
    fills = (f for f in history.fills if f.position_id == record.position_id)
    own = [fill for fill in fills if fill.fill_id not in told]
    for number, fill in enumerate(islice(own, max(0, len(own) - STEPS_MAX), None)):
        is_first = number == 0 and fill.time_ns == record.opened_ns
        reply = _fill(terms, fill, words.fill(fill, is_first), _kind(record, fill, is_first))
        yield _Placed(fill.sequence, 0, fill.fill_id, reply)
    for payment in history.payments:
        if payment.position_id == record.position_id:
            reply = _payment(terms, payment, words.payment(payment))
            yield _Placed(payment.sequence, -1, payment.number, reply)
    for step in steps:
        yield _Placed(step.sequence, step.place, 1, _step(terms, step, words.step(step)))


def _kind(record: PositionRecord, fill: FillRecord, is_first: bool) -> str:
    if fill.side != record.side:
        return "REDUCED"
    return "OPENED" if is_first else "INCREASED"


def _fill(terms: Terms, fill: FillRecord, text: str, kind: str) -> ExplanationStepReply:
    return ExplanationStepReply(
        kind=kind,
        text=text,
        sequence=fill.sequence,
        time=fill.time_ns // _NS_PER_MS,
        quantity=text_from_e8(fill.qty_lots * terms.lot_e8),
        price=text_from_e8(fill.price_ticks * terms.tick_e8),
        side=Side(fill.side).name,
        liquidity=Liquidity(fill.liquidity).name,
        fee=text_from_e8(fill.fee_atoms),
        realized_pnl=text_from_e8(fill.realized_atoms) if kind == "REDUCED" else None,
    )


def _payment(terms: Terms, payment: PaymentRecord, text: str) -> ExplanationStepReply:
    return ExplanationStepReply(
        kind="FUNDING",
        text=text,
        sequence=payment.sequence,
        time=payment.time_ns // _NS_PER_MS,
        mark=text_from_e8(payment.mark_ticks * terms.tick_e8),
        quantity=text_from_e8(payment.qty_lots * terms.lot_e8),
        amount=text_from_e8(-payment.amount_atoms),
        funding_rate=text_from_e8(payment.rate_e8),
        funding_time=payment.stamp_ns // _NS_PER_MS,
    )


def _step(terms: Terms, step: AnyStep, text: str) -> ExplanationStepReply:
    at = _At(text=text, sequence=step.sequence, time=step.time_ns // _NS_PER_MS)
    if isinstance(step, AccountJudged):
        return ExplanationStepReply(
            kind="ACCOUNT_LIQUIDATED",
            equity=text_from_e8(step.equity_atoms),
            maintenance_margin=text_from_e8(step.maintenance_atoms),
            cancelled_orders=step.cancelled_orders,
            **at,
        )
    if isinstance(step, PositionJudged):
        return _judged(terms, step, text)
    if isinstance(step, PartClosed):
        return _closed(terms, step, text)
    if isinstance(step, PositionEnded):
        return ExplanationStepReply(
            kind="CLOSED",
            cause=PositionStatus(step.status).name,
            realized_pnl=text_from_e8(step.realized_atoms),
            **at,
        )
    assert isinstance(step, DebtTaken)
    return ExplanationStepReply(
        kind="DEBT_SETTLED",
        fees_waived=text_from_e8(step.waived_atoms),
        insurance_paid=text_from_e8(step.insurance_paid_atoms),
        **at,
    )


def _judged(terms: Terms, step: PositionJudged, text: str) -> ExplanationStepReply:
    bankruptcy = step.bankruptcy_ticks
    return ExplanationStepReply(
        kind="LIQUIDATION_STEP",
        text=text,
        sequence=step.sequence,
        time=step.time_ns // _NS_PER_MS,
        cause=CloseCause.LIQUIDATION.name,
        mark=text_from_e8(step.mark_ticks * terms.tick_e8),
        equity=text_from_e8(step.equity_atoms),
        maintenance_margin=text_from_e8(step.maintenance_atoms),
        quantity=text_from_e8(step.qty_lots * terms.lot_e8),
        bankruptcy_price=text_from_e8(bankruptcy * terms.tick_e8) if bankruptcy else None,
        cancelled_orders=step.cancelled_orders,
    )


def _closed(terms: Terms, step: PartClosed, text: str) -> ExplanationStepReply:
    return ExplanationStepReply(
        kind="CLOSED_PART",
        text=text,
        sequence=step.sequence,
        time=step.time_ns // _NS_PER_MS,
        cause=CloseCause(step.cause).name,
        side=Side(step.side).name,
        quantity=text_from_e8(step.qty_lots * terms.lot_e8),
        price=text_from_e8(step.price_ticks * terms.tick_e8),
        taken_by=TakenBy(step.taken_by).name,
        fee=text_from_e8(step.fee_atoms),
        realized_pnl=text_from_e8(step.realized_atoms),
        paid=text_from_e8(step.paid_atoms),
        liquidation_fee=text_from_e8(step.liquidation_fee_atoms),
        insurance_paid=text_from_e8(step.insurance_paid_atoms),
        house_paid=text_from_e8(step.house_paid_atoms),
        remaining_quantity=text_from_e8(step.left_lots * terms.lot_e8),
        remaining_margin=text_from_e8(step.margin_atoms),
    )
