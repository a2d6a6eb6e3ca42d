"""Every step has a sentence that can be read by itself."""

import pytest

from engine.commands import Side
from engine.events import CloseCause, Liquidity, PositionStatus
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
from gateway.history.words import Terms, Words, summary, summary_without_cause

TERMS = Terms("BTC", "USDT", 10_000_000, 100_000)
E8 = 10**8
AT = (1, 2, 3)


def record(side: Side = Side.SELL, status: int = 1, is_cross: bool = False) -> PositionRecord:
    return PositionRecord(9, 1, 1, side, 10, 0, 10, 0, 0, 10, 0, 0, int(status), is_cross=is_cross)


def part(cause: CloseCause, taken_by: TakenBy = TakenBy.BOOK, left_lots: int = 4) -> PartClosed:
    money = (2 * E8, -5 * E8, taken_by, 0, 3 * E8, 1 * E8, 7 * E8)
    return PartClosed(*AT, cause, 8, Side.BUY, 6, 210_000, *money, left_lots, 0)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            AccountJudged(*AT, 1, -4 * E8, 5 * E8, 2),
            "The cross account had -4 USDT of equity, not more than the 5 USDT its positions "
            "needed to be kept, so it was liquidated; 2 open orders were cancelled first.",
        ),
        (
            PositionJudged(*AT, 205_000, E8, 2 * E8, 6, 210_000, 0),
            "At a mark of 20500 it had 1 USDT of equity and needed 2 USDT of maintenance margin: "
            "0.006 BTC had to be closed, for no more than its bankruptcy price of 21000.",
        ),
        (
            part(CloseCause.LIQUIDATION, TakenBy.INSURANCE_FUND, 0),
            "Liquidation closed lots of it: 0.006 BTC at 21000, taken by the insurance fund, at "
            "the bankruptcy price; a loss of 5 USDT, a fee of 2 USDT, 3 USDT went to the insurance "
            "fund, the insurance fund paid 1 USDT that the margin could not, the house bore "
            "7 USDT; nothing was left.",
        ),
        (
            PositionEnded(*AT, int(PositionStatus.CLOSED), 3),
            "With that it was closed; in all, a profit of 0.00000003 USDT.",
        ),
        (
            DebtTaken(*AT, 1, E8, 2 * E8),
            "The account was left with less than nothing and is at zero again: 1 USDT of fees "
            "were waived, and the insurance fund paid 2 USDT.",
        ),
    ],
)
def test_a_step(step: AnyStep, words: str) -> None:
    assert Words(record(), TERMS).step(step) == words


def test_fills_of_orders() -> None:
    words = Words(record(), TERMS)
    fill = FillRecord(1, 2, 9, 1, Side.SELL, 200_000, 5, -3 * E8, Liquidity.MAKER, 0, 1, 1)
    closes = FillRecord(1, 2, 9, 1, Side.BUY, 200_000, 5, E8, Liquidity.TAKER, 4 * E8, 1, 1)

    told = [words.opened(fill), words.increased(fill)]
    assert [*told, words.reduced(closes), words.unexplained(closes)] == [
        "An order opened it with 0.005 BTC at 20000 as maker, a rebate of 3 USDT.",
        "An order added 0.005 BTC at 20000 as maker, a rebate of 3 USDT.",
        "An order closed 0.005 BTC at 20000 as taker: a profit of 4 USDT, a fee of 1 USDT.",
        "It was reduced by 0.005 BTC at 20000 as taker: a profit of 4 USDT, a fee of 1 USDT; why "
        "is not known any more.",
    ]


@pytest.mark.parametrize(
    ("amount", "accrued", "told"),
    [
        (5, 0, "It paid 5 USDT of funding, at a rate of -0.0001."),
        (5, 2, "It paid 5 USDT of funding, at a rate of -0.0001, of which its margin could not "
         "cover 2 USDT."),
        (-5, 0, "It received 5 USDT of funding, at a rate of -0.0001."),
    ],
)  # fmt: skip
def test_funding(amount: int, accrued: int, told: str) -> None:
    payment = PaymentRecord(
        1, 9, 1, Side.SELL, 5, amount * E8, accrued * E8, -10_000, 200_000, 0, 1, 1
    )
    assert Words(record(), TERMS).payment(payment) == told


@pytest.mark.parametrize("cause", [cause for cause in CloseCause if cause is not CloseCause.ORDER])
@pytest.mark.parametrize("taken_by", TakenBy)
def test_every_cause_and_taker_has_words(cause: CloseCause, taken_by: TakenBy) -> None:
    assert Words(record(), TERMS).step(part(cause, taken_by)).endswith("0.004 BTC was left.")


@pytest.mark.parametrize(
    ("status", "is_cross", "steps", "told"),
    [
        (1, False, [], "It is open."),
        (1, False, [part(CloseCause.LIQUIDATION), part(CloseCause.STOP_LOSS)],
         "It is open; part of it was closed by liquidation."),
        (1, False, [part(CloseCause.STOP_LOSS)], "It is open.  The stop loss fired."),
        (2, False, [part(CloseCause.STOP_LOSS)], "It was closed by an order of the account."),
        (2, False, [part(CloseCause.TAKE_PROFIT, left_lots=0), PositionEnded(*AT, 2, 0)],
         "It is closed.  The take profit fired."),
        (3, True, [part(CloseCause.LIQUIDATION)],
         "It was liquidated: its account's equity no longer exceeded the maintenance margin at "
         "the mark."),
    ],
)  # fmt: skip
def test_a_summary_names_the_last_cause(
    status: int, is_cross: bool, steps: list[AnyStep], told: str
) -> None:
    assert summary(record(status=status, is_cross=is_cross), steps) == told


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (1, "It is open; why lots of it were closed is not known any more."),
        (2, "It is closed; why is not known any more."),
        (3, "It was liquidated: its equity no longer exceeded the maintenance margin at the mark."),
    ],
)
def test_a_summary_names_no_cause_that_is_forgotten(status: int, told: str) -> None:
    assert summary_without_cause(record(status=status)) == told
