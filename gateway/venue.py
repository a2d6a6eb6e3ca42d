"""The venue at work: engine, history, streams and sequencer, and what is counted of them.

Knows how they hang together; knows no socket and no file.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, final

from engine.commands import Command
from engine.engine import Engine
from engine.events import (
    AccountLiquidated,
    DebtSettled,
    Event,
    FeeTierChanged,
    FundingPaid,
    FundingSettled,
    PremiumSampled,
    PriceAccepted,
    PriceRefused,
    Rejected,
)
from engine.state import State
from gateway.clock import Clock
from gateway.config import Config
from gateway.errors import ApiError, EdgeCode, edge_error
from gateway.history.keeper import History
from gateway.market.board import Board
from gateway.market_data import MarketData
from gateway.rate_limit import Monotonic, RateLimit
from gateway.sequencer import Committer, Log, Sequencer
from gateway.streams import Streams

VERSION: Final = "0.1.0.dev0"


class About:
    """What the venue says of itself.  sync: how durable; epoch: how often it has been started."""

    def __init__(self, sync: str, epoch: int, demo: bool) -> None:
        self.sync: Final = sync
        self.epoch: Final = epoch
        self.demo: Final = demo


@final
class Venue:
    """Everything behind the listeners.

    refusals: how often each code was answered.  is_ready: whether it serves.
    liquidated_accounts, settled_debts: how many, by asset id.
    funding: samples of the premium, settlements of stamps, and payments at them, counted.
    skipped_samples: samples that were due and not taken, by reason.
    dropped_feeds: updates that left a feed out of the index, or made none, by reason.
    conflated: how many prices of the feed were replaced before their turn.
    """

    def __init__(
        self,
        engine: Engine,
        history: History,
        board: Board,
        journal: Log,
        clock: Clock,
        monotonic: Monotonic,
        halt: Callable[[int], None],
        config: Config,
        about: About,
        committer: Committer | None = None,
    ) -> None:
        assert history.sequence == board.sequence == engine.state.sequence
        self.engine: Final = engine
        self.journal: Final = journal
        self.state: Final[State] = engine.state
        self.history: Final = history
        self.board: Final = board
        self.config: Final = config
        self.about: Final = about
        self.clock: Final = clock
        self.refusals: Final[Counter[str]] = Counter()
        self.price_refusals: Final[Counter[str]] = Counter()
        self.liquidated_accounts: Final[Counter[int]] = Counter()
        self.settled_debts: Final[Counter[int]] = Counter()
        self.funding: Final[Counter[str]] = Counter()
        self.skipped_samples: Final[Counter[str]] = Counter()
        self._handlers: Final = self._noted_events()
        self.streams: Final = Streams(engine, history, config.websocket)
        most = config.limits.queue_max
        self.sequencer: Final = Sequencer(engine, journal, clock, self, halt, most, committer)
        self.market_data: Final = MarketData(
            board, engine.state, clock.now_ns, lambda: self.sequencer.is_settled
        )
        self.rate_limit: Final = _rate_limit(config, monotonic)
        self.is_ready = False
        self.dropped_feeds: Mapping[str, int] = {}
        self.conflated: Callable[[], int] = _none
        self._errors_given = 0

    def applied(self, sequence: int, time_ns: int, command: Command, events: list[Event]) -> None:
        """Take note of a command; what is made here leaves when it is durable."""
        touched = self.history.observe(sequence, time_ns, command, events)
        if touched:
            self.streams.applied(self.state.time_ns, touched, events)
        moved = self.board.observe(sequence, time_ns, command, events)
        if moved:
            self.market_data.moved(moved)
        handlers = self._handlers
        for event in events:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _noted_events(self) -> dict[type[Event], Callable[[Any], None]]:
        """What is done about the events that are counted, move a value, or concern many."""
        return {
            PriceAccepted: self._priced,
            PriceRefused: self._price_refused,
            Rejected: self._rejected,
            AccountLiquidated: self._liquidated,
            DebtSettled: self._debt_settled,
            PremiumSampled: self._sampled,
            FundingSettled: self._funding_settled,
            FundingPaid: self._funding_paid,
            FeeTierChanged: self._rates_changed,
        }

    def _priced(self, event: PriceAccepted) -> None:
        self.streams.market_moved(event.instrument_id)

    def _price_refused(self, event: PriceRefused) -> None:
        self.price_refusals[event.reason.name] += 1

    def _rejected(self, event: Rejected) -> None:
        self.refusals[event.reason.name] += 1

    def _liquidated(self, event: AccountLiquidated) -> None:
        self.liquidated_accounts[event.asset_id] += 1

    def _debt_settled(self, event: DebtSettled) -> None:
        self.settled_debts[event.asset_id] += 1

    def _sampled(self, _event: PremiumSampled) -> None:
        self.funding["samples"] += 1

    def _funding_settled(self, _event: FundingSettled) -> None:
        self.funding["settlements"] += 1

    def _funding_paid(self, _event: FundingPaid) -> None:
        self.funding["payments"] += 1

    def _rates_changed(self, event: FeeTierChanged) -> None:
        self.streams.rates_changed(self.state.time_ns, event)

    def released(self) -> None:
        """What was held may leave."""
        self.streams.turn.release()
        self.market_data.released()

    def request_id(self) -> str:
        """A name for a refusal, that a client can quote and the log has."""
        self._errors_given += 1
        return f"{self.about.epoch:x}-{self._errors_given:x}"

    def count_refusal(self, error: ApiError) -> None:
        """Count what the edge refused; the engine's refusals are counted as they happen."""
        if error.code in EdgeCode.__members__:
            self.refusals[error.code] += 1

    def take_rate(self, token_hash: bytes, count: int = 1) -> int:
        """So many requests of a token; returns how many are left.  Raises ApiError 429."""
        bucket = self.rate_limit.bucket(token_hash)
        count = min(count, self.rate_limit.burst)
        if bucket.level < count:
            raise edge_error(
                EdgeCode.RATE_LIMITED, self.rate_limit.wait_s(bucket), limit="requests per token"
            )
        bucket.level -= count
        return int(bucket.level)


def insurance_atoms(state: State) -> list[tuple[str, int]]:
    """Each asset, and what its insurance fund has: below zero if it paid more than it had."""
    ledgers = state.ledger.assets
    names = enumerate(state.assets)
    return [(name, ledgers[asset_id].insurance_atoms) for asset_id, name in names if asset_id]


def _rate_limit(config: Config, monotonic: Monotonic) -> RateLimit:
    limits = config.limits
    kept = limits.tokens_remembered_max
    return RateLimit(limits.requests_per_second, limits.burst, monotonic, kept)


def _none() -> int:
    """No feed, nothing conflated."""
    return 0
