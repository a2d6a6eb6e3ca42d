"""What stands behind cross positions and what it may back (CRS-1, CRS-2, CRS-3, CRS-7)."""

import pytest

from engine.commands import Leg, ListInstrument, SetMarginMode, Side, Withdraw
from engine.cross import CrossAccount, equity_after_close_atoms, spendable_atoms
from engine.instrument import MarginMode
from engine.units import E8, AccountId, AssetId, InstrumentId, PositionId
from tests.engine.books import market_of
from tests.engine.venue import Venue, cross_spec, order, plain_spec, price

ALICE = AccountId(1)
USDT = AssetId(1)
ONE_PERCENT = ((10**17, 1_000_000, 100),)
TWO_PERCENT = ((10**17, 2_000_000, 100),)


def two_markets(**settings: int) -> Venue:
    """A thousand; a lot of the first market is worth 20, of the second 2."""
    venue = Venue(cross_spec(tiers=ONE_PERCENT, **settings))
    eth = cross_spec(symbol="ETH/USDT", base="ETH", tiers=TWO_PERCENT, **settings)
    venue.apply(ListInstrument(eth))
    venue.apply(price(20_000, instrument=2))
    return venue


def account_of(venue: Venue) -> CrossAccount:
    account = venue.state.cross_account(USDT, ALICE)
    assert account is not None
    return account


def spendable(venue: Venue) -> tuple[float, float]:
    """For cross keys, and for everything else."""
    ids = USDT, ALICE
    cross = spendable_atoms(venue.state, *ids, cross=True)
    isolated = spendable_atoms(venue.state, *ids, cross=False)
    return cross / E8, isolated / E8


def test_without_cross_positions_free_is_spendable() -> None:
    venue = two_markets()
    venue.apply(order(qty_lots=10, price_ticks=190_000))

    assert venue.state.cross_account(USDT, ALICE) is None
    assert spendable(venue) == (1_000 - 19, 1_000 - 19)


@pytest.mark.parametrize(
    ("ticks", "profit", "initial", "cross", "isolated"),
    [
        (200_000, 0, 200, 800, 800),
        (210_000, 100, 210, 890, 790),
        (190_000, -100, 190, 710, 710),
    ],
)
def test_profit_on_paper_backs_cross_orders_only(
    ticks: int, profit: int, initial: int, cross: int, isolated: int
) -> None:
    """A hundred lots for 2,000 at ten times."""
    venue = two_markets()
    venue.apply(order(qty_lots=100))
    venue.apply(price(ticks))

    account = account_of(venue)
    assert account.profit_atoms() == profit * E8
    assert account.initial_margin_atoms() == initial * E8
    assert spendable(venue) == (cross, isolated)
    too_much = Withdraw(ALICE, "USDT", isolated * E8 + 1, "a")
    assert venue.names(too_much) == ["INSUFFICIENT_BALANCE"]
    assert venue.names(Withdraw(ALICE, "USDT", isolated * E8, "b")) == ["Withdrawn"]


def test_it_adds_up_over_markets_and_sides() -> None:
    """Long 100 lots of the first, short 200 of the second: 2,000 and 400; an order holds 19."""
    venue = two_markets()
    venue.apply(order(qty_lots=100))
    venue.apply(order(instrument_id=InstrumentId(2), side=Side.SELL, qty_lots=200, leverage=5))
    venue.apply(order(qty_lots=10, price_ticks=190_000))
    venue.apply(price(201_000))
    venue.apply(price(20_500, instrument=2))

    account = account_of(venue)
    assert [p.position_id for p in account.positions()] == [2, 4]
    assert account.wallet_atoms() == 1_000 * E8
    assert account.profit_atoms() == (10 - 10) * E8
    assert account.initial_margin_atoms() == (201 + 82) * E8
    assert account.maintenance_e8() == (2_010 * 1_000_000 + 410 * 2_000_000) * E8
    assert account.health_e8() == account.equity_atoms() * E8 - account.maintenance_e8()
    assert spendable(venue) == (1_000 - 19 - 283, 1_000 - 19 - 283)


def test_a_cross_position_has_no_margin_and_pays_its_fees_from_free() -> None:
    """CRS-3, CRS-7: 0.1 % of 2,000, then of 2,100; no liquidation tick of its own."""
    venue = two_markets(taker_fee_e8=100_000)
    venue.apply(order(qty_lots=100))
    held = venue.position(2)
    assert (held.margin_atoms, held.initial_margin_atoms) == (0, 200 * E8)
    assert (held.liquidation, venue.free()) == (None, 998 * E8)

    venue.apply(price(210_000))
    said = venue.say(order(side=Side.SELL, qty_lots=100, leverage=0, reduce_only=True))
    [reduced] = [e for e in said if e["event"] == "PositionReduced"]
    assert reduced["paid_atoms"] == 97_90000000
    assert venue.free() == 1_095_90000000


def test_the_last_position_takes_the_bands_with_it() -> None:
    venue = two_markets()
    venue.apply(order(qty_lots=300))
    account = account_of(venue)
    standing = account.standings[1]
    assert standing.lower.levels is market_of(venue).falling[3]
    assert standing.upper.levels is None

    venue.apply(order(side=Side.SELL, qty_lots=300, leverage=0, reduce_only=True))
    assert account.standings == {}
    assert standing.lower.levels is None


def test_equity_after_a_close_is_what_the_price_does_to_those_lots() -> None:
    venue = two_markets()
    venue.apply(order(qty_lots=100))
    held = venue.position(2)
    equity = equity_after_close_atoms(venue.state, held, 40, 199_000)

    assert equity == (1_000 - 4) * E8
    venue.apply(price(199_000, 200_000, 200_000, 200_000, 200_000))
    closing = {"leverage": 0, "reduce_only": True}
    venue.apply(order(side=Side.SELL, qty_lots=40, **closing))
    assert account_of(venue).equity_atoms() == equity


def test_tickets_of_a_cross_key_stand_together() -> None:
    venue = Venue(plain_spec())
    venue.apply(SetMarginMode(ALICE, InstrumentId(1), Leg.NONE, MarginMode.CROSS))
    venue.apply(order(qty_lots=10, leverage=20))
    venue.apply(order(side=Side.SELL, qty_lots=4, leverage=5))

    account = account_of(venue)
    exposure = account.standings[1].exposure
    assert (exposure.long_lots, exposure.short_lots) == (10, 4)
    assert account.initial_margin_atoms() == (10 + 16) * E8
    venue.apply(order(side=Side.SELL, qty_lots=10, position_id=PositionId(2)))
    assert [p.position_id for p in account.positions()] == [4]
