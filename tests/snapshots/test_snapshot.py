"""The state as rows and back."""

from collections import Counter

import pytest

from engine.engine import Engine
from engine.invariants import check
from engine.state import State
from snapshots.snapshot import SnapshotDamaged, load_sections, sections, state_hash
from tests.snapshots.venues import (
    SECOND_NS,
    apply_next,
    opening_commands,
    traded_engine,
    trading_commands,
)


def reloaded(state: State) -> State:
    return load_sections(list(sections(state)))


def test_the_stream_leaves_something_in_every_section() -> None:
    state = traded_engine(seed=11, count=3_000).state

    assert [name for name, rows in sections(state) if not rows] == []
    kinds = Counter(order.order_type.name for order in state.orders.values())
    assert set(kinds) == {"LIMIT", "STOP_MARKET", "STOP_LIMIT"}
    assert any(position.pairs for position in state.positions.values())
    assert any(position.auto_close for position in state.positions.values())
    assert any(order.expire_ns for order in state.orders.values())
    assert any(order.oco_partner for order in state.orders.values())
    assert any(0 < order.visible_lots < order.qty_lots for order in state.orders.values())
    assert any(order.filled_lots for order in state.orders.values())


@pytest.mark.parametrize("seed", range(8))
def test_rows_load_to_a_state_that_gives_the_same_rows(seed: int) -> None:
    state = traded_engine(seed, 1_500).state

    copy = reloaded(state)

    check(copy)
    assert list(sections(copy)) == list(sections(state))
    assert state_hash(copy) == state_hash(state)


@pytest.mark.parametrize("seed", range(4))
def test_a_loaded_state_goes_on_exactly_as_the_live_one(seed: int) -> None:
    live = traded_engine(seed, 1_000)
    copy = Engine(reloaded(live.state))

    for command in trading_commands(live, seed + 100, 1_000):
        sequence = live.state.sequence + 1
        live.apply(sequence, sequence * SECOND_NS, command)
        copy.apply(sequence, sequence * SECOND_NS, command)
        assert copy.state.event_chain == live.state.event_chain

    assert state_hash(copy.state) == state_hash(live.state)


def test_what_is_already_true_on_a_stale_price_waits_after_loading_as_before() -> None:
    live = traded_engine(seed=3, count=400)
    copy = Engine(reloaded(live.state))

    assert not copy.state.firing.heap


def test_an_empty_venue_has_a_hash() -> None:
    assert state_hash(State()) == state_hash(reloaded(State()))


def test_a_change_of_one_atom_changes_the_hash() -> None:
    state = traded_engine(seed=1, count=50).state
    before = state_hash(state)

    state.ledger.assets[1].free[1] += 1

    assert state_hash(state) != before


def test_balances_beyond_63_bits_survive() -> None:
    engine = Engine(State())
    for command in opening_commands():
        apply_next(engine, command)
    engine.state.ledger.assets[1].house_atoms = -(2**64)
    engine.state.ledger.assets[1].free[1] = 2**64

    copy = reloaded(engine.state)

    assert copy.ledger.assets[1].house_atoms == -(2**64)
    assert copy.ledger.assets[1].free[1] == 2**64


def test_sections_out_of_place_are_refused() -> None:
    stored = list(sections(traded_engine(seed=1, count=20).state))

    with pytest.raises(SnapshotDamaged, match="out of place"):
        load_sections([stored[1], *stored])
    with pytest.raises(SnapshotDamaged, match="missing"):
        load_sections(stored[:-1])
    with pytest.raises(SnapshotDamaged, match="out of place"):
        load_sections([*stored, ("more", [])])


def test_rows_that_do_not_fit_are_refused() -> None:
    stored = list(sections(traded_engine(seed=11, count=3_000).state))

    for place, (name, rows) in enumerate(stored):
        damaged = [*stored]
        damaged[place] = (name, [rows[0][:-1], *rows[1:]])
        with pytest.raises(SnapshotDamaged, match=name):
            load_sections(damaged)
