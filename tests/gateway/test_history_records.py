"""How much is kept of one account: the oldest that are closed go first."""

import pytest

from engine.commands import Side
from gateway import history_records as module
from gateway.history_records import FILLED
from tests.gateway.test_history import Desk


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
