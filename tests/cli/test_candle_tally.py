"""What is counted from events agrees with what the state and the ledger hold at the end."""

from engine.commands import AdvanceTime, Leg, Side
from engine.events import (
    AccountLiquidated,
    CloseCause,
    DebtSettled,
    Event,
    FundingPaid,
    Liquidity,
    MarginModeChanged,
    OrderFilled,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    PositionStatus,
)
from engine.instrument import MarginMode
from engine.units import AccountId, AssetId, InstrumentId, OrderId, PositionId
from gateway.replay.candle_tally import CandleTally, side_word

BTC = InstrumentId(1)
FUND, CROSS, ALONE = AccountId(0), AccountId(1), AccountId(2)


def opened(position: int, account_id: AccountId, side: Side, leverage: int) -> PositionOpened:
    return PositionOpened(PositionId(position), account_id, BTC, side, 1, 100, 10, leverage)


def reduced(
    position: int, account_id: AccountId, fee: int, paid: int, cause: CloseCause
) -> PositionReduced:
    return PositionReduced(PositionId(position), account_id, 0, 0, 0, 0, fee, paid, 0, cause)


def closed(position: int, account_id: AccountId, status: PositionStatus) -> PositionClosed:
    return PositionClosed(PositionId(position), account_id, status, 0)


def taken(order: int, account_id: AccountId) -> OrderFilled:
    return OrderFilled(
        1, OrderId(order), account_id, BTC, PositionId(9), Side.BUY, 1, 100, 0, 0, Liquidity.MAKER
    )


def test_liquidations_are_told_apart_by_margin_and_side() -> None:
    tally = CandleTally()
    liquidated = PositionStatus.LIQUIDATED
    tally.watch(
        AdvanceTime(),
        [
            MarginModeChanged(CROSS, BTC, Leg.NONE, MarginMode.CROSS),
            MarginModeChanged(ALONE, BTC, Leg.NONE, MarginMode.ISOLATED),
            opened(1, CROSS, Side.BUY, 100),
            opened(2, ALONE, Side.SELL, 24),
            opened(3, ALONE, Side.BUY, 1),
            AccountLiquidated(CROSS, AssetId(1), 5, 6),
            reduced(1, CROSS, 7, 0, CloseCause.LIQUIDATION),
            closed(1, CROSS, liquidated),
            reduced(2, ALONE, 0, 11, CloseCause.LIQUIDATION),
            closed(2, ALONE, liquidated),
            closed(3, ALONE, PositionStatus.CLOSED),
            DebtSettled(CROSS, AssetId(1), 3, 4),
        ],
    )

    assert tally.liquidated == {"cross long": 1, "isolated short": 1}
    assert tally.leverages == {100: 1, 10: 1, 1: 1}
    assert (tally.accounts_liquidated, tally.closes) == (1, 2)
    assert (tally.liquidation_fees_atoms, tally.deficits_paid_atoms) == (7, 11)
    assert (tally.debts, tally.debts_paid_atoms, tally.fees_waived_atoms) == (1, 4, 3)


def test_the_funds_own_trades_are_not_the_traders() -> None:
    tally = CandleTally()
    tally.watch(
        AdvanceTime(),
        [
            taken(0, FUND),  # a takeover
            taken(5, FUND),  # what it offered in the book was bought
            taken(0, ALONE),  # a deleveraging has no order either
            opened(9, FUND, Side.BUY, 1),
            opened(8, ALONE, Side.SELL, 5),
            reduced(9, FUND, 20, 0, CloseCause.ORDER),
            reduced(9, FUND, 0, 30, CloseCause.AUTO_DELEVERAGE),
            reduced(8, ALONE, 0, 0, CloseCause.AUTO_DELEVERAGE),
        ],
    )

    assert (tally.taken_over, tally.deleveraged) == (1, 1)
    assert (tally.fund_gains_atoms, tally.fund_losses_atoms) == (20, 30)
    assert (tally.liquidation_fees_atoms, tally.deficits_paid_atoms) == (0, 0)


def test_funding_is_summed_by_who_paid_and_who_received() -> None:
    tally = CandleTally()
    events: list[Event] = [
        opened(1, ALONE, Side.BUY, 1),
        opened(2, ALONE, Side.SELL, 1),
        opened(3, FUND, Side.SELL, 1),
        FundingPaid(PositionId(1), ALONE, 10, 0, 0),
        FundingPaid(PositionId(2), ALONE, -6, 0, 0),
        FundingPaid(PositionId(3), FUND, -3, 0, 0),
        FundingPaid(PositionId(2), ALONE, 2, 0, 0),
    ]

    tally.watch(AdvanceTime(), events)

    assert tally.funding_paid_atoms == {"long": 10, "short": 2}
    assert tally.funding_received_atoms == {"short": 6, "fund": 3}
    assert [side_word(side) for side in Side] == ["long", "short"]
