"""Made-up events for a board: one market, commands one after another.  Knows no engine."""

from typing import Final

import msgspec

from engine.commands import AdvanceTime, ListInstrument, Side
from engine.events import (
    BookChanged,
    Event,
    InstrumentListed,
    Liquidity,
    OrderFilled,
    PriceAccepted,
    StatusChanged,
    Traded,
)
from engine.instrument import InstrumentSpec, InstrumentStatus, MarketStructure
from engine.market import Market
from engine.state import State
from engine.units import AccountId, AssetId, InstrumentId, OrderId, PositionId
from gateway.market.board import Board, MarketView
from tests.gateway.house import Json, market

BTC: Final = InstrumentId(1)
SECOND_NS: Final = 1_000_000_000
BUY, SELL = Side.BUY, Side.SELL


def decoded(framed: bytes) -> Json:
    """The message of a text frame."""
    length = framed[1]
    header = 2 if length < 126 else 4 if length == 126 else 10
    return msgspec.json.decode(framed[header:])


def order_driven(symbol: str = "BTC/USDT") -> InstrumentSpec:
    """A market of users among themselves: tick 0.01, lot 0.000001."""
    return market(symbol, market=MarketStructure.ORDER_DRIVEN, price_band_e8=10_000_000)


class Desk:
    """A board with one market, and the state that has its settings."""

    def __init__(self, spec: InstrumentSpec | None = None) -> None:
        self.spec: Final = spec or order_driven()
        self.board = Board()
        self.state: Final = State()
        self.time_ns = 1_000 * SECOND_NS
        self.market: Final = Market(BTC, AssetId(1), self.spec)
        self.state.markets.append(self.market)
        self.moved: set[int] | frozenset[int] = set()
        self.fill_id = 0
        listed: list[Event] = [InstrumentListed(BTC, self.spec.symbol)]
        self.board.observe(1, self.time_ns, ListInstrument(self.spec), listed)

    @property
    def view(self) -> MarketView:
        """What the public sees."""
        return self.board.views[BTC]

    def command(self, *events: Event) -> int:
        """A command that brought these events; its sequence."""
        sequence = self.board.sequence + 1
        self.moved = self.board.observe(sequence, self.time_ns, AdvanceTime(), list(events))
        return sequence

    def level(self, side: Side, price_ticks: int, lots: int) -> int:
        """A command that changed one level."""
        return self.command(BookChanged(BTC, side, price_ticks, lots))

    def trade(self, price_ticks: int, lots: int, side: Side = BUY) -> int:
        """A command that brought one trade."""
        self.fill_id += 3  # its two fills count too
        return self.command(Traded(BTC, self.fill_id, price_ticks, lots, side))

    def price(self, bid: int, ask: int, last: int, mark: int, index: int) -> int:
        """A command that brought new prices."""
        return self.command(PriceAccepted(BTC, bid, ask, last, mark, index))

    def fill(self, price_ticks: int, lots: int, side: Side, liquidity: Liquidity) -> int:
        """A command that brought one account's fill."""
        self.fill_id += 1
        ids = (OrderId(1), AccountId(1), BTC, PositionId(1))
        return self.command(
            OrderFilled(self.fill_id, *ids, side, lots, price_ticks, 0, 0, liquidity)
        )

    def status(self, status: InstrumentStatus) -> int:
        """A command that changed the market's status."""
        self.market.status = status
        return self.command(StatusChanged(BTC, status))

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.time_ns += seconds * SECOND_NS
