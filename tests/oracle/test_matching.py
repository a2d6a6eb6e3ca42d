"""The oracle alone in an order-driven market: numbers worked by hand, and no engine."""

import pytest

from tests.oracle import book
from tests.oracle.floor import ALICE, BOB, CAROL, DEPOSIT, FREE_OF_CHARGE, Floor, told
from tests.oracle.records import Fields
from tests.oracle.stories import SECOND_NS


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


def test_an_amount_that_buys_nothing_more_at_a_price_does_not_look_at_the_next() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(BOB, "BUY", 4, 1_000)
    floor.place(BOB, "BUY", 1, 900)

    # 490,000 atoms: 4 lots at 100,000; the other 90,000 would be a lot at 900, but not at 1,000.
    order = floor.order(ALICE, "SELL", 0, amount_atoms=49_000)
    lines = floor.do("PlaceOrder", **order)

    assert lines == ["accept 3 SELL 4 @ 0", "trade 4 @ 1000", "book BUY 1000 0"]


def test_a_buy_above_the_mark_holds_what_it_would_lose_at_once() -> None:
    floor = Floor(**FREE_OF_CHARGE)

    floor.place(ALICE, "BUY", 3, 1_002)

    assert floor.hold(ALICE) == 30_060 + 3 * 2 * 100


def test_a_maker_short_of_a_rounding_is_filled_all_the_same() -> None:
    floor = Floor()
    # 3 lots at 1,001: margin 100,100 and fee 61.
    floor.place(ALICE, "SELL", 3, 1_001, display_lots=1, leverage=3)
    assert floor.hold(ALICE) == 100_161
    floor.pay(ALICE, -(DEPOSIT - 100_161))

    floor.place(BOB, "BUY", 3, 1_001)

    # One at a time it is 33,367 and 21 each: 3 atoms more than there are.
    (short,) = [one for one in floor.venue.state.positions.values() if one.account_id == ALICE]
    assert (short.margin_atoms, short.initial_margin_atoms) == (100_098, 100_101)
    assert floor.venue.state.free[ALICE, 1] == 0


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
