"""The table of routes: it drives the listeners, and later their documentation and its tests.

Knows paths, scopes and handlers; knows nothing of what they do.
"""

from typing import Final, NamedTuple

from aiohttp import web

from engine.commands import Scope
from gateway import admin_handlers as admin
from gateway import http_handlers as http
from gateway import metrics
from gateway.http_calls import Handler, endpoint
from gateway.venue import Venue
from gateway.ws_sessions import Sessions


class Route(NamedTuple):
    """One method of one path.  scope: what the token needs; None if no token is needed."""

    method: str
    path: str
    scope: Scope | None
    handler: Handler


READ, TRADE, ADMIN = Scope.READ, Scope.TRADE, Scope.ADMIN

OPERATIONAL: Final = (
    Route("GET", "/healthz", None, http.get_health),
    Route("GET", "/readyz", None, http.get_ready),
    Route("GET", "/metrics", None, metrics.get_metrics),
)
PUBLIC: Final = (
    Route("POST", "/api/orders", TRADE, http.post_order),
    Route("GET", "/api/orders", READ, http.get_orders),
    Route("DELETE", "/api/orders", TRADE, http.delete_orders),
    Route("POST", "/api/orders/preview", READ, http.post_preview),
    Route("GET", "/api/orders/client/{client_id}", READ, http.get_order_by_client_id),
    Route("DELETE", "/api/orders/client/{client_id}", TRADE, http.delete_order_by_client_id),
    Route("GET", "/api/orders/{id}", READ, http.get_order),
    Route("PATCH", "/api/orders/{id}", TRADE, http.patch_order),
    Route("DELETE", "/api/orders/{id}", TRADE, http.delete_order),
    Route("GET", "/api/positions", READ, http.get_positions),
    Route("GET", "/api/positions/{id}", READ, http.get_position),
    Route("PATCH", "/api/positions/{id}", TRADE, http.patch_position),
    Route("POST", "/api/positions/{id}/close", TRADE, http.post_close),
    Route("POST", "/api/positions/{id}/margin", TRADE, http.post_margin),
    Route("GET", "/api/account", READ, http.get_account),
    Route("PUT", "/api/account/leverage", TRADE, http.put_leverage),
    Route("GET", "/api/fills", READ, http.get_fills),
    Route("GET", "/api/instruments", None, http.get_instruments),
    Route("GET", "/api/ticker", None, http.get_ticker),
    Route("GET", "/api/time", None, http.get_time),
    Route("GET", "/ws", None, http.get_socket),
    *OPERATIONAL,
)
PRIVILEGED: Final = (
    Route("POST", "/admin/accounts", ADMIN, admin.post_account),
    Route("GET", "/admin/accounts", ADMIN, admin.get_accounts),
    Route("POST", "/admin/accounts/{user_id}/tokens", ADMIN, admin.post_token),
    Route("DELETE", "/admin/tokens/{token_hash}", ADMIN, admin.delete_token),
    Route("POST", "/admin/accounts/{user_id}/deposits", ADMIN, admin.post_deposit),
    Route("POST", "/admin/accounts/{user_id}/withdrawals", ADMIN, admin.post_withdrawal),
    Route("POST", "/admin/insurance", ADMIN, admin.post_insurance),
    Route("POST", "/admin/instruments", ADMIN, admin.post_instrument),
    Route("PUT", "/admin/instruments/{symbol}", ADMIN, admin.put_instrument),
    Route("POST", "/admin/instruments/{symbol}/status", ADMIN, admin.post_status),
    Route("POST", "/admin/prices", ADMIN, admin.post_price),
    Route("GET", "/admin/ledger", ADMIN, admin.get_ledger),
    *OPERATIONAL,
)


def application(
    venue: Venue, sessions: Sessions, routes: tuple[Route, ...], is_admin: bool
) -> web.Application:
    """The routes as an application; what is not among them answers 404 or 405 like an API."""
    app = web.Application(client_max_size=venue.config.server.body_bytes_max)
    for route in routes:
        privileged = is_admin and route.scope is not None
        serve = endpoint(venue, sessions, route.scope, privileged, route.handler)
        app.router.add_route(route.method, route.path, serve)
    for path in dict.fromkeys(route.path for route in routes):
        wrong = endpoint(venue, sessions, None, False, http.method_not_allowed)
        app.router.add_route("*", path, wrong)
    nothing = endpoint(venue, sessions, None, False, http.not_found)
    app.router.add_route("*", "/{rest:.*}", nothing)
    return app
