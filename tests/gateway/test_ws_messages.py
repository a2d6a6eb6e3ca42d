"""Operations of a socket are those of HTTP with an id."""

import pytest
from msgspec import structs

from gateway import account_settings as settings
from gateway import api_messages as messages
from gateway import ws_messages
from gateway.fields import Request


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (ws_messages.PlaceOrder, messages.PlaceOrderRequest),
        (ws_messages.AmendOrder, messages.NamedAmendRequest),
        (ws_messages.CancelAfter, messages.CancelAfterRequest),
        (ws_messages.SetLeverage, settings.SetLeverageRequest),
        (ws_messages.SetMarginMode, settings.SetMarginModeRequest),
        (ws_messages.SetPositionMode, settings.SetPositionModeRequest),
    ],
)
def test_an_operation_has_the_fields_of_its_body(
    operation: type[Request], body: type[Request]
) -> None:
    names = [field.encode_name for field in structs.fields(operation)]
    assert names == [*(field.encode_name for field in structs.fields(body)), "id"]


@pytest.mark.parametrize(
    ("frame", "found"),
    [(b'{"id":7,"op":"?"}', 7), (b'{"id":"x"}', "x"), (b"{}", None), (b'{"id":{}}', None)],
)
def test_a_refusal_names_its_request_if_it_can(frame: bytes, found: int | str | None) -> None:
    assert ws_messages.id_of(frame) == found
