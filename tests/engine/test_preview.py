"""A preview says what placing would do, and changes nothing."""

from typing import Any

import pytest

from engine.commands import OrderType, Side, TimeInForce
from engine.preview import largest_order, preview_order
from engine.reject_reason import RejectReason
from engine.units import E8
from tests.engine.books import BOB, ask, book_venue
from tests.engine.venue import Venue, netting_spec, order, plain_spec

CASES: list[dict[str, Any]] = [
    {"qty_lots": 100},
    {"amount_atoms": 100 * E8},
    {"qty_lots": 100, "leverage": 33, "side": Side.SELL},
    {"qty_lots": 100, "price_ticks": 210_000},
]


@pytest.mark.parametrize("fields", CASES)
@pytest.mark.parametrize("make", [plain_spec, netting_spec])
def test_the_numbers_are_those_of_the_fill(make: Any, fields: dict[str, Any]) -> None:
    venue = Venue(make(taker_fee_e8=40_000, tiers=((10**17, 500_000, 100),)))
    chain = venue.state.event_chain
    preview = preview_order(venue.state, order(**fields))
    assert venue.state.event_chain == chain

    [*_, filled, opened] = venue.say(order(**fields))
    held = venue.position(opened["position_id"])
    assert preview.reason.name == "NONE"
    assert preview.takes
    assert (preview.qty_lots, preview.price_ticks) == (filled["qty_lots"], filled["price_ticks"])
    assert (preview.margin_atoms, preview.fee_atoms) == (held.margin_atoms, filled["fee_atoms"])
    assert preview.liquidation_ticks == held.liquidation_ticks


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"qty_lots": 100_000}, "INSUFFICIENT_BALANCE"),
        ({"qty_lots": 1, "leverage": 999}, "BAD_LEVERAGE"),
        ({"qty_lots": 1, "price_ticks": -1}, "BAD_COMBINATION"),
    ],
)
def test_the_reason_is_that_of_the_refusal(fields: dict[str, Any], reason: str) -> None:
    venue = Venue()

    assert preview_order(venue.state, order(**fields)).reason.name == reason
    assert venue.names(order(**fields)) == [reason]


@pytest.mark.parametrize(
    ("fields", "takes", "ticks", "margin", "fee"),
    [
        ({"qty_lots": 5}, True, 220_000, 10_000_400_000, 5_000_200),
        ({"qty_lots": 5, "price_ticks": 200_010}, True, 200_010, 10_000_200_000, 3_800_040),
        ({"qty_lots": 5, "price_ticks": 190_000}, False, 190_000, 9_500_000_000, 1_900_000),
        ({"qty_lots": 5, "side": Side.SELL}, False, 180_000, 0, 0),
    ],
)
def test_in_a_book_the_numbers_are_those_of_the_path(
    fields: dict[str, Any], takes: bool, ticks: int, margin: int, fee: int
) -> None:
    """Three lots at 200,000, the others at 200,020; what would rest pays the maker fee."""
    venue = book_venue(maker_fee_e8=20_000, taker_fee_e8=50_000)
    venue.apply(ask(BOB, 3, 200_000))
    venue.apply(ask(BOB, 9, 200_020))
    preview = preview_order(venue.state, order(leverage=1, **fields))

    assert (preview.reason.name, preview.takes, preview.price_ticks) == ("NONE", takes, ticks)
    assert (preview.margin_atoms, preview.fee_atoms) == (margin, fee)


def test_a_closing_preview_tells_the_fee_of_what_there_is() -> None:
    venue = Venue(plain_spec(taker_fee_e8=100_000))
    venue.apply(order(qty_lots=10))
    preview = preview_order(venue.state, order(side=Side.SELL, position_id=2))

    assert (preview.qty_lots, preview.margin_atoms) == (10, 0)
    assert preview.fee_atoms == 20 * E8 // 1_000


def test_a_conditional_preview_has_no_lots_yet_if_it_is_an_amount() -> None:
    venue = Venue()
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 210_000}
    preview = preview_order(venue.state, order(amount_atoms=100 * E8, **stop))

    assert (preview.reason.name, preview.qty_lots, preview.takes) == ("NONE", 0, False)


BUDGETS: list[tuple[dict[str, Any], int]] = [
    ({}, 0),
    ({}, 19),  # less than the margin of a lot
    ({}, 20),
    ({"leverage": 7}, 12_345),
    ({"price_ticks": 190_000}, 50_000),
    ({"side": Side.SELL, "price_ticks": 150_000, "time_in_force": TimeInForce.IOC}, 50_000),
    ({}, 10**6),  # more than there is
    ({"leverage": 50}, 10**6),  # more than the tier allows
]


@pytest.mark.parametrize(("fields", "budget_cents"), BUDGETS)
def test_the_largest_order_is_the_last_that_the_budget_pays(
    fields: dict[str, Any], budget_cents: int
) -> None:
    """PRV-1: one lot more is too dear or refused; asking changes nothing."""
    tiers = ((5_000 * E8, 0, 100), (10**17, 500_000, 20))
    venue = Venue(netting_spec(taker_fee_e8=40_000, maker_fee_e8=20_000, tiers=tiers))
    chain, budget = venue.state.event_chain, budget_cents * E8 // 10
    lots = largest_order(venue.state, order(qty_lots=1, **fields), budget)
    assert venue.state.event_chain == chain

    def fits(tried: int) -> bool:
        preview = preview_order(venue.state, order(qty_lots=tried, **fields))
        accepted = preview.reason is RejectReason.NONE
        return accepted and preview.margin_atoms + preview.fee_atoms <= budget

    assert lots == 0 or fits(lots)
    assert not fits(lots + 1)
    assert all(fits(tried) for tried in range(1, lots, max(1, lots // 7)))


def test_the_largest_order_is_one_of_the_sizes_of_the_market() -> None:
    """PRV-1: between the least and the most lots, both included."""
    venue = Venue(netting_spec(qty_lots_min=3, qty_lots_max=11))

    found = [largest_order(venue.state, order(qty_lots=5), n * 2 * E8) for n in (2, 3, 10, 11, 99)]
    assert found == [0, 3, 10, 11, 11]


def test_the_largest_market_order_fills_whole() -> None:
    """PRV-1: the book has twelve lots within the band, whatever the budget."""
    venue = book_venue()
    venue.apply(ask(BOB, 3, 200_000))
    venue.apply(ask(BOB, 9, 200_020))

    assert largest_order(venue.state, order(qty_lots=1), 900 * E8) == 12
    assert largest_order(venue.state, order(qty_lots=1, price_ticks=200_000), 900 * E8) == 450
    assert largest_order(venue.state, order(qty_lots=1, account_id=99), 900 * E8) == 0
