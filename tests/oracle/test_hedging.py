"""The oracle alone where an account has a long and a short in one market (KEY-…)."""

from tests.oracle.floor import ALICE, BOB, CAROL, FREE_OF_CHARGE, Floor
from tests.oracle.records import Position


def hedging() -> Floor:
    """Alice hedges; Bob sells 10 at 1,000 and buys 10 at 990."""
    floor = Floor(**FREE_OF_CHARGE)
    floor.do("SetPositionMode", account_id=ALICE, instrument_id=1, mode="HEDGING")
    floor.place(BOB, "SELL", 10, 1_000)
    floor.place(CAROL, "BUY", 10, 990)
    return floor


def of_alice(floor: Floor) -> list[tuple[str, str, int]]:
    """Leg, side and lots of her positions."""
    held: list[Position] = [
        one for one in floor.venue.state.positions.values() if one.account_id == ALICE
    ]
    return [(one.leg, one.side, one.qty_lots) for one in held]


def test_both_legs_are_open_at_once_each_with_its_margin() -> None:
    floor = hedging()

    floor.place(ALICE, "BUY", 6, leg="LONG")
    floor.place(ALICE, "SELL", 4, leg="SHORT", leverage=5)

    assert of_alice(floor) == [("LONG", "BUY", 6), ("SHORT", "SELL", 4)]
    # A tenth of 600,000 and a fifth of 4 lots at 990.
    assert floor.spent(ALICE) == 60_000 + 79_200


def test_the_other_side_of_a_leg_only_closes_and_never_flips() -> None:
    floor = hedging()
    floor.place(ALICE, "BUY", 6, leg="LONG")

    assert floor.place(ALICE, "SELL", 10, leg="LONG", leverage=0) == [
        "trade 6 @ 990",
        "reduce 1 to 0 ORDER 54000",
        "book BUY 990 4",
    ]
    assert of_alice(floor) == []
    refused = floor.place(ALICE, "SELL", 10, leg="LONG", leverage=0)
    assert refused == ["refuse NOTHING_TO_REDUCE"]


def test_a_leg_is_named_in_hedging_and_nowhere_else() -> None:
    floor = hedging()

    assert floor.place(ALICE, "BUY", 1) == ["refuse BAD_COMBINATION"]
    assert floor.place(BOB, "BUY", 1, 900, leg="LONG") == ["refuse BAD_COMBINATION"]
    opener = floor.place(ALICE, "BUY", 1, leg="LONG", reduce_only=True)
    assert opener == ["refuse BAD_COMBINATION"]


def test_a_mode_does_not_change_while_anything_is_open() -> None:
    floor = hedging()
    floor.place(ALICE, "BUY", 1, 900, leg="LONG")
    mode = {"account_id": ALICE, "instrument_id": 1}

    assert floor.do("SetPositionMode", **mode, mode="NETTING") == ["refuse MODE_IN_USE"]
    # The short leg is idle, the long one is not.
    margin = {**mode, "margin_mode": "CROSS"}
    assert floor.do("SetMarginMode", **margin, leg="LONG") == ["refuse MODE_IN_USE"]
    assert floor.do("SetMarginMode", **margin, leg="SHORT") == []
    assert floor.do("SetMarginMode", **margin, leg="NONE") == ["refuse BAD_COMBINATION"]


def test_self_trade_prevention_reaches_the_other_leg_and_frees_its_hold() -> None:
    floor = hedging()
    floor.place(ALICE, "BUY", 5, 995, leg="LONG")
    assert floor.hold(ALICE) == 49_750

    # Her own bid of 995 goes; Carol buys at 990.
    assert floor.place(ALICE, "SELL", 2, leg="SHORT") == [
        "cancel 3 SELF_TRADE",
        "trade 2 @ 990",
        "book BUY 995 0",
        "book BUY 990 8",
    ]
    assert floor.hold(ALICE) == 0
