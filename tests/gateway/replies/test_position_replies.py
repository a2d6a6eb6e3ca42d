"""What a position owes of funding is shown, and told, until it is closed for it."""

from tests.gateway.cross_markets import position, trade
from tests.gateway.funded_market import open_funded, quote, stamp
from tests.gateway.house import House

TWO_PERCENT = 2_000_000


async def test_what_its_margin_could_not_pay_is_shown(house: House) -> None:
    rate = {"funding_interest_e8": TWO_PERCENT, "funding_clamp_e8": TWO_PERCENT}
    await open_funded(house, **rate)
    alice = await house.user("alice")
    await quote(house, "20000", "20000", "20000")
    await trade(alice, "BUY", "0.1", leverage=125)
    before = await position(alice)
    await stamp(house)

    held = await position(alice)
    await quote(house, "20000", "20000", "20000")
    gone = (await alice.get(f"/api/positions/{held['positionId']}")).body
    story = (await alice.get(f"/api/positions/{held['positionId']}/explain")).body

    # 40 to pay out of a margin of 16
    shown = [(one["margin"], one["accruedFunding"], one["pnl"]) for one in (before, held)]
    assert shown == [("16", "0", "0"), ("0", "24", "-24")]
    assert (held["marginRatio"], gone["status"], gone["pnl"]) == (None, "LIQUIDATED", "-17")
    texts = [step["text"] for step in story["steps"]]
    assert texts[1] == (
        "It paid 40 USDT of funding, at a rate of 0.02, of which its margin could not cover "
        "24 USDT."
    )
    assert [step["kind"] for step in story["steps"]] == [
        *("OPENED", "FUNDING", "LIQUIDATION_STEP", "CLOSED_PART", "CLOSED"),
    ]
