"""Fields of requests: exact integers, or a refusal that names the field."""

from collections.abc import Callable

import pytest

from engine.instrument import simple_instrument
from gateway import fields
from gateway.errors import ApiError
from gateway.fields import TrailingRequest

SPEC = simple_instrument("BTC/USDT", "BTC", "USDT", 1_000_000, 100)  # tick 0.01, lot 0.000001


def test_what_is_given_is_exact_and_what_is_absent_is_zero() -> None:
    assert fields.price_ticks("20000.01", SPEC, "price") == 2_000_001
    assert fields.quantity_lots("0.000001", SPEC) == 1
    assert fields.amount_atoms("0.00000001") == 1
    assert fields.money_atoms("-5") == -500_000_000
    assert fields.share_e8("-12.5", "autoClosePct") == -12_500_000
    assert fields.budget_atoms("0") == 0
    assert fields.trail_of(TrailingRequest("1.5", "0.01"), SPEC) == (150, 1_000_000)
    assert fields.trail_of(TrailingRequest(rate="0.01"), SPEC) == (0, 1_000_000)
    assert [fields.path_id(text) for text in ("7", "0", "07", "x", "9" * 19, "9" * 20)] == [
        *(7, 0, 0, 0, 0, 0),
    ]


@pytest.mark.parametrize(
    ("read", "code", "field"),
    [
        (lambda: fields.price_ticks("1.005", SPEC, "price"), "BAD_PRICE", "price"),
        (lambda: fields.price_ticks("0", SPEC, "stopLoss"), "BAD_PRICE", "stopLoss"),
        (lambda: fields.quantity_lots("0.0000001", SPEC), "BAD_QUANTITY", "quantity"),
        (lambda: fields.amount_atoms("0"), "BAD_QUANTITY", "amount"),
        (lambda: fields.money_atoms("0"), "BAD_AMOUNT", "amount"),
        (lambda: fields.budget_atoms("-1"), "BAD_NUMBER", "budget"),
        (lambda: fields.budget_atoms("99999999999.5"), "BAD_AMOUNT", "budget"),
        (lambda: fields.share_e8("0", "autoClosePct"), "BAD_PRICE", "autoClosePct"),
        (lambda: fields.trail_of(TrailingRequest(), SPEC), "BAD_FIELD", "trailing"),
        (lambda: fields.trail_of(TrailingRequest("0.001"), SPEC), "BAD_PRICE", "distance"),
        (lambda: fields.trail_of(TrailingRequest(rate="1"), SPEC), "BAD_PRICE", "rate"),
        (lambda: fields.object_id("01", "positionId"), "BAD_FIELD", "positionId"),
        (lambda: fields.client_name("a b", "ocoGroup"), "BAD_COMBINATION", "ocoGroup"),
        (lambda: fields.client_name("a" * 37, "ocoGroup"), "BAD_COMBINATION", "ocoGroup"),
    ],
)
def test_a_refusal_names_the_field(read: Callable[[], object], code: str, field: str) -> None:
    with pytest.raises(ApiError) as refused:
        read()

    assert (refused.value.code, refused.value.details["field"]) == (code, field)
