"""The table of routes: it drives the listeners.

Knows paths, scopes and handlers; knows nothing of what they do.
"""

from typing import Final, NamedTuple

from aiohttp import web
from msgspec import Struct

from engine.commands import Scope
from gateway import account_handlers as account
from gateway import account_settings as settings
from gateway import admin_handlers as admin
from gateway import admin_messages, instrument_messages, metrics
from gateway import api_messages as messages
from gateway import batch_handlers as batch
from gateway import http_handlers as http
from gateway import market_handlers as market
from gateway.http_calls import Guard, Handler, endpoint
from gateway.shapes import Shape
from gateway.venue import Venue
from gateway.ws_sessions import Sessions


class Route(NamedTuple):
    """One method of one path.

    scope: what the token needs; None if no token is needed.  body: its shape; None if none is read.
    query: the names that the query may have; None for whatever a probe adds.
    """

    method: str
    path: str
    scope: Scope | None
    handler: Handler
    body: type[Struct] | None = None
    query: tuple[str, ...] | None = ()


OPEN: Final = Guard(None, False, query=None, shape=None, may_be_empty=False, bytes_max=0)
BATCH: Final = "/api/orders/batch"
READ, TRADE, ADMIN = Scope.READ, Scope.TRADE, Scope.ADMIN
SYMBOL: Final = ("symbol",)
PAGE: Final = ("cursor", "limit")

OPERATIONAL: Final = (
    Route("GET", "/healthz", None, http.get_health, query=None),
    Route("GET", "/readyz", None, http.get_ready, query=None),
    Route("GET", "/metrics", None, metrics.get_metrics, query=None),
)
PUBLIC: Final = (
    Route("POST", "/api/orders", TRADE, http.post_order, messages.PlaceOrderRequest),
    Route("GET", "/api/orders", READ, http.get_orders, query=("status", *SYMBOL, *PAGE)),
    Route("DELETE", "/api/orders", TRADE, http.delete_orders, query=SYMBOL),
    Route("POST", BATCH, TRADE, batch.post_batch, messages.PlaceBatchRequest),
    Route("PATCH", BATCH, TRADE, batch.patch_batch, messages.AmendBatchRequest),
    Route("DELETE", BATCH, TRADE, batch.delete_batch, messages.CancelBatchRequest),
    Route("POST", "/api/cancel-after", TRADE, batch.post_cancel_after, messages.CancelAfterRequest),
    Route("POST", "/api/orders/preview", READ, http.post_preview, messages.PreviewOrderRequest),
    Route("GET", "/api/orders/client/{client_id}", READ, http.get_order_by_client_id),
    Route("DELETE", "/api/orders/client/{client_id}", TRADE, http.delete_order_by_client_id),
    Route("GET", "/api/orders/{id}", READ, http.get_order),
    Route("PATCH", "/api/orders/{id}", TRADE, http.patch_order, messages.AmendOrderRequest),
    Route("DELETE", "/api/orders/{id}", TRADE, http.delete_order),
    Route("GET", "/api/trailing-stops", READ, account.get_trailing_stops),
    Route("GET", "/api/positions", READ, http.get_positions, query=("status", *SYMBOL, *PAGE)),
    Route("GET", "/api/positions/{id}", READ, http.get_position),
    Route("GET", "/api/positions/{id}/explain", READ, http.get_explanation),
    Route("PATCH", "/api/positions/{id}", TRADE, http.patch_position, messages.ChangeExitsRequest),
    Route(
        "POST", "/api/positions/{id}/close", TRADE, http.post_close, messages.ClosePositionRequest
    ),
    Route(
        "POST", "/api/positions/{id}/margin", TRADE, http.post_margin, messages.AdjustMarginRequest
    ),
    Route("GET", "/api/account", READ, account.get_account),
    Route("GET", "/api/account/settings", READ, account.get_settings, query=SYMBOL),
    Route(
        "PUT",
        "/api/account/leverage",
        TRADE,
        account.put_leverage,
        settings.SetLeverageRequest,
    ),
    Route(
        "PUT",
        "/api/account/margin-mode",
        TRADE,
        account.put_margin_mode,
        settings.SetMarginModeRequest,
    ),
    Route(
        "PUT",
        "/api/account/position-mode",
        TRADE,
        account.put_position_mode,
        settings.SetPositionModeRequest,
    ),
    Route("GET", "/api/fills", READ, http.get_fills, query=("orderId", *SYMBOL, *PAGE)),
    Route("GET", "/api/funding", READ, account.get_funding, query=("positionId", *SYMBOL, *PAGE)),
    Route("GET", "/api/instruments", None, http.get_instruments),
    Route("GET", "/api/ticker", None, market.get_ticker, query=SYMBOL),
    Route("GET", "/api/book", None, market.get_book, query=("depth", *SYMBOL)),
    Route("GET", "/api/market-trades", None, market.get_market_trades, query=(*SYMBOL, *PAGE)),
    Route(
        "GET",
        "/api/candles",
        None,
        market.get_candles,
        query=("interval", "from", "to", "limit", *SYMBOL),
    ),
    Route("GET", "/api/funding-rates", None, market.get_funding_rates, query=SYMBOL),
    Route(
        "GET",
        "/api/funding-rates/history",
        None,
        market.get_funding_history,
        query=(*SYMBOL, *PAGE),
    ),
    Route("GET", "/api/time", None, http.get_time),
    Route("GET", "/ws", None, http.get_socket),
    *OPERATIONAL,
)
PRIVILEGED: Final = (
    Route("POST", "/admin/accounts", ADMIN, admin.post_account, admin_messages.OpenAccountRequest),
    Route("GET", "/admin/accounts", ADMIN, admin.get_accounts, query=PAGE),
    Route(
        "POST",
        "/admin/accounts/{user_id}/tokens",
        ADMIN,
        admin.post_token,
        admin_messages.IssueTokenRequest,
    ),
    Route("DELETE", "/admin/tokens/{token_hash}", ADMIN, admin.delete_token),
    Route(
        "POST",
        "/admin/accounts/{user_id}/deposits",
        ADMIN,
        admin.post_deposit,
        admin_messages.TransferRequest,
    ),
    Route(
        "POST",
        "/admin/accounts/{user_id}/withdrawals",
        ADMIN,
        admin.post_withdrawal,
        admin_messages.TransferRequest,
    ),
    Route("POST", "/admin/insurance", ADMIN, admin.post_insurance, admin_messages.TransferRequest),
    Route(
        "POST",
        "/admin/instruments",
        ADMIN,
        admin.post_instrument,
        instrument_messages.ListInstrumentRequest,
    ),
    Route(
        "PUT",
        "/admin/instruments/{symbol}",
        ADMIN,
        admin.put_instrument,
        instrument_messages.InstrumentSettings,
    ),
    Route(
        "POST",
        "/admin/instruments/{symbol}/status",
        ADMIN,
        admin.post_status,
        admin_messages.SetStatusRequest,
    ),
    Route("GET", "/admin/instruments/{symbol}/fee-tiers", ADMIN, admin.get_fee_tiers),
    Route(
        "PUT",
        "/admin/instruments/{symbol}/fee-tiers/{tier}",
        ADMIN,
        admin.put_fee_tier,
        admin_messages.SetFeeTierRequest,
    ),
    Route(
        "PUT",
        "/admin/accounts/{user_id}/fee-tier",
        ADMIN,
        admin.put_account_tier,
        admin_messages.AssignFeeTierRequest,
    ),
    Route("GET", "/admin/accounts/{user_id}/fee-tier", ADMIN, admin.get_account_tier),
    Route("POST", "/admin/prices", ADMIN, admin.post_price, admin_messages.SetPriceRequest),
    Route("GET", "/admin/ledger", ADMIN, admin.get_ledger),
    *OPERATIONAL,
)


def application(
    venue: Venue, sessions: Sessions, routes: tuple[Route, ...], is_admin: bool
) -> web.Application:
    """The routes as an application; what is not among them answers 404 or 405 like an API."""
    server = venue.config.server
    app = web.Application(client_max_size=max(server.batch_bytes_max, server.body_bytes_max))
    add = app.router.add_route
    for route in routes:
        shape: Shape[Struct] | None = None
        if route.body is not None:
            shape = Shape(route.body)
        may_be_empty = route.body is messages.ClosePositionRequest
        is_batch = route.path == BATCH
        bytes_max = server.batch_bytes_max if is_batch else server.body_bytes_max
        needs_admin = is_admin and route.scope is not None
        guard = Guard(route.scope, needs_admin, route.query, shape, may_be_empty, bytes_max)
        add(route.method, route.path, endpoint(venue, sessions, guard, route.handler))
    for path in dict.fromkeys(route.path for route in routes):
        add("*", path, endpoint(venue, sessions, OPEN, http.method_not_allowed))
    add("*", "/{rest:.*}", endpoint(venue, sessions, OPEN, http.not_found))
    return app
