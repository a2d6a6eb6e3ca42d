"""Why a position is as it is: `GET /api/positions/{id}/explain`, all of it in one reply.

Puts opening, funding, liquidation and closing in the order they happened.  Knows shapes; the
sentences are made elsewhere.
"""

from typing import Final, TypedDict

from engine.commands import Side
from engine.events import CloseCause, Liquidity, PositionStatus
from engine.state import State
from gateway.decimals import text_from_e8
from gateway.history.records import (
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
from gateway.history.story import Story
from gateway.history.words import Terms, Words, summary, summary_without_cause, terms_of
from gateway.replies.api_replies import Reply, spec_of
from gateway.replies.position_replies import PositionReply, position_now

STEPS_MAX: Final = 1_000
_NS_PER_MS: Final = 1_000_000
_CLOSING: Final = ("REDUCED", "CLOSED_PART")


class ExplanationStepReply(Reply, omit_defaults=True, kw_only=True):
    """One step, with the figures it has; others are left out.

    kind: OPENED, INCREASED, REDUCED (by orders of the account's own), FUNDING, ACCOUNT_LIQUIDATED,
        LIQUIDATION_STEP (judged: why, how much, at which price at most), CLOSED_PART (carried
        out), CLOSED, DEBT_SETTLED.
    cause: of a CLOSED_PART: LIQUIDATION, GAP, AUTO_DELEVERAGE, STOP_LOSS, TAKE_PROFIT,
        TRAILING_STOP or AUTO_CLOSE, none if that is forgotten; of CLOSED: the status.
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
    complete: false if steps of it, or what they were, may have been forgotten or left out.
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


def explanation_reply(
    state: State, history: AccountHistory, record: PositionRecord
) -> ExplanationReply:
    """All that is known of a position of the account."""
    story = Story(history, record)
    happened = story.happened()
    shown = happened[-STEPS_MAX:]
    terms = terms_of(spec_of(state, record.instrument_id))
    return ExplanationReply(
        position_now(state, record),
        summary(record, story.steps) if story.is_end_explained else summary_without_cause(record),
        text_from_e8(-record.funding_atoms),
        [_told(story, Words(record, terms), terms, told.record) for told in shown],
        len(shown) == len(happened) and story.is_whole,
        state.sequence,
    )


def _told(
    story: Story, words: Words, terms: Terms, told: FillRecord | PaymentRecord | AnyStep
) -> ExplanationStepReply:
    if isinstance(told, PaymentRecord):
        return _payment(terms, told, words.payment(told))
    if not isinstance(told, FillRecord):
        return _step(terms, told, words.step(told))
    if told.fill_id in story.unexplained:
        return _fill(terms, told, words.unexplained(told), "CLOSED_PART")
    if told.side != story.position.side:
        return _fill(terms, told, words.reduced(told), "REDUCED")
    if told.fill_id == story.opener_id:
        return _fill(terms, told, words.opened(told), "OPENED")
    return _fill(terms, told, words.increased(told), "INCREASED")


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
        realized_pnl=text_from_e8(fill.realized_atoms) if kind in _CLOSING else None,
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
