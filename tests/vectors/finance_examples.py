"""Published examples of cross margin, liquidation in parts and trailing stops."""

from fractions import Fraction
from typing import Any, Final

from engine.commands import Leg, ListInstrument, OrderType, SetPositionMode, Side
from engine.cross import spendable_atoms
from engine.cross_liquidation import bankruptcy_prices, lots_to_close
from engine.health import Exposure
from engine.instrument import FeeBasis, MarginMode, PositionMode
from engine.margin import TierRate
from engine.trailing import Trail
from engine.units import E8, AccountId, InstrumentId
from tests.engine.books import market_of
from tests.engine.venue import Venue, cross_spec, netting_spec, order, plain_spec, price
from tests.vectors import published
from tests.vectors.document import Example
from tests.vectors.published import is_near, side_of, whole

ALICE: Final = AccountId(1)
# Ticks of 0.01 and lots of 0.001: K is 1,000 atoms.
TICKS, LOTS, K = 100, 1_000, 1_000
FINE: Final[dict[str, Any]] = {
    "tick_size_e8": 1_000_000,
    "lot_size_e8": 100_000,
    "qty_lots_max": 100_000,
    "sanity_band_e8": 0,
    "stale_after_ns": 0,
}


def cross_end(
    side: Side, lots: int, equity: int, mark: int, rate: TierRate, others_e8: int
) -> Fraction:
    """The mark at which a cross account ends if no other moves: the edge of its safe band.

    equity: at the mark.  A first line of maintenance without any stands before the rate's.
    """
    exposure = Exposure(K, [TierRate(0, 0), rate], 0)
    exposure.add(side, lots, lots * mark * K)
    health_e8 = exposure.health_e8(mark) + equity * E8 - others_e8
    lowest, highest = exposure.safe_band(mark, health_e8 - 1)
    return Fraction(lowest - 1 if side is Side.BUY else highest + 1, TICKS)


def liquidation_with_others(example: Example) -> str:
    """Binance: wallet, other positions at their marks, maintenance less a deduction."""
    inputs = example["inputs"]
    if not inputs.get("others"):
        return published.liquidation_on_the_mark(example)
    equity, others_e8 = whole(inputs["wallet"]), 0
    for other in inputs["others"]:
        lots, mark = whole(other["qty"], LOTS), whole(other["mark"], TICKS)
        held = Exposure(K, [TierRate(whole(other["mmr"]), whole(other["cum"]) * E8)], 0)
        held.add(side_of(other["side"]), lots, lots * whole(other["entry"], TICKS) * K)
        equity += held.profit_atoms(mark)
        others_e8 += held.maintenance_e8(mark)
    lots, entry = whole(inputs["qty"], LOTS), whole(inputs["entry"], TICKS)
    rate = TierRate(whole(inputs["mmr"]), whole(inputs["cum"]) * E8)
    end = cross_end(side_of(inputs["side"]), lots, equity, entry, rate, others_e8)
    assert is_near(end, example, "liq", Fraction(1, TICKS))
    return ""


def liquidation_with_others_maintenance(example: Example) -> str:
    """dYdX: equity at the price, and what other positions must keep."""
    inputs = example["inputs"]
    if "others_mmr" not in inputs:
        return published.liquidation_by_equity(example)
    size, mark = whole(inputs["size"], LOTS), whole(inputs["price"], TICKS)
    equity, rate = whole(inputs["equity"]), TierRate(whole(inputs["mmf"]), 0)
    others_e8 = whole(inputs["others_mmr"]) * E8
    end = cross_end(side_of(size), abs(size), equity, mark, rate, others_e8)
    assert is_near(end, example, "liq", Fraction(1, TICKS))
    return ""


def cross_bankruptcy(example: Example) -> str:
    """The account's equity, shared out by maintenance, is what a close there may cost (LIQ-11)."""
    inputs = example["inputs"]
    if len(inputs["positions"]) == 1:
        return published.bankruptcy_value(example)
    venue = Venue(cross_spec(**FINE, symbol="A/USDT"), ticks=0, deposits=(100_000,))
    names = "BCDEFG"[: len(inputs["positions"])]
    for number, (name, (size, at, mmr)) in enumerate(
        zip(names, inputs["positions"], strict=True), 2
    ):
        tiers = ((10**17, whole(mmr), 10),)
        spec = cross_spec(**FINE, symbol=f"{name}/USDT", tiers=tiers, leverage_max=10)
        venue.apply(ListInstrument(spec))
        venue.apply(price(whole(at, TICKS), instrument=number))
        lots = whole(size, LOTS)
        side, qty = side_of(lots), abs(lots)
        venue.apply(order(instrument_id=number, side=side, qty_lots=qty, leverage=1))
    account = venue.state.cross_account(market_of(venue).asset_id, ALICE)
    assert account is not None
    positions = sorted(venue.state.positions.values(), key=lambda p: p.position_id)
    paid = sum(s * p.cost_atoms for p in positions for s in (1 if p.side is Side.BUY else -1,))
    set_free(venue, whole(inputs["balance"]) + paid)
    selected = positions[inputs["selected"]]
    ticks = bankruptcy_prices(account)[selected.position_id]
    value = -whole(inputs["delta"], LOTS) * ticks * K
    assert Fraction(value * 10**6, E8) == example["expected"]["quote_quantums"]
    return ""


def set_free(venue: Venue, atoms: int) -> None:
    """What the account has, as if it had come in or gone out."""
    ledger = venue.state.ledger.assets[1]
    ledger.external_atoms -= atoms - ledger.free[ALICE]
    ledger.free[ALICE] = atoms


def available_of_hedged_legs(example: Example) -> None:
    """Bybit: wallet, initial margins of both legs, the loss of one: what orders may use (CRS-2)."""
    wallet, long_margin, short_margin, loss = example["inputs"]["terms"]
    venue = Venue(cross_spec(**FINE), ticks=0, deposits=(wallet,))
    venue.apply(SetPositionMode(ALICE, InstrumentId(1), PositionMode.HEDGING))
    # At 10x: legs worth ten times their margins at a mark of 1,000, the long bought above it.
    lots = -long_margin * 10
    entry = 1_000 * TICKS + -loss * TICKS * LOTS // lots
    venue.apply(price(entry))
    venue.apply(order(qty_lots=lots, leverage=10, leg=Leg.LONG))
    venue.apply(price(1_000 * TICKS))
    short_lots = -short_margin * 10
    venue.apply(order(side=Side.SELL, qty_lots=short_lots, leverage=10, leg=Leg.SHORT))
    left = spendable_atoms(venue.state, market_of(venue).asset_id, ALICE, cross=True)
    assert left == example["expected"]["value"] * E8


def loss_beyond_the_margin(example: Example) -> None:
    """dYdX: a collateral of 100, a loss of 500: others pay the 400 (FIL-5)."""
    margin, loss = (whole(term, 1) for term in example["inputs"]["terms"])
    venue = Venue(plain_spec(**FINE), ticks=100 * TICKS, insurance=1_000)
    venue.apply(order(qty_lots=10 * LOTS, leverage=1_000 // margin))
    said = venue.say(price(100 * TICKS + loss * TICKS // 10))
    [reduced] = [event for event in said if event["event"] == "PositionReduced"]
    assert reduced["insurance_paid_atoms"] == -example["expected"]["value"] * E8


TOTALS: Final = {
    "bybit-hedge-old": available_of_hedged_legs,
    "dydx-doc-neg": loss_beyond_the_margin,
}
NO_SUMS: Final = {
    "binance-cum": "two addends without their tiers; the tiers are among the tier_deductions",
    "ctrader-fair": "a balance after a broker's stop-out of its own rule",
}


def total(example: Example) -> str:
    """Sums of published numbers: of those that are a sum of ours too."""
    check = TOTALS.get(example["id"])
    if check is None:
        return NO_SUMS[example["id"]]
    check(example)
    return ""


def lots_for_a_shortage(example: Example) -> str:
    """Drift: how much of a position is closed so that the account has what it must keep (LIQ-10).

    A quote asset worth 1.01 is a mark of 101; ours is a lot more, as equal is not enough.
    """
    inputs = example["inputs"]
    mark = Fraction(inputs["price"]) * Fraction(inputs["quote_price"])
    fees = {"liq_fee": "taker_fee_e8", "if_fee": "liquidation_fee_e8"}
    rates = {ours: whole(inputs[theirs]) for theirs, ours in fees.items()}
    fine = {"tick_size_e8": 1_000_000, "lot_size_e8": 100, "qty_lots_max": 100_000_000}
    tiers = ((10**17, whole(inputs["mmr"]), 10),)
    spec = cross_spec(**FINE | fine, **rates, tiers=tiers, leverage_max=10)
    venue = Venue(spec, ticks=int(mark * TICKS), deposits=(10_000,))
    venue.apply(order(qty_lots=10_000_000, leverage=1))
    account = venue.state.cross_account(market_of(venue).asset_id, ALICE)
    assert account is not None
    maintenance = account.maintenance_e8() // E8
    set_free(venue, maintenance - whole(inputs["shortage"]))
    [held] = venue.state.positions.values()
    base = Fraction(lots_to_close(account, held), 10**6)
    assert 0 <= base - Fraction(example["expected"]["base_e9"], 10**9) <= Fraction(1, 10**6)
    return ""


def trailing_level(example: Example) -> str:
    """Where a trailing stop stands after its price went a way (TRL-1, TRL-2)."""
    inputs = example["inputs"]
    path = [whole(at, TICKS) for at in inputs["path"]]
    spec = netting_spec(**FINE, fee_basis=FeeBasis.NOTIONAL, margin_mode=MarginMode.ISOLATED)
    venue = Venue(spec, ticks=path[0], deposits=(100_000,))
    opened = side_of(inputs["side"])
    closing = Side.SELL if opened is Side.BUY else Side.BUY
    venue.apply(order(side=opened, qty_lots=1_000, leverage=1))
    terms = {
        "trail_ticks": whole(inputs["callback"], TICKS) if inputs["mode"] == "distance" else 0,
        "trail_e8": whole(inputs["callback"]) if inputs["mode"] == "rate" else 0,
        "trigger_ticks": whole(inputs.get("activation", 0), TICKS),
        "order_type": OrderType.TRAILING_STOP,
    }
    venue.apply(order(side=closing, qty_lots=1_000, reduce_only=True, **terms))
    for ticks in path[1:]:
        venue.apply(price(ticks))
    [waiting] = venue.state.orders.values()
    assert isinstance(waiting.levels, Trail)
    assert waiting.levels.level_ticks() == whole(example["expected"]["trigger"], TICKS)
    return ""
