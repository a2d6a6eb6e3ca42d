"""The ladders of order-driven markets: wrong in every way at once, cured one way at a time.

As in `ladders.py`; what cannot be combined here:

- only a market order that opens can be stale, and it has no band and does not expire;
- what fills or is killed cannot be one too many, and has nothing that rests;
- a closing order has no leverage, no minimum, no tier and no need of funds;
- a conditional order is judged by band, tier and funds only when it triggers.
"""

from collections.abc import Callable
from typing import Final

from engine.commands import OpenAccount, OrderType, SetInstrumentStatus, Side, TimeInForce
from engine.instrument import InstrumentStatus, MarketStructure
from engine.reject_reason import RejectReason
from engine.units import E8, AccountId, InstrumentId, PositionId
from tests.engine.ladders import (
    TENTH,
    Fields,
    Ladder,
    cancelling,
    funding,
    not_yet_expired,
    pricing,
    setting,
    status,
)
from tests.engine.venue import SECOND_NS, Venue, order, plain_spec, price

SELLER: Final = AccountId(2)
SETTINGS: Final[Fields] = {
    "market": MarketStructure.ORDER_DRIVEN,
    "qty_lots_min": 2,
    "notional_atoms_min": 100 * E8,
    "price_band_e8": 10_000_000,
    "tiers": ((10 * E8, 1_000_000, 100), (1_000_000 * E8, 10_000_000, 10)),
    "taker_fee_e8": 1_000_000,
    "close_fee_reserved": True,
    "orders_max": 1,
}


def poor_venue(ticks: int, **settings: object) -> Venue:
    """A book, a first account with a tenth and a second with plenty."""
    venue = Venue(plain_spec(**{**SETTINGS, **settings}), ticks=ticks, deposits=())
    venue.apply(OpenAccount("user-1"))
    venue.deposit(1, TENTH)
    venue.apply(OpenAccount("user-2"))
    venue.deposit(2, 10_000 * E8)
    return venue


def offering(venue: Venue, lots: int, ticks: int) -> None:
    """The second account offers some lots."""
    terms = {"account_id": SELLER, "side": Side.SELL, "leverage": 5}
    said = venue.names(order(qty_lots=lots, price_ticks=ticks, **terms))
    assert said == ["OrderAccepted", "BookChanged"]


def waiting_stop(venue: Venue) -> None:
    """The first account has an order that waits for long."""
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 300_000}
    venue.apply(order(qty_lots=10, leverage=5, **stop))


def first_price_with_an_offer_gone_stale(venue: Venue, _wrong: Fields) -> None:
    """A first price, too few lots above it, then eleven seconds without a price."""
    venue.apply(price(200_000))
    offering(venue, 5, 210_000)
    venue.time_ns += 11 * SECOND_NS


def market_ladder() -> Ladder:
    """A market order that opens, fill-or-kill; it begins on a halted market without a price."""
    venue = poor_venue(0)
    venue.apply(SetInstrumentStatus(InstrumentId(1), InstrumentStatus.HALTED))
    venue.apply(order(qty_lots=10, client_order_id="known", digest=b"1" * 16))
    fields: Fields = {
        "instrument_id": InstrumentId(99),
        "qty_lots": 1,
        "leverage": 101,
        "display_lots": 1,
        "stop_loss_ticks": 205_000,
        "take_profit_ticks": 10**12,
        "time_in_force": TimeInForce.FOK,
        "client_order_id": "known",
        "digest": b"2" * 16,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.DUPLICATE_ID, setting(client_order_id="", digest=b"")),
            (RejectReason.UNKNOWN_SYMBOL, setting(instrument_id=InstrumentId(1))),
            (RejectReason.HALTED, status(InstrumentStatus.CLOSE_ONLY)),
            (RejectReason.CLOSE_ONLY, status(InstrumentStatus.TRADING)),
            (RejectReason.BAD_COMBINATION, setting(display_lots=0)),
            (RejectReason.BAD_PRICE, setting(take_profit_ticks=0)),
            (RejectReason.BAD_QUANTITY, setting(qty_lots=2)),
            (RejectReason.BAD_LEVERAGE, setting(leverage=50)),
            (RejectReason.MARKET_NOT_READY, first_price_with_an_offer_gone_stale),
            (RejectReason.STALE_PRICE, pricing(200_000)),
            (RejectReason.WOULD_TRIGGER, setting(stop_loss_ticks=0)),
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.RISK_TIER, setting(leverage=10)),
            (RejectReason.CANNOT_FILL, setting(time_in_force=TimeInForce.GTC)),
            (RejectReason.INSUFFICIENT_BALANCE, funding),
            (RejectReason.WOULD_LIQUIDATE, setting(leverage=5)),
        ],
    )


def limit_ladder() -> Ladder:
    """A limit order that would take a part and rest with the other."""
    venue = poor_venue(200_000)
    waiting_stop(venue)
    offering(venue, 5, 210_000)
    fields: Fields = {
        "price_ticks": 250_000,
        "qty_lots": 4,
        "leverage": 50,
        "stop_loss_ticks": 205_000,
        "time_in_force": TimeInForce.GTD,
        "expire_ns": 1,
        "post_only": True,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.PRICE_BAND, setting(price_ticks=210_000)),
            (RejectReason.WOULD_TRIGGER, setting(stop_loss_ticks=0)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.RISK_TIER, setting(leverage=10)),
            (RejectReason.TOO_MANY_ORDERS, cancelling),
            (RejectReason.WOULD_TAKE, setting(post_only=False)),
            (RejectReason.INSUFFICIENT_BALANCE, funding),
            (RejectReason.WOULD_LIQUIDATE, setting(leverage=5)),
        ],
    )


def fill_or_kill_ladder() -> Ladder:
    """A limit order that finds a part, while another order of the account waits."""
    venue = poor_venue(200_000)
    waiting_stop(venue)
    offering(venue, 5, 210_000)
    fields: Fields = {
        "price_ticks": 210_000,
        "qty_lots": 4,
        "leverage": 50,
        "time_in_force": TimeInForce.FOK,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.RISK_TIER, setting(leverage=10)),
            (RejectReason.CANNOT_FILL, setting(time_in_force=TimeInForce.IOC)),
            (RejectReason.INSUFFICIENT_BALANCE, funding),
            (RejectReason.WOULD_LIQUIDATE, setting(leverage=5)),
        ],
    )


def conditional_ladder() -> Ladder:
    """A stop-limit with a part to show and a partner, while one order waits for its trigger."""
    venue = poor_venue(200_000, orders_max=9, conditionals_max=1)
    waiting_stop(venue)
    fields: Fields = {
        "order_type": OrderType.STOP_LIMIT,
        "trigger_ticks": 190_000,
        "qty_lots": 2,
        "display_lots": 1,
        "leverage": 101,
        "oco_group": "x" * 37,
        "time_in_force": TimeInForce.GTD,
        "expire_ns": 1,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.BAD_COMBINATION, setting(oco_group="pair")),
            (RejectReason.BAD_PRICE, setting(price_ticks=250_000)),
            (RejectReason.BAD_QUANTITY, setting(display_lots=2)),
            (RejectReason.BAD_LEVERAGE, setting(leverage=50)),
            (RejectReason.WOULD_TRIGGER, setting(trigger_ticks=210_000)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.TOO_MANY_ORDERS, cancelling),
        ],
    )


def closing_ladder() -> Ladder:
    """A closing order that would take a part and rest with the other, on a stale price."""
    venue = poor_venue(200_000)
    funding(venue, {})
    offering(venue, 10, 200_000)
    venue.apply(order(qty_lots=10, leverage=5))
    [held] = [p for p in venue.state.positions.values() if p.account_id == 1]
    named = {"position_id": held.position_id, "side": Side.SELL}
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 150_000}
    venue.apply(order(qty_lots=2, **stop, **named))
    venue.apply(order(account_id=SELLER, qty_lots=6, price_ticks=190_000, leverage=5))
    venue.time_ns += 11 * SECOND_NS
    fields: Fields = {
        "order_type": OrderType.LIMIT,
        "side": Side.BUY,
        "price_ticks": 10**12,
        "position_id": PositionId(99),
        "qty_lots": 1,
        "amount_atoms": 5,
        "time_in_force": TimeInForce.GTD,
        "expire_ns": 1,
        "post_only": True,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.BAD_COMBINATION, setting(amount_atoms=0)),
            (RejectReason.BAD_PRICE, setting(price_ticks=250_000)),
            (RejectReason.BAD_QUANTITY, setting(qty_lots=8)),
            (RejectReason.UNKNOWN_POSITION, setting(position_id=held.position_id)),
            (RejectReason.NOTHING_TO_REDUCE, setting(side=Side.SELL, price_ticks=150_000)),
            (RejectReason.PRICE_BAND, setting(price_ticks=190_000)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.TOO_MANY_ORDERS, cancelling),
            (RejectReason.WOULD_TAKE, setting(post_only=False)),
        ],
    )


BOOK_LADDERS: Final[dict[str, Callable[[], Ladder]]] = {
    "book, market": market_ladder,
    "book, limit": limit_ladder,
    "book, fill-or-kill": fill_or_kill_ladder,
    "book, conditional": conditional_ladder,
    "book, closing": closing_ladder,
}
