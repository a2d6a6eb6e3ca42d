"""The load: connections that keep so many orders in flight, and the time each took.

A process of its own, so that it costs the server nothing but the machine: requests are made
before the clock starts, replies are only measured out and counted.  Knows HTTP/1.1 and WebSocket
framing as far as the venue speaks them; knows no library for either, so as not to be the limit.
"""

import asyncio
import gc
import json
import struct
import sys
import time
from collections import deque
from functools import partial
from typing import Final, cast

import msgspec
import uvloop

from bench.venue import SYMBOLS, token_of

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"Content-Length: "
CREATED: Final = b"HTTP/1.1 201"
RESULT: Final = b'"result":'
BIG_FRAME: Final = 126
HUGE_FRAME: Final = 127
DRAIN_S: Final = 5.0
CONNECT_S: Final = 10.0


class Plan(msgspec.Struct):
    """One measurement.

    protocol: http or ws.  in_flight: per connection.  run: a number that no other measurement
    of this venue has, for the client order ids.  is_echo: replies are the requests themselves.
    """

    port: int
    protocol: str
    connections: int
    in_flight: int
    seconds: float
    warm_seconds: float
    accounts: int
    run: int
    is_echo: bool
    requests_max: int


class Outcome(msgspec.Struct):
    """What came of it.  rate: per second, without the warm-up; latencies in µs.  total: replies
    from the first to the last."""

    rate: float
    p50: float
    p99: float
    p999: float
    total: int


class Tally:
    """The one clock of all connections, and what they noted."""

    def __init__(self, plan: Plan) -> None:
        self.begin_s: Final = time.perf_counter() + plan.warm_seconds
        self.end_s: Final = self.begin_s + plan.seconds
        self.latencies: Final[list[float]] = []
        self.total = 0
        self.waiting = 0
        self.idle: Final = asyncio.get_running_loop().create_future()

    def note(self, sent_s: float, now_s: float) -> None:
        """A reply came; those of the warm-up and of the end do not count."""
        self.total += 1
        self.waiting -= 1
        if self.begin_s <= now_s < self.end_s:
            self.latencies.append(now_s - sent_s)

    def is_over(self, now_s: float) -> bool:
        """Whether nothing is to be sent any more; the last reply then ends the measurement."""
        if now_s < self.end_s:
            return False
        if self.waiting == 0 and not self.idle.done():
            self.idle.set_result(None)
        return True

    def fail(self, reply: bytes) -> None:
        """Anything but success ends the measurement."""
        if not self.idle.done():
            self.idle.set_exception(RuntimeError(f"the server answered {reply[:600]!r}"))

    def outcome(self, plan: Plan) -> Outcome:
        """The numbers."""
        ordered = sorted(self.latencies)
        if not ordered:
            raise RuntimeError("no reply came in time")

        def quantile(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e6

        rate = len(ordered) / plan.seconds
        return Outcome(rate, quantile(0.5), quantile(0.99), quantile(0.999), self.total)


class Connection(asyncio.Protocol):
    """Keeps `in_flight` requests under way; replies come in the order of the requests."""

    def __init__(self, plan: Plan, tally: Tally, requests: deque[bytes], account: int) -> None:
        self.transport: asyncio.Transport
        self._plan: Final = plan
        self._tally: Final = tally
        self._requests: Final = requests
        self._account: Final = account
        self._sent: Final[deque[float]] = deque()
        self._buffer = b""
        self.ready: Final = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected; a WebSocket must first become one."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own does not say so
        if self._plan.protocol == "http":
            self.ready.set_result(None)
        else:
            self.transport.write(UPGRADE)

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up has failed."""
        if self._sent:
            self._tally.fail(f"end of the connection: {error}".encode())

    def start(self) -> None:
        """Send the first requests."""
        self._send(self._plan.in_flight)

    def _send(self, count: int) -> None:
        now_s = time.perf_counter()
        requests = self._requests
        if self._tally.is_over(now_s):
            return
        if count > len(requests):
            self._tally.fail(b"faster than requests were made: raise requests_max")
            return
        self._sent.extend([now_s] * count)
        self._tally.waiting += count
        self.transport.write(b"".join([requests.popleft() for _ in range(count)]))

    def data_received(self, data: bytes) -> None:
        """Count the replies, send as many requests."""
        if self._buffer:
            data = self._buffer + data
        if not self.ready.done():
            self._become_socket(data)
            return
        if self._plan.protocol == "http":
            end, replies = self._http_replies(data)
        else:
            end, replies = self._frames(data)
        self._buffer = data[end:]
        now_s = time.perf_counter()
        for _ in range(replies):
            self._tally.note(self._sent.popleft(), now_s)
        if replies:
            self._send(replies)

    def _http_replies(self, data: bytes) -> tuple[int, int]:
        """Where the last whole reply ends, and how many there are."""
        start, replies = 0, 0
        while True:
            head_end = data.find(HEAD_END, start)
            if head_end < 0:
                return start, replies
            if not data.startswith(CREATED, start):
                self._tally.fail(data[start:])
            length_at = data.find(LENGTH, start, head_end) + len(LENGTH)
            length = int(data[length_at : data.find(b"\r", length_at)])
            end = head_end + len(HEAD_END) + length
            if end > len(data):
                return start, replies
            start, replies = end, replies + 1

    def _frames(self, data: bytes) -> tuple[int, int]:
        """The same for WebSocket frames, which a server does not mask; pings are passed over."""
        start, replies = 0, 0
        while len(data) - start >= 2:
            body = start + 2
            length = data[start + 1]
            if length == BIG_FRAME:
                body += 2
                length = int.from_bytes(data[start + 2 : body], "big")
            elif length == HUGE_FRAME:
                body += 8
                length = int.from_bytes(data[start + 2 : body], "big")
            if body + length > len(data):
                break
            if data[start] == TEXT_FRAME:
                replies += 1
                if not self._plan.is_echo and data.find(RESULT, body, body + 32) < 0:
                    self._tally.fail(data[body : body + length])
            start = body + length
        return start, replies

    def _become_socket(self, data: bytes) -> None:
        """The upgrade's reply, then that to the login."""
        self._buffer = data
        if b" 101 " in data and data.endswith(HEAD_END):
            self._buffer = b""
            self.transport.write(login_request(self._account))
        elif data[:1] == bytes([TEXT_FRAME]):
            self._buffer = b""
            self.ready.set_result(None)


TEXT_FRAME: Final = 0x81
UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


def masked_frame(text: bytes) -> bytes:
    """A client's text frame.  The mask is all zeros: the server unmasks it all the same."""
    length = len(text)
    assert length < 65_536
    if length < BIG_FRAME:
        return struct.pack(">BB4x", TEXT_FRAME, 0x80 | length) + text
    return struct.pack(">BBH4x", TEXT_FRAME, 0x80 | BIG_FRAME, length) + text


# A limit order far from the price: accepted, held, journaled, resting.
ORDER: Final = (
    b'"symbol":"%b","side":"BUY","orderType":"LIMIT","quantity":"0.001",'
    b'"price":"59000.00","leverage":10,"clientOrderId":"b%d-%d"}'
)


def order_body(run: int, number: int) -> bytes:
    """An order's fields, after whatever comes first; no two are the same."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    return ORDER % (symbol.encode(), run, number)


def http_request(run: int, number: int, account: int) -> bytes:
    """An order over HTTP, in one of the accounts' names."""
    body = b"{" + order_body(run, number)
    return (
        b"POST /api/orders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (token_of(account).encode(), len(body), body)
    )


def socket_request(run: int, number: int) -> bytes:
    """An order over WebSocket."""
    return masked_frame(b'{"id":%d,"op":"order.place",' % number + order_body(run, number))


def login_request(account: int) -> bytes:
    """The first request over WebSocket."""
    return masked_frame(b'{"id":0,"op":"auth","token":"%b"}' % token_of(account).encode())


def requests_of(plan: Plan) -> deque[bytes]:
    """All that may be sent in time, each its own order."""
    numbers = range(plan.requests_max)
    if plan.protocol == "http":
        return deque(http_request(plan.run, n, n % plan.accounts + 1) for n in numbers)
    return deque(socket_request(plan.run, n) for n in numbers)


async def measure(plan: Plan) -> Outcome:
    """Connect, load, and wait for what is under way.  Raises RuntimeError."""
    requests = requests_of(plan)
    loop = asyncio.get_running_loop()
    gc.collect()
    gc.freeze()
    gc.disable()
    tally = Tally(plan)
    connections = []
    for number in range(plan.connections):
        # No two measurements share accounts, as far as there are enough.
        account = (plan.run * plan.connections + number) % plan.accounts + 1
        make = partial(Connection, plan, tally, requests, account)
        _, connection = await loop.create_connection(make, "127.0.0.1", plan.port)
        connections.append(connection)
    async with asyncio.timeout(CONNECT_S):
        await asyncio.gather(*(connection.ready for connection in connections))
    for connection in connections:
        connection.start()
    await asyncio.wait_for(tally.idle, plan.warm_seconds + plan.seconds + DRAIN_S)
    for connection in connections:
        connection.transport.close()
    return tally.outcome(plan)


if __name__ == "__main__":
    given = msgspec.json.decode(sys.argv[1], type=Plan)
    print(json.dumps(msgspec.to_builtins(uvloop.run(measure(given)))))
