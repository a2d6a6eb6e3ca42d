"""How much is kept of one account: the oldest that are closed go first."""

import pytest

from engine.commands import Side
from gateway.history import records as module
from gateway.history.records import FILLED
from gateway.history.steps import PositionEnded
from tests.gateway.history.test_keeper import Desk


def test_the_oldest_closed_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSED_PER_ACCOUNT_MAX", 10)
    desk = Desk()
    desk.order(Side.BUY, 1_000_000, client_id="rests")
    for number in range(25):
        desk.order(Side.BUY, client_id=f"c{number}")
    account = desk.history.account(1)

    closed = [record for record in account.orders.values() if record.status == FILLED]
    assert [record.client_order_id for record in closed] == [f"c{n}" for n in range(15, 25)]
    assert next(iter(account.orders.values())).client_order_id == "rests"
    assert set(account.by_client_id) == {"rests", *(f"c{n}" for n in range(15, 25))}


def test_payments_are_counted_on_and_the_oldest_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSED_PER_ACCOUNT_MAX", 3)
    account = module.AccountHistory()
    assert (list(account.payments), account.next_payment) == ([], 1)

    for _ in range(5):
        number = account.next_payment
        account.add_payment(module.PaymentRecord(number, 9, 1, 1, 1, 5, 0, 1, 1, 60, 7, 61))

    assert [payment.number for payment in account.payments] == [3, 4, 5]


def test_steps_are_kept_of_known_positions_alone_and_go_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CLOSED_PER_ACCOUNT_MAX", 1)
    monkeypatch.setattr(module, "STEPS_PER_POSITION_MAX", 2)
    account = module.AccountHistory()
    records = [module.PositionRecord(n, 1, 1, 1, 10, 0, 5, 0, 0, 5, 0, 0) for n in (1, 2)]
    for record in records:
        account.open_position(record)
    for number in range(3):
        for position_id in (1, 2, 3):
            account.add_step(position_id, PositionEnded(number, 0, 0, 2, 0))

    kept = {key: [step.sequence for step in steps] for key, steps in account.steps.items()}
    for record in records:
        account.close_position(record)

    assert kept == {1: [1, 2], 2: [1, 2]}
    assert (list(account.steps), list(account.positions)) == ([2], [2])
    assert account.open_positions == {}
