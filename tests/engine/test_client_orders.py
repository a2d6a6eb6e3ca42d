"""Client order ids are kept while open, and a bounded number of closed ones (IDM-1)."""

import pytest

from engine.client_orders import CLOSED_PER_ACCOUNT_MAX, FORGOTTEN_MIN, ClientOrder, ClientOrders
from engine.reject_reason import RejectReason
from engine.units import AccountId, OrderId


def entry(account: int, name: str, is_open: bool = False, order_id: int = 0) -> ClientOrder:
    reason = RejectReason.NONE if is_open or order_id else RejectReason.HALTED
    return ClientOrder(AccountId(account), name, b"d" * 16, OrderId(order_id), reason, is_open)


def closed_names(ids: ClientOrders) -> list[str]:
    return [kept.client_order_id for kept in ids.closed_entries()]


def test_an_id_belongs_to_its_account() -> None:
    ids = ClientOrders()
    ids.add(entry(1, "a"))
    ids.add(entry(257, "a", is_open=True, order_id=9))  # the same shard

    assert ids.get(AccountId(1), "a") is not ids.get(AccountId(257), "a")
    assert ids.get(AccountId(2), "a") is None
    assert ids.get(AccountId(1), "b") is None


def test_an_id_is_remembered_once() -> None:
    ids = ClientOrders()
    ids.add(entry(1, "a"))

    with pytest.raises(AssertionError):
        ids.add(entry(1, "a"))


def test_open_ids_are_never_forgotten_and_closed_ones_oldest_first() -> None:
    ids = ClientOrders()
    ids.add(entry(1, "open", is_open=True, order_id=1))
    ids.add(entry(1, "soon", is_open=True, order_id=2))
    for number in range(CLOSED_PER_ACCOUNT_MAX):
        ids.add(entry(1, f"c{number}"))
    ids.close(AccountId(1), "soon")

    assert closed_names(ids) == [*(f"c{n}" for n in range(1, CLOSED_PER_ACCOUNT_MAX)), "soon"]
    assert ids.get(AccountId(1), "c0") is None
    assert [kept.client_order_id for kept in ids.open_entries()] == ["open"]


def test_an_account_forgets_only_its_own() -> None:
    ids = ClientOrders()
    ids.add(entry(2, "other"))
    for number in range(2 * CLOSED_PER_ACCOUNT_MAX):
        ids.add(entry(1, f"c{number}"))

    assert ids.get(AccountId(2), "other") is not None
    assert len(closed_names(ids)) == CLOSED_PER_ACCOUNT_MAX + 1


def test_the_order_of_closing_survives_the_clearing_of_what_was_forgotten() -> None:
    ids = ClientOrders()
    total = CLOSED_PER_ACCOUNT_MAX + 2 * FORGOTTEN_MIN + 100
    for number in range(total):
        ids.add(entry(1, f"c{number}"))

    assert closed_names(ids) == [f"c{n}" for n in range(total - CLOSED_PER_ACCOUNT_MAX, total)]


def test_a_closed_id_is_not_closed_again() -> None:
    ids = ClientOrders()
    ids.add(entry(1, "a"))

    with pytest.raises(AssertionError):
        ids.close(AccountId(1), "a")


def test_the_venue_forgets_the_oldest_of_all_accounts() -> None:
    """A million ids is slow to fill, so the bound is met by the private step that enforces it."""
    ids = ClientOrders()
    for account in (3, 1, 2):
        ids.add(entry(account, "a"))
    ids._forget_oldest()

    assert [(kept.account_id, kept.client_order_id) for kept in ids.closed_entries()] == [
        (1, "a"),
        (2, "a"),
    ]
    assert ids.get(AccountId(3), "a") is None
