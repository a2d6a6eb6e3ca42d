"""The operator's routes, on the operator's listener only."""

from engine.commands import Scope
from tests.gateway.house import Client, House

PERPETUAL = {
    "symbol": "ETH-PERP/USDT",
    "profile": "perpetual",
    "tickSize": "0.01",
    "lotSize": "0.001",
}


async def test_a_user_from_nothing_to_an_order(house: House) -> None:
    admin = house.admin
    opened = await admin.post("/admin/accounts", {"userId": "carol"})
    issued = await admin.post("/admin/accounts/carol/tokens", {"scopes": ["read", "trade"]})
    money = {"asset": "USDT", "amount": "500", "transferId": "t1"}
    paid = await admin.post("/admin/accounts/carol/deposits", money)
    carol = Client(house.session, house.url, issued.body["token"])

    assert (opened.status, opened.body["userId"]) == (201, "carol")
    assert (issued.status, issued.body["scopes"]) == (201, ["read", "trade"])
    assert (paid.status, paid.body["account"]["balances"][0]["available"]) == (201, "500")
    assert (await carol.order(amount="500")).status == 201
    again = await admin.post("/admin/accounts", {"userId": "carol"})
    assert (again.status, again.code) == (409, "DUPLICATE_ACCOUNT")
    users = (await admin.get("/admin/accounts")).body["accounts"]
    assert users == [{"userId": "carol"}]


async def test_accounts_page_newest_first(house: House) -> None:
    for number in range(5):
        await house.admin.post("/admin/accounts", {"userId": f"u{number}"})
    seen: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        path = f"/admin/accounts?limit=2{cursor and f'&cursor={cursor}'}"
        body = (await house.admin.get(path)).body
        seen += [account["userId"] for account in body["accounts"]]
        cursor, pages = body["nextCursor"], pages + 1

    assert (seen, pages) == (["u4", "u3", "u2", "u1", "u0"], 3)


async def test_a_revoked_token_works_no_more(house: House) -> None:
    await house.user("alice")
    issued = await house.admin.post("/admin/accounts/alice/tokens", {"scopes": ["read"]})
    reader = Client(house.session, house.url, issued.body["token"])
    assert (await reader.get("/api/account")).status == 200
    trade = await reader.order(amount="1")
    assert (trade.status, trade.code) == (403, "FORBIDDEN_SCOPE")

    path = f"/admin/tokens/{issued.body['tokenHash']}"
    revoked = await house.admin.ask("DELETE", path)
    again = await house.admin.ask("DELETE", path)

    assert revoked.status == 200
    assert (await reader.get("/api/account")).status == 401
    assert (again.status, again.code) == (404, "UNKNOWN_TOKEN")
    assert (await house.admin.ask("DELETE", "/admin/tokens/x")).status == 404


async def test_a_transfer_is_done_once(house: House) -> None:
    alice = await house.user("alice", None)
    path = "/admin/accounts/alice/deposits"
    money = {"asset": "USDT", "amount": "7", "transferId": "once"}

    first, second = await house.admin.post(path, money), await house.admin.post(path, money)

    assert (first.status, second.status) == (201, 200)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert await alice.available() == "7"


async def test_a_withdrawal_above_what_is_free_is_refused_whole(house: House) -> None:
    alice = await house.user("alice", "100")
    await alice.order(orderType="LIMIT", price="19000", amount="60")
    path = "/admin/accounts/alice/withdrawals"
    for amount, code in (("40.00000001", "INSUFFICIENT_BALANCE"), ("0", "BAD_AMOUNT"),
                         ("-1", "BAD_AMOUNT"), ("999999999999", "BAD_AMOUNT")):  # fmt: skip
        reply = await house.admin.post(
            path, {"asset": "USDT", "amount": amount, "transferId": f"w{amount}"}
        )
        assert (reply.status, reply.code) == (422, code), amount

    good = await house.admin.post(path, {"asset": "USDT", "amount": "40", "transferId": "w"})
    assert (good.status, await alice.available()) == (201, "0")
    absent = await house.admin.post(
        "/admin/accounts/nobody/deposits", {"asset": "USDT", "amount": "1", "transferId": "x"}
    )
    assert (absent.status, absent.code) == (404, "UNKNOWN_ACCOUNT")


async def test_the_ledger_sums_to_zero(house: House) -> None:
    alice = await house.user("alice", "1000")
    await house.admin.post(
        "/admin/insurance", {"asset": "USDT", "amount": "50", "transferId": "fund"}
    )
    await alice.order(amount="600")
    await house.price("21000")

    ledger = (await house.admin.get("/admin/ledger")).body

    assert ledger["sum"] == "0"
    amounts = {entry["account"]: entry["amount"] for entry in ledger["accounts"]}
    assert amounts == {
        "external": "-1050",
        "house": "0",
        "insurance": "50",
        "fees": "0.24",
        "margin": "600",
        "user:alice:free": "399.76",
        "user:alice:hold": "0",
    }


async def test_a_market_is_listed_changed_and_halted(house: House) -> None:
    admin, alice = house.admin, await house.user("alice")
    listed = await admin.post("/admin/instruments", {**PERPETUAL, "takerFee": "0.0006"})
    twice = await admin.post("/admin/instruments", PERPETUAL)
    changed = await admin.ask(
        "PUT", "/admin/instruments/ETH-PERP-USDT", {"makerFee": "-0.0001", "ordersMax": 5}
    )
    absent = await admin.ask("PUT", "/admin/instruments/XXX-USDT", {"ordersMax": 5})

    assert (listed.status, listed.body["base"], listed.body["takerFee"]) == (201, "ETH", "0.0006")
    assert (listed.body["market"], listed.body["marginMode"]) == ("QUOTE_DRIVEN", "CROSS")
    assert (twice.status, twice.code) == (409, "DUPLICATE_SYMBOL")
    assert (changed.status, changed.body["makerFee"], changed.body["ordersMax"]) == (
        200,
        "-0.0001",
        5,
    )
    assert (absent.status, absent.code) == (404, "UNKNOWN_SYMBOL")
    for status, code in (("halt", "HALTED"), ("CLOSE_ONLY", "CLOSE_ONLY")):
        reply = await admin.post("/admin/instruments/BTC-USDT/status", {"status": status})
        assert (reply.status, reply.body["status"]) == (200, code)
        refused = await alice.order(amount="1")
        assert (refused.status, refused.code) == (422, code)
    await admin.post("/admin/instruments/BTC-USDT/status", {"status": "trading"})
    assert (await alice.order(amount="1")).status == 201


async def test_a_bad_instrument_is_refused_in_words(house: House) -> None:
    for changes, problem in (
        ({"tickSize": "0"}, "positive"),
        ({"tickSize": "0.00000001"}, "whole number of atoms"),
        ({"leverageMax": 0}, "leverage"),
        ({"market": "ORDER_DRIVEN", "priceBand": "0"}, "needs a price band"),
        ({"conditionalsMax": 0}, "condition"),
        ({"quantityMin": "0.0001"}, "lot grid"),
        ({"quantityMin": "1001"}, "quantity limits"),
        ({"makerFee": "2"}, "below 100 %"),
        ({"tiers": []}, "at least one"),
        ({"tickSize": "999999999999.99999999"}, "range"),
    ):
        reply = await house.admin.post("/admin/instruments", {**PERPETUAL, **changes})
        assert (reply.status, reply.code) == (422, "BAD_INSTRUMENT"), changes
        assert problem in reply.body["details"]["problem"]
    doubled = b'{"symbol":"A/B","profile":"simple","tickSize":"1","lotSize":"1",'
    tier = b'{"notionalCap":"1","notionalCap":"2","maintenanceRate":"0","leverageMax":1}'
    nested = await house.admin.ask(
        "POST", "/admin/instruments", data=doubled + b'"tiers":[' + tier + b"]}"
    )
    assert (nested.status, nested.code) == (400, "DUPLICATE_KEY")


async def test_prices_are_set_whole_or_in_part(house: House) -> None:
    admin = house.admin
    part = await admin.post("/admin/prices", {"symbol": "BTC/USDT", "bid": "19999", "ask": "20001"})
    both = await admin.post("/admin/prices", {"symbol": "BTC/USDT", "price": "1", "bid": "1"})
    none = await admin.post("/admin/prices", {"symbol": "BTC/USDT"})
    off = await admin.post("/admin/prices", {"symbol": "BTC/USDT", "price": "1.001"})
    crossed = await admin.post("/admin/prices", {"symbol": "BTC/USDT", "bid": "20002"})

    ticker = part.body["ticker"]
    assert [ticker[name] for name in ("bid", "ask", "last", "mark")] == [
        "19999",
        "20001",
        "20000",
        "20000",
    ]
    assert [reply.code for reply in (both, none, off, crossed)] == [
        "BAD_FIELD",
        "BAD_FIELD",
        "BAD_PRICE",
        "BAD_PRICE",
    ]
    assert house.venue.price_refusals == {"BAD_PRICE": 1}


async def test_the_operators_routes_are_the_operators(house: House) -> None:
    alice = await house.user("alice")
    issued = await house.admin.post("/admin/accounts/alice/tokens", {"scopes": ["admin"]})
    trader = Client(house.session, house.admin_url, alice.token)
    pretender = Client(house.session, house.admin_url, issued.body["token"])
    operator = Client(house.session, house.url, house.admin.token)

    assert (await trader.get("/admin/ledger")).code == "FORBIDDEN_SCOPE"
    assert (await pretender.get("/admin/ledger")).code == "FORBIDDEN_ACCOUNT"
    assert (await alice.get("/admin/ledger")).code == "NOT_FOUND"
    assert (await operator.get("/api/account")).code == "FORBIDDEN_SCOPE"
    assert (await house.admin.get("/api/account")).code == "NOT_FOUND"


async def test_an_operators_token_is_made_by_an_operator(house: House) -> None:
    issued = await house.admin.post("/admin/accounts/operator/tokens", {"scopes": ["admin"]})
    second = Client(house.session, house.admin_url, issued.body["token"])

    assert (await second.get("/admin/ledger")).status == 200
    none = await house.admin.post("/admin/accounts/operator/tokens", {"scopes": []})
    assert (none.status, none.code) == (400, "BAD_FIELD")
    assert house.venue.state.tokens[bytes.fromhex(issued.body["tokenHash"])].scopes == Scope.ADMIN
