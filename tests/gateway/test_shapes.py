"""Bodies become typed requests, however they are spaced, and never twice."""

import pytest

from gateway import api_messages as messages
from gateway.errors import ApiError
from gateway.shapes import Shape


def test_spaces_and_order_of_keys_do_not_matter() -> None:
    shape = Shape[messages.PlaceOrderRequest](messages.PlaceOrderRequest)
    spaced = b'{ "side" : "BUY",\n"symbol":"A:B" , "orderType"\t:"MARKET"}'

    assert shape.decode(spaced) == messages.PlaceOrderRequest("A:B", "BUY", "MARKET")


@pytest.mark.parametrize("place", range(4))
def test_a_doubled_key_is_found_at_any_place(place: int) -> None:
    shape = Shape[messages.PlaceOrderRequest](messages.PlaceOrderRequest)
    parts = ['"symbol":"A/B"', '"side":"BUY"', '"orderType" :"MARKET"', '"price": "1"']
    doubled = "{" + ",".join([*parts, parts[place]]) + "}"

    with pytest.raises(ApiError) as refused:
        shape.decode(doubled.encode())
    assert refused.value.code == "DUPLICATE_KEY"
