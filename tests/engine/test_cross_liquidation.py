"""What a cross account closes, how much of it and at what price (LIQ-10, LIQ-11, CRS-5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands import ListInstrument, Side
from engine.cross import CrossAccount
from engine.cross_liquidation import bankruptcy_prices, lots_to_close
from engine.events import CancelCause
from engine.margin import profit_atoms
from engine.units import E8, AccountId, AssetId, InstrumentId
from tests.engine.venue import K, Venue, cross_spec, order, price

ALICE = AccountId(1)
ETH = InstrumentId(2)
ONE_PERCENT = ((10**17, 1_000_000, 100),)


def account_of(venue: Venue) -> CrossAccount:
    account = venue.state.cross_account(AssetId(1), ALICE)
    assert account is not None
    return account


def leveraged(lots: int = 900, insurance: int = 0, **terms: int) -> Venue:
    """A thousand behind lots that were worth 20 each."""
    venue = Venue(cross_spec(tiers=ONE_PERCENT, **terms), insurance=insurance)
    venue.apply(order(qty_lots=lots, leverage=50))
    return venue


def two_markets(deposit: int) -> Venue:
    """A lot of the first is worth 20, of the second 2."""
    venue = Venue(cross_spec(tiers=ONE_PERCENT), deposits=(deposit,))
    venue.apply(ListInstrument(cross_spec(symbol="ETH/USDT", base="ETH", tiers=ONE_PERCENT)))
    venue.apply(price(20_000, instrument=2))
    return venue


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2_000), st.sampled_from([0, 100_000]), st.sampled_from([0, 200_000]))
def test_only_as_much_is_closed_as_is_needed(
    below: int, taker_e8: int, liquidation_e8: int
) -> None:
    """The last tick at which 900 lots can stay, and up to one percent below it."""
    venue = leveraged(taker_fee_e8=taker_e8, liquidation_fee_e8=liquidation_e8)
    account = account_of(venue)
    last = next(
        ticks
        for ticks in range(189_000, 200_000)
        if account.wallet_atoms() * E8 + account.standings[1].exposure.health_e8(ticks) >= 1
    )
    said = venue.say(price(last - below))

    fills = [e["qty_lots"] for e in said if e["event"] == "OrderFilled"]
    closed = sum(fills)
    assert 1 <= closed <= 900
    if closed == 900:
        return
    # A lot frees maintenance less fees; with one lot fewer, health would not have been enough
    # (each close rounds its fees up, by less than two atoms).
    freed_e8 = (last - below) * K * (1_000_000 - taker_e8 - liquidation_e8)
    assert 1 <= account.health_e8() <= freed_e8 + 2 * E8 * len(fills)


def test_closing_that_frees_nothing_closes_all() -> None:
    """Fees of one percent eat what one percent of maintenance frees: g is 0."""
    venue = leveraged(taker_fee_e8=500_000, liquidation_fee_e8=500_000)
    held = venue.position(2)
    venue.state.markets[1].prices[3] = 190_000  # type: ignore[union-attr]

    assert lots_to_close(account_of(venue), held) == 900


@pytest.mark.parametrize(("second_lots", "first_closed"), [(4_000, 2), (4_100, 4)])
def test_the_largest_maintenance_goes_first_then_the_lowest_id(
    second_lots: int, first_closed: int
) -> None:
    """Both lost 5.5 %; values of 7,560 each are equal, 7,749 is more.  All orders go before."""
    venue = two_markets(1_000)
    venue.apply(order(qty_lots=400, leverage=50))
    venue.apply(order(instrument_id=ETH, qty_lots=second_lots, leverage=50))
    venue.apply(order(qty_lots=10, price_ticks=150_000, leverage=0))
    assert venue.names(price(189_000)) == ["PriceAccepted"]
    said = venue.say(price(18_900, instrument=2))

    assert [e["event"] for e in said[:3]] == [
        "PriceAccepted",
        "AccountLiquidated",
        "OrderCancelled",
    ]
    assert (said[2]["order_id"], said[2]["cause"]) == (5, CancelCause.LIQUIDATION)
    fills = [e["position_id"] for e in said if e["event"] == "OrderFilled"]
    assert fills[0] == first_closed
    assert account_of(venue).health_e8() >= 1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(50, 400),
    st.sampled_from(list(Side)),
    st.integers(500, 4_000),
    st.sampled_from(list(Side)),
    st.integers(195_000, 205_000),
    st.integers(19_500, 20_500),
)
def test_closed_at_their_bankruptcy_prices_positions_use_up_the_equity(
    first: int, first_side: Side, second: int, second_side: Side, btc: int, eth: int
) -> None:
    """LIQ-11: each price is the first tick at which its share of the equity is not overdrawn."""
    venue = two_markets(2_000)
    venue.apply(order(side=first_side, qty_lots=first, leverage=50))
    venue.apply(order(instrument_id=ETH, side=second_side, qty_lots=second, leverage=50))
    venue.apply(price(btc))
    venue.apply(price(eth, instrument=2))
    account = account_of(venue)
    prices = bankruptcy_prices(account)

    left = account.wallet_atoms()
    for held in account.positions():
        ticks = prices[held.position_id]
        left += profit_atoms(held.side, held.qty_lots, held.cost_atoms, ticks, K)
    lot_ticks = sum(held.qty_lots for held in account.positions())
    assert 0 <= left <= lot_ticks * K + 2


@pytest.mark.parametrize(("taker_e8", "waived", "insurance"), [(0, 0, 350), (100_000, 16, 350)])
def test_what_an_empty_account_owes_is_waived_and_insured(
    taker_e8: int, waived: int, insurance: int
) -> None:
    """Bought at 20,000 for 18,000: at 18,500 it lost 1,350.  The fee of 16.65 is waived."""
    venue = leveraged(insurance=1_000, taker_fee_e8=taker_e8)
    opening_fee = 18 if taker_e8 else 0
    said = venue.say(price(185_000))

    [settled] = [e for e in said if e["event"] == "DebtSettled"]
    paid = (insurance + opening_fee) * E8
    assert settled["waived_atoms"] == (16_65000000 if waived else 0)
    assert settled["insurance_paid_atoms"] == paid
    assert venue.free() == 0
    assert venue.state.ledger.assets[1].insurance_atoms == 1_000 * E8 - paid


@pytest.mark.parametrize(
    ("bid", "cancelled", "free", "insurance_paid"),
    [(107_000, [5], 10, None), (103_500, [5, 4], 5, None), (99_000, [5, 4, 3], 0, 10)],
)
def test_a_debt_cancels_openers_newest_first(
    bid: int, cancelled: list[int], free: int, insurance_paid: int | None
) -> None:
    """Flat after a bad close: 90 are held in the other market, the newest would fill first."""
    venue = two_markets(1_000)
    venue.apply(order(qty_lots=100, leverage=50))
    for lots, ticks in ((1_500, 10_000), (1_000, 15_000), (800, 18_750)):
        venue.apply(order(instrument_id=ETH, qty_lots=lots, price_ticks=ticks, leverage=50))
    assert venue.hold() == 90 * E8
    venue.apply(price(bid, 200_000, 200_000, 200_000, 200_000))
    said = venue.say(order(side=Side.SELL, qty_lots=100, leverage=0, reduce_only=True))

    gone = [(e["order_id"], e["cause"]) for e in said if e["event"] == "OrderCancelled"]
    assert gone == [(number, CancelCause.HOLD_SHORT) for number in cancelled]
    settled = [e["insurance_paid_atoms"] for e in said if e["event"] == "DebtSettled"]
    assert settled == ([] if insurance_paid is None else [insurance_paid * E8])
    kept = 30 * (3 - len(cancelled)) * E8
    assert (venue.free(), venue.hold()) == (free * E8, kept)
