"""The trader's routes that act on many orders at once.  Knows no HTTP beyond the call."""

from aiohttp import web

from gateway import api_messages as messages
from gateway import batches, operations
from gateway.http_calls import Call
from gateway.operations import Answered, Operation


def post_batch(call: Call, request: messages.PlaceBatchRequest) -> Operation | web.Response:
    """Place several orders in one command."""
    operations.require_own(call.venue, call.account_id, request.user_id)
    return _batch(call, batches.places(call.venue, call.account_id, request.orders))


def patch_batch(call: Call, request: messages.AmendBatchRequest) -> Operation | web.Response:
    """Amend several orders in one command."""
    operations.require_own(call.venue, call.account_id, request.user_id)
    return _batch(call, batches.amends(call.venue, call.account_id, request.amends))


def delete_batch(call: Call, request: messages.CancelBatchRequest) -> Operation | web.Response:
    """Cancel several orders in one command."""
    operations.require_own(call.venue, call.account_id, request.user_id)
    ids = request.order_ids, request.client_order_ids
    return _batch(call, batches.cancels(call.venue, call.account_id, *ids))


def _batch(call: Call, parts: list[batches.Part]) -> Operation | web.Response:
    assert call.caller is not None
    made = batches.combined(call.venue, call.account_id, call.caller.token_hash, parts)
    return call.reply_bytes(*made) if isinstance(made, Answered) else made


def post_cancel_after(call: Call, request: messages.CancelAfterRequest) -> Operation:
    """Cancel all orders in a while, unless told again."""
    return operations.cancel_after(call.venue, call.account_id, request)
