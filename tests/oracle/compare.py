"""The engine and the oracle side by side: one command to both, then everything compared.

Knows both vocabularies, the engine's enums and the oracle's words; knows no rule.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final

from engine import codec, commands, invariants
from engine.commands import (
    Command,
    Leg,
    OrderType,
    PlaceOrder,
    PriceSource,
    SelfTradePrevention,
    Side,
    SubmitBatch,
    TimeInForce,
)
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
from tests.oracle.key_views import engine_cross, oracle_cross
from tests.oracle.outcomes import outcome, reason_of
from tests.oracle.record_views import engine_records, oracle_records
from tests.oracle.records import Fact, Fields
from tests.oracle.venue import Venue
from tests.oracle.views import (
    engine_view,
    named,
    oracle_view,
    spec_to_oracle,
    word,
)
from tests.scenarios.books import Books

Step = tuple[int, str, Fields]

ENUMS: Final[dict[str, type[IntEnum]]] = {
    "side": Side,
    "leg": Leg,
    "mode": PositionMode,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "trigger_source": PriceSource,
    "self_trade_prevention": SelfTradePrevention,
    "status": InstrumentStatus,
    "market": MarketStructure,
    "position_mode": PositionMode,
    "margin_mode": MarginMode,
    "fee_basis": FeeBasis,
    "remainder": Remainder,
}
MEMBERS: Final = {name: dict(enum.__members__) for name, enum in ENUMS.items()}
# Events are compared after every step; all there is, which differs for good once it differs,
# after every second, and what is costly to find out after every tenth or fiftieth.
VIEWS_EVERY: Final = 2
CROSS_EVERY: Final = 10
DEEP_EVERY: Final = 50
RELOAD_EVERY: Final = 1_000
TWIN_STEPS: Final = 250


class Mismatch(AssertionError):
    """Engine and oracle disagree."""


def to_engine(name: str, fields: Fields) -> Command:
    """The engine's command of the oracle's words."""
    if "spec" in fields:
        fields = {**fields, "spec": spec_to_engine(fields["spec"])}
    if "items" in fields:
        fields = {**fields, "items": tuple(to_engine(*item) for item in fields["items"])}
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


def command_to_oracle(command: Command) -> tuple[str, Fields]:
    """The oracle's words for an engine command."""
    names = codec.SHAPE_OF_COMMAND[type(command)].fields
    fields = {field: word(getattr(command, field)) for field in names}
    if "spec" in fields:
        fields["spec"] = spec_to_oracle(getattr(command, "spec"))  # noqa: B009
    if isinstance(command, SubmitBatch):
        fields["items"] = tuple(command_to_oracle(item) for item in command.items)
    return type(command).__name__, fields


def fact_of(event: Event) -> Fact:
    """The oracle's words for an engine event."""
    names = codec.SHAPE_OF_EVENT[type(event)].fields
    return type(event).__name__, {field: word(getattr(event, field)) for field in names}


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
    oracle = oracle_view(venue)
    engine = engine_view(state, oracle)
    if engine != oracle:
        found = differences(named(engine), named(oracle))
        raise Mismatch("\n".join(list(found)[:12]))


def compare_cross(state: State, venue: Venue) -> None:
    """What stands behind cross accounts, and what they may spend."""
    engine, oracle = engine_cross(state), oracle_cross(venue.state)
    if engine != oracle:
        raise Mismatch("\n".join(list(differences(engine, oracle, "/cross"))[:6]))


def compare_preview(preview: Preview, facts: list[Fact], venue: Venue) -> None:
    """An order comes to what its preview said."""
    came_to = outcome(facts, venue) if preview.takes else {"reason": reason_of(facts)}
    said = {field: word(getattr(preview, field)) for field in came_to}
    if said != came_to:
        raise Mismatch(f"preview: engine {said}, oracle {came_to}")


class Duel:
    """One venue twice.  `script` is its whole life, to be lived again.

    After every 1,000th step the engine goes on from its own snapshot, and the one that did not
    stop runs beside it for a while.
    """

    def __init__(self) -> None:
        self.engine = Engine(State())
        self.twin: Engine | None = None
        self.venue = Venue()
        self.books = Books()
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
        self.books.follow(events)
        assert self.engine.state.ledger.sum_atoms() == 0, "money came or went"
        if preview is not None:
            compare_preview(preview, facts, self.venue)
        if len(self.script) % VIEWS_EVERY == 0:
            compare_views(self.engine.state, self.venue)
        if self.twin is not None:
            self.twin.apply(sequence, time_ns, command)
            self.compare_twin()
        if len(self.script) % CROSS_EVERY == 0:
            compare_cross(self.engine.state, self.venue)
            self.books.check(self.engine.state)
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
        self.books.check(self.engine.state)
        compare_views(self.engine.state, self.venue)
        engine, oracle = engine_records(self.engine.state), oracle_records(self.venue)
        if engine != oracle:
            raise Mismatch("\n".join(list(differences(engine, oracle))[:12]))


def packed(section: tuple[str, list[codec.Row]]) -> tuple[str, bytes]:
    """A section of a snapshot as bytes."""
    return section[0], codec.pack_rows(section[1])
