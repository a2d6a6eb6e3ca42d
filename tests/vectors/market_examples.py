"""Published examples that are stories of a market: run by the whole engine."""

from fractions import Fraction
from typing import Final

from engine.commands import Side
from engine.instrument import FeeBasis, InstrumentSpec, Remainder
from engine.margin import bankruptcy_ticks, initial_margin_atoms, liquidation_ticks, tier_rates
from engine.units import E8
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price
from tests.vectors.document import Example
from tests.vectors.published import is_near, side_of, whole

# Ticks of 0.00001 and lots of 0.1: K is 100 atoms.
FINE_TICKS, FINE_LOTS = 10**5, 10
RICH: Final = 10_000_000_000  # whole units


def fine_spec(taker_fee_e8: int) -> InstrumentSpec:
    """A netting market fine enough for every published fill."""
    return netting_spec(
        tick_size_e8=1_000,
        lot_size_e8=10_000_000,
        qty_lots_max=3_000_000,
        taker_fee_e8=taker_fee_e8,
        maker_fee_e8=0,
        fee_basis=FeeBasis.NOTIONAL,
    )


def position_sequence(example: Example) -> str:
    """Fills on one netting position: size, average, realized and unrealized profit."""
    inputs, expected = example["inputs"], example["expected"]
    commissions = sum(Fraction(amount) for amount in inputs.get("flat_commissions", []))
    venue = Venue(fine_spec(whole(inputs.get("fee", 0))), ticks=0, deposits=(RICH,))
    rows = expected.get("rows") or [None] * (len(inputs["fills"]) - 1) + [
        [expected.get("qty"), expected.get("avg"), expected.get("realised")]
    ]
    position_id = 0
    for (quantity, at), row in zip(inputs["fills"], rows, strict=True):
        before = venue.state.positions.get(position_id)
        average = None if before is None else average_price(before.cost_atoms, before.qty_lots)
        venue.apply(price(whole(at, FINE_TICKS)))
        lots = whole(quantity, FINE_LOTS)
        events = venue.say(order(side=side_of(lots), qty_lots=abs(lots), leverage=1))
        position_id = events[-1]["position_id"]
        if row is None:
            continue
        after = venue.state.positions.get(position_id)
        if after is None:  # closed: the average is that before the close
            realized = Fraction(events[-1]["realized_atoms"], E8)
            assert [average, realized - commissions] == [Fraction(row[1]), Fraction(row[2])]
            continue
        sign = 1 if after.side is Side.BUY else -1
        assert row[0] is None or sign * after.qty_lots == whole(row[0], FINE_LOTS)
        slack = Fraction(5, E8)  # atoms: every partial close rounds its cost and its fee up
        average = average_price(after.cost_atoms, after.qty_lots)
        assert abs(average - Fraction(str(row[1]))) <= slack
        if row[2] is not None:
            assert abs(Fraction(after.realized_atoms, E8) - Fraction(str(row[2]))) <= slack
    if "unrealised" in expected:
        held = venue.position(position_id)
        profit = held.qty_lots * whole(inputs["mark"], FINE_TICKS) * held.market.k - held.cost_atoms
        assert Fraction(profit, E8) == Fraction(expected["unrealised"])
    return ""


def average_price(cost_atoms: int, qty_lots: int) -> Fraction:
    """The entry price for display, exact."""
    return Fraction(cost_atoms, E8) / Fraction(qty_lots, FINE_LOTS)


def open_loss(example: Example) -> str:
    """A resting order beyond the mark holds its initial margin and the loss it starts with."""
    inputs = example["inputs"]
    spec = netting_spec(tick_size_e8=1_000_000, lot_size_e8=100_000_000, qty_lots_max=100)
    limit, mark = whole(inputs["price"], 100), whole(inputs["mark"], 100)
    assert inputs["side"] == -1
    assert limit < mark
    venue = Venue(spec, ticks=0, deposits=(1_000,))
    venue.apply(price(limit - 1, mark + 1, mark, mark, mark))
    lots, leverage = inputs["qty"], inputs["leverage"]
    venue.apply(order(side=Side.SELL, qty_lots=lots, price_ticks=limit, leverage=leverage))
    initial = Fraction(str(inputs["price"])) * lots / leverage
    loss = Fraction(venue.hold(), E8) - initial
    assert is_near(initial, example, "initial_margin")
    assert is_near(loss, example, "open_loss")
    return ""


def one_way_requirement(example: Example) -> str:
    """Position and orders of one key: the margin and the hold of the larger side."""
    inputs = example["inputs"]
    leverage = inputs["leverage"]
    spec = netting_spec(tick_size_e8=E8, lot_size_e8=E8, qty_lots_max=100_000)
    venue = Venue(spec, ticks=0, deposits=(100_000,))
    venue.apply(price(1))
    # Lots of 1 at a price of 1 are notional; then the touch moves so that the orders rest.
    venue.apply(order(qty_lots=inputs["position"], leverage=leverage))
    venue.apply(price(2, 3, 3, 3, 3))
    venue.apply(order(qty_lots=inputs["bids"] // 2, price_ticks=2, leverage=leverage))
    asks = order(side=Side.SELL, qty_lots=inputs["asks"] // 4, price_ticks=4, leverage=leverage)
    venue.apply(asks)
    margin = venue.state.ledger.assets[1].margin_atoms
    assert Fraction(margin + venue.hold(), E8) == Fraction(example["expected"]["requirement"])
    return ""


def insurance_delta(example: Example) -> str:
    """What a liquidation pays to insurance: a fee, no more than what is above bankruptcy."""
    inputs = example["inputs"]
    fill, bankruptcy = abs(inputs["fill_quote"]), abs(inputs["bankruptcy_quote"])
    side = Side.BUY if inputs["fill_quote"] > 0 else Side.SELL
    # One lot of 1 at a tick of 0.000001: cost ∓ margin is the bankruptcy value.
    margin = 100_000_000
    entry = bankruptcy + margin if side is Side.BUY else bankruptcy - margin
    spec = plain_spec(
        tick_size_e8=100,
        lot_size_e8=E8,
        qty_lots_max=10,
        liquidation_fee_e8=min(whole(inputs["max_fee"]), E8 - 1),
        remainder=Remainder.TO_USER,
    )
    venue = Venue(spec, ticks=entry, insurance=1_000)
    venue.apply(order(side=side, qty_lots=1, leverage=entry // margin))
    venue.apply(price(fill, fill, fill, bankruptcy, fill))
    assert venue.state.positions.count == 0
    delta = venue.state.ledger.assets[1].insurance_atoms - 1_000 * E8
    assert delta == example["expected"]["delta"] * 100
    return ""


def golden_liquidation(example: Example) -> None:
    """Margin, liquidation and bankruptcy ticks of a tiered isolated position."""

    inputs, expected = example["inputs"], example["expected"]
    floors = [tier[0] for tier in inputs["tiers"]]
    tiers = tuple(
        (cap, tier[1], 125 - n)
        for n, (cap, tier) in enumerate(zip([*floors[1:], 10**18], inputs["tiers"], strict=True))
    )
    lots, k = inputs["lots"], inputs["K"]
    cost = lots * inputs["entry_tick"] * k
    margin = initial_margin_atoms(cost, inputs["leverage"]) + inputs["added_margin"]
    side = side_of(inputs["side"])
    rates = tier_rates(plain_spec(tiers=tiers))
    assert expected == {
        "margin": margin,
        "liq_tick": liquidation_ticks(side, lots, cost, margin, k, rates, inputs["close_fee_e8"]),
        "bankrupt_tick": bankruptcy_ticks(side, lots, cost, margin, k),
    }


def golden_netting(example: Example) -> None:
    """Open, increase, partial close and flip: every balance after every fill."""
    inputs = example["inputs"]
    spec = netting_spec(
        taker_fee_e8=inputs["taker_e8"], fee_basis=FeeBasis.NOTIONAL, notional_atoms_min=0
    )
    venue = Venue(spec, ticks=0, deposits=(inputs["deposit"] // E8,))
    assert venue.state.markets[1] is not None
    assert venue.state.markets[1].k == inputs["K"]
    states = []
    for fill in inputs["fills"]:
        venue.apply(price(fill["tick"]))
        side, leverage = side_of(fill["side"]), inputs["leverage"]
        events = venue.say(order(side=side, qty_lots=fill["lots"], leverage=leverage))
        held = venue.position(events[-1]["position_id"])
        ledger = venue.state.ledger.assets[1]
        states.append(
            {
                "side": 1 if held.side is Side.BUY else -1,
                "lots": held.qty_lots,
                "cost": held.cost_atoms,
                "margin": held.margin_atoms,
                "wallet": venue.free(),
                "fees": ledger.fees_atoms,
                "house": ledger.house_atoms,
            }
        )
    assert states == example["expected"]["states"]
