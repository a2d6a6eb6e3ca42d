"""Accounts, tokens, transfers, instruments, statuses and prices.  Knows no trading."""

from tests.oracle.cross import spendable
from tests.oracle.firing import travel
from tests.oracle.funding import next_stamp_ns, wake
from tests.oracle.holds import rebalance
from tests.oracle.orders import refuse_if
from tests.oracle.records import (
    AMOUNT_ATOMS_MAX,
    NOTIONAL_ATOMS_MAX,
    SOURCES,
    Fields,
    Market,
    Prices,
)
from tests.oracle.rules import largest_price_ticks, within_band
from tests.oracle.settings import IDENTITY, instrument_is_bad, is_name
from tests.oracle.state import Refused, State


def open_account(state: State, command: Fields) -> None:
    """ACC-1."""
    user_id = command["user_id"]
    refuse_if(not is_name(user_id, 64), "BAD_NAME")
    refuse_if(user_id in state.accounts.values(), "DUPLICATE_ACCOUNT")
    account_id = len(state.accounts) + 1
    state.accounts[account_id] = user_id
    state.tell("AccountOpened", account_id=account_id, user_id=user_id)


def issue_token(state: State, command: Fields) -> None:
    """ACC-2."""
    account_id, token_hash = command["account_id"], command["token_hash"]
    refuse_if(account_id != 0 and account_id not in state.accounts, "UNKNOWN_ACCOUNT")
    refuse_if(len(token_hash) != 32, "BAD_NAME")
    refuse_if(token_hash in state.tokens, "DUPLICATE_TOKEN")
    state.tokens[token_hash] = account_id, command["scopes"], False
    state.tell("TokenIssued", **command)


def revoke_token(state: State, command: Fields) -> None:
    """ACC-2."""
    account_id, scopes, revoked = state.tokens.get(command["token_hash"], (0, 0, True))
    refuse_if(revoked, "UNKNOWN_TOKEN")
    state.tokens[command["token_hash"]] = account_id, scopes, True
    state.tell("TokenRevoked", account_id=account_id, token_hash=command["token_hash"])


def transfer(state: State, command: Fields, name: str) -> None:
    """TRF-1, all three kinds."""
    account_id, transfer_id = command.get("account_id", 0), command["transfer_id"]
    amount, incoming = command["amount_atoms"], name != "Withdraw"
    if transfer_id in state.transfer_ids:
        state.tell("TransferRepeated", account_id=account_id, transfer_id=transfer_id)
        return
    refuse_if(name != "FundInsurance" and account_id not in state.accounts, "UNKNOWN_ACCOUNT")
    refuse_if(not is_name(transfer_id, 64), "BAD_NAME")
    asset_id = state.asset_named(command["asset"])
    refuse_if(asset_id == 0, "UNKNOWN_ASSET")
    refuse_if(not 1 <= amount <= AMOUNT_ATOMS_MAX, "BAD_AMOUNT")
    came_in = state.came_in.get(asset_id, 0) + (amount if incoming else 0)
    refuse_if(incoming and came_in > NOTIONAL_ATOMS_MAX, "BAD_AMOUNT")
    if not incoming and amount > spendable(state, account_id, asset_id, cross=False):
        if amount <= spendable(state, account_id, asset_id, cross=True):
            state.hit("CRS-2 lacks profit")  # Profit on paper does not leave.
        raise Refused("INSUFFICIENT_BALANCE")
    state.transfer_ids.add(transfer_id)
    state.came_in[asset_id] = came_in
    signed = amount if incoming else -amount
    state.move_pool("external", asset_id, -signed)
    if name == "FundInsurance":
        state.move_pool("insurance", asset_id, amount)
        state.tell("InsuranceFunded", asset_id=asset_id, amount_atoms=amount)
        return
    state.move_free(account_id, asset_id, signed)
    state.note_change(account_id, asset_id)
    told = "Deposited" if incoming else "Withdrawn"
    state.tell(told, account_id=account_id, asset_id=asset_id, amount_atoms=amount)


def list_instrument(state: State, command: Fields) -> None:
    """INS-1; an asset exists from the first instrument that settles in it."""
    spec = command["spec"]
    refuse_if(instrument_is_bad(spec), "BAD_INSTRUMENT")
    known = [market.spec["symbol"] for market in state.markets.values()]
    refuse_if(spec["symbol"] in known, "DUPLICATE_SYMBOL")
    if state.asset_named(spec["settlement"]) == 0:
        state.assets[len(state.assets) + 1] = spec["settlement"]
    instrument_id = len(state.markets) + 1
    asset_id = state.asset_named(spec["settlement"])
    k = spec["tick_size_e8"] * spec["lot_size_e8"] // 10**8
    stamp_ns = next_stamp_ns(spec, state.now_ns)
    state.markets[instrument_id] = Market(instrument_id, asset_id, spec, k, next_stamp_ns=stamp_ns)
    state.tell("InstrumentListed", instrument_id=instrument_id, symbol=spec["symbol"])


def change_instrument(state: State, command: Fields) -> None:
    """INS-2."""
    market, spec = known_market(state, command), command["spec"]
    differs = [name for name, value in spec.items() if market.spec.get(name) != value]
    moved = any(name in IDENTITY for name in differs)
    refuse_if(instrument_is_bad(spec) or moved, "BAD_INSTRUMENT")
    in_use = any(
        position.instrument_id == market.instrument_id for position in state.positions.values()
    )
    margins = {"tiers", "taker_fee_e8", "close_fee_reserved"}
    refuse_if(in_use and bool(margins & set(differs)), "INSTRUMENT_IN_USE")
    market.spec = spec
    if "funding_interval_ns" in differs:
        state.hit("FUN-1 interval changed")
        market.next_stamp_ns = next_stamp_ns(spec, state.now_ns)
    state.tell("InstrumentChanged", instrument_id=market.instrument_id)
    if "maker_fee_e8" in differs:
        for account_id in sorted(state.accounts):
            rebalance(state, account_id, market)


def set_status(state: State, command: Fields) -> None:
    """INS-3; what a halt kept back fires when it ends."""
    market = known_market(state, command)
    was, market.status = market.status, command["status"]
    state.tell("StatusChanged", instrument_id=market.instrument_id, status=market.status)
    if market.status == "CLOSE_ONLY":
        for order_id in sorted(state.orders):
            order = state.orders.get(order_id)  # It may have gone with one before it.
            if order is None or order.instrument_id != market.instrument_id or order.closing:
                continue
            state.cancel(order, "CLOSE_ONLY")
            rebalance(state, order.account_id, market)
    if was == "HALTED" and market.status != "HALTED" and market.processed is not None:
        wake(state, market)
        travel(state, market, {}, market.processed)
        market.processed = market.prices


def known_market(state: State, command: Fields) -> Market:
    """The market a command names."""
    market = state.markets.get(command["instrument_id"])
    refuse_if(market is None, "UNKNOWN_SYMBOL")
    assert market is not None
    return market


def update_price(state: State, command: Fields) -> None:
    """PRC-…"""
    market = known_market(state, command)
    given = {source: command[f"{source.lower()}_ticks"] for source in SOURCES}
    reason, candidates = price_refusal(market, command, given)
    if reason != "":
        state.tell(
            "PriceRefused",
            instrument_id=market.instrument_id,
            reason=reason,
            candidates=candidates,
        )
        return
    new = taken_from(market, given)
    market.prices, market.price_time_ns = new, state.now_ns
    market.candidate, market.candidate_count = None, 0
    values = {f"{source.lower()}_ticks": ticks for source, ticks in new.items()}
    state.tell("PriceAccepted", instrument_id=market.instrument_id, **values)
    if market.processed is None:
        market.processed = new  # The first price has no way to travel.
    wake(state, market)
    if market.status != "HALTED":
        travel(state, market, {}, market.processed)
        market.processed = market.prices


def taken_from(market: Market, given: Prices) -> Prices:
    """PRC-6: in an order-driven market a feed moves mark and index; the book has the rest."""
    if not market.is_order_driven:
        return given
    last = given["MARK"] if market.prices is None else market.prices["LAST"]
    return {**given, "BID": 0, "ASK": 0, "LAST": last}


def price_refusal(market: Market, command: Fields, new: Prices) -> tuple[str, int]:
    """Why a price is not believed, with its count as a candidate; an empty reason if it is."""
    highest = largest_price_ticks(market.spec, market.k)
    sound = all(1 <= ticks <= highest for ticks in new.values())
    if not sound or new["BID"] > new["ASK"]:
        return "BAD_PRICE", 0
    if command["by_operator"]:
        return "", 0
    source, sequence = command["source"], command["source_sequence"]
    if source == market.source and sequence <= market.source_sequence:
        return "PRICE_OUT_OF_SEQUENCE", 0
    market.source, market.source_sequence = source, sequence
    band = market.spec["sanity_band_e8"]
    if market.is_order_driven:
        new = {source: new[source] for source in ("MARK", "INDEX")}
    if market.prices is None or band == 0 or within_band(market.prices, new, band):
        return "", 0
    follows = market.candidate is not None and within_band(market.candidate, new, band)
    count = market.candidate_count + 1 if follows else 1
    if count == 3:
        return "", 0
    market.candidate, market.candidate_count = new, count
    return "PRICE_BEYOND_BAND", count
