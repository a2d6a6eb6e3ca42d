"""Counts what margin finance did in a replay: liquidations, insurance, deleveraging, funding.

Knows events alone; what the ledger holds is asked of the ledger.
"""

from collections import Counter
from typing import Final, NamedTuple, final

from engine.commands import Command, Side
from engine.events import (
    AccountLiquidated,
    CloseCause,
    DebtSettled,
    Event,
    FundingPaid,
    FundingSettled,
    MarginModeChanged,
    OrderFilled,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    PositionStatus,
)
from engine.instrument import MarginMode
from engine.units import NOBODY
from gateway.replay.tally import Tally

LEVERAGES: Final = (1, 5, 10, 25, 50, 100)


class Held(NamedTuple):
    """What an open position is."""

    account_id: int
    side: Side
    is_cross: bool


@final
class CandleTally:
    """Sums over one run; money in atoms.

    trading: the counts that every replay has.
    liquidated: positions closed by liquidation, as `isolated long` and so on.
    leverages: positions opened, by the highest of LEVERAGES that they reach.
    closes: reductions by liquidation, slices and steps included.
    accounts_liquidated: how often a cross account could not keep its positions.
    deleveraged: reductions of positions that took over a bankrupt one's lots.
    taken_over: fills by which the insurance fund took lots over.
    liquidation_fees, deficits_paid: into and out of the insurance fund, at users' reductions.
    fund_gains, fund_losses: at reductions of what the fund took over.
    debts_paid, fees_waived: of cross accounts left below nothing.
    funding_paid, funding_received: by `long`, `short` and `fund`.
    stamps: every funding settled.
    """

    def __init__(self) -> None:
        self.trading: Final = Tally()
        self.liquidated: Final[Counter[str]] = Counter()
        self.leverages: Final[Counter[int]] = Counter()
        self.closes = 0
        self.accounts_liquidated = 0
        self.deleveraged = 0
        self.taken_over = 0
        self.liquidation_fees_atoms = 0
        self.deficits_paid_atoms = 0
        self.fund_gains_atoms = 0
        self.fund_losses_atoms = 0
        self.debts = 0
        self.debts_paid_atoms = 0
        self.fees_waived_atoms = 0
        self.funding_paid_atoms: Final[Counter[str]] = Counter()
        self.funding_received_atoms: Final[Counter[str]] = Counter()
        self.stamps: Final[list[FundingSettled]] = []
        self._modes: Final[dict[tuple[int, int], MarginMode]] = {}
        self._held: Final[dict[int, Held]] = {}

    def watch(self, command: Command, events: list[Event]) -> None:
        """Take in one command and what came of it."""
        self.trading.watch(command, events)
        for event in events:
            if isinstance(event, PositionReduced):
                self._count_reduction(event)
            elif isinstance(event, OrderFilled):
                # An order of the fund's has an id; a takeover has none.
                self.taken_over += event.account_id == NOBODY and event.order_id == 0
            elif isinstance(event, PositionOpened):
                self._hold(event)
            elif isinstance(event, PositionClosed):
                self._count_end(event)
            elif isinstance(event, FundingPaid):
                self._count_funding(event)
            else:
                self._count_rarer(event)

    def _count_rarer(self, event: Event) -> None:
        if isinstance(event, AccountLiquidated):
            self.accounts_liquidated += 1
        elif isinstance(event, DebtSettled):
            self.debts += 1
            self.debts_paid_atoms += event.insurance_paid_atoms
            self.fees_waived_atoms += event.waived_atoms
        elif isinstance(event, FundingSettled):
            self.stamps.append(event)
        elif isinstance(event, MarginModeChanged):
            self._modes[event.account_id, event.instrument_id] = event.margin_mode

    def _count_reduction(self, event: PositionReduced) -> None:
        if event.account_id == NOBODY:
            self.fund_gains_atoms += event.liquidation_fee_atoms
            self.fund_losses_atoms += event.insurance_paid_atoms
            return
        self.liquidation_fees_atoms += event.liquidation_fee_atoms
        self.deficits_paid_atoms += event.insurance_paid_atoms
        self.closes += event.cause is CloseCause.LIQUIDATION
        self.deleveraged += event.cause is CloseCause.AUTO_DELEVERAGE

    def _hold(self, event: PositionOpened) -> None:
        mode = self._modes.get((event.account_id, event.instrument_id))
        is_cross = mode is MarginMode.CROSS
        reached = [leverage for leverage in LEVERAGES if leverage <= event.leverage]
        self.leverages[reached[-1]] += 1
        self._held[event.position_id] = Held(event.account_id, event.side, is_cross)

    def _count_end(self, event: PositionClosed) -> None:
        held = self._held.pop(event.position_id)
        if event.status is PositionStatus.LIQUIDATED:
            kind = "cross" if held.is_cross else "isolated"
            self.liquidated[f"{kind} {side_word(held.side)}"] += 1

    def _count_funding(self, event: FundingPaid) -> None:
        held = self._held[event.position_id]
        who = "fund" if held.account_id == NOBODY else side_word(held.side)
        if event.amount_atoms > 0:
            self.funding_paid_atoms[who] += event.amount_atoms
        else:
            self.funding_received_atoms[who] -= event.amount_atoms


def side_word(side: Side) -> str:
    """What a position of this side is called."""
    return "long" if side is Side.BUY else "short"
