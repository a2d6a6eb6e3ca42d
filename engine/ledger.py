"""The ledger: the only file that moves atoms.  Every posting sums to zero.

Margins live in their positions; here is their sum.  In a quote-driven market the house is the
counterparty of every fill, in an order-driven one the clearing account of the market.
"""

from typing import Final, final

from engine.market import Market
from engine.position import Position
from engine.units import NOBODY, AccountId, AssetId


@final
class AssetLedger:
    """All accounts of one settlement asset, in atoms.

    free, hold: by account id; free is negative at most while cross positions are open.
    margin: the sum of the margins of all positions.
    clearing: by instrument id, of order-driven markets: what realised profit has drawn so far.
    external: minus all net deposits.  deposited: all that ever came in, for the bound.
    """

    __slots__ = (
        "clearing",
        "deposited_atoms",
        "external_atoms",
        "fees_atoms",
        "free",
        "hold",
        "house_atoms",
        "insurance_atoms",
        "margin_atoms",
    )

    def __init__(self) -> None:
        # Invariant: free + hold + margin + fees + insurance + house + clearing + external = 0.
        self.free: Final[list[int]] = [0]
        self.hold: Final[list[int]] = [0]
        self.margin_atoms = 0
        self.fees_atoms = 0
        self.insurance_atoms = 0
        self.house_atoms = 0
        self.clearing: Final[dict[int, int]] = {}
        self.external_atoms = 0
        self.deposited_atoms = 0

    def sum_atoms(self) -> int:
        """The sum of all accounts: always zero."""
        return (
            sum(self.free)
            + sum(self.hold)
            + self.margin_atoms
            + self.fees_atoms
            + self.insurance_atoms
            + self.house_atoms
            + sum(self.clearing.values())
            + self.external_atoms
        )

    def deposit(self, account_id: AccountId, amount_atoms: int) -> None:
        """external −d, free +d."""
        self.external_atoms -= amount_atoms
        self.free[account_id] += amount_atoms
        self.deposited_atoms += amount_atoms

    def withdraw(self, account_id: AccountId, amount_atoms: int) -> None:
        """free −d, external +d."""
        self.free[account_id] -= amount_atoms
        self.external_atoms += amount_atoms

    def fund_insurance(self, amount_atoms: int) -> None:
        """external −d, insurance +d."""
        self.external_atoms -= amount_atoms
        self.insurance_atoms += amount_atoms
        self.deposited_atoms += amount_atoms

    def settle_debt(self, account_id: AccountId, waived_atoms: int) -> int:
        """A flat account owes: fees −waived, insurance −the rest, below zero if it must.

        Returns what insurance paid.
        """
        owed_atoms = -self.free[account_id]
        assert 0 <= waived_atoms <= owed_atoms
        self.free[account_id] = 0
        self.fees_atoms -= waived_atoms
        self.insurance_atoms -= owed_atoms - waived_atoms
        return owed_atoms - waived_atoms

    def change_hold(self, account_id: AccountId, change_atoms: int) -> None:
        """free −h, hold +h; a release is negative."""
        self.free[account_id] -= change_atoms
        self.hold[account_id] += change_atoms
        assert self.hold[account_id] >= 0

    def open_position(self, position: Position, paid_atoms: int, fee_atoms: int) -> None:
        """free −paid, margin +(paid − fee), fees +fee.

        By quantity paid is IM + fee; by amount it is the amount and what free adds to the fee.
        """
        margin_atoms = paid_atoms - fee_atoms
        self.free[position.account_id] -= paid_atoms
        self.margin_atoms += margin_atoms
        position.margin_atoms += margin_atoms
        self.fees_atoms += fee_atoms
        assert margin_atoms >= 0

    def reduce_position(
        self,
        position: Position,
        margin_released_atoms: int,
        profit_atoms: int,
        fee_atoms: int,
        to_user_atoms: int,
        to_insurance_atoms: int,
        deficit_atoms: int,
    ) -> int:
        """The row of a reduction; returns what insurance paid of the deficit, in atoms.

        margin −mr, free +to user, fees +fee, insurance +to insurance − i,
        house −profit −(deficit − i), where i = min(deficit, max(0, insurance)).
        In an order-driven market clearing −profit, and i is all of the deficit: there is no house.
        """
        market = position.market
        if market.is_order_driven:
            insurance_paid_atoms = deficit_atoms
            self.clearing[market.instrument_id] -= profit_atoms
        else:
            insurance_paid_atoms = min(deficit_atoms, max(0, self.insurance_atoms))
            self.house_atoms -= profit_atoms + deficit_atoms - insurance_paid_atoms
        position.margin_atoms -= margin_released_atoms
        self.margin_atoms -= margin_released_atoms
        self.free[position.account_id] += to_user_atoms
        self.fees_atoms += fee_atoms
        self.insurance_atoms += to_insurance_atoms - insurance_paid_atoms
        assert position.margin_atoms >= 0
        return insurance_paid_atoms

    def pay_funding(self, position: Position, moved_atoms: int) -> None:
        """free (cross) or margin (isolated) −x, counterparty +x; negative: the reverse."""
        market = position.market
        if position.account_id == NOBODY:
            self.insurance_atoms -= moved_atoms
        elif position.key.is_cross:
            self.free[position.account_id] -= moved_atoms
        else:
            position.margin_atoms -= moved_atoms
            self.margin_atoms -= moved_atoms
            assert position.margin_atoms >= 0
        if market.is_order_driven:
            self.clearing[market.instrument_id] += moved_atoms
        else:
            self.house_atoms += moved_atoms

    def keep_funding_dust(self, market: Market, net_atoms: int) -> None:
        """Order-driven: what rounding left of a stamp goes to insurance: clearing −net."""
        self.clearing[market.instrument_id] -= net_atoms
        self.insurance_atoms += net_atoms

    def adjust_margin(self, position: Position, amount_atoms: int) -> None:
        """free −x, margin +x; a removal is negative."""
        self.free[position.account_id] -= amount_atoms
        self.margin_atoms += amount_atoms
        position.margin_atoms += amount_atoms
        assert position.margin_atoms >= 0


@final
class Ledger:
    """The asset ledgers, by asset id from 1."""

    __slots__ = ("_account_count", "assets")

    def __init__(self) -> None:
        self.assets: Final[list[AssetLedger]] = [AssetLedger()]
        self._account_count = 0

    def add_asset(self) -> None:
        """A new settlement asset: every account has nothing of it."""
        ledger = AssetLedger()
        ledger.free.extend([0] * self._account_count)
        ledger.hold.extend([0] * self._account_count)
        self.assets.append(ledger)

    def add_account(self) -> None:
        """A new account: it has nothing of any asset."""
        self._account_count += 1
        for ledger in self.assets:
            ledger.free.append(0)
            ledger.hold.append(0)

    def free_atoms(self, asset_id: AssetId, account_id: AccountId) -> int:
        """What the account may use."""
        return self.assets[asset_id].free[account_id]

    def hold_atoms(self, asset_id: AssetId, account_id: AccountId) -> int:
        """What the account's resting orders hold."""
        return self.assets[asset_id].hold[account_id]

    def sum_atoms(self) -> int:
        """The sum of all accounts of all assets: always zero."""
        return sum(ledger.sum_atoms() for ledger in self.assets)
