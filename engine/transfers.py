"""Money in, money out, money into and out of a position's margin (TRF-1, MRG-1)."""

from typing import Final

from engine.commands import AdjustMargin, Deposit, FundInsurance, Withdraw
from engine.cross import note_change, spendable_atoms
from engine.events import (
    Deposited,
    Event,
    InsuranceFunded,
    MarginAdjusted,
    TransferRepeated,
    Withdrawn,
)
from engine.instrument import HALTED, is_name
from engine.margin import fee_atoms, initial_margin_atoms, is_liquidatable, profit_atoms
from engine.position import Position
from engine.reject_reason import NONE, RejectReason
from engine.state import State
from engine.trigger_index import rearm_position
from engine.units import AMOUNT_ATOMS_MAX, NOBODY, NOTIONAL_ATOMS_MAX, AccountId, AssetId

TRANSFER_ID_LENGTH_MAX: Final = 64


def deposit(state: State, command: Deposit) -> Event | RejectReason:
    """Money comes in, once per transfer id."""
    account_id, transfer_id = command.account_id, command.transfer_id
    if transfer_id in state.transfers:
        return TransferRepeated(account_id, transfer_id)
    if state.account(account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    reason = _incoming_reason(state, transfer_id, command.asset, command.amount_atoms)
    if reason is not NONE:
        return reason
    asset_id = AssetId(state.asset_ids[command.asset])
    state.transfers.add(transfer_id, account_id)
    state.ledger.assets[asset_id].deposit(account_id, command.amount_atoms)
    note_change(state, asset_id, account_id)
    return Deposited(account_id, asset_id, command.amount_atoms)


def fund_insurance(state: State, command: FundInsurance) -> Event | RejectReason:
    """The operator pays into the insurance fund, once per transfer id."""
    transfer_id = command.transfer_id
    if transfer_id in state.transfers:
        return TransferRepeated(NOBODY, transfer_id)
    reason = _incoming_reason(state, transfer_id, command.asset, command.amount_atoms)
    if reason is not NONE:
        return reason
    asset_id = AssetId(state.asset_ids[command.asset])
    state.transfers.add(transfer_id, NOBODY)
    state.ledger.assets[asset_id].fund_insurance(command.amount_atoms)
    return InsuranceFunded(asset_id, command.amount_atoms)


def withdraw(state: State, command: Withdraw) -> Event | RejectReason:
    """Money leaves, once per transfer id; never more than is withdrawable, never clipped."""
    account_id, transfer_id = command.account_id, command.transfer_id
    if transfer_id in state.transfers:
        return TransferRepeated(account_id, transfer_id)
    if state.account(account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    reason = _transfer_reason(state, transfer_id, command.asset, command.amount_atoms)
    if reason is not NONE:
        return reason
    asset_id = AssetId(state.asset_ids[command.asset])
    if command.amount_atoms > spendable_atoms(state, asset_id, account_id, False):
        return RejectReason.INSUFFICIENT_BALANCE
    state.transfers.add(transfer_id, account_id)
    state.ledger.assets[asset_id].withdraw(account_id, command.amount_atoms)
    note_change(state, asset_id, account_id)
    return Withdrawn(account_id, asset_id, command.amount_atoms)


def _transfer_reason(state: State, transfer_id: str, asset: str, amount: int) -> RejectReason:
    if not is_name(transfer_id, TRANSFER_ID_LENGTH_MAX):
        return RejectReason.BAD_NAME
    if asset not in state.asset_ids:
        return RejectReason.UNKNOWN_ASSET
    if not 1 <= amount <= AMOUNT_ATOMS_MAX:
        return RejectReason.BAD_AMOUNT
    return NONE


def _incoming_reason(state: State, transfer_id: str, asset: str, amount: int) -> RejectReason:
    """The same, and the bound on all that ever came in, which keeps every sum below 2^63."""
    reason = _transfer_reason(state, transfer_id, asset, amount)
    if reason is NONE:
        ledger = state.ledger.assets[state.asset_ids[asset]]
        if ledger.deposited_atoms + amount > NOTIONAL_ATOMS_MAX:
            return RejectReason.BAD_AMOUNT
    return reason


def adjust_margin(state: State, command: AdjustMargin) -> Event | RejectReason:
    """Move money between free and a position's isolated margin."""
    if state.account(command.account_id) is None:
        return RejectReason.UNKNOWN_ACCOUNT
    position = state.positions.get(command.position_id)
    if position is None or position.account_id != command.account_id:
        return RejectReason.UNKNOWN_POSITION
    reason = _adjustment_reason(state, position, command.account_id, command.amount_atoms)
    if reason is not NONE:
        return reason
    state.asset_ledger(position.market).adjust_margin(position, command.amount_atoms)
    note_change(state, position.market.asset_id, position.account_id)
    rearm_position(state.firing, position)
    return MarginAdjusted(position.position_id, position.account_id, position.margin_atoms)


def _adjustment_reason(
    state: State, position: Position, account_id: AccountId, amount: int
) -> RejectReason:
    market = position.market
    removes = amount < 0
    if removes and market.status is HALTED:
        return RejectReason.HALTED
    if position.key.is_cross:
        return RejectReason.BAD_COMBINATION
    if not 1 <= abs(amount) <= AMOUNT_ATOMS_MAX:
        return RejectReason.BAD_AMOUNT
    if position.margin_atoms + amount > NOTIONAL_ATOMS_MAX:
        return RejectReason.BAD_AMOUNT
    if removes and market.is_stale(state.time_ns):
        return RejectReason.STALE_PRICE
    if amount > max(0, spendable_atoms(state, market.asset_id, account_id, False)):
        return RejectReason.INSUFFICIENT_BALANCE
    if removes and not _margin_suffices(position, position.margin_atoms + amount):
        return RejectReason.MARGIN_TOO_LOW
    return NONE


def _margin_suffices(position: Position, margin: int) -> bool:
    """`m ≥ ceil(C/L)`, `m + min(0, uPnL) ≥ ceil(N_mark/L) + closing fee`, and it lives on.

    The last is no consequence of the others where a tier's maintenance is above 1/L.
    """
    market = position.market
    mark_ticks = market.mark_ticks
    notional = position.qty_lots * mark_ticks * market.k
    profit = profit_atoms(
        position.side, position.qty_lots, position.basis_atoms(), mark_ticks, market.k
    )
    base = position.initial_margin_atoms if market.fee_on_margin else notional
    closing_fee = fee_atoms(base, position.seat.fees.taker_e8)
    needed = initial_margin_atoms(notional, position.leverage) + closing_fee
    return (
        margin >= initial_margin_atoms(position.cost_atoms, position.leverage)
        and margin + min(0, profit) >= needed
        and not is_liquidatable(
            position.side,
            position.qty_lots,
            position.basis_atoms(),
            margin,
            mark_ticks,
            market.k,
            market.rates,
            market.close_fee_e8,
        )
    )
