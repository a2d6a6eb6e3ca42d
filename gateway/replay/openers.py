"""The opening orders of synthetic traders: every type, size, exit and lifetime the venue takes.

Knows prices and a free balance; knows nothing of positions.
"""

from random import Random
from typing import Final

from engine.commands import OrderType, PlaceOrder, PriceSource, Side, TimeInForce
from engine.market import Market
from engine.units import AccountId, PositionId
from gateway.api_messages import request_digest
from gateway.replay.habits import Habit, chance, draw

BASIS: Final = 10_000  # basis points in one
_NS_PER_MS: Final = 1_000_000
_LIFETIME_MS: Final = (10_000, 900_000)
_ORDER_TYPES: Final = (
    *(OrderType.MARKET,) * 12,
    *(OrderType.LIMIT,) * 5,
    *(OrderType.STOP_MARKET,) * 2,
    OrderType.TAKE_PROFIT_MARKET,
)
_LIMIT_LIFETIMES: Final = (
    *(TimeInForce.GTC,) * 6,
    *(TimeInForce.GTD,) * 2,
    TimeInForce.IOC,
    TimeInForce.FOK,
)


def moved(ticks: int, side: Side, basis_points: int) -> int:
    """A price so many basis points better for a buyer or a seller; at least one tick."""
    shift = basis_points if side is Side.SELL else -basis_points
    return max(1, ticks * (BASIS + shift) // BASIS)


def opening_order(
    rng: Random,
    habit: Habit,
    market: Market,
    account_id: AccountId,
    side: Side,
    free_atoms: int,
    setting: int,
    now_ms: int,
    number: int,
) -> PlaceOrder:
    """An order to open or increase.

    setting: the leverage that the netting key is bound to, or 0 if it may be chosen.
    number: makes the client order id, where one is given, unique for the account.
    """
    order_type = _ORDER_TYPES[rng.randrange(len(_ORDER_TYPES))]
    leverage = setting or min(draw(rng, habit.leverage), market.spec.leverage_max)
    amount_atoms = free_atoms * draw(rng, habit.stake_percent) // 100
    waits = _waits_for(rng, market, side, order_type)
    parent_ticks, price_ticks, trigger_ticks, time_in_force = waits
    by_quantity = chance(rng, 35)
    qty_lots = amount_atoms * leverage // (parent_ticks * market.k) if by_quantity else 0
    exits = _exits(rng, habit, side, parent_ticks)
    plain = time_in_force in (TimeInForce.GTC, TimeInForce.GTD)
    values = (
        *(account_id, market.instrument_id, side, order_type, time_in_force),
        qty_lots,
        0 if qty_lots else amount_atoms,
        *(price_ticks, trigger_ticks),
        PriceSource.LAST if trigger_ticks and chance(rng, 30) else PriceSource.MARK,
        0 if setting else leverage,
        False,
        order_type is OrderType.LIMIT and plain and chance(rng, 20),
        PositionId(0),
        *exits,
        (now_ms + draw(rng, _LIFETIME_MS)) * _NS_PER_MS if time_in_force is TimeInForce.GTD else 0,
        f"{account_id}-{number}" if chance(rng, 25) else "",
    )
    return PlaceOrder(*values, request_digest(values))


def _waits_for(
    rng: Random, market: Market, side: Side, order_type: OrderType
) -> tuple[int, int, int, TimeInForce]:
    """What its exits are measured from, the limit, the trigger, and how long it waits."""
    parent_ticks = market.touch_ticks(side)
    if order_type is OrderType.MARKET:
        return parent_ticks, 0, 0, TimeInForce.GTC
    if order_type is OrderType.LIMIT:
        price_ticks = moved(parent_ticks, side, draw(rng, (-3, 25)))
        time_in_force = _LIMIT_LIFETIMES[rng.randrange(len(_LIMIT_LIFETIMES))]
        return price_ticks, price_ticks, 0, time_in_force
    worse = -1 if order_type is OrderType.STOP_MARKET else 1
    trigger_ticks = moved(market.mark_ticks, side, worse * draw(rng, (1, 25)))
    return trigger_ticks, 0, trigger_ticks, TimeInForce.GTC


def _exits(rng: Random, habit: Habit, side: Side, parent_ticks: int) -> tuple[int, int, int]:
    """Stop loss and take profit around the parent's price, and an auto-close; zeros for none."""
    if not chance(rng, habit.exits_percent):
        return 0, 0, 0
    stop_loss_ticks = moved(parent_ticks, side, draw(rng, (5, 60))) if chance(rng, 70) else 0
    take_profit_ticks = moved(parent_ticks, side, -draw(rng, (5, 60))) if chance(rng, 60) else 0
    if not chance(rng, 25):
        return stop_loss_ticks, take_profit_ticks, 0
    auto_close_percent = draw(rng, (-60, -4)) if chance(rng, 50) else draw(rng, (4, 60))
    return stop_loss_ticks, take_profit_ticks, auto_close_percent * 1_000_000
