"""Published worked examples of other venues come out of our formulas, or do not apply, and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.vectors import finance_examples, funding_examples, market_examples, published
from tests.vectors.document import examples, goldens
from tests.vectors.published import Checker

CHECKERS: Final[dict[str, Checker]] = {
    "liq_mark_mm": finance_examples.liquidation_with_others,
    "liq_mark_mm_fee": published.liquidation_with_closing_fee,
    "liq_entry_mm": published.liquidation_on_the_entry,
    "dydx_liq_price": finance_examples.liquidation_with_others_maintenance,
    "dydx_bankruptcy": finance_examples.cross_bankruptcy,
    "dydx_insurance_delta": market_examples.insurance_delta,
    "tier_deductions": published.tier_deductions,
    "tier_lookup": published.tier_lookup,
    "max_leverage": published.largest_leverage,
    "linear_pnl": published.linear_profit,
    "trade_profit": funding_examples.trade_profit,
    "funding_sum": funding_examples.funding_sum,
    "perp_funding_payment": funding_examples.rate_of_averages,
    "premium_index": funding_examples.premium,
    "twap": funding_examples.sampled_average,
    "shortage_base": finance_examples.lots_for_a_shortage,
    "total": finance_examples.total,
    "trailing": finance_examples.trailing_level,
    "avg_cost_sequence": published.average_cost,
    "position_sequence": market_examples.position_sequence,
    "product": published.fee_product,
    "order_cost_reserve": published.order_cost_with_both_fees,
    "order_cost_open_loss": market_examples.open_loss,
    "oneway_requirement": market_examples.one_way_requirement,
}
NOT_APPLIED: Final[dict[str, str]] = {
    "adl_leverage_pnl": "ranks by maintenance over equity; ours by value over equity, not given",
    "disposal": "another venue's plan for disposing of a position in steps; ours goes tier by tier",
    "dydx_fillable": "liquidations of ours sell down to the bankruptcy price, or at the quote",
    "full_collateral": "no instrument has a largest price that margin could cover in full",
    "liq_buffered": "there is no buffer between the shown and the real liquidation price",
    "margin_level": "equity over used margin is a broker's account-wide stop-out, not our model",
    "margin_pct": "divides maintenance by leverage too, as no venue of ours does",
    "ratio": "a maintenance rate derived from the leverage; ours is in the tiers",
    "roi": "its base includes the closing fee; pnlPercent is on the initial margin alone",
}
EXAMPLES: Final = 117
APPLIED: Final = 90


@pytest.mark.parametrize("kind", sorted(CHECKERS))
def test_published_examples_come_out(
    kind: str, shared: Path, count: Callable[[str, int], None]
) -> None:
    for example in examples(shared)[kind]:
        reason = CHECKERS[kind](example)
        if reason:
            count(f"published examples not applied: {kind}: {reason}", 1)
        else:
            count(f"published examples applied: {kind}", 1)


def test_every_kind_is_checked_or_says_why_not(
    shared: Path, count: Callable[[str, int], None]
) -> None:
    by_kind = examples(shared)

    assert by_kind.keys() == CHECKERS.keys() | NOT_APPLIED.keys()
    assert CHECKERS.keys() & NOT_APPLIED.keys() == set()
    assert sum(len(found) for found in by_kind.values()) == EXAMPLES
    for kind, reason in NOT_APPLIED.items():
        count(f"published examples not applied: {kind}: {reason}", len(by_kind[kind]))


def test_as_many_examples_apply_as_ever(shared: Path) -> None:
    by_kind = examples(shared)

    applied = [e["id"] for kind in CHECKERS for e in by_kind[kind] if CHECKERS[kind](e) == ""]
    assert len(applied) == APPLIED


def test_the_golden_examples(shared: Path, count: Callable[[str, int], None]) -> None:
    for example in goldens(shared, "golden-"):
        if example["id"] == "golden-netting":
            market_examples.golden_netting(example)
        else:
            market_examples.golden_liquidation(example)
        count("golden examples applied", 1)
