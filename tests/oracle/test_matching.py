"""The oracle alone in an order-driven market: numbers worked by hand, and no engine."""

from typing import Any, Final

import pytest

from tests.oracle import book
from tests.oracle.records import NOTIONAL_ATOMS_MAX, Fields
from tests.oracle.stories import SECOND_NS, order_fields, price_of, simple_spec
from tests.oracle.venue import Venue

DEPOSIT: Final = 10**9
ALICE, BOB, CAROL, DAVE = range(1, 5)
# One tick of one lot is 100 atoms; initial margin is a tenth; 0.02 % maker, 0.05 % taker.
SPEC: Final = simple_spec("AAA/USD") | {
    "lot_size_e8": 10_000,
    "tiers": ((NOTIONAL_ATOMS_MAX, 500_000, 100),),
    "maker_fee_e8": 20_000,
    "taker_fee_e8": 50_000,
    "market": "ORDER_DRIVEN",
    "position_mode": "NETTING",
    "fee_basis": "NOTIONAL",
    "remainder": "TO_USER",
    "price_band_e8": 50_000_000,
}
FREE_OF_CHARGE: Final = {"maker_fee_e8": 0, "taker_fee_e8": 0}


class Floor:
    """A venue with one book at a mark of 1,000 and four traders; answers in few words."""

    def __init__(self, **spec: object) -> None:
        self.venue = Venue()
        self.do("ListInstrument", spec=SPEC | spec)
        for number, name in enumerate(("alice", "bob", "carol", "dave"), 1):
            self.do("OpenAccount", user_id=name)
            self.pay(number, DEPOSIT)
        self.do("UpdatePrice", **price_of(1_000))

    def do(self, name: str, **fields: object) -> list[str]:
        """One command; the books balance after it."""
        state = self.venue.state
        facts = self.venue.apply(state.now_ns, name, fields)
        state.check()
        book.check(state)
        return [line for line in map(told, facts) if line]

    def pay(self, account_id: int, atoms: int) -> None:
        """Money in, or out if it is negative."""
        name = "Deposit" if atoms > 0 else "Withdraw"
        number = len(self.venue.state.transfer_ids)
        money = {"asset": "USD", "amount_atoms": abs(atoms), "transfer_id": f"t{number}"}
        self.do(name, account_id=account_id, **money)

    def order(self, account_id: int, side: str, lots: int, price: int = 0, **given: Any) -> Fields:
        """The fields of a limit order, or of a market order if no price is given."""
        kind = "LIMIT" if price else "MARKET"
        fields = order_fields(account_id, 1, side, kind)
        opens = not (given.get("reduce_only") or given.get("close_position"))
        return fields | {"qty_lots": lots, "price_ticks": price, "leverage": 10 * opens} | given

    def place(
        self, account_id: int, side: str, lots: int, price: int = 0, **given: Any
    ) -> list[str]:
        """What follows from an order but for its acceptance."""
        lines = self.do("PlaceOrder", **self.order(account_id, side, lots, price, **given))
        return [line for line in lines if not line.startswith("accept")]

    def hold(self, account_id: int) -> int:
        """All holds of an account."""
        return self.venue.state.held(account_id, 1)

    def spent(self, account_id: int) -> int:
        """What is not free any more of what came in."""
        return DEPOSIT - self.venue.state.free[account_id, 1]


def told(fact: tuple[str, Fields]) -> str:
    """The facts that these stories are about, in few words; empty for all others."""
    name, f = fact
    match name:
        case "OrderAccepted":
            return f"accept {f['order_id']} {f['side']} {f['qty_lots']} @ {f['price_ticks']}"
        case "Traded":
            return f"trade {f['qty_lots']} @ {f['price_ticks']}"
        case "OrderAmended":
            return f"amend {f['order_id']} {f['qty_lots']}"
        case "OrderCancelled":
            reason = "" if f["reason"] == "NONE" else f" {f['reason']}"
            return f"cancel {f['order_id']} {f['cause']}{reason}"
        case "OrderTriggered":
            return f"trigger {f['order_id']}"
        case "PositionReduced":
            return f"reduce {f['account_id']} to {f['qty_lots']} {f['cause']} {f['paid_atoms']}"
        case "BookChanged":
            return f"book {f['side']} {f['price_ticks']} {f['qty_lots']}"
        case "Rejected":
            return f"refuse {f['reason']}"
        case "BatchItem":
            return f"item {f['place']}"
        case "CancelAfterFired":
            return f"timer {f['account_id']}"
    return ""


def test_a_partial_fill_pays_for_what_filled_and_holds_the_rest() -> None:
    floor = Floor()
    # 10 lots at 1,000 are worth 1,000,000: margin 100,000, maker fee 200.
    floor.place(ALICE, "SELL", 10, 1_000)
    assert floor.hold(ALICE) == 100_200

    assert floor.place(BOB, "BUY", 4, 1_005) == ["trade 4 @ 1000", "book SELL 1000 6"]

    assert floor.spent(BOB) == 40_000 + 200
    assert floor.hold(ALICE) == 60_000 + 120
    assert floor.spent(ALICE) == 40_000 + 80 + floor.hold(ALICE)
    state = floor.venue.state
    assert state.pool("fees", 1) == 280
    assert [(one.side, one.margin_atoms) for one in state.positions.values()] == [
        ("BUY", 40_000),
        ("SELL", 40_000),
    ]


def test_a_profit_is_owed_by_clearing() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(ALICE, "SELL", 4, 1_000)
    floor.place(BOB, "BUY", 4)
    floor.place(CAROL, "BUY", 4, 1_010)

    # Bob gains 4 × 10 × 100; Alice's short cost 400,000, Carol's long 404,000.
    assert floor.place(BOB, "SELL", 4)[1] == "reduce 2 to 0 ORDER 44000"
    assert floor.venue.state.clearing == {1: -4_000}
    assert floor.spent(BOB) == -4_000


def test_an_iceberg_queues_again_behind_those_at_its_price() -> None:
    floor = Floor()
    floor.place(ALICE, "SELL", 10, 1_000, display_lots=3)
    floor.place(BOB, "SELL", 3, 1_000)

    lines = floor.place(CAROL, "BUY", 8, 1_000)

    assert lines == ["trade 3 @ 1000", "trade 3 @ 1000", "trade 2 @ 1000", "book SELL 1000 1"]
    state = floor.venue.state
    (left,) = book.resting(state, state.markets[1], "SELL")
    # Orders 1 to 3, then the positions of Carol and Alice: the refill takes the next id.
    assert (left.order_id, left.qty_lots, left.visible_lots, left.priority) == (1, 5, 1, 6)


@pytest.mark.parametrize(
    ("mode", "lots", "lines"),
    [
        ("CANCEL_MAKER", 6, ["cancel 1 SELF_TRADE", "trade 5 @ 1001"]),
        ("CANCEL_TAKER", 6, ["cancel 3 SELF_TRADE"]),
        ("CANCEL_BOTH", 6, ["cancel 1 SELF_TRADE", "cancel 3 SELF_TRADE"]),
        ("DECREMENT", 2, ["amend 1 1", "cancel 3 SELF_TRADE"]),
        ("DECREMENT", 6, ["cancel 1 SELF_TRADE", "trade 3 @ 1001", "cancel 3 SELF_TRADE"]),
        ("DECREMENT", 9, ["cancel 1 SELF_TRADE", "trade 5 @ 1001", "amend 3 6"]),
    ],
)
def test_nobody_trades_with_himself(mode: str, lots: int, lines: list[str]) -> None:
    floor = Floor()
    floor.place(ALICE, "SELL", 3, 1_000)
    floor.place(BOB, "SELL", 5, 1_001)

    answer = floor.place(ALICE, "BUY", lots, 1_001, self_trade_prevention=mode)

    assert [line for line in answer if not line.startswith("book")] == lines


def test_all_or_nothing_counts_what_would_trade_with_others() -> None:
    floor = Floor()
    floor.place(ALICE, "SELL", 3, 1_000)
    floor.place(BOB, "SELL", 5, 1_001)

    assert floor.place(ALICE, "BUY", 6, 1_001, time_in_force="FOK") == ["refuse CANNOT_FILL"]
    assert floor.place(ALICE, "BUY", 5, 1_001, time_in_force="FOK") == [
        "cancel 1 SELF_TRADE",
        "trade 5 @ 1001",
        "book SELL 1000 0",
        "book SELL 1001 0",
    ]


def test_a_closing_order_gives_no_more_than_its_position_has_left() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(BOB, "SELL", 5, 1_000)
    floor.place(ALICE, "BUY", 5)
    floor.place(ALICE, "SELL", 5, 1_010, reduce_only=True)
    floor.place(ALICE, "SELL", 3, 1_005)

    assert floor.place(CAROL, "BUY", 8, 1_010) == [
        "trade 3 @ 1005",
        "reduce 1 to 2 ORDER 31500",
        "trade 2 @ 1010",
        "reduce 1 to 0 ORDER 22000",
        "cancel 5 POSITION_GONE",
        "book BUY 1010 3",
        "book SELL 1005 0",
        "book SELL 1010 0",
    ]


def test_an_amount_walks_the_book_until_it_buys_no_lot_more() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(BOB, "SELL", 2, 1_000)
    floor.place(BOB, "SELL", 5, 1_001)

    # 400,000 atoms: 2 lots at 100,000, then 1 of 100,100; 99,900 buy nothing.
    order = floor.order(ALICE, "BUY", 0, amount_atoms=40_000)
    lines = floor.do("PlaceOrder", **order)

    assert lines[:3] == ["accept 3 BUY 3 @ 0", "trade 2 @ 1000", "trade 1 @ 1001"]
    assert floor.spent(ALICE) == 20_000 + 10_010


def test_a_maker_short_of_a_rounding_is_filled_all_the_same() -> None:
    floor = Floor()
    # 3 lots at 1,001: margin 100,100, fee 61, and a tick worse than the mark: 300.
    floor.place(ALICE, "SELL", 3, 1_001, display_lots=1, leverage=3)
    assert floor.hold(ALICE) == 100_161
    floor.pay(ALICE, -(DEPOSIT - 100_161))

    floor.place(BOB, "BUY", 3, 1_001)

    # One at a time it is 33,367 and 21 each: 3 atoms more than there are.
    (short,) = [one for one in floor.venue.state.positions.values() if one.account_id == ALICE]
    assert (short.margin_atoms, short.initial_margin_atoms) == (100_098, 100_101)
    assert floor.venue.state.free[ALICE, 1] == 0


def ruined(insurance: int) -> tuple[Floor, list[str]]:
    """Alice, 10 lots long at 1,000, meets a mark of 904 and a bid of 4 at 902."""
    floor = Floor(**FREE_OF_CHARGE)
    floor.do("FundInsurance", asset="USD", amount_atoms=insurance, transfer_id="i")
    floor.place(BOB, "SELL", 10, 1_000, leverage=2)
    floor.place(ALICE, "BUY", 10)
    floor.place(CAROL, "BUY", 4, 902)
    # Equity 5,000 is more than 0.5 % of 905,000; 4,000 is not more than 0.5 % of 904,000.
    assert floor.do("UpdatePrice", **price_of(905)) == []
    return floor, floor.do("UpdatePrice", **price_of(904))


def test_insurance_takes_over_what_the_book_did_not_take() -> None:
    # 6 lots at 900 are 2,400 below the mark of 904 and need 2,712: 312 are enough.
    floor, lines = ruined(insurance=312)

    assert lines == [
        "accept 6 SELL 10 @ 900",
        "trade 4 @ 902",
        "reduce 1 to 6 LIQUIDATION 800",
        "reduce 1 to 0 LIQUIDATION 0",
        "accept 9 SELL 6 @ 900",
        "book BUY 902 0",
        "book SELL 900 6",
    ]
    assert floor.place(DAVE, "BUY", 6) == [
        "trade 6 @ 900",
        "reduce 0 to 0 ORDER 0",
        "book SELL 900 0",
    ]
    assert floor.venue.state.pool("insurance", 1) == 312


def test_without_insurance_the_other_side_closes_at_bankruptcy() -> None:
    floor, lines = ruined(insurance=311)

    # Bob's short closes 6 of 10 with a gain of 60,000, and 300,000 of his margin come back.
    assert lines == [
        "accept 6 SELL 10 @ 900",
        "trade 4 @ 902",
        "reduce 1 to 6 LIQUIDATION 800",
        "reduce 1 to 0 LIQUIDATION 0",
        "reduce 2 to 4 AUTO_DELEVERAGE 360000",
        "book BUY 902 0",
    ]
    assert floor.venue.state.markets[1].prices is not None
    assert floor.venue.state.markets[1].prices["LAST"] == 902


def test_partners_shrink_and_end_together() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(BOB, "SELL", 5, 1_000)
    floor.place(ALICE, "BUY", 5)
    closing: Fields = {"reduce_only": True, "oco_group": "exit"}
    floor.place(ALICE, "SELL", 5, 1_010, **closing)
    stop: Fields = {"order_type": "STOP_MARKET", "trigger_ticks": 990}
    floor.place(ALICE, "SELL", 5, **closing, **stop)

    assert floor.place(ALICE, "SELL", 1, **closing, **stop) == ["refuse BAD_COMBINATION"]
    assert floor.place(CAROL, "BUY", 2, 1_010) == [
        "trade 2 @ 1010",
        "reduce 1 to 3 ORDER 22000",
        "amend 6 3",
        "book SELL 1010 3",
    ]
    assert floor.place(CAROL, "BUY", 3, 1_010) == [
        "trade 3 @ 1010",
        "reduce 1 to 0 ORDER 33000",
        "cancel 6 OCO",
        "book SELL 1010 0",
    ]


def test_a_trade_fires_what_watches_the_last_price_though_later_trades_move_on() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(BOB, "SELL", 1, 990)
    floor.place(ALICE, "BUY", 1)  # The last price is 990.
    floor.place(BOB, "BUY", 1, 1_000)
    floor.place(BOB, "BUY", 5, 999)
    profit: Fields = {
        "order_type": "TAKE_PROFIT_MARKET",
        "trigger_ticks": 1_000,
        "trigger_source": "LAST",
    }
    floor.place(ALICE, "SELL", 1, reduce_only=True, **profit)

    # Bob's short loses 10 ticks of its margin of 9,900; Alice's long gains 9.
    assert floor.place(CAROL, "SELL", 2, 999) == [
        "trade 1 @ 1000",
        "reduce 2 to 0 ORDER 8900",
        "trade 1 @ 999",
        "trigger 7",
        "trade 1 @ 999",
        "reduce 1 to 0 ORDER 10800",
        "book BUY 1000 0",
        "book BUY 999 3",
    ]


def test_a_batch_goes_on_after_a_refusal() -> None:
    floor = Floor()
    items = [
        ("PlaceOrder", floor.order(ALICE, "BUY", 1, 999)),
        ("PlaceOrder", floor.order(ALICE, "BUY", 1, 10_000)),
        ("CancelOrder", {"account_id": ALICE, "order_id": 1, "client_order_id": ""}),
        ("PlaceOrder", floor.order(ALICE, "BUY", 2, 998)),
    ]

    assert floor.do("SubmitBatch", account_id=ALICE, items=items) == [
        "item 0",
        "accept 1 BUY 1 @ 999",
        "item 1",
        "refuse PRICE_BAND",
        "item 2",
        "cancel 1 USER",
        "item 3",
        "accept 2 BUY 2 @ 998",
        "book BUY 998 2",
    ]
    assert floor.do("SubmitBatch", account_id=BOB, items=items) == ["refuse BAD_COMBINATION"]
    assert floor.do("SubmitBatch", account_id=ALICE, items=[]) == ["refuse BAD_COMBINATION"]


def test_a_timer_that_runs_out_cancels_everything() -> None:
    floor = Floor()
    floor.do("CancelAfter", account_id=ALICE, timeout_ns=10 * SECOND_NS)
    floor.place(ALICE, "BUY", 1, 999)
    floor.place(BOB, "BUY", 1, 999)
    due = floor.venue.state.now_ns + 10 * SECOND_NS

    assert [told(fact) for fact in floor.venue.apply(due - 1, "AdvanceTime", {})] == [""]
    facts = floor.venue.apply(due, "AdvanceTime", {})

    assert [told(fact) for fact in facts] == [
        "timer 1",
        "cancel 1 CANCEL_AFTER",
        "",
        "book BUY 999 1",
    ]
