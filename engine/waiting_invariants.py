"""Assertions of what waits for prices: in one place each, at its key, and nothing else."""

from engine.margin import auto_close_ticks
from engine.market import Market
from engine.position import ExitPair, Position, PositionTrigger, TriggerKind
from engine.price_levels import Entry, PriceLevels
from engine.state import State
from engine.trailing import Group, Trail
from engine.trigger_index import auto_close_levels, exit_levels, reachable_ticks


def check_trailing(market: Market) -> int:
    """Each group of trailing stops waits at its best level; returns how many follow."""
    following = 0
    for stops in market.trailing:
        levels = stops.levels
        assert levels in (market.falling[levels.source], market.rising[levels.source])
        waiting = [entry for entry in levels.entries() if isinstance(entry, Group)]
        groups = stops.groups()
        assert [g for g in groups if g.levels is not None] == [g for g in groups if g in waiting]
        assert len({group.extreme_ticks for group in groups}) == len(groups)
        for group in groups:
            key_ticks = group.best_ticks(levels.falls)
            assert group.levels is (levels if key_ticks >= 1 else None)
            assert group.levels is None or group.key_ticks == key_ticks
            extreme_ticks, price_ticks = group.extreme_ticks, market.processed[levels.source]
            assert extreme_ticks >= price_ticks if levels.falls else extreme_ticks <= price_ticks
            following += group.live
    return following


def check_auto_close(position: Position) -> None:
    """The auto-close waits where its threshold is reached, if there is one."""
    if position.auto_close_e8 == 0:
        assert position.auto_close is None
        return
    market, side = position.market, position.side
    key = auto_close_ticks(
        side,
        position.qty_lots,
        position.basis_atoms(),
        position.initial_margin_atoms,
        position.auto_close_e8,
        market.k,
    )
    levels = auto_close_levels(market, side, position.auto_close_e8)
    check_armed(position.auto_close, key, levels)


def check_armed(trigger: PositionTrigger | None, key_ticks: int, levels: PriceLevels) -> None:
    """The trigger waits at its key, or nowhere if no price reaches it."""
    key_ticks = reachable_ticks(levels, key_ticks)
    if key_ticks >= 1:
        check_entry(trigger, key_ticks, levels)
    else:
        assert trigger is None or trigger.levels is None


def check_trail(entry: Entry, trail_ticks: int, trail_e8: int) -> None:
    """A trailing stop follows as far as it should."""
    trail = entry.levels
    assert isinstance(trail, Trail)
    assert trail.entry is entry
    assert trail.is_live
    assert (trail.trail_ticks, trail.trail_e8) == (trail_ticks, trail_e8)


def check_pair(position: Position, pair: ExitPair) -> None:
    """Both exits of a pair wait where they should."""
    market, side = position.market, position.side
    for kind, ticks, trigger in (
        (TriggerKind.STOP_LOSS, pair.stop_loss_ticks, pair.stop_loss),
        (TriggerKind.TAKE_PROFIT, pair.take_profit_ticks, pair.take_profit),
    ):
        if ticks:
            check_entry(trigger, ticks, exit_levels(market, side, kind, pair.source))
        else:
            assert trigger is None
    assert not pair.is_empty()
    if pair.trail_ticks or pair.trail_e8:
        assert pair.trailing is not None
        check_trail(pair.trailing, pair.trail_ticks, pair.trail_e8)


def check_entry(entry: Entry | None, key_ticks: int, levels: object) -> None:
    """The entry waits at this key in these levels."""
    assert entry is not None
    assert entry.key_ticks == key_ticks
    assert entry.levels is levels


def check_no_other_entries(state: State, armed: int) -> None:
    """Nothing waits but what open orders and positions account for; closed ones are in none."""
    expected = state.orders.count
    for position in state.positions.values():
        triggers: list[PositionTrigger | None] = [position.liquidation, position.auto_close]
        for pair in position.pairs or []:
            triggers += [pair.stop_loss, pair.take_profit, pair.trailing]
        expected += sum(1 for t in triggers if t is not None and t.levels is not None)
    for accounts in state.cross_accounts:
        for account in accounts:
            for standing in account.standings.values() if account is not None else ():
                edges = (standing.lower, standing.upper)
                expected += sum(1 for edge in edges if edge.levels is not None)
    assert armed == expected
