"""What an order would come to if it were placed now, by the same ladder.  Changes nothing."""

from typing import Final, final

from engine.admission import admission_reason
from engine.arrival import Arrival, find_fills
from engine.closing import reduction_of
from engine.commands import BUY, MARKET, PlaceOrder
from engine.funds import account_after
from engine.margin import bankruptcy_ticks, fee_atoms, liquidation_ticks
from engine.order import Order
from engine.order_shape import routing_reason
from engine.outlook import Outlook
from engine.place_order import draft_order
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.units import div_floor


@final
class Preview:
    """The outcome of an order that is not placed.

    reason: why it would be refused, NONE if it would be accepted; with an early reason the numbers
        are 0.  takes: it would fill on arrival.
    price_ticks: the price it is judged at; of a market order in a book the worst it would trade at.
    qty_lots: with how many lots.
    filled_lots: how many of them would fill on arrival.  filled_value: Σ lots × ticks of those.
    margin_atoms, fee_atoms: of the lots that open; the fee includes that of the lots that close.
    liquidation_ticks, bankruptcy_ticks: of the position as it would be; 0 is never.  Cross: the
        mark against the order's side at which the account ends if no other moves; no bankruptcy
        price of its own.
    """

    __slots__ = (
        "bankruptcy_ticks",
        "fee_atoms",
        "filled_lots",
        "filled_value",
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
        self.filled_lots = 0
        self.filled_value = 0
        self.margin_atoms = 0
        self.fee_atoms = 0
        self.liquidation_ticks = 0
        self.bankruptcy_ticks = 0


def preview_order(state: State, command: PlaceOrder) -> Preview:
    """Judge the order at the state's own time; its client order id plays no part."""
    reason = routing_reason(state, command)
    if reason is not NONE:
        return Preview(reason)
    return _judged(state, draft_order(state, command))


def largest_order(state: State, command: PlaceOrder, budget_atoms: int) -> int:
    """The most lots whose margin and fee a budget pays; 0 if it pays for none (PRV-1).

    The order is the command's but for its size; its account must be able to place it too.
    """
    market = state.market(command.instrument_id)
    if market is None or routing_reason(state, command) is not NONE:
        return 0
    largest = 0
    between = Between(market.spec.qty_lots_min - 1, market.spec.qty_lots_max + 1, budget_atoms)
    lots = market.spec.qty_lots_max
    while between.is_open():
        draft = draft_order(state, command)
        draft.qty_lots = lots
        draft.amount_atoms = 0
        preview = _judged(state, draft)
        cost_atoms = preview.margin_atoms + preview.fee_atoms
        if not _is_too_large(preview, draft) and cost_atoms <= budget_atoms:
            between.fits(lots, cost_atoms)
            largest = preview.qty_lots if preview.reason is NONE else 0
        else:
            if draft.order_type is MARKET and preview.filled_lots < lots:
                lots = max(between.fitting_lots, preview.filled_lots) + 1  # all that there is
            between.exceeds(lots, cost_atoms)
        lots = between.guess()
    return largest


@final
class Between:
    """A size that a budget pays for and one that it does not, drawn together.

    Every second guess is where a straight line between the two costs meets the budget: costs are
    nearly proportional to lots, and a look at a deep book is dear.
    """

    __slots__ = (
        "_budget_atoms",
        "_exceeding_atoms",
        "_exceeding_lots",
        "_fitting_atoms",
        "_halves",
        "fitting_lots",
    )

    def __init__(self, fitting_lots: int, exceeding_lots: int, budget_atoms: int) -> None:
        self.fitting_lots = fitting_lots
        self._fitting_atoms = 0
        self._exceeding_lots = exceeding_lots
        self._exceeding_atoms = 0
        self._budget_atoms: Final = budget_atoms
        self._halves = True

    def is_open(self) -> bool:
        """Whether there are sizes between the two."""
        return self._exceeding_lots - self.fitting_lots > 1

    def fits(self, lots: int, cost_atoms: int) -> None:
        """The budget pays for these lots."""
        self.fitting_lots, self._fitting_atoms = lots, cost_atoms

    def exceeds(self, lots: int, cost_atoms: int) -> None:
        """These lots cost too much, or are too many for another reason."""
        self._exceeding_lots, self._exceeding_atoms = lots, cost_atoms

    def guess(self) -> int:
        """The lots to look at next, strictly between the two if there are any."""
        lots = self._exceeding_lots - self.fitting_lots
        self._halves = not self._halves
        if self._halves or self._exceeding_atoms <= self._budget_atoms:
            return self.fitting_lots + div_floor(lots, 2)
        left_atoms = self._budget_atoms - self._fitting_atoms
        share = div_floor(lots * left_atoms, self._exceeding_atoms - self._fitting_atoms)
        return self.fitting_lots + min(max(1, share), lots - 1)


def _is_too_large(preview: Preview, draft: Order) -> bool:
    """Whether it is refused, but for being too small; a market order must fill whole."""
    if preview.reason is not NONE and preview.reason is not RejectReason.MIN_NOTIONAL:
        return True
    return draft.order_type is MARKET and preview.filled_lots < preview.qty_lots


def _judged(state: State, draft: Order) -> Preview:
    arrival = Arrival(state, draft, None)
    preview = Preview(admission_reason(arrival))
    preview.takes = arrival.takes if arrival.path is None else bool(arrival.fills)
    preview.price_ticks = arrival.at_ticks
    if draft.order_type is MARKET and arrival.path is not None:
        preview.price_ticks = arrival.limit_ticks
    preview.qty_lots = arrival.lots
    if preview.reason < RejectReason.STALE_PRICE and preview.reason is not NONE:
        return preview
    if arrival.outlook is None and not arrival.waits:
        find_fills(arrival)
    for lots, price_ticks in arrival.fills:
        preview.filled_lots += lots
        preview.filled_value += lots * price_ticks
    if draft.closing:
        _add_closing(arrival, preview)
    elif arrival.lots:
        _add_opening(arrival, preview)
    return preview


def _add_closing(arrival: Arrival, preview: Preview) -> None:
    position = arrival.position
    assert position is not None
    if arrival.path is not None:
        preview.fee_atoms = arrival.expected().fees_atoms
        return
    lots = min(arrival.lots or position.qty_lots, position.qty_lots)
    rate_e8 = _rate_e8(arrival)
    preview.qty_lots = lots
    preview.fee_atoms = reduction_of(
        arrival.state, position, lots, arrival.at_ticks, rate_e8, False
    ).fee_atoms


def _add_opening(arrival: Arrival, preview: Preview) -> None:
    """The fills on arrival, and the rest as if it filled at its price as maker."""
    outlook = arrival.expected_in_the_end(_rate_e8(arrival))
    preview.fee_atoms = outlook.fees_atoms
    if arrival.draft.amount_atoms:
        preview.fee_atoms = _amount_fee_atoms(arrival)
    preview.margin_atoms = outlook.opened_margin_atoms
    if outlook.opened_lots == 0:
        return
    if arrival.draft.key.is_cross:
        preview.liquidation_ticks = _account_ends_at(arrival, outlook)
        return
    market = arrival.draft.market
    side, qty_lots, cost = outlook.side, outlook.qty_lots, outlook.basis_atoms()
    margin, k = outlook.margin_atoms, market.k
    ticks = liquidation_ticks(side, qty_lots, cost, margin, k, market.rates, market.close_fee_e8)
    preview.liquidation_ticks = max(0, ticks)
    preview.bankruptcy_ticks = max(0, bankruptcy_ticks(side, qty_lots, cost, margin, k))


def _account_ends_at(arrival: Arrival, outlook: Outlook) -> int:
    """Cross: the mark against the order's side at which the account would be liquidated, if no
    other mark moved; 0: never.

    It is the edge of the band that may use up all of the account's health.
    """
    market = arrival.draft.market
    exposure, health_e8 = account_after(arrival, outlook)
    lowest, highest = exposure.safe_band(market.mark_ticks, max(0, health_e8 - 1))
    if outlook.side is BUY:
        return max(0, lowest - 1)
    return highest + 1 if highest < market.price_ticks_max else 0


def _amount_fee_atoms(arrival: Arrival) -> int:
    """The fee of an order that is sized by amount to the end (FIL-2)."""
    draft = arrival.draft
    base = draft.amount_atoms
    if not draft.market.fee_on_margin:
        base = arrival.lots * arrival.at_ticks * draft.market.k
    return fee_atoms(base, _rate_e8(arrival))


def _rate_e8(arrival: Arrival) -> int:
    """Taker if it would take, now or once triggered; maker for what rests of a path."""
    fees = arrival.draft.seat.fees
    if arrival.draft.is_conditional() or (arrival.takes and arrival.path is None):
        return fees.taker_e8
    return fees.maker_e8
