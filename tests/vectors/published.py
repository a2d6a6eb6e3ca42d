"""The published examples of one kind, recomputed by the engine's own formulas.

Every kind has either a checker or a reason why it does not apply now.  A checker asserts what it
can and returns an empty string, or says why this one example does not apply.
Prices are scaled to ticks of 10^-8, quantities to lots of 10^-8, so that K is 1 and atoms are
10^-16: published decimals become exact integers.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from engine.commands import Side
from engine.instrument import RiskTier
from engine.margin import (
    TierRate,
    bankruptcy_ticks,
    cost_removed_atoms,
    fee_atoms,
    initial_margin_atoms,
    liquidation_ticks,
    maintenance_e8,
    notional_cap_atoms,
    profit_atoms,
    tier_rates,
)
from engine.units import E8, INT64_MAX, div_ceil
from tests.engine.venue import plain_spec
from tests.vectors.document import Example

Checker = Callable[[Example], str]
ATOMS: Final = 10**16


def whole(value: object, scale: int = E8) -> int:
    """A published decimal or fraction in units; what does not divide is rounded down."""
    scaled = Fraction(str(value)) * scale
    return scaled.numerator // scaled.denominator


def side_of(sign: int) -> Side:
    """+1 is long."""
    return Side.BUY if sign > 0 else Side.SELL


def is_near(found: Fraction, example: Example, name: str, slack: Fraction = Fraction(0)) -> bool:
    """Within the published tolerance, and the tick or atom that our rounding may add."""
    expected = Fraction(str(example["expected"][name]))
    return abs(found - expected) <= Fraction(str(example["tolerance"])) + slack


def check_liquidation(example: Example, margin: object, rate: TierRate, close_fee_e8: int) -> None:
    """The liquidation price of an isolated position with one line of maintenance.

    A first line without any stands before it: the engine's first line never has a deduction.
    """
    inputs = example["inputs"]
    rates = [TierRate(0, 0), rate]
    lots = whole(inputs["qty"])
    cost = lots * whole(inputs["entry"])
    ticks = liquidation_ticks(
        side_of(inputs["side"]), lots, cost, whole(margin, ATOMS), 1, rates, close_fee_e8
    )
    assert is_near(Fraction(ticks, E8), example, "liq", Fraction(1, E8))


def liquidation_on_the_mark(example: Example) -> str:
    """Maintenance on the mark's notional, less a deduction."""
    inputs = example["inputs"]
    rate = TierRate(whole(inputs["mmr"]), whole(inputs["cum"], ATOMS) * E8)
    check_liquidation(example, inputs["wallet"], rate, 0)
    return ""


def liquidation_with_closing_fee(example: Example) -> str:
    """The same with the taker fee reserved."""
    inputs = example["inputs"]
    rate = TierRate(whole(inputs["mmr"]), 0)
    check_liquidation(example, inputs["margin"], rate, whole(inputs["taker"]))
    return ""


def liquidation_on_the_entry(example: Example) -> str:
    """Maintenance on the entry's notional is a line without slope: rate 0, deduction −MM."""
    inputs = example["inputs"]
    notional = whole(inputs["qty"]) * whole(inputs["entry"])
    margin = initial_margin_atoms(notional, inputs["leverage"])
    maintenance = fee_atoms(notional, whole(inputs["mmr"]))
    if "im" in example["expected"]:
        assert Fraction(margin, ATOMS) == Fraction(example["expected"]["im"])
        assert Fraction(maintenance, ATOMS) == Fraction(example["expected"]["mm"])
    own = Fraction(margin, ATOMS) + Fraction(str(inputs.get("extra", 0)))
    check_liquidation(example, own, TierRate(0, -maintenance * E8), 0)
    return ""


def liquidation_by_equity(example: Example) -> str:
    """An isolated position: its equity is its margin at the price it was opened at."""
    inputs = example["inputs"]
    lots, ticks = abs(whole(inputs["size"])), whole(inputs["price"])
    side = side_of(1 if whole(inputs["size"]) > 0 else -1)
    rate = TierRate(whole(inputs["mmf"]), 0)
    margin = whole(inputs["equity"], ATOMS)
    found = liquidation_ticks(side, lots, lots * ticks, margin, 1, [rate], 0)
    assert is_near(Fraction(found, E8), example, "liq")
    return ""


def bankruptcy_value(example: Example) -> str:
    """What a close at the bankruptcy price pays, in millionths, in favour of the venue."""
    inputs = example["inputs"]
    lots = whole(inputs["positions"][0][0])
    balance = whole(inputs["balance"], ATOMS)
    side = side_of(1 if lots > 0 else -1)
    # Quote balance and lots together are the equity: C − m of a long is minus the balance,
    # C + m of a short is the balance.
    owed = -balance if side is Side.BUY else balance
    ticks = bankruptcy_ticks(side, abs(lots), owed, 0, 1)
    millionth = ATOMS // 10**6
    value = div_ceil(-whole(inputs["delta"]) * ticks, millionth)
    assert value == example["expected"]["quote_quantums"]
    return ""


def rates_of(tiers: list[list[Any]]) -> list[TierRate]:
    """Our maintenance lines of tiers published as [floor, rate, …]."""
    floors = [whole(tier[0]) for tier in tiers]
    caps = [*floors[1:], INT64_MAX]
    spec_tiers = tuple(
        (cap, whole(tier[1]), len(tiers) - number)
        for number, (cap, tier) in enumerate(zip(caps, tiers, strict=True))
    )
    return tier_rates(plain_spec(tiers=spec_tiers))


def tier_deductions(example: Example) -> str:
    """The maintenance amounts that venues publish beside their tiers."""
    rates = rates_of(example["inputs"]["tiers"])
    published = [whole(amount) * E8 for amount in example["expected"]["deductions"]]
    assert [rate.deduction_e8 for rate in rates] == published
    return ""


def tier_lookup(example: Example) -> str:
    """Maintenance at a notional: the largest of the lines is that of its tier."""
    rates = rates_of(example["inputs"]["tiers"])
    notional = whole(example["inputs"]["notional"])
    rate, amount = whole(example["expected"]["mmr"]), whole(example["expected"]["amount"])
    assert maintenance_e8(notional, rates, 0) == notional * rate - amount * E8
    return ""


def largest_leverage(example: Example) -> str:
    """The largest whole leverage whose notional its tier still allows."""
    tiers = example["inputs"]["tiers"]
    spec = plain_spec(
        tiers=tuple((whole(cap), n, leverage) for n, (_, cap, leverage) in enum(tiers))
    )
    assert all(isinstance(tier, RiskTier) for tier in spec.tiers)
    stake = whole(example["inputs"]["stake"])
    allowed = [n for n in range(1, 126) if stake * n <= notional_cap_atoms(spec, n)]
    assert max(allowed) == int(Fraction(str(example["expected"]["max_leverage"])))
    return ""


def enum(tiers: list[list[Any]]) -> list[tuple[int, list[Any]]]:
    """Tiers with numbers that serve as rising maintenance rates."""
    return list(enumerate(tiers))


def linear_profit(example: Example) -> str:
    """Profit of a whole position at a price."""
    inputs = example["inputs"]
    lots = whole(inputs["qty"])
    cost = lots * whole(inputs["entry"])
    profit = profit_atoms(side_of(inputs["side"]), lots, cost, whole(inputs["exit"]), 1)
    assert is_near(Fraction(profit, ATOMS), example, "pnl")
    return ""


def average_cost(example: Example) -> str:
    """Cost, average and profit of a long that is built up and taken down in parts."""
    fee_e8 = whole(example["inputs"]["fee"])
    lots = cost = total = 0
    for (verb, quantity, at), row in zip(
        example["inputs"]["orders"], example["expected"]["rows"], strict=True
    ):
        part, ticks = whole(quantity), whole(at)
        profit = None
        if verb == "buy":
            lots, cost = lots + part, cost + part * ticks
        else:
            removed = cost_removed_atoms(Side.BUY, cost, part, lots)
            profit = profit_atoms(Side.BUY, part, removed, ticks, 1)
            profit -= fee_atoms(part * ticks, fee_e8) + fee_atoms(removed, fee_e8)
            lots, cost, total = lots - part, cost - removed, total + profit
        assert [lots, cost, total] == [whole(row[0]), whole(row[2], ATOMS), whole(row[3], ATOMS)]
        assert profit == (None if row[4] is None else whole(row[4], ATOMS))
        assert lots == 0 or Fraction(cost, lots) == whole(row[1])
    return ""


def fee_product(example: Example) -> str:
    """Quantity × price × rate."""
    if not example["id"].startswith(("nt-fee", "bybit-fees")):
        return "a margin factor or part of a position that is no whole leverage or lots of ours"
    quantity, at, rate = example["inputs"]["factors"]
    fee = fee_atoms(whole(quantity) * whole(at), whole(rate))
    assert is_near(Fraction(fee, ATOMS), example, "value")
    return ""


def order_cost_with_both_fees(example: Example) -> str:
    """Initial margin, the fee to open, and the fee to close at the bankruptcy price."""
    inputs, expected = example["inputs"], example["expected"]
    lots, rate_e8 = whole(inputs["qty"]), whole(inputs["taker"])
    notional = lots * whole(inputs["price"])
    margin = initial_margin_atoms(notional, inputs["leverage"])
    bankruptcy = bankruptcy_ticks(side_of(inputs["side"]), lots, notional, margin, 1)
    fees = [fee_atoms(notional, rate_e8), fee_atoms(lots * bankruptcy, rate_e8)]
    published = [expected[name] for name in ("initial_margin", "fee_open", "fee_close", "cost")]
    assert [margin, *fees, margin + sum(fees)] == [whole(amount, ATOMS) for amount in published]
    return ""
