"""The tally counts each event once, under the name of its cause."""

from collections import Counter

from engine.commands import AdvanceTime, OrderType, Side
from engine.events import (
    CancelCause,
    CloseCause,
    Liquidity,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderTriggered,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    PositionStatus,
    PriceAccepted,
    PriceRefused,
    Rejected,
)
from engine.reject_reason import RejectReason
from engine.units import AccountId, InstrumentId, OrderId, PositionId
from gateway.replay.tally import Tally

WHO, MARKET, ORDER, POSITION = AccountId(1), InstrumentId(1), OrderId(1), PositionId(2)


def test_each_event_counts_once() -> None:
    tally = Tally()
    tally.watch(
        AdvanceTime(),
        [
            PriceAccepted(MARKET, 1, 1, 1, 1, 1),
            PriceRefused(MARKET, RejectReason.PRICE_BEYOND_BAND, 1),
            Rejected(WHO, RejectReason.STALE_PRICE),
            OrderAccepted(ORDER, WHO, MARKET, Side.BUY, OrderType.LIMIT, 1, 0, 1, 0, 1),
            OrderTriggered(ORDER, WHO),
            OrderFilled(1, ORDER, WHO, MARKET, POSITION, Side.BUY, 1, 1, 0, 0, Liquidity.MAKER),
            PositionOpened(POSITION, WHO, MARKET, Side.BUY, 1, 1, 1, 1),
            PositionReduced(POSITION, WHO, 0, 0, 0, 0, 7, 3, 2, CloseCause.LIQUIDATION),
            PositionClosed(POSITION, WHO, PositionStatus.LIQUIDATED, -5),
            PositionClosed(POSITION, WHO, PositionStatus.CLOSED, 5),
            OrderCancelled(ORDER, WHO, CancelCause.UNFILLED, RejectReason.NONE),
            OrderExpired(ORDER, WHO),
        ],
    )

    assert vars(tally) == {
        "commands": Counter(AdvanceTime=1),
        "orders": Counter(LIMIT=1),
        "fills": Counter(MAKER=1),
        "cancels": Counter(UNFILLED=1),
        "reductions": Counter(LIQUIDATION=1),
        "refusals": Counter(PRICE_BEYOND_BAND=1, STALE_PRICE=1),
        "events": 12,
        "opened": 1,
        "closed": 2,
        "liquidated": 1,
        "triggered": 1,
        "expired": 1,
        "prices": 1,
        "insurance_paid_atoms": 3,
        "house_paid_atoms": 2,
        "liquidation_fees_atoms": 7,
    }
