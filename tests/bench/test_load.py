"""The load's own reading of HTTP and WebSocket: whole replies only, wherever the network cuts."""

import asyncio
from collections import deque

import pytest

from bench.load import Connection, Plan, Tally, http_request, masked_frame, socket_request

PLAN = Plan(0, "http", 1, 2, 60.0, 0.0, 8, 1, False, 10)
REPLY = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"


class Wire(asyncio.Transport):
    """A connection that only remembers what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Remember."""
        self.sent.append(bytes(data))


def started(plan: Plan, requests: list[bytes]) -> tuple[Connection, Wire, Tally]:
    """A connection with its first requests under way."""
    tally, wire = Tally(plan), Wire()
    connection = Connection(plan, tally, deque(requests), account=3)
    connection.connection_made(wire)
    return connection, wire, tally


@pytest.mark.parametrize("cut", range(1, 2 * len(REPLY)))
async def test_http_replies_are_counted_once_wherever_they_are_cut(cut: int) -> None:
    connection, wire, tally = started(PLAN, [b"a", b"b", b"c", b"d"])
    connection.start()

    both = REPLY + REPLY
    connection.data_received(both[:cut])
    connection.data_received(both[cut:])

    assert (tally.total, tally.waiting, b"".join(wire.sent)) == (2, 2, b"abcd")


async def test_the_last_reply_ends_the_measurement_even_if_it_came_in_time() -> None:
    connection, wire, tally = started(PLAN, [b"a", b"b", b"c", b"d"])
    connection.start()
    for _ in range(2):  # the clock passes the end between the last reply and the next request
        tally.note(0.0, tally.end_s - 1e-9)

    assert not tally.is_over(tally.end_s - 1e-9)
    assert not tally.idle.done()
    assert tally.is_over(tally.end_s)
    assert (tally.idle.done(), wire.sent) == (True, [b"ab"])


async def test_a_refusal_ends_the_measurement() -> None:
    connection, _, tally = started(PLAN, [b"a", b"b"])
    connection.start()

    connection.data_received(REPLY.replace(b"201 Created", b"429 Too Many"))

    with pytest.raises(RuntimeError, match="429 Too Many"):
        await tally.idle


async def test_running_out_of_requests_ends_the_measurement() -> None:
    connection, _, tally = started(PLAN, [b"a", b"b"])
    connection.start()

    connection.data_received(REPLY)

    with pytest.raises(RuntimeError, match="raise requests_max"):
        await tally.idle


async def test_a_socket_upgrades_logs_in_and_counts_frames_of_every_length() -> None:
    plan = Plan(0, "ws", 1, 3, 60.0, 0.0, 8, 1, False, 10)
    connection, wire, tally = started(plan, [b"a", b"b", b"c", b"d", b"e", b"f"])
    connection.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    connection.data_received(frame(b'{"id":0,"result":{}}'))
    assert connection.ready.done()
    connection.start()

    replies = b"".join(frame(b'{"id":1,"result":"%b"}' % (b"x" * n)) for n in (1, 200, 70_000))
    ping = b"\x89\x00"
    for start in range(0, len(replies), 1_000):
        connection.data_received(replies[start : start + 1_000])
    connection.data_received(ping)

    assert (tally.total, wire.sent[0][:11], wire.sent[1][6:]) == (
        3,
        b"GET /ws HTT",
        b'{"id":0,"op":"auth","token":"bench-token-000000003"}',
    )


async def test_an_error_over_the_socket_ends_the_measurement() -> None:
    plan = Plan(0, "ws", 1, 1, 60.0, 0.0, 8, 1, False, 10)
    connection, _, tally = started(plan, [b"a", b"b"])
    connection.ready.set_result(None)
    connection.start()

    connection.data_received(frame(b'{"id":1,"error":{"code":"OVERLOADED"}}'))

    with pytest.raises(RuntimeError, match="OVERLOADED"):
        await tally.idle


def test_no_two_orders_are_the_same() -> None:
    http = {http_request(run, number, 1) for run in (1, 2) for number in range(20)}
    sockets = {socket_request(run, number) for run in (1, 2) for number in range(20)}

    assert (len(http), len(sockets)) == (40, 40)


@pytest.mark.parametrize(("length", "head"), [(5, 6), (125, 6), (126, 8), (4_000, 8)])
def test_a_client_masks_its_frames(length: int, head: int) -> None:
    framed = masked_frame(b"x" * length)

    assert (framed[0], framed[1] & 0x80, framed[head - 4 : head], framed[head:]) == (
        0x81,
        0x80,
        bytes(4),
        b"x" * length,
    )


def frame(text: bytes) -> bytes:
    """A server's text frame."""
    if len(text) < 126:
        return bytes([0x81, len(text)]) + text
    if len(text) < 65_536:
        return bytes([0x81, 126]) + len(text).to_bytes(2, "big") + text
    return bytes([0x81, 127]) + len(text).to_bytes(8, "big") + text
