"""The state as canonical rows and back: the same state gives the same bytes everywhere.

Knows the shape of every section; knows nothing of files.  Rows hold integers, short strings, bytes
and tuples of these, sorted by id; what can be derived is derived again on loading.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

from engine.client_orders import ClientOrder
from engine.codec import Row, instrument_from_row, instrument_row, pack_rows
from engine.cross import watch
from engine.instrument import InstrumentStatus
from engine.market import Market
from engine.reject_reason import RejectReason
from engine.state import Account, State, Token
from engine.units import INT64_MAX, AccountId, AssetId, InstrumentId, OrderId
from snapshots.trading_rows import (
    read_order,
    read_position,
    read_seat,
    read_timer,
    write_orders,
    write_positions,
    write_seats,
    write_timers,
)

STATE_HASH_BYTES: Final = 32
Section = tuple[str, list[Row]]


class SnapshotDamaged(Exception):
    """Rows that are no state of a venue."""


def state_hash(state: State) -> bytes:
    """BLAKE2b-256 over the canonical rows, section by section."""
    digest = blake2b(digest_size=STATE_HASH_BYTES)
    for name, rows in sections(state):
        digest.update(name.encode())
        digest.update(pack_rows(rows))
    return digest.digest()


def sections(state: State) -> Iterator[Section]:
    """All sections in their fixed order; each is made when asked for."""
    for name, write, _ in SECTIONS:
        yield name, list(write(state))


def load_sections(stored: Iterable[tuple[str, Iterable[Row]]]) -> State:
    """The state of stored sections.  Raises SnapshotDamaged if they are not what they should be."""
    state = State()
    expected = iter(SECTIONS)
    for name, rows in stored:
        section = next(expected, None)
        if section is None or section[0] != name:
            raise SnapshotDamaged(f"section {name!r} out of place")
        try:
            for row in rows:
                section[2](state, row)
        except (AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
            raise SnapshotDamaged(f"section {name!r}: {error!r}") from error
    if next(expected, None) is not None:
        raise SnapshotDamaged("sections are missing")
    for market in state.books:
        assert market.book is not None
        market.book.forget_changes()
    for account in state.changed_accounts:
        account.is_changed = False
        watch(account)
    state.changed_accounts.clear()
    state.firing.end()  # what is true already waits for the next price, as it did before
    return state


def _write_counters(state: State) -> Iterator[Row]:
    yield (
        state.sequence,
        state.time_ns,
        state.event_chain,
        state.next_id,
        state.next_fill_id,
    )


def _read_counters(state: State, row: Row) -> None:
    sequence, time_ns, event_chain, next_id, next_fill_id = row
    state.sequence = sequence
    state.time_ns = time_ns
    state.event_chain = event_chain
    state.next_id = next_id
    state.next_fill_id = next_fill_id


def _write_accounts(state: State) -> Iterator[Row]:
    tiers = state.fee_tiers
    for account in state.accounts:
        if account is not None:
            yield account.account_id, account.user_id, tiers.get(account.account_id, 0)


def _read_account(state: State, row: Row) -> None:
    account_id, user_id, tier = AccountId(row[0]), row[1], row[2]
    assert account_id == len(state.accounts)
    state.accounts.append(Account(account_id, user_id))
    state.account_ids.add(user_id, account_id)
    state.ledger.add_account()
    if tier:
        state.fee_tiers[account_id] = tier


def _write_tokens(state: State) -> Iterator[Row]:
    for token_hash, token in state.tokens.items():
        yield token_hash, token.account_id, token.scopes, token.revoked


def _read_token(state: State, row: Row) -> None:
    token_hash, account_id, scopes, revoked = row
    state.tokens.add(token_hash, Token(AccountId(account_id), scopes, revoked))


def _write_assets(state: State) -> Iterator[Row]:
    for asset, ledger in zip(state.assets[1:], state.ledger.assets[1:], strict=True):
        yield (
            asset,
            _wide(ledger.fees_atoms),
            _wide(ledger.insurance_atoms),
            _wide(ledger.house_atoms),
            ledger.external_atoms,
            ledger.deposited_atoms,
        )


def _read_asset(state: State, row: Row) -> None:
    asset, fees, insurance, house, external, deposited = row
    state.asset_ids[asset] = len(state.assets)
    state.assets.append(asset)
    state.ledger.add_asset()
    state.cross_accounts.append([])
    ledger = state.ledger.assets[-1]
    ledger.fees_atoms = int(fees)
    ledger.insurance_atoms = int(insurance)
    ledger.house_atoms = int(house)
    ledger.external_atoms = external
    ledger.deposited_atoms = deposited


def _write_balances(state: State) -> Iterator[Row]:
    for asset_id, ledger in enumerate(state.ledger.assets):
        for account_id, (free, hold) in enumerate(zip(ledger.free, ledger.hold, strict=True)):
            if free or hold:
                yield asset_id, account_id, _wide(free), hold


def _read_balance(state: State, row: Row) -> None:
    asset_id, account_id, free, hold = row
    ledger = state.ledger.assets[asset_id]
    ledger.free[account_id] = int(free)
    ledger.hold[account_id] = hold


def _wide(atoms: int) -> int | str:
    """Sums that the house's losses may carry beyond 63 bits: then as digits."""
    return atoms if -INT64_MAX <= atoms <= INT64_MAX else str(atoms)


def _write_transfers(state: State) -> Iterator[Row]:
    return state.transfers.items()


def _read_transfer(state: State, row: Row) -> None:
    state.transfers.add(row[0], AccountId(row[1]))


def _write_markets(state: State) -> Iterator[Row]:
    for market in state.markets:
        if market is not None:
            ledger = state.ledger.assets[market.asset_id]
            yield (
                instrument_row(market.spec),
                market.asset_id,
                _wide(ledger.clearing.get(market.instrument_id, 0)),
                market.status,
                tuple(market.prices),
                tuple(market.processed),
                market.price_time_ns,
                market.source,
                market.source_sequence,
                tuple(market.candidate),
                market.candidate_count,
                market.next_funding_ns,
                market.premium_sum_e8,
                market.premium_count,
                _fee_rows(market),
            )


def _fee_rows(market: Market) -> Row:
    tiers = sorted(market.tier_fees.items())
    return tuple((tier, fees.maker_e8, fees.taker_e8) for tier, fees in tiers)


def _read_market(state: State, row: Row) -> None:
    spec_row, asset_id, clearing, status, prices, processed, *feed = row
    time_ns, source, sequence, candidate, count, *funding = feed
    spec = instrument_from_row(spec_row)
    instrument_id = InstrumentId(len(state.markets))
    market = Market(instrument_id, AssetId(asset_id), spec)
    market.status = InstrumentStatus(status)
    market.prices = list(prices)
    market.processed = list(processed)
    market.price_time_ns = time_ns
    market.source = source
    market.source_sequence = sequence
    market.candidate = list(candidate)
    market.candidate_count = count
    *funding, tier_fees = funding
    market.next_funding_ns, market.premium_sum_e8, market.premium_count = funding
    for tier, maker_fee_e8, taker_fee_e8 in tier_fees:
        market.set_tier_fees(tier, maker_fee_e8, taker_fee_e8)
    state.add_market(market)
    if market.is_order_driven:
        state.ledger.assets[asset_id].clearing[instrument_id] = int(clearing)


def _write_client_orders(state: State) -> Iterator[Row]:
    for entry in state.client_orders.open_entries():
        yield _client_order_row(entry)
    for entry in state.client_orders.closed_entries():
        yield _client_order_row(entry)


def _client_order_row(entry: ClientOrder) -> Row:
    return (
        entry.account_id,
        entry.client_order_id,
        entry.digest,
        entry.order_id,
        entry.reason,
        entry.is_open,
    )


def _read_client_order(state: State, row: Row) -> None:
    account_id, client_order_id, digest, order_id, reason, is_open = row
    state.client_orders.add(
        ClientOrder(
            AccountId(account_id),
            client_order_id,
            digest,
            OrderId(order_id),
            RejectReason(reason),
            is_open,
        )
    )


SECTIONS: Final[
    tuple[tuple[str, Callable[[State], Iterable[Row]], Callable[[State, Any], None]], ...]
] = (
    ("counters", _write_counters, _read_counters),
    ("accounts", _write_accounts, _read_account),
    ("tokens", _write_tokens, _read_token),
    ("assets", _write_assets, _read_asset),
    ("balances", _write_balances, _read_balance),
    ("transfers", _write_transfers, _read_transfer),
    ("markets", _write_markets, _read_market),
    ("seats", write_seats, read_seat),
    ("client_orders", _write_client_orders, _read_client_order),
    ("positions", write_positions, read_position),
    ("orders", write_orders, read_order),
    ("timers", write_timers, read_timer),
)
