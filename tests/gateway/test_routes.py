"""The table of routes: each needs what it says, and what is not in it says so."""

import pytest

from gateway.routes import OPERATIONAL, PRIVILEGED, PUBLIC, Route
from tests.gateway.house import Client, House

GUARDED = [route for route in (*PUBLIC, *PRIVILEGED) if route.scope is not None]


def path_of(route: Route) -> str:
    path = route.path.replace("{id}", "1").replace("{client_id}", "x")
    path = (
        path.replace("{user_id}", "alice").replace("{token_hash}", "0" * 64).replace("{tier}", "1")
    )
    return path.replace("{symbol}", "BTC-USDT")


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_a_route_needs_a_token_of_its_scope(house: House, route: Route) -> None:
    assert route.scope is not None
    await house.user("alice")
    others = [name for name in ("read", "trade", "transfer") if name != route.scope.name.lower()]
    issued = await house.admin.post("/admin/accounts/alice/tokens", {"scopes": others})
    url = house.admin_url if route in PRIVILEGED else house.url
    nobody = Client(house.session, url, None)
    stranger = Client(house.session, url, "no such token")
    wrong = Client(house.session, url, issued.body["token"])
    before = house.venue.state.sequence

    without = await nobody.ask(route.method, path_of(route), {})
    unknown = await stranger.ask(route.method, path_of(route), {})
    forbidden = await wrong.ask(route.method, path_of(route), {})

    assert (without.status, without.code) == (401, "UNAUTHORIZED")
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert {**unknown.body, "requestId": ""} == {**without.body, "requestId": ""}
    assert (forbidden.status, forbidden.code) == (403, "FORBIDDEN_SCOPE")
    assert house.venue.state.sequence == before


@pytest.mark.parametrize(
    "route",
    [route for route in (*PUBLIC, *PRIVILEGED) if route not in OPERATIONAL],
    ids=lambda route: f"{route.method} {route.path}",
)
async def test_a_route_refuses_what_its_query_should_not_have(house: House, route: Route) -> None:
    """Before it looks up anything, and whatever the body is."""
    alice = await house.user("alice")
    before = house.venue.state.sequence

    client = house.admin if route in PRIVILEGED else alice
    unknown = await client.ask(route.method, f"{path_of(route)}?cheap=1")
    twice = [
        await client.ask(route.method, f"{path_of(route)}?{name}=1&{name}=2")
        for name in route.query or ()
    ]

    assert (unknown.status, unknown.code) == (400, "UNKNOWN_FIELD")
    assert unknown.body["details"] == {"field": "cheap"}
    assert {(reply.status, reply.code) for reply in twice} <= {(400, "DUPLICATE_KEY")}
    assert house.venue.state.sequence == before


async def test_a_token_is_asked_for_before_the_query_is_read(house: House) -> None:
    reply = await Client(house.session, house.url, None).get("/api/account?cheap=1")

    assert (reply.status, reply.code) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_may_ask_for_what_they_like(house: House, path: str) -> None:
    for url in (house.url, house.admin_url):
        async with house.session.get(f"{url}{path}?probe=1&probe=2") as reply:
            assert reply.status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/?x=1", 404, "NOT_FOUND"),
        ("PUT", "/api/orders?x=1", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/", 404, "NOT_FOUND"),
        ("GET", "/api", 404, "NOT_FOUND"),
        ("GET", "/api/orders/", 404, "NOT_FOUND"),
        ("GET", "/api//orders", 404, "NOT_FOUND"),
        ("GET", "/static/../../etc/passwd", 404, "NOT_FOUND"),
        ("GET", "/%2e%2e/etc/passwd", 404, "NOT_FOUND"),
        ("PUT", "/api/orders", 405, "METHOD_NOT_ALLOWED"),
        ("PROPFIND", "/api/orders", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/ws", 400, "BAD_FIELD"),
    ],
)
async def test_what_is_not_there_says_so_like_an_api(
    house: House, method: str, path: str, status: int, code: str
) -> None:
    reply = await (await house.user("alice")).ask(method, path)

    assert (reply.status, reply.code) == (status, code)
    assert set(reply.body) == {"error", "code", "details", "requestId"}
