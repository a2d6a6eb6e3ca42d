"""What an order would come to if it were placed now, by the same ladder.  Changes nothing."""

from typing import Final, final

from engine.admission import admission_reason
from engine.arrival import Arrival, find_opening_lots, position_after
from engine.commands import PlaceOrder
from engine.margin import (
    bankruptcy_ticks,
    fee_atoms,
    initial_margin_atoms,
    liquidation_ticks,
)
from engine.place_order import draft_order, routing_reason
from engine.reject_reason import NONE, RejectReason
from engine.settlement import Reduction
from engine.state import State


@final
class Preview:
    """The outcome of an order that is not placed.

    reason: why it would be refused, NONE if it would be accepted; with an early reason the numbers
        are 0.  takes: it would fill on arrival.
    price_ticks: the price it is judged at.  qty_lots: with how many lots.
    margin_atoms, fee_atoms: of the lots that open; the fee includes that of the lots that close.
    liquidation_ticks, bankruptcy_ticks: of the position as it would be; 0 is never.
    """

    __slots__ = (
        "bankruptcy_ticks",
        "fee_atoms",
        "liquidation_ticks",
        "margin_atoms",
        "price_ticks",
        "qty_lots",
        "reason",
        "takes",
    )

    def __init__(self, reason: RejectReason) -> None:
        self.reason: Final = reason
        self.takes = False
        self.price_ticks = 0
        self.qty_lots = 0
        self.margin_atoms = 0
        self.fee_atoms = 0
        self.liquidation_ticks = 0
        self.bankruptcy_ticks = 0


def preview_order(state: State, command: PlaceOrder) -> Preview:
    """Judge the order at the state's own time; its client order id plays no part."""
    reason = routing_reason(state, command)
    if reason is not NONE:
        return Preview(reason)
    draft = draft_order(state, command)
    arrival = Arrival(state, draft, None)
    preview = Preview(admission_reason(arrival))
    preview.takes = arrival.takes
    preview.price_ticks = arrival.at_ticks
    preview.qty_lots = arrival.lots
    if preview.reason < RejectReason.STALE_PRICE and preview.reason is not NONE:
        return preview
    if draft.closing:
        _add_closing(arrival, preview)
    elif arrival.lots:
        _add_opening(arrival, preview)
    return preview


def _add_closing(arrival: Arrival, preview: Preview) -> None:
    position = arrival.position
    assert position is not None
    lots = min(arrival.lots or position.qty_lots, position.qty_lots)
    rate_e8 = _rate_e8(arrival)
    preview.qty_lots = lots
    preview.fee_atoms = Reduction(position, lots, arrival.at_ticks, rate_e8, False).fee_atoms


def _add_opening(arrival: Arrival, preview: Preview) -> None:
    draft = arrival.draft
    market = draft.market
    find_opening_lots(arrival)
    rate_e8 = _rate_e8(arrival)
    closing_lots = arrival.lots - arrival.opening
    if closing_lots and arrival.position is not None:
        reduction = Reduction(arrival.position, closing_lots, arrival.at_ticks, rate_e8, False)
        preview.fee_atoms = reduction.fee_atoms
    if arrival.opening == 0:
        return
    side = draft.side
    qty_lots, cost, margin, _ = position_after(arrival)
    notional = arrival.opening * arrival.at_ticks * market.k
    if draft.amount_atoms:
        base = draft.amount_atoms if market.fee_on_margin else notional
        preview.margin_atoms = draft.amount_atoms
        preview.fee_atoms += fee_atoms(base, rate_e8)
    else:
        margin_of_opening = initial_margin_atoms(notional, draft.leverage)
        preview.margin_atoms = margin_of_opening
        preview.fee_atoms += opening_fee_atoms(arrival, margin_of_opening, rate_e8)
    k, rates, close_fee_e8 = market.k, market.rates, market.close_fee_e8
    ticks = liquidation_ticks(side, qty_lots, cost, margin, k, rates, close_fee_e8)
    preview.liquidation_ticks = max(0, ticks)
    preview.bankruptcy_ticks = max(0, bankruptcy_ticks(side, qty_lots, cost, margin, k))


def opening_fee_atoms(arrival: Arrival, margin: int, rate_e8: int) -> int:
    """The fee of the lots that open; in a flip on notional, the total's less the closing part's."""
    market = arrival.draft.market
    if market.fee_on_margin:
        return fee_atoms(margin, rate_e8)
    lot_atoms = arrival.at_ticks * market.k
    closing_lots = arrival.lots - arrival.opening
    total = fee_atoms(arrival.lots * lot_atoms, rate_e8)
    return total - fee_atoms(closing_lots * lot_atoms, rate_e8)


def _rate_e8(arrival: Arrival) -> int:
    """Taker if it would fill on arrival or when triggered, maker if it would rest."""
    spec = arrival.draft.market.spec
    if arrival.takes or arrival.draft.is_conditional():
        return spec.taker_fee_e8
    return spec.maker_fee_e8
