"""The core's input queue: numbers, stamps, journals, applies, releases.  Knows no JSON.

One turn of the event loop is one batch: whatever was entered is packed, applied, written and
synced once, and only then are replies, stream messages and reads of that turn let out, in order.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol, final

import structlog

from engine.codec import pack_command
from engine.commands import AdvanceTime, Command
from engine.engine import Engine
from engine.events import Event
from gateway.clock import Clock
from gateway.errors import ApiError, EdgeCode, edge_error
from wal.errors import LogFailed
from wal.record import BATCH_RECORDS_MAX, RECORD_BYTES_MAX

EXIT_BUG: Final = 70
EXIT_LOG_FAILED: Final = 74
_TIMER_S_MAX: Final = 3_600.0
# While commands come several at a time, a turn waits so many passes of the loop for what the
# sockets still bring: a whole round of requests then shares one sync.
GATHERING_PASSES: Final = 2

# Runs right after its command was applied, so that it sees the state at that sequence.
Answer = Callable[[int, int, list[Event]], object]
# Takes what the answer returned (or the exception that kept it) once that is durable.
Deliver = Callable[[object], None]

log: Final = structlog.get_logger("sequencer")


class Log(Protocol):
    """The open end of the journal; `wal.writer.LogWriter` is one."""

    @property
    def syncs(self) -> int:
        """How often the disk was waited for."""
        ...

    def append(self, sequence: int, record: bytes) -> None:
        """Put a record on the open batch."""
        ...

    def commit(self) -> None:
        """Make the open batch durable.  Raises LogFailed."""
        ...


class Committer(Protocol):
    """Makes a batch durable and calls back on the loop: at once, or when a slow disk is done."""

    def commit(self, journal: Log, then: Callable[[], None]) -> None:
        """Commit, then call `then`.  Raises LogFailed, or calls `then` never."""
        ...


@final
class InlineCommitter:
    """On the loop itself: the fastest way while a sync takes less than about 2 ms."""

    def commit(self, journal: Log, then: Callable[[], None]) -> None:
        """Commit and call back before returning."""
        journal.commit()
        then()


class Entry(NamedTuple):
    """A command that waits for its turn."""

    command: Command
    answer: Answer
    deliver: Deliver


class Observer(Protocol):
    """What is told of every command: when it was applied, and when it may be shown."""

    def applied(self, sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
        """The state is that after `sequence`; nothing of it may be shown yet."""
        ...

    def released(self) -> None:
        """All that was applied is durable and may be shown."""
        ...


@final
class Counters:
    """What the sequencer did since the start."""

    def __init__(self) -> None:
        self.commands = 0
        self.batches = 0
        self.batch_commands_max = 0
        self.overloads = 0
        self.unencodable = 0
        self.queue_max = 0


@final
class Sequencer:
    """The one place that orders commands.

    queue_max: entries and parked reads that may wait; beyond it the answer is 503.
    early: asked at the start of each turn for commands that must not queue (prices).
    halt: ends the process with an exit code; it does not return in production.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Log,
        clock: Clock,
        observer: Observer,
        halt: Callable[[int], None],
        queue_max: int,
        committer: Committer | None = None,
    ) -> None:
        self.engine: Final = engine
        self.counters: Final = Counters()
        self.queue_max: Final = queue_max
        self.early: Callable[[], Sequence[Command]] | None = None
        self._journal: Final = journal
        self._clock: Final = clock
        self._observer: Final = observer
        self._halt: Final = halt
        self._committer: Final[Committer] = committer or InlineCommitter()
        self._loop: Final = asyncio.get_running_loop()
        self._queue: Final[deque[Entry]] = deque()
        self._parked: Final[deque[asyncio.Future[None]]] = deque()
        self._batch: list[tuple[Deliver, object]] = []
        self._turn_is_due = False
        self._passes_to_wait = 0
        self._last_batch = 0
        self._committing = False
        self._stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_ns: int | None = None

    @property
    def queue_length(self) -> int:
        """How many entries wait."""
        return len(self._queue)

    @property
    def is_settled(self) -> bool:
        """Whether all that was applied is durable: then, and only then, the state may be read."""
        return not self._committing

    def start(self) -> None:
        """Begin to let time pass: what fell due while the venue was down happens now."""
        self._watch_expiry()

    def stop(self) -> None:
        """Take nothing more.  What waits is refused."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        while self._queue:
            self._queue.popleft().deliver(edge_error(EdgeCode.STOPPING))

    def enter(self, command: Command, answer: Answer, deliver: Deliver) -> None:
        """Queue a command.  Raises ApiError 503 if the queue is full."""
        waiting = len(self._queue)
        if waiting >= self.queue_max or self._stopped:
            raise self._refusal()
        self._queue.append(Entry(command, answer, deliver))
        if waiting >= self.counters.queue_max:
            self.counters.queue_max = waiting + 1
        if not self._turn_is_due:
            self.wake()

    def enter_own(self, command: Command) -> None:
        """Queue a command that nobody waits for and that must not be lost to a full queue: the
        end of a connection.  There are no more of them than connections."""
        if not self._stopped:
            self._queue.append(Entry(command, _no_answer, _nobody))
            self.wake()

    def submit(self, command: Command, answer: Answer) -> "asyncio.Future[object]":
        """Queue a command; the future has its durable answer, or what kept it.

        Raises ApiError 503 if the queue is full.
        """
        future: asyncio.Future[object] = self._loop.create_future()
        self.enter(command, answer, partial(_resolve, future))
        return future

    async def settled(self) -> None:
        """Return when all that was applied is durable, so that the state may be looked at until
        the caller next waits for anything.  Raises ApiError 503 if too many wait already."""
        while self._committing:
            if len(self._parked) >= self.queue_max:
                raise self._refusal()
            future: asyncio.Future[None] = self._loop.create_future()
            self._parked.append(future)
            await future

    def wake(self) -> None:
        """There is something to do: a turn will come."""
        if not self._turn_is_due and not self._committing and not self._stopped:
            self._turn_is_due = True
            comes_in_groups = self._last_batch > 1 and len(self._queue) < BATCH_RECORDS_MAX
            self._passes_to_wait = GATHERING_PASSES if comes_in_groups else 0
            self._loop.call_soon(self._gather)

    def _gather(self) -> None:
        """Let the loop pass before the turn; a lone client never waits for others."""
        if self._passes_to_wait > 0:
            self._passes_to_wait -= 1
            self._loop.call_soon(self._gather)
        else:
            self._turn()

    def _turn(self) -> None:
        """Apply what waits, as much as one frame of the journal takes, and commit it."""
        self._turn_is_due = False
        if self._stopped or self._committing:
            return
        try:
            self._apply_batch()
        except Exception:  # noqa: BLE001 - whatever it is, it is logged and the process ends
            try:
                log.exception("fault", action="exit", code=EXIT_BUG)
            finally:  # even if nobody can be told
                self._end(EXIT_BUG)
            return
        if not self._batch:
            return
        self._committing = True
        try:
            self._committer.commit(self._journal, self._release)
        except LogFailed as error:
            try:
                log.critical("journal failed", code=EXIT_LOG_FAILED, error=str(error))
            finally:
                self._end(EXIT_LOG_FAILED)

    def _apply_batch(self) -> None:
        now_ns = self._clock.now_ns()
        before = self.engine.state.sequence
        if self.early is not None:
            for command in self.early():
                self._apply(now_ns, Entry(command, _no_answer, _nobody))
        queue = self._queue
        applied = self.engine.state.sequence - before
        while queue and applied < BATCH_RECORDS_MAX:
            self._apply(now_ns, queue.popleft())
            applied = self.engine.state.sequence - before
        counters = self.counters
        counters.commands += applied
        self._last_batch = applied
        if applied > counters.batch_commands_max:
            counters.batch_commands_max = applied

    def _apply(self, now_ns: int, entry: Entry) -> None:
        command, answer, deliver = entry
        try:
            record = pack_command(now_ns, command)
        except (ValueError, OverflowError):
            record = b""
        if not 0 < len(record) <= RECORD_BYTES_MAX:
            # Numbers and texts are bounded at the edge; this is the second look, before the log.
            self.counters.unencodable += 1
            self._batch.append((deliver, edge_error(EdgeCode.BAD_FIELD)))
            return
        sequence = self.engine.state.sequence + 1
        self._journal.append(sequence, record)
        events = self.engine.apply(sequence, now_ns, command)
        self._observer.applied(sequence, now_ns, command, events)
        self._batch.append((deliver, answer(sequence, now_ns, events)))

    def _release(self) -> None:
        """The batch is durable: let out what it brought about."""
        self._committing = False
        self.counters.batches += 1
        batch, self._batch = self._batch, []
        for deliver, result in batch:
            deliver(result)
        self._observer.released()
        parked = self._parked
        while parked:  # These continue before the next turn, which is called for below.
            future = parked.popleft()
            if not future.done():
                future.set_result(None)
        self._watch_expiry()
        if self._queue:
            self.wake()

    def _end(self, code: int) -> None:
        """Nothing of this turn was shown, and nothing will be."""
        self._stopped = True
        self._halt(code)

    def _refusal(self) -> ApiError:
        if self._stopped:
            return edge_error(EdgeCode.STOPPING, retry_after_s=5)
        self.counters.overloads += 1
        return edge_error(EdgeCode.OVERLOADED, retry_after_s=1)

    def _watch_expiry(self) -> None:
        """Wake up when the next order expires: time passes by command."""
        due_ns = self.engine.state.next_due_ns()
        if due_ns == self._timer_due_ns and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_due_ns = due_ns
        if due_ns is not None and not self._stopped:
            delay_s = max(0.0, (due_ns - self._clock.now_ns()) / 1e9)
            self._timer = self._loop.call_later(min(delay_s, _TIMER_S_MAX), self._expire)

    def _expire(self) -> None:
        self._timer = None
        due_ns = self._timer_due_ns
        if due_ns is not None and self._clock.now_ns() >= due_ns:
            self._queue.appendleft(Entry(AdvanceTime(), _no_answer, _nobody))
            self.wake()
        else:
            self._watch_expiry()


def _resolve(future: "asyncio.Future[object]", result: object) -> None:
    """Whoever waited may be gone."""
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def _no_answer(_sequence: int, _time_ns: int, _events: list[Event]) -> None:
    """Nobody asked."""


def _nobody(_result: object) -> None:
    """Nobody waits."""
