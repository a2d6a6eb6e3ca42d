"""Stop loss, take profit, trailing stop and auto-close of positions (EXI-…, TRL-4)."""

from engine.commands import KEEP, PriceSource, SetPositionExits, Side
from engine.events import CloseCause, Event, ExitsChanged
from engine.instrument import HALTED
from engine.margin import auto_close_ticks
from engine.market import Market
from engine.order import Order
from engine.position import ExitPair, Position, TriggerKind
from engine.price_levels import PriceLevels
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.trigger_index import (
    arm_pair,
    auto_close_levels,
    disarm_pair,
    exit_levels,
    reachable_ticks,
    rearm_auto_close,
)
from engine.units import AUTO_CLOSE_E8_MAX, E8

CAUSE_OF_KIND = {
    TriggerKind.STOP_LOSS: CloseCause.STOP_LOSS,
    TriggerKind.TAKE_PROFIT: CloseCause.TAKE_PROFIT,
    TriggerKind.TRAILING_STOP: CloseCause.TRAILING_STOP,
    TriggerKind.AUTO_CLOSE: CloseCause.AUTO_CLOSE,
    TriggerKind.LIQUIDATION: CloseCause.LIQUIDATION,
}


def attach_exits(state: State, order: Order, position: Position, lots: int, is_new: bool) -> None:
    """A fill opened `lots`, or a whole position: the order's exits come alive (EXI-7, MAT-9)."""
    if not is_new and not order.key.pools:
        return
    if order.auto_close_e8:
        position.auto_close_e8 = order.auto_close_e8
        rearm_auto_close(state.firing, position)
    if not has_pair(order):
        return
    if order.key.pools:
        parent_order_id, pair_lots = int(order.order_id), lots
        for pair in position.pairs or ():
            if pair.parent_order_id == parent_order_id:
                pair.qty_lots += lots
                return
    else:
        parent_order_id, pair_lots = 0, 0
    pair = ExitPair(
        parent_order_id,
        pair_lots,
        order.trigger_source,
        order.stop_loss_ticks,
        order.take_profit_ticks,
        order.trail_ticks,
        order.trail_e8,
    )
    _add_pair(state, position, pair, 0)


def has_pair(order: Order) -> bool:
    """Whether what the order opens gets exits of its own."""
    return bool(
        order.stop_loss_ticks or order.take_profit_ticks or order.trail_ticks or order.trail_e8
    )


def _add_pair(state: State, position: Position, pair: ExitPair, extreme_ticks: int) -> None:
    if position.pairs is None:
        position.pairs = []
    position.pairs.append(pair)
    arm_pair(state.firing, position, pair, extreme_ticks)


def drop_pair(position: Position, pair: ExitPair) -> None:
    """One of the pair fired, or it is replaced: all go."""
    disarm_pair(pair)
    assert position.pairs is not None
    position.pairs.remove(pair)


def pair_lots(position: Position, pair: ExitPair) -> int:
    """How many lots the pair closes when it fires (EXI-1, EXI-2)."""
    if pair.parent_order_id == 0:
        return position.qty_lots
    return min(pair.qty_lots, position.qty_lots)


def exit_is_true(
    market: Market, side: Side, kind: TriggerKind, source: PriceSource, ticks: int
) -> bool:
    """Whether an exit of a position of this side would fire at once."""
    levels = exit_levels(market, side, kind, source)
    return levels.is_passed(market.prices[source], ticks)


def auto_close_is_true(
    market: Market, side: Side, qty_lots: int, cost: int, initial_margin: int, auto_close_e8: int
) -> bool:
    """Whether a position of these numbers would be closed at the present mark."""
    ticks = auto_close_ticks(side, qty_lots, cost, initial_margin, auto_close_e8, market.k)
    levels: PriceLevels = auto_close_levels(market, side, auto_close_e8)
    ticks = reachable_ticks(levels, ticks)
    return ticks >= 1 and levels.is_passed(market.mark_ticks, ticks)


def set_position_exits(state: State, command: SetPositionExits) -> Event | RejectReason:
    """Replace the exits of a position's own pair, and its auto-close rule (EXI-6)."""
    if state.account(command.account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    position = state.positions.get(command.position_id)
    if position is None or position.account_id != command.account_id:
        return RejectReason.UNKNOWN_POSITION
    reason = _exits_reason(position, command)
    if reason is not NONE:
        return reason
    old = position.own_pair() or ExitPair(0, 0, command.trigger_source, 0, 0, 0, 0)
    own = ExitPair(
        0,
        0,
        command.trigger_source,
        kept(command.stop_loss_ticks, old.stop_loss_ticks),
        kept(command.take_profit_ticks, old.take_profit_ticks),
        kept(command.trail_ticks, old.trail_ticks),
        kept(command.trail_e8, old.trail_e8),
    )
    trails_on = command.trail_ticks == command.trail_e8 == KEEP and own.source is old.source
    extreme_ticks = old.extreme_ticks() if trails_on else 0
    if not old.is_empty():
        drop_pair(position, old)
    if not own.is_empty():
        _add_pair(state, position, own, extreme_ticks)
    position.auto_close_e8 = kept(command.auto_close_e8, position.auto_close_e8)
    rearm_auto_close(state.firing, position)
    return ExitsChanged(
        position.position_id,
        position.account_id,
        own.stop_loss_ticks,
        own.take_profit_ticks,
        position.auto_close_e8,
        own.trail_ticks,
        own.trail_e8,
    )


def kept(asked: int, present: int) -> int:
    """What was asked for, or what is there if that was KEEP."""
    return present if asked == KEEP else asked


def _exits_reason(position: Position, command: SetPositionExits) -> RejectReason:
    market = position.market
    if market.status is HALTED:
        return RejectReason.HALTED
    if command.trigger_source in (PriceSource.BID, PriceSource.ASK):
        return RejectReason.BAD_COMBINATION
    for ticks in (command.stop_loss_ticks, command.take_profit_ticks, command.trail_ticks):
        if ticks != KEEP and not 0 <= ticks <= market.price_ticks_max:
            return RejectReason.BAD_PRICE
    if command.trail_e8 != KEEP and not 0 <= command.trail_e8 < E8:
        return RejectReason.BAD_PRICE
    auto_close_e8 = command.auto_close_e8
    if auto_close_e8 != KEEP and abs(auto_close_e8) > AUTO_CLOSE_E8_MAX:
        return RejectReason.BAD_PRICE
    if _any_exit_true(position, command):
        return RejectReason.WOULD_TRIGGER
    return NONE


def _any_exit_true(position: Position, command: SetPositionExits) -> bool:
    market, side, source = position.market, position.side, command.trigger_source
    asked = (
        (TriggerKind.STOP_LOSS, command.stop_loss_ticks),
        (TriggerKind.TAKE_PROFIT, command.take_profit_ticks),
    )
    for kind, ticks in asked:
        if ticks not in (KEEP, 0) and exit_is_true(market, side, kind, source, ticks):
            return True
    return command.auto_close_e8 not in (KEEP, 0) and auto_close_is_true(
        market,
        side,
        position.qty_lots,
        position.basis_atoms(),
        position.initial_margin_atoms,
        command.auto_close_e8,
    )
