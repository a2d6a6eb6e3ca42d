"""Recorded commands do what their name says, and crowds are sound states."""

from collections import Counter

import pytest

from bench.crowds import Crowd, Passing
from bench.trading import NETTING, TICKETS, Market
from bench.workloads import KINDS, Kinds, apply_all, mixed_recording
from engine.invariants import check

COUNT = 60
ONE_EVENT_OF_KIND = {
    "limit place": "OrderAccepted",
    "cancel": "OrderCancelled",
    "market open": "PositionOpened",
    "close": "PositionClosed",
    "amend": "OrderAmended",
    "quiet price": "PriceAccepted",
    "refused order": "Rejected",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_of_a_kind_does_it(kind: str) -> None:
    recording = Kinds(20, COUNT).recording(kind)
    engine = recording.engine()

    seen: Counter[str] = Counter()
    for time_ns, command in recording.commands:
        seen.update(
            type(event).__name__
            for event in engine.apply(engine.state.sequence + 1, time_ns, command)
        )

    assert seen[ONE_EVENT_OF_KIND[kind]] == COUNT
    check(engine.state)


@pytest.mark.parametrize("market", [TICKETS, NETTING])
def test_a_recording_ends_in_the_same_chain_every_time(market: Market) -> None:
    recordings = [mixed_recording(market, 20, 300, 300) for _ in range(2)]
    engines = [recordings[0].engine(), recordings[0].engine(), recordings[1].engine()]

    for engine in engines:
        apply_all(engine, recordings[0].commands)
        check(engine.state)

    assert len({engine.state.event_chain for engine in engines}) == 1
    assert engines[0].state.orders.count > 5
    assert engines[0].state.positions.count > 5


@pytest.mark.parametrize("by_limits", [False, True])
def test_a_passing_fires_exactly_what_it_says(by_limits: bool) -> None:
    passings = [Passing(3, 5, by_limits), Passing(1, 40, by_limits)]
    crowd = Crowd(200, passings)
    check(crowd.engine.state)

    apply_all(crowd.engine, crowd.quiet(50))
    waiting = [crowd.waiting()]
    for passing in passings:
        apply_all(crowd.engine, crowd.passing(passing))
        check(crowd.engine.state)
        waiting.append(crowd.waiting())

    assert waiting == [55, 40, 0]
