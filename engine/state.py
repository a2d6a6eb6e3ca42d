"""Everything a snapshot holds.  Decides nothing; `invariants.py` says what must be true of it."""

from typing import Final, final

from engine.client_orders import ClientOrders
from engine.cross import CrossAccount
from engine.deleveraging import Ranking
from engine.firing_queue import FiringQueue
from engine.id_table import IdTable
from engine.key import Key
from engine.ledger import AssetLedger, Ledger
from engine.market import Market
from engine.name_table import NameTable
from engine.order import Order
from engine.position import Position
from engine.seat import Seat
from engine.units import AccountId, AssetId, InstrumentId


@final
class Account:
    """Who trades; balances are in the ledger, orders and positions in the markets' seats."""

    __slots__ = ("account_id", "user_id")

    def __init__(self, account_id: AccountId, user_id: str) -> None:
        self.account_id: Final = account_id
        self.user_id: Final = user_id


@final
class Token:
    """A bearer token, known only by its hash.  Account 0 is the operator's."""

    __slots__ = ("account_id", "revoked", "scopes")

    def __init__(self, account_id: AccountId, scopes: int, revoked: bool) -> None:
        self.account_id: Final = account_id
        self.scopes: Final = scopes
        self.revoked = revoked


@final
class Touched:
    """Whom the fills of a command touched; their orders and holds are settled after (MAT-8).

    Each is a set in order of arrival.
    filled: positions whose prices of liquidation and auto-close are out of date.
    closable: those with closing orders that lost lots, or got a resting closing order.
    orders: ticket markets: resting orders whose hold must be taken anew.
    """

    __slots__ = ("closable", "filled", "keys", "orders")

    def __init__(self) -> None:
        self.keys: Final[dict[Key, None]] = {}
        self.filled: Final[dict[Position, None]] = {}
        self.closable: Final[dict[Position, None]] = {}
        self.orders: Final[dict[Order, None]] = {}


@final
class State:
    """The venue.

    next_id: the next id of an order or position, and the next priority (CMD-3).
    expiries: a heap of (expire_ns, order id); entries of orders closed meanwhile are skipped.
    expiring_orders: open orders that expire.
    fee_tiers: by account, where it is not 0 (FEE-2); shared with every market.
    next_funding_ns: the earliest funding stamp of all markets, 0 for none.
    cancel_after: when each account's orders are cancelled unless it says otherwise (DMS-1).
    timers: a heap of (due_ns, account id); entries that `cancel_after` does not confirm are void.
    firing, touched: empty between commands.
    books: the markets with an order book.
    cross_accounts: by asset id, then account id; None where there never was a cross position.
    fee_payers: cross accounts that paid for closings in the running command.
    exact_checks: how many cross accounts were looked at so far, for benchmarks; not kept.
    changed_accounts: those to be checked when nothing more fires; empty between commands.
    rankings: by instrument id and side, who is deleveraged first; empty between commands.
    """

    __slots__ = (
        "account_ids",
        "accounts",
        "asset_ids",
        "assets",
        "books",
        "cancel_after",
        "changed_accounts",
        "client_orders",
        "cross_accounts",
        "event_chain",
        "exact_checks",
        "expiries",
        "expiring_orders",
        "fee_payers",
        "fee_tiers",
        "firing",
        "ledger",
        "markets",
        "next_fill_id",
        "next_funding_ns",
        "next_id",
        "orders",
        "positions",
        "rankings",
        "sequence",
        "symbols",
        "time_ns",
        "timers",
        "tokens",
        "touched",
        "transfers",
    )

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0
        self.event_chain = bytes(32)
        self.next_id = 1
        self.next_fill_id = 1
        self.next_funding_ns = 0
        self.fee_tiers: Final[dict[AccountId, int]] = {}
        self.accounts: Final[list[Account | None]] = [None]
        self.account_ids: Final[NameTable[str, AccountId]] = NameTable()
        self.tokens: Final[NameTable[bytes, Token]] = NameTable()
        self.transfers: Final[NameTable[str, AccountId]] = NameTable()
        self.assets: Final[list[str]] = [""]
        self.asset_ids: Final[dict[str, int]] = {}
        self.markets: Final[list[Market | None]] = [None]
        self.symbols: Final[dict[str, InstrumentId]] = {}
        self.orders: Final[IdTable[Order]] = IdTable()
        self.positions: Final[IdTable[Position]] = IdTable()
        self.client_orders: Final = ClientOrders()
        self.ledger: Final = Ledger()
        self.expiries: Final[list[tuple[int, int]]] = []
        self.expiring_orders = 0
        self.cancel_after: Final[dict[AccountId, int]] = {}
        self.timers: Final[list[tuple[int, AccountId]]] = []
        self.books: Final[list[Market]] = []
        self.cross_accounts: Final[list[list[CrossAccount | None]]] = [[]]
        self.changed_accounts: Final[list[CrossAccount]] = []
        self.fee_payers: Final[list[CrossAccount]] = []
        self.exact_checks = 0
        self.rankings: Final[dict[tuple[int, int], Ranking]] = {}
        self.firing: Final = FiringQueue()
        self.touched: Final = Touched()

    def market(self, instrument_id: int) -> Market | None:
        """The market of an instrument, or None if there is none."""
        if not 0 < instrument_id < len(self.markets):
            return None
        return self.markets[instrument_id]

    def account(self, account_id: int) -> Account | None:
        """The account, or None if there is none."""
        if not 0 < account_id < len(self.accounts):
            return None
        return self.accounts[account_id]

    def asset_ledger(self, market: Market) -> AssetLedger:
        """The ledger of the asset the market settles in."""
        return self.ledger.assets[market.asset_id]

    def cross_account(self, asset_id: AssetId, account_id: AccountId) -> CrossAccount | None:
        """The account's cross positions in an asset, if it ever had any."""
        accounts = self.cross_accounts[asset_id]
        return accounts[account_id] if account_id < len(accounts) else None

    def make_cross_account(self, asset_id: AssetId, account_id: AccountId) -> CrossAccount:
        """The same, made when first asked for."""
        accounts = self.cross_accounts[asset_id]
        if account_id >= len(accounts):
            accounts.extend([None] * (account_id + 1 - len(accounts)))
        account = accounts[account_id]
        if account is None:
            account = CrossAccount(account_id, asset_id, self.ledger.assets[asset_id])
            accounts[account_id] = account
        return account

    def has_more_to_do(self) -> bool:
        """Whether something came true, or an account is to be checked."""
        firing = self.firing
        return bool(firing.heap or firing.left_bands or self.changed_accounts)

    def take_id(self) -> int:
        """The next id of an order or position, or the next priority."""
        taken = self.next_id
        self.next_id = taken + 1
        return taken

    def add_market(self, market: Market) -> None:
        """A newly listed market, the next in order of ids."""
        assert market.instrument_id == len(self.markets)
        self.markets.append(market)
        market.tier_of = self.fee_tiers
        self.symbols[market.spec.symbol] = market.instrument_id
        self.renew_stamps()
        if market.is_order_driven:
            self.books.append(market)
            self.asset_ledger(market).clearing[market.instrument_id] = 0

    def next_due_ns(self) -> int | None:
        """When the next order expires, timer runs out (perhaps of one gone meanwhile) or funding
        stamp falls.
        """
        due = self.expiries[0][0] if self.expiries else None
        if self.timers and (due is None or self.timers[0][0] < due):
            due = self.timers[0][0]
        stamp_ns = self.next_funding_ns
        if stamp_ns and (due is None or stamp_ns < due):
            due = stamp_ns
        return due

    def next_to_fund(self) -> Market | None:
        """The market with the earliest funding stamp, then lowest id; None if none has funding."""
        found: Market | None = None
        for market in self.markets:
            if market is None or market.next_funding_ns == 0:
                continue
            if found is None or market.next_funding_ns < found.next_funding_ns:
                found = market
        return found

    def renew_stamps(self) -> None:
        """A market's next stamp is another now: find the earliest."""
        market = self.next_to_fund()
        self.next_funding_ns = 0 if market is None else market.next_funding_ns


def account_seats(state: State, account_id: AccountId) -> list[Seat]:
    """The account's seats, by instrument id."""
    seats: list[Seat] = []
    for market in state.markets:
        if market is not None:
            seat = market.existing_seat(account_id)
            if seat is not None:
                seats.append(seat)
    return seats


def open_orders(state: State, account_id: AccountId) -> list[Order]:
    """The account's open orders in all markets, by id."""
    found = [order for seat in account_seats(state, account_id) for order in seat.orders()]
    found.sort(key=_order_id)
    return found


def open_positions(state: State, account_id: AccountId) -> list[Position]:
    """The account's open positions in all markets, by id."""
    found = [p for seat in account_seats(state, account_id) for p in seat.positions()]
    found.sort(key=_position_id)
    return found


def _order_id(order: Order) -> int:
    return order.order_id


def _position_id(position: Position) -> int:
    return position.position_id
