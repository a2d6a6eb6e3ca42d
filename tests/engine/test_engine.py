"""The engine as a whole: total, deterministic, sound, and without a trace of what is gone."""

import gc
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest

from engine.codec import command_from_row, command_row, pack_events
from engine.commands import AdvanceTime, CancelOrder, Command, Side, SubmitBatch
from engine.engine import Engine
from engine.events import Rejected, TimeAdvanced
from engine.invariants import check
from engine.state import State
from engine.units import E8, AccountId, OrderId
from tests.engine.samples import sample_commands
from tests.engine.senseless import senseless_command
from tests.engine.traffic import Traffic, run_traffic
from tests.engine.traffic_venue import opening_commands
from tests.engine.venue import SECOND_NS, START_NS, Venue, netting_spec, order, price

ROOT = Path(__file__).resolve().parents[2]
SEED = 20_260_101
GC_COMMANDS = 50_000


def test_the_sequence_has_no_gaps() -> None:
    venue = Venue()
    for wrong in (0, venue.state.sequence, venue.state.sequence + 2):
        with pytest.raises(AssertionError):
            venue.engine.apply(wrong, START_NS, AdvanceTime())


def test_time_never_goes_back() -> None:
    venue = Venue()
    venue.apply(AdvanceTime(), after_ns=5)
    [event] = venue.engine.apply(venue.state.sequence + 1, 0, AdvanceTime())

    assert isinstance(event, TimeAdvanced)
    assert event.time_ns == venue.state.time_ns == START_NS + 5


def test_the_chain_is_a_hash_of_the_chain_and_the_events() -> None:
    engine = Engine(State())
    chain = bytes(32)
    assert engine.state.event_chain == chain
    for sequence, command in enumerate(opening_commands(), 1):
        events = engine.apply(sequence, START_NS, command)
        chain = blake2b(chain + pack_events(events), digest_size=32).digest()
        assert engine.state.event_chain == chain


@pytest.mark.parametrize("command", sample_commands(), ids=lambda c: type(c).__name__)
def test_every_command_yields_an_event_even_on_an_empty_venue(command: Command) -> None:
    engine = Engine(State())

    events = engine.apply(1, START_NS, command)
    assert events
    check(engine.state)
    if not isinstance(command, AdvanceTime):
        assert type(events[0]).__name__ in ("Rejected", "AccountOpened", "InstrumentListed")


@pytest.mark.parametrize("spec", [None, netting_spec()], ids=["ticket", "netting"])
def test_senseless_commands_are_refused_and_break_nothing(
    spec: object, count: Callable[[str, int], None]
) -> None:
    """Numbers of any size in any field: every command yields events, which can be packed."""
    venue = Venue(netting_spec() if spec is not None else None, deposits=(1_000, 1_000))
    venue.apply(order(qty_lots=10, stop_loss_ticks=190_000))
    chance = random.Random(SEED)
    for _ in range(20_000):
        command = senseless_command(chance)
        events = venue.engine.apply(venue.state.sequence + 1, venue.time_ns, command)
        assert events
    check(venue.state)
    count("senseless commands", 20_000)


@pytest.mark.parametrize(("items", "said"), [(0, 1), (1, 2), (50, 100), (51, 1)])
def test_a_batch_has_one_to_fifty_items(items: int, said: int) -> None:
    """CMD-5: within the bounds each item is told with its refusal, else the batch is refused."""
    venue = Venue()
    batch = tuple(CancelOrder(AccountId(1), OrderId(99), "") for _ in range(items))
    names = venue.names(SubmitBatch(AccountId(1), batch))

    refused = ["BAD_COMBINATION"] if said == 1 else ["BatchItem", "UNKNOWN_ORDER"] * items
    assert names == refused


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_random_traffic_keeps_everything_sound(
    seed: int, count: Callable[[str, int], None]
) -> None:
    engine = Engine(State())
    kinds: Counter[str] = Counter()
    time_ns = START_NS
    for command in opening_commands():
        engine.apply(engine.state.sequence + 1, time_ns, command)
    traffic = Traffic(seed, engine.state)
    for step in range(6_000):
        time_ns += traffic.chance.randint(0, SECOND_NS)
        events = engine.apply(engine.state.sequence + 1, time_ns, traffic.next_command())
        kinds.update(type(event).__name__ for event in events)
        if step % 10 == 0:
            check(engine.state)

    often = {"OrderAccepted", "OrderFilled", "PositionClosed", "OrderTriggered", "OrderAmended"}
    often |= {"Traded", "BookChanged", "BatchItem", "LiquidationStep"}
    often |= {"FundingSettled", "FundingPaid", "PremiumSampled", "FeeTierChanged"}
    assert min(kinds[name] for name in often) > 10, kinds
    assert kinds["AccountLiquidated"] > 0
    count("commands of random traffic, checked", 6_000)


def test_the_same_commands_give_the_same_chain_twice() -> None:
    engine = Engine(State())
    applied: list[tuple[int, Command]] = [(START_NS, c) for c in opening_commands()]
    for time_ns, command in applied:
        engine.apply(engine.state.sequence + 1, time_ns, command)
    traffic = Traffic(SEED, engine.state)
    for _ in range(3_000):
        time_ns = engine.state.time_ns + traffic.chance.randint(0, SECOND_NS)
        applied.append((time_ns, traffic.next_command()))
        engine.apply(engine.state.sequence + 1, *applied[-1])

    again = Engine(State())
    for time_ns, command in applied:
        row = command_row(time_ns, command)
        again.apply(again.state.sequence + 1, *command_from_row(row))
    assert again.state.event_chain == engine.state.event_chain
    assert again.state.ledger.assets[1].free == engine.state.ledger.assets[1].free


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_chain_does_not_depend_on_the_hash_seed(hash_seed: str) -> None:
    here = run_traffic(SEED, 1_500).state.event_chain.hex()
    command = [sys.executable, "-m", "tests.engine.traffic", str(SEED), "1500"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}

    there = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    assert there.stdout.strip() == here


@pytest.mark.slow
def test_nothing_is_left_for_the_garbage_collector(count: Callable[[str, int], None]) -> None:
    """Closed orders and positions are freed at once: no cycle keeps them."""
    gc.collect()
    gc.disable()
    try:
        engine = run_traffic(SEED, GC_COMMANDS)
        found = gc.collect()
    finally:
        gc.enable()

    assert engine.state.next_id > 10_000
    assert found == 0
    count("commands without a cycle", GC_COMMANDS)


def test_numbers_stay_within_63_bits_at_the_largest_prices() -> None:
    """The largest position, opened at the lowest price and closed at the highest, still fits."""
    venue = Venue(ticks=1, deposits=(10_000_000_000,))
    venue.apply(order(qty_lots=1_000_000, leverage=1))
    venue.apply(price(25_000_000))
    [*_, closed] = venue.say(order(side=Side.SELL, position_id=2))

    # 1,000,000 lots of K 10,000 atoms gain 24,999,999 ticks each
    assert closed["realized_atoms"] == 24_999_999 * 10_000 * 1_000_000
    assert venue.free() == 10_000_000_000 * E8 + closed["realized_atoms"] < 2**63
    rejected = venue.apply(order(qty_lots=1_000_001, leverage=1))
    assert isinstance(rejected[0], Rejected)
