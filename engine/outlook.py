"""The account's position and money once an order has filled, worked out beforehand (ADM-…).

The same arithmetic as `settlement.py`, on numbers of its own: it changes no state.
"""

from typing import Final, final

from engine.commands import BUY, Side
from engine.cross import position_margin_atoms, position_profit_atoms
from engine.health import Exposure
from engine.margin import (
    fee_atoms,
    initial_margin_atoms,
    is_liquidatable,
    profit_atoms,
)
from engine.order import Order
from engine.position import Position
from engine.reduction import Reduction


@final
class Outlook:
    """A position as fills will leave it.

    side, qty_lots, cost_atoms, margin_atoms, initial_margin_atoms: the position; 0 lots: none.
    gained_atoms: what free gains by the fills, negative where it pays.
    opened_lots: of all lots filled, those that opened.
    fees_atoms, opened_margin_atoms: of all fills, for a preview.
    """

    __slots__ = (
        "accrued_atoms",
        "cost_atoms",
        "fees_atoms",
        "gained_atoms",
        "held_before",
        "initial_margin_atoms",
        "margin_atoms",
        "opened_lots",
        "opened_margin_atoms",
        "order",
        "qty_lots",
        "side",
    )

    def __init__(self, order: Order, position: Position | None) -> None:
        self.order: Final = order
        self.gained_atoms = 0
        self.opened_lots = 0
        self.fees_atoms = 0
        self.opened_margin_atoms = 0
        if position is None:
            self.side: Side = order.side
            self.qty_lots = 0
            self.cost_atoms = 0
            self.accrued_atoms = 0
            self.margin_atoms = 0
            self.initial_margin_atoms = 0
        else:
            self.side = position.side
            self.qty_lots = position.qty_lots
            self.cost_atoms = position.cost_atoms
            self.accrued_atoms = position.accrued_atoms
            self.margin_atoms = position.margin_atoms
            self.initial_margin_atoms = position.initial_margin_atoms
        self.held_before: Final = position

    def fill(self, lots: int, price_ticks: int, rate_e8: int) -> None:
        """A fill sized by quantity: what is on the other side closes first (FIL-1, FIL-5)."""
        closing_lots = 0
        if self.qty_lots and self.side is not self.order.side:
            closing_lots = min(lots, self.qty_lots)
            self._close(closing_lots, price_ticks, rate_e8)
            if self.order.closing:
                return
        opening_lots = lots - closing_lots
        if opening_lots == 0:
            return
        market = self.order.market
        lot_atoms = price_ticks * market.k
        notional = opening_lots * lot_atoms
        margin = initial_margin_atoms(notional, self.order.leverage)
        if market.fee_on_margin:
            fee = fee_atoms(margin, rate_e8)
        else:
            fee = fee_atoms(lots * lot_atoms, rate_e8)
            if closing_lots:
                fee -= fee_atoms(closing_lots * lot_atoms, rate_e8)
        own_margin = 0 if self.order.key.is_cross else margin
        self._open(opening_lots, notional, own_margin, margin)
        self.gained_atoms -= own_margin + fee
        self.fees_atoms += fee
        self.opened_margin_atoms += margin

    def fill_amount(self, lots: int, price_ticks: int, margin_atoms: int) -> None:
        """A fill of an order that is sized by amount to the end (FIL-2); `margin` as it is kept."""
        amount = self.order.amount_atoms
        self._open(lots, lots * price_ticks * self.order.market.k, margin_atoms, amount)
        self.opened_margin_atoms += amount

    def basis_atoms(self) -> int:
        """`C + s·A`, as of a position."""
        accrued = self.accrued_atoms if self.side is BUY else -self.accrued_atoms
        return self.cost_atoms + accrued

    def backing_change_atoms(self) -> int:
        """Cross: what the fills add to unrealised profit, less what they add to initial margin."""
        market = self.order.market
        mark_ticks, k = market.mark_ticks, market.k
        change = 0
        if self.qty_lots:
            change += profit_atoms(self.side, self.qty_lots, self.basis_atoms(), mark_ticks, k)
            value = self.qty_lots * mark_ticks * k
            change -= initial_margin_atoms(value, self.order.leverage)
        before = self.held_before
        if before is not None:
            change -= position_profit_atoms(before) - position_margin_atoms(before)
        return change

    def exposure_after(self, present: Exposure | None) -> Exposure:
        """What a cross account has in the market once the order has filled."""
        market, before = self.order.market, self.held_before
        exposure = Exposure(market.k, market.rates, market.close_fee_e8)
        if present is not None:
            exposure = present.copy()
        if before is not None:
            exposure.add(before.side, -before.qty_lots, -before.basis_atoms())
        exposure.add(self.side, self.qty_lots, self.basis_atoms())
        return exposure

    def is_liquidatable(self) -> bool:
        """Whether the position would be liquidated at the present mark."""
        market = self.order.market
        return is_liquidatable(
            self.side,
            self.qty_lots,
            self.basis_atoms(),
            self.margin_atoms,
            market.mark_ticks,
            market.k,
            market.rates,
            market.close_fee_e8,
        )

    def lots_against(self, side: Side) -> int:
        """How many lots an order of this side would close first."""
        return 0 if self.side is side else self.qty_lots

    def _open(self, lots: int, notional: int, margin: int, initial: int) -> None:
        if self.qty_lots == 0:
            self.side = self.order.side
        self.qty_lots += lots
        self.cost_atoms += notional
        self.margin_atoms += margin
        self.initial_margin_atoms += initial
        self.opened_lots += lots

    def _close(self, lots: int, price_ticks: int, rate_e8: int) -> None:
        reduction = Reduction(
            self.order.market,
            self.side,
            self.qty_lots,
            self.cost_atoms,
            self.accrued_atoms,
            self.margin_atoms,
            self.initial_margin_atoms,
            lots,
            price_ticks,
            rate_e8,
            False,
            0 if self.order.key.is_cross else None,
        )
        self.qty_lots -= lots
        self.cost_atoms -= reduction.cost_atoms
        self.accrued_atoms -= reduction.accrued_atoms
        self.margin_atoms -= reduction.released_atoms
        self.initial_margin_atoms -= reduction.initial_margin_atoms
        self.gained_atoms += reduction.paid_atoms
        self.fees_atoms += reduction.fee_atoms
