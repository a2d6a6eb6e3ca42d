"""Funding over the API: the rate to come, stamps on an idle venue, payments, and a restart."""

from pathlib import Path

from engine.units import E8
from gateway.history.rows import history_rows
from gateway.market.board_rows import board_rows
from gateway.pricing.premium_sampler import MINUTE_NS, PremiumSampler
from tests.gateway.cross_markets import trade
from tests.gateway.funded_market import (
    FUNDED,
    HOUR_MS,
    HOUR_NS,
    PATH,
    open_funded,
    quote,
    sample,
    stamp,
)
from tests.gateway.house import Client, House, Json, socket_of, until

BID, ASK, MID = "20100", "20100", "20000"  # a premium of 0.5 %: a rate of 0.45 %


async def asked(house: House, path: str) -> Json:
    """The body of a public route."""
    reply = await Client(house.session, house.url, None).get(path)
    assert reply.status == 200, reply
    return reply.body


async def rates(house: House) -> Json:
    return await asked(house, f"/api/funding-rates?symbol={PATH}")


async def test_the_rate_to_come_follows_the_samples(house: House) -> None:
    await open_funded(house)
    hour_ms = house.now_ns // 1_000_000 - 60_000
    empty = await rates(house)
    await quote(house, BID, ASK, MID)
    await sample(house, PremiumSampler(house.venue))

    assert empty == {
        "symbol": FUNDED,
        "predictedRate": "0.0001",
        "nextFundingTime": hour_ms + HOUR_MS,
        "fundingIntervalMs": HOUR_MS,
        "premium": "0",
        "samples": 0,
        "lastRate": None,
        "lastFundingTime": None,
        "mark": None,
        "index": None,
        "time": 0,
    }
    changed = {"predictedRate": "0.0045", "premium": "0.005", "samples": 1}
    shown = {"mark": MID, "index": MID, "time": hour_ms + 120_000}
    assert await rates(house) == {**empty, **changed, **shown}
    listed = await asked(house, "/api/funding-rates")
    assert [entry["symbol"] for entry in listed["fundingRates"]] == [FUNDED]
    none = await asked(house, "/api/funding-rates?symbol=BTC-USDT")
    assert (none["predictedRate"], none["nextFundingTime"], none["fundingIntervalMs"]) == (
        *(None, None, 0),
    )


async def paid(house: House, channels: list[str]) -> tuple[Client, list[Json]]:
    """Alice's long of 0.1 pays at a stamp; what her channels said of it."""
    await open_funded(house)
    alice = await house.user("alice")
    await quote(house, BID, ASK, MID)
    assert (await trade(alice, "BUY", "0.1")).status == 201
    async with socket_of(house, alice) as socket:
        await socket.ask(op="subscribe", channels=channels)
        await socket.drain()
        await sample(house, PremiumSampler(house.venue))
        await stamp(house)
        return alice, await socket.drain(0.2)


async def test_a_stamp_is_paid_and_the_account_is_told(house: House) -> None:
    alice, told = await paid(house, ["account", "positions"])
    settled_ms = house.now_ns // 1_000_000

    (payment,) = (await alice.get("/api/funding")).body["payments"]
    assert payment == {
        "paymentId": "1",
        "positionId": "2",
        "symbol": FUNDED,
        "side": "LONG",
        "quantity": "0.1",
        "mark": MID,
        "fundingRate": "0.0045",
        "amount": "-9",  # 0.1 at 20,000 and 0.45 %
        "accrued": "0",
        "fundingTime": settled_ms,
        "sequence": house.venue.state.sequence,
        "time": settled_ms,
    }
    private = [m for m in told if m["channel"] == "account"]
    assert [(m["type"], m["data"]) for m in private[:1]] == [("funding", payment)]
    assert private[0]["sequence"] + 1 == private[1]["sequence"]
    (moved,) = [m["data"] for m in told if (m["channel"], m["type"]) == ("positions", "update")]
    assert moved["margin"] == "192"  # 201 were put up
    record = house.venue.history.account(1).positions[2]
    assert (record.margin_atoms, record.funding_atoms) == (192 * E8, 9 * E8)


async def test_a_stamp_is_told_to_the_public(house: House) -> None:
    _, told = await paid(house, [f"funding:{PATH}"])
    settled_ms = house.now_ns // 1_000_000

    settlement = {
        "symbol": FUNDED,
        "fundingTime": settled_ms,
        "fundingRate": "0.0045",
        "mark": MID,
        "sequence": house.venue.state.sequence,
        "time": settled_ms,
    }
    assert [stamp for m in told for stamp in m["data"]["settlements"]] == [settlement]
    assert told[-1]["sequence"] == house.venue.state.sequence
    now = told[-1]["data"]
    assert (now["samples"], now["lastRate"], now["lastFundingTime"]) == (0, "0.0045", settled_ms)
    history = await asked(house, f"/api/funding-rates/history?symbol={PATH}")
    assert history["settlements"] == [settlement]


async def test_lists_come_in_pages_and_by_market(house: House) -> None:
    await open_funded(house)
    alice = await house.user("alice")
    await quote(house, BID, ASK, MID)
    await trade(alice, "BUY", "0.01")
    for _ in range(5):
        await stamp(house)

    first = (await alice.get("/api/funding?limit=2")).body
    second = (await alice.get(f"/api/funding?limit=9&cursor={first['nextCursor']}")).body
    numbers = [payment["paymentId"] for page in (first, second) for payment in page["payments"]]
    assert (numbers, second["nextCursor"]) == (["5", "4", "3", "2", "1"], None)
    assert (await alice.get("/api/funding?symbol=BTC-USDT")).body["payments"] == []
    assert len((await alice.get("/api/funding?positionId=2")).body["payments"]) == 5
    assert (await alice.get("/api/funding?positionId=9")).body["payments"] == []
    path = f"/api/funding-rates/history?symbol={PATH}&limit=3"
    newest = await asked(house, path)
    rest = await asked(house, f"{path}&cursor={newest['nextCursor']}")
    times = [entry["fundingTime"] for entry in newest["settlements"] + rest["settlements"]]
    assert times == [house.now_ns // 1_000_000 - hour * HOUR_MS for hour in range(5)]
    assert rest["nextCursor"] is None


async def test_a_stamp_comes_on_an_idle_venue(house: House) -> None:
    """Nobody asks for anything: the sequencer wakes up for it by itself."""
    house.now_ns = (house.now_ns // MINUTE_NS + 1) * MINUTE_NS - 40_000_000
    due_ns = house.now_ns + 40_000_000
    await house.admin.post(
        "/admin/instruments",
        {
            "symbol": FUNDED, "profile": "perpetual", "tickSize": "0.1", "lotSize": "0.001",
            "fundingIntervalMs": 60_000, "fundingInterest": "0.0002", "fundingCap": "0.01",
            "impactNotional": "5000", "fundingClamp": "0.0003",
        },
    )  # fmt: skip
    (shown,) = (await asked(house, "/api/instruments"))["instruments"][1:]
    house.now_ns += 50_000_000

    await until(lambda: house.venue.funding["settlements"] == 1)

    (settled,) = (await asked(house, f"/api/funding-rates/history?symbol={PATH}"))["settlements"]
    assert (settled["fundingTime"], settled["fundingRate"], settled["mark"]) == (
        *(due_ns // 1_000_000, "0.0002", None),
    )
    names = ("Interest", "Clamp", "Cap", "IntervalMs")
    assert [shown[f"funding{name}"] for name in names] == ["0.0002", "0.0003", "0.01", 60_000]
    assert shown["impactNotional"] == "5000"


async def test_missed_stamps_are_made_up_for_and_a_restart_keeps_all_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await house.price("20000")
        await open_funded(house)
        alice = await house.user("alice")
        await quote(house, BID, ASK, MID)
        await trade(alice, "BUY", "0.01")
        await sample(house, PremiumSampler(house.venue))
        await stamp(house)
        await sample(house, PremiumSampler(house.venue))
        now_ns = house.now_ns
    for writes_snapshot in (True, False, False):
        house = House(folder)
        house.now_ns = now_ns = now_ns + 2 * HOUR_NS
        async with house:
            again = Client(house.session, house.url, alice.token)
            await house.price("20000")  # the stamps that were missed came with the first command
            paid = (await again.get("/api/funding")).body["payments"]
            times = [payment["fundingTime"] for payment in paid]
            assert times == [times[0] - n * HOUR_MS for n in range(len(times))]
            assert times[0] == now_ns // HOUR_NS * HOUR_MS
            assert [p["paymentId"] for p in paid] == [str(n) for n in range(len(paid), 0, -1)]
            kept = await asked(house, f"/api/funding-rates/history?symbol={PATH}")
            assert [entry["fundingTime"] for entry in kept["settlements"]] == times
            rows = history_rows(house.venue.history) + board_rows(house.venue.board)
            if writes_snapshot:
                house.data.write_snapshot()
        house = House(folder)
        house.now_ns = now_ns
        async with house:
            told = history_rows(house.venue.history) + board_rows(house.venue.board)
            assert told == rows
