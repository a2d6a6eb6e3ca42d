"""Short sequences of commands that lead where single random ones seldom get.  Knows the oracle.

A plot is a list of steps that are thought out one by one, each on the state as it then is.
"""

from collections.abc import Callable
from functools import partial
from random import Random

from tests.oracle.order_aims import exact_need
from tests.oracle.records import Fields, Market, Position, opposite, sign
from tests.oracle.rules import cap_atoms
from tests.oracle.state import State
from tests.oracle.stories import order_fields, price_of

# A command's name and fields, and maybe how many nanoseconds later it comes.
Step = tuple[str, Fields] | tuple[str, Fields, int]
# What comes of a step thought out: nothing, where its time has passed.
Planned = Callable[[], Step | None]


def transfer_to(
    state: State, market: Market, account_id: int, wanted_atoms: int, transfer_id: str
) -> tuple[str, Fields]:
    """The transfer that leaves the account just so much; one that moves nothing is refused."""
    free = state.free.get((account_id, market.asset_id), 0)
    return (
        "Withdraw" if free > wanted_atoms else "Deposit",
        {
            "account_id": account_id,
            "asset": market.spec["settlement"],
            "amount_atoms": abs(free - wanted_atoms),
            "transfer_id": transfer_id,
        },
    )


def exact_balance(
    chance: Random, state: State, market: Market, order: Fields, transfer_id: str
) -> list[Planned]:
    """An order with exactly what it needs in the account, or an atom less, or nothing."""
    needed = order["amount_atoms"] or exact_need(state, market, order)
    wanted = chance.choice((needed, needed, max(0, needed - 1), 0))
    again = dict(order, client_order_id="", digest=b"")
    return [
        lambda: transfer_to(state, market, order["account_id"], wanted, transfer_id),
        partial(placing, again),
    ]


def at_the_cap(
    chance: Random, state: State, market: Market, order: Fields, transfer_id: str
) -> list[Planned]:
    """As many lots as the risk tiers allow, or one more, with money enough."""
    assert market.prices is not None
    key = order["account_id"], market.instrument_id
    leverage = max(1, order["leverage"] or state.leverages.get((*key, "NONE"), 1))
    price = market.prices["ASK" if order["side"] == "BUY" else "BID"]
    lots = cap_atoms(market.spec, leverage) // (price * market.k) + chance.choice((0, 1, 1))
    large = order_fields(*key, order["side"], "MARKET") | {
        "qty_lots": max(1, min(lots, market.spec["qty_lots_max"])),
        "leverage": leverage,
    }
    enough = min(10**15, 2 * exact_need(state, market, large))
    return [
        lambda: transfer_to(state, market, key[0], enough, transfer_id),
        partial(placing, large),
    ]


def dear_maker(
    chance: Random, state: State, market: Market, order: Fields, transfer_id: str
) -> list[Planned]:
    """A resting limit that cannot pay its fee any more when its time comes: the fee has risen."""
    assert market.prices is not None
    account_id, side = order["account_id"], order["side"]
    touch = market.prices["BID" if side == "BUY" else "ASK"]
    ticks = max(1, touch - sign(side) * max(2, touch // 100))
    resting = order | {
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "expire_ns": 0,
        "price_ticks": ticks,
        "trigger_ticks": 0,
        **dict.fromkeys(("stop_loss_ticks", "take_profit_ticks", "auto_close_e8"), 0),
        "client_order_id": "",
        "digest": b"",
    }
    dear = chance.choice((600_000, 99_000_000))
    reach = price_of(ticks, market.instrument_id)
    cheap = market.spec["maker_fee_e8"]
    return [
        partial(placing, resting),
        partial(maker_fee, market, dear),
        lambda: transfer_to(state, market, account_id, 0, transfer_id),
        lambda: ("UpdatePrice", reach),
        partial(maker_fee, market, cheap),
    ]


def maker_fee(market: Market, rate_e8: int) -> tuple[str, Fields]:
    """A step that changes the maker fee alone."""
    spec = market.spec | {"maker_fee_e8": rate_e8}
    return "ChangeInstrument", {"instrument_id": market.instrument_id, "spec": spec}


def crowded_hold(
    chance: Random, state: State, market: Market, position: Position, transfer_id: str
) -> list[Planned]:
    """An opener that would only close is pushed out of the first |Q| when no money is left."""
    account_id, side = position.account_id, opposite(position.side)
    assert market.prices is not None
    touch = market.prices["BID" if side == "SELL" else "ASK"]
    # Sells rest above the touch, buys below it.
    away = -sign(side) * max(2, touch // 50)
    whole = order_fields(account_id, market.instrument_id, side, "LIMIT") | {
        "qty_lots": max(1, position.qty_lots - chance.choice((0, 0, 1))),
        "price_ticks": max(1, touch + 2 * away),
    }
    closer = order_fields(account_id, market.instrument_id, side, "LIMIT") | {
        "qty_lots": max(1, position.qty_lots // chance.choice((1, 2, 3))),
        "price_ticks": max(1, touch + away),
        "reduce_only": True,
    }
    reducing = chance.random() < 0.4
    if reducing:
        closer |= {"order_type": "MARKET", "price_ticks": 0}
    return [
        partial(placing, whole),
        lambda: transfer_to(state, market, account_id, chance.choice((0, 0, 1)), transfer_id),
        partial(placing, closer),
    ]


def many_orders(chance: Random, market: Market, account_id: int) -> list[Planned]:
    """One resting order more than the account may have."""
    assert market.prices is not None
    side = chance.choice(("BUY", "SELL"))
    ticks = market.prices["BID" if side == "BUY" else "ASK"]
    leverage = 0 if market.spec["position_mode"] == "NETTING" else 10
    step = max(1, ticks // 100)
    orders = [
        order_fields(account_id, market.instrument_id, side, "LIMIT")
        | {
            "qty_lots": market.spec["qty_lots_min"],
            "price_ticks": max(1, ticks - sign(side) * step * chance.randint(1, 4)),
            "leverage": leverage,
        }
        for _ in range(market.spec["orders_max"] + 1)
    ]
    return [partial(placing, order) for order in orders]


def placing(order: Fields) -> tuple[str, Fields]:
    """A step that places an order."""
    return "PlaceOrder", order
