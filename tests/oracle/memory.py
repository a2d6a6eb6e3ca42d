"""The oracle's whole memory and its ledger.  Knows who has what, and in which mode.

Nothing is kept that can be walked out of the lists again, but for free balances and holds.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.oracle.records import (
    FUND,
    Fact,
    FirstResult,
    Market,
    Order,
    Position,
)

if TYPE_CHECKING:
    from tests.oracle.waiting import Watch

IdPair = tuple[int, int]
# Account, instrument, leg: what shares a position, a hold and settings (KEY-2).
Key = tuple[int, int, str]
POOLS: Final = ("fees", "insurance", "house", "external")


def key_of(owner: Order | Position) -> Key:
    """The key of an order or a position."""
    return owner.account_id, owner.instrument_id, owner.leg


class Positions(dict[int, Position]):
    """Positions by id, and each account's apart, so that they are found without asking all."""

    def __init__(self, positions: Iterable[Position] = ()) -> None:
        super().__init__()
        self.owned: dict[int, dict[int, Position]] = {}
        for position in positions:
            self[position.position_id] = position

    def __setitem__(self, position_id: int, position: Position) -> None:
        """It is open, or open still."""
        super().__setitem__(position_id, position)
        self.owned.setdefault(position.account_id, {})[position_id] = position

    def __delitem__(self, position_id: int) -> None:
        """It is open no more."""
        del self.owned[self[position_id].account_id][position_id]
        super().__delitem__(position_id)

    def of(self, account_id: int) -> list[Position]:
        """An account's, in the order in which they were opened."""
        return list(self.owned.get(account_id, {}).values())


@dataclass
class Memory:
    """Everything there is, in dicts by id."""

    now_ns: int = 0
    facts: list[Fact] = field(default_factory=list)
    accounts: dict[int, str] = field(default_factory=dict)
    tokens: dict[bytes, tuple[int, int, bool]] = field(default_factory=dict)
    transfer_ids: set[str] = field(default_factory=set)
    assets: dict[int, str] = field(default_factory=dict)
    came_in: dict[int, int] = field(default_factory=dict)
    free: dict[IdPair, int] = field(default_factory=dict)
    pools: dict[tuple[str, int], int] = field(default_factory=dict)
    key_holds: dict[Key, int] = field(default_factory=dict)
    leverages: dict[Key, int] = field(default_factory=dict)
    # By instrument and fee tier: maker and taker rate.  By account: its fee tier, but for 0.
    tier_fees: dict[IdPair, tuple[int, int]] = field(default_factory=dict)
    tier_of: dict[int, int] = field(default_factory=dict)
    modes: dict[IdPair, str] = field(default_factory=dict)
    margin_modes: dict[Key, str] = field(default_factory=dict)
    # By account and asset: closing fees of cross positions in this command, not waived yet (CRS-5).
    closing_fees: dict[IdPair, int] = field(default_factory=dict)
    clearing: dict[int, int] = field(default_factory=dict)
    cancel_after: dict[int, int] = field(default_factory=dict)
    markets: dict[int, Market] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions)
    first_results: dict[tuple[int, str], FirstResult] = field(default_factory=dict)
    closed_ids: list[tuple[int, str]] = field(default_factory=list)
    last_id: int = 0
    last_fill_id: int = 0
    watch: "Watch | None" = None
    liquidating: int = 0  # the isolated position whose slices are being closed
    # By account and asset: what those had whom funding left insolvent (FUN-6).
    put_off: dict[IdPair, int] = field(default_factory=dict)
    # By account and asset: how often its money or positions were changed by a command.
    changes: Counter[IdPair] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)

    def hit(self, rule: str) -> None:
        """Counts that a rule decided something, so that a driver can say what it has met."""
        self.hits[rule] += 1

    def note_change(self, account_id: int, asset_id: int) -> None:
        """A fill, a transfer, another margin: the account is looked at in this command (FUN-6)."""
        self.changes[account_id, asset_id] += 1

    def next_id(self) -> int:
        """The next id of orders, positions and amended priorities."""
        self.last_id += 1
        return self.last_id

    def tell(self, name: str, **fields: object) -> None:
        """One event."""
        self.facts.append((name, fields))

    def asset_named(self, name: str) -> int:
        """The id of an asset; 0 if there is none."""
        return next((asset_id for asset_id, known in self.assets.items() if known == name), 0)

    def free_of(self, order_or_position: Order | Position) -> int:
        """What its account has free in its market's asset."""
        market = self.markets[order_or_position.instrument_id]
        return self.free.get((order_or_position.account_id, market.asset_id), 0)

    def mode_of(self, account_id: int, market: Market) -> str:
        """KEY-1: by what the account's positions in a market are told apart."""
        if account_id == FUND:
            return "NETTING"
        default: str = market.spec["position_mode"]
        return self.modes.get((account_id, market.instrument_id), default)

    def is_ticket(self, account_id: int, market: Market) -> bool:
        """Whether every opener of the account makes its own position."""
        return self.mode_of(account_id, market) == "TICKET"

    def is_cross(self, owner: Order | Position) -> bool:
        """KEY-2: whether its key is in cross mode, which cannot change while it is open."""
        if isinstance(owner, Position):
            return owner.cross
        if owner.account_id == FUND:
            return False
        default = self.markets[owner.instrument_id].spec["margin_mode"]
        return self.margin_modes.get(key_of(owner), default) == "CROSS"

    def fee_rate(self, account_id: int, market: Market, liquidity: str) -> int:
        """FEE-3: the maker's or the taker's rate of an account: its tier's, or the instrument's."""
        row = self.tier_fees.get((market.instrument_id, self.tier_of.get(account_id, 0)))
        own = market.spec["maker_fee_e8"], market.spec["taker_fee_e8"]
        maker_e8, taker_e8 = own if row is None else row
        return int(maker_e8 if liquidity == "MAKER" else taker_e8)

    def move_free(self, account_id: int, asset_id: int, atoms: int) -> None:
        """Adds to a free balance; whoever calls this owes the other entries."""
        assert account_id != FUND or atoms == 0, "the fund has no balance"
        self.free[account_id, asset_id] = self.free.get((account_id, asset_id), 0) + atoms

    def move_pool(self, pool: str, asset_id: int, atoms: int) -> None:
        """Adds to fees, insurance, house or external."""
        self.pools[pool, asset_id] = self.pools.get((pool, asset_id), 0) + atoms
        if pool == "fees" and atoms < 0 and self.pools[pool, asset_id] < 0:
            self.hit("FEE-5 below zero")

    def pool(self, pool: str, asset_id: int) -> int:
        """What is in fees, insurance, house or external."""
        return self.pools.get((pool, asset_id), 0)

    def held(self, account_id: int, asset_id: int) -> int:
        """All holds of an account: by order in ticket markets, by key in netting markets."""
        by_order = sum(
            order.hold_atoms
            for order in self.orders.values()
            if order.hold_atoms
            and order.account_id == account_id
            and self.markets[order.instrument_id].asset_id == asset_id
        )
        by_key = sum(
            atoms
            for (holder, instrument_id, _), atoms in self.key_holds.items()
            if holder == account_id and self.markets[instrument_id].asset_id == asset_id
        )
        return by_order + by_key

    def set_hold(self, key: Key, atoms: int) -> None:
        """What a key holds; keys that hold nothing are not kept."""
        if atoms:
            self.key_holds[key] = atoms
        else:
            self.key_holds.pop(key, None)

    def margins(self, asset_id: int) -> int:
        """The margins of all positions in an asset."""
        return sum(
            position.margin_atoms
            for position in self.positions.values()
            if self.markets[position.instrument_id].asset_id == asset_id
        )
