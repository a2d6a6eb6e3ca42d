"""Client order ids over the edge of memory: the oldest closed one is forgotten first."""

from collections.abc import Callable

import pytest

from tests.oracle.compare import Duel
from tests.oracle.records import CLOSED_IDS_PER_ACCOUNT, Fields
from tests.oracle.stories import order_fields, price_of, simple_spec

CLOSED = CLOSED_IDS_PER_ACCOUNT


def order(client_order_id: str, **given: object) -> Fields:
    """A buy of one lot that is refused for want of money, unless it says otherwise."""
    named: Fields = {
        "client_order_id": client_order_id,
        "digest": client_order_id[:1].encode() * 16,
    }
    return order_fields(1, 1, "BUY", "MARKET") | {"qty_lots": 1, "leverage": 1} | named | given


def venue() -> Duel:
    """One market with a price; an account without money, and one."""
    duel = Duel()
    duel.apply(0, "ListInstrument", {"spec": simple_spec("AAA/USD")})
    for name in ("poor", "rich"):
        duel.apply(0, "OpenAccount", {"user_id": name})
    money = {"asset": "USD", "amount_atoms": 10**9, "transfer_id": "t"}
    duel.apply(0, "Deposit", {"account_id": 2, **money})
    duel.apply(0, "UpdatePrice", price_of(1_000))
    return duel


def reason_of(duel: Duel, fields: Fields) -> str:
    """How an order is answered."""
    ((name, answer),) = duel.apply(1, "PlaceOrder", fields)
    return f"{name} {answer['reason']}"


@pytest.mark.slow
def test_an_account_is_known_by_its_last_thousand_closed_ids(
    count: Callable[[str, int], None],
) -> None:
    duel = venue()
    resting = order("resting", account_id=2, order_type="LIMIT", price_ticks=900)
    duel.apply(1, "PlaceOrder", resting)
    for number in range(CLOSED + 1):
        assert reason_of(duel, order(f"c{number}")) == "Rejected INSUFFICIENT_BALANCE"
        if number % 100 == 0:
            assert reason_of(duel, resting) == "RequestRepeated NONE"

    assert reason_of(duel, order("c1")) == "RequestRepeated INSUFFICIENT_BALANCE"
    assert reason_of(duel, order("c1") | {"digest": b"x" * 16}) == "Rejected DUPLICATE_ID"
    # The first of all is forgotten: it is asked anew, and pushes out the next.
    assert reason_of(duel, order("c0")) == "Rejected INSUFFICIENT_BALANCE"
    assert reason_of(duel, order("c1")) == "Rejected INSUFFICIENT_BALANCE"
    assert reason_of(duel, resting) == "RequestRepeated NONE"
    duel.reload()
    count("oracle steps", len(duel.script))
