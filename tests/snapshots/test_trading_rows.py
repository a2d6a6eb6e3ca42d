"""What accounts have in markets comes back from its rows, and goes on as if nothing had been."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.commands import (
    KEEP,
    AdvanceTime,
    AssignFeeTier,
    Command,
    OrderType,
    PriceSource,
    SamplePremium,
    SetFeeTier,
    SetPositionExits,
    Side,
)
from engine.engine import Engine
from engine.instrument import FeeBasis
from engine.invariants import check
from engine.position import Position
from engine.state import State
from engine.units import E8, AccountId, InstrumentId, PositionId
from snapshots.snapshot import load_sections, sections, state_hash
from snapshots.store import SnapshotStore
from tests.engine.traffic import Traffic
from tests.engine.traffic_venue import opening_commands
from tests.engine.venue import SECOND_NS, START_NS, Venue, cross_spec, netting_spec, order, price
from wal.directory import initialise
from wal.files import Files
from wal.recovery import recover

ALICE, BOB = AccountId(1), AccountId(2)
BTC = InstrumentId(1)
MINUTE_NS = 60 * SECOND_NS
STEEP = {
    "funding_interval_ns": MINUTE_NS,
    "funding_interest_e8": 5_000_000,
    "funding_clamp_e8": 5_000_000,
    "funding_cap_e8": 50_000_000,
    "stale_after_ns": 0,
}


def reloaded(state: State) -> Engine:
    """An engine on the same state, by way of its rows."""
    again = load_sections(list(sections(state)))
    check(again)
    assert list(sections(again)) == list(sections(state))
    return Engine(again)


def both(venue: Venue, again: Engine, command: Command, after_ns: int = 0) -> list[str]:
    """What the venue says; the reloaded one says the same."""
    said = venue.names(command, after_ns)
    again.apply(venue.state.sequence, venue.time_ns, command)
    assert again.state.event_chain == venue.state.event_chain
    assert state_hash(again.state) == state_hash(venue.state)
    return said


@pytest.mark.parametrize("seed", [11, 12])
def test_random_traffic_goes_on_after_a_reload(
    seed: int, count: Callable[[str, int], None]
) -> None:
    """Every thousand commands the engine is replaced by one that was read from rows."""
    engine, again = Engine(State()), Engine(State())
    time_ns = START_NS
    for command in opening_commands():
        for one in (engine, again):
            one.apply(one.state.sequence + 1, time_ns, command)
    traffic = Traffic(seed, engine.state)
    for step in range(4_000):
        time_ns += traffic.chance.randint(0, SECOND_NS)
        command = traffic.next_command()
        for one in (engine, again):
            one.apply(one.state.sequence + 1, time_ns, command)
        assert again.state.event_chain == engine.state.event_chain, step
        if step % 500 == 0:
            again = reloaded(again.state)
    assert state_hash(again.state) == state_hash(engine.state)
    count("commands after a reload", 4_000)


def test_a_stamp_between_the_snapshot_and_the_end_is_paid_once(tmp_path: Path) -> None:
    """FUN-3: the samples, the stamp that is next and what is owed are in the snapshot."""
    venue = Venue(netting_spec(**STEEP | {"funding_interest_e8": 10_000}))
    venue.apply(order(qty_lots=100, leverage=100))
    venue.apply(price(202_000, 202_000, 200_000, 200_000, 200_000))
    venue.apply(SamplePremium(BTC))
    venue.apply(AdvanceTime(), after_ns=MINUTE_NS)  # 1 % − (0.99 % ≤ 5 %): the interest
    venue.apply(SamplePremium(BTC))
    files = Files()
    initialise(files, tmp_path / "data", bytes(16))
    store = SnapshotStore(files, tmp_path / "data", recover(files, tmp_path / "data").ledger_id)
    store.write(venue.state, [])

    loaded = store.newest_valid(venue.state.sequence)
    assert loaded is not None
    again = Engine(loaded.state)
    said = both(venue, again, AdvanceTime(), after_ns=MINUTE_NS)
    assert said == ["FundingSettled", "FundingPaid", "TimeAdvanced"]
    assert both(venue, again, AdvanceTime()) == ["TimeAdvanced"]
    assert again.state.ledger.assets[1].house_atoms == 2 * 2_000 * E8 // 10_000


def test_what_funding_made_due_is_still_due(count: Callable[[str, int], None]) -> None:
    """FUN-6: an isolated margin that is gone, and a cross account that is insolvent by it."""
    for make, said in ((netting_spec, "LiquidationStep"), (cross_spec, "AccountLiquidated")):
        venue = Venue(make(**STEEP, tiers=((10**17, 100_000, 100),)), deposits=(101,))
        venue.apply(order(qty_lots=100, leverage=100))
        venue.apply(AdvanceTime(), after_ns=MINUTE_NS)
        again = reloaded(venue.state)
        [position] = again.state.positions.values()
        assert position.accrued_atoms == (80 * E8 if make is netting_spec else 0)

        assert both(venue, again, AdvanceTime()) == ["TimeAdvanced"]
        assert said in both(venue, again, price(200_001))
        count("liquidations due by funding, after a reload", 1)


def trailing_of(position: Position) -> list[int]:
    """The extremes that a position's pairs follow."""
    return [pair.extreme_ticks() for pair in position.pairs or []]


def test_trailing_stops_keep_their_extremes() -> None:
    """TRL-3, TRL-4: orders that follow, one that waits, a pair and a position's own."""
    trailing = {"order_type": OrderType.TRAILING_STOP, "reduce_only": True}
    venue = Venue(netting_spec(stale_after_ns=0))
    venue.apply(order(qty_lots=100, trail_ticks=5_000))
    venue.apply(SetPositionExits(ALICE, PositionId(2), 0, 0, 0, PriceSource.LAST, 0, E8 // 10))
    for trigger, ticks in ((0, 3_000), (0, 2_000), (203_000, 1_000)):
        terms = {"side": Side.SELL, "qty_lots": 10, "trigger_ticks": trigger}
        venue.apply(order(**trailing, **terms, trail_ticks=ticks))
    venue.apply(price(202_500))
    venue.apply(price(202_000))
    venue.apply(order(**trailing, side=Side.SELL, qty_lots=10, trail_e8=E8 // 50))
    again = reloaded(venue.state)

    [position] = again.state.positions.values()
    assert trailing_of(position) == trailing_of(venue.position(2)) == [202_500, 202_500]
    kept = SetPositionExits(ALICE, PositionId(2), KEEP, KEEP, KEEP, PriceSource.LAST)
    assert both(venue, again, kept) == ["ExitsChanged"]
    assert "TrailingActivated" in both(venue, again, price(203_500))
    assert both(venue, again, price(201_600)).count("OrderTriggered") == 1
    assert "PositionClosed" in both(venue, again, price(150_000))


def test_fee_tiers_come_back_with_their_rates() -> None:
    """FEE-1, FEE-2: tables by market, tiers by account; holds are as they were."""
    rates = {"maker_fee_e8": 20_000, "taker_fee_e8": 50_000, "fee_basis": FeeBasis.NOTIONAL}
    venue = Venue(netting_spec(**rates), deposits=(1_000, 1_000))
    venue.apply(SetFeeTier(BTC, 3, -10_000, 40_000))
    venue.apply(order(qty_lots=10, price_ticks=190_000))
    venue.apply(AssignFeeTier(ALICE, 3))
    venue.apply(AssignFeeTier(BOB, 9))
    again = reloaded(venue.state)

    both(venue, again, order(qty_lots=10))
    both(venue, again, order(account_id=BOB, qty_lots=10))
    assert again.state.ledger.assets[1].fees_atoms == 200 * E8 * 90_000 // E8
    both(venue, again, SetFeeTier(BTC, 9, 0, 0))
    both(venue, again, price(190_000))
