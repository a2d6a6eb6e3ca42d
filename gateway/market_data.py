"""Public prices: the newest of each market to whoever listens, at most every few milliseconds.

A message is encoded once for all; whoever reads slowly gets fewer and newer ones.  Knows outboxes
and markets, nothing of requests.
"""

import asyncio
from collections.abc import Callable
from typing import Final, final

from engine.market import Market
from engine.state import State
from gateway import api_replies as replies
from gateway.outbox import CONFLATE_BYTES, Outbox
from gateway.streams import message_frame

INTERVAL_S: Final = 0.02
SLICE: Final = 100  # connections written to before others get a turn
_NS_PER_MS: Final = 1_000_000


def path_symbol(symbol: str) -> str:
    """A symbol as paths and channels write it: BTC/USDT is BTC-USDT."""
    return symbol.replace("/", "-")


def ticker_frame(state: State, market: Market, kind: str) -> bytes:
    """The ticker message of a market as it is now."""
    channel = f"ticker:{path_symbol(market.spec.symbol)}"
    time_ms = market.price_time_ns // _NS_PER_MS
    return message_frame(channel, kind, state.sequence, time_ms, replies.ticker_reply(market))


@final
class Tickers:
    """The listeners of each market's ticker.

    conflated: messages not sent because a newer one came first or the reader was slow.
    """

    def __init__(self, state: State, is_settled: Callable[[], bool]) -> None:
        self._state: Final = state
        self._is_settled: Final = is_settled
        self._loop: Final = asyncio.get_running_loop()
        self._listeners: Final[dict[int, dict[Outbox, None]]] = {}
        self._late: Final[dict[int, dict[Outbox, None]]] = {}
        self._moved: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.conflated = 0

    def subscribe(self, market: Market, outbox: Outbox) -> None:
        """Listen, and get the present prices.  Call when settled."""
        self._listeners.setdefault(market.instrument_id, {})[outbox] = None
        outbox.send(ticker_frame(self._state, market, "snapshot"))

    def unsubscribe(self, instrument_id: int, outbox: Outbox) -> None:
        """Listen no more."""
        self._listeners.get(instrument_id, {}).pop(outbox, None)
        self._late.get(instrument_id, {}).pop(outbox, None)

    def market_moved(self, instrument_id: int) -> None:
        """The market has new prices, or another status."""
        if not self._listeners.get(instrument_id):
            return
        if instrument_id in self._moved:
            self.conflated += 1
        self._moved.add(instrument_id)
        if self._timer is None:
            self._timer = self._loop.call_later(INTERVAL_S, self._push)

    def stop(self) -> None:
        """Push no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _push(self) -> None:
        self._timer = None
        if not self._is_settled():
            self._timer = self._loop.call_later(INTERVAL_S, self._push)
            return
        moved, self._moved = self._moved, set()
        for instrument_id, listeners in self._listeners.items():
            late = self._late.setdefault(instrument_id, {})
            targets = list(listeners if instrument_id in moved else late)
            market = self._state.markets[instrument_id]
            if targets and market is not None:
                late.clear()
                self._send_slices(ticker_frame(self._state, market, "update"), targets, late)
        if any(self._late.values()) and self._timer is None:
            self._timer = self._loop.call_later(INTERVAL_S, self._push)

    def _send_slices(self, framed: bytes, targets: list[Outbox], late: dict[Outbox, None]) -> None:
        for outbox in targets[:SLICE]:
            if outbox.backlog_bytes > CONFLATE_BYTES:
                late[outbox] = None
                self.conflated += 1
            else:
                outbox.send(framed)
        if len(targets) > SLICE:
            self._loop.call_soon(self._send_slices, framed, targets[SLICE:], late)
