"""A feed keeps to its schedule, gives way, and never makes up for lost time in a burst."""

import asyncio

import pytest

from gateway.feeds.pace import GIVE_WAY_EVERY
from tests.feeds.playing import StillClock


def test_waits_are_counted_from_the_start_so_that_lateness_does_not_add_up() -> None:
    clock = StillClock()
    pacer = clock.pacer()

    async def run() -> None:
        pacer.start()
        for due_s in (1.0, 2.0, 3.0):
            await pacer.wait_until(due_s)
            clock.now_s += 0.25  # what is done with each update takes this long

    asyncio.run(run())

    assert clock.sleeps_s == [1.0, 0.75, 0.75]


def test_a_little_late_is_made_up_for() -> None:
    clock = StillClock()
    pacer = clock.pacer()

    async def run() -> None:
        pacer.start()
        clock.now_s += 0.75
        await pacer.wait_until(0.25)
        await pacer.wait_until(1.0)

    asyncio.run(run())

    assert clock.sleeps_s == [0.25]


def test_after_a_long_pause_of_the_machine_the_schedule_moves_on_instead_of_bursting() -> None:
    clock = StillClock()
    pacer = clock.pacer()

    async def run() -> None:
        pacer.start()
        clock.now_s += 3_600.0
        for due_s in (1.0, 2.0, 3.0):
            await pacer.wait_until(due_s)

    asyncio.run(run())

    assert clock.sleeps_s == [1.0, 1.0]


@pytest.mark.parametrize("late_s", [0.0, 0.5])
def test_updates_that_are_due_at_once_let_the_loop_run_every_so_often(late_s: float) -> None:
    clock = StillClock()
    pacer = clock.pacer()

    async def run() -> None:
        pacer.start()
        clock.now_s += late_s
        for _ in range(3 * GIVE_WAY_EVERY):
            await pacer.wait_until(0.0)

    asyncio.run(run())

    assert clock.sleeps_s == [0, 0, 0]


def test_a_real_sleep_counts_as_giving_way() -> None:
    clock = StillClock()
    pacer = clock.pacer()

    async def run() -> None:
        pacer.start()
        for _ in range(GIVE_WAY_EVERY - 1):
            await pacer.give_way()
        await pacer.wait_until(1.0)
        for _ in range(GIVE_WAY_EVERY - 1):
            await pacer.give_way()

    asyncio.run(run())

    assert clock.sleeps_s == [1.0]
