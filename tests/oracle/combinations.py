"""What no order may ask for, whatever the market's state (BAD_COMBINATION).  Knows words."""

from tests.oracle.records import CONDITIONALS, LIMITS_TO_BE, Fields, Market, Order
from tests.oracle.settings import is_name
from tests.oracle.state import State


def bad_combination(state: State, command: Fields, market: Market, order: Order) -> bool:
    """What no order may ask for, whatever the market's state."""
    client_id: str = command["client_order_id"]
    return (
        bad_numbers(command)
        or bad_force(command)
        or bad_leg(state, market, order)
        or (bad_closing(state, command, market) if order.closing else bad_opening(command))
        or bad_iceberg(command, market)
        or bad_trailing(command, order)
        or bad_group(state, order)
        or (client_id != "" and malformed(client_id, command["digest"]))
    )


def bad_numbers(command: Fields) -> bool:
    """A number below 0, or one where none belongs."""
    names = "qty_lots amount_atoms price_ticks trigger_ticks stop_loss_ticks take_profit_ticks"
    numbers = [command[name] for name in f"{names} expire_ns".split()]
    kind = command["order_type"]
    return (
        any(number < 0 for number in numbers)
        or (command["price_ticks"] != 0 and kind != "LIMIT" and kind not in LIMITS_TO_BE)
        or (command["trigger_ticks"] != 0 and kind not in CONDITIONALS)
        or command["trigger_source"] in ("BID", "ASK")
    )


def bad_force(command: Fields) -> bool:
    """TYP-1: which types may wait how long; what is to rest only must be able to."""
    kind, force = command["order_type"], command["time_in_force"]
    has_limit = kind == "LIMIT" or kind in LIMITS_TO_BE
    to_be_market = kind in CONDITIONALS and not has_limit
    return (
        (command["expire_ns"] != 0) != (force == "GTD")
        or (force == "GTD" and kind == "MARKET")
        or (force in ("IOC", "FOK") and to_be_market)
        or (command["post_only"] and not (has_limit and force in ("GTC", "GTD")))
    )


def opens_leg(side: str, leg: str) -> bool:
    """KEY-3: BUY LONG and SELL SHORT."""
    return (side, leg) in (("BUY", "LONG"), ("SELL", "SHORT"))


def bad_leg(state: State, market: Market, order: Order) -> bool:
    """KEY-3: a leg is named in hedging and nowhere else; its opening side does not close."""
    hedges = state.mode_of(order.account_id, market) == "HEDGING"
    if hedges != (order.leg != "NONE"):
        return True
    return hedges and order.closing and opens_leg(order.side, order.leg)


def bad_closing(state: State, command: Fields, market: Market) -> bool:
    """A closing order has no amount and no exits, and says which lots it closes."""
    everything = command.get("close_position", False)
    exits = command["stop_loss_ticks"], command["take_profit_ticks"], command["auto_close_e8"]
    named = command["position_id"] != 0
    return (
        (state.is_ticket(command["account_id"], market) and not named)
        or command["amount_atoms"] != 0
        or any(exits)
        or (command["qty_lots"] == 0 and not named and not everything)
        or (command["qty_lots"] != 0 and everything)
    )


def bad_opening(command: Fields) -> bool:
    """An opener has a quantity or an amount, not both."""
    return bool((command["qty_lots"] == 0) == (command["amount_atoms"] == 0))


def bad_iceberg(command: Fields, market: Market) -> bool:
    """ICE-1: only what may rest in a book can hide there."""
    display = command.get("display_lots", 0)
    kind, force = command["order_type"], command["time_in_force"]
    rests = (kind == "LIMIT" or kind in LIMITS_TO_BE) and force in ("GTC", "GTD")
    return bool(display < 0 or (display != 0 and not (market.is_order_driven and rests)))


def bad_trailing(command: Fields, order: Order) -> bool:
    """TRL-2 and TRL-4: a trailing stop has a width; a closing order attaches none."""
    widths = command.get("trail_ticks", 0), command.get("trail_e8", 0)
    if min(widths) < 0:
        return True
    if order.order_type == "TRAILING_STOP":
        return not any(widths)
    return order.closing and any(widths)


def bad_group(state: State, order: Order) -> bool:
    """OCO-1: a group is two open orders, one of which waits for a trigger."""
    if order.oco_group == "":
        return False
    if not is_name(order.oco_group, 36):
        return True
    group = state.group_of(order.account_id, order.instrument_id, order.oco_group)
    waiting = [each for each in [*group, order] if each.order_type in CONDITIONALS]
    return len(group) > 1 or (len(group) == 1 and not waiting)


def malformed(client_order_id: str, digest: bytes) -> bool:
    """Not an id that anyone could ask for again."""
    return not is_name(client_order_id, 36) or len(digest) != 16
