"""The oracle alone where a liquidation finds no buyer: insurance, then the other side."""

from tests.oracle.floor import ALICE, BOB, CAROL, DAVE, FREE_OF_CHARGE, Floor
from tests.oracle.stories import price_of


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


def test_insurance_that_holds_the_other_side_closes_it_first() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.do("FundInsurance", asset="USD", amount_atoms=10**6, transfer_id="i")
    floor.place(BOB, "SELL", 4, 1_000)
    floor.place(ALICE, "BUY", 4, leverage=2)
    # Bob's margin of 40,000 is gone at 1,100: insurance is short 4 from there, and offers them.
    assert floor.do("UpdatePrice", **price_of(1_096))[-1] == "book BUY 1100 4"
    floor.do("CancelOrders", account_id=1, instrument_id=1)
    floor.place(DAVE, "SELL", 10, 1_150, leverage=2)
    floor.place(CAROL, "BUY", 10, 1_150)

    # Carol's margin of 115,000 is gone at 1,035, where the fund's own bid is hers to hit first.
    lines = floor.do("UpdatePrice", **price_of(1_040))

    assert lines == [
        "accept 12 SELL 10 @ 1035",
        "trade 4 @ 1100",
        "reduce 3 to 6 LIQUIDATION 26000",
        "reduce 0 to 0 ORDER 0",
        "reduce 3 to 0 LIQUIDATION 0",
        "accept 14 SELL 6 @ 1035",
        "book BUY 1100 0",
        "book SELL 1035 6",
    ]


def test_who_gains_most_by_leverage_closes_first() -> None:
    floor = Floor(**FREE_OF_CHARGE)
    floor.place(BOB, "SELL", 4, 1_000, leverage=2)
    floor.place(CAROL, "SELL", 4, 1_000, leverage=4)
    floor.place(DAVE, "SELL", 4, 960, leverage=2)
    floor.place(ALICE, "BUY", 12)

    # 952,000 of cost to lose at a tenth of margin; the shorts gain alike but for their leverage.
    lines = floor.do("UpdatePrice", **price_of(890))

    assert [line.rsplit(" ", 1)[0] for line in lines if "DELEVERAGE" in line] == [
        "reduce 3 to 0 AUTO_DELEVERAGE",
        "reduce 2 to 0 AUTO_DELEVERAGE",
        "reduce 4 to 0 AUTO_DELEVERAGE",
    ]
