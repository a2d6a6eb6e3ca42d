"""The whole state of the engine and of the oracle in the same words, to be compared.

Knows where each keeps what; knows no rule.
"""

from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum
from operator import attrgetter
from typing import Any, Final, TypeVar

from engine import codec
from engine.commands import Leg, OrderType, PriceSource, SelfTradePrevention, Side, TimeInForce
from engine.id_table import IdTable
from engine.instrument import InstrumentSpec
from engine.market import Market
from engine.order import Order
from engine.position import Position
from engine.state import State
from tests.oracle import records
from tests.oracle import state as records_state
from tests.oracle.book import depth
from tests.oracle.exit_views import (
    engine_pairs,
    engine_trailing,
    oracle_pairs,
    oracle_trailing,
)
from tests.oracle.key_views import engine_keys, oracle_keys
from tests.oracle.records import SOURCES, Fields
from tests.oracle.rules import auto_close_tick, liquidation_tick
from tests.oracle.state import POOLS
from tests.oracle.venue import Venue

View = dict[str, Any]
Row = tuple[Any, ...]
Known = TypeVar("Known")

SIDES: Final = dict(Side.__members__)
LEGS: Final = dict(Leg.__members__)
ORDER_TYPES: Final = dict(OrderType.__members__)
TIMES_IN_FORCE: Final = dict(TimeInForce.__members__)
PRICE_SOURCES: Final = dict(PriceSource.__members__)
PREVENTIONS: Final = dict(SelfTradePrevention.__members__)

# Columns that hold enums in the engine and words in the oracle, then those that are plain.
ORDER_WORDS: Final = (
    *("side", "order_type", "time_in_force", "trigger_source", "self_trade_prevention"),
)
ORDER_COLUMNS: Final = (
    *("order_id", "account_id", "qty_lots", "amount_atoms", "price_ticks", "trigger_ticks"),
    *("leverage", "closing", "post_only", "stop_loss_ticks", "take_profit_ticks"),
    *("auto_close_e8", "expire_ns", "client_order_id", "priority", "created_ns"),
    *("filled_lots", "display_lots", "visible_lots", "oco_group", "trail_ticks", "trail_e8"),
)
POSITION_COLUMNS: Final = (
    *("position_id", "account_id", "qty_lots", "cost_atoms", "margin_atoms"),
    *("initial_margin_atoms", "leverage", "realized_atoms", "opened_ns", "auto_close_e8"),
    "accrued_atoms",
)
READ_ORDER: Final = attrgetter(*ORDER_COLUMNS, *ORDER_WORDS)
READ_ORDER_NUMBERS: Final = attrgetter(*ORDER_COLUMNS)
READ_POSITION: Final = attrgetter(*POSITION_COLUMNS)
# Views are taken after every command: rows are tuples, and get their names when they differ.
ORDER_ROW: Final = (
    *ORDER_COLUMNS,
    *ORDER_WORDS,
    "instrument_id",
    "leg",
    "hold_atoms",
    "position_id",
    "trailing",
)
POSITION_ROW: Final = (
    *POSITION_COLUMNS,
    *("side", "instrument_id", "leg", "liquidation_ticks", "auto_close_ticks", "pairs"),
)


def word(value: object) -> object:
    """An enum's name; anything else as it is."""
    return value.name if isinstance(value, IntEnum) else value


def spec_to_oracle(spec: InstrumentSpec) -> Fields:
    """An instrument's settings in the oracle's words."""
    values = {field: word(getattr(spec, field)) for field in codec.INSTRUMENT_FIELDS}
    rows = ((tier.cap_atoms, tier.maintenance_e8, tier.leverage_max) for tier in spec.tiers)
    return {**values, "tiers": tuple(rows)}


def engine_view(state: State, beside: View) -> View:
    """What a trader, an operator and an auditor could ask the engine.

    beside: the oracle's view.  Rows are looked up by its ids: walking a table costs as much as
    all ids that ever were.  There are as many as it counts, so none is left out.
    """
    return engine_money(state) | {
        "time_ns": state.time_ns,
        "next_id": state.next_id,
        "next_fill_id": state.next_fill_id,
        "keys": engine_keys(state),
        "timers": dict(state.cancel_after),
        "orders": {
            order.order_id: engine_order(order)
            for order in looked_up(state.orders, beside["orders"])
        },
        "positions": {
            position.position_id: engine_position(position)
            for position in looked_up(state.positions, beside["positions"])
        },
        "markets": {
            market.instrument_id: engine_market(market)
            for market in state.markets
            if market is not None
        },
    }


def engine_money(state: State) -> View:
    """Every account of the ledger."""
    ledgers = list(enumerate(state.ledger.assets))[1:]
    return {
        "balances": {
            (account_id, asset_id): (ledger.free[account_id], ledger.hold[account_id])
            for asset_id, ledger in ledgers
            for account_id in range(1, len(state.accounts))
        },
        "pools": {
            (pool, asset_id): getattr(ledger, f"{pool}_atoms")
            for asset_id, ledger in ledgers
            for pool in (*POOLS, "margin")
        },
        "clearing": {
            instrument_id: atoms
            for _, ledger in ledgers
            for instrument_id, atoms in ledger.clearing.items()
            if atoms
        },
    }


def looked_up(table: IdTable[Known], ids: Iterable[int]) -> Iterable[Known]:
    """What a table has by some ids; all it has if those are not all."""
    found = [each for each in map(table.get, ids) if each is not None]
    return found if len(found) == table.count else table.values()


def engine_order(order: Order) -> Row:
    """An open order.  In ticket mode the hold is its own, else the key's."""
    row: Row = READ_ORDER(order)
    market = order.market
    hold_atoms = 0 if order.key.pools else order.hold_atoms
    leg = order.key.leg
    closes = order.position_id if order.closing else 0
    return (*row, market.instrument_id, leg, hold_atoms, closes, engine_trailing(order))


def engine_position(position: Position) -> Row:
    """An open position with the ticks it waits for."""
    row: Row = READ_POSITION(position)
    auto_close_ticks = 0
    if position.auto_close is not None and position.auto_close.levels is not None:
        auto_close_ticks = position.auto_close.key_ticks
    ticks = position.liquidation_ticks, auto_close_ticks
    where = position.market.instrument_id, position.key.leg
    return (*row, position.side, *where, *ticks, engine_pairs(position))


def engine_market(market: Market) -> View:
    """A market's status, prices and book."""
    book = market.book
    return {
        "depth": {"BUY": {}, "SELL": {}}
        if book is None
        else {"BUY": dict(book.depth_bids), "SELL": dict(book.depth_asks)},
        "status": market.status.name,
        "prices": list(market.prices),
        "processed": list(market.processed),
        "price_time_ns": market.price_time_ns,
        "source": (market.source, market.source_sequence),
        "candidate_count": market.candidate_count,
        "funding": (market.next_funding_ns, market.premium_sum_e8, market.premium_count),
    }


def oracle_view(venue: Venue) -> View:
    """The same of the oracle."""
    state = venue.state
    pools = {
        (pool, asset_id): state.pool(pool, asset_id) for pool in POOLS for asset_id in state.assets
    }
    held = held_by_account(state)
    margins = {("margin", asset_id): state.margins(asset_id) for asset_id in state.assets}
    return {
        "time_ns": state.now_ns,
        "next_id": state.last_id + 1,
        "next_fill_id": state.last_fill_id + 1,
        "balances": {
            (account_id, asset_id): (
                state.free.get((account_id, asset_id), 0),
                held[account_id, asset_id],
            )
            for asset_id in state.assets
            for account_id in state.accounts
        },
        "pools": pools | margins,
        "clearing": {each: atoms for each, atoms in state.clearing.items() if atoms},
        "keys": oracle_keys(state),
        "timers": dict(state.cancel_after),
        "orders": {order.order_id: oracle_order(order) for order in state.orders.values()},
        "positions": {
            position.position_id: oracle_position(state, position)
            for position in state.positions.values()
        },
        "markets": {
            market.instrument_id: oracle_market(state, market) for market in state.markets.values()
        },
    }


def oracle_order(order: records.Order) -> Row:
    """An open order, its words as the engine's enums."""
    row: Row = READ_ORDER_NUMBERS(order)
    return (
        *row,
        SIDES[order.side],
        ORDER_TYPES[order.order_type],
        TIMES_IN_FORCE[order.time_in_force],
        PRICE_SOURCES[order.trigger_source],
        PREVENTIONS[order.self_trade_prevention],
        order.instrument_id,
        LEGS[order.leg],
        order.hold_atoms,
        order.position_id if order.closing else 0,
        oracle_trailing(order),
    )


def oracle_position(state: records_state.State, position: records.Position) -> Row:
    """An open position with the ticks it waits for, found by trying prices."""
    row: Row = READ_POSITION(position)
    market = state.markets[position.instrument_id]
    # The insurance fund is never liquidated, a cross position with its account.
    alone = position.account_id != records.FUND and not position.cross
    ticks = liquidation_tick(position, market.k, market.spec) if alone else 0
    auto_close_ticks = auto_close_tick(position, market.k) if position.auto_close_e8 else 0
    side = SIDES[position.side]
    return (
        *row,
        side,
        position.instrument_id,
        LEGS[position.leg],
        ticks,
        auto_close_ticks,
        oracle_pairs(position),
    )


def held_by_account(state: records_state.State) -> dict[tuple[int, int], int]:
    """All holds by account and asset: of orders in ticket markets, of keys in netting markets."""
    held: defaultdict[tuple[int, int], int] = defaultdict(int)
    for order in state.orders.values():
        held[order.account_id, state.markets[order.instrument_id].asset_id] += order.hold_atoms
    for (account_id, instrument_id, _), atoms in state.key_holds.items():
        held[account_id, state.markets[instrument_id].asset_id] += atoms
    return held


def named(view: View) -> View:
    """A view with the columns of its rows named, to be read."""
    rows = {"orders": ORDER_ROW, "positions": POSITION_ROW}
    return view | {
        part: {key: dict(zip(names, row, strict=True)) for key, row in view[part].items()}
        for part, names in rows.items()
    }


def oracle_market(state: records_state.State, market: records.Market) -> View:
    """A market's status, prices (0 while there is none) and book."""
    zeros = dict.fromkeys(SOURCES, 0)
    return {
        "depth": depth(state, market) if market.is_order_driven else {"BUY": {}, "SELL": {}},
        "status": market.status,
        "prices": list((market.prices or zeros).values()),
        "processed": list((market.processed or zeros).values()),
        "price_time_ns": market.price_time_ns,
        "source": (market.source, market.source_sequence),
        "candidate_count": market.candidate_count,
        "funding": (market.next_stamp_ns, market.premium_sum_e8, market.premium_count),
    }
