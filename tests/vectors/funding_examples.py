"""Published examples of funding: premiums, averages, rates and payments, run by the engine."""

from fractions import Fraction
from typing import Any, Final

from engine.commands import (
    AdvanceTime,
    ChangeInstrument,
    SamplePremium,
    SetInstrumentStatus,
    Side,
)
from engine.funding import rate_e8
from engine.instrument import HALTED, TRADING, FeeBasis, InstrumentSpec
from engine.margin import fee_atoms, initial_margin_atoms
from engine.reduction import Reduction
from engine.units import E8, InstrumentId
from tests.engine.books import market_of
from tests.engine.venue import Venue, netting_spec, order, price
from tests.vectors.document import Example
from tests.vectors.published import ATOMS, is_near, side_of, whole

BTC: Final = InstrumentId(1)
MINUTE_NS: Final = 60_000_000_000
SECOND_NS: Final = 1_000_000_000
WIDE: Final = 99_000_000  # a clamp or cap that nothing here reaches


def funded_spec(interest_e8: int, clamp_e8: int, cap_e8: int, **settings: Any) -> InstrumentSpec:
    """A market with stamps every minute; ticks of 0.01, lots of 1."""
    return netting_spec(
        tick_size_e8=1_000_000,
        lot_size_e8=E8,
        qty_lots_max=1_000,
        stale_after_ns=0,
        sanity_band_e8=0,
        funding_interval_ns=MINUTE_NS,
        funding_interest_e8=interest_e8,
        funding_clamp_e8=clamp_e8,
        funding_cap_e8=cap_e8,
        **settings,
    )


def funding_sum(example: Example) -> str:
    """What a long pays over some stamps, each with its mark and its rate."""
    paid = 0
    points = example["inputs"]["points"]
    spec = funded_spec(0, 0, WIDE)
    venue = Venue(spec, ticks=whole(points[0][0], 100), deposits=(100_000,))
    venue.apply(order(qty_lots=example["inputs"]["qty"], leverage=1))
    for mark, rate in points:
        venue.apply(price(whole(mark, 100)))
        venue.apply(ChangeInstrument(BTC, funded_spec(whole(rate), WIDE, WIDE)))
        for event in venue.say(AdvanceTime(), after_ns=MINUTE_NS):
            paid += event["amount_atoms"] if event["event"] == "FundingPaid" else 0
    assert is_near(Fraction(paid, E8), example, "paid_by_long")
    return ""


def premium(example: Example) -> str:
    """Impact prices against the index."""
    inputs = example["inputs"]
    bid, ask, index = (whole(inputs[name], 100) for name in ("impact_bid", "impact_ask", "index"))
    venue = Venue(funded_spec(0, 0, WIDE), ticks=0)
    venue.apply(price(bid, ask, bid, bid, index))
    [sampled] = venue.say(SamplePremium(BTC))
    assert Fraction(sampled["premium_e8"], E8) == Fraction(example["expected"]["premium"])
    return ""


def sampled_average(example: Example) -> str:
    """An average over time is that of samples at even times; in a halt none is taken.

    Each value is a premium in thousandths, sampled once a unit of time.
    """
    inputs = example["inputs"]
    values = dict(inputs["points"])
    venue = Venue(funded_spec(0, 0, WIDE), ticks=0)
    index, present = 10**6, 0
    for second in range(inputs["end"]):
        out = any(first <= second < last for first, last in inputs.get("excluded", []))
        venue.apply(SetInstrumentStatus(BTC, HALTED if out else TRADING), after_ns=SECOND_NS)
        present = values.get(second, present)
        at = index + present * index // 1_000
        venue.apply(price(at, at, at, at, index))
        said = venue.names(SamplePremium(BTC))
        assert said == ["HALTED" if out else "PremiumSampled"]
    [settled] = [
        event
        for event in venue.say(AdvanceTime(), after_ns=MINUTE_NS)
        if event["event"] == "FundingSettled" and event["rate_e8"]
    ]
    assert Fraction(settled["rate_e8"], E8) * 1_000 == Fraction(example["expected"]["twap"])
    return ""


def rate_of_averages(example: Example) -> str:
    """`P + clamp(I − P, ±clamp)` within ±cap, of the averages of future and spot."""
    inputs, expected = example["inputs"], example["expected"]
    if "live_fraction" in inputs:
        return "scaled by the time outside auctions; a stamp of ours pays whole or not at all"
    spot, future = Fraction(inputs["s_twap"]), Fraction(inputs["f_twap"])
    interest = Fraction(inputs.get("interest", 0)) * Fraction(inputs.get("delta_t", 0))
    clamp_e8 = min(WIDE, whole(abs(Fraction(inputs.get("clamp_lower", 0)))))
    cap_e8 = min(WIDE, whole(abs(Fraction(inputs.get("rate_lower", 1)))))
    spec = funded_spec(whole(interest), clamp_e8, cap_e8)
    rate = Fraction(rate_e8(spec, whole((future - spot) / spot), 1), E8)
    if "rate" in expected:
        assert rate == Fraction(expected["rate"])
    else:
        assert rate * spot == Fraction(expected["payment"])
    return ""


def trade_profit(example: Example) -> str:
    """A round trip with fees on both sides and funding, as in a position's realized sum.

    The published funding is an amount received: it goes into the close as what accrued.
    """
    inputs, side = example["inputs"], side_of(example["inputs"]["side"])
    lots, opened, closed = (whole(inputs[name]) for name in ("amount", "open", "close"))
    cost, sign = lots * opened, 1 if side is Side.BUY else -1
    margin = initial_margin_atoms(cost, inputs["leverage"])
    spec = netting_spec(tick_size_e8=1, lot_size_e8=E8, fee_basis=FeeBasis.NOTIONAL)
    reduction = Reduction(
        market_of(Venue(spec)),
        side,
        qty_lots=lots,
        cost_atoms=cost,
        accrued_atoms=-whole(inputs["funding"], ATOMS),
        margin_atoms=margin,
        initial_margin_atoms=margin,
        lots=lots,
        price_ticks=closed,
        rate_e8=whole(inputs["fee_close"]),
        is_liquidation=False,
    )
    gained = reduction.paid_atoms - margin
    if "close_value" in example["expected"]:
        assert is_near(Fraction(cost + sign * gained, ATOMS), example, "close_value")
        return ""
    profit = gained - fee_atoms(cost, whole(inputs["fee_open"]))
    assert is_near(Fraction(profit, ATOMS), example, "profit")
    return ""
