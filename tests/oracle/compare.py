"""The engine and the oracle side by side: one command to both, then everything compared.

Knows both vocabularies, the engine's enums and the oracle's words; knows no rule.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final

from engine import codec, commands, invariants
from engine.commands import Command, OrderType, PlaceOrder, PriceSource, Side, TimeInForce
from engine.engine import Engine
from engine.events import Event
from engine.instrument import (
    FeeBasis,
    InstrumentSpec,
    InstrumentStatus,
    MarginMode,
    MarketStructure,
    PositionMode,
    Remainder,
    RiskTier,
)
from engine.preview import Preview, preview_order
from engine.state import State
from snapshots import snapshot
from tests.oracle.records import SOURCES, Fact, Fields
from tests.oracle.rules import auto_close_edge, bankruptcy_tick, liquidation_tick
from tests.oracle.state import POOLS
from tests.oracle.venue import Venue

View = dict[str, Any]
Step = tuple[int, str, Fields]

ENUMS: Final[dict[str, type[IntEnum]]] = {
    "side": Side,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "trigger_source": PriceSource,
    "status": InstrumentStatus,
    "market": MarketStructure,
    "position_mode": PositionMode,
    "margin_mode": MarginMode,
    "fee_basis": FeeBasis,
    "remainder": Remainder,
}
MEMBERS: Final = {name: dict(enum.__members__) for name, enum in ENUMS.items()}
ORDER_COLUMNS: Final = (
    *("order_id", "account_id", "side", "order_type", "time_in_force", "qty_lots", "amount_atoms"),
    *("price_ticks", "trigger_ticks", "trigger_source", "leverage", "closing", "post_only"),
    *("stop_loss_ticks", "take_profit_ticks", "auto_close_e8", "expire_ns", "client_order_id"),
    *("priority", "created_ns"),
)
POSITION_COLUMNS: Final = (
    *("position_id", "account_id", "side", "qty_lots", "cost_atoms", "margin_atoms"),
    *("initial_margin_atoms", "leverage", "realized_atoms", "opened_ns", "auto_close_e8"),
)
DEEP_EVERY: Final = 20
RELOAD_EVERY: Final = 1_000
TWIN_STEPS: Final = 250


class Mismatch(AssertionError):
    """Engine and oracle disagree."""


def to_engine(name: str, fields: Fields) -> Command:
    """The engine's command of the oracle's words."""
    if "spec" in fields:
        fields = {**fields, "spec": spec_to_engine(fields["spec"])}
    values = {
        field: MEMBERS[field][value] if field in MEMBERS else value
        for field, value in fields.items()
    }
    command: Command = getattr(commands, name)(**values)
    return command


def spec_to_engine(spec: Fields) -> InstrumentSpec:
    """An instrument's settings in the engine's classes."""
    values: Fields = {
        field: MEMBERS[field][value] if field in MEMBERS else value for field, value in spec.items()
    }
    return InstrumentSpec(**{**values, "tiers": tuple(RiskTier(*t) for t in spec["tiers"])})


def word(value: object) -> object:
    """An enum's name; anything else as it is."""
    return value.name if isinstance(value, IntEnum) else value


def spec_to_oracle(spec: InstrumentSpec) -> Fields:
    """An instrument's settings in the oracle's words."""
    values = {field: word(getattr(spec, field)) for field in codec.INSTRUMENT_FIELDS}
    rows = ((tier.cap_atoms, tier.maintenance_e8, tier.leverage_max) for tier in spec.tiers)
    return {**values, "tiers": tuple(rows)}


def command_to_oracle(command: Command) -> tuple[str, Fields]:
    """The oracle's words for an engine command."""
    names = codec.SHAPE_OF_COMMAND[type(command)].fields
    fields = {field: word(getattr(command, field)) for field in names}
    if "spec" in fields:
        fields["spec"] = spec_to_oracle(getattr(command, "spec"))  # noqa: B009
    return type(command).__name__, fields


def fact_of(event: Event) -> Fact:
    """The oracle's words for an engine event."""
    names = codec.SHAPE_OF_EVENT[type(event)].fields
    return type(event).__name__, {field: word(getattr(event, field)) for field in names}


def engine_view(state: State) -> View:
    """What a trader, an operator and an auditor could ask the engine."""
    orders, positions = {}, {}
    for order in state.orders.values():
        row: View = {column: word(getattr(order, column)) for column in ORDER_COLUMNS}
        row["instrument_id"] = order.market.instrument_id
        row["hold_atoms"] = order.hold_atoms if not order.market.is_netting else 0
        row["position_id"] = order.position_id if order.closing else 0
        orders[order.order_id] = row
    for position in state.positions.values():
        row = {column: word(getattr(position, column)) for column in POSITION_COLUMNS}
        row["instrument_id"] = position.market.instrument_id
        row["liquidation_ticks"] = position.liquidation_ticks
        row["auto_close_ticks"] = 0
        if position.auto_close is not None and position.auto_close.levels is not None:
            row["auto_close_ticks"] = position.auto_close.key_ticks
        row["pairs"] = sorted(
            (
                pair.parent_order_id,
                pair.qty_lots if pair.parent_order_id else 0,
                pair.stop_loss_ticks,
                pair.take_profit_ticks,
                pair.source.name,
            )
            for pair in position.pairs or ()
            if pair.stop_loss_ticks or pair.take_profit_ticks
        )
        positions[position.position_id] = row
    return {
        "time_ns": state.time_ns,
        "next_id": state.next_id,
        "next_fill_id": state.next_fill_id,
        "balances": {
            (account_id, asset_id): (ledger.free[account_id], ledger.hold[account_id])
            for asset_id, ledger in enumerate(state.ledger.assets)
            for account_id in range(1, len(state.accounts))
            if asset_id > 0
        },
        "pools": {
            (pool, asset_id): getattr(ledger, f"{pool}_atoms")
            for asset_id, ledger in enumerate(state.ledger.assets)
            for pool in (*POOLS, "margin")
            if asset_id > 0
        },
        "orders": orders,
        "positions": positions,
        "markets": {
            market.instrument_id: {
                "status": market.status.name,
                "prices": list(market.prices),
                "processed": list(market.processed),
                "price_time_ns": market.price_time_ns,
                "source": (market.source, market.source_sequence),
                "candidate_count": market.candidate_count,
            }
            for market in state.markets
            if market is not None
        },
    }


def oracle_view(venue: Venue) -> View:
    """The same of the oracle."""
    state = venue.state
    orders, positions = {}, {}
    for order in state.orders.values():
        row: View = {column: getattr(order, column) for column in ORDER_COLUMNS}
        row["instrument_id"] = order.instrument_id
        row["hold_atoms"] = order.hold_atoms
        row["position_id"] = order.position_id if order.closing else 0
        orders[order.order_id] = row
    for position in state.positions.values():
        market = state.markets[position.instrument_id]
        row = {column: getattr(position, column) for column in POSITION_COLUMNS}
        row["instrument_id"] = position.instrument_id
        row["liquidation_ticks"] = liquidation_tick(position, market.k, market.spec)
        row["auto_close_ticks"] = 0
        if position.auto_close_e8:
            row["auto_close_ticks"] = auto_close_edge(
                position.side,
                position.qty_lots,
                position.cost_atoms,
                position.initial_margin_atoms,
                position.auto_close_e8,
                market.k,
            )
        pairs = [
            (
                pair.parent_order_id,
                pair.qty_lots,
                pair.stop_loss_ticks,
                pair.take_profit_ticks,
                pair.source,
            )
            for pair in position.pairs
        ]
        own = position.stop_loss_ticks, position.take_profit_ticks
        if any(own):
            pairs.append((0, 0, *own, position.exit_source))
        row["pairs"] = sorted(pairs)
        positions[position.position_id] = row
    zeros = dict.fromkeys(SOURCES, 0)
    return {
        "time_ns": state.now_ns,
        "next_id": state.last_id + 1,
        "next_fill_id": state.last_fill_id + 1,
        "balances": {
            (account_id, asset_id): (
                state.free.get((account_id, asset_id), 0),
                state.held(account_id, asset_id),
            )
            for asset_id in state.assets
            for account_id in state.accounts
        },
        "pools": {
            (pool, asset_id): state.pool(pool, asset_id)
            if pool != "margin"
            else state.margins(asset_id)
            for asset_id in state.assets
            for pool in (*POOLS, "margin")
        },
        "orders": orders,
        "positions": positions,
        "markets": {
            market.instrument_id: {
                "status": market.status,
                "prices": list((market.prices or zeros).values()),
                "processed": list((market.processed or zeros).values()),
                "price_time_ns": market.price_time_ns,
                "source": (market.source, market.source_sequence),
                "candidate_count": market.candidate_count,
            }
            for market in state.markets.values()
        },
    }


def engine_records(state: State) -> View:
    """What the engine keeps for good: names, settings, ids that were used."""
    known = state.client_orders
    return {
        "accounts": {one.account_id: one.user_id for one in state.accounts if one is not None},
        "assets": dict(enumerate(state.assets[1:], 1)),
        "came in": {
            asset_id: ledger.deposited_atoms
            for asset_id, ledger in enumerate(state.ledger.assets)
            if asset_id > 0
        },
        "tokens": {
            token_hash: (token.account_id, token.scopes, token.revoked)
            for token_hash, token in state.tokens.items()
        },
        "transfer ids": set(state.transfers.names()),
        "specs": {
            market.instrument_id: spec_to_oracle(market.spec)
            for market in state.markets
            if market is not None
        },
        "leverages": {
            (seat.account_id, market.instrument_id): seat.leverage
            for market in state.markets
            if market is not None and market.is_netting
            for seat in market.seats
            if seat is not None and seat.leverage != 1
        },
        "first results": {
            (one.account_id, one.client_order_id): (one.digest, one.order_id, one.reason.name)
            for one in [*known.open_entries(), *known.closed_entries()]
        },
        "closed ids": [(one.account_id, one.client_order_id) for one in known.closed_entries()],
    }


def oracle_records(venue: Venue) -> View:
    """The same of the oracle."""
    state = venue.state
    return {
        "accounts": state.accounts,
        "assets": state.assets,
        "came in": {asset_id: state.came_in.get(asset_id, 0) for asset_id in state.assets},
        "tokens": state.tokens,
        "transfer ids": state.transfer_ids,
        "specs": {market.instrument_id: market.spec for market in state.markets.values()},
        "leverages": {key: each for key, each in state.leverages.items() if each != 1},
        "first results": {
            key: (first.digest, first.order_id, first.reason)
            for key, first in state.first_results.items()
        },
        "closed ids": state.closed_ids,
    }


def differences(engine: Any, oracle: Any, path: str = "") -> Iterable[str]:
    """Each place where two views differ, in words."""
    if engine == oracle:
        return
    if isinstance(engine, dict) and isinstance(oracle, dict):
        for key in sorted({*engine, *oracle}, key=repr):
            yield from differences(engine.get(key), oracle.get(key), f"{path}/{key}")
        return
    yield f"{path}: engine {engine!r}, oracle {oracle!r}"


def compare_facts(events: list[Event], facts: list[Fact]) -> None:
    """The events of one command, one by one."""
    told = [fact_of(event) for event in events]
    if told == facts:
        return
    lines = [
        f"event {number}: engine {engine}\n         oracle {oracle}"
        for number, (engine, oracle) in enumerate(
            zip(told + [None] * len(facts), facts + [None] * len(told), strict=True)
        )
        if engine != oracle
    ]
    raise Mismatch("\n".join(lines[:3]))


def compare_views(state: State, venue: Venue) -> None:
    """Balances, pools, orders, positions, markets."""
    engine, oracle = engine_view(state), oracle_view(venue)
    if engine != oracle:
        raise Mismatch("\n".join(list(differences(engine, oracle))[:12]))


def compare_preview(preview: Preview, facts: list[Fact], venue: Venue) -> None:
    """An order comes to what its preview said: reason, fee and liquidation price."""
    told: View = {"reason": "NONE"}
    name, first = facts[-1 if facts[-1][0] == "Rejected" else 0]
    if name == "Rejected":
        told["reason"] = first["reason"]
    elif preview.takes:
        accepted = next(fields for name, fields in facts if name == "OrderAccepted")
        fills = [fields for name, fields in facts if name == "OrderFilled"]
        own = [fields for fields in fills if fields["order_id"] == accepted["order_id"]]
        told["fee_atoms"] = sum(fields["fee_atoms"] for fields in own)
        position = venue.state.positions.get(own[-1]["position_id"])
        if position is not None and accepted["leverage"] and len(fills) == len(own):
            market = venue.state.markets[position.instrument_id]
            told["liquidation_ticks"] = liquidation_tick(position, market.k, market.spec)
            told["bankruptcy_ticks"] = max(0, bankruptcy_tick(position, market.k))
    said = {field: word(getattr(preview, field)) for field in told}
    if position_only_shrank(facts):
        told.pop("liquidation_ticks", 0)
        told.pop("bankruptcy_ticks", 0)
        said = {field: said[field] for field in told}
    if said != told:
        raise Mismatch(f"preview: engine {said}, oracle {told}")


def position_only_shrank(facts: list[Fact]) -> bool:
    """Whether nothing was opened, so that a preview names no liquidation price."""
    return not any(name in ("PositionOpened", "PositionIncreased") for name, _ in facts)


class Duel:
    """One venue twice.  `script` is its whole life, to be lived again.

    After every 1,000th step the engine goes on from its own snapshot, and the one that did not
    stop runs beside it for a while.
    """

    def __init__(self) -> None:
        self.engine = Engine(State())
        self.twin: Engine | None = None
        self.venue = Venue()
        self.script: list[Step] = []

    def apply(self, time_ns: int, name: str, fields: Fields) -> list[Fact]:
        """One command to both.  Raises Mismatch where they differ."""
        self.script.append((time_ns, name, fields))
        command = to_engine(name, fields)
        sequence = self.engine.state.sequence + 1
        preview = self.preview(time_ns, command)
        facts = self.venue.apply(time_ns, name, fields)
        events = self.engine.apply(sequence, time_ns, command)
        compare_facts(events, facts)
        if preview is not None:
            compare_preview(preview, facts, self.venue)
        compare_views(self.engine.state, self.venue)
        if self.twin is not None:
            self.twin.apply(sequence, time_ns, command)
            self.compare_twin()
        if len(self.script) % DEEP_EVERY == 0:
            self.deep_check()
        if len(self.script) % RELOAD_EVERY == 0:
            self.reload()
        elif len(self.script) % RELOAD_EVERY == TWIN_STEPS:
            self.twin = None
        return facts

    def preview(self, time_ns: int, command: Command) -> Preview | None:
        """What the engine says beforehand of an order at its own time, without a client id."""
        state = self.engine.state
        if not isinstance(command, PlaceOrder) or command.client_order_id:
            return None
        return preview_order(state, command) if time_ns <= state.time_ns else None

    def reload(self) -> None:
        """Dump, load, dump: the same bytes; then the loaded state goes on."""
        self.twin = self.engine
        dumped = list(snapshot.sections(self.twin.state))
        self.engine = Engine(snapshot.load_sections(dumped))
        for before, after in zip(dumped, snapshot.sections(self.engine.state), strict=True):
            if packed(before) != packed(after):
                raise Mismatch(f"section {before[0]} differs after a snapshot")
        self.deep_check()

    def compare_twin(self) -> None:
        """The loaded engine tells what the one that never stopped tells."""
        assert self.twin is not None
        if self.twin.state.event_chain != self.engine.state.event_chain:
            raise Mismatch("the engine loaded from a snapshot goes another way")

    def deep_check(self) -> None:
        """The invariants of both, and what is rarely looked at."""
        invariants.check(self.engine.state)
        self.venue.state.check()
        engine, oracle = engine_records(self.engine.state), oracle_records(self.venue)
        if engine != oracle:
            raise Mismatch("\n".join(list(differences(engine, oracle))[:12]))


def packed(section: tuple[str, list[codec.Row]]) -> tuple[str, bytes]:
    """A section of a snapshot as bytes."""
    return section[0], codec.pack_rows(section[1])
