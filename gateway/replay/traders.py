"""What a synthetic trader does when its turn comes: a command, or nothing.

Knows what a user sees (own orders, positions, balance, and the prices); changes nothing.  All
chance is integers from one seeded generator, so that a seed gives the same commands everywhere.
"""

from random import Random
from typing import Final, final

from engine.commands import (
    ALL_INSTRUMENTS,
    KEEP,
    AdjustMargin,
    AmendOrder,
    CancelOrder,
    CancelOrders,
    Command,
    Deposit,
    OrderType,
    PlaceOrder,
    PriceSource,
    SetLeverage,
    SetPositionExits,
    Side,
    TimeInForce,
    Withdraw,
)
from engine.cross import spendable_atoms
from engine.instrument import PositionMode
from engine.market import Market
from engine.order import Order
from engine.order_shape import mode_of
from engine.position import Position, closing_side
from engine.state import State, open_orders, open_positions
from engine.units import E8, AccountId, AssetId, OrderId, PositionId
from gateway.listings import SETTLEMENT
from gateway.replay.habits import Action, Habit, chance, draw, draw_action
from gateway.replay.openers import BASIS, moved, opening_order

BROKE_ATOMS: Final = 20 * E8
_TICKETS_MAX: Final = 4
_RANGE_BASIS_POINTS: Final = 25
_END_PERCENT: Final = 8
_TRAIL_BASIS_POINTS: Final = (50, 400)


@final
class Trader:
    """One account and its habit.

    belief: the way it expects the price to go.
    low_e8, high_e8: the range of prices it has seen.
    turns, reloads: how often it acted, and deposited again.
    """

    __slots__ = (
        "account_id",
        "belief",
        "habit",
        "high_e8",
        "low_e8",
        "reloads",
        "turns",
        "user_id",
    )

    def __init__(self, account_id: AccountId, user_id: str, habit: Habit, belief: Side) -> None:
        self.account_id: Final = account_id
        self.user_id: Final = user_id
        self.habit: Final = habit
        self.belief = belief
        self.low_e8 = 0
        self.high_e8 = 0
        self.turns = 0
        self.reloads = 0

    def act(self, rng: Random, state: State, markets: list[Market], now_ms: int) -> Command | None:
        """The next command, or None if the trader has nothing to trade with.

        markets: the simple one and the perpetual.
        """
        self.turns += 1
        self._look(markets[0])
        market = markets[chance(rng, self.habit.perpetual_percent)]
        action = draw_action(rng, self.habit)
        if action is Action.ERR:
            return self._mistake(rng, market)
        nets = mode_of(market, self.account_id) is PositionMode.NETTING
        if action is Action.SET_LEVERAGE and nets:
            return SetLeverage(
                self.account_id, market.instrument_id, draw(rng, self.habit.leverage)
            )
        if action is Action.CANCEL_ALL:
            return CancelOrders(self.account_id, ALL_INSTRUMENTS)
        if action in (Action.CANCEL, Action.AMEND):
            orders = open_orders(state, self.account_id)
            if orders:
                order = orders[rng.randrange(len(orders))]
                return self._cancel(order) if action is Action.CANCEL else self._amend(rng, order)
        elif action in (Action.CLOSE, Action.CHANGE_EXITS, Action.MOVE_MARGIN):
            positions = open_positions(state, self.account_id)
            if positions:
                position = positions[rng.randrange(len(positions))]
                return self._tend(rng, action, position, state)
        elif action is Action.WITHDRAW:
            amount_atoms = self.free_atoms(state) // draw(rng, (5, 30))
            return Withdraw(self.account_id, SETTLEMENT, amount_atoms, self._transfer_id("out"))
        return self._open(rng, state, market, now_ms)

    def _open(self, rng: Random, state: State, market: Market, now_ms: int) -> Command | None:
        """Open, or pay in again once broke, or do nothing."""
        free_atoms = self.free_atoms(state)
        seat = market.existing_seat(self.account_id)
        positions = [] if seat is None else seat.positions()
        if free_atoms < BROKE_ATOMS:
            if positions or self.reloads >= self.habit.reloads:
                return None
            self.reloads += 1
            amount_atoms = draw(rng, self.habit.deposit_units) * E8
            return Deposit(self.account_id, SETTLEMENT, amount_atoms, self._transfer_id("in"))
        if (
            mode_of(market, self.account_id) is not PositionMode.NETTING
            and len(positions) >= _TICKETS_MAX
        ):
            return self._close(rng, positions[0])
        bound = seat is not None and seat.main.pools and seat.main.is_in_use()
        setting = seat.main.leverage if bound and seat is not None else 0
        if self.habit.chases and not self._is_carried_away(market):
            return None
        stubborn = chance(rng, self.habit.stubborn_percent)
        side = self.belief if stubborn else closing_side(self.belief)
        return opening_order(
            rng, self.habit, market, self.account_id, side, free_atoms, setting, now_ms, self.turns
        )

    def _look(self, market: Market) -> None:
        """Remember how low and how high the price has been."""
        mark_e8 = market.mark_ticks * market.spec.tick_size_e8
        self.low_e8 = min(self.low_e8 or mark_e8, mark_e8)
        self.high_e8 = max(self.high_e8, mark_e8)

    def _is_carried_away(self, market: Market) -> bool:
        """Whether the price is at an end of a wide enough range; belief follows it there."""
        mark_e8 = market.mark_ticks * market.spec.tick_size_e8
        range_e8 = self.high_e8 - self.low_e8
        if range_e8 * BASIS < mark_e8 * _RANGE_BASIS_POINTS:
            return False
        place = (mark_e8 - self.low_e8) * 100 // range_e8
        if place < _END_PERCENT:
            self.belief = Side.SELL
        elif place > 100 - _END_PERCENT:
            self.belief = Side.BUY
        else:
            return False
        return True

    def _tend(self, rng: Random, action: Action, position: Position, state: State) -> Command:
        if action is Action.CLOSE:
            return self._close(rng, position)
        if action is Action.CHANGE_EXITS or position.key.is_cross:  # it has no margin of its own
            return self._change_exits(rng, position)
        return self._move_margin(rng, position, state)

    def _close(self, rng: Random, position: Position) -> PlaceOrder:
        """Close all or a part: now, at a better price, or when a worse one comes."""
        market, side = position.market, closing_side(position.side)
        kind = rng.randrange(10)
        order_type = OrderType.MARKET
        price_ticks = trigger_ticks = 0
        if kind >= 8:
            order_type = OrderType.LIMIT
            price_ticks = moved(market.mark_ticks, side, draw(rng, (1, 15)))
        elif kind == 7:
            order_type = OrderType.STOP_MARKET
            trigger_ticks = moved(market.mark_ticks, side, -draw(rng, (5, 25)))
        part_lots = 0 if chance(rng, 55) else max(1, position.qty_lots * draw(rng, (1, 100)) // 100)
        return PlaceOrder(
            self.account_id,
            market.instrument_id,
            side,
            order_type,
            TimeInForce.GTC,
            part_lots,
            0,
            price_ticks,
            trigger_ticks,
            PriceSource.MARK,
            0,
            True,
            False,
            position.position_id,
            0,
            0,
            0,
            0,
            "",
            b"",
        )

    def _change_exits(self, rng: Random, position: Position) -> SetPositionExits:
        trails_percent = self.habit.trails_percent
        if trails_percent and chance(rng, trails_percent):
            trail = (0, draw(rng, _TRAIL_BASIS_POINTS) * (E8 // BASIS))
            kept = (KEEP, KEEP, KEEP, PriceSource.MARK)
            return SetPositionExits(self.account_id, position.position_id, *kept, *trail)
        mark_ticks = position.market.mark_ticks
        loss = moved(mark_ticks, position.side, draw(rng, (5, 60))) if chance(rng, 70) else KEEP
        profit = moved(mark_ticks, position.side, -draw(rng, (5, 60))) if chance(rng, 60) else KEEP
        auto_close_e8 = draw(rng, (10, 80)) * 1_000_000 if chance(rng, 20) else KEEP
        if chance(rng, 15):
            loss, profit, auto_close_e8 = 0, 0, 0
        return SetPositionExits(
            self.account_id, position.position_id, loss, profit, auto_close_e8, PriceSource.MARK
        )

    def _move_margin(self, rng: Random, position: Position, state: State) -> AdjustMargin:
        """Mostly more; sometimes some of it back."""
        if chance(rng, 30):
            amount_atoms = -max(1, position.margin_atoms // draw(rng, (3, 20)))
        else:
            amount_atoms = max(1, self.free_atoms(state) // draw(rng, (4, 20)))
        return AdjustMargin(self.account_id, position.position_id, amount_atoms)

    def _cancel(self, order: Order) -> CancelOrder:
        """By id, or by its client order id if it has one."""
        if order.client_order_id:
            return CancelOrder(self.account_id, OrderId(0), order.client_order_id)
        return CancelOrder(self.account_id, order.order_id, "")

    def _amend(self, rng: Random, order: Order) -> AmendOrder:
        """A nearby price, a smaller size, or both."""
        price_ticks = trigger_ticks = qty_lots = amount_atoms = 0
        what = rng.randrange(3)
        if what != 0:
            near_ticks = moved(order.watched_ticks(), order.side, draw(rng, (-10, 11)))
            if order.is_limit():
                price_ticks = near_ticks
            else:
                trigger_ticks = near_ticks
        if what != 1:
            qty_lots = order.qty_lots * draw(rng, (50, 110)) // 100
            amount_atoms = order.amount_atoms * draw(rng, (50, 110)) // 100
        return AmendOrder(
            self.account_id, order.order_id, "", price_ticks, trigger_ticks, qty_lots, amount_atoms
        )

    def _mistake(self, rng: Random, market: Market) -> Command:
        """What people get wrong: an order that is gone, no money, a position that never was."""
        kind = rng.randrange(3)
        if kind == 0:
            return CancelOrder(self.account_id, OrderId(draw(rng, (1, 1_000_000_000))), "")
        if kind == 1:
            amount_atoms = 10_000_000_000 * E8
            transfer_id = self._transfer_id("out")
            return Withdraw(self.account_id, SETTLEMENT, amount_atoms, transfer_id)
        position_id = PositionId(draw(rng, (1, 1_000_000_000)))
        return AdjustMargin(self.account_id, position_id, market.k)

    def free_atoms(self, state: State) -> int:
        """What it may spend: with cross positions, less their margins and losses."""
        asset_id = AssetId(state.asset_ids[SETTLEMENT])
        return spendable_atoms(state, asset_id, self.account_id, cross=False)

    def _transfer_id(self, direction: str) -> str:
        return f"{direction}-{self.user_id}-{self.turns}"
