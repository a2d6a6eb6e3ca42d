"""The trader's routes to the account: balances and settings.  Knows no HTTP beyond the call."""

from aiohttp import web

from gateway import account_settings as settings
from gateway import api_replies as replies
from gateway.account_replies import account_reply, settings_replies
from gateway.api_messages import market_of
from gateway.http_calls import Call
from gateway.http_handlers import symbol_named
from gateway.operations import Operation


def get_account(call: Call) -> web.Response:
    """The account's balances."""
    return call.reply(account_reply(call.venue.state, call.account_id))


def get_settings(call: Call) -> web.Response:
    """The account's position mode, margin mode and leverage in all markets, or in one."""
    symbol = call.query("symbol").get("symbol")
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
