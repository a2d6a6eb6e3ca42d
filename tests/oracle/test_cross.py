"""The oracle alone where an account's money stands for its positions (CRS-…, LIQ-10)."""

from typing import Any

from tests.oracle.cross import spendable, standing
from tests.oracle.records import NOTIONAL_ATOMS_MAX, Fields
from tests.oracle.stories import SECOND_NS, listed, market_order, price_of, simple_spec
from tests.oracle.venue import Venue

# One tick of one lot is 1,000 atoms; maintenance 1 %, no fees.
SPEC = simple_spec("AAA/USD") | {
    "position_mode": "NETTING",
    "margin_mode": "CROSS",
    "fee_basis": "NOTIONAL",
    "remainder": "TO_USER",
    "tiers": ((NOTIONAL_ATOMS_MAX, 1_000_000, 100),),
    "maker_fee_e8": 0,
    "taker_fee_e8": 0,
}
MONEY = {"asset": "USD", "transfer_id": "w"}


def ten_lots(**spec: object) -> Venue:
    """10 lots long at 1,000, 10×, with 1,500,000 in the account."""
    venue = listed(SPEC | spec, deposit=1_500_000)
    venue.apply(0, "UpdatePrice", price_of(1_000))
    venue.apply(0, "PlaceOrder", market_order("BUY", qty_lots=10, leverage=10))
    return venue


def told(venue: Venue, ticks: int, time_ns: int = 0, **given: int) -> list[tuple[str, Fields]]:
    """What follows from a price, but for the reasons of LIQ-12."""
    facts = venue.apply(time_ns, "UpdatePrice", price_of(ticks, **given))
    venue.state.check()
    return [fact for fact in facts[1:] if fact[0] != "LiquidationStep"]


def test_profit_on_paper_backs_orders_but_never_leaves() -> None:
    venue = ten_lots()
    assert told(venue, 1_050) == []

    # 1,500,000 free, 500,000 won, a tenth of 10,500,000 reserved.
    assert spendable(venue.state, 1, 1, cross=True) == 950_000
    assert spendable(venue.state, 1, 1, cross=False) == 450_000
    gone: dict[str, Any] = {"account_id": 1, **MONEY}
    (refused,) = venue.apply(0, "Withdraw", {**gone, "amount_atoms": 450_001})
    assert refused == ("Rejected", {"account_id": 1, "reason": "INSUFFICIENT_BALANCE"})
    assert venue.apply(0, "Withdraw", {**gone, "amount_atoms": 450_000})[0][0] == "Withdrawn"
    # 4 lots more take 420,000 of the 500,000 left; another does not fit.
    venue.apply(0, "PlaceOrder", market_order("BUY", qty_lots=4))
    assert spendable(venue.state, 1, 1, cross=True) == 500_000 - 420_000
    (refused,) = venue.apply(0, "PlaceOrder", market_order("BUY", qty_lots=1))
    assert refused[1]["reason"] == "INSUFFICIENT_BALANCE"


def test_just_as_much_is_closed_as_is_needed() -> None:
    venue = ten_lots()
    # Equity 1,500,000 − 1,410,000 = 90,000 against 85,900.
    assert told(venue, 859) == []

    # Equity 80,000 against 85,800: 5,800 are missing, a lot that closes frees 8,580.
    facts = told(venue, 858)

    assert [name for name, _ in facts] == ["AccountLiquidated", "OrderFilled", "PositionReduced"]
    assert (facts[0][1]["equity_atoms"], facts[0][1]["maintenance_atoms"]) == (80_000, 85_800)
    assert (facts[1][1]["qty_lots"], facts[2][1]["paid_atoms"]) == (1, -142_000)
    assert standing(venue.state, 1, 1).health_e8 == (80_000 - 77_220) * 10**8


def test_a_debt_is_paid_by_the_fees_and_by_insurance() -> None:
    venue = ten_lots(taker_fee_e8=100_000)
    # Opening cost 10,000; 2,000,000 are lost at 800, and closing costs 8,000.
    facts = told(venue, 800)

    assert [name for name, _ in facts] == [
        "AccountLiquidated",
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
        "DebtSettled",
    ]
    assert facts[-1][1] == {
        "account_id": 1,
        "asset_id": 1,
        "waived_atoms": 8_000,
        "insurance_paid_atoms": 510_000,
    }
    assert venue.state.free[1, 1] == 0
    assert venue.state.pool("insurance", 1) == -510_000
    assert venue.state.pool("fees", 1) == 10_000


def test_the_orders_of_a_flat_account_go_before_anybody_pays() -> None:
    venue = ten_lots()
    stop = {"account_id": 1, "position_id": 2, "stop_loss_ticks": 900}
    stop |= {"take_profit_ticks": 0, "auto_close_e8": 0}
    venue.apply(0, "SetPositionExits", {**stop, "trigger_source": "MARK"})
    # 500,000 may be spent: a resting bid holds 90,000 of it.
    bid = market_order("BUY", order_type="LIMIT", price_ticks=900, qty_lots=1)
    venue.apply(0, "PlaceOrder", bid)
    assert venue.state.held(1, 1) == 90_000

    # The stop closes at a bid of 855: 1,450,000 are lost, 1,410,000 were free.
    facts = told(venue, 900, bid_ticks=855, ask_ticks=1_000)

    assert [name for name, _ in facts] == [
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
        "OrderCancelled",
    ]
    assert facts[-1][1]["cause"] == "HOLD_SHORT"
    assert venue.state.free[1, 1] == 50_000


def test_what_a_halted_market_loses_is_paid_by_what_is_open_elsewhere() -> None:
    venue = ten_lots()
    venue.apply(0, "ListInstrument", {"spec": SPEC | {"symbol": "BBB/USD", "base": "BBB"}})
    venue.apply(0, "UpdatePrice", price_of(1_000, 2))
    small = market_order("BUY", instrument_id=2, qty_lots=1, leverage=10)
    venue.apply(0, "PlaceOrder", small)
    venue.apply(0, "SetInstrumentStatus", {"instrument_id": 1, "status": "HALTED"})

    # Its price is only stored, but the account is worth 0 now: the other position goes.
    facts = told(venue, 850)
    assert [name for name, _ in facts] == [
        "AccountLiquidated",
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
    ]
    assert [one.instrument_id for one in venue.state.positions.values()] == [1]

    # Nothing more can be done until the halt ends.
    assert told(venue, 849) == []
    facts = venue.apply(0, "SetInstrumentStatus", {"instrument_id": 1, "status": "TRADING"})
    assert [name for name, _ in facts][1] == "AccountLiquidated"
    assert facts[1][1]["equity_atoms"] == -10_000


def test_a_stale_market_waits_for_its_next_price() -> None:
    venue = ten_lots(stale_after_ns=SECOND_NS)
    venue.apply(0, "ListInstrument", {"spec": SPEC | {"symbol": "BBB/USD", "base": "BBB"}})
    venue.apply(0, "UpdatePrice", price_of(1_000, 2))
    small = market_order("BUY", instrument_id=2, qty_lots=10, leverage=20)
    venue.apply(0, "PlaceOrder", small)

    # At 850 in the second market alone 1,500,000 are lost: 10 lots there close, 10 here wait.
    facts = venue.apply(2 * SECOND_NS, "UpdatePrice", price_of(850, 2))[1:]
    assert [name for name, _ in facts] == [
        "AccountLiquidated",
        "LiquidationStep",
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
    ]
    facts = told(venue, 1_000, 2 * SECOND_NS)
    assert [name for name, _ in facts] == [
        "AccountLiquidated",
        "OrderFilled",
        "PositionReduced",
        "PositionClosed",
    ]
    assert venue.state.free[1, 1] == 0


def test_the_largest_share_of_maintenance_closes_first() -> None:
    venue = ten_lots()
    venue.apply(0, "ListInstrument", {"spec": SPEC | {"symbol": "BBB/USD", "base": "BBB"}})
    venue.apply(0, "UpdatePrice", price_of(1_000, 2))
    for side, lots in (("BUY", 2), ("BUY", 11)):
        order = market_order(side, instrument_id=2, qty_lots=lots, leverage=100)
        venue.apply(0, "PlaceOrder", order | {"leverage": 0 if lots == 11 else 100})

    # 13 lots at 900 need more than 10 at 860, and go first although they were opened later.
    venue.apply(0, "UpdatePrice", price_of(990, 2))
    facts = told(venue, 860)

    assert facts[0][0] == "AccountLiquidated"
    assert facts[1][1]["instrument_id"] == 2
