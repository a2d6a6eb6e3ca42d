"""What comes in over a WebSocket: one shape per operation, told apart by `op`.

Knows shapes, those of the HTTP bodies with an id; knows no connection.
"""

from typing import Final

import msgspec
from msgspec import UNSET

from gateway import account_settings as settings
from gateway import api_messages as messages
from gateway.fields import Request, Text, TimeMs
from gateway.shapes import Shape

RequestId = int | str | msgspec.UnsetType | None


class Auth(Request, tag_field="op", tag="auth"):
    """Say who is calling, and whether the end of the connection ends the account's orders."""

    token: str
    cancel_on_disconnect: bool | msgspec.UnsetType = UNSET
    id: RequestId = UNSET


class Subscribe(Request, tag_field="op", tag="subscribe"):
    """Listen; from_sequence is the first private message wanted."""

    channels: list[str]
    from_sequence: TimeMs | msgspec.UnsetType = UNSET
    id: RequestId = UNSET


class Unsubscribe(Request, tag_field="op", tag="unsubscribe"):
    """Listen no more."""

    channels: list[str]
    id: RequestId = UNSET


class Ping(Request, tag_field="op", tag="ping"):
    """Ask for a sign of life."""

    id: RequestId = UNSET


class PlaceOrder(messages.PlaceOrderRequest, tag_field="op", tag="order.place"):
    """Place an order."""

    id: RequestId = UNSET


class AmendOrder(messages.NamedAmendRequest, tag_field="op", tag="order.amend"):
    """Amend an order, named by its id or its client order id."""

    id: RequestId = UNSET


class CancelOrder(Request, tag_field="op", tag="order.cancel"):
    """Cancel an order, named by its id or its client order id."""

    order_id: Text = UNSET
    client_order_id: Text = UNSET
    id: RequestId = UNSET


class Batch(Request, tag_field="op", tag="order.batch"):
    """Cancels by order id, cancels by client order id, amends and orders as one command, in this
    order."""

    order_ids: list[str] | msgspec.UnsetType = UNSET
    client_order_ids: list[str] | msgspec.UnsetType = UNSET
    amends: list[messages.NamedAmendRequest] | msgspec.UnsetType = UNSET
    orders: list[messages.PlaceOrderRequest] | msgspec.UnsetType = UNSET
    id: RequestId = UNSET


class CancelAfter(messages.CancelAfterRequest, tag_field="op", tag="account.cancelAfter"):
    """Cancel all orders in a while, unless told again."""

    id: RequestId = UNSET


class SetLeverage(settings.SetLeverageRequest, tag_field="op", tag="account.setLeverage"):
    """Set the leverage of a market, or of a leg there."""

    id: RequestId = UNSET


class SetMarginMode(settings.SetMarginModeRequest, tag_field="op", tag="account.setMarginMode"):
    """Let positions of a market, or of a leg there, stand alone or with the account."""

    id: RequestId = UNSET


class SetPositionMode(
    settings.SetPositionModeRequest, tag_field="op", tag="account.setPositionMode"
):
    """Choose what positions of a market are keyed by."""

    id: RequestId = UNSET


class CancelOnDisconnect(Request, tag_field="op", tag="session.cancelOnDisconnect"):
    """Whether the end of this connection cancels all of the account's orders."""

    enabled: bool
    id: RequestId = UNSET


Op = (
    Auth
    | Subscribe
    | Unsubscribe
    | Ping
    | PlaceOrder
    | AmendOrder
    | CancelOrder
    | Batch
    | CancelAfter
    | SetLeverage
    | SetMarginMode
    | SetPositionMode
    | CancelOnDisconnect
)
op_shape: Final = Shape[Auth](Op, tag_keys=1)
array_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])


class _OnlyId(msgspec.Struct):
    """What is read of a request that cannot be read."""

    id: RequestId = None


_id_decoder: Final = msgspec.json.Decoder(_OnlyId)


def id_of(body: bytes) -> RequestId:
    """The id of a request that may make no other sense, None if it has none."""
    try:
        return _id_decoder.decode(body).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
