"""The ladder of refusals: every reason, in the order of the enum, before all later ones (ORD-4)."""

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from engine.commands import (
    KEEP,
    AdjustMargin,
    AmendOrder,
    AssignFeeTier,
    CancelOrder,
    ChangeInstrument,
    Command,
    Deposit,
    IssueToken,
    ListInstrument,
    OpenAccount,
    OrderType,
    PriceSource,
    RevokeToken,
    SetPositionExits,
    SetPositionMode,
    Side,
)
from engine.instrument import FeeBasis, MarginMode, PositionMode
from engine.reject_reason import RejectReason
from engine.units import E8, NOTIONAL_ATOMS_MAX, AccountId, InstrumentId, OrderId, PositionId
from tests.engine.book_ladders import BOOK_LADDERS
from tests.engine.ladders import LADDERS, Ladder
from tests.engine.venue import Venue, netting_spec, order, plain_spec, price

ALICE: Final = AccountId(1)
LAST_OF_THE_LADDER: Final = RejectReason.WOULD_LIQUIDATE
ALL_LADDERS: Final = {**LADDERS, **BOOK_LADDERS}


def trace(venue: Venue) -> tuple[object, ...]:
    """What a refused order must not change."""
    state, market = venue.state, venue.state.markets[1]
    assert market is not None
    depth = () if market.book is None else (market.book.depth_bids, market.book.depth_asks)
    shown = tuple(tuple(sorted(side.items())) for side in depth)
    counts = state.next_id, state.next_fill_id, state.orders.count, state.positions.count
    return *counts, venue.free(), venue.hold(), tuple(market.prices), shown


@pytest.mark.parametrize("kind", ALL_LADDERS)
def test_the_first_reason_that_applies_is_the_one_reported(kind: str) -> None:
    ladder = ALL_LADDERS[kind]()
    venue, fields = ladder.venue, dict(ladder.fields)
    reasons = [reason for reason, _ in ladder.rungs]
    assert reasons == sorted(reasons)

    for reason, cure in ladder.rungs:
        before = trace(venue)
        assert venue.names(order(**fields)) == [reason.name]
        assert trace(venue) == before, "a refused order leaves no trace"
        cure(venue, fields)
    assert venue.names(order(**fields))[0] == "OrderAccepted"


def reached_by(ladders: Iterable[Callable[[], Ladder]]) -> set[RejectReason]:
    """The reasons that stand on some rung."""
    return {reason for make in ladders for reason, _ in make().rungs}


def test_an_unknown_account_comes_before_all_that_follows() -> None:
    ladder = LADDERS["taking"]()

    fields = {**ladder.fields, "account_id": AccountId(99)}
    assert ladder.venue.names(order(**fields)) == ["UNKNOWN_ACCOUNT"]


def on_open_position(command: Callable[[], Command]) -> Callable[[], list[str]]:
    """What a command says to an account with 1,000, a position 2 and a market of its own."""

    def names() -> list[str]:
        venue = Venue(plain_spec(tiers=((10**17, 1_000_000, 100),)), deposits=(1_000,))
        venue.apply(order(qty_lots=100))
        venue.apply(IssueToken(ALICE, b"h" * 32, 1))
        return venue.names(command())

    return names


def far_price() -> list[str]:
    venue = Venue()
    venue.apply(price(200_000, feed="f", sequence=1))
    return venue.names(price(301_000, feed="f", sequence=2))


def late_price() -> list[str]:
    venue = Venue()
    venue.apply(price(200_000, feed="f", sequence=1))
    return venue.names(price(200_000, feed="f", sequence=1))


# One command for each reason of the commands that do not place orders.
OTHERS: Final[dict[RejectReason, Callable[[], list[str]]]] = {
    RejectReason.UNKNOWN_ORDER: on_open_position(lambda: CancelOrder(ALICE, OrderId(1), "")),
    RejectReason.UNKNOWN_ASSET: on_open_position(lambda: Deposit(ALICE, "EUR", 5, "t")),
    RejectReason.UNKNOWN_TOKEN: on_open_position(lambda: RevokeToken(b"x" * 32)),
    RejectReason.DUPLICATE_ACCOUNT: on_open_position(lambda: OpenAccount("user-1")),
    RejectReason.DUPLICATE_TOKEN: on_open_position(lambda: IssueToken(ALICE, b"h" * 32, 1)),
    RejectReason.DUPLICATE_SYMBOL: on_open_position(lambda: ListInstrument(plain_spec())),
    RejectReason.BAD_NAME: on_open_position(lambda: OpenAccount("a b")),
    RejectReason.BAD_AMOUNT: on_open_position(lambda: AdjustMargin(ALICE, PositionId(2), 0)),
    RejectReason.BAD_INSTRUMENT: on_open_position(lambda: ListInstrument(plain_spec(symbol=""))),
    RejectReason.INSTRUMENT_IN_USE: on_open_position(
        lambda: ChangeInstrument(InstrumentId(1), plain_spec(taker_fee_e8=1))
    ),
    RejectReason.MARGIN_TOO_LOW: on_open_position(lambda: AdjustMargin(ALICE, PositionId(2), -E8)),
    RejectReason.MODE_IN_USE: on_open_position(
        lambda: SetPositionMode(ALICE, InstrumentId(1), PositionMode.HEDGING)
    ),
    RejectReason.BAD_FEE_TIER: on_open_position(lambda: AssignFeeTier(ALICE, -1)),
    RejectReason.PRICE_OUT_OF_SEQUENCE: late_price,
    RejectReason.PRICE_BEYOND_BAND: far_price,
}


@pytest.mark.parametrize("reason", OTHERS, ids=lambda reason: reason.name)
def test_every_other_reason_is_reachable(reason: RejectReason) -> None:
    assert OTHERS[reason]() == [reason.name]


def test_every_reason_of_the_enum_is_reached() -> None:
    reached = reached_by(LADDERS.values()) | {RejectReason.UNKNOWN_ACCOUNT} | OTHERS.keys()

    assert reached == set(RejectReason) - {RejectReason.NONE}
    ladder = {r for r in RejectReason if 0 < r <= LAST_OF_THE_LADDER}
    assert ladder <= reached - OTHERS.keys()
    assert ladder == reached_by(BOOK_LADDERS.values()) | {RejectReason.UNKNOWN_ACCOUNT}


AMENDS: Final[dict[str, tuple[dict[str, int], RejectReason]]] = {
    "nothing": ({}, RejectReason.BAD_COMBINATION),
    "negative": ({"qty_lots": -1, "price_ticks": 10**12}, RejectReason.BAD_COMBINATION),
    "both sizes": ({"qty_lots": 1, "amount_atoms": 1}, RejectReason.BAD_COMBINATION),
    "price": ({"price_ticks": 10**12, "qty_lots": 10**15 + 1}, RejectReason.BAD_PRICE),
    "quantity": ({"price_ticks": 1_000, "qty_lots": 10**15 + 1}, RejectReason.BAD_QUANTITY),
    "band": ({"price_ticks": 250_000, "qty_lots": 1}, RejectReason.PRICE_BAND),
    "notional": ({"qty_lots": 1}, RejectReason.MIN_NOTIONAL),
    "tier": ({"qty_lots": 9_000, "price_ticks": 200_000}, RejectReason.RISK_TIER),
    "taking": ({"qty_lots": 100, "price_ticks": 200_000}, RejectReason.WOULD_TAKE),
    "funds": ({"qty_lots": 6_000}, RejectReason.INSUFFICIENT_BALANCE),
}


@pytest.mark.parametrize("way", AMENDS)
def test_an_amend_is_judged_by_the_same_ladder(way: str) -> None:
    """AMD-1, AMD-3: the order as it would be is refused for the first reason, and stays."""
    spec = plain_spec(
        price_band_e8=20_000_000,
        notional_atoms_min=100 * E8,
        tiers=((150_000 * E8, 0, 100), (10**17, 1, 1)),
    )
    venue = Venue(spec)
    venue.apply(order(qty_lots=10, price_ticks=190_000, post_only=True))
    terms = {"price_ticks": 0, "trigger_ticks": 0, "qty_lots": 0, "amount_atoms": 0}
    asked, reason = AMENDS[way]

    amend = AmendOrder(ALICE, OrderId(1), "", **{**terms, **asked})
    assert venue.names(amend) == [reason.name]
    kept = venue.order(1)
    assert (kept.price_ticks, kept.qty_lots, kept.priority) == (190_000, 10, 1)
    assert venue.hold() == 19 * E8


def test_exits_are_judged_in_their_own_order() -> None:
    """EXI-6: who, what, halted, source, prices, and last whether they are true already."""
    venue = Venue()
    venue.apply(order(qty_lots=100))

    def exits(account: int, position: int, source: PriceSource, stop_loss: int) -> list[str]:
        ids = AccountId(account), PositionId(position)
        return venue.names(SetPositionExits(*ids, stop_loss, KEEP, KEEP, source))

    wrong = 10**12
    assert exits(99, 99, PriceSource.BID, wrong) == ["UNKNOWN_ACCOUNT"]
    assert exits(1, 99, PriceSource.BID, wrong) == ["UNKNOWN_POSITION"]
    assert exits(1, 2, PriceSource.BID, wrong) == ["BAD_COMBINATION"]
    assert exits(1, 2, PriceSource.LAST, wrong) == ["BAD_PRICE"]
    assert exits(1, 2, PriceSource.LAST, 200_000) == ["WOULD_TRIGGER"]
    assert exits(1, 2, PriceSource.LAST, 199_999) == ["ExitsChanged"]


TRAILS: Final[dict[str, tuple[dict[str, int], str]]] = {
    "neither": ({}, "BAD_COMBINATION"),
    "negative": ({"trail_ticks": -1, "trail_e8": E8}, "BAD_COMBINATION"),
    "on the bid": ({"trail_ticks": 1, "trigger_source": PriceSource.BID}, "BAD_COMBINATION"),
    "far": ({"trail_ticks": 25_000_001}, "BAD_PRICE"),
    "all of it": ({"trail_e8": E8}, "BAD_PRICE"),
    "widest": ({"trail_ticks": 25_000_000, "trail_e8": E8 - 1}, "OrderAccepted"),
    "narrowest": ({"trail_e8": 1}, "OrderAccepted"),
    "there already": ({"trail_ticks": 1, "trigger_ticks": 200_000}, "WOULD_TRIGGER"),
}


@pytest.mark.parametrize("way", TRAILS)
def test_a_trailing_stop_has_bounds(way: str) -> None:
    """TRL-2, as an order and, but for its activation, as what an order attaches (TRL-4)."""
    fields, said = TRAILS[way]
    venue = Venue(netting_spec())
    kind = OrderType.TRAILING_STOP
    assert venue.names(order(qty_lots=5, order_type=kind, **fields))[-1] == said

    attached = {name: value for name, value in fields.items() if name.startswith("trail_")}
    expected = said if attached and said != "WOULD_TRIGGER" else "OrderAccepted"
    if way != "on the bid":
        accepted = venue.names(order(qty_lots=5, price_ticks=190_000, **attached))[-1]
        assert accepted == expected


def test_a_trailing_exit_is_judged_with_the_others() -> None:
    """TRL-4, EXI-6: bounds before what is true already; negative numbers are bad prices here."""
    venue = Venue()
    venue.apply(order(qty_lots=100))

    def exits(stop_loss: int, ticks: int, rate_e8: int) -> list[str]:
        ids = ALICE, PositionId(2)
        command = SetPositionExits(*ids, stop_loss, KEEP, KEEP, PriceSource.MARK, ticks, rate_e8)
        return venue.names(command)

    assert exits(200_000, -1, KEEP) == exits(200_000, 25_000_001, 0) == ["BAD_PRICE"]
    assert exits(200_000, KEEP, -1) == exits(200_000, 0, E8) == ["BAD_PRICE"]
    assert exits(200_000, 1, 1) == ["WOULD_TRIGGER"]
    assert exits(KEEP, 1, 1) == exits(KEEP, 0, 0) == ["ExitsChanged"]


def test_cross_tickets_share_the_cap_of_their_side() -> None:
    """TIR-1: positions at the mark, openers that rest, and the order, all of one side."""
    tiers = ((100_000 * E8, 500_000, 100), (NOTIONAL_ATOMS_MAX, 10_000_000, 5))
    basis = {"margin_mode": MarginMode.CROSS, "fee_basis": FeeBasis.NOTIONAL}
    venue = Venue(plain_spec(tiers=tiers, leverage_max=50, **basis), deposits=(100_000,))
    opened = ["OrderAccepted", "OrderFilled", "PositionOpened"]

    assert venue.names(order(qty_lots=2_000, leverage=50)) == opened
    assert venue.names(order(qty_lots=2_000, leverage=50, price_ticks=100_000)) == ["OrderAccepted"]
    assert venue.names(order(qty_lots=2_001, leverage=50)) == ["RISK_TIER"]
    assert venue.names(order(qty_lots=2_000, leverage=50, side=Side.SELL)) == opened
    assert venue.names(order(qty_lots=2_000, leverage=50)) == opened
    assert venue.names(order(qty_lots=1, leverage=50)) == ["RISK_TIER"]
    assert venue.names(order(qty_lots=1, leverage=5)) == opened
