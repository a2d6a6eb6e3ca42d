"""Public channels as a client follows them: books rebuilt from deltas, trades as told.

Knows messages; knows no engine.  Every client's book at a sequence is the same, and every
client's trade of an id.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple, final

import msgspec

from tests.crash.lines import PRIVATE, Frame
from tests.crash.sightings import Shown, Sightings, read

Levels = dict[str, str | None]  # quantity by price; None where the house takes any
SAMPLED_EVERY: Final = 150


class Depth(NamedTuple):
    """A book at some sequence."""

    bids: Levels
    asks: Levels


class _BookData(msgspec.Struct):
    bids: list[tuple[str, str | None]]
    asks: list[tuple[str, str | None]]


class _Trade(msgspec.Struct, rename="camel"):
    trade_id: str


class BookMessage(msgspec.Struct, rename="camel"):
    """A book asked for over HTTP."""

    symbol: str
    sequence: int
    bids: list[tuple[str, str | None]]
    asks: list[tuple[str, str | None]]


_books: Final = msgspec.json.Decoder(_BookData)
_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])
_trades: Final = msgspec.json.Decoder(_Trade)


@final
class PublicSightings:
    """What all clients saw of the markets.

    books: some of the rebuilt books, by symbol as channels write it and sequence.
    trades: each trade's body by symbol and trade id.
    """

    def __init__(self, seen: Sightings) -> None:
        self.seen: Final = seen
        self.books: Final[dict[tuple[str, int], Depth]] = {}
        self.trades: Final[dict[tuple[str, str], bytes]] = {}
        self.counts: Final[Counter[str]] = Counter()

    def see_book(self, symbol: str, sequence: int, depth: Depth) -> None:
        """A book at the sequence of its last change, or later."""
        self.seen.see_sequence(sequence)
        self.counts["books"] += 1
        if self.books.setdefault((symbol, sequence), depth) != depth:
            self.seen.contradictions.append(f"two books of {symbol} at {sequence}")

    def see_trade(self, symbol: str, body: bytes) -> None:
        """A trade, in an update or in a snapshot."""
        trade_id = _trades.decode(body).trade_id
        self.counts["trades"] += 1
        if self.trades.setdefault((symbol, trade_id), body) != body:
            self.seen.contradictions.append(f"two trades {trade_id} of {symbol}")


@final
class ClientBook:
    """One book over one connection.  sequence: None before its snapshot."""

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.bids: Final[Levels] = {}
        self.asks: Final[Levels] = {}

    def take(self, frame: Frame) -> str:
        """A message; returns what is wrong with it, or an empty string."""
        if frame.type == "update" and (
            self.sequence is None or frame.prev_sequence != self.sequence
        ):
            return f"{self.sequence}, then from {frame.prev_sequence} to {frame.sequence}"
        data = _books.decode(frame.data)
        if frame.type != "update":
            self.bids.clear()
            self.asks.clear()
        elif not data.bids and not data.asks:
            return f"nothing new at {frame.sequence}"
        self.sequence = frame.sequence
        for levels, changes in ((self.bids, data.bids), (self.asks, data.asks)):
            for price, quantity in changes:
                if quantity == "0":
                    levels.pop(price, None)
                else:
                    levels[price] = quantity
        return ""

    def depth(self) -> Depth:
        """A copy."""
        return Depth(dict(self.bids), dict(self.asks))


@final
class Ear:
    """What one client hears: books and trades of these symbols, and its own orders.

    orders: the newest state of orders that private messages told of, until they are taken.
    """

    def __init__(self, user: str, symbols: Sequence[str], public: PublicSightings) -> None:
        paths = [symbol.replace("/", "-") for symbol in symbols]
        self.orders: Final[list[Shown]] = []
        self.channels: Final = [f"{kind}:{path}" for path in paths for kind in ("book", "trades")]
        self._books: Final = {f"book:{path}": ClientBook() for path in paths}
        self._trades: Final[dict[str, int | None]] = {f"trades:{path}": None for path in paths}
        self._user: Final = user
        self._public: Final = public
        self._heard = sum(user.encode()) % SAMPLED_EVERY

    def begin(self) -> None:
        """A new connection: its channels begin with snapshots."""
        for book in self._books.values():
            book.sequence = None
        for channel in self._trades:
            self._trades[channel] = None

    def hear(self, frame: Frame) -> None:
        """A message of any channel but a ticker's."""
        if frame.channel in PRIVATE:
            if frame.channel == "orders" and frame.type == "update":
                self.orders.append(read(frame.data))
        elif frame.channel in self._books:
            self._hear_book(frame)
        else:
            self._hear_trades(frame)

    def note_books(self) -> None:
        """The connection has ended: what the books are now counts."""
        for channel, book in self._books.items():
            if book.sequence is not None:
                self._public.see_book(_symbol(channel), book.sequence, book.depth())

    def _hear_book(self, frame: Frame) -> None:
        book = self._books[frame.channel]
        self._public.counts[f"book {frame.type}s"] += 1
        self._public.seen.see_sequence(frame.sequence)
        wrong = book.take(frame)
        if wrong:
            self._complain(frame, wrong)
        self._heard += 1
        if self._heard % SAMPLED_EVERY == 0 and book.sequence is not None:
            self._public.see_book(_symbol(frame.channel), book.sequence, book.depth())

    def _hear_trades(self, frame: Frame) -> None:
        before = self._trades[frame.channel]
        if frame.type == "update" and frame.prev_sequence != before:
            self._complain(frame, f"{before}, then from {frame.prev_sequence}")
        self._trades[frame.channel] = frame.sequence
        self._public.seen.see_sequence(frame.sequence)
        for trade in _raws.decode(frame.data):
            self._public.see_trade(_symbol(frame.channel), bytes(trade))

    def _complain(self, frame: Frame, words: str) -> None:
        self._public.seen.contradictions.append(f"{frame.channel} of {self._user}: {words}")


def _symbol(channel: str) -> str:
    return channel.partition(":")[2]
