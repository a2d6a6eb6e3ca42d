"""A market maker for replays of order-driven markets: thin quotes around each new price.

An account like any other.  It sees a mark before the venue follows, as makers watch the trades
that an index only averages: it takes its old quotes back and places new ones around the new price,
which trade with what rests beyond them.  What liquidations want beyond its depth, it does not give.
"""

from collections.abc import Iterator
from typing import Final

from engine.commands import (
    CancelOrders,
    Command,
    OrderType,
    PlaceOrder,
    PriceSource,
    Side,
    SubmitBatch,
    TimeInForce,
)
from engine.market import Market
from engine.units import E8, AccountId, PositionId
from gateway.replay.candle_path import E4

USER_ID: Final = "maker"
DEPOSIT_ATOMS: Final = 1_000_000_000 * E8
LEVERAGE: Final = 1
# Each level: how far from the price, in 10^-4 of it, and its percent of the depth of its side.
LEVELS: Final = ((2, 20), (10, 35), (40, 45))


def requote(
    market: Market, account_id: AccountId, price_ticks: int, depth_atoms: int
) -> tuple[Command, Command]:
    """Away with the old quotes, and new ones around a price.

    depth_atoms: the notional of all quotes of one side.
    """
    quotes = tuple(_quotes(market, account_id, price_ticks, depth_atoms))
    return CancelOrders(account_id, market.instrument_id), SubmitBatch(account_id, quotes)


def _quotes(
    market: Market, account_id: AccountId, price_ticks: int, depth_atoms: int
) -> Iterator[PlaceOrder]:
    for distance_e4, percent in LEVELS:
        away = max(1, price_ticks * distance_e4 // E4)
        lots = max(1, depth_atoms * percent // (100 * price_ticks * market.k))
        for side, ticks in ((Side.BUY, price_ticks - away), (Side.SELL, price_ticks + away)):
            yield _quote(market, account_id, side, max(1, ticks), lots)


def _quote(
    market: Market, account_id: AccountId, side: Side, price_ticks: int, lots: int
) -> PlaceOrder:
    return PlaceOrder(
        account_id,
        market.instrument_id,
        side,
        OrderType.LIMIT,
        TimeInForce.GTC,
        lots,
        0,
        price_ticks,
        0,
        PriceSource.MARK,
        LEVERAGE,
        reduce_only=False,
        post_only=False,
        position_id=PositionId(0),
        stop_loss_ticks=0,
        take_profit_ticks=0,
        auto_close_e8=0,
        expire_ns=0,
        client_order_id="",
        digest=b"",
    )
