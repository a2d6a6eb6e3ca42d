"""Why was I liquidated?  One request tells it: each step with its figures, and in a sentence."""

from pathlib import Path

import pytest

from engine.instrument import MarginMode, PositionMode
from gateway.history import explanations, records
from gateway.history.rows import history_rows
from gateway.pricing.premium_sampler import PremiumSampler
from tests.gateway.cross_markets import balance, open_cross, position, trade
from tests.gateway.funded_market import open_funded, quote, sample, stamp
from tests.gateway.house import Client, House, Json
from tests.gateway.perpetual import PERP, open_perpetual, order

OPENED = {
    "kind": "OPENED",
    "text": "An order opened it with 1 BTC at 20000 as taker, a fee of 10 USDT.",
    "quantity": "1",
    "price": "20000",
    "side": "BUY",
    "liquidity": "TAKER",
    "fee": "10",
}
JUDGED = {
    "kind": "LIQUIDATION_STEP",
    "text": "At a mark of 18070 it had 70 USDT of equity and needed 81.315 USDT of maintenance "
    "margin: 1 BTC had to be closed, for no less than its bankruptcy price of 18000; 1 open "
    "order was cancelled first.",
    "cause": "LIQUIDATION",
    "mark": "18070",
    "equity": "70",
    "maintenanceMargin": "81.315",
    "quantity": "1",
    "bankruptcyPrice": "18000",
    "cancelledOrders": 1,
}
CLOSED = {
    "kind": "CLOSED_PART",
    "text": "Liquidation closed lots of it: 0.3 BTC at 18050, taken by an order in the book; a "
    "loss of 585 USDT, a fee of 2.7075 USDT, 12.2925 USDT went to the insurance fund; 0.7 BTC "
    "was left.",
    "cause": "LIQUIDATION",
    "quantity": "0.3",
    "price": "18050",
    "side": "SELL",
    "takenBy": "BOOK",
    "fee": "2.7075",
    "realizedPnl": "-585",
    "paid": "0",
    "liquidationFee": "12.2925",
    "insurancePaid": "0",
    "housePaid": "0",
    "remainingQuantity": "0.7",
    "remainingMargin": "1400",
}

ISOLATED_SHORT = {
    "symbol": "BTC-PERP/USDT",
    "marginMode": "ISOLATED",
    "positionSide": "SHORT",
}


async def explained(client: Client, position_id: str) -> Json:
    """The whole story of a position."""
    reply = await client.get(f"/api/positions/{position_id}/explain")
    assert reply.status == 200, reply
    return reply.body


async def insured(house: House, amount: str) -> None:
    body = {"asset": "USDT", "amount": amount, "transferId": "fund"}
    assert (await house.admin.post("/admin/insurance", body)).status == 201


async def open_crash(house: House) -> tuple[Client, Client, str]:
    """Alice is long 1 at 20,000 and ten times against Bob; Carol bids for 0.3 at 18,050."""
    await open_perpetual(house)
    users = [await house.user(name, "10000") for name in ("alice", "bob", "carol")]
    alice, bob, carol = users
    await order(bob, "SELL", "1", price="20000")
    assert (await order(alice, "BUY", "1")).body["status"] == "FILLED"
    await order(carol, "BUY", "0.3", price="18050")
    await order(alice, "SELL", "0.1", price="21000", reduceOnly=True, leverage=None)
    (held,) = (await alice.get("/api/positions")).body["positions"]
    return alice, bob, held["positionId"]


def brief(step: Json) -> tuple[object, ...]:
    """Kind, cause, quantity, price, who took it, and what is left."""
    names = ("kind", "cause", "quantity", "price", "takenBy", "remainingQuantity")
    return tuple(step.get(name) for name in names)


async def test_a_liquidation_in_a_book_is_told_step_by_step(house: House) -> None:
    alice, _, position_id = await open_crash(house)
    await insured(house, "10000")
    await house.price("18070", PERP)

    told = await explained(alice, position_id)

    assert [brief(step) for step in told["steps"]] == [
        ("OPENED", None, "1", "20000", None, None),
        ("LIQUIDATION_STEP", "LIQUIDATION", "1", None, None, None),
        ("CLOSED_PART", "LIQUIDATION", "0.3", "18050", "BOOK", "0.7"),
        ("CLOSED_PART", "LIQUIDATION", "0.7", "18000", "INSURANCE_FUND", "0"),
        ("CLOSED", "LIQUIDATED", None, None, None, None),
    ]
    ended = told["steps"][-1]
    assert ended["realizedPnl"] == "-2010"
    assert ended["text"] == "With that it was liquidated; in all, a loss of 2010 USDT."
    assert told["summary"] == (
        "It was liquidated: its equity no longer exceeded the maintenance margin at the mark."
    )
    assert told["position"] == (await alice.get(f"/api/positions/{position_id}")).body
    assert (told["complete"], told["funding"]) == (True, "0")


async def test_each_step_has_its_figures_and_a_sentence(house: House) -> None:
    alice, _, position_id = await open_crash(house)
    await house.price("18070", PERP)

    opened, judged, closed, *_ = (await explained(alice, position_id))["steps"]

    at = {"sequence": house.venue.state.sequence, "time": house.now_ns // 1_000_000}
    assert opened == {**OPENED, "sequence": opened["sequence"], "time": at["time"]}
    assert judged == {**JUDGED, **at}
    assert closed == {**CLOSED, **at}


async def test_without_a_fund_both_sides_of_a_deleveraging_are_told(house: House) -> None:
    alice, bob, position_id = await open_crash(house)
    (short,) = (await bob.get("/api/positions")).body["positions"]
    await house.price("18001", PERP)

    mine = await explained(alice, position_id)
    theirs = await explained(bob, short["positionId"])

    assert [brief(step) for step in mine["steps"]][2:4] == [
        ("CLOSED_PART", "LIQUIDATION", "0.3", "18050", "BOOK", "0.7"),
        ("CLOSED_PART", "LIQUIDATION", "0.7", "18000", "COUNTERPARTY", "0"),
    ]
    assert [brief(step) for step in theirs["steps"]] == [
        ("OPENED", None, "1", "20000", None, None),
        ("CLOSED_PART", "AUTO_DELEVERAGE", "0.7", "18000", "COUNTERPARTY", "0.3"),
    ]
    assert theirs["summary"] == (
        "It is open.  Its lots were needed for the liquidation of a position on the other side, "
        "which neither the book nor the insurance fund could take (auto-deleveraging)."
    )


async def test_a_cross_account_is_told_of_its_account_first(house: House) -> None:
    await open_cross(house)
    await insured(house, "10000")
    alice = await house.user("alice", "1000")
    await trade(alice, "BUY", "0.4")
    await trade(alice, "BUY", "0.01", symbol="ETH-PERP/USDT")
    held = (await position(alice))["positionId"]
    await house.price("17000", "BTC-PERP/USDT")

    told = await explained(alice, held)

    kinds = [step["kind"] for step in told["steps"]]
    assert kinds == [
        *("OPENED", "ACCOUNT_LIQUIDATED", "LIQUIDATION_STEP", "CLOSED_PART", "CLOSED"),
        "DEBT_SETTLED",
    ]
    account, judged, closed = told["steps"][1:4]
    assert (account["equity"], account["cancelledOrders"]) == ("-204.005", 0)
    assert account["text"].startswith("The cross account had -204.005 USDT of equity, not more")
    assert (judged["equity"], judged["maintenanceMargin"]) == ("-204.005", "30.645")
    assert (closed["takenBy"], closed["price"]) == ("HOUSE", "17000")
    assert "its account's equity" in told["summary"]
    assert (await balance(alice))["equity"] == "0"


async def owing(house: House) -> tuple[Client, str]:
    """Alice's own order closes her cross position at a price that her account cannot bear."""
    await open_perpetual(house, margin_mode=MarginMode.CROSS)
    alice, bob, carol = [
        await house.user(name, amount)
        for name, amount in (("alice", "2300"), ("bob", "1000000"), ("carol", "1000000"))
    ]
    await order(bob, "SELL", "1", price="20000")
    await order(alice, "BUY", "1")
    position_id = (await position(alice))["positionId"]
    await house.price("18200", PERP)
    await order(carol, "BUY", "5", price="17000")
    assert (await alice.post(f"/api/positions/{position_id}/close", {})).status == 201
    return alice, position_id


async def test_a_debt_that_an_order_of_the_owners_left_is_told(house: House) -> None:
    """It was told of positions that the venue closed alone: nothing said why the account had 0."""
    alice, position_id = await owing(house)

    told = await explained(alice, position_id)

    assert [step["kind"] for step in told["steps"]] == ["OPENED", "REDUCED", "DEBT_SETTLED"]
    debt = told["steps"][-1]
    assert (debt["feesWaived"], debt["insurancePaid"]) == ("8.5", "710")
    assert told["summary"] == "It was closed by an order of the account."
    assert told["complete"]
    assert (await balance(alice))["equity"] == "0"


async def test_a_restart_knows_a_debt(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        alice, position_id = await owing(house)
        before = await explained(alice, position_id)
    for writes_snapshot in (True, False):
        async with House(folder) as house:
            again = Client(house.session, house.url, alice.token)
            assert await explained(again, position_id) == before
            if writes_snapshot:
                house.data.write_snapshot()


async def test_an_isolated_position_brings_no_debt(house: House) -> None:
    """Two positions end by the same price: the account stands behind one of them alone."""
    await open_cross(house, position_mode=PositionMode.HEDGING)
    alice = await house.user("alice", "1700")
    await alice.ask("PUT", "/api/account/margin-mode", ISOLATED_SHORT)
    await trade(alice, "SELL", "0.1", positionSide="SHORT", leverage=100)
    await trade(alice, "BUY", "0.7", positionSide="LONG")
    short = await position(alice, side="SHORT")
    long = await position(alice)
    await alice.ask("PATCH", f"/api/positions/{short['positionId']}", {"takeProfit": "17500"})
    await house.price("17000", "BTC-PERP/USDT")

    told = [await explained(alice, held["positionId"]) for held in (short, long)]

    kinds = [[step["kind"] for step in story["steps"]] for story in told]
    assert kinds[0] == ["OPENED", "CLOSED_PART", "CLOSED"]
    assert kinds[1][-2:] == ["CLOSED", "DEBT_SETTLED"]


async def test_a_story_too_long_to_tell_is_not_complete(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fills beyond the limit were left out before they were counted: all was said to be there."""
    monkeypatch.setattr(explanations, "STEPS_MAX", 3)
    await open_cross(house)
    alice = await house.user("alice")
    told = []
    for _ in range(4):
        await trade(alice, "BUY", "0.1")
        told.append(await explained(alice, (await position(alice))["positionId"]))

    assert [story["complete"] for story in told] == [True, True, True, False]
    assert [[step["kind"] for step in story["steps"]] for story in told[2:]] == [
        ["OPENED", "INCREASED", "INCREASED"],
        ["INCREASED", "INCREASED", "INCREASED"],
    ]


async def test_without_its_first_fill_it_is_not_complete(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At one time the first that was still known was said to have opened it."""
    monkeypatch.setattr(records, "CLOSED_PER_ACCOUNT_MAX", 2)
    await open_cross(house)
    alice = await house.user("alice")
    for _ in range(3):
        await trade(alice, "BUY", "0.1")

    told = await explained(alice, (await position(alice))["positionId"])

    assert [step["kind"] for step in told["steps"]] == ["INCREASED", "INCREASED"]
    assert len({step["time"] for step in told["steps"]}) == 1
    assert not told["complete"]


async def test_fills_of_others_that_are_forgotten_leave_it_complete(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "CLOSED_PER_ACCOUNT_MAX", 2)
    await open_cross(house)
    alice = await house.user("alice")
    for _ in range(3):
        await trade(alice, "BUY", "0.01", symbol="ETH-PERP/USDT")
    await trade(alice, "BUY", "0.1")

    told = await explained(alice, (await position(alice))["positionId"])

    assert ([step["kind"] for step in told["steps"]], told["complete"]) == (["OPENED"], True)


async def test_without_all_funding_it_is_not_complete(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "CLOSED_PER_ACCOUNT_MAX", 2)
    await open_funded(house)
    await quote(house, "20000", "20000", "20000")
    alice = await house.user("alice")
    await trade(alice, "BUY", "0.1")
    told = []
    for _ in range(3):
        await stamp(house)
        told.append(await explained(alice, "2"))

    funding = [[step["kind"] for step in story["steps"]].count("FUNDING") for story in told]
    assert (funding, [story["complete"] for story in told]) == ([1, 2, 2], [True, True, False])


async def test_exits_gaps_and_plain_closes_are_told_apart(house: House) -> None:
    alice = await house.user("alice")
    stopped = (await alice.order(amount="10", stopLoss="19000")).body["positionId"]
    gapped = (await alice.order(amount="10", stopLoss="18500", leverage=5)).body["positionId"]
    plain = (await alice.order(amount="10")).body["positionId"]
    await alice.post(f"/api/positions/{plain}/close", {})
    await house.price("18990")
    await house.price("15000")

    told = [await explained(alice, position_id) for position_id in (stopped, gapped, plain)]

    causes = [[step.get("cause") for step in story["steps"]] for story in told]
    assert causes == [[None, "STOP_LOSS", "CLOSED"], [None, "GAP", "CLOSED"], [None, None]]
    assert [story["summary"] for story in told] == [
        "It is closed.  The stop loss fired.",
        "It is closed.  The price jumped past the margin before the close could fill.",
        "It was closed by an order of the account.",
    ]
    assert [step["kind"] for step in told[2]["steps"]] == ["OPENED", "REDUCED"]
    assert told[1]["steps"][1]["housePaid"] != "0"


async def test_funding_is_part_of_the_story(house: House) -> None:
    await open_funded(house)
    alice = await house.user("alice")
    await quote(house, "20100", "20100", "20000")
    await trade(alice, "BUY", "0.1", leverage=100)
    await sample(house, PremiumSampler(house.venue))
    await stamp(house)

    told = await explained(alice, "2")

    (paid,) = [step for step in told["steps"] if step["kind"] == "FUNDING"]
    assert paid["text"] == "It paid 9 USDT of funding, at a rate of 0.0045."
    assert (paid["amount"], paid["quantity"], paid["mark"]) == ("-9", "0.1", "20000")
    assert (told["funding"], told["summary"]) == ("-9", "It is open.")


async def test_nobody_else_may_ask(house: House) -> None:
    alice, bob, position_id = await open_crash(house)

    absent = await alice.get("/api/positions/999/explain")
    foreign = await bob.get(f"/api/positions/{position_id}/explain")

    assert {**foreign.body, "requestId": ""} == {**absent.body, "requestId": ""}
    assert (foreign.status, foreign.code) == (404, "UNKNOWN_POSITION")


async def test_a_restart_knows_the_whole_story(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with House(folder) as house:
        await house.price("20000")
        alice, _, position_id = await open_crash(house)
        await house.price("18070", PERP)
        before = await explained(alice, position_id)
        rows = history_rows(house.venue.history)
    for writes_snapshot in (True, False):
        async with House(folder) as house:
            again = Client(house.session, house.url, alice.token)
            assert await explained(again, position_id) == before
            assert history_rows(house.venue.history) == rows
            if writes_snapshot:
                house.data.write_snapshot()
