"""What is kept of a command that closed positions: whose step, in which order, and who took it."""

from engine.commands import Side
from engine.events import (
    TAKER,
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
    PositionStatus,
    Traded,
)
from engine.reject_reason import RejectReason
from engine.units import NOBODY, AccountId, AssetId, InstrumentId, OrderId, PositionId
from gateway.history.steps import (
    AccountJudged,
    DebtTaken,
    PartClosed,
    PositionEnded,
    PositionJudged,
    StepReader,
    TakenBy,
    Told,
)

BOOK, QUOTED = InstrumentId(1), InstrumentId(2)
ALICE, BOB = AccountId(1), AccountId(2)


def told(*events: Event) -> list[Told]:
    return list(StepReader(7, 70, list(events), {BOOK}).steps())


def filled(position: int, account: AccountId = ALICE, market: InstrumentId = BOOK) -> Event:
    ids = (OrderId(5), account, market, PositionId(position))
    return OrderFilled(position * 10, *ids, Side.SELL, 3, 100, 4, -5, TAKER)


def reduced(position: int, cause: CloseCause, account: AccountId = ALICE) -> Event:
    return PositionReduced(PositionId(position), account, 6, 600, 60, 1, 2, 3, 4, cause)


def judged(position: int, account: AccountId = ALICE) -> Event:
    return LiquidationStep(PositionId(position), account, 100, 11, 12, 3, 90)


def cancelled(account: AccountId = ALICE, cause: CancelCause = CancelCause.LIQUIDATION) -> Event:
    return OrderCancelled(OrderId(1), account, cause, RejectReason.NONE)


def part(place: int, position: int, cause: CloseCause, taken_by: TakenBy) -> PartClosed:
    figures = (position * 10, Side.SELL, 3, 100, 4, -5, taken_by, 1, 2, 3, 4, 6, 60)
    return PartClosed(7, 70, place, cause, *figures)


def test_a_slice_names_the_orders_that_went_before_it() -> None:
    steps = told(
        *(cancelled(), cancelled(BOB), cancelled(cause=CancelCause.USER), cancelled()),
        *(judged(9), judged(9), filled(9, market=QUOTED), reduced(9, CloseCause.LIQUIDATION)),
        PositionClosed(PositionId(9), ALICE, PositionStatus.LIQUIDATED, -8),
        PositionClosed(PositionId(10), ALICE, PositionStatus.CLOSED, -8),
    )

    figures = (100, 11, 12, 3, 90)
    assert steps == [
        Told(ALICE, 9, PositionJudged(7, 70, 4, *figures, 2)),
        Told(ALICE, 9, PositionJudged(7, 70, 5, *figures, 0)),
        Told(ALICE, 9, part(7, 9, CloseCause.LIQUIDATION, TakenBy.HOUSE)),
        Told(ALICE, 9, PositionEnded(7, 70, 8, int(PositionStatus.LIQUIDATED), -8)),
    ]


def test_each_position_of_an_account_is_told_once_what_the_account_had() -> None:
    steps = told(
        *(AccountLiquidated(ALICE, AssetId(1), 5, 6), cancelled(), judged(8), judged(9)),
        *(judged(8), judged(3, BOB)),
    )

    kinds = [(t.account_id, t.position_id, type(t.step)) for t in steps]
    assert kinds == [
        *((ALICE, 8, AccountJudged), (ALICE, 8, PositionJudged), (ALICE, 9, AccountJudged)),
        *((ALICE, 9, PositionJudged), (ALICE, 8, PositionJudged), (BOB, 3, PositionJudged)),
    ]
    accounts = [t.step for t in steps if isinstance(t.step, AccountJudged)]
    assert [(step.cancelled_orders, step.equity_atoms) for step in accounts] == [(1, 5), (1, 5)]


def debts(*events: Event) -> list[tuple[int, int, int]]:
    """Whose, of which position, and what was waived."""
    return [
        (account, position, step.waived_atoms)
        for account, position, step in told(*events)
        if isinstance(step, DebtTaken)
    ]


def test_a_debt_is_told_of_what_lost_lots_before_it_by_order_or_not() -> None:
    by_order, by_gap = reduced(9, CloseCause.ORDER), reduced(8, CloseCause.GAP)
    of_bob, owed = reduced(3, CloseCause.ORDER, BOB), DebtSettled(ALICE, AssetId(1), 1, 2)
    again = DebtSettled(ALICE, AssetId(1), 5, 6)

    assert debts(filled(8), by_order, by_gap, by_order, of_bob, owed) == [
        (ALICE, 9, 1),
        (ALICE, 8, 1),
    ]
    assert debts(by_order, owed, reduced(7, CloseCause.ORDER), again) == [
        (ALICE, 9, 1),
        (ALICE, 7, 5),
    ]


def test_a_debt_in_a_batch_is_told_of_what_its_item_closed() -> None:
    items = [BatchItem(ALICE, 0), reduced(9, CloseCause.ORDER)]
    items += [BatchItem(ALICE, 1), reduced(8, CloseCause.ORDER)]

    assert debts(*items, DebtSettled(ALICE, AssetId(1), 1, 2)) == [(ALICE, 8, 1)]


def test_who_took_it() -> None:
    trade = Traded(BOOK, 1, 100, 3, Side.SELL)
    steps = told(
        *(trade, filled(9), reduced(9, CloseCause.LIQUIDATION), filled(4, BOB)),
        *(filled(9), reduced(9, CloseCause.LIQUIDATION), filled(7, NOBODY)),
        *(filled(9), reduced(9, CloseCause.LIQUIDATION)),
        *(filled(4, BOB), reduced(4, CloseCause.AUTO_DELEVERAGE, BOB)),
        *(filled(7, NOBODY), reduced(7, CloseCause.AUTO_DELEVERAGE, NOBODY)),
        *(filled(9, market=QUOTED), reduced(9, CloseCause.STOP_LOSS)),
        *(filled(9), reduced(9, CloseCause.ORDER)),
    )

    taken = [(t.account_id, t.step.taken_by) for t in steps if isinstance(t.step, PartClosed)]
    assert taken == [
        *((ALICE, TakenBy.BOOK), (ALICE, TakenBy.INSURANCE_FUND), (ALICE, TakenBy.COUNTERPARTY)),
        *((BOB, TakenBy.COUNTERPARTY), (ALICE, TakenBy.HOUSE)),
    ]
