"""Frames held until durable, joined into one write, cut off when nobody reads."""

import asyncio

import pytest

from gateway.config import WebSocketConfig
from gateway.outbox import Outbox, Turn, close_frame, frame

LIMITS = WebSocketConfig(queue_bytes_max=1_024, queue_messages_max=3)


class Transport:
    """Writes into a list; takes nothing while `backlog` is set."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.backlog = 0
        self.closed = False
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


def made(turn: Turn | None = None) -> tuple[Outbox, Transport, list[str]]:
    """An outbox, its transport, and what it says of slow readers."""
    transport = Transport()
    said: list[str] = []
    outbox = Outbox(
        transport,  # type: ignore[arg-type]
        turn or Turn(),
        LIMITS,
        lambda: said.append("slow"),
    )
    return outbox, transport, said


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_frame_says_its_length_in_the_shortest_way(length: int) -> None:
    framed = frame(b"x" * length)

    header = 2 if length < 126 else 4 if length < 65_536 else 10
    assert framed[0] == 0x81
    assert len(framed) == header + length
    assert framed[1] == (length if length < 126 else 126 if length < 65_536 else 127)
    if header > 2:
        assert int.from_bytes(framed[2:header], "big") == length


async def test_what_is_held_waits_for_the_turn_and_leaves_in_one_write() -> None:
    turn = Turn()
    outbox, transport, _ = made(turn)
    outbox.hold(b"a")
    outbox.hold(b"b")
    outbox.send(b"now")
    await asyncio.sleep(0)
    assert transport.writes == [b"now"]

    turn.release()
    assert transport.writes == [b"now", b"ab"]
    turn.release()
    assert transport.writes == [b"now", b"ab"]


async def test_what_is_sent_in_one_turn_of_the_loop_is_one_write() -> None:
    outbox, transport, _ = made()
    for text in (b"a", b"b", b"c"):
        outbox.send(text)
    await asyncio.sleep(0)

    assert transport.writes == [b"abc"]


async def test_what_is_ready_counts_as_not_taken() -> None:
    """Or a burst of large snapshots, none of them written yet, would end a good connection."""
    outbox, transport, _ = made()
    transport.backlog = 5
    outbox.send(b"x" * 100)
    outbox.send(b"x" * 20)
    before = outbox.backlog_bytes
    await asyncio.sleep(0)

    assert (before, outbox.backlog_bytes) == (125, 5)


async def test_too_many_bytes_untaken_end_the_connection_with_4008() -> None:
    outbox, transport, said = made()
    transport.backlog = 1_000
    outbox.send(b"x" * 25)
    await asyncio.sleep(0)

    assert (transport.writes, transport.closed, said) == ([close_frame(4008)], True, ["slow"])
    outbox.send(b"more")
    await asyncio.sleep(0)
    assert transport.writes == [close_frame(4008)]


async def test_too_many_messages_untaken_end_it_too_but_not_one_large_turn() -> None:
    outbox, transport, said = made()
    for _ in range(10):
        outbox.send(b"x")
    await asyncio.sleep(0)
    assert said == []

    transport.backlog = 1
    outbox.send(b"x")
    await asyncio.sleep(0)
    assert said == ["slow"]


async def test_a_goodbye_comes_after_what_was_ready() -> None:
    outbox, transport, _ = made()
    outbox.send(b"last")
    outbox.close(1001)

    assert transport.writes == [b"last", close_frame(1001)]
    assert close_frame(1001) == b"\x88\x02\x03\xe9"
