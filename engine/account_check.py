"""Cross accounts are checked when nothing more fires; those that cannot go on are liquidated.

Which accounts are looked at is a matter of bands and changes, never of what comes of it (CRS-6).
"""

from heapq import heapify, heappop, heappush

from engine.cross import CrossAccount, recentre, watch
from engine.cross_liquidation import liquidate_account, settle_debt
from engine.events import Event
from engine.state import State
from engine.units import AccountId, AssetId


def check_accounts(state: State, events: list[Event]) -> None:
    """Check every account whose bands were left or which changed, by account id, then asset.

    Who changes in this round before its turn has its turn in this round, others in the next.
    """
    due = [_account_and_asset(account) for account in state.firing.left_bands]
    state.firing.left_bands.clear()
    heapify(due)
    again: list[CrossAccount] = []
    turn = (0, 0)
    _line_up(state, turn, due, again)
    while due:
        if due[0] == turn:
            heappop(due)  # it changed and its band was left
            continue
        turn = heappop(due)
        account = state.cross_account(AssetId(turn[1]), AccountId(turn[0]))
        assert account is not None
        account.is_changed = False
        _check(state, account, events)
        _line_up(state, turn, due, again)
    state.changed_accounts.extend(again)


def _line_up(
    state: State, turn: tuple[int, int], due: list[tuple[int, int]], again: list[CrossAccount]
) -> None:
    """Those that changed wait for their turn in this round, or, if it is past, for the next.

    Whose turn it just was has been looked at after its own change.
    """
    for account in state.changed_accounts:
        own_turn = _account_and_asset(account)
        if own_turn > turn:
            heappush(due, own_turn)
        elif own_turn < turn:
            again.append(account)
        else:
            account.is_changed = False
    state.changed_accounts.clear()


def check_account(
    state: State, asset_id: AssetId, account_id: AccountId, events: list[Event]
) -> None:
    """Check one account exactly, before an opener of its own fires."""
    account = state.cross_account(asset_id, account_id)
    if account is not None:
        _check(state, account, events)


def _check(state: State, account: CrossAccount, events: list[Event]) -> None:
    state.exact_checks += 1
    if account.standings:
        health_e8 = account.health_e8()
        if health_e8 >= 1:
            recentre(account, health_e8)
            return
        liquidate_account(state, account, events)
    if not account.standings and account.ledger.free[account.account_id] < 0:
        settle_debt(state, account, events)
    watch(account)


def _account_and_asset(account: CrossAccount) -> tuple[int, int]:
    return account.account_id, account.asset_id
