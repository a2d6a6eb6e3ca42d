"""Cross margin: what stands behind an account's cross positions in one asset (CRS-…).

Knows the account's cross positions, what they come to at the marks, and the bands of prices within
which it need not be looked at.  Moves no money.
"""

from typing import TYPE_CHECKING, Final, final

from engine.commands import BUY
from engine.health import Exposure
from engine.ledger import AssetLedger
from engine.margin import initial_margin_atoms, profit_atoms
from engine.market import MARK, Market
from engine.position import Position
from engine.price_levels import Entry
from engine.units import E8, INT64_MAX, AccountId, AssetId, div_floor

if TYPE_CHECKING:
    from engine.state import State


@final
class BandEdge(Entry):
    """The first mark outside of an account's safe band, below or above."""

    __slots__ = ("account",)

    def __init__(self, account: "CrossAccount") -> None:
        super().__init__()
        self.account: Final = account


@final
class Standing:
    """What a cross account has in one market, and its band there.

    Invariant: exposure is the sum of the positions.
    """

    __slots__ = ("exposure", "lower", "market", "positions", "upper")

    def __init__(self, account: "CrossAccount", market: Market) -> None:
        self.market: Final = market
        self.exposure = Exposure(market.k, market.rates, market.close_fee_e8)
        self.positions: Final[list[Position]] = []
        self.lower: Final = BandEdge(account)
        self.upper: Final = BandEdge(account)

    def sum_up(self) -> None:
        """Take the positions as they are now."""
        market = self.market
        exposure = Exposure(market.k, market.rates, market.close_fee_e8)
        for position in self.positions:
            exposure.add(position.side, position.qty_lots, position.basis_atoms())
        self.exposure = exposure


@final
class CrossAccount:
    """An account's cross positions that settle in one asset.

    standings: by instrument id.
    is_changed: it is on the list of those to be checked when nothing more fires.
    closing_fees_atoms: positive fees of closings in the running command (CRS-5).
    """

    __slots__ = (
        "account_id",
        "asset_id",
        "closing_fees_atoms",
        "is_changed",
        "ledger",
        "standings",
    )

    def __init__(self, account_id: AccountId, asset_id: AssetId, ledger: AssetLedger) -> None:
        self.account_id: Final = account_id
        self.asset_id: Final = asset_id
        self.ledger: Final = ledger
        self.standings: Final[dict[int, Standing]] = {}
        self.is_changed = False
        self.closing_fees_atoms = 0

    def positions(self) -> list[Position]:
        """The cross positions, by id."""
        found = [p for standing in self.standings.values() for p in standing.positions]
        found.sort(key=_position_id)
        return found

    def wallet_atoms(self) -> int:
        """W: free + hold."""
        return self.ledger.free[self.account_id] + self.ledger.hold[self.account_id]

    def profit_atoms(self) -> int:
        """Σ unrealised profit at the marks."""
        total = 0
        for standing in self.standings.values():
            total += standing.exposure.profit_atoms(standing.market.prices[MARK])
        return total

    def initial_margin_atoms(self) -> int:
        """Σ ceil(N_mark / L), position by position."""
        return sum(
            position_margin_atoms(position)
            for standing in self.standings.values()
            for position in standing.positions
        )

    def equity_atoms(self) -> int:
        """E: the wallet and the unrealised profit."""
        return self.wallet_atoms() + self.profit_atoms()

    def maintenance_e8(self) -> int:
        """Σ maintenance, per market and side, scaled by 10^8."""
        total_e8 = 0
        for standing in self.standings.values():
            total_e8 += standing.exposure.maintenance_e8(standing.market.prices[MARK])
        return total_e8

    def health_e8(self) -> int:
        """H: equity less maintenance, scaled by 10^8; solvent from 1 on."""
        return self.equity_atoms() * E8 - self.maintenance_e8()


def position_margin_atoms(position: Position) -> int:
    """What a cross position reserves at the mark: `ceil(N_mark / L)`."""
    market = position.market
    return initial_margin_atoms(
        position.qty_lots * market.prices[MARK] * market.k, position.leverage
    )


def position_profit_atoms(position: Position) -> int:
    """Unrealised profit of a position at the mark."""
    market = position.market
    return profit_atoms(
        position.side, position.qty_lots, position.basis_atoms(), market.prices[MARK], market.k
    )


def spendable_atoms(state: "State", asset_id: AssetId, account_id: AccountId, cross: bool) -> int:
    """What may back orders and fills of a key; negative when there is less than nothing (CRS-2).

    cross: unrealised profit counts; else only the unrealised loss does, so that profit on paper
        never turns into margin that is ring-fenced, or leaves.
    """
    free = state.ledger.assets[asset_id].free[account_id]
    account = state.cross_account(asset_id, account_id)
    if account is None or not account.standings:
        return free
    profit = account.profit_atoms()
    if not cross:
        profit = min(0, profit)
    return free + profit - account.initial_margin_atoms()


def join(state: "State", position: Position) -> None:
    """A new cross position: the account stands behind it from now on."""
    account = state.make_cross_account(position.market.asset_id, position.account_id)
    instrument_id = position.market.instrument_id
    standing = account.standings.get(instrument_id)
    if standing is None:
        standing = Standing(account, position.market)
        account.standings[instrument_id] = standing
    standing.positions.append(position)


def leave(state: "State", position: Position) -> None:
    """A cross position is closed."""
    account = state.make_cross_account(position.market.asset_id, position.account_id)
    standing = account.standings[position.market.instrument_id]
    standing.positions.remove(position)
    if not standing.positions:
        _disarm(standing)
        del account.standings[position.market.instrument_id]


def note_change(state: "State", asset_id: AssetId, account_id: AccountId) -> None:
    """The account's money or cross positions changed: it is checked when nothing more fires."""
    account = state.cross_account(asset_id, account_id)
    if account is not None and not account.is_changed:
        account.is_changed = True
        state.changed_accounts.append(account)


def sum_up(state: "State", position: Position) -> None:
    """A cross position has other lots or another cost now."""
    account = state.cross_account(position.market.asset_id, position.account_id)
    assert account is not None
    standing = account.standings.get(position.market.instrument_id)
    if standing is not None:
        standing.sum_up()
    note_change(state, account.asset_id, account.account_id)


def note_closing_fee(state: "State", position: Position, fee_atoms: int) -> None:
    """What the account paid for closings in this command may be waived (CRS-5)."""
    account = state.cross_account(position.market.asset_id, position.account_id)
    assert account is not None
    if fee_atoms > 0:
        if account.closing_fees_atoms == 0:
            state.fee_payers.append(account)
        account.closing_fees_atoms += fee_atoms


def equity_after_close_atoms(
    state: "State", position: Position, lots: int, price_ticks: int
) -> int:
    """E once lots close at a price: `E + s·x·(price − mark)·K`, as what is left keeps its mark."""
    account = state.cross_account(position.market.asset_id, position.account_id)
    assert account is not None
    market = position.market
    moved = lots * (price_ticks - market.prices[MARK]) * market.k
    return account.equity_atoms() + (moved if position.side is BUY else -moved)


def watch(account: CrossAccount) -> None:
    """Choose its bands; or, if it is insolvent by now, wait for the next price of its markets."""
    health_e8 = account.health_e8()
    if health_e8 >= 1:
        recentre(account, health_e8)
        return
    for standing in account.standings.values():
        standing.market.waiting_accounts[account.account_id] = account


def recentre(account: CrossAccount, health_e8: int) -> None:
    """Choose anew the bands within which the account is solvent (CRS-6).

    Each market may eat an equal share of what health is above 1.
    """
    count = len(account.standings)
    if count == 0:
        return
    budget_e8 = max(0, div_floor(health_e8 - 1, count))
    for standing in account.standings.values():
        market = standing.market
        lowest, highest = standing.exposure.safe_band(market.prices[MARK], budget_e8)
        _arm(standing.lower, market, lowest - 1, falls=True)
        _arm(standing.upper, market, highest + 1 if highest < INT64_MAX else 0, falls=False)


def _arm(edge: BandEdge, market: Market, key_ticks: int, falls: bool) -> None:
    """Let the edge wait at a mark; below 1 it never comes."""
    if edge.levels is not None:
        if edge.key_ticks == key_ticks:
            return
        edge.levels.remove(edge)
    if key_ticks >= 1:
        levels = market.falling[MARK] if falls else market.rising[MARK]
        levels.add(edge, key_ticks)


def _disarm(standing: Standing) -> None:
    for edge in (standing.lower, standing.upper):
        if edge.levels is not None:
            edge.levels.remove(edge)


def _position_id(position: Position) -> int:
    return position.position_id
