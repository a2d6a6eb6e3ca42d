"""The trader's routes to the account: balances, funding, settings.  Knows no HTTP past the call."""

from aiohttp import web

from gateway import account_settings as settings
from gateway.fields import market_of
from gateway.history.records import AccountHistory
from gateway.http_calls import Call
from gateway.http_handlers import symbol_named, take
from gateway.operations import Operation
from gateway.replies import api_replies as replies
from gateway.replies.account_replies import account_reply, payment_reply, settings_replies
from gateway.replies.trailing_replies import trailing_stops


def get_account(call: Call) -> web.Response:
    """The account's balances."""
    return call.reply(account_reply(call.venue.state, call.account_id))


def get_funding(call: Call) -> web.Response:
    """What the account's positions paid and received at funding stamps, newest first."""
    page = call.page()
    state = call.venue.state
    symbol = call.query.get("symbol")
    instrument_id = None
    if symbol is not None:
        instrument_id = market_of(state, symbol_named(call, symbol)).instrument_id
    position_id = call.id_named("positionId")
    history = call.venue.history.known(call.account_id) or AccountHistory()
    wanted = (
        payment
        for payment in reversed(history.payments)
        if payment.number < page.below
        and (instrument_id is None or payment.instrument_id == instrument_id)
        and (position_id is None or payment.position_id == position_id)
    )
    payments, more = take(wanted, page)
    return call.reply(
        {
            "payments": [payment_reply(state, payment) for payment in payments],
            "nextCursor": str(payments[-1].number) if more else None,
            "sequence": state.sequence,
        }
    )


def get_trailing_stops(call: Call) -> web.Response:
    """Where the account's trailing stops stand that follow their prices."""
    state = call.venue.state
    found = trailing_stops(state, call.account_id)
    return call.reply({"trailingStops": found, "sequence": state.sequence})


def get_settings(call: Call) -> web.Response:
    """The account's position mode, margin mode and leverage in all markets, or in one."""
    symbol = call.query.get("symbol")
    state = call.venue.state
    markets = replies.markets(state)
    if symbol is not None:
        markets = [market_of(state, symbol_named(call, symbol))]
    found = settings_replies(markets, call.account_id)
    return call.reply({"settings": found, "sequence": state.sequence})


def put_leverage(call: Call, request: settings.SetLeverageRequest) -> Operation:
    """Set the leverage of a netting market, or of a leg of a hedging one."""
    return settings.set_leverage(call.venue, call.account_id, request)


def put_margin_mode(call: Call, request: settings.SetMarginModeRequest) -> Operation:
    """Let positions of a market, or of a leg there, stand alone or with the account."""
    return settings.set_margin_mode(call.venue, call.account_id, request)


def put_position_mode(call: Call, request: settings.SetPositionModeRequest) -> Operation:
    """Choose what positions of a market are keyed by."""
    return settings.set_position_mode(call.venue, call.account_id, request)
