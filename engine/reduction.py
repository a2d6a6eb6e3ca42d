"""What closing some lots of a position comes to (FIL-5).  Arithmetic only: it moves nothing."""

from typing import Final, final

from engine.commands import Side
from engine.margin import (
    accrued_removed_atoms,
    cost_removed_atoms,
    fee_atoms,
    profit_atoms,
    share_released_atoms,
)
from engine.market import Market


@final
class Reduction:
    """The row of FIL-5, in atoms (CRS-3: of a cross position).

    profit: realised, less the accrued funding of the lots.
    released: leaves the margin.  paid: what is left of it for the user, or for insurance.
    deficit: the loss beyond it, which others bear.
    Of a cross position nothing is released: profit less fees goes to free, or comes out of it.
    """

    __slots__ = (
        "accrued_atoms",
        "cost_atoms",
        "deficit_atoms",
        "equity_atoms",
        "fee_atoms",
        "initial_margin_atoms",
        "liquidation_fee_atoms",
        "paid_atoms",
        "profit_atoms",
        "released_atoms",
    )

    def __init__(
        self,
        market: Market,
        side: Side,
        qty_lots: int,
        cost_atoms: int,
        accrued_atoms: int,
        margin_atoms: int,
        initial_margin_atoms: int,
        lots: int,
        price_ticks: int,
        rate_e8: int,
        is_liquidation: bool,
        cross_equity_atoms: int | None = None,
    ) -> None:
        notional = lots * price_ticks * market.k
        is_cross = cross_equity_atoms is not None
        if lots == qty_lots:  # all of everything leaves
            cost, accrued = cost_atoms, accrued_atoms
            initial, released = initial_margin_atoms, margin_atoms
            profit = profit_atoms(side, lots, cost, price_ticks, market.k) - accrued
        else:
            cost = cost_removed_atoms(side, cost_atoms, lots, qty_lots)
            accrued = accrued_removed_atoms(accrued_atoms, lots, qty_lots) if accrued_atoms else 0
            initial = share_released_atoms(initial_margin_atoms, lots, qty_lots)
            released = share_released_atoms(margin_atoms, lots, qty_lots)
            profit = profit_atoms(side, lots, cost, price_ticks, market.k) - accrued
            if not is_cross and released + profit < 0:
                released += min(-(released + profit), margin_atoms - released)
        equity = released + profit if cross_equity_atoms is None else cross_equity_atoms
        fee = 0
        if rate_e8:
            fee = fee_atoms(initial if market.fee_on_margin else notional, rate_e8)
            if not is_cross and fee > equity:
                fee = min(fee, max(0, equity))
        liquidation_fee = 0
        if is_liquidation and equity > fee:
            liquidation_fee = fee_atoms(notional, market.spec.liquidation_fee_e8)
            liquidation_fee = min(liquidation_fee, equity - fee)
        rest = (profit if is_cross else equity) - fee - liquidation_fee
        self.cost_atoms: Final = cost
        self.accrued_atoms: Final = accrued
        self.profit_atoms: Final = profit
        self.initial_margin_atoms: Final = initial
        self.released_atoms: Final = released
        self.equity_atoms: Final = equity
        self.fee_atoms: Final = fee
        self.liquidation_fee_atoms: Final = liquidation_fee
        is_deficit = rest < 0 and not is_cross
        self.paid_atoms: Final = 0 if is_deficit else rest
        self.deficit_atoms: Final = -rest if is_deficit else 0
