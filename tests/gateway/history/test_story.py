"""What is still known of a position, in order, and whether it is all: nothing is missed unsaid."""

import pytest

from engine.commands import Side
from engine.events import TAKER, CloseCause, PositionStatus
from gateway.history import records
from gateway.history.records import AccountHistory, FillRecord, PaymentRecord, PositionRecord
from gateway.history.steps import PartClosed, PositionEnded, TakenBy
from gateway.history.story import Story
from tests.gateway.history.test_keeper import random_day


def position(opened_lots: int, status: int = PositionStatus.OPEN) -> PositionRecord:
    """Number 9, long, opened at 100."""
    return PositionRecord(
        9, 1, 1, Side.BUY, 10, 100, opened_lots, 0, 0, opened_lots, 0, 0, int(status)
    )


def filled(number: int, side: Side, order_id: int = 5, position_id: int = 9) -> FillRecord:
    """Ten lots, by the command of this number."""
    return FillRecord(
        number, order_id, position_id, 1, side, 100, 10, 0, TAKER, 0, number, number * 100
    )


def part(number: int, fill_id: int) -> PartClosed:
    figures = (fill_id, Side.SELL, 10, 100, 0, 0, TakenBy.BOOK, 0, 0, 0, 0, 0, 0)
    return PartClosed(number, number * 100, 2, CloseCause.STOP_LOSS, *figures)


def payment(number: int, time_ns: int) -> PaymentRecord:
    """By the command of this time in hundreds."""
    return PaymentRecord(number, 9, 1, Side.BUY, 10, 1, 0, 1, 100, 0, time_ns // 100, time_ns)


def account(record: PositionRecord, *fills: FillRecord) -> AccountHistory:
    made = AccountHistory()
    made.open_position(record)
    made.fills.extend(fills)
    return made


def story(history: AccountHistory) -> Story:
    return Story(history, history.positions[9])


def test_a_stamp_comes_before_orders_and_orders_before_what_they_fire() -> None:
    fills = [filled(1, Side.BUY), filled(2, Side.SELL), filled(3, Side.SELL), filled(4, Side.SELL)]
    history = account(position(10), *fills)
    history.add_payment(payment(1, 200))
    history.add_step(9, part(2, 3))
    history.add_step(9, PositionEnded(4, 400, 3, 2, 0))

    told = story(history)

    kinds = [(entry.sequence, type(entry.record)) for entry in told.happened()]
    assert kinds == [
        *((1, FillRecord), (2, PaymentRecord), (2, FillRecord), (2, PartClosed)),
        *((4, FillRecord), (4, PositionEnded)),
    ]
    assert (told.is_whole, told.opener_id, told.unexplained) == (True, 1, set())


def test_without_the_fill_that_opened_it_nothing_opened_it() -> None:
    later = [filled(1, Side.BUY, position_id=8), filled(2, Side.BUY)]

    told = story(account(position(20), *later))

    assert (told.is_whole, told.opener_id) == (False, 0)
    assert story(account(position(10), *later)).opener_id == 2
    assert not story(account(position(10))).is_whole


@pytest.mark.parametrize(
    ("numbers", "time_ns", "is_whole"),
    [
        ((), 0, True),
        ((1, 2), 200, True),
        ((3, 4), 99, True),  # what is forgotten lies before the position
        ((3, 4), 100, False),
        ((3, 4), 200, False),
    ],
)
def test_payments_may_be_forgotten(numbers: tuple[int, ...], time_ns: int, is_whole: bool) -> None:
    history = account(position(10), filled(1, Side.BUY))
    for number in numbers:
        history.add_payment(payment(number, time_ns))

    assert story(history).is_whole == is_whole


def test_what_may_have_lost_its_step_is_no_order_of_the_owners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "STEPS_PER_POSITION_MAX", 2)
    fills = [filled(1, Side.BUY), *(filled(number, Side.SELL) for number in range(2, 7))]
    history = account(position(10), *fills)
    for number in (2, 3, 5):
        history.add_step(9, part(number, number))

    told = story(history)

    assert told.unexplained == {2}
    assert (told.is_whole, told.is_end_explained) == (False, True)


def test_a_fill_of_no_order_was_not_the_owners() -> None:
    """A snapshot of before there were steps has the fills alone."""
    fills = [filled(1, Side.BUY), filled(2, Side.SELL), filled(3, Side.SELL, order_id=0)]

    told = story(account(position(10), *fills))

    assert told.unexplained == {3}
    assert (told.is_whole, told.is_end_explained) == (False, False)


def test_a_liquidation_without_a_step_explains_no_fill() -> None:
    fills = [filled(1, Side.BUY), filled(2, Side.SELL)]

    told = story(account(position(10, PositionStatus.LIQUIDATED), *fills))

    assert (told.is_whole, told.unexplained) == (False, {2})


@pytest.mark.parametrize("seed", range(3))
def test_what_was_never_forgotten_is_whole(seed: int) -> None:
    history = random_day(seed, 300).history.account(1)

    told = [Story(history, record) for record in history.positions.values()]

    assert len(told) > 50
    assert all(one.is_whole and one.is_end_explained for one in told)
