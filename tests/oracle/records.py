"""What the oracle remembers.  Knows fields and words; knows no rule and imports nothing of ours.

Words stand for enums ("BUY", "LIMIT", "MARK"), so that a failing script reads like a story.
"""

from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Fields = dict[str, Any]
Fact = tuple[str, Fields]
Prices = dict[str, int]

E8: Final = 100_000_000
PRICE_TICKS_MAX: Final = 10**12
QTY_LOTS_MAX: Final = 10**15
AMOUNT_ATOMS_MAX: Final = 10**18
NOTIONAL_ATOMS_MAX: Final = 4 * 10**18
AUTO_CLOSE_E8_MAX: Final = 10**12
KEEP: Final = -9_223_372_036_854_775_807
ALL_INSTRUMENTS: Final = -1
CLOSED_IDS_PER_ACCOUNT: Final = 1_000
CLOSED_IDS_OF_VENUE: Final = 1_000_000
CONDITIONALS_MAX: Final = 10_000
FUND: Final = 0  # The account of the insurance fund: it has positions and orders, but no balance.
LIMITS_TO_BE: Final = ("STOP_LIMIT", "TAKE_PROFIT_LIMIT")
LEGS: Final = ("NONE", "LONG", "SHORT")
CONDITIONALS: Final = ("STOP_MARKET", "TAKE_PROFIT_MARKET", *LIMITS_TO_BE, "TRAILING_STOP")
SOURCES: Final = ("BID", "ASK", "LAST", "MARK", "INDEX")


@dataclass(slots=True)
class Market:
    """An instrument and what is known of its price; `processed` is where the last travel ended."""

    instrument_id: int
    asset_id: int
    spec: Fields
    k: int
    status: str = "TRADING"
    prices: Prices | None = None
    processed: Prices | None = None
    price_time_ns: int = 0
    source: str = ""
    source_sequence: int = 0
    candidate: Prices | None = None
    candidate_count: int = 0
    next_stamp_ns: int = 0
    premium_sum_e8: int = 0
    premium_count: int = 0

    @property
    def is_order_driven(self) -> bool:
        """Whether users trade with each other, and not with the house."""
        return bool(self.spec["market"] == "ORDER_DRIVEN")

    @property
    def mark(self) -> int:
        """The mark, which must be known."""
        assert self.prices is not None
        return self.prices["MARK"]


@dataclass(slots=True)
class Order:
    """An open order.  `position_id` is the position that a closing order is bound to.

    `qty_lots` is what is still open, `visible_lots` what a book shows of it: 0 while in none.
    `opened_position_id` is the position that the trades of a ticket opener went to.
    `trail_…` is how far a trailing stop follows, of other openers what they attach;
    `extreme_ticks` what it follows, 0 until it does.
    """

    order_id: int
    account_id: int
    instrument_id: int
    side: str
    order_type: str
    time_in_force: str
    qty_lots: int
    amount_atoms: int
    price_ticks: int
    trigger_ticks: int
    trigger_source: str
    leverage: int
    closing: bool
    post_only: bool
    position_id: int
    stop_loss_ticks: int
    take_profit_ticks: int
    auto_close_e8: int
    expire_ns: int
    client_order_id: str
    display_lots: int = 0
    self_trade_prevention: str = "CANCEL_MAKER"
    oco_group: str = ""
    leg: str = "NONE"
    trail_ticks: int = 0
    trail_e8: int = 0
    extreme_ticks: int = 0
    filled_lots: int = 0
    visible_lots: int = 0
    opened_position_id: int = 0
    priority: int = 0
    created_ns: int = 0
    frozen_mark_ticks: int = 0
    hold_atoms: int = 0

    @property
    def rests(self) -> bool:
        """Whether it would stay in a book with what it has not filled."""
        return self.order_type == "LIMIT" and self.time_in_force in ("GTC", "GTD")


@dataclass(slots=True)
class Pair:
    """Stop loss, take profit and trailing that came with one order of a netting position."""

    parent_order_id: int
    qty_lots: int
    stop_loss_ticks: int
    take_profit_ticks: int
    source: str
    trail_ticks: int = 0
    trail_e8: int = 0
    extreme_ticks: int = 0


@dataclass(slots=True)
class Position:
    """An open position.  `accrued_atoms` is A: funding that its margin could not pay."""

    position_id: int
    account_id: int
    instrument_id: int
    side: str
    qty_lots: int
    cost_atoms: int
    margin_atoms: int
    initial_margin_atoms: int
    leverage: int
    realized_atoms: int
    opened_ns: int
    leg: str = "NONE"
    cross: bool = False  # Its key's mode, which cannot change while it is open (KEY-5).
    stop_loss_ticks: int = 0
    take_profit_ticks: int = 0
    auto_close_e8: int = 0
    exit_source: str = "MARK"
    pairs: list[Pair] = field(default_factory=list)
    accrued_atoms: int = 0
    trail_ticks: int = 0
    trail_e8: int = 0
    extreme_ticks: int = 0
    # The numbers that its liquidation tick was last asked for, and what it came to.
    tick_of: tuple[Fields | None, int, int, int] = (None, 0, 0, 0)
    tick: int = 0

    @property
    def basis_atoms(self) -> int:
        """FUN-5: `C + s·A`, which every valuation starts from."""
        return self.cost_atoms + sign(self.side) * self.accrued_atoms


Record = TypeVar("Record", Market, Order, Pair, Position)


@dataclass(slots=True)
class FirstResult:
    """What a client order id got the first time."""

    digest: bytes
    order_id: int
    reason: str


def copied(record: Record) -> Record:
    """A record with the same values; `dataclasses.replace` takes ten times as long."""
    copy = object.__new__(type(record))
    for name in record.__slots__:
        setattr(copy, name, getattr(record, name))
    return copy


def opposite(side: str) -> str:
    """The other side."""
    return "SELL" if side == "BUY" else "BUY"


def sign(side: str) -> int:
    """+1 for what gains when the price rises."""
    return 1 if side == "BUY" else -1
