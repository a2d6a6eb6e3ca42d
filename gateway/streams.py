"""Private streams: what each account's events call for, to whoever listens.

One gap-free sequence for each account, the same after any replay.  Messages are made right after
their command was applied, so that each is a function of the journal up to its sequence, and leave
when that is durable.  Knows outboxes, nothing of requests.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, final

import msgspec

from engine.engine import Engine
from engine.events import (
    Event,
    FeeTierChanged,
    LeverageChanged,
    MarginModeChanged,
    PositionModeChanged,
)
from engine.position import Position
from engine.state import open_positions
from engine.units import AccountId
from gateway.config import WebSocketConfig
from gateway.history.keeper import History
from gateway.history.records import AccountHistory, Touched
from gateway.outbox import Outbox, Turn, frame
from gateway.replies import account_replies as accounts
from gateway.replies import api_replies as replies
from gateway.replies import position_replies as positions

CHANNELS: Final = ("orders", "fills", "positions", "account")
STREAMS_MAX: Final = 10_000
_NS_PER_MS: Final = 1_000_000


class StreamMessage(msgspec.Struct, gc=False):
    """A message of a channel.  sequence: of the account's stream; of the venue for a ticker."""

    channel: str
    type: str
    sequence: int
    time: int
    data: object


def message_frame(channel: str, kind: str, sequence: int, time_ms: int, data: object) -> bytes:
    """The frame of a message."""
    return frame(replies.encode(StreamMessage(channel, kind, sequence, time_ms, data)))


@final
class Subscriber:
    """A connection that listens to some of an account's channels."""

    __slots__ = ("account_id", "channels", "outbox")

    def __init__(self, account_id: AccountId, outbox: Outbox) -> None:
        self.account_id: Final = account_id
        self.outbox: Final = outbox
        self.channels: set[str] = set()


@final
class AccountStream:
    """Who listens to an account, and what was said lately: (sequence, channel, frame).

    forgotten: the sequence of the last message that is kept no more.
    """

    __slots__ = ("buffer", "buffered_bytes", "forgotten", "subscribers")

    def __init__(self) -> None:
        self.subscribers: list[Subscriber] = []
        self.buffer: deque[tuple[int, str, bytes]] = deque()
        self.buffered_bytes = 0
        self.forgotten = 0

    def oldest(self, newest: int) -> int:
        """From which sequence on all messages are kept, of those up to the newest."""
        kept = self.buffer[0][0] if self.buffer else newest + 1
        return max(kept, self.forgotten + 1)

    def say(self, sequence: int, channel: str, framed: bytes, limits: WebSocketConfig) -> None:
        """Keep a message, and send it to those who listen."""
        self.keep(sequence, channel, framed, limits)
        for subscriber in self.subscribers:
            if channel in subscriber.channels:
                subscriber.outbox.hold(framed)

    def keep(self, sequence: int, channel: str, framed: bytes, limits: WebSocketConfig) -> None:
        """Keep a message for those who come back: as much as one of them could be sent at once."""
        self.buffer.append((sequence, channel, framed))
        self.buffered_bytes += len(framed)
        bytes_max = limits.queue_bytes_max // 2
        while self.buffered_bytes > bytes_max or len(self.buffer) > limits.replay_messages_max:
            self.forgotten, _, gone = self.buffer.popleft()
            self.buffered_bytes -= len(gone)


@final
class Streams:
    """All private streams of the venue.

    turn: what is held until durable.  A stream without listeners stays for those who come back,
    up to STREAMS_MAX of them, the longest unused going first.
    """

    def __init__(self, engine: Engine, history: History, limits: WebSocketConfig) -> None:
        self.turn: Final = Turn()
        self._engine: Final = engine
        self._history: Final = history
        self._limits: Final = limits
        self._streams: Final[dict[int, AccountStream]] = {}
        self._moved: set[int] = set()

    @property
    def subscriber_count(self) -> int:
        """How many connections listen to private channels."""
        return sum(len(stream.subscribers) for stream in self._streams.values())

    def applied(self, time_ns: int, touched: Iterable[Touched], events: list[Event]) -> None:
        """Make the messages of one command; the state is that after it."""
        streams = self._streams
        if not streams:
            return
        time_ms, settings = time_ns // _NS_PER_MS, _settings_changed(events)
        for change in touched:
            stream = streams.get(change.account_id)
            if stream is not None:
                # Ahead of the rest: who has one of the numbered messages has these too.
                for instrument_id in settings.get(change.account_id, ()):
                    place = AccountId(change.account_id), instrument_id
                    self._tell_settings(stream, *place, change.first_sequence, time_ms)
                self._tell(stream, change, time_ms)

    def rates_changed(self, time_ns: int, event: FeeTierChanged) -> None:
        """A fee tier pays something else in a market: tell those of its accounts who listen, or
        did lately.  There are no more of them than streams, however many the tier has."""
        tiers = self._engine.state.fee_tiers
        for account_id, stream in self._streams.items():
            if tiers.get(AccountId(account_id)) == event.tier:
                following = self._history.account(account_id).stream_sequence + 1
                place = AccountId(account_id), event.instrument_id
                self._tell_settings(stream, *place, following, time_ns // _NS_PER_MS)

    def _tell_settings(
        self,
        stream: AccountStream,
        account_id: AccountId,
        instrument_id: int,
        following: int,
        time_ms: int,
    ) -> None:
        """Settings say what is and are no events: they repeat the sequence before, and are kept
        for who asks for the following one."""
        reply = accounts.changed_settings_reply(self._engine.state, account_id, instrument_id)
        framed = message_frame("account", "settings", following - 1, time_ms, reply)
        stream.say(following, "account", framed, self._limits)

    def _tell(self, stream: AccountStream, change: Touched, time_ms: int) -> None:
        state = self._engine.state
        said: list[tuple[str, str, object]] = []
        for order in change.orders.values():
            said.append(("orders", "update", replies.order_reply(state, order)))
        for fill in change.fills:
            said.append(("fills", "update", replies.fill_reply(state, fill)))
        for position in change.positions.values():
            said.append(("positions", "update", positions.position_now(state, position)))
        for payment in change.payments:
            said.append(("account", "funding", accounts.payment_reply(state, payment)))
        for event in change.notices:
            said.append(("account", *accounts.notice_reply(state, event)))
        if change.account:
            reply = accounts.account_reply(state, AccountId(change.account_id))
            said.append(("account", "update", reply))
        for sequence, (channel, kind, data) in enumerate(said, change.first_sequence):
            framed = message_frame(channel, kind, sequence, time_ms, data)
            stream.say(sequence, channel, framed, self._limits)

    def subscribe(
        self, subscriber: Subscriber, channels: Iterable[str], from_sequence: int | None
    ) -> None:
        """Listen, and catch up: with what was missed from `from_sequence` on, or, if that is not
        known any more, with a `reset`; without it with a `snapshot`.  Call when settled."""
        channels = [channel for channel in CHANNELS if channel in channels]
        stream = self._stream(subscriber.account_id)
        if subscriber not in stream.subscribers:
            stream.subscribers.append(subscriber)
        subscriber.channels.update(channels)
        newest = self._history.account(subscriber.account_id).stream_sequence
        if from_sequence is not None and stream.oldest(newest) <= from_sequence <= newest + 1:
            for sequence, channel, framed in stream.buffer:
                if sequence >= from_sequence and channel in channels:
                    subscriber.outbox.send(framed)
            return
        kind = "snapshot" if from_sequence is None else "reset"
        for channel in channels:
            data = self._present(channel, subscriber.account_id)
            time_ms = self._engine.state.time_ns // _NS_PER_MS
            subscriber.outbox.send(message_frame(channel, kind, newest, time_ms, data))

    def newest_sequence(self, account_id: AccountId) -> int:
        """The sequence of the account's last private message."""
        return self._history.account(account_id).stream_sequence

    def unsubscribe(self, subscriber: Subscriber, channels: Iterable[str]) -> None:
        """Listen no more to these channels."""
        subscriber.channels.difference_update(channels)
        stream = self._streams.get(subscriber.account_id)
        if stream is not None and not subscriber.channels and subscriber in stream.subscribers:
            stream.subscribers.remove(subscriber)

    def market_moved(self, instrument_id: int) -> None:
        """The mark price changed: open positions there are worth something else."""
        self._moved.add(instrument_id)

    def push_valuations(self) -> None:
        """Tell whoever listens to positions what those in moved markets are worth.  Call when
        settled, a few times a second.  Valuations repeat the last sequence: they are no events."""
        moved, self._moved = self._moved, set()
        if not moved:
            return
        state = self._engine.state
        time_ms = state.time_ns // _NS_PER_MS
        for account_id, stream in self._streams.items():
            listening = [s.outbox for s in stream.subscribers if "positions" in s.channels]
            if not listening:
                continue
            held = open_positions(state, AccountId(account_id))
            valued = [positions.position_reply(state, p) for p in _revalued(held, moved)]
            if valued:
                sequence = self._history.account(account_id).stream_sequence
                framed = message_frame("positions", "valuation", sequence, time_ms, valued)
                for outbox in listening:
                    outbox.send(framed)

    def _stream(self, account_id: int) -> AccountStream:
        stream = self._streams.pop(account_id, None) or AccountStream()
        self._streams[account_id] = stream  # the last used stands last
        if len(self._streams) > STREAMS_MAX:
            unused = (key for key, old in self._streams.items() if not old.subscribers)
            gone = next(unused, None)
            if gone is not None:
                del self._streams[gone]
        return stream

    def _present(self, channel: str, account_id: AccountId) -> object:
        state = self._engine.state
        if channel == "account":
            return accounts.account_reply(state, account_id)
        if channel == "positions":
            return [positions.position_reply(state, p) for p in open_positions(state, account_id)]
        if channel == "fills":
            return []
        history = self._history.known(account_id) or AccountHistory()
        return [replies.order_reply(state, order) for order in history.open_orders.values()]


def _settings_changed(events: list[Event]) -> dict[int, dict[int, None]]:
    """By account, the instruments where a setting of its was changed, each once, in order."""
    changed: dict[int, dict[int, None]] = {}
    for event in events:
        if (
            type(event) is LeverageChanged
            or type(event) is MarginModeChanged
            or type(event) is PositionModeChanged
        ):
            changed.setdefault(event.account_id, {})[event.instrument_id] = None
    return changed


def _revalued(positions: list[Position], moved: set[int]) -> list[Position]:
    """Those in moved markets, and with a cross position all that share its account's equity."""
    shared = {p.market.asset_id for p in positions if _has_moved(p, moved) and p.key.is_cross}
    return [
        position
        for position in positions
        if _has_moved(position, moved)
        or (position.key.is_cross and position.market.asset_id in shared)
    ]


def _has_moved(position: Position, moved: set[int]) -> bool:
    return position.market.instrument_id in moved
