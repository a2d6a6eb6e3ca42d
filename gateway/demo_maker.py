"""The demo's market maker: a few levels around the mark, so that nobody meets an empty book.

An account like any other: its orders go through the sequencer into the journal, as batches.  Knows
one market; knows no listener.
"""

import asyncio
from collections.abc import Iterator
from typing import Final, final

from engine.commands import (
    BatchedCommand,
    CancelOrder,
    OrderType,
    PlaceOrder,
    PriceSource,
    Side,
    SubmitBatch,
    TimeInForce,
)
from engine.events import Event
from engine.instrument import InstrumentStatus
from engine.market import Market
from engine.order import Order
from engine.state import State, open_orders
from engine.units import AccountId, OrderId, PositionId
from gateway.api_messages import BATCH_ITEMS_MAX
from gateway.errors import ApiError
from gateway.venue import Venue

LOOK_EVERY_S: Final = 0.5
LEVERAGE: Final = 10
# Each level: how far from the middle, in 10^-4 of the mark, and how many lots.
LEVELS: Final = ((1, 200), (2, 400), (3, 600), (5, 800), (8, 1_000))
MOVED_E4: Final = 1  # the mark is elsewhere if it moved by more than this
LOTS_PER_E4: Final = 1_000  # a position of so many lots moves the middle by one 10^-4, to sell it
SHIFT_E4_MAX: Final = 20
_E4: Final = 10_000


@final
class DemoMaker:
    """Quotes one market for an account until it is cancelled.

    quoted_ticks: the mark at its last batch, 0 before the first.
    """

    def __init__(self, venue: Venue, market: Market, account_id: AccountId) -> None:
        self._venue: Final = venue
        self._market: Final = market
        self._account_id: Final = account_id
        self._standing: list[tuple[OrderId, int]] = []
        self.quoted_ticks = 0

    async def run(self) -> None:
        """Look at the market a few times a second, and quote it anew where that is due."""
        while True:
            try:
                await self._venue.sequencer.settled()
                if self._is_due():
                    await self._venue.sequencer.submit(self._quotes(), self._note)
            except ApiError:  # the venue is busy or stopping; another look will do
                pass
            await asyncio.sleep(LOOK_EVERY_S)

    def _is_due(self) -> bool:
        """Whether the mark is elsewhere, or somebody traded with a quote."""
        market = self._market
        mark_ticks = market.mark_ticks
        if mark_ticks == 0 or market.status is not InstrumentStatus.TRADING:
            return False
        if market.is_stale(self._venue.clock.now_ns()):
            return False
        moved = abs(mark_ticks - self.quoted_ticks) * _E4 > mark_ticks * MOVED_E4
        return moved or self._standing != self._stands()

    def _stands(self) -> list[tuple[OrderId, int]]:
        orders = own_orders(self._venue.state, self._account_id, self._market)
        return [(order.order_id, order.qty_lots) for order in orders]

    def _note(self, _sequence: int, _time_ns: int, _events: list[Event]) -> None:
        """What the batch left standing, refused quotes left out."""
        self.quoted_ticks = self._market.mark_ticks
        self._standing = self._stands()

    def _quotes(self) -> SubmitBatch:
        """Cancels of the old quotes and the new ones, in one command."""
        items: list[BatchedCommand] = list(self._new_quotes())
        room = BATCH_ITEMS_MAX - len(items)
        old = own_orders(self._venue.state, self._account_id, self._market)[:room]
        cancels = [CancelOrder(self._account_id, order.order_id, "") for order in old]
        return SubmitBatch(self._account_id, (*cancels, *items))

    def _new_quotes(self) -> Iterator[PlaceOrder]:
        mark_ticks = self._market.mark_ticks
        middle = mark_ticks - mark_ticks * self._shift_e4() // _E4
        for distance_e4, lots in LEVELS:
            away = max(1, mark_ticks * distance_e4 // _E4)
            yield self._quote(Side.BUY, middle - away, lots)
            yield self._quote(Side.SELL, middle + away, lots)

    def _shift_e4(self) -> int:
        """How far the middle lies below the mark: long it quotes lower, short higher."""
        seat = self._market.existing_seat(self._account_id)
        position = None if seat is None else seat.first_position
        if position is None:
            return 0
        lots = position.qty_lots if position.side is Side.BUY else -position.qty_lots
        return max(-SHIFT_E4_MAX, min(SHIFT_E4_MAX, lots // LOTS_PER_E4))

    def _quote(self, side: Side, price_ticks: int, lots: int) -> PlaceOrder:
        return PlaceOrder(
            self._account_id,
            self._market.instrument_id,
            side,
            OrderType.LIMIT,
            TimeInForce.GTC,
            lots,
            0,
            max(1, price_ticks),
            0,
            PriceSource.MARK,
            LEVERAGE,
            reduce_only=False,
            post_only=True,
            position_id=PositionId(0),
            stop_loss_ticks=0,
            take_profit_ticks=0,
            auto_close_e8=0,
            expire_ns=0,
            client_order_id="",
            digest=b"",
        )


def own_orders(state: State, account_id: AccountId, market: Market) -> list[Order]:
    """The account's open orders in the market, by id."""
    return [order for order in open_orders(state, account_id) if order.market is market]
