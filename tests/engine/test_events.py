"""The numbers of causes and states are written to the journal's events: they never change."""

from engine.events import MAKER, TAKER, CancelCause, CloseCause, Liquidity, PositionStatus


def test_numbers_are_part_of_the_journal() -> None:
    assert [(cause.name, int(cause)) for cause in CancelCause] == [
        ("USER", 1),
        ("REFUSED", 2),
        ("POSITION_GONE", 3),
        ("HOLD_SHORT", 4),
        ("CLOSE_ONLY", 5),
        ("UNFILLED", 6),
        ("SELF_TRADE", 7),
        ("OCO", 8),
        ("CANCEL_AFTER", 9),
        ("DISCONNECTED", 10),
        ("LIQUIDATION", 11),
    ]
    assert [(cause.name, int(cause)) for cause in CloseCause] == [
        ("ORDER", 1),
        ("STOP_LOSS", 2),
        ("TAKE_PROFIT", 3),
        ("AUTO_CLOSE", 4),
        ("LIQUIDATION", 5),
        ("GAP", 6),
        ("AUTO_DELEVERAGE", 7),
        ("TRAILING_STOP", 8),
    ]
    assert [int(member) for member in (MAKER, TAKER)] == [int(member) for member in Liquidity]
    assert [(s.name, int(s)) for s in PositionStatus] == [
        ("OPEN", 1),
        ("CLOSED", 2),
        ("LIQUIDATED", 3),
    ]
