"""Public market data to whoever listens: what is newest, at most every few milliseconds.

A message is encoded once for all who are equally far; whoever reads slowly gets fewer and newer
ones, which span what the missed ones said.  Knows outboxes and channels, nothing of requests.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Final, final

from engine.state import State
from gateway.market.board import Board
from gateway.market.channels import NEW, Channel, NowNs, channel_of
from gateway.outbox import CONFLATE_BYTES, Outbox

INTERVAL_S: Final = 0.02
SLICE: Final = 50  # connections served before others get a turn


@final
class Audience:
    """Who listens to a channel, how far each of them is, and the messages that were made."""

    __slots__ = ("_made", "_made_at", "channel", "readers")

    def __init__(self, channel: Channel) -> None:
        self.channel: Final = channel
        self.readers: Final[dict[Outbox, int]] = {}
        self._made: Final[dict[int, bytes]] = {}
        self._made_at = NEW

    def message(self, since: int, position: int) -> bytes:
        """From `since` to the position; made once for all who are there, anew for each new one."""
        if since == NEW:
            return self.channel.frame(NEW)
        if position != self._made_at:
            self._made.clear()
            self._made_at = position
        framed = self._made.get(since)
        if framed is None:
            framed = self._made[since] = self.channel.frame(since)
        return framed


@final
class MarketData:
    """The listeners of all public channels.

    conflated: messages not sent because a newer one came first or the reader was slow.
    Messages are made when they are sent, and only while all that was applied is durable.
    """

    def __init__(
        self, board: Board, state: State, now_ns: NowNs, is_settled: Callable[[], bool]
    ) -> None:
        self._board: Final = board
        self._state: Final = state
        self._now_ns: Final = now_ns
        self._is_settled: Final = is_settled
        self._loop: Final = asyncio.get_running_loop()
        self._audiences: Final[dict[int, dict[str, Audience]]] = {}
        self._moved: set[int] = set()
        self._late: Final[dict[tuple[Audience, Outbox], None]] = {}
        self._due: Final[deque[tuple[Outbox, list[Audience]]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._goes_on = False
        self.conflated = 0

    def channel(self, name: str) -> Channel:
        """The channel of a name.  Raises ApiError 400 or 422."""
        return channel_of(self._board, self._state, self._now_ns, name)

    def subscribe(self, channel: Channel, outbox: Outbox) -> None:
        """Listen from now on, from a snapshot; once more, to begin anew.  Call when settled."""
        audiences = self._audiences.setdefault(channel.instrument_id, {})
        audience = audiences.setdefault(channel.name, Audience(channel))
        audience.readers[outbox] = NEW
        self._serve(audience, outbox)

    def unsubscribe(self, channel: Channel, outbox: Outbox) -> None:
        """Listen no more."""
        audiences = self._audiences.get(channel.instrument_id, {})
        audience = audiences.get(channel.name)
        if audience is not None:
            audience.readers.pop(outbox, None)
            self._late.pop((audience, outbox), None)
            if not audience.readers:
                del audiences[channel.name]

    def listeners(self, name: str) -> int:
        """How many listen to a channel."""
        found = (channels[name] for channels in self._audiences.values() if name in channels)
        return sum(len(audience.readers) for audience in found)

    def moved(self, instrument_ids: Collection[int]) -> None:
        """These markets changed; nothing of it is shown before it is durable."""
        for instrument_id in instrument_ids:
            if self._audiences.get(instrument_id):
                if instrument_id in self._moved:
                    self.conflated += 1
                self._moved.add(instrument_id)
                self._wait()

    def released(self) -> None:
        """All that was applied is durable: go on with what waited for that."""
        if self._due and not self._goes_on:
            self._go_on()

    def stop(self) -> None:
        """Push no more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(INTERVAL_S, self._push)

    def _push(self) -> None:
        """The interval is over: whoever listens to what moved, and whoever was late, is due."""
        self._timer = None
        if self._due:  # still busy with the interval before
            self._wait()
            return
        late, moved = list(self._late), self._moved
        self._late.clear()
        self._moved = set()
        due: dict[Outbox, list[Audience]] = {}
        for audience, outbox in late:
            due.setdefault(outbox, []).append(audience)
        for instrument_id in sorted(moved):
            for audience in self._audiences.get(instrument_id, {}).values():
                for outbox in audience.readers:
                    due.setdefault(outbox, []).append(audience)
        self._due.extend(due.items())  # all channels of a connection leave in one write
        self._go_on()

    def _go_on(self) -> None:
        """Serve some of those who are due; the rest when others had a turn, or when settled."""
        self._goes_on = False
        for _ in range(SLICE):
            if not self._due or not self._is_settled():
                return
            outbox, audiences = self._due.popleft()
            for audience in audiences:
                self._serve(audience, outbox)
        if self._due:
            self._goes_on = True
            self._loop.call_soon(self._go_on)

    def _serve(self, audience: Audience, outbox: Outbox) -> None:
        """Take a reader to where the channel is, unless it is there or still busy reading."""
        since, position = audience.readers.get(outbox), audience.channel.position()
        if since is None or since == position:
            return
        if outbox.backlog_bytes > CONFLATE_BYTES:
            self._late[(audience, outbox)] = None
            self.conflated += 1
            self._wait()
        else:
            outbox.send(audience.message(since, position))
            audience.readers[outbox] = position
