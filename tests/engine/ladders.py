"""Orders that are wrong in every way at once, cured one way at a time.

Each ladder starts with a command, and a venue, that violate every rung which can be violated
together; a cure takes the violation of its own rung away and touches no other.  What cannot be
combined is said where the ladders part:

- an id can be known only of a known account: DUPLICATE_ID without UNKNOWN_ACCOUNT;
- an unknown market has no status, no limits and no prices;
- a market is halted or close-only, not both; without a price nothing is stale, beyond a band or
  triggered;
- closing orders have no leverage, no minimum, no tier and no need of funds, openers name no
  position; an unknown position has no side that could be the wrong one;
- only what takes can be stale or would take; only what does not can be too many or unfillable;
- fill-or-kill does not expire; a conditional order is not judged by funds before it triggers.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from engine.commands import (
    CancelOrder,
    OpenAccount,
    OrderType,
    SetInstrumentStatus,
    Side,
    TimeInForce,
)
from engine.instrument import InstrumentStatus
from engine.reject_reason import RejectReason
from engine.units import E8, AccountId, InstrumentId, OrderId, PositionId
from tests.engine.venue import SECOND_NS, Venue, order, plain_spec, price

Fields = dict[str, Any]
Cure = Callable[[Venue, Fields], None]

SPEC: Final = plain_spec(
    qty_lots_min=2,
    notional_atoms_min=100 * E8,
    price_band_e8=10_000_000,
    tiers=((10 * E8, 1_000_000, 100), (1_000_000 * E8, 10_000_000, 10)),
    taker_fee_e8=1_000_000,
    close_fee_reserved=True,
    orders_max=1,
)
TENTH: Final = E8 // 10


class Ladder(NamedTuple):
    """A venue, a command, and the cures in the order of the reasons."""

    venue: Venue
    fields: Fields
    rungs: list[tuple[RejectReason, Cure]]


def setting(**fields: Any) -> Cure:
    """A cure of the command alone."""

    def cure(_venue: Venue, wrong: Fields) -> None:
        wrong.update(fields)

    return cure


def pricing(*ticks: int) -> Cure:
    """A cure by an operator's price."""

    def cure(venue: Venue, _wrong: Fields) -> None:
        venue.apply(price(*ticks))

    return cure


def status(to: InstrumentStatus) -> Cure:
    """A cure of the market's status."""

    def cure(venue: Venue, _wrong: Fields) -> None:
        venue.apply(SetInstrumentStatus(InstrumentId(1), to))

    return cure


def first_price_gone_stale(venue: Venue, _wrong: Fields) -> None:
    """A first price, then eleven seconds without one."""
    venue.apply(price(199_000, 200_000, 200_000, 183_000, 200_000))
    venue.time_ns += 11 * SECOND_NS


def not_yet_expired(venue: Venue, wrong: Fields) -> None:
    """A later time to live until."""
    wrong["expire_ns"] = venue.time_ns + SECOND_NS


def funding(venue: Venue, _wrong: Fields) -> None:
    """Enough money for anything here."""
    venue.deposit(1, 10_000 * E8)


def cancelling(venue: Venue, _wrong: Fields) -> None:
    """The one open order goes."""
    waiting = next(iter(venue.state.orders.values()))
    venue.apply(CancelOrder(AccountId(1), OrderId(waiting.order_id), ""))


def poor_venue(ticks: int = 0) -> Venue:
    """A market, and an account with a tenth."""
    venue = Venue(SPEC, ticks=ticks, deposits=())
    venue.apply(OpenAccount("user-1"))
    venue.deposit(1, TENTH)
    return venue


TAKING: Final[Fields] = {
    "instrument_id": InstrumentId(99),
    "order_type": OrderType.LIMIT,
    "price_ticks": 250_000,
    "qty_lots": 1,
    "leverage": 101,
    "trigger_ticks": 1,
    "stop_loss_ticks": 190_000,
    "take_profit_ticks": 1,
    "time_in_force": TimeInForce.GTD,
    "expire_ns": 1,
    "post_only": True,
    "client_order_id": "known",
    "digest": b"2" * 16,
}


def taking_ladder() -> Ladder:
    """An opener that takes on arrival; it begins on a halted market without a price."""
    venue = poor_venue()
    venue.apply(SetInstrumentStatus(InstrumentId(1), InstrumentStatus.HALTED))
    venue.apply(order(qty_lots=10, client_order_id="known", digest=b"1" * 16))
    return Ladder(
        venue,
        TAKING,
        [
            (RejectReason.DUPLICATE_ID, setting(client_order_id="", digest=b"")),
            (RejectReason.UNKNOWN_SYMBOL, setting(instrument_id=InstrumentId(1))),
            (RejectReason.HALTED, status(InstrumentStatus.CLOSE_ONLY)),
            (RejectReason.CLOSE_ONLY, status(InstrumentStatus.TRADING)),
            (RejectReason.BAD_COMBINATION, setting(trigger_ticks=0)),
            (RejectReason.BAD_PRICE, setting(take_profit_ticks=0)),
            (RejectReason.BAD_QUANTITY, setting(qty_lots=2)),
            (RejectReason.BAD_LEVERAGE, setting(leverage=50)),
            (RejectReason.MARKET_NOT_READY, first_price_gone_stale),
            (RejectReason.STALE_PRICE, pricing(199_000, 200_000, 200_000, 183_000, 200_000)),
            (RejectReason.PRICE_BAND, setting(price_ticks=200_000)),
            (RejectReason.WOULD_TRIGGER, setting(stop_loss_ticks=0)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.RISK_TIER, setting(leverage=10)),
            (RejectReason.WOULD_TAKE, setting(post_only=False)),
            (RejectReason.INSUFFICIENT_BALANCE, funding),
            (RejectReason.WOULD_LIQUIDATE, setting(leverage=5)),
        ],
    )


def resting_ladder() -> Ladder:
    """An opener that would rest, while another order of the account already does."""
    venue = poor_venue(200_000)
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 300_000}
    venue.apply(order(qty_lots=10, leverage=5, **stop))
    fields: Fields = {
        "order_type": OrderType.LIMIT,
        "price_ticks": 170_000,
        "side": Side.BUY,
        "qty_lots": 2,
        "leverage": 50,
        "time_in_force": TimeInForce.FOK,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.RISK_TIER, setting(leverage=10)),
            (RejectReason.TOO_MANY_ORDERS, cancelling),
            (RejectReason.CANNOT_FILL, setting(time_in_force=TimeInForce.GTC)),
            (RejectReason.INSUFFICIENT_BALANCE, funding),
            (RejectReason.WOULD_LIQUIDATE, setting(leverage=5)),
        ],
    )


def conditional_ladder() -> Ladder:
    """A conditional opener, while another order of the account waits."""
    venue = poor_venue(200_000)
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 300_000}
    venue.apply(order(qty_lots=10, leverage=5, **stop))
    fields: Fields = {
        "order_type": OrderType.STOP_MARKET,
        "trigger_ticks": 190_000,
        "qty_lots": 2,
        "leverage": 50,
        "time_in_force": TimeInForce.GTD,
        "expire_ns": 1,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.WOULD_TRIGGER, setting(trigger_ticks=210_000)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.TOO_MANY_ORDERS, cancelling),
        ],
    )


def trailing_ladder() -> Ladder:
    """A trailing stop that would open, while another order of the account waits."""
    venue = poor_venue(200_000)
    stop = {"order_type": OrderType.STOP_MARKET, "trigger_ticks": 300_000}
    venue.apply(order(qty_lots=10, leverage=5, **stop))
    fields: Fields = {
        "order_type": OrderType.TRAILING_STOP,
        "side": Side.SELL,
        "price_ticks": 10**12,
        "trigger_ticks": 190_000,
        "trail_e8": E8,
        "qty_lots": 1,
        "leverage": 101,
        "time_in_force": TimeInForce.GTD,
        "expire_ns": 1,
    }
    return Ladder(
        venue,
        fields,
        [
            (RejectReason.BAD_COMBINATION, setting(price_ticks=0)),
            (RejectReason.BAD_PRICE, setting(trail_e8=1)),
            (RejectReason.BAD_QUANTITY, setting(qty_lots=2)),
            (RejectReason.BAD_LEVERAGE, setting(leverage=50)),
            (RejectReason.WOULD_TRIGGER, setting(trigger_ticks=210_000)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.MIN_NOTIONAL, setting(qty_lots=10)),
            (RejectReason.TOO_MANY_ORDERS, cancelling),
        ],
    )


def closing_ladder() -> Ladder:
    """A closing order that takes on arrival, on a stale price."""
    venue = poor_venue(200_000)
    funding(venue, {})
    venue.apply(order(qty_lots=10, leverage=5))
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
            (RejectReason.BAD_QUANTITY, setting(qty_lots=2)),
            (RejectReason.UNKNOWN_POSITION, setting(position_id=PositionId(2))),
            (RejectReason.NOTHING_TO_REDUCE, setting(side=Side.SELL, price_ticks=150_000)),
            (RejectReason.STALE_PRICE, pricing(200_000)),
            (RejectReason.PRICE_BAND, setting(price_ticks=190_000)),
            (RejectReason.EXPIRED_ALREADY, not_yet_expired),
            (RejectReason.WOULD_TAKE, setting(post_only=False)),
        ],
    )


LADDERS: Final[dict[str, Callable[[], Ladder]]] = {
    "taking": taking_ladder,
    "resting": resting_ladder,
    "conditional": conditional_ladder,
    "trailing": trailing_ladder,
    "closing": closing_ladder,
}
