"""What waits for a price, and what came true.  Knows entries, keys and places on the way.

Arming puts an entry into the price levels of its market; if its condition is already true it joins
the firing queue of the running command at once (FIR-3, FIR-4).
"""

from heapq import heapify, heappush
from typing import Final, final

from engine.commands import BUY, LIMIT, TRAILING_STOP, PriceSource, Side
from engine.cross import BandEdge, CrossAccount
from engine.margin import auto_close_ticks, liquidation_ticks
from engine.market import ASK, BID, MARK, Market
from engine.order import Order
from engine.position import ExitPair, Position, PositionTrigger, TriggerKind
from engine.price_levels import Entry, PriceLevels
from engine.trailing import Group
from engine.units import NOBODY, div_floor

# place, class, priority, kind, parent order id, arming, serial, entry: the first five tell all
# entries apart; the serial tells an entry from itself, when two trades make it true.
Firing = tuple[int, int, int, int, int, int, int, Entry]

CLOSERS: Final = 0
LIQUIDATIONS: Final = 1
OPENERS: Final = 2


@final
class FiringQueue:
    """What came true in the running command, and the way the prices go in it.

    place_now: the place of what is firing; what it arms comes no earlier.
    left_bands: cross accounts one of whose bands a price left; they are checked afterwards.
    travelling: the market whose prices go the way; in all others nothing moved (FIR-3).
    old_prices: where the way begins.  scales: by source, what makes distances on that source
        comparable with those on the others, so that places are exact integers.
    """

    __slots__ = (
        "heap",
        "left_bands",
        "old_prices",
        "place_now",
        "scales",
        "serial",
        "travelling",
    )

    def __init__(self) -> None:
        self.heap: Final[list[Firing]] = []
        self.left_bands: Final[list[CrossAccount]] = []
        self.place_now = 0
        self.serial = 0
        self.travelling: Market | None = None
        self.old_prices = [0, 0, 0, 0, 0]
        self.scales = [0, 0, 0, 0, 0]

    def begin_travel(self, market: Market) -> None:
        """Queue everything that the prices pass from the processed to the present values.

        `|trigger − old| / |new − old|` of each source is brought to one denominator, the product
        of all the distances.
        """
        self._call_waiting(market)
        prices = market.prices
        passed = [
            levels
            for levels in market.watched
            if levels.is_passed(prices[levels.source], levels.best_ticks)
        ]
        if not passed and not self.left_bands:
            return
        moves = [abs(new - old) for new, old in zip(prices, market.processed, strict=True)]
        product = 1
        for move in moves:
            product *= move or 1
        self.scales = [exact_quotient(product, move) if move else 0 for move in moves]
        self.old_prices = market.processed
        self.travelling = market
        for levels in passed:
            for entry in levels.passed(prices[levels.source]):
                if isinstance(entry, BandEdge):
                    self.left_bands.append(entry.account)
                elif isinstance(entry, Group):
                    for member in entry.passed(levels, prices[levels.source]):
                        self.heap.append(self.item(levels, member))
                else:
                    self.heap.append(self.item(levels, entry))
        heapify(self.heap)

    def _call_waiting(self, market: Market) -> None:
        """The accounts that wait for a price of this market are looked at."""
        if market.waiting_accounts:
            self.left_bands.extend(market.waiting_accounts.values())
            market.waiting_accounts.clear()

    def leave_bands(self, market: Market) -> None:
        """Note the cross accounts whose bands the mark has left, and nothing else."""
        self._call_waiting(market)
        mark_ticks = market.prices[MARK]
        for levels in (market.falling[MARK], market.rising[MARK]):
            if levels.is_passed(mark_ticks, levels.best_ticks):
                for entry in levels.passed(mark_ticks):
                    if isinstance(entry, BandEdge):
                        self.left_bands.append(entry.account)

    def end(self) -> None:
        """Forget the way: from here on the place of everything is 0."""
        self.heap.clear()
        self.place_now = 0
        self.serial = 0
        self.travelling = None
        self.scales = [0, 0, 0, 0, 0]

    def push(self, levels: PriceLevels, entry: Entry) -> None:
        """Queue an entry that was armed with its condition already true."""
        heappush(self.heap, self.item(levels, entry))

    def push_passed(self, market: Market, source: PriceSource) -> None:
        """Queue what this source's present value makes true; what is queued twice fires once."""
        price_ticks = market.prices[source]
        for levels in (market.falling[source], market.rising[source]):
            if levels.is_passed(price_ticks, levels.best_ticks):
                for entry in levels.passed(price_ticks):
                    if isinstance(entry, Group):
                        for member in entry.passed(levels, price_ticks):
                            self.push(levels, member)
                    else:
                        self.push(levels, entry)

    def item(self, levels: PriceLevels, entry: Entry) -> Firing:
        """The entry with its rank in the queue."""
        self.serial += 1
        serial = self.serial
        place = self.place_now
        scale = self.scales[levels.source]
        if scale and market_of(entry) is self.travelling:
            old_ticks = self.old_prices[levels.source]
            way = old_ticks - entry.key_ticks if levels.falls else entry.key_ticks - old_ticks
            if way > 0:
                place = max(place, way * scale)
        if isinstance(entry, Order):
            order_class = CLOSERS if entry.closing else OPENERS
            return place, order_class, entry.priority, 0, 0, entry.arming, serial, entry
        assert isinstance(entry, PositionTrigger)
        kind = entry.kind
        trigger_class = LIQUIDATIONS if kind is TriggerKind.LIQUIDATION else CLOSERS
        parent = 0 if entry.pair is None else entry.pair.parent_order_id
        position_id = entry.position.position_id
        return place, trigger_class, position_id, int(kind), parent, entry.arming, serial, entry


def market_of(entry: Entry) -> Market:
    """Where an order, or a position's trigger, waits."""
    if isinstance(entry, Order):
        return entry.market
    assert isinstance(entry, PositionTrigger)
    return entry.position.market


def exact_quotient(product: int, factor: int) -> int:
    """The product without one of its factors."""
    quotient = div_floor(product, factor)
    assert quotient * factor == product
    return quotient


def arm(queue: FiringQueue, market: Market, levels: PriceLevels, entry: Entry, key: int) -> None:
    """Let the entry wait at `key`; if that is already true it fires in this command."""
    levels.add(entry, key)
    price_ticks = market.prices[levels.source]
    if (price_ticks <= key) if levels.falls else (price_ticks >= key):
        queue.push(levels, entry)


def disarm(entry: Entry) -> None:
    """Stop waiting, if the entry waits at all."""
    if entry.levels is not None:
        entry.levels.remove(entry)


def arm_order(queue: FiringQueue, order: Order) -> None:
    """Let a limit order rest, or a conditional order wait for its trigger."""
    market = order.market
    if order.order_type is LIMIT and market.book is not None:
        market.book.add(order)
    elif order.order_type is TRAILING_STOP and order.trigger_ticks == 0:
        follow(order, market.prices[order.trigger_source])
    elif order.order_type is LIMIT:
        levels = market.falling[ASK] if order.side is BUY else market.rising[BID]
        arm(queue, market, levels, order, order.price_ticks)
    else:
        indexes = market.falling if order.fires_falling() else market.rising
        arm(queue, market, indexes[order.trigger_source], order, order.trigger_ticks)


def follow(order: Order, extreme_ticks: int) -> None:
    """Let a trailing stop follow its price from an extreme on (TRL-2)."""
    levels = trailing_levels(order.market, order.side is not BUY, order.trigger_source)
    stops = order.market.trailing_stops(levels)
    stops.add(order, extreme_ticks, order.trail_ticks, order.trail_e8)


def trailing_levels(market: Market, falls: bool, source: PriceSource) -> PriceLevels:
    """Where trailing stops wait: a sell fires as its price falls, a buy as it rises."""
    return market.falling[source] if falls else market.rising[source]


def disarm_order(order: Order) -> None:
    """Take an order out of the book, or out of where it waits for its price."""
    book = order.market.book
    if book is not None and order.order_type is LIMIT:
        book.remove(order)
    else:
        disarm(order)


def rearm(queue: FiringQueue, market: Market, levels: PriceLevels, entry: Entry, key: int) -> None:
    """Move the entry to `key`; the same key again is no arming (FIR-5).

    Below 1 what waits for a fall never fires, and what waits for a rise is true at every price.
    """
    key = reachable_ticks(levels, key)
    if entry.levels is levels and entry.key_ticks == key:
        return
    disarm(entry)
    if key >= 1:
        arm(queue, market, levels, entry, key)


def reachable_ticks(levels: PriceLevels, key: int) -> int:
    """The key among prices, which begin at 1; 0 if no price reaches it."""
    if key >= 1:
        return key
    return 0 if levels.falls else 1


def rearm_position(queue: FiringQueue, position: Position) -> None:
    """Recompute the prices that depend on lots, cost and margin: liquidation and auto-close.

    The insurance fund is not liquidated, and a cross position with its account (CRS-6).
    """
    if position.account_id != NOBODY and not position.key.is_cross:
        _rearm_liquidation(queue, position)
    if position.auto_close_e8 != 0 or position.auto_close is not None:
        rearm_auto_close(queue, position)


def rearm_quietly(position: Position) -> None:
    """Re-key without firing: what is true now fires at the next accepted price, place 0 (FUN-4)."""
    rearm_position(FiringQueue(), position)


def _rearm_liquidation(queue: FiringQueue, position: Position) -> None:
    market = position.market
    trigger = position.liquidation
    if trigger is None:
        trigger = PositionTrigger(TriggerKind.LIQUIDATION, position, None)
        position.liquidation = trigger
    key = liquidation_ticks(
        position.side,
        position.qty_lots,
        position.basis_atoms(),
        position.margin_atoms,
        market.k,
        market.rates,
        market.close_fee_e8,
    )
    levels = market.falling[MARK] if position.side is BUY else market.rising[MARK]
    rearm(queue, market, levels, trigger, key)


def rearm_auto_close(queue: FiringQueue, position: Position) -> None:
    """Recompute the price of the auto-close rule, or drop it when there is none any more."""
    trigger = position.auto_close
    if position.auto_close_e8 == 0:
        if trigger is not None:
            disarm(trigger)
            position.auto_close = None
        return
    if trigger is None:
        trigger = PositionTrigger(TriggerKind.AUTO_CLOSE, position, None)
        position.auto_close = trigger
    market = position.market
    levels = auto_close_levels(market, position.side, position.auto_close_e8)
    key = auto_close_ticks(
        position.side,
        position.qty_lots,
        position.basis_atoms(),
        position.initial_margin_atoms,
        position.auto_close_e8,
        market.k,
    )
    rearm(queue, market, levels, trigger, key)


def auto_close_levels(market: Market, side: Side, auto_close_e8: int) -> PriceLevels:
    """Where an auto-close waits: a gain of a long and a loss of a short come as the mark rises."""
    falls = (side is BUY) == (auto_close_e8 < 0)
    return market.falling[MARK] if falls else market.rising[MARK]


def exit_levels(market: Market, side: Side, kind: TriggerKind, source: PriceSource) -> PriceLevels:
    """Where an exit of a position of this side waits (EXI-4)."""
    falls = (side is BUY) == (kind is TriggerKind.STOP_LOSS)
    return market.falling[source] if falls else market.rising[source]


def arm_pair(
    queue: FiringQueue, position: Position, pair: ExitPair, extreme_ticks: int = 0
) -> None:
    """Let the exits of a new pair wait.

    extreme_ticks: what its trailing stop follows from; 0: its price as it is now.
    """
    market = position.market
    if pair.trail_ticks or pair.trail_e8:
        pair.trailing = PositionTrigger(TriggerKind.TRAILING_STOP, position, pair)
        levels = trailing_levels(market, position.side is BUY, pair.source)
        extreme_ticks = extreme_ticks or market.prices[pair.source]
        stops = market.trailing_stops(levels)
        stops.add(pair.trailing, extreme_ticks, pair.trail_ticks, pair.trail_e8)
    if pair.stop_loss_ticks:
        pair.stop_loss = PositionTrigger(TriggerKind.STOP_LOSS, position, pair)
        levels = exit_levels(market, position.side, TriggerKind.STOP_LOSS, pair.source)
        arm(queue, market, levels, pair.stop_loss, pair.stop_loss_ticks)
    if pair.take_profit_ticks:
        pair.take_profit = PositionTrigger(TriggerKind.TAKE_PROFIT, position, pair)
        levels = exit_levels(market, position.side, TriggerKind.TAKE_PROFIT, pair.source)
        arm(queue, market, levels, pair.take_profit, pair.take_profit_ticks)


def disarm_pair(pair: ExitPair) -> None:
    """The exits of a pair stop waiting."""
    if pair.trailing is not None:
        disarm(pair.trailing)
        pair.trailing = None
    if pair.stop_loss is not None:
        disarm(pair.stop_loss)
        pair.stop_loss = None
    if pair.take_profit is not None:
        disarm(pair.take_profit)
        pair.take_profit = None


def disarm_position(position: Position) -> None:
    """Nothing of a closed position waits any more; no entry keeps it alive."""
    if position.liquidation is not None:
        disarm(position.liquidation)
        position.liquidation = None
    if position.auto_close is not None:
        disarm(position.auto_close)
        position.auto_close = None
    if position.pairs is not None:
        for pair in position.pairs:
            disarm_pair(pair)
        position.pairs = None
