"""Frames on their way to one WebSocket connection.  Knows bytes and limits; knows no meaning.

Frames of a turn are held until the turn is durable, and leave joined in one write: a write costs
a system call, and joining is worth more than anything else on this path.
"""

import asyncio
from collections.abc import Callable
from typing import Final, final

from gateway.config import WebSocketConfig

TEXT: Final = 0x81  # a whole text frame from a server: final, unmasked
CLOSE: Final = 0x88
CONFLATE_BYTES: Final = 64 * 1024
CLOSE_SLOW: Final = 4008
CLOSE_GRACE_S: Final = 2.0


def frame(payload: bytes) -> bytes:
    """One text frame."""
    length = len(payload)
    if length < 126:
        return bytes((TEXT, length)) + payload
    if length < 65_536:
        return bytes((TEXT, 126)) + length.to_bytes(2, "big") + payload
    return bytes((TEXT, 127)) + length.to_bytes(8, "big") + payload


def close_frame(code: int) -> bytes:
    """One close frame without words."""
    return bytes((CLOSE, 2)) + code.to_bytes(2, "big")


@final
class Turn:
    """The connections that hold frames of the present turn."""

    def __init__(self) -> None:
        self._holding: list[Outbox] = []

    def add(self, outbox: "Outbox") -> None:
        """It holds its first frame of this turn."""
        self._holding.append(outbox)

    def release(self) -> None:
        """The turn is durable: one write for each connection."""
        holding, self._holding = self._holding, []
        for outbox in holding:
            outbox.release()


@final
class Outbox:
    """What one connection is to receive, in order.

    closed_slow: called once when the connection takes less than it is sent and is cut with 4008.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        turn: Turn,
        limits: WebSocketConfig,
        closed_slow: Callable[[], None],
    ) -> None:
        self._transport: Final = transport
        self._turn: Final = turn
        self._limits: Final = limits
        self._closed_slow: Final = closed_slow
        self._loop: Final = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._ready: list[bytes] = []
        self._ready_bytes = 0
        self._untaken = 0  # messages written since the connection last took all
        self._flush_is_due = False
        self.is_closed = False

    @property
    def backlog_bytes(self) -> int:
        """What the connection has not taken yet, what is ready to be written included."""
        return self._transport.get_write_buffer_size() + self._ready_bytes

    def hold(self, framed: bytes) -> None:
        """Send when the present turn is durable."""
        if not self._held:
            self._turn.add(self)
        self._held.append(framed)

    def send(self, framed: bytes) -> None:
        """Send at the end of this turn of the loop; it shows nothing that is not durable."""
        self._ready.append(framed)
        self._ready_bytes += len(framed)
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def release(self) -> None:
        """What was held may leave now."""
        self._ready += self._held
        self._held = []
        self._flush()

    def close(self, code: int) -> None:
        """Send what may leave, say goodbye with a code, and cut the line if it is not taken."""
        if not self.is_closed:
            self._flush()
        if not self.is_closed:
            self._cut(code)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self.is_closed or not self._ready:
            return
        data, count = b"".join(self._ready), len(self._ready)
        self._ready = []
        self._ready_bytes = 0
        if self._transport.is_closing():
            self.is_closed = True
            return
        backlog_bytes = self.backlog_bytes
        self._untaken = self._untaken + count if backlog_bytes else count
        if backlog_bytes + len(data) > self._limits.queue_bytes_max or (
            backlog_bytes and self._untaken > self._limits.queue_messages_max
        ):
            # Private messages are never dropped: the connection goes, and the client resumes.
            self._closed_slow()
            self._cut(CLOSE_SLOW)
        else:
            self._transport.write(data)

    def _cut(self, code: int) -> None:
        self.is_closed = True
        self._transport.write(close_frame(code))
        self._transport.close()
        self._loop.call_later(CLOSE_GRACE_S, self._transport.abort)
