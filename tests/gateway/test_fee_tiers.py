"""Fee tiers: set and assigned by the operator, shown to the account, paid at every fill."""

from pathlib import Path

import pytest

from tests.gateway.house import Client, House, Json, Reply, socket_of
from tests.gateway.perpetual import PERP, open_perpetual, order

PATH = "BTC-PERP-USDT"


async def set_tier(house: House, tier: object, maker: str, taker: str) -> Reply:
    path = f"/admin/instruments/{PATH}/fee-tiers/{tier}"
    return await house.admin.ask("PUT", path, {"makerFee": maker, "takerFee": taker})


async def assign(house: House, user: str, tier: object) -> Reply:
    return await house.admin.ask("PUT", f"/admin/accounts/{user}/fee-tier", {"tier": tier})


async def own_rates(client: Client) -> Json:
    (shown,) = (await client.get(f"/api/account/settings?symbol={PATH}")).body["settings"]
    return shown["feeTier"], shown["makerFee"], shown["takerFee"]


async def test_a_tier_is_set_assigned_shown_and_paid(house: House) -> None:
    await open_perpetual(house)
    alice, bob = await house.user("alice", "10000"), await house.user("bob", "10000")
    usual = await own_rates(alice)

    made = await set_tier(house, 3, "-0.0001", "0.0003")
    given = await assign(house, "alice", 3)
    await order(alice, "BUY", "0.1", price="20000")
    await order(bob, "SELL", "0.1")
    await order(bob, "BUY", "0.1", price="20000")
    await order(alice, "SELL", "0.1")

    sequence = given.body["sequence"]
    assert made.body == {
        "symbol": PERP,
        "tier": 3,
        "makerFee": "-0.0001",
        "takerFee": "0.0003",
        "sequence": sequence - 1,
    }
    assert given.body == {"userId": "alice", "tier": 3, "sequence": sequence}
    assert (usual, await own_rates(alice), await own_rates(bob)) == (
        *((0, "0.0002", "0.0005"), (3, "-0.0001", "0.0003"), (0, "0.0002", "0.0005")),
    )
    fees = [
        [(fill["liquidity"], fill["fee"]) for fill in (await user.get("/api/fills")).body["fills"]]
        for user in (alice, bob)
    ]
    assert fees == [[("TAKER", "0.6"), ("MAKER", "-0.2")], [("MAKER", "0.4"), ("TAKER", "1")]]
    listed = (await house.admin.get(f"/admin/instruments/{PATH}/fee-tiers")).body["tiers"]
    assert [(entry["tier"], entry["makerFee"], entry["takerFee"]) for entry in listed] == [
        *((0, "0.0002", "0.0005"), (3, "-0.0001", "0.0003")),
    ]


async def test_a_preview_is_at_the_accounts_rates(house: House) -> None:
    await open_perpetual(house)
    alice = await house.user("alice", "10000")
    body = {"symbol": PERP, "side": "BUY", "orderType": "LIMIT", "quantity": "0.1", "leverage": 10}
    before = await alice.post("/api/orders/preview", {**body, "price": "20000"})
    await set_tier(house, 1, "0.0001", "0.0003")
    await assign(house, "alice", 1)

    after = await alice.post("/api/orders/preview", {**body, "price": "20000"})

    assert (before.body["fee"], after.body["fee"]) == ("0.4", "0.2")


async def test_what_makes_no_tier_is_refused(house: House) -> None:
    await open_perpetual(house)
    await house.user("alice")

    refused = [
        await set_tier(house, 0, "0", "0"),
        await set_tier(house, 101, "0", "0"),
        await set_tier(house, "1000000000000", "0", "0"),
        await set_tier(house, 1, "-0.0004", "0.0003"),
        await set_tier(house, 1, "0", "-0.0001"),
        await set_tier(house, 1, "0", "1"),
        await set_tier(house, 1, "none", "0"),
        await assign(house, "alice", 101),
        await assign(house, "alice", -1),
        await assign(house, "nobody", 1),
        await house.admin.ask(
            "PUT", "/admin/instruments/XXX/fee-tiers/1", {"makerFee": "0", "takerFee": "0"}
        ),
    ]

    assert [(reply.status, reply.code) for reply in refused] == [
        *[(422, "BAD_FEE_TIER")] * 6,
        (400, "BAD_NUMBER"),
        (422, "BAD_FEE_TIER"),
        (400, "BAD_FIELD"),
        (404, "UNKNOWN_ACCOUNT"),
        (404, "UNKNOWN_SYMBOL"),
    ]


async def test_the_account_is_told_and_a_restart_remembers(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await open_perpetual(house)
        alice = await house.user("alice", "10000")
        await set_tier(house, 2, "0.0001", "0.0003")
        async with socket_of(house, alice) as socket:
            await socket.ask(op="subscribe", channels=["account"])
            await socket.drain()
            await assign(house, "alice", 2)
            told, update = await socket.drain()
        assert (update["type"], update["sequence"]) == ("update", told["sequence"] + 1)
        assert (told["channel"], told["type"], told["data"]) == (
            *("account", "feeTier", {"tier": 2, "sequence": house.venue.state.sequence}),
        )
    for writes_snapshot in (True, False):
        async with House(folder) as house:
            again = Client(house.session, house.url, alice.token)
            assert await own_rates(again) == (2, "0.0001", "0.0003")
            if writes_snapshot:
                house.data.write_snapshot()


@pytest.mark.parametrize("tier", ["abc", "-1", "1.5", "01", "9" * 30])
async def test_a_path_without_a_number_for_a_tier_is_not_there(house: House, tier: str) -> None:
    """It was taken for tier 0, and refused like one."""
    await open_perpetual(house)

    reply = await set_tier(house, tier, "0", "0")

    assert (reply.status, reply.code) == (404, "NOT_FOUND")


async def test_the_operator_sees_the_tier_of_an_account(house: House) -> None:
    await house.user("alice")
    none = await house.admin.get("/admin/accounts/alice/fee-tier")
    given = await assign(house, "alice", 3)

    assert none.body == {**given.body, "tier": 0, "sequence": given.body["sequence"] - 1}
    assert (await house.admin.get("/admin/accounts/alice/fee-tier")).body == given.body
    nobody = await house.admin.get("/admin/accounts/nobody/fee-tier")
    assert (nobody.status, nobody.code) == (404, "UNKNOWN_ACCOUNT")


async def test_other_rates_of_a_tier_are_told_to_its_accounts(house: House) -> None:
    """They came without a word: `makerFee` and `takerFee` of everybody in the tier."""
    await open_perpetual(house)
    alice, bob = await house.user("alice", "10000"), await house.user("bob", "10000")
    await assign(house, "alice", 2)
    async with socket_of(house, alice) as socket, socket_of(house, bob) as stranger:
        last = (await socket.ask(op="subscribe", channels=["account"]))["result"]["sequence"]
        await stranger.ask(op="subscribe", channels=["account"])
        await socket.drain()
        await stranger.drain()
        made = await set_tier(house, 2, "0.0001", "0.0003")
        await set_tier(house, 3, "0", "0.0001")
        (told,) = await socket.drain()
        assert await stranger.drain() == []

    shown = (await alice.get(f"/api/account/settings?symbol={PATH}")).body["settings"]
    assert (told["channel"], told["type"], told["sequence"]) == ("account", "settings", last)
    assert told["data"] == {"settings": shown, "sequence": made.body["sequence"]}
    assert (shown[0]["feeTier"], shown[0]["makerFee"], shown[0]["takerFee"]) == (
        *(2, "0.0001", "0.0003"),
    )


async def test_who_comes_back_is_told_of_other_rates(house: House) -> None:
    await open_perpetual(house)
    alice = await house.user("alice", "10000")
    await assign(house, "alice", 2)
    async with socket_of(house, alice) as socket:
        last = (await socket.ask(op="subscribe", channels=["account"]))["result"]["sequence"]
    await set_tier(house, 2, "0.0001", "0.0003")
    await assign(house, "alice", 0)
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=["account"], fromSequence=last + 1)
        back = await socket.drain()

    assert [(message["sequence"], message["type"]) for message in back] == [
        *((last, "settings"), (last + 1, "feeTier"), (last + 2, "update")),
    ]
