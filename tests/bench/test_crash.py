"""A crash liquidates whom it says and nobody else; a walk looks at few; crowds are sound."""

from collections import Counter

import pytest

from bench.crash import CRASHES
from bench.cross import run
from bench.cross_crowd import Walk
from bench.crowds import Crowd
from bench.workloads import apply_all
from engine.events import CloseCause, PositionClosed, PositionReduced, PositionStatus
from engine.invariants import check

COUNT = 40


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_liquidates_so_many_at_one_price(name: str) -> None:
    crash = CRASHES[name](COUNT)
    engine = crash.recording.engine()
    check(engine.state)
    ((time_ns, command),) = crash.recording.commands

    events = engine.apply(engine.state.sequence + 1, time_ns, command)

    check(engine.state)
    ended = [e for e in events if isinstance(e, PositionClosed)]
    liquidated = [e for e in ended if e.status is PositionStatus.LIQUIDATED]
    if name == "cross accounts":
        assert len({e.account_id for e in liquidated}) == crash.ruined == COUNT
    else:
        assert len(liquidated) == crash.ruined == COUNT
    causes = Counter(e.cause for e in events if isinstance(e, PositionReduced))
    expected = {CloseCause.LIQUIDATION}
    if name == "positions in a book":
        expected |= {CloseCause.AUTO_DELEVERAGE}
        taken_over = engine.state.markets[1].existing_seat(0)  # type: ignore[union-attr, arg-type]
        assert taken_over is not None
    assert set(causes) == expected


def test_a_walk_over_cross_accounts_is_the_same_every_time() -> None:
    """All of it but the seconds; among other things, that exact checks are counted."""
    first, second = (run(100, 4, 500, seed=3, walk=Walk(own=40.0)) for _ in range(2))

    assert (first.event_chain, first.exact_checks) == (second.event_chain, second.exact_checks)
    assert (first.accounts, first.symbols, first.updates) == (100, 4, 500)
    assert 100 <= first.positions <= 400
    assert 0 < first.liquidated_accounts < 100
    assert first.liquidated_accounts < first.exact_checks < 500


def test_a_mixed_crowd_is_sound_and_quiet() -> None:
    """Cross accounts with bands, trailing stops that follow: and nothing fires."""
    crowd = Crowd(300, [], highs=100)
    state = crowd.engine.state
    check(state)

    for commands in (crowd.quiet(20), crowd.rising(50)):
        apply_all(crowd.engine, commands)
        check(state)

    trailing = [p for p in state.positions.values() if p.pairs]
    banded = [a for a in state.cross_accounts[1] if a is not None and a.standings]
    assert (state.positions.count, len(banded), state.exact_checks) == (300, 15, 0)
    assert len(trailing) > 20
