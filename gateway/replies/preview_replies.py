"""What an order would come to, as clients see it.  Knows shapes; changes nothing."""

from msgspec import UNSET

from engine.commands import PlaceOrder
from engine.preview import Preview, largest_order, preview_order
from engine.reject_reason import RejectReason
from engine.state import State
from engine.units import AccountId
from gateway.api_messages import PreviewOrderRequest, place_order, sized_order
from gateway.decimals import text_from_e8
from gateway.fields import budget_atoms, market_of
from gateway.replies.api_replies import Reply, average_price_text, price_text, spec_of


class PreviewReply(Reply):
    """What an order would come to; `reason` says why it would be refused.

    price: it is judged at; of a market order in an order-driven market the worst it would trade at.
    filled_quantity, average_price: of what would fill on arrival; the average floored to eight
        decimals, null if nothing would.
    liquidation_price: as a position's.  bankruptcy_price: null in cross margin.
    max_quantity: the largest whose margin and fee the request's budget pays and that the account
        may place; "0" if there is none, null without a budget.  Without a size of its own the order
        is previewed at that size.
    """

    accepted: bool
    reason: str | None
    takes: bool
    symbol: str
    price: str | None
    quantity: str
    filled_quantity: str
    average_price: str | None
    margin: str
    fee: str
    liquidation_price: str | None
    bankruptcy_price: str | None
    max_quantity: str | None
    sequence: int


def preview_of(state: State, account_id: AccountId, request: PreviewOrderRequest) -> PreviewReply:
    """What the order would come to now.  Raises ApiError 400 or 422."""
    budget = budget_atoms(request.budget)
    if budget is None:
        command = place_order(state, account_id, request)
        return _reply(state, command, preview_order(state, command), None)
    smallest = market_of(state, request.symbol).spec.qty_lots_min
    lots = largest_order(state, sized_order(state, account_id, request, smallest), budget)
    if request.quantity is UNSET and request.amount is UNSET:
        command = sized_order(state, account_id, request, lots or smallest)
    else:
        command = place_order(state, account_id, request)
    return _reply(state, command, preview_order(state, command), lots)


def _reply(
    state: State, command: PlaceOrder, preview: Preview, largest_lots: int | None
) -> PreviewReply:
    spec = spec_of(state, command.instrument_id)
    accepted = preview.reason is RejectReason.NONE
    return PreviewReply(
        accepted,
        None if accepted else preview.reason.name,
        preview.takes,
        spec.symbol,
        price_text(preview.price_ticks, spec),
        text_from_e8(preview.qty_lots * spec.lot_size_e8),
        text_from_e8(preview.filled_lots * spec.lot_size_e8),
        average_price_text(preview.filled_value, preview.filled_lots, spec),
        text_from_e8(preview.margin_atoms),
        text_from_e8(preview.fee_atoms),
        price_text(preview.liquidation_ticks, spec),
        price_text(preview.bankruptcy_ticks, spec),
        None if largest_lots is None else text_from_e8(largest_lots * spec.lot_size_e8),
        state.sequence,
    )
