"""One turn is one batch, and nothing of it is seen before it is durable."""

import asyncio
from typing import Any

import pytest

from engine.commands import OpenAccount
from gateway import sequencer
from gateway.errors import ApiError
from gateway.sequencer import EXIT_BUG, EXIT_LOG_FAILED
from tests.gateway.bench import Bench
from tests.gateway.held_committer import HeldCommitter
from tests.gateway.house import House, until
from wal.record import BATCH_RECORDS_MAX


async def test_what_comes_in_one_turn_is_one_batch_released_in_order() -> None:
    bench = Bench()
    delivered: list[Any] = []

    for name in ("a", "b", "a"):
        bench.open(name, delivered)
    assert delivered == []
    await asyncio.sleep(0)

    assert delivered == [
        (1, 1_000, "AccountOpened"),
        (2, 1_000, "AccountOpened"),
        (3, 1_000, "Rejected"),
    ]
    assert bench.journal.batches == [[1, 2, 3]]
    assert bench.watcher.seen == ["applied 1", "applied 2", "applied 3", "released"]


async def test_a_turn_takes_what_fits_one_frame_and_the_rest_waits_for_the_next() -> None:
    bench = Bench()
    delivered: list[Any] = []

    for number in range(2 * BATCH_RECORDS_MAX + 1):
        bench.open(f"a{number}", delivered)
    lengths: list[int] = []
    while bench.sequencer.queue_length:
        await asyncio.sleep(0)
        if len(delivered) not in lengths[-1:]:
            lengths.append(len(delivered))

    assert lengths == [BATCH_RECORDS_MAX, 2 * BATCH_RECORDS_MAX, 2 * BATCH_RECORDS_MAX + 1]
    assert [len(batch) for batch in bench.journal.batches] == [512, 512, 1]


async def test_a_full_queue_refuses_with_503_and_takes_again_afterwards() -> None:
    bench = Bench(queue_max=2)
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.open("b", delivered)

    with pytest.raises(ApiError) as refused:
        bench.open("c", delivered)
    assert (refused.value.status, refused.value.code) == (503, "OVERLOADED")
    assert refused.value.retry_after_s >= 1

    await asyncio.sleep(0)
    bench.open("c", delivered)
    await until(lambda: len(delivered) == 3)
    assert [sequence for sequence, _, _ in delivered] == [1, 2, 3]
    assert bench.sequencer.counters.overloads == 1


async def test_after_a_group_a_turn_waits_for_the_rest_of_the_next_group() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.open("b", delivered)
    await asyncio.sleep(0)

    bench.open("c", delivered)
    for name in ("d", "e"):
        await asyncio.sleep(0)
        bench.open(name, delivered)
    await until(lambda: len(delivered) == 5)

    assert [len(batch) for batch in bench.journal.batches] == [2, 3]


async def test_a_lone_command_waits_for_nobody() -> None:
    bench = Bench()
    delivered: list[Any] = []
    for number in range(3):
        bench.open(f"a{number}", delivered)
        await asyncio.sleep(0)

        assert len(delivered) == number + 1


async def test_time_never_goes_back() -> None:
    bench = Bench()
    delivered: list[Any] = []
    for now_ns in (1_000, 900, 1_100):
        bench.now_ns = now_ns
        bench.open("a", delivered)
        await asyncio.sleep(0)

    assert [time_ns for _, time_ns, _ in delivered] == [1_000, 1_000, 1_100]


async def test_a_failed_journal_ends_the_process_and_nothing_is_shown() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.journal.fails = True
    bench.open("a", delivered)
    await asyncio.sleep(0)

    assert bench.halts == [EXIT_LOG_FAILED]
    assert delivered == []
    assert bench.watcher.seen == ["applied 1"]
    with pytest.raises(ApiError):
        bench.open("b", delivered)


async def test_a_failed_assert_ends_the_process_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    delivered: list[Any] = []

    def broken(*_arguments: object) -> None:
        raise AssertionError("a bug")

    bench.open("a", delivered)
    monkeypatch.setattr(bench.watcher, "applied", broken)
    await asyncio.sleep(0)

    assert bench.halts == [EXIT_BUG]
    assert delivered == []
    assert bench.journal.batches == []


@pytest.mark.parametrize("code", [EXIT_BUG, EXIT_LOG_FAILED])
async def test_the_process_ends_even_if_nobody_can_be_told(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    bench = Bench()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    monkeypatch.setattr(sequencer, "log", None)
    bench.journal.fails = True
    if code == EXIT_BUG:
        monkeypatch.setattr(bench.watcher, "applied", None)
    bench.open("a", [])
    await asyncio.sleep(0)

    assert bench.halts == [code]


async def test_what_cannot_be_written_is_refused_alone() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.open("\ud800", delivered)
    bench.open("x" * 20_000, delivered)
    bench.open("b", delivered)
    await asyncio.sleep(0)

    assert [getattr(result, "code", result[0] if isinstance(result, tuple) else "") for result in
            delivered] == [1, "BAD_FIELD", "BAD_FIELD", 2]  # fmt: skip
    assert bench.journal.batches == [[1, 2]]


async def test_while_a_sync_is_pending_reads_wait_and_no_further_batch_is_applied() -> None:
    committer = HeldCommitter()
    bench = Bench(committer=committer)
    delivered: list[Any] = []
    committer.holds = True
    bench.open("a", delivered)
    await asyncio.sleep(0)
    assert committer.is_pending

    async def look() -> list[str]:
        await bench.sequencer.settled()
        return list(bench.watcher.seen)

    read = asyncio.create_task(look())
    bench.open("b", delivered)
    for _ in range(5):
        await asyncio.sleep(0)

    assert delivered == []
    assert not read.done()
    assert bench.watcher.seen == ["applied 1"]

    committer.release()
    assert await read == ["applied 1", "released"]  # whoever was parked looks before the next turn
    await asyncio.sleep(0)
    assert [sequence for sequence, _, _ in delivered] == [1, 2]


async def test_parked_reads_are_bounded_too() -> None:
    committer = HeldCommitter()
    bench = Bench(queue_max=1, committer=committer)
    committer.holds = True
    bench.open("a", [])
    await asyncio.sleep(0)
    first = asyncio.create_task(bench.sequencer.settled())
    await asyncio.sleep(0)

    with pytest.raises(ApiError) as refused:
        await bench.sequencer.settled()
    assert refused.value.status == 503
    committer.release()
    await first


async def test_stopping_refuses_what_waits() -> None:
    bench = Bench()
    delivered: list[Any] = []
    bench.open("a", delivered)
    bench.sequencer.stop()
    await asyncio.sleep(0)

    assert [result.code for result in delivered] == ["STOPPING"]
    assert bench.journal.batches == []


async def test_a_caller_who_left_does_not_disturb_the_others() -> None:
    bench = Bench()
    gone = asyncio.ensure_future(bench.sequencer.submit(OpenAccount("a"), lambda *_: 1))
    stays = asyncio.ensure_future(bench.sequencer.submit(OpenAccount("b"), lambda *_: 2))
    gone.cancel()

    assert await stays == 2
    assert bench.journal.batches == [[1, 2]]


async def test_orders_expire_when_they_are_due_without_anybody_asking(house: House) -> None:
    alice = await house.user("alice")
    due_ms = house.now_ns // 1_000_000 + 50
    placed = await alice.order(
        orderType="LIMIT", price="19000", quantity="0.1", timeInForce="GTD", expiresAt=due_ms
    )
    assert placed.status == 201, placed
    order_id = placed.body["orderId"]
    house.now_ns += 60_000_000

    await until(lambda: house.venue.state.orders.count == 0)
    order = (await alice.get(f"/api/orders/{order_id}")).body
    assert (order["status"], order["updatedAt"]) == ("EXPIRED", house.now_ns // 1_000_000)
    assert await alice.available() == "1000"
