"""What waits for a price.  Knows entries and keys.

Arming puts an entry into the price levels of its market; if its condition is already true it joins
the firing queue of the running command at once (FIR-3, FIR-4).
"""

from engine.commands import BUY, LIMIT, TRAILING_STOP, PriceSource, Side
from engine.firing_queue import FiringQueue
from engine.margin import auto_close_ticks, liquidation_ticks
from engine.market import ASK, BID, MARK, Market
from engine.order import Order
from engine.position import LIQUIDATION, ExitPair, Position, PositionTrigger, TriggerKind
from engine.price_levels import Entry, PriceLevels
from engine.units import NOBODY


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
        trigger = PositionTrigger(LIQUIDATION, position, None)
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
