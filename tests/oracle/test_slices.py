"""The oracle alone where a position above the lowest tier is closed slice by slice (LIQ-9)."""

from tests.oracle.floor import ALICE, BOB, CAROL, FREE_OF_CHARGE, Floor
from tests.oracle.records import NOTIONAL_ATOMS_MAX
from tests.oracle.stories import price_of

# 0.5 % up to 600,000, 2 % of what is above.
TIERS = ((600_000, 500_000, 100), (NOTIONAL_ATOMS_MAX, 2_000_000, 50))


def alice_holds_ten() -> Floor:
    """Alice, 10 lots long at 1,000 with a margin of 100,000; they are worth 1,000,000."""
    floor = Floor(**FREE_OF_CHARGE, tiers=TIERS)
    floor.place(BOB, "SELL", 10, 1_000, leverage=2)
    floor.place(ALICE, "BUY", 10)
    # At 910 equity 10,000 is more than 0.02 × 910,000 − 9,000 = 9,200.
    assert floor.do("UpdatePrice", **price_of(910)) == []
    return floor


def test_a_slice_brings_the_position_down_to_the_tier_below() -> None:
    floor = alice_holds_ten()
    floor.place(CAROL, "BUY", 10, 905)

    # At 909 equity 9,000 is less than 9,180; 6 lots of 90,900 are within 600,000.
    assert floor.do("UpdatePrice", **price_of(909)) == [
        "accept 6 SELL 4 @ 900",
        "trade 4 @ 905",
        "reduce 1 to 6 LIQUIDATION 2000",
        "book BUY 905 6",
    ]
    # What is left has equity 60,000 − 54,600 = 5,400 and needs 2,727.
    (position,) = (one for one in floor.venue.state.positions.values() if one.account_id == ALICE)
    assert (position.qty_lots, position.cost_atoms, position.margin_atoms) == (6, 600_000, 60_000)


def test_the_next_slice_follows_while_the_position_is_still_liquidatable() -> None:
    floor = alice_holds_ten()
    floor.place(CAROL, "BUY", 10, 902)

    # At 903 the 6 lots left have equity 60,000 − 58,200 = 1,800 and need 2,709: they go too.
    assert floor.do("UpdatePrice", **price_of(903)) == [
        "accept 6 SELL 4 @ 900",
        "trade 4 @ 902",
        "reduce 1 to 6 LIQUIDATION 800",
        "accept 8 SELL 6 @ 900",
        "trade 6 @ 902",
        "reduce 1 to 0 LIQUIDATION 1200",
        "book BUY 902 0",
    ]


def test_what_neither_book_nor_fund_takes_closes_the_other_side_slice_by_slice() -> None:
    floor = alice_holds_ten()

    # 4 lots at 900 are 400 below the mark of 901, and the fund would need 1,802 to keep them.
    # Bob's short closes 4 lots at 900: 40,000 won, and 200,000 of his margin come back.
    assert floor.do("UpdatePrice", **price_of(901)) == [
        "accept 5 SELL 4 @ 900",
        "reduce 1 to 6 LIQUIDATION 0",
        "reduce 2 to 6 AUTO_DELEVERAGE 240000",
        "accept 6 SELL 6 @ 900",
        "reduce 1 to 0 LIQUIDATION 0",
        "reduce 2 to 0 AUTO_DELEVERAGE 360000",
    ]


def test_the_fund_takes_a_slice_over_and_offers_it() -> None:
    floor = alice_holds_ten()

    # 4 lots at 900 are 3,600 below the mark of 909 and need 1,818.
    assert floor.do("UpdatePrice", **price_of(909)) == [
        "accept 5 SELL 4 @ 900",
        "reduce 1 to 6 LIQUIDATION 0",
        "accept 7 SELL 4 @ 900",
        "book SELL 900 4",
    ]
