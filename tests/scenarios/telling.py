"""Events as a trader would be told them.  Knows words and decimals; judges nothing."""

from typing import Final

from engine import events
from engine.commands import OrderType, Side
from engine.events import Event
from engine.instrument import InstrumentSpec
from engine.reject_reason import RejectReason
from tests.scenarios.decimals import ATOM, from_units
from tests.scenarios.telling_finance import FINANCE_TELLERS
from tests.scenarios.telling_positions import POSITION_TELLERS
from tests.scenarios.words import (
    Teller,
    money,
    price,
    size,
    spec_of,
    spec_of_order,
    symbol,
    trader,
    word,
)
from tests.scenarios.world import World

# What a setting up says of itself; a story is told what comes of it.
QUIET: Final = (
    events.AccountOpened,
    events.Deposited,
    events.InsuranceFunded,
    events.InstrumentListed,
    events.PriceAccepted,
    events.TimeAdvanced,
)


def told(world: World, happened: list[Event]) -> list[str]:
    """One line per event, but for those that only say that a command did what it does.

    What a command changed in one book is one line.
    """
    changes = [e for e in happened if isinstance(e, events.BookChanged)]
    spoken = [e for e in happened if not isinstance(e, (*QUIET, events.BookChanged))]
    books = dict.fromkeys(change.instrument_id for change in changes)
    return [TELLERS[type(e)](world, e) for e in spoken] + [
        book_change(world, [c for c in changes if c.instrument_id == instrument_id])
        for instrument_id in books
    ]


def book_change(world: World, changes: list[events.BookChanged]) -> str:
    """What levels show now; a market other than the first is named."""
    instrument_id = changes[0].instrument_id
    spec = spec_of(world, instrument_id)
    levels = [
        f"{'bid' if change.side is Side.BUY else 'ask'} {level(spec, change)}" for change in changes
    ]
    where = "" if instrument_id == 1 else f" in {spec.symbol}"
    return f"book{where}: " + ", ".join(levels)


def level(spec: InstrumentSpec, change: events.BookChanged) -> str:
    """`0.1 @ 20000.0`; 0 lots: the level is gone."""
    return f"{size(spec, change.qty_lots)} @ {price(spec, change.price_ticks)}"


def rejected(world: World, event: events.Rejected) -> str:
    """A refusal."""
    return f"{world.name(event.account_id)} refused: {event.reason.name}"


def repeated(world: World, event: events.RequestRepeated) -> str:
    """A request that came again."""
    first = f"order {event.order_id}" if event.order_id else f"refused: {event.reason.name}"
    return f"{world.name(event.account_id)} asked before: {first}"


def accepted(world: World, event: events.OrderAccepted) -> str:
    """An order's terms."""
    spec = spec_of(world, event.instrument_id)
    wanted = f"{money(event.amount_atoms)} {spec.settlement}" if event.amount_atoms else "all"
    wanted = size(spec, event.qty_lots) if event.qty_lots else wanted
    where = "market"
    if event.order_type is OrderType.LIMIT:
        where = price(spec, event.price_ticks)
    elif event.order_type is OrderType.TRAILING_STOP:
        begins = f" from {price(spec, event.trigger_ticks)}" if event.trigger_ticks else ""
        where = f"trail{begins}"
    elif event.trigger_ticks:
        is_stop = event.order_type in (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
        where = f"{'stop' if is_stop else 'target'} {price(spec, event.trigger_ticks)}"
        where += f" limit {price(spec, event.price_ticks)}" if event.price_ticks else ""
    leverage = f", {event.leverage}x" if event.leverage else ""
    name = trader(world, event.account_id)
    return f"{name} order {event.order_id}: {word(event.side)} {wanted} at {where}{leverage}"


def amended(world: World, event: events.OrderAmended) -> str:
    """An order's terms from now on."""
    spec = spec_of_order(world, event.order_id)
    wanted = f"{money(event.amount_atoms)} {spec.settlement}" if event.amount_atoms else "all"
    wanted = size(spec, event.qty_lots) if event.qty_lots else wanted
    where = price(spec, event.price_ticks or event.trigger_ticks)
    where += f", trigger {price(spec, event.trigger_ticks)}" if both(event) else ""
    return f"{trader(world, event.account_id)} order {event.order_id} is now {wanted} at {where}"


def both(event: events.OrderAmended) -> bool:
    """Whether the order has a trigger and a limit price."""
    return bool(event.price_ticks and event.trigger_ticks)


def cancelled(world: World, event: events.OrderCancelled) -> str:
    """Why an order ended."""
    why = "" if event.reason is RejectReason.NONE else f": {event.reason.name}"
    name = trader(world, event.account_id)
    return f"{name} order {event.order_id} cancelled, {word(event.cause)}{why}"


def filled(world: World, event: events.OrderFilled) -> str:
    """A fill, with its fee and, if it closed anything, its profit."""
    spec = spec_of(world, event.instrument_id)
    what = f"{word(event.side)} {size(spec, event.qty_lots)}"
    profit = f" profit {money(event.realized_atoms)}" if event.realized_atoms else ""
    order = f"order {event.order_id}, " if event.order_id else ""
    return (
        f"{trader(world, event.account_id)} fills {what} @ {price(spec, event.price_ticks)}"
        f" fee {money(event.fee_atoms)}{profit}"
        f" ({order}position {event.position_id}, {event.liquidity.name.lower()})"
    )


def timer(world: World, event: events.CancelAfterSet) -> str:
    """An account's timer, counted from now."""
    left = from_units((event.due_ns - world.time_ns) // 10, ATOM)
    when = f"in {left}s" if event.due_ns else "off"
    return f"{world.name(event.account_id)} cancel-after: {when}"


TELLERS: Final[dict[type[Event], Teller]] = {
    events.Rejected: rejected,
    events.RequestRepeated: repeated,
    events.TokenIssued: lambda w, e: f"{w.name(e.account_id)} has a token, scopes {e.scopes}",
    events.TokenRevoked: lambda w, e: f"{w.name(e.account_id)} has a token less",
    events.Withdrawn: lambda w, e: f"{w.name(e.account_id)} withdraws {money(e.amount_atoms)}",
    events.TransferRepeated: lambda w, e: (
        f"{w.name(e.account_id)} transfer {e.transfer_id} was known: nothing moves"
    ),
    events.InstrumentChanged: lambda w, e: f"{symbol(w, e.instrument_id)} has new settings",
    events.StatusChanged: lambda w, e: (
        f"{symbol(w, e.instrument_id)} is {e.status.name.lower().replace('_', '-')}"
    ),
    events.PriceRefused: lambda _w, e: f"price refused: {e.reason.name}, {e.candidates} in a row",
    events.OrderAccepted: accepted,
    events.OrderTriggered: lambda w, e: f"{w.name(e.account_id)} order {e.order_id} triggers",
    events.OrderAmended: amended,
    events.OrderCancelled: cancelled,
    events.OrderExpired: lambda w, e: f"{w.name(e.account_id)} order {e.order_id} expires",
    events.OrderFilled: filled,
    events.Traded: lambda w, e: (
        f"trade: {word(e.side)} {size(spec_of(w, e.instrument_id), e.qty_lots)}"
        f" @ {price(spec_of(w, e.instrument_id), e.price_ticks)}"
    ),
    events.BatchItem: lambda w, e: f"{w.name(e.account_id)} item {e.place}:",
    events.CancelAfterSet: timer,
    events.CancelAfterFired: lambda w, e: f"{w.name(e.account_id)} cancel-after runs out",
    **POSITION_TELLERS,
    **FINANCE_TELLERS,
}
